/* Records of hand-made alignments: flags, mate fields, TLEN, SA, what -M and -Y change, and what unmapped reads have. */
#include "random.h"

#include "cigar.h"
#include "finish.h"

static const anl_contig contigs[] = {{.name = "chr1", .len = 10000}, {.name = "chr2", .len = 10000}};
static anl_align_options options;
static anl_finisher finisher;
static anl_records out;
static uint32_t whole[] = {100 << 4}, left[] = {60 << 4, 40 << 4 | ANL_CIGAR_S}, right[] = {60 << 4 | ANL_CIGAR_S, 40 << 4};
static const anl_read first = {.name = "r", .len = 100, .mate = 1}, second = {.name = "r", .len = 100, .mate = 2},
                      failed = {.name = "r", .len = 100, .qc_fail = 1}, single = {.name = "r", .len = 100};

static int set_up(void **unused)
{
    (void)unused;
    options = anl_align_options_default();
    finisher = (anl_finisher){&options, contigs, anl_arena_new()};
    out = (anl_records){0};
    return finisher.results ? 0 : -1;
}

static int tear_down(void **unused)
{
    (void)unused;
    anl_arena_free(finisher.results);
    return 0;
}

/* 100 bp at pos of a contig, MAPQ 60, primary. */
static anl_read_alignment at(int32_t tid, int64_t pos, int reverse)
{
    return (anl_read_alignment){.tid = tid,
                                .pos = pos,
                                .end = pos + 100,
                                .qend = 100,
                                .cigar = whole,
                                .n_cigar = 1,
                                .score = 100,
                                .nm = 1,
                                .md = "50A49",
                                .reverse = (uint8_t)reverse,
                                .mapq = 60};
}

static void pair(const anl_read_alignment *a, const anl_read_alignment *b, int proper)
{
    anl_read_alignment list[2][1] = {{a ? *a : (anl_read_alignment){0}}, {b ? *b : (anl_read_alignment){0}}};
    const anl_read *const reads[2] = {&first, &second};
    const anl_read_alignments aligned[2] = {{.list = list[0], .n = a != NULL}, {.list = list[1], .n = b != NULL}};
    out = (anl_records){0};
    assert_int_equal(anl_finish_pair(&finisher, reads, aligned, proper, &out), 0);
    assert_int_equal(out.n, 2);
}

static void a_proper_pair(void **unused)
{
    (void)unused;
    const anl_read_alignment a = at(0, 1000, 0), b = at(0, 1250, 1);
    pair(&a, &b, 1);
    const anl_record *r = out.records;
    assert_int_equal(r[0].flag, 0x1 | 0x2 | 0x20 | 0x40);
    assert_int_equal(r[1].flag, 0x1 | 0x2 | 0x10 | 0x80);
    assert_int_equal(r[0].tlen, 350); /* from the first base of one to the last base of the other */
    assert_int_equal(r[1].tlen, -350);
    for (int i = 0; i < 2; ++i) {
        assert_int_equal(r[i].mate_tid, 0);
        assert_int_equal(r[i].mate_pos, r[!i].pos);
        assert_int_equal(r[i].mq, 60);
        assert_string_equal(r[i].mc, "100M");
        assert_null(r[i].sa);
    }
    assert_int_equal(out.counts.reads, 2);
    assert_int_equal(out.counts.mapped, 2);
    assert_int_equal(out.counts.short_mapped, 2);
    assert_int_equal(out.counts.short_bases, 200);
    assert_int_equal(out.counts.proper, 1);
}

