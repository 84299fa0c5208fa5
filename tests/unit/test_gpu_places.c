/* What a GPU finds at places of a reference that lies on it, against what the CPU finds, field by field. Skipped where there is no NVIDIA GPU. */
#include "models.h"

#include "base_code.h"
#include "resident.h"
#include "sw_batch.h"

#define COUNT(a) (int)(sizeof(a) / sizeof *(a))

enum { WINDOW = 120, STRIDE = 40, CONTIGS = 8, BASES = 40000, RUNS = 60 };

/* Contigs of a base, of none, of less than a word of 32 bases, of less than a window. */
static const int64_t contig_lens[CONTIGS] = {1, 33, 0, 9000, 77, 12000, 119, BASES - 21230};

static anl_gpu *gpu;

/* A reference without vectors: all that places are about. */
typedef struct genome {
    anl_index index;
    anl_contig contigs[CONTIGS];
    int64_t contig_begin[CONTIGS + 1], window_begin[CONTIGS + 1], runs[2 * RUNS];
    uint8_t codes[BASES], bases[BASES / 4];
} genome;

/* Copies [from, from + len) to `to`, on the other strand or not, with some bases changed. */
static void copy(genome *g, int from, int len, int to, int reverse, int changed)
{
    for (int i = 0; i < len; ++i) g->codes[to + i] = reverse ? 3 - g->codes[from + len - 1 - i] : g->codes[from + i];
    for (int i = 0; i < changed; ++i) g->codes[to + between(0, len - 1)] = (uint8_t)between(0, 3);
}

/* Random bases; copies of one stretch, far apart and side by side, on both strands, up to the ends of contigs; a satellite of 31 bp. */
static void make_codes(genome *g)
{
    random_seq(g->codes, BASES, 0);
    const int big = (int)g->contig_begin[7];
    for (int i = 0; i < 40; ++i) copy(g, big, 300, big + 400 + 320 * i, i % 3 == 1, i % 5);
    copy(g, big, 300, (int)g->contig_begin[4] - 300, 0, 2);
    copy(g, big + 100, 77, (int)g->contig_begin[4], 1, 0);
    copy(g, big, 119, (int)g->contig_begin[6], 0, 1);
    for (int i = 0; i < 30; ++i) copy(g, big + 14000, 31, big + 14031 + 31 * i, 0, i % 2);
    copy(g, big + 5, 200, (int)g->contig_begin[5] + 4000, 0, 0);
    copy(g, big + 5, 200, (int)g->contig_begin[5] + 4200, 0, 4);
    copy(g, big + 5, 200, (int)g->contig_begin[5] + 4400, 1, 4);
}

/* Runs of N: of one base, of some words, across the end of a contig. */
static void make_runs(genome *g)
{
    int64_t at = 0, n = 0;
    while (n < RUNS) {
        at += between(1, 900);
        const int64_t end = at + (n % 9 == 4 ? between(60, 300) : n % 3 ? 1 : between(2, 40));
        if (end > BASES) break;
        g->runs[2 * n] = at;
        g->runs[2 * n++ + 1] = at = end;
    }
    g->index.n_runs = g->runs;
    g->index.n_n_runs = n;
}

static const anl_index *make_genome(genome *g)
{
    memset(g, 0, sizeof *g);
    for (int c = 0; c < CONTIGS; ++c) {
        g->contigs[c].len = contig_lens[c];
        g->contig_begin[c + 1] = g->contig_begin[c] + contig_lens[c];
        g->window_begin[c + 1] = g->window_begin[c] + anl_index_window_count(contig_lens[c], WINDOW, STRIDE);
    }
    assert_int_equal(g->contig_begin[CONTIGS], BASES);
    make_codes(g);
    make_runs(g);
    for (int i = 0; i < BASES; ++i) g->bases[i / 4] |= (uint8_t)(g->codes[i] << 2 * (i % 4));
    g->index.n_contigs = CONTIGS;
    g->index.contigs = g->contigs;
    g->index.contig_begin = g->contig_begin;
    g->index.window_begin = g->window_begin;
    g->index.n_windows = g->window_begin[CONTIGS];
    g->index.bases = g->bases;
    g->index.window = WINDOW;
    g->index.stride = STRIDE;
    return &g->index;
}

/* One with so many bytes of memory, NULL: all there are, that has the reference. Skips where there is no GPU. */
static int open_gpu(const anl_index *x, const char *memory)
{
    if (memory) setenv("ANNEAL_GPU_MEMORY", memory, 1);
    assert_int_equal(anl_gpu_open(&gpu, ANL_DEVICE_AUTO), 0);
    unsetenv("ANNEAL_GPU_MEMORY");
    if (gpu) return anl_resident_load(x, gpu);
    print_message("no NVIDIA GPU\n");
    skip();
    return 0;
}

