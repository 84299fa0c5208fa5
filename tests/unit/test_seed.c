/* Exact matches against a comparison of every pair of positions. */
#include "random.h"

#include "seed.h"

enum { Q = 400, T = 500, K = ANL_SEED_K };

static uint8_t query[Q], target[T];

/* A query made of stretches of the target, so that there is something to find; some bases unknown, in each its own code as the aligner spells them. */
static void make_sequences(uint32_t letters)
{
    for (int i = 0; i < T; ++i) target[i] = random_below(60) ? (uint8_t)random_below(letters) : 4;
    for (int i = 0; i < Q;) {
        const int n = 5 + (int)random_below(80), from = (int)random_below(T - 85);
        for (int k = 0; k < n && i < Q; ++k, ++i) query[i] = target[from + k] > 3 ? 5 : target[from + k];
        if (i < Q && random_below(2)) query[i++] = random_below(5) ? (uint8_t)random_below(4) : 5;
    }
}

static int equal_at(int32_t q, int32_t t)
{
    return query[q] == target[t] && query[q] < 4;
}

/* The match of a tile that holds (q, t). */
static anl_anchor match_at(const anl_seed_tile *x, int32_t q, int32_t t)
{
    while (q > x->qbeg && t > x->tbeg && equal_at(q - 1, t - 1)) --q, --t;
    anl_anchor a = {.q = q, .t = t};
    while (q + a.len < x->qend && t + a.len < x->tend && equal_at(q + a.len, t + a.len)) ++a.len;
    return a;
}

static int is_found(const anl_seeds *s, const anl_anchor *a)
{
    for (size_t i = 0; i < s->n; ++i)
        if (s->list[i].q == a->q && s->list[i].t == a->t && s->list[i].len == a->len) return 1;
    return 0;
}

/* Whether a match four times as long has all of it on both sequences. */
static int is_contained(const anl_seeds *s, const anl_anchor *a)
{
    for (size_t i = 0; i < s->n; ++i) {
        const anl_anchor *b = &s->list[i];
        if (b->len >= 64 && b->len >= 4 * a->len && b->q <= a->q && b->t <= a->t && b->q + b->len >= a->q + a->len &&
            b->t + b->len >= a->t + a->len)
            return 1;
    }
    return 0;
}

/* How often the k-mer at q is in the query's stretch. */
static int times(const anl_seed_tile *x, int32_t q)
{
    int n = 0;
    for (int32_t i = x->qbeg; i + K <= x->qend; ++i) n += !memcmp(query + i, query + q, K);
    return n;
}

static anl_seed_tile random_tile(void)
{
    anl_seed_tile x = {.qbeg = (int32_t)random_below(100), .tbeg = (int32_t)random_below(100)};
    x.qend = Q - (int32_t)random_below(200);
    x.tend = T - (int32_t)random_below(200);
    x.dlo = random_below(2) ? INT32_MIN : -(int32_t)random_below(200);
    x.dhi = random_below(2) ? INT32_MAX : (int32_t)random_below(200);
    return x;
}

static void all_matches_and_no_others(void **unused)
{
    (void)unused;
    random_start();
    anl_seeder *s;
    anl_seeds found = {0};
    size_t total = 0;
    assert_int_equal(anl_seeder_new(&s), 0);
    for (int trial = 0; trial < 150; ++trial) {
        make_sequences(trial % 3 ? 4 : 2);
        const anl_seed_tile x = random_tile();
        found.n = 0;
        assert_int_equal(anl_seed_find(s, query, target, &x, &found), 0);
        assert_true(found.n <= (size_t)(x.tend - x.tbeg));
        int frequent = 0;
        for (int32_t q = x.qbeg; q + K <= x.qend; ++q) frequent |= times(&x, q) > ANL_SEED_FREQUENT;
        for (size_t i = 0; i < found.n; ++i) {
            const anl_anchor *a = &found.list[i], whole = match_at(&x, a->q, (int32_t)a->t);
            assert_true(a->len >= K && a->weight == a->len && a->group == 0);
            assert_true(a->t - a->q >= x.dlo && a->t - a->q <= x.dhi);
            if (!frequent) assert_true(a->q == whole.q && a->t == whole.t && a->len == whole.len);
        }
        total += found.n;
        if (frequent || found.n == (size_t)(x.tend - x.tbeg)) continue; /* then some are left out */
        for (int32_t q = x.qbeg; q + K <= x.qend; ++q)
            for (int32_t t = x.tbeg; t + K <= x.tend; ++t) {
                if (t - q < x.dlo || t - q > x.dhi || !equal_at(q, t)) continue;
                const anl_anchor a = match_at(&x, q, t);
                if (a.q == q && a.len >= K && !is_found(&found, &a)) assert_true(is_contained(&found, &a));
            }
    }
    assert_in_range(total, 400, 100000);
    free(found.list);
    free(found.longest);
    anl_seeder_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_matches_and_no_others)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
