/* Traceback: CIGAR, MD, NM and score fit together, and the score is that of the full recurrence. */
#include "random.h"

#include "cigar_score.h"
#include "extend.h"
#include "sw_batch.h"

static const anl_extend_params plain = {
    .score = {.match = 1, .mismatch = 4, .del_open = 6, .del_extend = 1, .ins_open = 6, .ins_extend = 1}};

static anl_extend_params with_clips(void)
{
    anl_extend_params p = plain;
    p.clip5 = p.clip3 = 5;
    return p;
}

static int make_target(uint8_t *target, int tlen, uint8_t *query, int qlen)
{
    for (int i = 0; i < tlen; ++i) target[i] = (uint8_t)random_below(4);
    const int start = (int)random_below((uint32_t)(tlen - qlen - 20));
    int at = start;
    for (int i = 0; i < qlen; ++i, ++at) {
        const uint32_t u = random_below(100);
        if (u == 0) at += 1 + (int)random_below(4);
        query[i] = u < 5 || at >= tlen ? (uint8_t)random_below(4) : target[at];
        if (u == 99) --at;
    }
    if (random_below(4) == 0) query[random_below((uint32_t)qlen)] = 4;
    return start;
}

/* The aligned part of the target, rebuilt from query, CIGAR and MD, must be the target itself. */
static void check_md(const anl_extension *e, const uint8_t *query, const uint8_t *target)
{
    const char *md = e->md;
    int32_t q = e->qbeg, t = e->tbeg, nm = 0, equal = (int32_t)strtol(md, (char **)(uintptr_t)&md, 10);
    for (int32_t i = 0; i < e->n_cigar; ++i) {
        const int32_t len = (int32_t)(e->cigar[i] >> 4);
        switch ("MIDNSHP=X"[e->cigar[i] & 15]) {
        case 'I':
            q += len;
            nm += len;
            break;
        case 'D':
            assert_int_equal(equal, 0);
            assert_int_equal(*md++, '^');
            for (int32_t j = 0; j < len; ++j) assert_int_equal(*md++, "ACGTN"[target[t++]]);
            nm += len;
            equal = (int32_t)strtol(md, (char **)(uintptr_t)&md, 10);
            break;
        default:
            for (int32_t j = 0; j < len; ++j, ++q, ++t) {
                if (equal > 0) {
                    assert_int_equal(query[q], target[t]);
                    --equal;
                    continue;
                }
                assert_int_equal(*md++, "ACGTN"[target[t]]);
                assert_true(query[q] != target[t] || query[q] > 3);
                ++nm;
                equal = (int32_t)strtol(md, (char **)(uintptr_t)&md, 10);
            }
        }
    }
    assert_int_equal(equal, 0);
    assert_int_equal(*md, 0);
    assert_int_equal(q, e->qend);
    assert_int_equal(t, e->tend);
    assert_int_equal(nm, e->nm);
}

static void everything_fits(void **unused)
{
    (void)unused;
    random_start();
    anl_extend_scratch *s;
    anl_sw_batch *b;
    anl_kernels k;
    assert_int_equal(anl_extend_scratch_new(&s), 0);
    assert_int_equal(anl_sw_batch_new(&b), 0);
    assert_int_equal(anl_kernels_fill(&k, NULL), 0);
    for (int trial = 0; trial < 600; ++trial) {
        uint8_t query[160], target[260];
        const int qlen = 30 + (int)random_below(130), tlen = qlen + 21 + (int)random_below(70);
        make_target(target, tlen, query, qlen);
        const anl_extend_problem x = {query, target, qlen, tlen, -qlen, tlen, 0};
        anl_extend_params p = trial & 1 ? with_clips() : plain;
        p.eqx = trial % 3 == 0;
        anl_extension e;
        assert_int_equal(anl_extend(&p, &anl_kernels_get()->sw, &x, s, &e), 0);
        assert_true(e.score > 0);
        assert_int_equal(
            anl_cigar_score(&(anl_wave_params){.score = p.score, .long_open = -1}, e.cigar, e.n_cigar, query + e.qbeg, target + e.tbeg),
            e.score);
        assert_int_equal(e.total, e.score + (e.qbeg == 0 ? p.clip5 : 0) + (e.qend == qlen ? p.clip3 : 0));
        check_md(&e, query, target);
        const anl_sw_job job = {query, target, qlen, tlen, 0, 0};
        anl_sw_result r;
        assert_int_equal(anl_sw_batch_run(b, &k.sw, &p.score, &job, 1, &r), 0);
        if (!p.clip5)
            assert_int_equal(e.score, r.score);
        else
            assert_true(e.total >= r.score && e.score <= r.score);
    }
    anl_sw_batch_free(b);
    anl_extend_scratch_free(s);
}

