/* Smith-Waterman scores: every level equals a plain recurrence (and parasail), on random and extreme inputs. */
#include "random.h"

#include "sw_batch.h"

#ifdef HAVE_PARASAIL
#include <parasail.h>
#endif

static const anl_sw_params standard = {.match = 1, .mismatch = 4, .del_open = 6, .del_extend = 1, .ins_open = 6, .ins_extend = 1};

/* Whether the cell of bases q and t, counted from 0, is one of the job's band. */
static int is_in_band(const anl_sw_job *j, int q, int t)
{
    const int behind = t - q / ANL_SW_BAND_ROWS * ANL_SW_BAND_ROWS - j->low;
    return !j->band || (behind >= 0 && behind < j->band + ANL_SW_BAND_ROWS - 1);
}

/* The textbook, straight from the definition: a gap of g costs open + g * extend; ties by smallest tend, then qend. */
static anl_sw_result textbook(const anl_sw_params *p, const anl_sw_job *j)
{
    const int w = j->qlen + 1;
    int *h = calloc((size_t)w * (size_t)(j->tlen + 1), sizeof *h), *e = calloc((size_t)w * (size_t)(j->tlen + 1), sizeof *e);
    int *f = calloc((size_t)w * (size_t)(j->tlen + 1), sizeof *f);
    anl_sw_result best = {0};
    const int never = -1000000;
    for (int t = 0; t <= j->tlen; ++t)
        for (int q = 0; q <= j->qlen; ++q) {
            const int at = t * w + q;
            e[at] = f[at] = never;
            if (!t || !q || !is_in_band(j, q - 1, t - 1)) continue;
            const uint8_t a = j->query[q - 1], b = j->target[t - 1];
            const int s = a > 3 || b > 3 ? -1 : a == b ? p->match : -p->mismatch;
            const int del_new = h[at - w] - p->del_open - p->del_extend, del_on = e[at - w] - p->del_extend;
            const int ins_new = h[at - 1] - p->ins_open - p->ins_extend, ins_on = f[at - 1] - p->ins_extend;
            e[at] = del_new > del_on ? del_new : del_on;
            f[at] = ins_new > ins_on ? ins_new : ins_on;
            int v = h[at - w - 1] + s;
            if (e[at] > v) v = e[at];
            if (f[at] > v) v = f[at];
            if (v < 0) v = 0;
            h[at] = v;
            if (v > best.score) best = (anl_sw_result){v, q, t};
        }
    free(h);
    free(e);
    free(f);
    return best;
}

static void check_all(const anl_sw_params *p, const anl_sw_job *jobs, size_t n)
{
    anl_sw_result *expected = calloc(n + 1, sizeof *expected), *got = calloc(n + 1, sizeof *got);
    for (size_t i = 0; i < n; ++i) expected[i] = textbook(p, &jobs[i]);
    anl_sw_batch *b;
    assert_int_equal(anl_sw_batch_new(&b), 0);
    for (const char *const *level = anl_kernels_levels(); *level; ++level) {
        anl_kernels k;
        assert_int_equal(anl_kernels_fill(&k, *level), 0);
        memset(got, 0x55, n * sizeof *got);
        assert_int_equal(anl_sw_batch_run(b, &k.sw, p, jobs, n, got), 0);
        for (size_t i = 0; i < n; ++i) {
            if (memcmp(&got[i], &expected[i], sizeof got[i]))
                fprintf(stderr, "%s, job %zu: %d x %d, band %d + %d: got %d %d %d, expected %d %d %d\n", *level, i, jobs[i].qlen,
                        jobs[i].tlen, jobs[i].low, jobs[i].band, got[i].score, got[i].qend, got[i].tend, expected[i].score,
                        expected[i].qend, expected[i].tend);
            assert_memory_equal(&got[i], &expected[i], sizeof got[i]);
        }
    }
    anl_sw_batch_free(b);
    free(expected);
    free(got);
}

static uint8_t *sequence(int n, int n_rate)
{
    uint8_t *s = malloc((size_t)n + 1);
    for (int i = 0; i < n; ++i) s[i] = n_rate && random_below((uint32_t)n_rate) == 0 ? 4 : (uint8_t)random_below(4);
    return s;
}

