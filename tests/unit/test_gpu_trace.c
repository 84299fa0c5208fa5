/* Alignments that a GPU traces on a reference that lies on it, against those of the CPU, byte by byte. Skipped where there is no NVIDIA GPU. */
#include "models.h"

#include "base_code.h"
#include "resident.h"
#include "trace_check.h"

#define COUNT(a) (int)(sizeof(a) / sizeof *(a))

enum { CONTIGS = 7, BASES = 20000, RUNS = 40, LONGEST = 400 };

/* Contigs of a base, of none, of a word of 32 bases and one, of less than a read. */
static const int64_t contig_lens[CONTIGS] = {1, 33, 0, 9000, 77, 450, BASES - 9561};

static anl_gpu *gpu;

typedef struct genome {
    anl_index index;
    anl_contig contigs[CONTIGS];
    int64_t contig_begin[CONTIGS + 1], window_begin[CONTIGS + 1], runs[2 * RUNS];
    uint8_t codes[BASES], bases[BASES / 4];
} genome;

/* Random bases, half of them in runs of a unit of 1 to 6 bp, where gaps have many places; runs of N. */
static const anl_index *make_genome(genome *g)
{
    memset(g, 0, sizeof *g);
    for (int c = 0; c < CONTIGS; ++c) {
        g->contigs[c].len = contig_lens[c];
        g->contig_begin[c + 1] = g->contig_begin[c] + contig_lens[c];
    }
    assert_int_equal(g->contig_begin[CONTIGS], BASES);
    random_seq(g->codes, BASES, 0);
    for (int at = 0; at < BASES; at += between(10, 80)) {
        const int unit = between(1, 6), end = at + between(0, 60) < BASES ? at + between(0, 60) : BASES;
        for (int i = at + unit; i < end && i < BASES; ++i) g->codes[i] = g->codes[i - unit];
    }
    int64_t n = 0;
    for (int64_t at = between(1, 300); n < RUNS && at < BASES - 50; at += between(1, 900)) {
        g->runs[2 * n] = at;
        at += n % 9 == 4 ? between(20, 45) : 1;
        g->runs[2 * n++ + 1] = at;
    }
    for (int i = 0; i < BASES; ++i) g->bases[i / 4] |= (uint8_t)(g->codes[i] << 2 * (i % 4));
    g->index = (anl_index){.n_contigs = CONTIGS,
                           .contigs = g->contigs,
                           .contig_begin = g->contig_begin,
                           .window_begin = g->window_begin,
                           .bases = g->bases,
                           .n_runs = g->runs,
                           .n_n_runs = n,
                           .window = 120,
                           .stride = 40};
    return &g->index;
}

/* One with so many bytes of memory, NULL: all there are, that has the reference. Skips where there is no GPU. */
static void open_gpu(const anl_index *x, const char *memory)
{
    if (memory) setenv("ANNEAL_GPU_MEMORY", memory, 1);
    assert_int_equal(anl_gpu_open(&gpu, ANL_DEVICE_AUTO), 0);
    unsetenv("ANNEAL_GPU_MEMORY");
    if (!gpu) {
        print_message("no NVIDIA GPU\n");
        skip();
    }
    assert_int_equal(anl_resident_load(x, gpu), 0);
}

static int close_gpu(void **unused)
{
    (void)unused;
    anl_gpu_free(gpu);
    gpu = NULL;
    return 0;
}

/* ---- reads and what is asked of them ---- */

enum { JOBS = 160 };

typedef struct jobs {
    uint8_t strand[JOBS][2][LONGEST];
    anl_sw_read reads[JOBS];
    anl_gpu_trace_job list[JOBS];
} jobs;

/* Bases from joined coordinate `from` on, with a gap somewhere, changes, N and ends that are not from there. */
static void make_read(const anl_index *x, int32_t contig, int64_t from, int i, int32_t len, uint8_t *out)
{
    const int32_t gap = i % 3 ? between(-12, 12) : 0, gap_at = between(0, len), second = i % 7 == 3 ? between(-3, 3) : 0;
    const int32_t second_at = between(0, len), front = i % 5 == 1 ? between(0, len / 3) : 0, back = i % 5 == 2 ? between(0, len / 3) : 0;
    for (int32_t j = 0; j < len; ++j) {
        const int64_t at = from + j + (j >= gap_at ? gap : 0) + (j >= second_at ? second : 0);
        out[j] = (uint8_t)random_below(4);
        if (j >= front && j < len - back && anl_index_holds(x, contig, at, at + 1)) anl_index_fetch(x, at, at + 1, &out[j]);
        if (!random_below((uint32_t)(20 + 4 * (i % 40)))) out[j] = (uint8_t)random_below(5);
    }
    if (i % 31 == 30) memset(out, 4, (size_t)len);
}

/* The total on the diagonal. */
static int32_t total_at(const anl_index *x, const anl_extend_params *p, const jobs *j, int i)
{
    uint8_t target[LONGEST];
    anl_extension e;
    const anl_gpu_trace_job *job = &j->list[i];
    const int64_t begin = job->begin + job->at;
    anl_index_fetch(x, begin, begin + j->reads[i].len, target);
    anl_extend_ungapped(p, &anl_kernels_get()->sw, j->reads[i].strand[job->reverse], target, j->reads[i].len, &e);
    return e.total;
}

