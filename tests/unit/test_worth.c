/* What spares a Smith-Waterman: what votes allow at most, mismatches that no gap goes round, places near others; each against trying all. */
#include "random.h"

#include "cells.h"
#include "extend.h"
#include "straight.h"
#include "sw_batch.h"
#include "vote.h"
#include "worth.h"

enum { MOST = 160, REGION = 400, AT = 100 };

static anl_kernels kernels;
static anl_voter *voter;
static anl_sw_batch *batch;

static int set_up(void **unused)
{
    (void)unused;
    random_start();
    assert_int_equal(anl_kernels_fill(&kernels, NULL), 0);
    assert_int_equal(anl_sw_batch_new(&batch), 0);
    assert_non_null(voter = anl_voter_new(&kernels));
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    anl_sw_batch_free(batch);
    anl_voter_free(voter);
    return 0;
}

/* A region, sometimes with a tandem repeat, and a read of it from AT on with mismatches, gaps, often near its ends, and N. Returns its length. */
static int32_t make_case(uint8_t region[REGION], uint8_t read[MOST], int32_t *unknown)
{
    const uint32_t unit = random_below(3) ? REGION : 20 + random_below(80);
    for (uint32_t i = 0; i < REGION; ++i) region[i] = i < unit ? (uint8_t)random_below(4) : region[i - unit];
    for (uint32_t i = 0; unit < REGION && i < REGION / 20; ++i) region[random_below(REGION)] = (uint8_t)random_below(4);
    const int32_t len = 30 + (int32_t)random_below(MOST - 30);
    int32_t from = AT;
    const int has_gap = (int)random_below(2);
    const uint32_t gap_at = random_below(3) ? random_below((uint32_t)len) : random_below(12);
    for (int32_t i = 0; i < len; ++i) {
        if (has_gap && i && i == (int32_t)gap_at) from += (int32_t)random_below(7) - 3;
        read[i] = region[from + i];
    }
    for (uint32_t n = random_below(9), i = 0; i < n; ++i) {
        const uint32_t near = 1 + random_below((uint32_t)len);
        read[random_below(near)] = (uint8_t)random_below(4);
    }
    *unknown = 0;
    for (uint32_t n = random_below(5) ? 0 : random_below(4); n; --n) {
        uint8_t *base = &read[random_below((uint32_t)len)];
        *unknown += *base < 4;
        *base = 4;
    }
    return len;
}

static anl_sw_params params_of(int trial)
{
    return trial % 4 == 1   ? (anl_sw_params){2, 3, 5, 2, 4, 1}
           : trial % 4 == 2 ? (anl_sw_params){1, 9, 12, 2, 12, 2}
                            : (anl_sw_params){1, 4, 6, 1, 6, 1};
}

static int32_t best_score(const anl_sw_params *p, const uint8_t *read, int32_t len, const uint8_t *target, int32_t n)
{
    const anl_sw_job job = {read, target, len, n, 0, 0};
    anl_sw_result r;
    assert_int_equal(anl_sw_batch_run(batch, &kernels.sw, p, &job, 1, &r), 0);
    return r.score;
}

/* No read scores more at a place than its votes there allow; and the bound is of use: random sequence is far below it. */
static void votes_bound_the_score(void **unused)
{
    (void)unused;
    int tight = 0;
    for (int trial = 0; trial < 4000; ++trial) {
        uint8_t region[REGION], read[MOST];
        int32_t unknown;
        const int32_t len = make_case(region, read, &unknown);
        const anl_sw_params p = params_of(trial);
        anl_voter_load(voter, read, len);
        const anl_vote vote = anl_voter_count(voter, region, REGION, -len, REGION);
        if (vote.reverse) continue;
        const int32_t score = best_score(&p, read, len, region, REGION), needed = anl_worth_votes(&p, len, unknown, score, vote.other);
        assert_true(needed < INT32_MAX);
        assert_true(vote.votes >= needed);
        tight += vote.votes == needed;
    }
    assert_true(tight > 20);
    const anl_sw_params p = params_of(0);
    assert_int_equal(anl_worth_votes(&p, 150, 0, 150, 0), 142);
    assert_int_equal(anl_worth_votes(&p, 150, 0, 145, 0), 133);
    assert_int_equal(anl_worth_votes(&p, 150, 0, 143, 50), 134 - 50); /* all but one gap's worth: half of the read may lie elsewhere */
    assert_int_equal(anl_worth_votes(&p, 150, 1, 148, 0), 133);
    assert_int_equal(anl_worth_votes(&p, 150, 0, 151, 0), INT32_MAX);
}

