/* What a split read's alignments leave over, what score a segment needs, and which alignments overlap. */
#include "random.h"

#include "split.h"

static uint8_t bases[200];
static const anl_read read_of_200 = {.name = "r", .seq = bases, .len = 200};
static anl_split_segments segments;

static int tear_down(void **unused)
{
    (void)unused;
    free(segments.list);
    segments = (anl_split_segments){0};
    return 0;
}

/* Collects of a read that is aligned at [begin, end) of each pair, then checks what is left: pairs as well. */
static void leaves(const int32_t (*taken)[2], int n, const int32_t (*left)[2], int n_left)
{
    anl_read_alignment list[4] = {{0}};
    for (int i = 0; i < n; ++i)
        list[i] = (anl_read_alignment){.kind = i ? ANL_SUPPLEMENTARY : ANL_PRIMARY, .qbeg = taken[i][0], .qend = taken[i][1]};
    const anl_query q = {.read = &read_of_200, .aligned = {.list = list, .n = n}};
    segments.n = 0;
    assert_int_equal(anl_split_collect(&segments, &q, 0), 0);
    assert_int_equal(segments.n, n_left);
    for (int i = 0; i < n_left; ++i) {
        assert_int_equal(segments.list[i].begin, left[i][0]);
        assert_int_equal(segments.list[i].end, left[i][1]);
        assert_int_equal(segments.list[i].read.len, left[i][1] - left[i][0]);
        assert_ptr_equal(segments.list[i].read.seq, bases + left[i][0]);
    }
}

static void stretches_left_over(void **unused)
{
    (void)unused;
    leaves((const int32_t[][2]){{0, 200}}, 1, NULL, 0);
    leaves((const int32_t[][2]){{50, 200}}, 1, (const int32_t[][2]){{0, 50}}, 1);
    leaves((const int32_t[][2]){{19, 181}}, 1, NULL, 0); /* 19 bp on either side are too short */
    leaves((const int32_t[][2]){{20, 180}}, 1, (const int32_t[][2]){{0, 20}, {180, 200}}, 2);
    leaves((const int32_t[][2]){{60, 100}, {130, 200}}, 2, (const int32_t[][2]){{0, 60}, {100, 130}}, 2);
    leaves((const int32_t[][2]){{0, 100}, {80, 150}}, 2, (const int32_t[][2]){{150, 200}}, 1); /* they overlap */
    memset(bases, 4, 40);                                                                      /* N are not looked for */
    leaves((const int32_t[][2]){{50, 200}}, 1, NULL, 0);
    memset(bases, 0, 40);
}

/* A secondary alignment takes nothing from what is left. */
static void secondary_alignments_take_nothing(void **unused)
{
    (void)unused;
    anl_read_alignment list[2] = {{.qbeg = 0, .qend = 100}, {.kind = ANL_SECONDARY, .qbeg = 100, .qend = 200}};
    const anl_query q = {.read = &read_of_200, .aligned = {.list = list, .n = 2}};
    assert_int_equal(anl_split_collect(&segments, &q, 0), 0);
    assert_int_equal(segments.n, 1);
    assert_int_equal(segments.list[0].begin, 100);
    const anl_read_alignments aligned = {.list = list, .n = 2};
    assert_false(anl_split_overlaps(&aligned, &(anl_read_alignment){.qbeg = 110, .qend = 190}));
}

static void overlaps_of_more_than_half(void **unused)
{
    (void)unused;
    anl_read_alignment list[1] = {{.qbeg = 0, .qend = 100}};
    const anl_read_alignments aligned = {.list = list, .n = 1};
    assert_false(anl_split_overlaps(&aligned, &(anl_read_alignment){.qbeg = 100, .qend = 200}));
    assert_false(anl_split_overlaps(&aligned, &(anl_read_alignment){.qbeg = 80, .qend = 120})); /* half of the shorter */
    assert_true(anl_split_overlaps(&aligned, &(anl_read_alignment){.qbeg = 79, .qend = 120}));
    assert_true(anl_split_overlaps(&aligned, &(anl_read_alignment){.qbeg = 10, .qend = 40}));
}

static void least_scores(void **unused)
{
    (void)unused;
    anl_align_options o = anl_align_options_default();
    const int32_t bacterium = anl_split_min_score(&o, 5000000), human = anl_split_min_score(&o, INT64_C(3100000000));
    assert_in_range(bacterium, 19, 21);
    assert_in_range(human, 23, 25);
    assert_true(anl_split_min_score(&o, 1) >= ANL_ENCODER_MIN_LEN);
    o.align.score.match = 2; /* twice the score, but not more than -T */
    assert_int_equal(anl_split_min_score(&o, 5000000), o.min_score);
    o.align.score.match = 1;
    o.given = ANL_GIVEN_LEAST;
    o.min_score = 12;
    assert_int_equal(anl_split_min_score(&o, 5000000), 12);
}

