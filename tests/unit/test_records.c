/* Records beyond the plain ones: split reads with hard clips, SA and XA, CIGARs too long for BAM's own field, cs, PAF. */
#include "files.h"

#include "alignments.h"

#include <htslib/sam.h>

enum { LONG_OPS = 70001, FORMATS = 3 };

static const anl_contig contigs[] = {{"c1", 400000, "0123456789abcdef0123456789abcdef", 0},
                                     {"c2", 5000, "0123456789abcdef0123456789abcdef", 0}};
#define PICARD "ValidateSamFile MODE=SUMMARY IGNORE=QUALITY_NOT_STORED I=" /* secondary records have none */
static const char *const names[] = {"x.sam", "x.bam", "x.cram", "x.paf"};

static const anl_lane lane = {.read_group = "@RG\tID:g\tSM:s\tPL:ILLUMINA"};

static anl_alignments_options options(const char *path, anl_format format)
{
    return (anl_alignments_options){
        .path = path, .format = format, .threads = 1, .command_line = "anneal test", .version = "1", .lanes = &lane, .n_lanes = 1};
}

static void write_records(const anl_alignments_options *o, const anl_record *records, size_t n)
{
    anl_alignments *w;
    assert_int_equal(anl_alignments_open(&w, o, contigs, 2), 0);
    assert_int_equal(anl_alignments_write(w, records, n), 0);
    assert_int_equal(anl_alignments_close(w), 0);
}

/* The n records of a file. */
static void read_back(const char *path, bam1_t **out, int n)
{
    samFile *f = sam_open(path, "r");
    sam_hdr_t *h = sam_hdr_read(f);
    bam1_t *rest = bam_init1();
    assert_non_null(h);
    for (int i = 0; i < n; ++i) assert_true(sam_read1(f, h, out[i] = bam_init1()) >= 0);
    assert_int_equal(sam_read1(f, h, rest), -1);
    bam_destroy1(rest);
    sam_hdr_destroy(h);
    sam_close(f);
}

static void slurp(const char *path, char *to, size_t size)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    to[fread(to, 1, size - 1, f)] = 0;
    fclose(f);
}

/* Runs a validator that may not be there. */
static void validate(const char *program, const char *arguments, const char *path)
{
    char command[512];
    snprintf(command, sizeof command, "command -v %s >/dev/null", program);
    if (system(command)) return;
    snprintf(command, sizeof command, "%s %s%s >%s 2>&1", program, arguments, path, in_folder("said"));
    const int status = system(command);
    if (status) {
        snprintf(command, sizeof command, "grep -A 9 HISTOGRAM %s", in_folder("said"));
        if (system(command)) fprintf(stderr, "%s failed\n", program);
    }
    assert_int_equal(status, 0);
    unlink(in_folder("said"));
}