/* A copy of part of `from` with substitutions and gaps. */
static uint8_t *relative(const uint8_t *from, int len, int n)
{
    uint8_t *s = malloc((size_t)n + 1);
    int at = len > n ? (int)random_below((uint32_t)(len - n + 1)) : 0;
    for (int i = 0; i < n; ++i, ++at) {
        const uint32_t u = random_below(100);
        if (u < 2) at += (int)random_below(5);
        s[i] = u < 8 || at >= len ? (uint8_t)random_below(4) : from[at];
        if (u > 97) --at;
        if (at < 0) at = 0;
    }
    return s;
}

enum { JOBS = 200 };

static void random_jobs(void **unused)
{
    (void)unused;
    random_start();
    const anl_sw_params params[] = {standard,
                                    {.match = 2, .mismatch = 3, .del_open = 5, .del_extend = 2, .ins_open = 4, .ins_extend = 3},
                                    {.match = 5, .mismatch = 0, .del_open = 0, .del_extend = 1, .ins_open = 0, .ins_extend = 1}};
    for (size_t round = 0; round < sizeof params / sizeof *params; ++round) {
        anl_sw_job jobs[JOBS];
        for (int i = 0; i < JOBS; ++i) {
            const int tlen = 1 + (int)random_below(300), qlen = 1 + (int)random_below(280);
            uint8_t *target = sequence(tlen, i % 3 ? 0 : 30);
            jobs[i] = (anl_sw_job){relative(target, tlen, qlen), target, qlen, tlen, 0, 0};
        }
        check_all(&params[round], jobs, JOBS);
        check_all(&params[round], jobs, 1);
        check_all(&params[round], jobs, 63);
        check_all(&params[round], jobs, 65);
        for (int i = 0; i < JOBS; ++i) {
            free((void *)(uintptr_t)jobs[i].query);
            free((void *)(uintptr_t)jobs[i].target);
        }
    }
}

/* Bands of all widths, from one diagonal to more than there are, that begin at the target or before it; many jobs share one, as the lanes of a
 * group must. */
static void banded_jobs(void **unused)
{
    (void)unused;
    random_start();
    static const int32_t bands[] = {1, 2, 9, 10, 11, 12, 41, 61, 100, 700};
    static const anl_sw_params large = {
        .match = 94, .mismatch = 100, .del_open = 100, .del_extend = 100, .ins_open = 100, .ins_extend = 100};
    for (int round = 0; round < 6; ++round) {
        anl_sw_job jobs[JOBS];
        int narrowed = 0;
        for (int i = 0; i < JOBS; ++i) {
            const int qlen = 1 + (int)random_below(round % 3 ? 280 : 40), tlen = 1 + (int)random_below((uint32_t)qlen + 80);
            const int32_t low = i % 2 ? 0 : -(int32_t)random_below((uint32_t)qlen + 20);
            uint8_t *target = sequence(tlen, i % 3 ? 0 : 30);
            jobs[i] = (anl_sw_job){relative(target, tlen, qlen), target, qlen, tlen, low, i % 7 ? bands[random_below(10)] : 0};
            anl_sw_job whole = jobs[i];
            whole.low = whole.band = 0;
            narrowed += textbook(&standard, &jobs[i]).score < textbook(&standard, &whole).score;
        }
        assert_true(narrowed >= JOBS / 10);
        check_all(round % 2 ? &large : &standard, jobs, JOBS);
        check_all(&standard, jobs, 33);
        for (int i = 0; i < JOBS; ++i) {
            free((void *)(uintptr_t)jobs[i].query);
            free((void *)(uintptr_t)jobs[i].target);
        }
    }
}

