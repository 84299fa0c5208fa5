/* Which candidates are one place and which compete, and that every place is told once, on genomes made by the test. */
#include "models.h"

#include "align_tuning.h"
#include "trace.h"

#include <stdio.h>

enum { BASES = 20000, ARRAY = 12000, UNIT = 60, UNITS = 20, LEN = 150 };

static uint8_t genome[BASES];

/* One contig of random bases with an array of equal units. */
typedef struct setting {
    anl_index index;
    anl_contig contig;
    int64_t contig_begin[2];
    uint8_t packed[BASES / 4 + 8];
    anl_align_options options;
    anl_context context;
    anl_scratch scratch;
    anl_arena *results;
    uint8_t strand[2][LEN];
    anl_read read;
    anl_candidate candidates[8];
    anl_query query;
} setting;

static void set_up(setting *x)
{
    memset(x, 0, sizeof *x);
    random_start();
    random_seq(genome, BASES, 0);
    for (int i = UNIT; i < UNIT * UNITS; ++i) genome[ARRAY + i] = genome[ARRAY + i - UNIT];
    for (int i = 0; i < BASES; ++i) x->packed[i / 4] |= (uint8_t)(genome[i] << 2 * (i % 4));
    x->contig = (anl_contig){.name = "c", .len = BASES};
    x->contig_begin[1] = BASES;
    x->index = (anl_index){
        .n_contigs = 1, .contigs = &x->contig, .contig_begin = x->contig_begin, .bases = x->packed, .window = 176, .stride = 48};
    x->options = anl_align_options_default();
    x->context = (anl_context){.options = &x->options, .index = &x->index, .kernels = anl_kernels_get()};
    assert_int_equal(anl_scratch_init(&x->scratch, &x->context), 0);
    assert_non_null(x->results = anl_arena_new());
}

static void tear_down(setting *x)
{
    anl_arena_free(x->results);
    anl_scratch_free(&x->scratch);
}

/* Appends genome[at, at + n) or its reverse complement to the read. */
static void add_bases(setting *x, int at, int n, int reverse)
{
    for (int i = 0; i < n; ++i) x->strand[0][x->read.len++] = reverse ? 3 - genome[at + n - 1 - i] : genome[at + i];
}

static void finish_read(setting *x)
{
    assert_int_equal(x->read.len, LEN);
    for (int i = 0; i < LEN; ++i) x->strand[1][i] = 3 - x->strand[0][LEN - 1 - i];
    x->read.name = "r";
    x->read.seq = x->strand[0];
    x->query = (anl_query){.read = &x->read, .strand = {x->strand[0], x->strand[1]}, .candidates = x->candidates, .cap = 8};
}

/* A candidate as Smith-Waterman around a diagonal makes it: `last` bases of the oriented read before its end. */
static void add_candidate(setting *x, int64_t start, int32_t score, int32_t last, int reverse)
{
    x->candidates[x->query.n++] = (anl_candidate){.start = start,
                                                  .dlo = start - ANL_GAP_ROOM,
                                                  .dhi = start + ANL_GAP_ROOM,
                                                  .score = score,
                                                  .last = last,
                                                  .end = LEN,
                                                  .reverse = (uint8_t)reverse};
}

static void trace(setting *x, int segments)
{
    assert_int_equal(anl_trace_candidates(&x->context, &x->scratch, &x->query, ANL_MAPQ_MIN_SECOND, segments), 0);
}

static void tell(setting *x, int all)
{
    const anl_choice chosen = {.candidate = 0, .second = 0, .min_score = 30, .mapq = 60};
    x->options.all = all;
    assert_int_equal(anl_trace_chosen(&x->context, &x->scratch, &x->query, &chosen, x->results), 0);
}

/* ---- one place ---- */

static void sides_of_a_deletion_are_one_place(void **unused)
{
    (void)unused;
    for (int gap = 35; gap <= 60; ++gap)
        for (int left = 60; left <= 110; left += 10)
            for (int reverse = 0; reverse < 2; ++reverse) {
                setting x;
                set_up(&x);
                /* Deleted bases are in the genome only. On the reverse strand the read's first side lies behind the gap. */
                add_bases(&x, reverse ? 1000 + LEN - left + gap : 1000, left, reverse);
                add_bases(&x, reverse ? 1000 : 1000 + left + gap, LEN - left, reverse);
                finish_read(&x);
                const int first = reverse ? LEN - left : left, bridged = LEN - 6 - gap, longer = first > LEN - first ? first : LEN - first;
                const int64_t diagonal[2] = {1000, 1000 + gap};
                if (bridged > longer) {
                    add_candidate(&x, diagonal[1], bridged, LEN, reverse);
                    x.candidates[0].dlo = diagonal[0] - ANL_GAP_ROOM;
                }
                add_candidate(&x, diagonal[first < LEN - first], longer, first < LEN - first ? LEN : first, reverse);
                add_candidate(&x, diagonal[first >= LEN - first], LEN - longer, first < LEN - first ? first : LEN, reverse);
                const int found = x.query.n;
                trace(&x, 0);
                if (bridged > longer)
                    assert_int_equal(x.query.n, 1);
                else { /* clipped at the gap: two segments of the read, neither of which competes with the other */
                    assert_int_equal(x.query.n, found);
                    assert_false(anl_candidates_compete(&x.candidates[0], &x.candidates[1]));
                }
                tear_down(&x);
            }
}