/* As bwa mem counts: between the 5' ends, and 0 where they are one base. */
static void template_lengths(void **unused)
{
    (void)unused;
    static const struct {
        int64_t pos[2];
        int reverse[2];
        int64_t tlen;
    } cases[] = {{{1000, 1000}, {0, 0}, 0},
                 {{1000, 1001}, {0, 0}, 2},
                 {{1250, 1000}, {1, 0}, -350},
                 {{1000, 1100}, {1, 1}, 101},
                 {{1000, 901}, {0, 1}, 1 - 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        const anl_read_alignment a = at(0, cases[i].pos[0], cases[i].reverse[0]), b = at(0, cases[i].pos[1], cases[i].reverse[1]);
        pair(&a, &b, 0);
        assert_int_equal(out.records[0].tlen, cases[i].tlen);
        assert_int_equal(out.records[1].tlen, -cases[i].tlen);
    }
    const anl_read_alignment a = at(0, 1000, 0), b = at(1, 1000, 1);
    pair(&a, &b, 1); /* whatever is called proper: on two contigs there is no length */
    assert_int_equal(out.records[0].tlen, 0);
    assert_int_equal(out.records[0].mate_tid, 1);
}

/* An unmapped read takes its mate's place; neither mate then is proper. */
static void one_mate_unmapped(void **unused)
{
    (void)unused;
    const anl_read_alignment a = at(1, 500, 1);
    for (int which = 0; which < 2; ++which) {
        pair(which ? NULL : &a, which ? &a : NULL, 1);
        const anl_record *mapped = &out.records[which], *other = &out.records[!which];
        assert_int_equal(mapped->flag, 0x1 | 0x8 | 0x10 | (which ? 0x80 : 0x40));
        assert_int_equal(other->flag, 0x1 | 0x4 | 0x20 | (which ? 0x40 : 0x80));
        assert_int_equal(other->tid, 1);
        assert_int_equal(other->pos, 500);
        assert_int_equal(mapped->mate_tid, 1);
        assert_int_equal(mapped->mate_pos, 500);
        assert_int_equal(other->n_cigar, 0);
        assert_int_equal(mapped->mq, -1);
        assert_int_equal(other->mq, 60);
        assert_int_equal(mapped->tlen, 0);
        assert_int_equal(out.counts.proper, 0);
        assert_int_equal(out.counts.mapped, 1);
    }
}

static void nothing_mapped(void **unused)
{
    (void)unused;
    pair(NULL, NULL, 1);
    for (int i = 0; i < 2; ++i) {
        assert_int_equal(out.records[i].flag, 0x1 | 0x4 | 0x8 | (i ? 0x80 : 0x40));
        assert_int_equal(out.records[i].tid, -1);
        assert_int_equal(out.records[i].mate_tid, -1);
        assert_int_equal(out.records[i].nm, -1);
    }
    out = (anl_records){0};
    assert_int_equal(anl_finish_single(&finisher, &failed, &(anl_read_alignments){0}, &out), 0);
    assert_int_equal(out.n, 1);
    assert_int_equal(out.records[0].flag, 0x4 | 0x200);
}

/* Primary, supplementary and secondary: flags, clips, MAPQ, and SA that names each other. */
static void split_reads(void **unused)
{
    (void)unused;
    anl_read_alignment list[3] = {at(0, 1000, 0), at(1, 2000, 1), at(0, 5000, 0)};
    list[0].cigar = left, list[0].n_cigar = 2;
    list[1].cigar = right, list[1].n_cigar = 2, list[1].kind = ANL_SUPPLEMENTARY, list[1].mapq = 30, list[1].nm = 2;
    list[2].kind = ANL_SECONDARY;
    const anl_read_alignments aligned = {.list = list, .n = 3};
    assert_int_equal(anl_finish_single(&finisher, &single, &aligned, &out), 0);
    assert_int_equal(out.n, 3);
    const anl_record *r = out.records;
    assert_int_equal(r[0].flag, 0);
    assert_int_equal(r[1].flag, 0x10 | 0x800);
    assert_int_equal(r[2].flag, 0x100);
    assert_string_equal(r[0].sa, "chr2,2001,-,60S40M,30,2;");
    assert_string_equal(r[1].sa, "chr1,1001,+,60M40S,60,1;");
    assert_null(r[2].sa);
    assert_true(!r[0].hard_clip && r[1].hard_clip && !r[2].hard_clip);
    assert_true(!r[0].no_seq && !r[1].no_seq && r[2].no_seq);
    assert_int_equal(r[2].mapq, 0);
    assert_int_equal(r[2].xs, INT32_MIN);
    options.parts_secondary = options.parts_whole = 1; /* -M -Y */
    out = (anl_records){0};
    assert_int_equal(anl_finish_single(&finisher, &single, &aligned, &out), 0);
    assert_int_equal(out.records[1].flag, 0x10 | 0x100);
    assert_false(out.records[1].hard_clip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_proper_pair, set_up, tear_down),
        cmocka_unit_test_setup_teardown(template_lengths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_mate_unmapped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_mapped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(split_reads, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
