/* Sorting with less memory than a record, and so with a run for each: more of them than files may be open. */
#include "files.h"

#include "alignments.h"

#include <htslib/sam.h>
#include <sys/resource.h>

enum { N = 600, OPEN_FILES = 64 };

static int limit_files(rlim_t n)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit)) return -1;
    limit.rlim_cur = n < limit.rlim_max ? n : limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

static int tear_down(void **state)
{
    return limit_files(RLIM_INFINITY) || folder_tear_down(state);
}

static void more_runs_than_descriptors(void **unused)
{
    (void)unused;
    static char names[N][16];
    static anl_read reads[N];
    static anl_record records[N];
    static uint8_t seq[20];
    static uint32_t cigar = 20 << 4;
    const anl_contig contig = {"c1", 100000, "0123456789abcdef0123456789abcdef", 0};
    random_start();
    for (int i = 0; i < N; ++i) {
        sprintf(names[i], "r%d", i);
        reads[i] = (anl_read){.name = names[i], .seq = seq, .len = 20};
        records[i] = (anl_record){.read = &reads[i],
                                  .pos = random_below(200),
                                  .mate_tid = -1,
                                  .mate_pos = -1,
                                  .cigar = &cigar,
                                  .n_cigar = 1,
                                  .nm = -1,
                                  .as = INT32_MIN,
                                  .xs = INT32_MIN,
                                  .mq = -1};
    }
    assert_int_equal(limit_files(OPEN_FILES), 0);
    const anl_alignments_options o = {.path = in_folder("s.bam"),
                                      .format = ANL_BAM,
                                      .sort = 1,
                                      .sort_memory = 1,
                                      .threads = 1,
                                      .command_line = "anneal test",
                                      .version = "1"};
    anl_alignments *w;
    assert_int_equal(anl_alignments_open(&w, &o, &contig, 1), 0);
    assert_int_equal(anl_alignments_write(w, records, N), 0);
    assert_int_equal(anl_alignments_close(w), 0);
    samFile *f = sam_open(o.path, "r");
    sam_hdr_t *h = sam_hdr_read(f);
    bam1_t *b = bam_init1();
    int64_t pos = -1, last = -1, n = 0;
    for (; sam_read1(f, h, b) >= 0; ++n) { /* in order, and records of one place as they came */
        const int64_t number = atoi(bam_get_qname(b) + 1);
        assert_true(b->core.pos > pos || (b->core.pos == pos && number > last));
        pos = b->core.pos;
        last = number;
    }
    assert_int_equal(n, N);
    bam_destroy1(b);
    sam_hdr_destroy(h);
    sam_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(more_runs_than_descriptors)};
    return cmocka_run_group_tests(tests, folder_set_up, tear_down);
}