/* Scores around the limits of 8 and 16 bits, degenerate inputs. */
static void extreme_jobs(void **unused)
{
    (void)unused;
    enum { LONG = 700 };
    static uint8_t same[LONG], other[LONG], unknown[LONG];
    memset(other, 1, sizeof other);
    memset(unknown, 4, sizeof unknown);
    anl_sw_job jobs[400];
    size_t n = 0;
    for (int len = 245; len <= 260; ++len) jobs[n++] = (anl_sw_job){same, same, len, len, 0, 0};
    jobs[n++] = (anl_sw_job){same, same, LONG, LONG, 0, 0};
    jobs[n++] = (anl_sw_job){same, other, LONG, 100, 0, 0};
    jobs[n++] = (anl_sw_job){unknown, same, 100, 100, 0, 0};
    jobs[n++] = (anl_sw_job){unknown, unknown, 100, 100, 0, 0};
    jobs[n++] = (anl_sw_job){same, same, 0, 50, 0, 0};
    jobs[n++] = (anl_sw_job){same, same, 50, 0, 0, 0};
    jobs[n++] = (anl_sw_job){same, same, 1, 1, 0, 0};
    jobs[n++] = (anl_sw_job){same, other, 1, 1, 0, 0};
    check_all(&standard, jobs, n);
    /* 700 matches of 94 go beyond 16 bits. */
    const anl_sw_params large = {.match = 94, .mismatch = 100, .del_open = 100, .del_extend = 100, .ins_open = 100, .ins_extend = 100};
    check_all(&large, jobs, n);
    static uint8_t longest[1000]; /* so do 900 of them, in a band that the best alignment of all is not in */
    const anl_sw_job banded = {longest, longest, sizeof longest, sizeof longest, -100, 20};
    check_all(&large, &banded, 1);
    check_all(&standard, jobs, 0);
}

static void mismatches_at_every_level(void **unused)
{
    (void)unused;
    anl_kernels scalar;
    assert_int_equal(anl_kernels_fill(&scalar, "scalar"), 0);
    for (int n = 0; n <= 300; ++n) {
        uint8_t *a = guarded((size_t)n + !n), *b = guarded((size_t)n + !n);
        uint64_t expected[5], got[5];
        for (int i = 0; i < n; ++i) {
            a[i] = (uint8_t)random_below(5);
            b[i] = random_below(4) ? a[i] : (uint8_t)random_below(5);
        }
        const int32_t count = scalar.sw.mismatches(a, b, n, expected);
        for (const char *const *level = anl_kernels_levels(); *level; ++level) {
            anl_kernels k;
            assert_int_equal(anl_kernels_fill(&k, *level), 0);
            assert_int_equal(k.sw.mismatches(a, b, n, got), count);
            assert_memory_equal(got, expected, (size_t)(n + 63) / 64 * 8);
        }
        release(a, (size_t)n + !n);
        release(b, (size_t)n + !n);
    }
}

/* One row, cell by cell as the recurrences say it. The arrays of a row lie one behind the other. */
enum { ROW_ROOM = 3 * ANL_SW_BAND_BLOCK + 64 };

typedef struct band_arrays {
    int32_t h[ROW_ROOM], insertion[ROW_ROOM], column[ROW_ROOM];
    uint8_t from[ROW_ROOM];
} band_arrays;