static void set_codes(uint8_t *to, const char *letters)
{
    for (; *letters; ++letters) *to++ = (uint8_t)(strchr("ACGTN", *letters) - "ACGTN");
}

static void cigar_of(const anl_extend_params *p, const char *query, const char *target, const char *expected, const char *md)
{
    uint8_t q[200], t[200];
    char text[200] = "";
    anl_extend_scratch *s;
    anl_extension e;
    set_codes(q, query);
    set_codes(t, target);
    assert_int_equal(anl_extend_scratch_new(&s), 0);
    const anl_extend_problem x = {q, t, (int32_t)strlen(query), (int32_t)strlen(target), -20, 20, 0};
    assert_int_equal(anl_extend(p, &anl_kernels_get()->sw, &x, s, &e), 0);
    for (int32_t i = 0; i < e.n_cigar; ++i) sprintf(text + strlen(text), "%u%c", e.cigar[i] >> 4, "MIDNSHP=X"[e.cigar[i] & 15]);
    assert_string_equal(text, expected);
    assert_string_equal(e.md, md);
    anl_extend_scratch_free(s);
}

static void known_cases(void **unused)
{
    (void)unused;
    anl_extend_params p = with_clips();
    /* A deletion inside a run of A lies at its left end. */
    cigar_of(&p, "CCGTGATTCGTAAAAGCTTGCATCGAGTC", "CCGTGATTCGTAAAAAAGCTTGCATCGAGTC", "11M2D18M", "11^AA18");
    cigar_of(&p, "CCGTGATTCGTAAAAAAGCTTGCATCGAGTC", "CCGTGATTCGTAAAAGCTTGCATCGAGTC", "11M2I18M", "29");
    /* One mismatch at the end is kept for the sake of the clip penalty, three are clipped. */
    cigar_of(&p, "CCGTGATTCGTAAAAGCTTGCATCGAGTA", "CCGTGATTCGTAAAAGCTTGCATCGAGTC", "29M", "28C0");
    cigar_of(&p, "CCGTGATTCGTAAAAGCTTGCATCGATCA", "CCGTGATTCGTAAAAGCTTGCATCGAGTC", "26M", "26");
    cigar_of(&plain, "CCGTGATTCGTAAAAGCTTGCATCGAGTA", "CCGTGATTCGTAAAAGCTTGCATCGAGTC", "28M", "28");
    p.eqx = 1;
    cigar_of(&p, "CCGTGATTCGTCAAAGCTTGCATCGAGTC", "CCGTGATTCGTAAAAGCTTGCATCGAGTC", "11=1X17=", "11A17");
    cigar_of(&p, "CCGTGATTCGTNAAAGCTTGCATCGAGTC", "CCGTGATTCGTNAAAGCTTGCATCGAGTC", "11=1X17=", "11N17");
}