static void copies_in_tandem_stay_apart(void **unused)
{
    (void)unused;
    setting x;
    set_up(&x);
    add_bases(&x, ARRAY + 200, LEN, 0);
    finish_read(&x);
    for (int i = 0; i < 4; ++i) add_candidate(&x, ARRAY + 200 + (i - 1) * UNIT, LEN, LEN, 0);
    trace(&x, 1);
    assert_int_equal(x.query.n, 4);
    for (int i = 1; i < 4; ++i) assert_true(anl_candidates_compete(&x.candidates[0], &x.candidates[i]));
    tear_down(&x);
}

/* ---- segments ---- */

static void segments_do_not_compete(void **unused)
{
    (void)unused;
    setting x;
    set_up(&x);
    add_bases(&x, 1000, 50, 0);
    add_bases(&x, 5000, 50, 1);
    add_bases(&x, 9000, 50, 0);
    finish_read(&x);
    add_candidate(&x, 1000, 50, 50, 0);
    add_candidate(&x, 5000 - 50, 50, 100, 1);
    add_candidate(&x, 9000 - 100, 50, 150, 0);
    trace(&x, 0);
    assert_int_equal(x.query.n, 3);
    for (int i = 0; i < 3; ++i) { /* but for bases by chance the same behind a segment */
        assert_in_range(x.candidates[i].end - x.candidates[i].begin, 50, 60);
        assert_in_range(x.candidates[i].begin, i ? 50 * i - 10 : 0, 50 * i);
        for (int j = 0; j < i; ++j) assert_false(anl_candidates_compete(&x.candidates[i], &x.candidates[j]));
    }
    for (int all = 0; all < 2; ++all) {
        tell(&x, all);
        assert_int_equal(x.query.aligned.n, 1);
        assert_null(x.query.aligned.list[0].xa);
        assert_int_equal(x.query.aligned.list[0].second, 0);
    }
    tear_down(&x);
}

/* ---- what is told ---- */

/* As if candidates had not been looked at: one place found three times, a copy, found twice, and what lies beside the alignment. */
static void every_place_is_told_once(void **unused)
{
    (void)unused;
    setting x;
    set_up(&x);
    add_bases(&x, ARRAY + 200, 120, 0);
    add_bases(&x, 3000, 30, 0);
    finish_read(&x);
    add_candidate(&x, ARRAY + 200, 120, 120, 0);
    add_candidate(&x, ARRAY + 200, 120, 120, 0);
    add_candidate(&x, ARRAY + 201, 119, 120, 0);
    add_candidate(&x, ARRAY + 200 + UNIT, 118, 120, 0);
    add_candidate(&x, ARRAY + 200 + UNIT, 117, 120, 0);
    add_candidate(&x, 3000 - 120, 30, 150, 0);
    tell(&x, 1);
    const anl_read_alignments *aligned = &x.query.aligned;
    assert_int_equal(aligned->n, 2);
    assert_int_equal(aligned->list[0].pos, ARRAY + 200);
    assert_int_equal(aligned->list[0].second, 120); /* what tells a copy sets XS */
    assert_int_equal(aligned->list[1].kind, ANL_SECONDARY);
    assert_int_equal(aligned->list[1].pos, ARRAY + 200 + UNIT);
    tell(&x, 0);
    assert_int_equal(aligned->n, 1);
    assert_int_equal(aligned->list[0].second, 120);
    assert_string_equal(aligned->list[0].xa, "c,+12261,120M30S,0;");
    tear_down(&x);
}

/* ---- ends ---- */

/* The bonus for reaching the end makes the whole tail the better alignment, whose score is below the least one: then it is clipped. */
static void a_clip_bonus_unplaces_no_read(void **unused)
{
    (void)unused;
    setting x;
    set_up(&x);
    add_bases(&x, 1000, LEN, 0);
    const int begin = 115, odd = LEN - 3; /* of 35 bases the third last differs: 32 before it, 34 - 4 to the end */
    for (int i = 0; i < begin; ++i) x.strand[0][i] = (uint8_t)((x.strand[0][i] + 1) % 4);
    x.strand[0][odd] ^= 1;
    finish_read(&x);
    for (int least = 30; least <= 32; ++least) {
        anl_read_alignment a;
        x.query.n = 0;
        add_candidate(&x, 1000, 32, odd, 0);
        assert_int_equal(anl_trace_candidate(&x.context, &x.scratch, &x.query, &x.candidates[0], least, x.results, &a), 0);
        assert_int_equal(a.tid, 0);
        assert_int_equal(a.score, least == 30 ? 30 : 32);
        assert_int_equal(a.qend, least == 30 ? LEN : odd);
    }
    tear_down(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sides_of_a_deletion_are_one_place), cmocka_unit_test(copies_in_tandem_stay_apart),
        cmocka_unit_test(segments_do_not_compete),           cmocka_unit_test(every_place_is_told_once),
        cmocka_unit_test(a_clip_bonus_unplaces_no_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
