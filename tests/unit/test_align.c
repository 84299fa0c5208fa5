/* The pipeline as a whole: where aligning and reading fail at the same time, an error keeps its own message. */
#include "files.h"
#include "models.h"

#include "align.h"
#include "index_build.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
enum { CAN_FAIL = 0 }; /* a sanitizer has an allocator of its own */
static int failing;
#else
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
enum { CAN_FAIL = 1 };
static int failing;

void *malloc(size_t n)
{
    return failing ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return failing ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return failing ? NULL : __libc_realloc(p, n);
}
#endif

enum { BASES = 30000, LEN = 100, BATCH = 8000 /* reads, so many that their results need more than one allocation */ };

static uint8_t genome[BASES];
static const anl_contig contig = {.name = "c", .len = BASES, .md5 = "0123456789abcdef0123456789abcdef"};

static void make_index(void)
{
    const anl_index_options o = {.window = 120, .stride = 40, .threads = 1};
    anl_index_builder *b;
    random_start();
    random_seq(genome, BASES, 0);
    anl_model *m = random_model(32, 0);
    assert_int_equal(anl_model_save(m, in_folder("m.anm")), 0);
    assert_int_equal(anl_index_builder_new(&b, &o, m), 0);
    assert_int_equal(anl_index_builder_add(b, &contig, genome, NULL), 0);
    assert_int_equal(anl_index_builder_write(b, in_folder("x.anl")), 0);
    anl_index_builder_free(b);
    anl_model_free(m);
}

/* Reads for a batch, and behind them one that is cut off. */
static void make_reads(void)
{
    FILE *f = fopen(in_folder("r.fq"), "w");
    assert_non_null(f);
    for (int i = 0; i < BATCH; ++i) {
        const int at = (int)random_below(BASES - LEN);
        fprintf(f, "@r%d\n", i);
        for (int j = 0; j < LEN; ++j) fputc("ACGT"[genome[at + j]], f);
        fputs("\n+\n", f);
        for (int j = 0; j < LEN; ++j) fputc('I', f);
        fputc('\n', f);
    }
    fputs("@last\nACGT\n+\nII", f);
    assert_int_equal(fclose(f), 0);
}

/* Called when the first reads of a batch are done: from here on there is no memory. */
static void fail_from_here(void *data, int64_t done, int64_t total)
{
    (void)data;
    (void)done;
    (void)total;
    failing = CAN_FAIL;
}

static void errors_keep_their_messages(void **unused)
{
    (void)unused;
    make_index();
    make_reads();
    anl_align_options options = anl_align_options_default();
    const anl_reads_options reads = {.path = in_folder("r.fq")};
    const anl_alignments_options output = {.path = in_folder("out.sam"), .threads = 1};
    anl_align_output out = {0};
    anl_summary summary = {0};
    anl_aligner *a;
    anl_reads *in;
    options.batch_bases = BATCH * (LEN + 1);
    assert_int_equal(anl_aligner_open(&a, in_folder("x.anl"), in_folder("m.anm"), &options), 0);
    assert_int_equal(anl_reads_open(&in, &reads), 0);
    assert_int_equal(anl_alignments_open(&out.alignments, &output, &contig, 1), 0);
    const int rc = anl_align(a, in, &out, &summary, fail_from_here, NULL);
    failing = 0;
    assert_int_equal(rc, CAN_FAIL ? ANL_ENOMEM : ANL_EFORMAT);
    assert_non_null(strstr(anl_error(), CAN_FAIL ? "out of memory" : "r.fq"));
    anl_alignments_abort(out.alignments);
    anl_reads_free(in);
    anl_aligner_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(errors_keep_their_messages)};
    return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}