/* Where it says that nothing beats the diagonal, Smith-Waterman finds nothing better; and it says so often. */
static void nothing_beats_a_straight_alignment(void **unused)
{
    (void)unused;
    int straight = 0, bent = 0;
    for (int trial = 0; trial < 8000; ++trial) {
        uint8_t region[REGION], read[MOST];
        uint64_t differ[(MOST + 63) / 64];
        int32_t unknown;
        const int32_t len = make_case(region, read, &unknown);
        const anl_sw_params p = params_of(trial);
        anl_voter_load(voter, read, len);
        const anl_vote vote = anl_voter_count(voter, region, REGION, AT - 108, AT + 108);
        if (!vote.votes || vote.reverse || vote.lo != vote.diag || vote.hi != vote.diag || vote.diag < 20 || vote.diag + len + 20 > REGION)
            continue;
        const uint8_t *on = region + vote.diag;
        const int32_t n = kernels.sw.mismatches(read, on, len, differ);
        const anl_extend_params straight_only = {.score = p};
        anl_extension e;
        anl_extend_ungapped(&straight_only, &kernels.sw, read, on, len, &e);
        const int32_t best = best_score(&p, read, len, on - 20, len + 40);
        if (anl_straight_is_best(&p, differ, len)) {
            assert_int_equal(e.score, best);
            straight += n > 1;
        } else
            bent += best > e.score;
    }
    assert_true(straight > 400);
    assert_true(bent > 40);
    /* Two mismatches among the first or last nine bases may be an indel; one may not, nor two far from the ends. */
    const anl_sw_params p = params_of(0);
    assert_false(anl_straight_is_best(&p, (const uint64_t[]){1 << 3 | 1 << 7}, 60));
    assert_false(anl_straight_is_best(&p, (const uint64_t[]){(uint64_t)1 << 52 | (uint64_t)1 << 56}, 60));
    assert_true(anl_straight_is_best(&p, (const uint64_t[]){(uint64_t)1 << 56}, 60));
    assert_true(anl_straight_is_best(&p, (const uint64_t[]){(uint64_t)1 << 30 | (uint64_t)1 << 31}, 60));
    assert_false(anl_straight_is_best(&p, (const uint64_t[]){(uint64_t)7 << 30}, 60)); /* an insertion and a deletion go round three */
    assert_false(anl_straight_is_best(&p, (const uint64_t[]){0x1001001001001001, 0x1001001001001001}, 128)); /* more than are looked at */
}

static void cells_find_what_is_near(void **unused)
{
    (void)unused;
    enum { POINTS = 300 };
    anl_arena *arena = anl_arena_new();
    for (int trial = 0; trial < 50; ++trial) {
        const int64_t width = (int64_t)random_below(60), range = 10 + random_below(20000);
        int64_t at[POINTS];
        uint32_t group[POINTS];
        anl_cells cells;
        assert_int_equal(anl_cells_init(&cells, width, POINTS, arena), 0);
        for (int n = 0; n < POINTS; ++n) {
            at[n] = (int64_t)random_below((uint32_t)range) - range / 2;
            group[n] = random_below(3);
            int near = 0;
            for (int i = 0; i < n; ++i) near |= group[i] == group[n] && llabs(at[i] - at[n]) <= width;
            assert_int_equal(anl_cells_near(&cells, at[n], group[n]), near);
            anl_cells_add(&cells, at[n], group[n]);
            assert_true(anl_cells_near(&cells, at[n] + width, group[n]) && anl_cells_near(&cells, at[n] - width, group[n]));
        }
        anl_arena_reset(arena);
    }
    anl_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(votes_bound_the_score), cmocka_unit_test(nothing_beats_a_straight_alignment),
                                       cmocka_unit_test(cells_find_what_is_near)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