/* Without gaps, the quick comparison and the traceback in a band of one diagonal are the same thing. */
static void ungapped_is_a_band_of_one(void **unused)
{
    (void)unused;
    anl_extend_scratch *s, *s2;
    anl_kernels k;
    assert_int_equal(anl_extend_scratch_new(&s), 0);
    assert_int_equal(anl_extend_scratch_new(&s2), 0);
    assert_int_equal(anl_kernels_fill(&k, NULL), 0);
    for (int trial = 0; trial < 2000; ++trial) {
        uint8_t query[300], target[300];
        const int n = 1 + (int)random_below(300), rate = 2 + (int)random_below(60);
        for (int i = 0; i < n; ++i) {
            target[i] = (uint8_t)random_below(4);
            query[i] = random_below((uint32_t)rate) ? target[i] : (uint8_t)random_below(5);
        }
        const anl_extend_params p = trial & 1 ? with_clips() : plain;
        const anl_extend_problem x = {query, target, n, n, 0, 0, 0};
        anl_extension quick, banded;
        assert_int_equal(anl_extend_ungapped_trace(&p, &k.sw, &x, s, &quick), 0);
        assert_int_equal(anl_extend(&p, &anl_kernels_get()->sw, &x, s2, &banded), 0);
        assert_int_equal(quick.total, banded.total);
        assert_int_equal(quick.score, banded.score);
        assert_int_equal(quick.qbeg, banded.qbeg);
        assert_int_equal(quick.qend, banded.qend);
        assert_int_equal(quick.nm, banded.nm);
        if (quick.total) assert_string_equal(quick.md, banded.md);
    }
    anl_extend_scratch_free(s);
    anl_extend_scratch_free(s2);
}

/* What place.c relies on: if Smith-Waterman ends with the read, and the whole read without gaps has the same score on the diagonal of that
 * end, then tracing in the band finds just that. Short repeats make ties likely. */
static void whole_read_wins(void **unused)
{
    (void)unused;
    random_start();
    anl_extend_scratch *s;
    anl_sw_batch *b;
    anl_kernels k;
    assert_int_equal(anl_extend_scratch_new(&s), 0);
    assert_int_equal(anl_sw_batch_new(&b), 0);
    assert_int_equal(anl_kernels_fill(&k, NULL), 0);
    int cases = 0;
    for (int trial = 0; trial < 4000; ++trial) {
        enum { Q = 60, T = Q + 40 };
        uint8_t query[Q], target[T];
        const uint32_t period = 1 + random_below(12);
        for (uint32_t i = 0; i < T; ++i) target[i] = i < period || random_below(30) == 0 ? (uint8_t)random_below(4) : target[i - period];
        memcpy(query, target + 20, Q);
        for (uint32_t n = random_below(6); n > 0; --n) query[random_below(Q)] = (uint8_t)random_below(5);
        anl_extend_params p = with_clips();
        if (trial & 1) p.score = (anl_sw_params){.match = 1, .mismatch = 1, .del_open = 0, .del_extend = 1, .ins_open = 0, .ins_extend = 1};
        const anl_sw_job job = {query, target, Q, T, 0, 0};
        anl_sw_result r;
        assert_int_equal(anl_sw_batch_run(b, &k.sw, &p.score, &job, 1, &r), 0);
        const int32_t diagonal = r.tend - r.qend;
        if (r.qend != Q || diagonal < 0) continue;
        anl_extension straight, traced;
        anl_extend_ungapped(&p, &k.sw, query, target + diagonal, Q, &straight);
        if (straight.total != r.score + p.clip5 + p.clip3) continue;
        const anl_extend_problem x = {query, target, Q, T, 0, T - Q, 0};
        assert_int_equal(anl_extend(&p, &anl_kernels_get()->sw, &x, s, &traced), 0);
        assert_int_equal(traced.total, straight.total);
        assert_int_equal(traced.n_cigar, 1);
        assert_int_equal(traced.cigar[0], Q << 4);
        assert_int_equal(traced.tbeg, diagonal);
        ++cases;
    }
    assert_true(cases > 100);
    anl_sw_batch_free(b);
    anl_extend_scratch_free(s);
}

static void same_extension(const anl_extension *a, const anl_extension *b)
{
    assert_int_equal(a->total, b->total);
    assert_int_equal(a->score, b->score);
    assert_int_equal(a->qbeg, b->qbeg);
    assert_int_equal(a->qend, b->qend);
    assert_int_equal(a->tbeg, b->tbeg);
    assert_int_equal(a->tend, b->tend);
    assert_int_equal(a->nm, b->nm);
    assert_int_equal(a->n_cigar, b->n_cigar);
    assert_memory_equal(a->cigar, b->cigar, (size_t)a->n_cigar * sizeof *a->cigar);
    assert_string_equal(a->md, b->md);
}

