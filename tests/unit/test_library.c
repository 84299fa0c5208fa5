/* What first reads tell: insert sizes, and the score that few of them do not reach. */
#include "random.h"

#include "align_tuning.h"
#include "library.h"

enum { N = 400, LEN = 100 };

static anl_read reads[N];
static anl_candidate candidates[N][2];
static anl_query queries[N];
static anl_align_options options;
static anl_arena *arena;

static int set_up(void **unused)
{
    (void)unused;
    options = anl_align_options_default();
    anl_align_options_resolve(&options);
    return (arena = anl_arena_new()) ? 0 : -1;
}

static int tear_down(void **unused)
{
    (void)unused;
    anl_arena_free(arena);
    return 0;
}

/* Reads without mates; read i scores 50 + i / 10, and its second candidate, if it has one, a point less. */
static void make_reads(int second)
{
    for (int i = 0; i < N; ++i) {
        reads[i] = (anl_read){.name = "r", .len = LEN};
        candidates[i][0] = (anl_candidate){.score = 50 + i / 10, .end = LEN};
        candidates[i][1] = (anl_candidate){.start = 5000, .score = 49 + i / 10, .end = LEN};
        queries[i] = (anl_query){.read = &reads[i], .candidates = candidates[i], .n = second ? 2 : 1};
    }
}

static void few_reads_score_less(void **unused)
{
    (void)unused;
    int32_t score = 0, below = 0;
    make_reads(0);
    assert_int_equal(anl_library_low_score(&options, queries, N, arena, &score), 0);
    for (int i = 0; i < N; ++i) below += candidates[i][0].score < score;
    assert_true(below <= N * ANL_LIBRARY_LOW / 100 && below + 10 > N * ANL_LIBRARY_LOW / 100);
    score = 0;
    for (int i = 0; i < N; ++i) reads[i].len = 2 * LEN; /* it is told for 100 bp */
    assert_int_equal(anl_library_low_score(&options, queries, N, arena, &score), 0);
    assert_int_equal(score, 25);
}

/* Reads whose place is not clear, or that chance may have placed, tell nothing; nor do too few. */
static void only_clear_places_tell(void **unused)
{
    (void)unused;
    int32_t score = -1;
    make_reads(1);
    assert_int_equal(anl_library_low_score(&options, queries, N, arena, &score), 0);
    assert_int_equal(score, -1);
    make_reads(0);
    assert_int_equal(anl_library_low_score(&options, queries, ANL_FIRST_ENOUGH - 1, arena, &score), 0);
    assert_int_equal(score, -1);
    for (int i = 0; i < N; ++i) candidates[i][0].score = ANL_DIVERGED_SURE - 1;
    assert_int_equal(anl_library_low_score(&options, queries, N, arena, &score), 0);
    assert_int_equal(score, -1);
}

/* Pairs tell insert sizes; an orientation that has none keeps what was known of it. */
static void pairs_tell_insert_sizes(void **unused)
{
    (void)unused;
    anl_insert_model model = {0};
    size_t most;
    model.of[ANL_RF] = (anl_insert){.usable = 1, .mean = 3000, .sd = 100, .low = 2500, .high = 3500};
    make_reads(0);
    for (int i = 0; i < N; ++i) {
        reads[i].mate = (uint8_t)(1 + i % 2);
        candidates[i][0] = (anl_candidate){.start = i % 2 * (200 + i / 2 % 11), .score = 80, .end = LEN, .reverse = (uint8_t)(i % 2)};
    }
    assert_int_equal(anl_library_inserts(&options, queries, N, arena, &model, &most), 0);
    assert_int_equal(most, N / 2);
    assert_true(model.of[ANL_FR].usable && model.of[ANL_FR].mean > 304 && model.of[ANL_FR].mean < 306);
    assert_true(model.of[ANL_RF].usable && model.of[ANL_RF].mean == 3000);
    assert_false(model.of[ANL_FF].usable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(few_reads_score_less), cmocka_unit_test(only_clear_places_tell),
                                       cmocka_unit_test(pairs_tell_insert_sizes)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