/* Reads of all lengths from anywhere and across the ends of contigs, on both strands; bands of 1 to 80 diagonals about where they are from, most of them
 * beside it, some beyond all of the stretch. Where the diagonal lies on it, it is looked at with any total, with its own, with one more, or not. */
static void make_jobs(const anl_index *x, const anl_extend_params *p, jobs *all)
{
    static const int32_t lens[] = {150, 1, 2, 31, 32, 33, 64, 100, 151, 250, 399, LONGEST, 36, 150, 76, 51};
    for (int i = 0; i < JOBS; ++i) {
        static const int32_t widths[] = {41, 1, 2, 3, 7, 31, 32, 33, 63, 64, 65, 80, 15, 5, 41, 42};
        const int32_t len = lens[random_below(COUNT(lens))], width = widths[random_below(COUNT(widths))];
        const int32_t contig = i % 3 ? 6 : i % 2 ? 3 : between(0, 1) ? 5 : 4;
        const int64_t begin = x->contig_begin[contig], end = x->contig_begin[contig + 1];
        const int64_t from = i % 8 == 5   ? begin - between(0, len / 2)
                             : i % 8 == 6 ? end - between(len / 2, len)
                                          : between((int)begin, (int)end - 1);
        const int64_t dlo = from - between(0, width) + (i % 37 == 36 ? 500 : 0), dhi = dlo + width - 1;
        uint8_t *own = all->strand[i][0], *other = all->strand[i][1];
        const uint8_t reverse = (uint8_t)random_below(2);
        int64_t low = dlo, high = dhi + len;
        make_read(x, contig, from, i, len, own);
        anl_reverse_complement(own, len, other);
        anl_index_clip(x, contig, &low, &high);
        if (low > high) low = high = begin; /* nothing of it */
        all->reads[i] = (anl_sw_read){{reverse ? other : own, reverse ? own : other}, len};
        all->list[i] = (anl_gpu_trace_job){.begin = low,
                                           .len = (int32_t)(high - low),
                                           .at = (int32_t)(from - low),
                                           .enough = INT32_MAX,
                                           .dlo = (int32_t)(dlo - low),
                                           .dhi = (int32_t)(dhi - low),
                                           .reverse = reverse};
        if (from < low || from + len > high || i % 4 == 3) continue;
        all->list[i].enough = i % 4 ? total_at(x, p, all, i) + (i % 4 == 2) : INT32_MIN;
    }
}

/* Traces the first n jobs: on the CPU, or on the GPU. */
static void trace(const anl_index *x, const anl_extend_params *p, const jobs *all, int n, int on, anl_gpu_traced *results)
{
    anl_trace_batch *b;
    anl_gpu_stream *stream = NULL;
    assert_int_equal(anl_trace_batch_new(&b), 0);
    if (on) assert_int_equal(anl_gpu_stream_new(&stream, gpu), 0);
    anl_trace_batch_use(b, stream);
    for (int i = 0; i < n; ++i) {
        int32_t number;
        if (i == n / 3) assert_int_equal(anl_trace_batch_run(b, &anl_kernels_get()->sw, p, x), 0); /* and on with the rest */
        assert_int_equal(anl_trace_batch_add(b, &all->reads[i], &all->list[i], &number), 0);
        assert_int_equal(number, i + 1);
    }
    assert_int_equal(anl_trace_batch_run(b, &anl_kernels_get()->sw, p, x), 0);
    if (n) memcpy(results, anl_trace_batch_result(b, 1), (size_t)n * sizeof *results);
    anl_trace_batch_free(b);
    anl_gpu_stream_free(stream);
}

/* What was met, to see that the test has it. */
typedef struct met {
    int straight, in_band, left, nothing, gaps, clipped;
} met;

static void count(const anl_gpu_traced *t, int32_t len, met *m)
{
    m->straight += t->how == ANL_GPU_STRAIGHT;
    m->in_band += t->how == ANL_GPU_IN_BAND;
    m->left += t->how == ANL_GPU_LEFT;
    m->nothing += t->how != ANL_GPU_LEFT && !t->total;
    m->gaps += t->n_cigar > 1;
    m->clipped += t->total && (t->qbeg || t->qend < len);
}

/* Costs and clip bonuses: the usual ones; gaps for nearly nothing, where many paths are equal; mismatches for nothing; the dearest. */
static const anl_extend_params params[] = {
    {.score = {1, 4, 6, 1, 6, 1}, .clip5 = 5, .clip3 = 5},       {.score = {2, 3, 5, 2, 5, 2}, .clip5 = 10, .clip3 = 0},
    {.score = {1, 1, 0, 1, 0, 1}, .clip5 = 0, .clip3 = 0},       {.score = {1, 2, 1, 1, 2, 1}, .clip5 = 1, .clip3 = 100},
    {.score = {3, 0, 0, 1, 0, 2}, .clip5 = 0, .clip3 = 7},       {.score = {100, 100, 100, 100, 100, 100}, .clip5 = 10000, .clip3 = 10000},
    {.score = {100, 100, 0, 1, 100, 1}, .clip5 = 3, .clip3 = 0},
};

