/* A place is scored in the band that its diagonals leave it: with gaps beside them, between them, and at the ends of a contig, where the band
 * hangs over. */
#include "aligner.h"

#include "align_tuning.h"
#include "base_code.h"
#include "rank.h"

enum { GENOME = 3000, LEN = 150, HALF = LEN / 2, MORE_BY_CHANCE = 8 };

static uint8_t genome[GENOME];

static int set_up(void **unused)
{
    read_model(unused);
    random_seq(genome, GENOME, 0);
    aligner_set_up(ANL_PRESET_NONE, genome, GENOME, 0);
    return 0;
}

/* Half a read from genome[first] on, the other half from genome[second] on; where there is no genome anything. */
static void take(int32_t first, int32_t second, uint8_t bases[LEN])
{
    random_seq(bases, LEN, 0);
    for (int32_t i = 0; i < LEN; ++i) {
        const int32_t at = i < HALF ? first + i : second + i - HALF;
        if (at >= 0 && at < GENOME) bases[i] = genome[at];
    }
}

/* The candidate of such a read at the place where its first half lies, or its second one, with other diagonals from lo to hi beside that, for which
 * `voted` bases have voted. */
static anl_candidate candidate(int32_t first, int32_t second, int at_second, int32_t lo, int32_t hi, int32_t voted)
{
    uint8_t bases[LEN], reverse[LEN];
    take(first, second, bases);
    anl_reverse_complement(bases, LEN, reverse);
    const anl_read read = {.name = "r", .seq = bases, .len = LEN};
    anl_query q = {.read = &read, .strand = {bases, reverse}};
    const anl_place place = {.start = at_second ? second - HALF : first, .lo = lo, .hi = hi, .differ = LEN};
    queue.n = 0;
    assert_int_equal(anl_candidates_add_place(&context, &q, 0, &place, voted, &queue, results), 0);
    assert_int_equal(queue.n, 1);
    assert_int_equal(anl_candidates_run(&context, &scratch, &queue, &q, results), 0);
    assert_int_equal(q.n, 1);
    return q.candidates[0];
}

static int32_t score(int32_t first, int32_t second, int at_second, int32_t lo, int32_t hi)
{
    const anl_candidate c = candidate(first, second, at_second, lo, hi, LEN);
    /* The band's diagonals are whole blocks of rows. */
    const int64_t beside = c.start - (at_second ? second - HALF : first);
    assert_true(beside > lo - ANL_GAP_ROOM - ANL_SW_BAND_ROWS && beside < hi + ANL_GAP_ROOM + 2 * ANL_SW_BAND_ROWS);
    return c.score;
}

static int32_t deleted(int32_t bases, int32_t gap)
{
    return bases - 6 - gap;
}

static void gaps_beside_a_diagonal(void **unused)
{
    (void)unused;
    for (int32_t gap = 2; gap <= ANL_GAP_ROOM; ++gap)
        for (int at_second = 0; at_second < 2; ++at_second) {
            assert_in_range(score(1000, 1000 + HALF + gap, at_second, 0, 0), deleted(LEN, gap), deleted(LEN, gap) + MORE_BY_CHANCE);
            const int32_t inserted = deleted(LEN - gap, gap);
            assert_in_range(score(1000, 1000 + HALF - gap, at_second, 0, 0), inserted > HALF ? inserted : HALF, LEN - 6);
        }
    for (int at_second = 0; at_second < 2; ++at_second) /* out of the band, where the whole would score 103 */
        assert_in_range(score(1000, 1000 + HALF + 41, at_second, 0, 0), HALF, HALF + MORE_BY_CHANCE);
}

static void gaps_between_diagonals(void **unused)
{
    (void)unused;
    for (int32_t gap = 21; gap < deleted(HALF, 0); ++gap) {
        const int32_t whole = deleted(LEN, gap);
        assert_in_range(score(1000, 1000 + HALF + gap, 0, 0, gap), whole, whole + MORE_BY_CHANCE);
        assert_in_range(score(1000, 1000 + HALF + gap, 1, -gap, 0), whole, whole + MORE_BY_CHANCE);
    }
}

/* What only a part has voted for has no band: the rest may have gaps of which that part says nothing. */
static void places_of_a_part_have_no_band(void **unused)
{
    (void)unused;
    enum { GAP = 30 };
    const int32_t whole = deleted(LEN - GAP, GAP);
    assert_true(whole > HALF + MORE_BY_CHANCE);
    assert_in_range(score(1000, 1000 + HALF - GAP, 0, 0, 0), HALF, HALF + MORE_BY_CHANCE);
    assert_in_range(candidate(1000, 1000 + HALF - GAP, 0, 0, 0, LEN - 1).score, whole, whole + MORE_BY_CHANCE);
}

static void bands_hang_over_the_ends_of_a_contig(void **unused)
{
    (void)unused;
    enum { GAP = 5 };
    for (int32_t over = 0; over <= 40; ++over) {
        const int32_t whole = deleted(LEN - over, GAP), end = GENOME - HALF + over;
        assert_in_range(score(-over, HALF - over + GAP, 0, 0, 0), whole, whole + MORE_BY_CHANCE);
        assert_in_range(score(-over, HALF - over + GAP, 1, 0, 0), whole, whole + MORE_BY_CHANCE);
        assert_in_range(score(end - GAP - HALF, end, 0, 0, 0), whole, whole + MORE_BY_CHANCE);
        assert_in_range(score(end - GAP - HALF, end, 1, 0, 0), whole, whole + MORE_BY_CHANCE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gaps_beside_a_diagonal), cmocka_unit_test(gaps_between_diagonals),
                                       cmocka_unit_test(places_of_a_part_have_no_band),
                                       cmocka_unit_test(bands_hang_over_the_ends_of_a_contig)};
    return cmocka_run_group_tests_name("band", tests, set_up, aligner_tear_down);
}