static anl_extend_params random_params(void)
{
    anl_extend_params p = random_below(2) ? with_clips() : plain;
    if (!random_below(3))
        p.score = (anl_sw_params){.match = 1 + (int32_t)random_below(3),
                                  .mismatch = (int32_t)random_below(5),
                                  .del_open = (int32_t)random_below(7),
                                  .del_extend = (int32_t)random_below(3),
                                  .ins_open = (int32_t)random_below(7),
                                  .ins_extend = (int32_t)random_below(3)};
    if (!random_below(4)) p.clip5 = (int32_t)random_below(60);
    if (!random_below(4)) p.clip3 = (int32_t)random_below(60);
    return p;
}

/* Whatever total up to its own is asked for at the least, the alignment is the same, of equal ones as well, at every level. Short repeats make ties
 * likely; bands may hang over the target. */
static void the_least_total_changes_nothing(void **unused)
{
    (void)unused;
    enum { MOST = 120 };
    random_start();
    anl_extend_scratch *s, *s2;
    assert_int_equal(anl_extend_scratch_new(&s), 0);
    assert_int_equal(anl_extend_scratch_new(&s2), 0);
    for (const char *const *level = anl_kernels_levels(); *level; ++level) {
        anl_kernels k;
        int gapped = 0;
        assert_int_equal(anl_kernels_fill(&k, *level), 0);
        for (int trial = 0; trial < 4000; ++trial) {
            uint8_t query[MOST], target[MOST + 60];
            const int qlen = 1 + (int)random_below(MOST), tlen = 1 + (int)random_below(MOST + 60);
            const uint32_t period = random_below(2) ? 1 + random_below(12) : MOST + 60, rate = 4 + random_below(300);
            const int off = (int)random_below(60) - 20, gap_at = (int)random_below(random_below(2) ? MOST : 4),
                      gap = (int)random_below(17) - 8;
            for (uint32_t i = 0; i < MOST + 60; ++i)
                target[i] = i < period || !random_below(30) ? (uint8_t)random_below(random_below(50) ? 4 : 5) : target[i - period];
            for (int i = 0, at = off; i < qlen; ++i, ++at) {
                query[i] = at >= 0 && at < tlen && random_below(rate) ? target[at] : (uint8_t)random_below(5);
                if (i == gap_at || !random_below(rate)) at += i == gap_at ? gap : (int)random_below(9) - 4;
            }
            const anl_extend_params p = random_params();
            const int beside = random_below(2) ? 30 : 1; /* columns of the band beside the gap */
            anl_extend_problem x = {.query = query, .target = target, .qlen = qlen, .tlen = tlen};
            x.dlo = off + (gap < 0 ? gap : 0) - (int)random_below((uint32_t)beside);
            x.dhi = off + (gap > 0 ? gap : 0) + (int)random_below((uint32_t)beside);
            anl_extension all, most;
            assert_int_equal(anl_extend(&p, &k.sw, &x, s, &all), 0);
            gapped += all.n_cigar > 1;
            for (int i = 0; i < 4 && all.total; ++i) {
                x.least = i ? 1 + (int32_t)random_below((uint32_t)all.total) : all.total;
                assert_int_equal(anl_extend(&p, &k.sw, &x, s2, &most), 0);
                same_extension(&all, &most);
            }
            x.least = all.total + 1 + (int32_t)random_below(20); /* there is none */
            assert_int_equal(anl_extend(&p, &k.sw, &x, s2, &most), 0);
            assert_int_equal(most.total, 0);
            assert_int_equal(most.n_cigar, 0);
        }
        assert_true(gapped > 400);
    }
    anl_extend_scratch_free(s);
    anl_extend_scratch_free(s2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_fits),
        cmocka_unit_test(known_cases),
        cmocka_unit_test(ungapped_is_a_band_of_one),
        cmocka_unit_test(whole_read_wins),
        cmocka_unit_test(the_least_total_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