static uint32_t all_of_54[] = {54 << 4};

static anl_read_alignment segment_at(int64_t pos, int32_t score, int mapq)
{
    return (anl_read_alignment){
        .pos = pos, .end = pos + 54, .qend = 54, .score = score, .mapq = (uint8_t)mapq, .cigar = all_of_54, .n_cigar = 1};
}

/* A primary segment of 54 bp beside another one, judged by what its own bases have elsewhere. */
static void primary_segments_are_judged_by_themselves(void **unused)
{
    (void)unused;
    const anl_align_options o = anl_align_options_default();
    anl_read_alignment list[3], best;
    anl_query q = {.read = &read_of_200, .aligned = {.list = list}};
    const struct {
        int32_t best; /* score elsewhere */
        int proper, pairs, mapq, moves;
        int32_t second;
    } cases[] = {
        {44, 0, 0, 60, 0, 44}, {50, 0, 0, 24, 0, 50}, {54, 0, 0, 0, 0, 54},  {59, 0, 0, 33, 1, 30},
        {44, 1, 0, 60, 0, 44}, {50, 1, 0, 60, 0, 50}, {54, 1, 0, 40, 0, 54}, /* as likely alone: the mate gives what it may */
        {59, 1, 0, 40, 0, 54}, {70, 1, 0, 6, 0, 54},  {80, 1, 0, 0, 0, 54},  {44, 1, 1, 60, 0, 44},
        {50, 1, 1, 24, 0, 50}, {54, 1, 1, 0, 0, 54},  {59, 1, 1, 0, 0, 54}, /* beside the mate, too, as in a tandem repeat */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        list[0] = segment_at(1000, 54, 60);
        list[1] = segment_at(5000, 60, 60);
        list[1].kind = ANL_SUPPLEMENTARY;
        list[1].qbeg = 100;
        list[1].qend = 160;
        list[2] = segment_at(7000, 30, 0);
        list[2].kind = ANL_SECONDARY;
        q.aligned.n = 3;
        q.proper = (uint8_t)cases[i].proper;
        best = segment_at(3000, cases[i].best, 33);
        anl_split_judge(&o, &q, &best, cases[i].pairs);
        assert_int_equal(list[0].pos, cases[i].moves ? 3000 : 1000);
        assert_int_equal(list[0].mapq, cases[i].mapq);
        assert_int_equal(list[0].second, cases[i].second);
        assert_int_equal(q.aligned.n, 3);
    }
    /* Its own place, which others come near; a place that the read has already, for these bases or for others; other bases. */
    q.proper = 0;
    list[0] = segment_at(1000, 54, 60);
    best = segment_at(1000, 54, 5);
    best.second = 52;
    anl_split_judge(&o, &q, &best, 0);
    assert_int_equal(list[0].mapq, 5);
    assert_int_equal(list[0].second, 52);
    list[0] = segment_at(1000, 54, 60);
    q.proper = 1;
    anl_split_judge(&o, &q, &best, 1);
    assert_int_equal(list[0].mapq, 45);
    list[0] = segment_at(1000, 54, 60);
    best.second = 0; /* copies may be there that were not found */
    anl_split_judge(&o, &q, &best, 1);
    assert_int_equal(list[0].mapq, 60);
    q.proper = 0;
    list[0] = segment_at(1000, 54, 60);
    list[2] = segment_at(3000, 54, 0);
    list[2].kind = ANL_SECONDARY;
    best = segment_at(3000, 60, 60);
    anl_split_judge(&o, &q, &best, 0);
    assert_int_equal(list[0].pos, 3000);
    assert_int_equal(q.aligned.n, 2);
    list[0] = segment_at(1000, 54, 60);
    best = segment_at(3000, 60, 60);
    best.qbeg = 10;
    best.qend = 140;
    anl_split_judge(&o, &q, &best, 0);
    assert_int_equal(list[0].pos, 1000);
    assert_int_equal(list[0].mapq, 0);
    list[0] = segment_at(1000, 54, 60);
    best = segment_at(3000, 60, 60);
    best.qbeg = 50;
    best.qend = 110;
    anl_split_judge(&o, &q, &best, 0);
    assert_int_equal(list[0].mapq, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stretches_left_over),
        cmocka_unit_test(secondary_alignments_take_nothing),
        cmocka_unit_test(overlaps_of_more_than_half),
        cmocka_unit_test(least_scores),
        cmocka_unit_test(primary_segments_are_judged_by_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
