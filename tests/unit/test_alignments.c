/* The writer: what goes in comes back through htslib, sorting is complete and stable, failures leave nothing behind. */
#include "files.h"

#include "alignments.h"
#include "fasta_index.h"
#include "tags.h"

#include <htslib/bgzf.h>
#include <htslib/faidx.h>
#include <htslib/sam.h>
#include <sys/resource.h>

enum { N = 3000 };

static const anl_contig contigs[] = {{"c1", 100000, "0123456789abcdef0123456789abcdef", 0},
                                     {"c2", 5000, "0123456789abcdef0123456789abcdef", 0}};
static anl_read reads[N];
static anl_record records[N];
static char names[N][16];
static uint8_t seqs[N][40], quals[N][40];
static uint32_t cigars[N][3];

static void make_records(void)
{
    for (int i = 0; i < N; ++i) {
        sprintf(names[i], "r%d", i);
        const int32_t len = (int32_t)random_below(40);
        for (int32_t j = 0; j < len; ++j) {
            seqs[i][j] = (uint8_t)random_below(5);
            quals[i][j] = (uint8_t)random_below(94);
        }
        reads[i] = (anl_read){.name = names[i], .seq = seqs[i], .qual = i % 7 ? quals[i] : NULL, .len = len};
        const int mapped = len > 10 && i % 5;
        cigars[i][0] = 3 << 4 | 4;
        cigars[i][1] = (uint32_t)(len - 3) << 4;
        records[i] = (anl_record){.read = &reads[i],
                                  .flag = (uint16_t)(mapped ? (i & 1 ? 16 : 0) : 4),
                                  .mapq = (uint8_t)(mapped ? i % 61 : 0),
                                  .tid = mapped ? i % 2 : -1,
                                  .pos = mapped ? (int64_t)random_below(300) : -1,
                                  .mate_tid = -1,
                                  .mate_pos = -1,
                                  .cigar = mapped ? cigars[i] : NULL,
                                  .n_cigar = mapped ? 2 : 0,
                                  .nm = mapped ? i % 9 : -1,
                                  .as = mapped ? -5 + i % 100 : INT32_MIN,
                                  .xs = INT32_MIN,
                                  .mq = -1,
                                  .md = mapped ? "37" : NULL};
    }
}

static const anl_lane lane = {.read_group = "@RG\tID:g\tSM:s"};

static anl_alignments_options options(const char *path, anl_format format)
{
    return (anl_alignments_options){
        .path = path, .format = format, .threads = 1, .command_line = "anneal test", .version = "1", .lanes = &lane, .n_lanes = 1};
}

static int write_all(const anl_alignments_options *o)
{
    anl_alignments *w;
    int rc = anl_alignments_open(&w, o, contigs, 2);
    if (rc) return rc;
    if ((rc = anl_alignments_write(w, records, N))) anl_alignments_abort(w);
    return rc ? rc : anl_alignments_close(w);
}

static void check_record(const bam1_t *b, const anl_record *r)
{
    assert_string_equal(bam_get_qname(b), r->read->name);
    assert_int_equal(b->core.flag, r->flag);
    assert_int_equal(b->core.tid, r->tid);
    assert_int_equal(b->core.pos, r->pos);
    assert_int_equal(b->core.qual, r->mapq);
    assert_int_equal(b->core.n_cigar, r->n_cigar);
    assert_int_equal(b->core.l_qseq, r->read->len);
    for (int32_t i = 0; i < r->read->len; ++i) {
        const int32_t at = r->flag & 16 ? r->read->len - 1 - i : i;
        const uint8_t base = r->read->seq[at];
        assert_int_equal(seq_nt16_str[bam_seqi(bam_get_seq(b), i)], base > 3 ? 'N' : "ACGT"[r->flag & 16 ? 3 - base : base]);
        assert_int_equal(bam_get_qual(b)[i], r->read->qual ? r->read->qual[at] : 255);
    }
    assert_string_equal(bam_aux2Z(bam_aux_get(b, "RG")), "g");
    const uint8_t *nm = bam_aux_get(b, "NM"), *as = bam_aux_get(b, "AS");
    assert_int_equal(nm != NULL, r->nm >= 0);
    if (nm) assert_int_equal(bam_aux2i(nm), r->nm);
    if (as) assert_int_equal(bam_aux2i(as), r->as);
}

static void round_trips(void **unused)
{
    (void)unused;
    random_start();
    make_records();
    static const char *const endings[] = {"x.sam", "x.bam", "x.cram", "x.sam.gz"};
    for (int format = ANL_SAM; format <= ANL_SAM_GZ; ++format) {
        const char *path = in_folder(endings[format]);
        anl_alignments_options o = options(path, (anl_format)format);
        o.threads = 1 + format;
        assert_int_equal(write_all(&o), 0);
        samFile *f = sam_open(path, "r");
        sam_hdr_t *h = sam_hdr_read(f);
        bam1_t *b = bam_init1();
        assert_int_equal(sam_hdr_nref(h), 2);
        for (int i = 0; i < N; ++i) {
            assert_true(sam_read1(f, h, b) >= 0);
            check_record(b, &records[i]);
        }
        assert_int_equal(sam_read1(f, h, b), -1);
        bam_destroy1(b);
        sam_hdr_destroy(h);
        sam_close(f);
        unlink(path);
    }
    assert_int_equal(files_in_folder(), 0);
}

