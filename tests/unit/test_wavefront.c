/* Wavefronts against the full recurrence: the score of the best alignment, and a CIGAR that has it. */
#include "random.h"

#include "cigar_score.h"
#include "wavefront.h"

enum { MOST = 160 };

static const anl_wave_params scorings[] = {
    {{2, 4, 4, 2, 4, 2}, 24, 1}, {{1, 4, 6, 2, 6, 2}, 26, 1}, {{1, 4, 6, 1, 6, 1}, -1, 0}, {{1, 3, 5, 2, 3, 1}, -1, 0}};

static int32_t gap(const anl_wave_params *p, uint32_t op, int32_t len)
{
    const uint32_t cigar = (uint32_t)len << 4 | op;
    return anl_cigar_score(p, &cigar, 1, NULL, NULL);
}

/* Every gap length tried at every cell. */
static int32_t full(const anl_wave_params *p, const uint8_t *q, int32_t n, const uint8_t *t, int32_t m, int extend, int32_t bonus)
{
    static int32_t h[MOST * 2 + 1][MOST * 2 + 1];
    int32_t best = INT32_MIN;
    for (int32_t i = 0; i <= n; ++i)
        for (int32_t j = 0; j <= m; ++j) {
            int32_t v = i || j ? INT32_MIN : 0;
            if (i && j) v = h[i - 1][j - 1] + (q[i - 1] == t[j - 1] ? p->score.match : -p->score.mismatch);
            for (int32_t g = 1; g <= i; ++g)
                if (h[i - g][j] + gap(p, 1, g) > v) v = h[i - g][j] + gap(p, 1, g);
            for (int32_t g = 1; g <= j; ++g)
                if (h[i][j - g] + gap(p, 2, g) > v) v = h[i][j - g] + gap(p, 2, g);
            h[i][j] = v;
            if (v + (i == n ? bonus : 0) > best) best = v + (i == n ? bonus : 0);
        }
    return extend ? best : h[n][m];
}

static int32_t mutate(const uint8_t *t, int32_t m, uint32_t percent, uint8_t *q)
{
    int32_t n = 0;
    for (int32_t i = 0; i < m && n < 2 * MOST; ++i) {
        const uint32_t kind = random_below(100) < percent ? random_below(5) : 9;
        if (kind == 0) continue;
        if (kind == 1) i += (int32_t)random_below(20);
        q[n++] = kind < 9 ? (uint8_t)random_below(4) : t[i];
        if (kind == 2) --i;
    }
    return n;
}

static void check_spans(const anl_wave_alignment *a)
{
    int32_t q = 0, t = 0;
    for (int32_t i = 0; i < a->n_cigar; ++i) {
        const int32_t len = (int32_t)(a->cigar[i] >> 4);
        q += (a->cigar[i] & 15) != 2 ? len : 0;
        t += (a->cigar[i] & 15) != 1 ? len : 0;
    }
    assert_int_equal(q, a->qend);
    assert_int_equal(t, a->tend);
}

static void as_good_as_the_full_recurrence(void **unused)
{
    (void)unused;
    random_start();
    anl_wave *w;
    assert_int_equal(anl_wave_new(&w), 0);
    for (int round = 0; round < 400; ++round) {
        const anl_wave_params *p = &scorings[round % 4];
        const int32_t m = (int32_t)random_below(MOST), bonus = (int32_t)random_below(10);
        uint8_t *t = guarded((size_t)m + 1), buffer[2 * MOST];
        for (int32_t i = 0; i < m; ++i) t[i + 1] = (uint8_t)random_below(4);
        if (m && random_below(4) == 0) t[1 + random_below((uint32_t)m)] = 4;
        const int32_t n = mutate(t + 1, m, random_below(40), buffer);
        uint8_t *q = guarded((size_t)n + 1);
        for (int32_t i = 0; i < n; ++i) q[i + 1] = buffer[i] == 4 ? 5 : buffer[i];
        const anl_wave_problem x = {q + 1, t + 1, n, m};
        anl_wave_alignment a;
        int found;
        anl_wave_params strict = *p; /* anl_cigar_score takes 1 for an N */
        assert_int_equal(anl_wave_global(p, &x, w, &a, &found), 0);
        assert_true(found);
        check_spans(&a);
        assert_true(a.qend == n && a.tend == m);
        int32_t ns = 0;
        for (int32_t i = 0; i < m; ++i) ns += t[i + 1] > 3;
        const int32_t best = full(&strict, q + 1, n, t + 1, m, 0, 0), score = anl_cigar_score(p, a.cigar, a.n_cigar, q + 1, t + 1);
        assert_true(score >= best && (ns || score == best));
        assert_int_equal(anl_wave_extend(p, &x, bonus, 100000, w, &a), 0);
        check_spans(&a);
        const int32_t extended = full(&strict, q + 1, n, t + 1, m, 1, bonus);
        const int32_t got = anl_cigar_score(p, a.cigar, a.n_cigar, q + 1, t + 1) + (a.qend == n ? bonus : 0);
        assert_true(got >= extended && (ns || got == extended));
        release(t, (size_t)m + 1);
        release(q, (size_t)n + 1);
    }
    anl_wave_free(w);
}

/* Nothing in common: an extension gives up, a global alignment says so instead of taking all memory. */
static void gives_up(void **unused)
{
    (void)unused;
    random_start();
    enum { LEN = 20000 };
    uint8_t *q = malloc(LEN), *t = malloc(LEN);
    anl_wave *w;
    anl_wave_alignment a;
    int found;
    assert_int_equal(anl_wave_new(&w), 0);
    for (int i = 0; i < LEN; ++i) q[i] = (uint8_t)random_below(2), t[i] = (uint8_t)(2 + random_below(2));
    const anl_wave_problem x = {q, t, LEN, LEN};
    assert_int_equal(anl_wave_global(&scorings[0], &x, w, &a, &found), 0);
    assert_int_equal(found, 0);
    memcpy(q, t, 500);
    assert_int_equal(anl_wave_extend(&scorings[0], &x, 5, 400, w, &a), 0);
    assert_int_equal(a.qend, 500);
    assert_int_equal(a.tend, 500);
    anl_wave_free(w);
    free(q);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_good_as_the_full_recurrence),
        cmocka_unit_test(gives_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