/* 20 bases whose first twelve lie forward on c1 and whose last ten lie reversed on c2, two bases fitting both; and a mate. */
static const uint8_t split_seq[] = {0, 1, 2, 3, 0, 0, 1, 1, 2, 2, 3, 3, 0, 1, 0, 2, 0, 3, 4, 1}; /* ACGTAACCGGTTACAGATNC */
static const uint8_t split_qual[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
static const anl_read split = {.name = "split", .seq = split_seq, .qual = split_qual, .len = 20, .mate = 1};
static const anl_read mate = {.name = "split", .seq = split_seq, .qual = split_qual, .len = 20, .mate = 2};
static const uint32_t front[] = {12 << 4, 8 << 4 | 4}, back[] = {10 << 4, 10 << 4 | 4}, whole[] = {8 << 4, 2 << 4 | 1, 3 << 4 | 2, 10 << 4};

static void make_split(anl_record *r)
{
    const anl_record common = {.mapq = 60, .mate_tid = 0, .mate_pos = 300, .mq = 60, .mc = "8M2I3D10M", .xs = 0};
    for (int i = 0; i < 4; ++i) r[i] = common;
    r[0].read = r[1].read = r[3].read = &split;
    r[0].flag = 1 | 32 | 64, r[0].tid = 0, r[0].pos = 100, r[0].cigar = front, r[0].n_cigar = 2, r[0].tlen = 221;
    r[0].nm = 0, r[0].md = "12", r[0].as = 12, r[0].sa = "c2,201,-,10M10S,60,1;", r[0].xa = "c2,+3000,12M8S,2;";
    r[1].flag = 1 | 16 | 32 | 64 | 2048, r[1].tid = 1, r[1].pos = 200, r[1].cigar = back, r[1].n_cigar = 2, r[1].hard_clip = 1;
    r[1].nm = 1, r[1].md = "1A8", r[1].as = 8, r[1].sa = "c1,101,+,12M8S,60,0;"; /* GN ATCTGTAA, N on A */
    r[2].read = &mate, r[2].flag = 1 | 16 | 128, r[2].tid = 0, r[2].pos = 300, r[2].cigar = whole, r[2].n_cigar = 4, r[2].tlen = -221;
    r[2].mate_pos = 100, r[2].mc = "12M8S", r[2].nm = 6, r[2].md = "1A6^CCC10", r[2].as = 2;
    r[3].flag = 1 | 32 | 64 | 256, r[3].mapq = 0, r[3].tid = 1, r[3].pos = 2999, r[3].cigar = front, r[3].n_cigar = 2, r[3].no_seq = 1;
    r[3].nm = 2, r[3].md = "0C10A0", r[3].as = 4;
}

static void check_bases(const bam1_t *b, const char *letters, const uint8_t *qual)
{
    assert_int_equal(b->core.l_qseq, strlen(letters));
    for (int i = 0; letters[i]; ++i) {
        assert_int_equal(seq_nt16_str[bam_seqi(bam_get_seq(b), i)], letters[i]);
        assert_int_equal(bam_get_qual(b)[i], qual[i]);
    }
}

static void check_cigar(const bam1_t *b, const char *want)
{
    char text[64], *at = text;
    for (uint32_t i = 0; i < b->core.n_cigar; ++i)
        at += sprintf(at, "%u%c", bam_cigar_oplen(bam_get_cigar(b)[i]), bam_cigar_opchr(bam_get_cigar(b)[i]));
    assert_string_equal(text, want);
}

static void split_reads(void **unused)
{
    (void)unused;
    anl_record r[4];
    uint8_t backwards[20];
    for (int i = 0; i < 20; ++i) backwards[i] = split_qual[19 - i];
    for (int format = 0; format < FORMATS; ++format) {
        bam1_t *b[4];
        make_split(r);
        anl_alignments_options o = options(in_folder(names[format]), (anl_format)format);
        o.cs = ANL_CS_SHORT;
        write_records(&o, r, 4);
        read_back(o.path, b, 4);
        check_cigar(b[0], "12M8S");
        check_bases(b[0], "ACGTAACCGGTTACAGATNC", split_qual);
        check_cigar(b[1], "10M10H"); /* reversed: the clip behind is the read's front */
        check_bases(b[1], "GNATCTGTAA", backwards);
        check_bases(b[2], "GNATCTGTAACCGGTTACGT", backwards);
        assert_int_equal(b[3]->core.l_qseq, 0);
        static const char *const cs[] = {":12", ":1*an:8", ":1*an:6+aa-ccc:10", "*ca:10*at"};
        for (int i = 0; i < 4; ++i) assert_string_equal(bam_aux2Z(bam_aux_get(b[i], "cs")), cs[i]);
        for (int i = 0; i < 4; ++i) bam_destroy1(b[i]);
        validate("samtools", "quickcheck ", o.path);
        if (format != ANL_CRAM) validate("PicardCommandLine", PICARD, o.path); /* it reads no CRAM without the reference */
        unlink(o.path);
    }
    assert_int_equal(back[1], 10 << 4 | 4); /* the caller's CIGAR is as it was */
}

/* Forward with clips at both ends: the bases between them are left. */
static void hard_clips_forward(void **unused)
{
    (void)unused;
    static const uint32_t cigar[] = {4 << 4 | 4, 10 << 4, 6 << 4 | 4};
    anl_record r = {.read = &split,
                    .flag = 2048,
                    .tid = 0,
                    .pos = 5,
                    .mate_tid = -1,
                    .mate_pos = -1,
                    .cigar = cigar,
                    .n_cigar = 3,
                    .hard_clip = 1,
                    .nm = 0,
                    .md = "10",
                    .as = 10,
                    .xs = INT32_MIN,
                    .mq = -1};
    bam1_t *b;
    anl_alignments_options o = options(in_folder("x.bam"), ANL_BAM);
    for (int reverse = 0; reverse < 2; ++reverse) {
        r.flag = (uint16_t)(2048 | reverse << 4);
        write_records(&o, &r, 1);
        read_back(o.path, &b, 1);
        static const uint8_t forward_qual[] = {5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, reverse_qual[] = {16, 15, 14, 13, 12, 11, 10, 9, 8, 7};
        check_cigar(b, "4H10M6H");
        check_bases(b, reverse ? "CTGTAACCGG" : "AACCGGTTAC", reverse ? reverse_qual : forward_qual);
        bam_destroy1(b);
    }
    unlink(o.path);
}

/* Tags in the order of bwa mem. */
static void order_of_tags(void **unused)
{
    (void)unused;
    static char text[4096];
    anl_record r[4];
    make_split(r);
    anl_alignments_options o = options(in_folder("x.sam"), ANL_SAM);
    write_records(&o, r, 1);
    slurp(o.path, text, sizeof text);
    assert_non_null(strstr(text, "\tNM:i:0\tMD:Z:12\tMC:Z:8M2I3D10M\tMQ:i:60\tAS:i:12\tXS:i:0\tRG:Z:g\tSA:Z:c2,201,-,10M10S,60,1;"
                                 "\tXA:Z:c2,+3000,12M8S,2;\n"));
    unlink(o.path);
}

/* The types of a record's integers are those that htslib chooses. */
static void check_types(bam1_t *b)
{
    static const char *const tags[] = {"NM", "MQ", "AS", "XS"};
    bam1_t *fresh = bam_init1();
    for (int i = 0; i < 4; ++i) {
        const uint8_t *value = bam_aux_get(b, tags[i]);
        if (!value) continue;
        assert_int_equal(bam_set1(fresh, 1, "r", 4, -1, -1, 0, 0, NULL, -1, -1, 0, 0, NULL, NULL, 0) < 0, 0);
        assert_int_equal(bam_aux_update_int(fresh, tags[i], bam_aux2i(value)), 0);
        assert_int_equal(*value, *bam_aux_get(fresh, tags[i]));
    }
    bam_destroy1(fresh);
}

/* The n lines behind the header of x.sam are what htslib prints of the records of x.bam. */
static void check_lines(anl_alignments_options o, const anl_record *r, int n)
{
    static char text[1 << 20];
    kstring_t line = KS_INITIALIZE;
    bam1_t *b = bam_init1();
    for (int format = ANL_SAM; format <= ANL_BAM; ++format) {
        o.format = (anl_format)format;
        o.path = in_folder(names[format]);
        write_records(&o, r, (size_t)n);
    }
    slurp(in_folder("x.sam"), text, sizeof text);
    char *at = text;
    while (*at == '@') at = strchr(at, '\n') + 1;
    samFile *f = sam_open(in_folder("x.bam"), "r");
    sam_hdr_t *h = sam_hdr_read(f);
    for (int i = 0; i < n; ++i) {
        char *end = strchr(at, '\n');
        assert_non_null(end);
        *end = 0;
        assert_true(sam_read1(f, h, b) >= 0);
        check_types(b);
        assert_true(sam_format1(h, b, &line) >= 0);
        assert_string_equal(at, line.s);
        at = end + 1;
    }
    assert_int_equal(*at, 0);
    sam_hdr_destroy(h);
    sam_close(f);
    bam_destroy1(b);
    ks_free(&line);
    unlink(in_folder("x.sam"));
    unlink(in_folder("x.bam"));
}

/* SAM in the order of input is not printed by htslib, or is where a read brings tags along, but looks as if it were. */
static void lines_are_those_of_htslib(void **unused)
{
    (void)unused;
    static const int32_t values[] = {INT32_MIN + 1, -32769, -32768, -129, -128, -1,    0,     9,         10,
                                     127,           128,    254,    255,  256,  65534, 65535, INT32_MAX};
    enum { VALUES = sizeof values / sizeof *values, RECORDS = 400 };
    static anl_record r[RECORDS];
    static const uint8_t aux[] = "XYZtext\0XZc\1";
    static const anl_read reads[] = {{.name = "a:b:ACGT+TTAA", .seq = split_seq, .qual = split_qual, .len = 20, .mate = 1},
                                     {.name = "b_c", .seq = split_seq, .len = 20, .mate = 2},
                                     {.name = "c", .seq = split_seq, .qual = split_qual},
                                     {.name = "d", .comment = "BC:Z:AC", .seq = split_seq, .len = 7},
                                     {.name = "e", .seq = split_seq, .qual = split_qual, .len = 20, .aux = aux, .aux_len = sizeof aux - 1}};
    random_start();
    for (int i = 0; i < RECORDS; ++i) {
        anl_record split_records[4];
        make_split(split_records);
        r[i] = split_records[random_below(4)];
        r[i].as = values[random_below(VALUES)], r[i].xs = values[random_below(VALUES)];
        if (random_below(3)) r[i].pos = random_below(2) ? 399999 - 20 : 0, r[i].mate_pos = (int64_t)random_below(400000);
        if (!random_below(3)) r[i].as = 1 + (int32_t)random_below(500), r[i].alt = r[i].as + (int32_t)random_below(50);
        if (random_below(4)) continue;
        r[i] = (anl_record){.read = &reads[random_below(5)], .tid = -1, .pos = -1, .mate_tid = -1, .mate_pos = -1, .nm = -1, .mq = -1};
        r[i].flag = (uint16_t)(4 | 16 * random_below(2)), r[i].as = r[i].xs = INT32_MIN;
    }
    for (int way = 0; way < 8; ++way) {
        anl_alignments_options o = options(NULL, ANL_SAM);
        o.cs = way & 1 ? ANL_CS_SHORT : ANL_CS_NONE;
        o.umi_from_name = way >> 1 & 1;
        o.comment_tags = way >> 2;
        check_lines(o, r, RECORDS);
    }
}

/* BAM counts a record's operations in 16 bits; more go into its tag CG, which whoever reads it turns back. */
static void long_cigars(void **unused)
{
    (void)unused;
    static uint32_t cigar[LONG_OPS];
    static uint8_t seq[2 * LONG_OPS];
    static char md[4 * LONG_OPS];
    int32_t len = 0;
    char *at = md;
    for (int32_t i = 0; i < LONG_OPS; ++i) { /* 3M 1I 3M 1D 3M ... */
        cigar[i] = i % 2 == 0 ? 3 << 4 : 1 << 4 | (i % 4 == 1 ? 1 : 2);
        if (i % 4 == 3) at += sprintf(at, "6^G");
        len += i % 2 == 0 ? 3 : i % 4 == 1;
    }
    sprintf(at, "3");
    memset(seq, 1, sizeof seq);
    const anl_read read = {.name = "long", .seq = seq, .qual = seq, .len = len};
    const anl_record r = {.read = &read,
                          .tid = 0,
                          .pos = 7,
                          .mapq = 60,
                          .mate_tid = -1,
                          .mate_pos = -1,
                          .cigar = cigar,
                          .n_cigar = LONG_OPS,
                          .nm = LONG_OPS / 2,
                          .md = md,
                          .as = 40000,
                          .xs = INT32_MIN,
                          .mq = -1};
    for (int format = 0; format < FORMATS; ++format)
        for (int sort = 0; sort < 2; ++sort) {
            anl_alignments_options o = options(in_folder(names[format]), (anl_format)format);
            o.sort = sort;
            o.sort_memory = 1; /* through a temporary file */
            write_records(&o, &r, 1);
            bam1_t *b;
            read_back(o.path, &b, 1);
            assert_int_equal(b->core.n_cigar, LONG_OPS);
            assert_memory_equal(bam_get_cigar(b), cigar, sizeof cigar);
            assert_int_equal(b->core.l_qseq, len);
            assert_null(bam_aux_get(b, "CG"));
            assert_string_equal(bam_aux2Z(bam_aux_get(b, "MD")), md);
            bam_destroy1(b);
            validate("samtools", "quickcheck ", o.path);
            if (format == ANL_BAM && !sort) validate("PicardCommandLine", PICARD, o.path);
            unlink(o.path);
        }
    unlink(in_folder("x.bam.bai"));
    unlink(in_folder("x.cram.crai"));
    assert_int_equal(files_in_folder(), 0);
}

static void paf(void **unused)
{
    (void)unused;
    static char text[4096];
    anl_record r[5];
    make_split(r);
    r[4] = (anl_record){.read = &split,
                        .flag = 4,
                        .tid = -1,
                        .pos = -1,
                        .mate_tid = -1,
                        .mate_pos = -1,
                        .nm = -1,
                        .as = INT32_MIN,
                        .xs = INT32_MIN,
                        .mq = -1};
    anl_alignments_options o = options(in_folder("x.paf"), ANL_PAF);
    o.cs = ANL_CS_LONG;
    write_records(&o, r, 5);
    slurp(o.path, text, sizeof text);
    assert_string_equal(
        text, "split/1\t20\t0\t12\t+\tc1\t400000\t100\t112\t12\t12\t60\ttp:A:P\tNM:i:0\tAS:i:12\tcs:Z:=ACGTAACCGGTT\tcg:Z:12M\n"
              "split/1\t20\t10\t20\t-\tc2\t5000\t200\t210\t9\t10\t60\ttp:A:P\tNM:i:1\tAS:i:8\tcs:Z:=G*an=ATCTGTAA\tcg:Z:10M\n"
              "split/2\t20\t0\t20\t-\tc1\t400000\t300\t321\t17\t23\t60\ttp:A:P\tNM:i:6\tAS:i:2"
              "\tcs:Z:=G*an=ATCTGT+aa-ccc=CCGGTTACGT\tcg:Z:8M2I3D10M\n"
              "split/1\t20\t0\t12\t+\tc2\t5000\t2999\t3011\t10\t12\t0\ttp:A:S\tNM:i:2\tAS:i:4\tcs:Z:*ca=CGTAACCGGT*at\tcg:Z:12M\n");
    const anl_read commented = {.name = "n", .comment = "BC:Z:AC\tXX:i:300", .seq = split_seq, .len = 20};
    r[0].read = &commented;
    r[0].flag = 0;
    o.cs = ANL_CS_NONE;
    o.comment_tags = o.paf_md = 1;
    write_records(&o, r, 1);
    slurp(o.path, text, sizeof text);
    assert_string_equal(
        text, "n\t20\t0\t12\t+\tc1\t400000\t100\t112\t12\t12\t60\ttp:A:P\tNM:i:0\tMD:Z:12\tAS:i:12\tBC:Z:AC\tXX:i:300\tcg:Z:12M\n");
    unlink(o.path);
    assert_int_equal(files_in_folder(), 0);
}

/* As the other formats: an error says so, and nothing is left behind. */
static void paf_failures(void **unused)
{
    (void)unused;
    anl_record r[4];
    anl_alignments *w;
    make_split(r);
    anl_alignments_options o = options("/dev/full", ANL_PAF);
    assert_int_equal(anl_alignments_open(&w, &o, contigs, 2), 0);
    assert_int_equal(anl_alignments_write(w, r, 4), 0); /* held in a buffer */
    assert_int_equal(anl_alignments_close(w), ANL_EIO);
    assert_non_null(strstr(anl_error(), "/dev/full: cannot write: No space"));
    o.path = in_folder("no/such/x.paf");
    assert_int_equal(anl_alignments_open(&w, &o, contigs, 2), ANL_EIO);
    o.path = in_folder("x.paf");
    assert_int_equal(anl_alignments_open(&w, &o, contigs, 2), 0);
    assert_int_equal(anl_alignments_write(w, r, 4), 0);
    anl_alignments_abort(w);
    r[2].md = "1A6^CCC11"; /* does not fit the CIGAR */
    o.cs = ANL_CS_SHORT;
    assert_int_equal(anl_alignments_open(&w, &o, contigs, 2), 0);
    assert_int_equal(anl_alignments_write(w, r, 4), ANL_EINVAL);
    anl_alignments_abort(w);
    assert_int_equal(files_in_folder(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(split_reads), cmocka_unit_test(hard_clips_forward), cmocka_unit_test(order_of_tags), cmocka_unit_test(lines_are_those_of_htslib), cmocka_unit_test(long_cigars),
        cmocka_unit_test(paf),         cmocka_unit_test(paf_failures),
    };
    return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}
