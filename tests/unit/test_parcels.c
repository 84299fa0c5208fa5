/* What is written of a batch: packed by pens of several threads, in pieces and in any order, it is what writing the records one after the other gives. */
#include "files.h"

#include "parcels.h"

#include <htslib/bgzf.h>

enum { N = 400, CHUNKS = 3, PENS = 2, LEN = 30, ROOM = 1 << 20, UNMAPPED = 4, MATE_UNMAPPED = 8, PAIRED = 1 };

static const anl_contig contigs[] = {{"c1", 100000, "0123456789abcdef0123456789abcdef", 0}};
static anl_read reads[N];
static anl_record records[N];
static char names[N][24];
static uint8_t seqs[N][LEN], quals[N][LEN];
static uint32_t cigars[N][2];

static void make_records(void)
{
    for (int i = 0; i < N; ++i) {
        sprintf(names[i], "x:%d_%s", i / 2, i % 3 ? "ACGT" : "-");
        for (int32_t j = 0; j < LEN; ++j) {
            seqs[i][j] = (uint8_t)random_below(5);
            quals[i][j] = (uint8_t)random_below(94);
        }
        reads[i] = (anl_read){.name = names[i],
                              .comment = i % 5 ? NULL : "BC:Z:AC\tno tag",
                              .seq = seqs[i],
                              .qual = i % 7 ? quals[i] : NULL,
                              .len = LEN,
                              .mate = (uint8_t)(1 + i % 2)};
        const int mapped = i / 2 % 4 != 0;
        cigars[i][0] = 3 << 4 | 4;
        cigars[i][1] = (LEN - 3) << 4;
        records[i] = (anl_record){.read = &reads[i],
                                  .flag = (uint16_t)(PAIRED | (mapped ? i % 3 ? 16 : 2 : UNMAPPED | MATE_UNMAPPED)),
                                  .mapq = (uint8_t)(mapped ? i % 61 : 0),
                                  .tid = mapped ? 0 : -1,
                                  .pos = mapped ? (int64_t)random_below(300) : -1,
                                  .mate_tid = -1,
                                  .mate_pos = -1,
                                  .tlen = 310,
                                  .cigar = mapped ? cigars[i] : NULL,
                                  .n_cigar = mapped ? 2 : 0,
                                  .nm = mapped ? i % 9 : -1,
                                  .as = mapped ? -5 + i % 100 : INT32_MIN,
                                  .xs = INT32_MIN,
                                  .mq = -1,
                                  .md = mapped ? "27" : NULL};
    }
}

static const anl_lane lane = {.read_group = "@RG\tID:g\tSM:s"};

static anl_alignments_options options(const char *path, anl_format format)
{
    return (anl_alignments_options){.path = path,
                                    .format = format,
                                    .threads = 1,
                                    .comment_tags = 1,
                                    .umi_from_name = 1,
                                    .command_line = "anneal test",
                                    .version = "1",
                                    .lanes = &lane,
                                    .n_lanes = 1};
}

/* Two batches: the first one is packed by both pens, from the last chunk to the first, or by one in order, which writes at once; the second has fewer chunks, and its memory was used before. */
static void write_parcels(const anl_align_output *out, anl_pen *pens[PENS], int at_once)
{
    static anl_record copy[N];
    static const size_t ends[2][CHUNKS + 1] = {{0, 100, 100, 300}, {300, N}}, chunks[2] = {CHUNKS, 1};
    anl_parcels p = {.out = out, .pens = pens, .at_once = at_once};
    memcpy(copy, records, sizeof copy);
    for (int batch = 0; batch < 2; ++batch) {
        const size_t *end = ends[batch];
        assert_int_equal(anl_parcels_expect(&p, chunks[batch]), 0);
        assert_int_equal(p.n, at_once ? 1 : chunks[batch]);
        for (size_t i = 0; i < chunks[batch]; ++i) {
            const size_t c = at_once ? i : chunks[batch] - 1 - i;
            assert_int_equal(anl_parcels_pack(&p, at_once ? 0 : (int)c % PENS, c, copy + end[c], end[c + 1] - end[c]), 0);
        }
        assert_int_equal(anl_parcels_write(&p), 0);
    }
    anl_parcels_free(&p);
}

static size_t slurp_bytes(const char *path, char *to)
{
    BGZF *f = bgzf_open(path, "r");
    assert_non_null(f);
    const ssize_t n = bgzf_read(f, to, ROOM);
    assert_true(n > 0 && n < ROOM);
    to[n] = 0;
    bgzf_close(f);
    return (size_t)n;
}