static void tracebacks_agree(void **unused)
{
    (void)unused;
    static genome g;
    static jobs all;
    static anl_gpu_traced want[JOBS], got[JOBS];
    met m = {0};
    for (int round = 0; round < COUNT(params); ++round) {
        const anl_index *x = make_genome(&g);
        make_jobs(x, &params[round], &all);
        trace(x, &params[round], &all, JOBS, 0, want);
        for (int small = 0; small < 2; ++small) {
            open_gpu(x, small ? "60000" : NULL); /* the reference takes 8 kB; then calls are cut */
            memset(got, 0x55, sizeof got);
            trace(x, &params[round], &all, small ? JOBS / 2 : JOBS, 1, got);
            for (int i = 0; i < (small ? JOBS / 2 : JOBS); ++i) assert_memory_equal(&want[i], &got[i], sizeof *want);
            trace(x, &params[round], &all, 0, 1, got);
            close_gpu(NULL);
        }
        for (int i = 0; i < JOBS; ++i) count(&want[i], all.reads[i].len, &m);
    }
    print_message("%d straight, %d in a band, %d left, %d nothing, %d with gaps, %d clipped\n", m.straight, m.in_band, m.left, m.nothing,
                  m.gaps, m.clipped);
    assert_true(m.straight > 150 && m.in_band > 150 && m.left > 50 && m.nothing > 5 && m.gaps > 100 && m.clipped > 100);
}

/* More than one part of a call, each read asked for twice. */
__attribute__((unused)) static void more_than_a_call(void **unused)
{
    (void)unused;
    enum { MANY = 20000, LEN = 40 };
    static genome g;
    static uint8_t strand[2][BASES + LEN];
    const anl_index *x = make_genome(&g);
    const int64_t first = x->contig_begin[3];
    anl_trace_batch *b[2];
    anl_gpu_stream *stream;
    int32_t number;
    random_seq(strand[0], BASES, 0);
    anl_index_fetch(x, first, first + 9000, strand[0]);
    anl_reverse_complement(strand[0], BASES, strand[1]);
    open_gpu(x, NULL);
    assert_int_equal(anl_gpu_stream_new(&stream, gpu), 0);
    for (int on = 0; on < 2; ++on) {
        assert_int_equal(anl_trace_batch_new(&b[on]), 0);
        anl_trace_batch_use(b[on], on ? stream : NULL);
        for (int i = 0; i < MANY; ++i) {
            const int at = i / 2 % 8900;
            const anl_sw_read read = {{strand[0] + at, strand[1] + BASES - at - LEN}, LEN};
            const anl_gpu_trace_job job = {.begin = first + at,
                                           .len = LEN,
                                           .enough = i % 1000 ? INT32_MIN : INT32_MAX,
                                           .dlo = -1,
                                           .dhi = 1,
                                           .reverse = (uint8_t)(i % 2)};
            assert_int_equal(anl_trace_batch_add(b[on], &read, &job, &number), 0);
        }
        assert_int_equal(anl_trace_batch_run(b[on], &anl_kernels_get()->sw, &params[0], x), 0);
    }
    assert_memory_equal(anl_trace_batch_result(b[0], 1), anl_trace_batch_result(b[1], 1), MANY * sizeof(anl_gpu_traced));
    assert_int_equal(anl_trace_batch_result(b[1], 3)->qend, LEN);
    for (int on = 0; on < 2; ++on) anl_trace_batch_free(b[on]);
    anl_gpu_stream_free(stream);
}

/* A GPU that has another reference does not pass the self-test. */
static void another_reference_is_noticed(void **unused)
{
    (void)unused;
    static genome g, other;
    const anl_index *x = make_genome(&g), *y = make_genome(&other);
    for (int wrong = 0; wrong < 2; ++wrong) {
        anl_trace_batch *b;
        anl_gpu_stream *stream;
        open_gpu(wrong ? y : x, NULL);
        assert_int_equal(anl_gpu_stream_new(&stream, gpu), 0);
        assert_int_equal(anl_trace_batch_new(&b), 0);
        anl_trace_batch_use(b, stream);
        for (int i = 0; i < 2; ++i) assert_int_equal(anl_trace_check_gpu(b, &params[i], x), wrong ? ANL_EIO : 0);
        anl_trace_batch_free(b);
        anl_gpu_stream_free(stream);
        close_gpu(NULL);
    }
}

/* usage: test_gpu_trace [TEST]: all, or that one. */
int main(int argc, char **argv)
{
    random_start();
    const struct CMUnitTest tests[] = {
#if !defined(STAND_IN) || !defined(__SANITIZE_ADDRESS__) /* where it takes half a minute */
        cmocka_unit_test_teardown(more_than_a_call, close_gpu),
#endif
        cmocka_unit_test_teardown(tracebacks_agree, close_gpu),
        cmocka_unit_test_teardown(another_reference_is_noticed, close_gpu)
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
