/* The align pipeline's loads on the first GPU and on the CPU, beside the limits of the GPU: build/bench_gpu [-t THREADS] [-s SECONDS] [MILLIONS...]
 * Embeddings of 150 bp, queries against random vectors (1, 10 and 50 million unless given), Smith-Waterman of 150 by 250 bp. Each thread has
 * a stream of its own; the CPU uses as many threads. benchmarks/bench-gpu adds whole runs of anneal. */
#include "bench.h"

#include "encoder.h"
#include "search.h"
#include "cluster.h"
#include "devices.h"
#include "sketch.h"
#include "sw_batch.h"
#include "tokens.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 4096, DIM = 128, LENGTH = 150, TARGET = 250, NEIGHBOURS = 64 };

static int threads;
static double seconds = 2;
static anl_gpu *gpu;
static anl_device device;

static uint64_t mix(uint64_t x)
{
    x = (x + 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
    return x ^ x >> 29;
}

/* One thread's share of a load: makes its scratch, then does batches until time is up. */
typedef struct load {
    void *(*start)(const void *shared, int on_gpu);
    void (*run)(const void *shared, void *own, int batch); /* `batch` items */
    void (*stop)(void *own);
    const void *shared;
    int batch;
} load;

/* Items per second of all threads together, after one batch each to warm up. */
static double rate(const load *l, int on_gpu)
{
    double done = 0, begin = 0, end = 0;
#pragma omp parallel num_threads(threads) reduction(+ : done)
    {
        void *own = l->start(l->shared, on_gpu);
        l->run(l->shared, own, l->batch);
#pragma omp barrier
#pragma omp single
        begin = now();
        do {
            l->run(l->shared, own, l->batch);
            done += l->batch;
        } while (now() - begin < seconds);
#pragma omp barrier
#pragma omp single
        end = now();
        l->stop(own);
    }
    return done / (end - begin);
}

/* A line: GPU, CPU, their ratio, and the GPU's share of what it could do at most. */
static void report(const char *what, double on_gpu, double on_cpu, double work, double limit, const char *of)
{
    printf("%-30s", what);
    if (gpu)
        printf(" %14.4g", on_gpu);
    else
        printf(" %14s", "no GPU");
    printf(" %14.4g", on_cpu);
    if (gpu) printf(" %8.1f", on_gpu / on_cpu);
    if (gpu && limit > 0) printf("   %.1f%% of %.3g %s", 100 * on_gpu * work / limit, limit, of);
    putchar('\n');
    fflush(stdout);
}

/* ---- embedding ---- */

static uint8_t bases[BATCH][LENGTH];

typedef struct embedder {
    const anl_encoder *encoder;
    anl_encoder_scratch *scratch;
    const uint8_t *seqs[BATCH];
    int32_t lens[BATCH];
    int8_t out[BATCH * DIM];
} embedder;

static void *embed_start(const void *shared, int on_gpu)
{
    anl_encoder *const *encoders = shared; /* CPU, GPU */
    embedder *own = anl_alloc(1, sizeof *own);
    need(own && !anl_encoder_scratch_new(&own->scratch, encoders[on_gpu]));
    own->encoder = encoders[on_gpu];
    for (int i = 0; i < BATCH; ++i) own->seqs[i] = bases[i], own->lens[i] = LENGTH;
    return own;
}

static void embed_run(const void *shared, void *data, int batch)
{
    embedder *own = data;
    (void)shared;
    need(!anl_encoder_embed(own->encoder, own->scratch, own->seqs, own->lens, batch, own->out));
}

static void embed_stop(void *data)
{
    embedder *own = data;
    anl_encoder_scratch_free(own->scratch);
    free(own);
}

static void bench_embed(void)
{
    anl_model *m;
    anl_encoder *e[2] = {NULL, NULL};
    need(!anl_sketch_new(&m, DIM, 2, 1) && !anl_encoder_new(&e[0], m));
    if (gpu) need(!anl_encoder_new(&e[1], m) && !anl_encoder_use(e[1], gpu));
    const load l = {embed_start, embed_run, embed_stop, e, BATCH}, less = {embed_start, embed_run, embed_stop, e, 512};
    const double tokens = ANL_TOKEN_COUNT(LENGTH), macs = m->layers * (tokens * 8 * DIM * DIM + 2 * tokens * tokens * DIM) + DIM * DIM;
    const double bytes = tokens * DIM * (74 * m->layers + 9); /* docs/gpu.md */
    const double on_gpu = gpu ? rate(&l, 1) : 0, on_cpu = rate(&less, 0);
    report("embeddings/s", on_gpu, on_cpu, 2 * macs, device.int8_rate, "int8 op/s");
    report("  the same by memory", on_gpu, on_cpu, bytes, device.memory_rate, "bytes/s");
    anl_encoder_free(e[0]);
    anl_encoder_free(e[1]);
    anl_model_free(m);
}

/* ---- search ---- */

typedef struct searcher {
    const anl_search *search;
    anl_search_scratch *scratch;
    int8_t queries[BATCH * DIM];
    anl_hit hits[BATCH * NEIGHBOURS];
    int counts[BATCH];
} searcher;

typedef struct store {
    anl_index index;
    anl_search *on[2]; /* CPU, GPU */
} store;

/* Random vectors of about a real one's length. */
static void fill_panels(int8_t *panels, int32_t *bias, int64_t n, uint64_t seed)
{
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t p = 0; p < n / 16; ++p) {
        int8_t *at = panels + p * 16 * DIM;
        for (int i = 0; i < 16; ++i) bias[p * 16 + i] = 0;
        for (int w = 0; w < 16 * DIM / 8; ++w) {
            const uint64_t r = mix(seed + (uint64_t)(p * 256 + w));
            for (int b = 0; b < 8; ++b) {
                const int8_t v = (int8_t)((int8_t)(r >> 8 * b) / 2);
                at[w * 8 + b] = v;
                bias[p * 16 + (w * 8 + b) % 64 / 4] += v * v + 256 * v;
            }
        }
    }
}