/* Names in the order of the file. */
static void names_in(const char *path, char *out)
{
    samFile *f = sam_open(path, "r");
    sam_hdr_t *h = sam_hdr_read(f);
    bam1_t *b = bam_init1();
    int64_t last = -1;
    while (sam_read1(f, h, b) >= 0) {
        const int64_t key = b->core.tid < 0 ? INT64_MAX : (int64_t)b->core.tid << 40 | b->core.pos << 1 | bam_is_rev(b);
        assert_true(key >= last);
        last = key;
        out += sprintf(out, "%s ", bam_get_qname(b));
    }
    bam_destroy1(b);
    sam_hdr_destroy(h);
    sam_close(f);
}

static void sorting(void **unused)
{
    (void)unused;
    make_records();
    static char in_memory[N * 16], spilled[N * 16];
    anl_alignments_options o = options(in_folder("s.bam"), ANL_BAM);
    o.sort = 1;
    assert_int_equal(write_all(&o), 0);
    names_in(o.path, in_memory);
    hts_idx_t *index = NULL;
    samFile *f = sam_open(o.path, "r");
    assert_non_null(index = sam_index_load(f, o.path));
    hts_idx_destroy(index);
    sam_close(f);
    o.sort_memory = 20000; /* dozens of runs */
    assert_int_equal(write_all(&o), 0);
    names_in(o.path, spilled);
    assert_string_equal(in_memory, spilled);
    struct rlimit before, low;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = (struct rlimit){32, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    o.sort_memory = 2500; /* hundreds of runs, 16 of them open at once */
    assert_int_equal(write_all(&o), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    names_in(o.path, spilled);
    assert_string_equal(in_memory, spilled);
    int n = 0;
    for (const char *c = in_memory; *c; ++c) n += *c == ' ';
    assert_int_equal(n, N);
    assert_int_equal(files_in_folder(), 2); /* the BAM and its index */
    unlink(o.path);
    unlink(in_folder("s.bam.bai"));
}

static void failures_leave_nothing(void **unused)
{
    (void)unused;
    make_records();
    anl_alignments *w;
    anl_alignments_options o = options("/dev/full", ANL_SAM);
    assert_int_equal(write_all(&o), ANL_EIO);
    assert_non_null(strstr(anl_error(), "/dev/full: cannot write"));
    o.format = ANL_BAM;
    assert_int_equal(write_all(&o), ANL_EIO);
    o = options(in_folder("no/such/x.bam"), ANL_BAM);
    assert_int_equal(anl_alignments_open(&w, &o, contigs, 2), ANL_EIO);
    o = options(in_folder("a.bam"), ANL_BAM);
    for (int sort = 0; sort < 2; ++sort) {
        o.sort = sort;
        o.sort_memory = 20000;
        assert_int_equal(anl_alignments_open(&w, &o, contigs, 2), 0);
        assert_int_equal(anl_alignments_write(w, records, N), 0);
        anl_alignments_abort(w);
        assert_int_equal(files_in_folder(), 0);
    }
}

/* The index beside a reference, plain or bgzip, is made once, whole or not at all. */
static void fasta_index(void **unused)
{
    (void)unused;
    static const char text[] = ">a x\nACGTAC\nGT\n>b\nTTTT\n", wrong[] = ">a\nAC\nACGT\nA\n";
    for (int packed = 0; packed < 2; ++packed) {
        const char *path = packed ? in_folder("r.fa.gz") : write_text("r.fa", text);
        if (packed) {
            BGZF *f = bgzf_open(path, "w");
            assert_int_equal(bgzf_write(f, text, sizeof text - 1), sizeof text - 1);
            assert_int_equal(bgzf_close(f), 0);
        }
        for (int again = 0; again < 2; ++again) {
            assert_int_equal(anl_fasta_index_make(path), 0);
            assert_int_equal(files_in_folder(), 2 + packed);
        }
        faidx_t *fai = fai_load3(path, NULL, NULL, 0);
        assert_non_null(fai);
        assert_int_equal(faidx_nseq(fai), 2);
        assert_int_equal(faidx_seq_len(fai, "a"), 8);
        fai_destroy(fai);
        unlink(path);
        unlink(in_folder(packed ? "r.fa.gz.fai" : "r.fa.fai"));
        unlink(in_folder("r.fa.gz.gzi"));
    }
    const char *path = write_text("w.fa", wrong);
    assert_int_equal(anl_fasta_index_make(path), ANL_EIO);
    assert_non_null(strstr(anl_error(), "w.fa: cannot use as reference"));
    assert_int_equal(files_in_folder(), 1);
    unlink(path);
}

static void comments_as_tags(void **unused)
{
    (void)unused;
    make_records();
    anl_alignments_options o = options(in_folder("c.sam"), ANL_SAM);
    anl_alignments *w;
    o.comment_tags = 1;
    reads[0].comment = "BC:Z:ACGT\tXX:i:7";
    assert_int_equal(anl_alignments_open(&w, &o, contigs, 2), 0);
    assert_int_equal(anl_alignments_write(w, records, 1), 0);
    assert_int_equal(anl_alignments_close(w), 0);
    samFile *f = sam_open(o.path, "r");
    sam_hdr_t *h = sam_hdr_read(f);
    bam1_t *b = bam_init1();
    assert_true(sam_read1(f, h, b) >= 0);
    assert_string_equal(bam_aux2Z(bam_aux_get(b, "BC")), "ACGT");
    assert_int_equal(bam_aux2i(bam_aux_get(b, "XX")), 7);
    bam_destroy1(b);
    sam_hdr_destroy(h);
    sam_close(f);
    reads[0].comment = "1:N:0:ACGT\tBC:Z:TT";
    assert_int_equal(anl_alignments_open(&w, &o, contigs, 2), 0);
    assert_int_equal(anl_alignments_write(w, records, 1), 0);
    assert_int_equal(anl_alignments_left_out(w), 1);
    assert_int_equal(anl_alignments_close(w), 0);
    unlink(o.path);
}

static void valid_tags(void **unused)
{
    (void)unused;
    static const char *const good[] = {"XX:i:5",       "XX:i:-5", "XX:i:+5",   "XX:i:4294967295", "XX:Z:",      "XX:Z:a b~", "X1:A:!",
                                       "xx:f:-1.5e-3", "XX:H:",   "XX:H:0FA9", "XX:B:c,1,-2",     "XX:B:f,1.5", "XX:B:I"};
    static const char *const bad[] = {"",          "XX",         "XX:Z",      "1:N:0:ACGT",      "XX:i:",
                                      "XX:i:abc",  "XX:i:5x",    "XX:i:1.5",  "XX:i:4294967296", "XX:i:-2147483649",
                                      "XX:f:",     "XX:f:0x10",  "XX:f:1e",   "XX:A:",           "XX:A:ab",
                                      "XX:A: ",    "X:Z:a",      "1X:Z:a",    "X!:Z:a",          "XX:Q:1",
                                      "XX:H:0",    "XX:H:0g",    "XX:B:",     "XX:B:x,1",        "XX:B:c,",
                                      "XX:B:c,1,", "XX:B:c,300", "XX:B:C,-1", "XX:B:S1",         "XX:Z:\303\251",
                                      "XX:Z:a\t",  "\tXX:Z:a"};
    for (size_t i = 0; i < sizeof good / sizeof *good; ++i)
        if (!anl_tag_valid(good[i], strlen(good[i]))) fail_msg("'%s' is refused", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i)
        if (anl_tag_valid(bad[i], strlen(bad[i]))) fail_msg("'%s' is taken", bad[i]);
}

/* Input that was aligned before brings tags of that alignment: they are left out, others stay. */
static void tags_of_another_alignment(void **unused)
{
    (void)unused;
    static const uint8_t aux[] = "SAZc2,1,+,9M,60,0;\0NMC\3XYC\7BCZAC";
    anl_alignments_options o = options(in_folder("t.bam"), ANL_BAM);
    anl_alignments *w;
    make_records();
    reads[0].aux = aux;
    reads[0].aux_len = sizeof aux;
    records[0].nm = -1;
    assert_int_equal(anl_alignments_open(&w, &o, contigs, 2), 0);
    assert_int_equal(anl_alignments_write(w, records, 1), 0);
    assert_int_equal(anl_alignments_close(w), 0);
    samFile *f = sam_open(o.path, "r");
    sam_hdr_t *h = sam_hdr_read(f);
    bam1_t *b = bam_init1();
    assert_true(sam_read1(f, h, b) >= 0);
    assert_null(bam_aux_get(b, "SA"));
    assert_null(bam_aux_get(b, "NM"));
    assert_int_equal(bam_aux2i(bam_aux_get(b, "XY")), 7);
    assert_string_equal(bam_aux2Z(bam_aux_get(b, "BC")), "AC");
    bam_destroy1(b);
    sam_hdr_destroy(h);
    sam_close(f);
    unlink(o.path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips),
        cmocka_unit_test(sorting),
        cmocka_unit_test(failures_leave_nothing),
        cmocka_unit_test(fasta_index),
        cmocka_unit_test(comments_as_tags),
        cmocka_unit_test(valid_tags),
        cmocka_unit_test(tags_of_another_alignment),
    };
    return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}