static int32_t larger_of(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t plain_row(const anl_sw_params *p, const uint8_t *target, int n, int base, int32_t start, band_arrays *a)
{
    int32_t top = ANL_SW_NOWHERE, del = ANL_SW_NOWHERE - p->del_open, left = ANL_SW_NOWHERE;
    for (int b = 0; b < n; ++b) {
        const int32_t open = a->h[b + 1] - p->ins_open - p->ins_extend, on = a->insertion[b + 1] - p->ins_extend;
        const int32_t t = target[b], score = base > 3 || t > 3 ? -1 : base == t ? p->match : -p->mismatch;
        const int32_t column = larger_of(a->h[b], start) + score, insertion = larger_of(open, on);
        int how = (on > open ? ANL_SW_INSERTION_GOES_ON : 0) | (a->h[b] <= start ? ANL_SW_COLUMN_STARTS : 0);
        if (b) del = larger_of(del - p->del_extend, left - p->del_open - p->del_extend);
        const int32_t best = larger_of(larger_of(column, insertion), del);
        left = larger_of(column, insertion);
        how |= insertion > larger_of(column, del) ? ANL_SW_INSERTION : del > column ? ANL_SW_DELETION : ANL_SW_COLUMN;
        if (del - p->del_extend > best - p->del_open - p->del_extend) how |= ANL_SW_DELETION_GOES_ON;
        a->h[b] = best;
        a->insertion[b] = insertion;
        a->column[b] = column;
        a->from[b] = (uint8_t)how;
        top = larger_of(top, column);
    }
    a->h[n] = a->insertion[n] = ANL_SW_NOWHERE;
    return top;
}

static void band_rows_at_every_level(void **unused)
{
    (void)unused;
    const anl_sw_params other = {.match = 2, .mismatch = 3, .del_open = 0, .del_extend = 2, .ins_open = 4, .ins_extend = 0};
    for (const char *const *level = anl_kernels_levels(); *level; ++level) {
        anl_kernels k;
        assert_int_equal(anl_kernels_fill(&k, *level), 0);
        for (int n = 1; n <= 60; ++n) {
            const anl_sw_params *p = n % 3 ? &standard : &other;
            const size_t room = (size_t)(n + ANL_SW_BAND_BLOCK - 1) / ANL_SW_BAND_BLOCK * ANL_SW_BAND_BLOCK;
            uint8_t *target = guarded(room);
            static band_arrays got, expected;
            for (size_t i = 0; i < room; ++i) target[i] = (uint8_t)random_below(5);
            for (int b = 0; b < ROW_ROOM; ++b) got.h[b] = got.insertion[b] = ANL_SW_NOWHERE;
            for (int row = 0; row < 40; ++row) {
                const int base = (int)random_below(5);
                const int32_t start = row ? 0 : 5;
                expected = got;
                const int32_t top = plain_row(p, target, n, base, start, &expected);
                const anl_sw_band band = {.target = target,
                                          .n = n,
                                          .base = base,
                                          .start = start,
                                          .h = got.h,
                                          .insertion = got.insertion,
                                          .column = got.column,
                                          .from = got.from};
                assert_int_equal(k.sw.band_row(p, &band), top);
                assert_memory_equal(got.h, expected.h, sizeof(int32_t) * (size_t)(n + 1));
                assert_memory_equal(got.column, expected.column, sizeof(int32_t) * (size_t)n);
                assert_memory_equal(got.from, expected.from, (size_t)n);
                for (int b = 0; b < n; ++b) assert_int_equal(got.insertion[b], expected.insertion[b]);
                assert_true(got.insertion[n] <= ANL_SW_NOWHERE);
            }
            release(target, room);
        }
    }
}

static void agrees_with_parasail(void **unused)
{
    (void)unused;
#ifdef HAVE_PARASAIL
    parasail_matrix_t *matrix = parasail_matrix_create("ACGT", standard.match, -standard.mismatch);
    anl_sw_batch *b;
    anl_kernels k;
    assert_int_equal(anl_sw_batch_new(&b), 0);
    assert_int_equal(anl_kernels_fill(&k, NULL), 0);
    for (int i = 0; i < 500; ++i) {
        const int tlen = 1 + (int)random_below(400), qlen = 1 + (int)random_below(300);
        uint8_t *target = sequence(tlen, 0), *query = i % 5 ? relative(target, tlen, qlen) : sequence(qlen, 0);
        if (i % 50 == 0) memset(target, 0, (size_t)tlen), memset(query, 0, (size_t)qlen);
        char *q = malloc((size_t)qlen + 1), *t = malloc((size_t)tlen + 1);
        for (int j = 0; j < qlen; ++j) q[j] = "ACGT"[query[j]];
        for (int j = 0; j < tlen; ++j) t[j] = "ACGT"[target[j]];
        const anl_sw_job job = {query, target, qlen, tlen, 0, 0};
        anl_sw_result r;
        assert_int_equal(anl_sw_batch_run(b, &k.sw, &standard, &job, 1, &r), 0);
        parasail_result_t *theirs =
            parasail_sw_striped_sat(q, qlen, t, tlen, standard.del_open + standard.del_extend, standard.del_extend, matrix);
        assert_int_equal(r.score, parasail_result_get_score(theirs));
        parasail_result_free(theirs);
        free(q);
        free(t);
        free(query);
        free(target);
    }
    anl_sw_batch_free(b);
    parasail_matrix_free(matrix);
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_jobs),
        cmocka_unit_test(banded_jobs),
        cmocka_unit_test(extreme_jobs),
        cmocka_unit_test(mismatches_at_every_level),
        cmocka_unit_test(band_rows_at_every_level),
        cmocka_unit_test(agrees_with_parasail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