/* About n vectors, in as many lists as an index has, all of one size. */
static void make_store(store *s, int64_t n)
{
    anl_index *x = &s->index;
    const int64_t lists = anl_lists_count(n), each = (int64_t)anl_panels_padded((size_t)(n / lists)), entries = lists * each;
    int8_t *centroids = anl_alloc((size_t)lists, DIM), *codes = anl_alloc((size_t)entries, DIM);
    int32_t *centroid_bias = anl_alloc((size_t)lists, 4), *bias = anl_alloc((size_t)entries, 4);
    uint32_t *ids = anl_alloc((size_t)entries, 4);
    uint64_t *begin = anl_alloc((size_t)lists + 1, 8);
    need(centroids && codes && centroid_bias && bias && ids && begin);
    fill_panels(centroids, centroid_bias, lists, 1);
    fill_panels(codes, bias, entries, 1u << 30);
    for (int64_t i = 0; i < entries; ++i) ids[i] = (uint32_t)i;
    for (int64_t i = 0; i <= lists; ++i) begin[i] = (uint64_t)(i * each);
    *x = (anl_index){.d = DIM,
                     .nlist = (int32_t)lists,
                     .n_entries = entries,
                     .longest_list = each,
                     .centroids = centroids,
                     .centroid_bias = centroid_bias,
                     .list_begin = begin,
                     .codes = codes,
                     .bias = bias,
                     .ids = ids};
    need(!anl_search_new(&s->on[0], x, ANL_SEARCH_NATIVE));
    s->on[1] = NULL;
    if (gpu) need(!anl_search_new(&s->on[1], x, ANL_SEARCH_NATIVE) && !anl_search_use(s->on[1], gpu));
}

static void free_store(store *s)
{
    const anl_index *x = &s->index;
    const void *all[] = {x->centroids, x->centroid_bias, x->list_begin, x->codes, x->bias, x->ids};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free((void *)(uintptr_t)all[i]);
    anl_search_free(s->on[0]);
    anl_search_free(s->on[1]);
}

static void *search_start(const void *shared, int on_gpu)
{
    const store *s = shared;
    searcher *own = anl_alloc(1, sizeof *own);
    need(own && !anl_search_scratch_new(&own->scratch, s->on[on_gpu]));
    own->search = s->on[on_gpu];
    const uint64_t seed = mix((uint64_t)omp_get_thread_num());
    for (int i = 0; i < BATCH; ++i) {
        int8_t *q = own->queries + i * DIM;
        anl_index_entry(&s->index, (int64_t)(mix(seed + (uint64_t)i) % (uint64_t)s->index.n_entries), q);
        for (int c = 0; c < DIM; ++c) q[c] = (int8_t)(q[c] / 2 + (int)(mix(seed + (uint64_t)(i * DIM + c)) % 41) - 20);
    }
    return own;
}