static void parcels_are_records(void **unused)
{
    (void)unused;
    static const char *const paths[] = {"x.sam", "x.bam", NULL, "x.sam.gz", "x.paf"};
    static char want[ROOM], got[ROOM];
    make_records();
    for (int format = 0; format < 5; ++format)
        for (int how = 0; how < 4; ++how) {
            const int sort = how / 2, at_once = how % 2;
            if (!paths[format] || (sort && format == ANL_PAF)) continue;
            anl_alignments_options o = options(in_folder(paths[format]), (anl_format)format);
            anl_alignments *w;
            anl_pen *pens[PENS];
            o.sort = sort;
            assert_int_equal(anl_alignments_open(&w, &o, contigs, 1), 0);
            assert_int_equal(anl_alignments_write(w, records, N), 0);
            const int64_t left_out = anl_alignments_left_out(w), without_umi = anl_alignments_without_umi(w);
            assert_int_equal(left_out, N / 5);
            assert_int_equal(without_umi, (N + 2) / 3);
            assert_int_equal(anl_alignments_close(w), 0);
            const size_t size = slurp_bytes(o.path, want);
            assert_int_equal(anl_alignments_open(&w, &o, contigs, 1), 0);
            for (int i = 0; i < PENS; ++i) assert_int_equal(anl_pen_new(&pens[i], w), 0);
            write_parcels(&(anl_align_output){.alignments = w}, pens, at_once);
            assert_int_equal(anl_alignments_left_out(w), left_out);
            assert_int_equal(anl_alignments_without_umi(w), without_umi);
            assert_int_equal(anl_alignments_close(w), 0);
            for (int i = 0; i < PENS; ++i) anl_pen_free(pens[i]);
            assert_int_equal(slurp_bytes(o.path, got), size);
            assert_memory_equal(got, want, size);
            unlink(o.path);
            unlink(in_folder("x.bam.bai"));
            unlink(in_folder("x.sam.gz.csi"));
            assert_int_equal(files_in_folder(), 0);
        }
}

static size_t lines_of(const char *text, char first)
{
    size_t n = 0;
    for (const char *at = text; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) n += *at && (!first || *at == first);
    return n;
}

/* Reads without a place go to their files, and out of the alignments where only hits are wanted; histograms count every record. */
static void what_else_becomes_of_them(void **unused)
{
    (void)unused;
    static char text[ROOM];
    anl_histograms h = {0};
    anl_alignments_options o = options(in_folder("h.sam"), ANL_SAM);
    anl_pen *pens[PENS];
    anl_align_output out = {.histograms = &h, .hits_only = 1};
    make_records();
    size_t unmapped = 0, with_qual[2] = {0};
    for (int i = 0; i < N; ++i)
        if (records[i].flag & UNMAPPED) ++unmapped, with_qual[i % 2] += reads[i].qual != NULL;
    assert_int_equal(anl_alignments_open(&out.alignments, &o, contigs, 1), 0);
    assert_int_equal(anl_unplaced_open(&out.unplaced, in_folder("u%.fq")), 0);
    for (int i = 0; i < PENS; ++i) assert_int_equal(anl_pen_new(&pens[i], out.alignments), 0);
    write_parcels(&out, pens, 0);
    for (int i = 0; i < PENS; ++i) anl_pen_free(pens[i]);
    assert_int_equal(anl_unplaced_finish(out.unplaced), 0);
    assert_int_equal(anl_unplaced_close(out.unplaced), 0);
    assert_int_equal(anl_alignments_close(out.alignments), 0);
    assert_int_equal(h.reads, N);
    assert_int_equal(h.mapped, N - unmapped);
    slurp_bytes(o.path, text);
    assert_int_equal(lines_of(text, 'x'), N - unmapped);
    for (int mate = 0; mate < 2; ++mate) {
        const char *path = in_folder(mate ? "u2.fq" : "u1.fq");
        slurp_bytes(path, text);
        assert_int_equal(lines_of(text, 0), 4 * with_qual[mate] + 2 * (unmapped / 2 - with_qual[mate]));
        unlink(path);
    }
    unlink(in_folder("h.sam"));
    assert_int_equal(files_in_folder(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parcels_are_records),
        cmocka_unit_test(what_else_becomes_of_them),
    };
    return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}