static int close_gpu(void **unused)
{
    (void)unused;
    anl_gpu_free(gpu);
    gpu = NULL;
    return 0;
}

/* ---- reads ---- */

enum { READS = 40, LONGEST = 400 };

typedef struct reads {
    uint8_t forward[READS][LONGEST], reverse[READS][LONGEST];
    anl_sw_read list[READS];
    int64_t from[READS]; /* where they are from; READS of them lie wholly in one contig */
} reads;

/* Reads from anywhere that has room, more and more changed, on both strands; one of nothing but N. */
static void make_reads(const anl_index *x, reads *r)
{
    for (int i = 0; i < READS; ++i) {
        static const int32_t lens[] = {150, 31, 32, 33, 64, 159, 160, 161, 250, 320, LONGEST, 100};
        const int32_t len = lens[i % COUNT(lens)], contig = i % 3 ? 7 : i % 2 ? 3 : 5;
        const int64_t begin = x->contig_begin[contig], room = x->contig_begin[contig + 1] - begin - len;
        r->from[i] = begin + (i % 8 == 5 ? 0 : i % 8 == 6 ? room : between(0, i % 4 ? 1000 : (int)room));
        anl_index_fetch(x, r->from[i], r->from[i] + len, r->forward[i]);
        for (int32_t j = 0; j < len; ++j)
            if (!random_below((uint32_t)(400 / (i + 1)))) r->forward[i][j] = (uint8_t)random_below(5);
        if (i == 11) memset(r->forward[i], 4, LONGEST);
        anl_reverse_complement(r->forward[i], len, r->reverse[i]);
        r->list[i] = (anl_sw_read){{i % 2 ? r->reverse[i] : r->forward[i], i % 2 ? r->forward[i] : r->reverse[i]}, len};
    }
}

/* ---- scores ---- */

enum { PLACES = 240 };

static void score(const anl_sw_places *places, int on, anl_sw_result *results)
{
    static const anl_sw_params p = {1, 4, 6, 1, 6, 1};
    anl_sw_batch *b;
    anl_gpu_stream *stream = NULL;
    assert_int_equal(anl_sw_batch_new(&b), 0);
    if (on) assert_int_equal(anl_gpu_stream_new(&stream, gpu), 0);
    anl_sw_batch_use(b, stream);
    assert_int_equal(anl_sw_batch_run_places(b, &anl_kernels_get()->sw, &p, places, results), 0);
    anl_sw_batch_free(b);
    anl_gpu_stream_free(stream);
}

/* Where reads are from, with room beside it, and anywhere, on either strand; stretches that begin at every bit of a word, and of one base. */
static void scores_agree(void **unused)
{
    (void)unused;
    static genome g;
    static reads r;
    static anl_sw_place list[PLACES];
    static anl_sw_result want[PLACES], got[PLACES];
    const anl_index *x = make_genome(&g);
    make_reads(x, &r);
    for (int i = 0; i < PLACES; ++i) {
        const uint32_t read = (uint32_t)(i * READS / PLACES + (i % 10 == 9 ? between(0, 3) : 0)) % READS;
        const int64_t at = i % 4 == 3 ? between(0, BASES - 1) : r.from[read];
        const int32_t contig = anl_index_contig_at(x, at);
        int64_t begin = at - between(0, 40), end = i % 29 == 7 ? at + 1 : at + r.list[read].len + between(0, 60);
        anl_index_clip(x, contig, &begin, &end);
        list[i] = (anl_sw_place){begin, (int32_t)(end - begin), read, (uint8_t)(i % 4 == 2 ? !(read % 2) : read % 2)};
    }
    anl_sw_places places = {x, r.list, list, PLACES};
    score(&places, 0, want);
    for (int small = 0; small < 2; ++small) {
        memset(got, 0x55, sizeof got);
        assert_int_equal(open_gpu(x, small ? "60000" : NULL), 0); /* the reference takes 16 kB; then calls are cut */
        score(&places, 1, got);
        assert_memory_equal(want, got, sizeof want);
        if (!small) score(&(anl_sw_places){x, r.list, list, 0}, 1, got);
        close_gpu(NULL);
    }
    int32_t high = 0;
    for (int i = 0; i < PLACES; ++i) high += want[i].score > 60;
    assert_in_range(high, PLACES / 4, PLACES);
    assert_int_equal(open_gpu(x, "10000"), ANL_ENOMEM);
    assert_non_null(strstr(anl_error(), "the reference needs 1 MiB, and 0 MiB of the GPU are free"));
}

int main(void)
{
    random_start();
    const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(scores_agree, close_gpu)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