static void search_run(const void *shared, void *data, int batch)
{
    searcher *own = data;
    (void)shared;
    need(!anl_search_batch(own->search, own->scratch, own->queries, batch, NEIGHBOURS, 1, own->hits, own->counts));
}

static void search_stop(void *data)
{
    searcher *own = data;
    anl_search_scratch_free(own->scratch);
    free(own);
}

static void bench_search(double millions)
{
    static store s;
    char what[64];
    make_store(&s, (int64_t)(millions * 1e6));
    const load l = {search_start, search_run, search_stop, &s, BATCH}, less = {search_start, search_run, search_stop, &s, 512};
    const anl_index *x = &s.index;
    const int nprobe = anl_search_nprobe(x, 1);
    const double scanned = (double)x->n_entries / x->nlist * nprobe, sharing = fmin(64, fmax(1, (double)BATCH * nprobe / x->nlist));
    const double on_gpu = gpu ? rate(&l, 1) : 0, on_cpu = rate(&less, 0);
    snprintf(what, sizeof what, "queries/s, %g M vectors", millions);
    report(what, on_gpu, on_cpu, 2 * DIM * (x->nlist + scanned), device.int8_rate, "int8 op/s");
    report("  the same by memory", on_gpu, on_cpu, scanned * (DIM + 8) / sharing + 20.0 * x->nlist, device.memory_rate, "bytes/s");
    free_store(&s);
}

/* ---- Smith-Waterman ---- */

static uint8_t targets[BATCH][TARGET];

typedef struct scorer {
    anl_sw_batch *batch;
    anl_sw_job jobs[BATCH];
    anl_sw_result results[BATCH];
} scorer;

static void *sw_start(const void *shared, int on_gpu)
{
    scorer *own = anl_alloc(1, sizeof *own);
    (void)shared;
    need(own && !anl_sw_batch_new(&own->batch) && (!on_gpu || !anl_sw_batch_use(own->batch, gpu)));
    for (int i = 0; i < BATCH; ++i) own->jobs[i] = (anl_sw_job){bases[i], targets[i], LENGTH, TARGET};
    return own;
}

static void sw_run(const void *shared, void *data, int batch)
{
    static const anl_sw_params p = {.match = 1, .mismatch = 4, .del_open = 6, .del_extend = 1, .ins_open = 6, .ins_extend = 1};
    scorer *own = data;
    (void)shared;
    need(!anl_sw_batch_run(own->batch, &anl_kernels_get()->sw, &p, own->jobs, (size_t)batch, own->results));
}

static void sw_stop(void *data)
{
    scorer *own = data;
    anl_sw_batch_free(own->batch);
    free(own);
}

static void bench_sw(void)
{
    const load l = {sw_start, sw_run, sw_stop, NULL, BATCH};
    const double giga = LENGTH * TARGET * 1e-9;
    const double on_gpu = gpu ? rate(&l, 1) * giga : 0, on_cpu = rate(&l, 0) * giga;
    report("GCUPS, 150 x 250 bp", on_gpu, on_cpu, 12e9, device.int32_rate, "int32 op/s at 12 a cell");
}

int main(int argc, char **argv)
{
    const char *why;
    threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
    for (int c; (c = getopt(argc, argv, "t:s:")) != -1;) {
        if (c == '?') return 2;
        if (c == 't')
            threads = atoi(optarg);
        else
            seconds = atof(optarg);
    }
    if (threads < 1) threads = 1;
    need(!anl_gpu_open(&gpu, ANL_DEVICE_AUTO) && anl_kernels_get());
    if (gpu) anl_devices_find(&device, 1, &why);
    for (int i = 0; i < BATCH; ++i) {
        for (int j = 0; j < TARGET; ++j) targets[i][j] = (uint8_t)(mix((uint64_t)(i * TARGET + j)) >> 20 & 3);
        for (int j = 0; j < LENGTH; ++j) bases[i][j] = j % 20 == i % 20 ? (uint8_t)(i & 3) : targets[i][50 + j];
    }
    printf("GPU: %s, CPU: %s, %d threads\n%-30s %14s %14s %8s   share of the GPU's limit\n", gpu ? anl_gpu_name(gpu) : "none",
           anl_kernels_get()->name, threads, "", "GPU", "CPU", "ratio");
    bench_embed();
    for (int i = optind; i < argc; ++i) bench_search(atof(argv[i]));
    for (int i = 0; optind == argc && i < 3; ++i) bench_search((double[]){1, 10, 50}[i]);
    bench_sw();
    anl_gpu_free(gpu);
    return 0;
}
