/* From columns to pieces on cases worked out by hand: where a piece ends, what it is worth, where its gaps lie. */
#include "random.h"

#include "cigar_score.h"
#include "pieces.h"

enum { MOST = 1000 };

static anl_stitch_params params;
static uint8_t query[MOST], opposite[MOST], region[MOST];
static anl_columns columns;
static anl_arena *arena;
static anl_pieces found;

static int set_up(void **unused)
{
    (void)unused;
    random_state = 1;
    params = (anl_stitch_params){
        .score = {{2, 4, 4, 2, 4, 2}, 24, 1}, .clip5 = 5, .clip3 = 5, .drop = 100, .drop_inverted = 200, .min_score = 40};
    for (int i = 0; i < MOST; ++i) region[i] = (uint8_t)((i ? region[i - 1] + 1 + random_below(3) : 0) % 4); /* no base twice in a row */
    arena = anl_arena_new();
    return arena ? 0 : -1;
}

static int tear_down(void **unused)
{
    (void)unused;
    free(columns.cigar.list);
    columns = (anl_columns){0};
    anl_arena_free(arena);
    return 0;
}

/* Columns from (0, tbeg) on, and the query that they make of the region: inserted bases differ from their neighbours. Returns its length. */
static int32_t lay(const char *cigar, int32_t tbeg)
{
    int32_t q = 0, t = tbeg;
    columns.cigar.n = 0;
    columns.qbeg = 0;
    columns.tbeg = tbeg;
    while (*cigar) {
        const int32_t n = (int32_t)strtol(cigar, (char **)(uintptr_t)&cigar, 10);
        const anl_cigar_op op = (anl_cigar_op)(strchr("MID", *cigar++) - "MID");
        assert_int_equal(anl_cigar_push(&columns.cigar, op, n), 0);
        for (int32_t i = 0; i < n && op == 0; ++i) query[q++] = region[t++];
        for (int32_t i = 0; i < n && op == 1; ++i, ++q) query[q] = (uint8_t)((region[t] + 2) % 4);
        if (op == 2) t += n;
    }
    return q;
}

static void change(int32_t at)
{
    query[at] = (uint8_t)((query[at] + 1) % 4);
}

static void cut(int32_t len)
{
    const anl_stitch_query q = {query, opposite, len};
    const anl_piece_context c = {&params, &q, region, 5000, arena};
    found = (anl_pieces){0};
    assert_int_equal(anl_pieces_cut(&c, &columns, &found), 0);
}

static void expect(int32_t i, int32_t qbeg, int32_t qend, int64_t tbeg, const char *cigar)
{
    const anl_piece *p = &found.list[i];
    char text[200] = "";
    for (int32_t k = 0; k < p->n_cigar; ++k) sprintf(text + strlen(text), "%u%c", p->cigar[k] >> 4, "MIDNSHP=X"[p->cigar[k] & 15]);
    assert_string_equal(text, cigar);
    assert_int_equal(p->qbeg, qbeg);
    assert_int_equal(p->qend, qend);
    assert_int_equal(p->tbeg, 5000 + tbeg);
}

static void scores_with_two_gap_costs(void **unused)
{
    (void)unused;
    lay("50M5D30M30I20M", 0);
    /* A gap of 5 costs 14, one of 30 costs 54 by its length and 64 the other way. */
    assert_int_equal(anl_cigar_score(&params.score, columns.cigar.list, columns.cigar.n, query, region), 200 - 14 - 54);
    params.score.long_open = -1;
    assert_int_equal(anl_cigar_score(&params.score, columns.cigar.list, columns.cigar.n, query, region), 200 - 14 - 64);
    query[0] = 5, query[1] = (uint8_t)(region[1] ^ 1);
    assert_int_equal(anl_cigar_score(&params.score, columns.cigar.list, columns.cigar.n, query, region), 200 - 14 - 64 - (2 + 1) - (2 + 4));
}

static void fall_of_the_score(void **unused)
{
    (void)unused;
    lay("100M10I40M", 0);
    for (int i = 20; i < 30; ++i) change(i);
    for (int i = 110; i < 125; ++i) change(i);
    /* Ten differences, and later a gap of 24 with 15 differences behind it. */
    assert_int_equal(anl_cigar_fall(&params.score, columns.cigar.list, 1, query, region), 40);
    assert_int_equal(anl_cigar_fall(&params.score, columns.cigar.list, columns.cigar.n, query, region), 24 + 60);
}

static void whole_read(void **unused)
{
    (void)unused;
    cut(lay("100M", 10));
    assert_int_equal(found.n, 1);
    expect(0, 0, 100, 10, "100M");
    assert_int_equal(found.list[0].score, 200);
    assert_int_equal(found.list[0].worth, 200);
    assert_string_equal(found.list[0].md, "100");
    /* One difference at an end costs less than clipping it does. */
    change(0), change(99);
    cut(100);
    expect(0, 0, 100, 10, "100M");
    assert_int_equal(found.list[0].nm, 2);
    assert_int_equal(found.list[0].score, 98 * 2 - 8);
    params.clip5 = params.clip3 = 4; /* as much: the clipped one wins */
    cut(100);
    expect(0, 0, 99, 10, "99M");
}

static void poor_ends_are_clipped(void **unused)
{
    (void)unused;
    cut(lay("100M", 0));
    for (int i = 90; i < 100; ++i) change(i);
    cut(100);
    assert_int_equal(found.n, 1);
    expect(0, 0, 90, 0, "90M");
    for (int i = 10; i < 90; ++i) change(i);
    cut(100);
    assert_int_equal(found.n, 0); /* 10 bases are worth 20 */
}

static void breaks_where_the_score_drops(void **unused)
{
    (void)unused;
    const int32_t len = lay("300M", 0);
    for (int i = 120; i < 150; ++i) change(i); /* costs 120, more than the drop of 100 */
    cut(len);
    assert_int_equal(found.n, 2);
    expect(0, 0, 120, 0, "120M");
    expect(1, 150, 300, 150, "150M");
    params.drop = 130;
    cut(len);
    assert_int_equal(found.n, 1);
    expect(0, 0, 300, 0, "300M");
}

static void gaps(void **unused)
{
    (void)unused;
    /* A long gap costs half of the drop at most for what the piece is worth, all of it for the score. */
    cut(lay("100M200D100M", 0));
    assert_int_equal(found.n, 1);
    expect(0, 0, 200, 0, "100M200D100M");
    assert_int_equal(found.list[0].score, 400 - 224);
    assert_int_equal(found.list[0].worth, 400 - 50);
    assert_int_equal(found.list[0].columns, 201);
    assert_int_equal(found.list[0].matches, 200);
    assert_int_equal(found.list[0].nm, 200);
    /* In a run of equal bases a gap goes to its left. */
    for (int i = 40; i < 60; ++i) region[i] = 3;
    region[39] = region[60] = 0;
    cut(lay("55M3D42M", 0));
    expect(0, 0, 97, 0, "40M3D57M");
    params.eqx = 1;
    change(10);
    cut(97);
    expect(0, 0, 97, 0, "10=1X29=3D57=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(scores_with_two_gap_costs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fall_of_the_score, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whole_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(poor_ends_are_clipped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(breaks_where_the_score_drops, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gaps, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
