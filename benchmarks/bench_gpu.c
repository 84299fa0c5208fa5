/* The align pipeline's loads on the first GPU and on the CPU, beside the limits of the GPU: build/bench_gpu [-t THREADS] [-s SECONDS] [-m GIB] [MILLIONS...]
 * Embeddings of 150 bp, queries against made-up vectors (1, 10, 50 and 65 million unless given) of which a query meets as many as in a real genome
 * (store.h), Smith-Waterman of 150 by 250 bp; on a made-up reference of 64 Mb, in which a third is copies of one repeat, reads of it at its copies: votes
 * at 64 hits, and Smith-Waterman of 150 by 190 bp. Stores of more than GIB are left out, three quarters of the free memory unless given. Each thread has
 * a stream of its own; the CPU uses as many threads. benchmarks/bench-gpu adds whole runs of anneal; $ANNEAL_GPU_TIMES=1 the times of kernels. */
#include "bench.h"
#include "store.h"

#include "align_tuning.h"
#include "base_code.h"
#include "devices.h"
#include "encoder.h"
#include "resident.h"
#include "sketch.h"
#include "tokens.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 4096, DIM = STORE_DIM, LENGTH = 150, TARGET = 250, NEIGHBOURS = 64 };

#define GIB 1073741824.0

static int threads;
static double seconds = 2, memory; /* memory: bytes that a store may take */
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

static store_noise noise;

static void make_store(store *s, int64_t n)
{
    store_make(&s->index, n, &noise, threads);
    for (int on = 0; on < (gpu ? 2 : 1); ++on) {
        need(!anl_search_new(&s->on[on], &s->index, ANL_SEARCH_NATIVE));
        anl_search_competing_only(s->on[on]);
    }
    if (gpu) need(!anl_search_use(s->on[1], gpu));
}

static void free_store(store *s)
{
    for (int on = 0; on < 2; ++on) anl_search_free(s->on[on]);
    store_free(&s->index);
    *s = (store){0};
}

static void *search_start(const void *shared, int on_gpu)
{
    const store *s = shared;
    searcher *own = anl_alloc(1, sizeof *own);
    need(own && !anl_search_scratch_new(&own->scratch, s->on[on_gpu]));
    own->search = s->on[on_gpu];
    for (int i = 0; i < BATCH; ++i) store_query(&s->index, &noise, (uint64_t)(omp_get_thread_num() * BATCH + i), own->queries + i * DIM);
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
    double entries, within, competing;
    if (store_bytes(millions * 1e6) > memory) {
        printf("queries/s, %g M vectors: left out, as they take %.1f GiB and -m allows %.1f\n", millions, store_bytes(millions * 1e6) / GIB,
               memory / GIB);
        return;
    }
    make_store(&s, (int64_t)(millions * 1e6));
    const load l = {search_start, search_run, search_stop, &s, BATCH}, less = {search_start, search_run, search_stop, &s, 512};
    const anl_index *x = &s.index;
    const int nprobe = anl_search_nprobe(x, 1);
    const double scanned = (double)x->n_entries / x->nlist * nprobe, sharing = fmin(64, fmax(1, (double)BATCH * nprobe / x->nlist));
    store_measure(x, &noise, nprobe, &entries, &within, &competing);
    printf("%g M vectors: a query meets %.0f entries in %d of %d lists, %.1f%% of them nearer than noise; %.0f compete with its nearest\n",
           millions, entries, nprobe, x->nlist, 100 * within, competing);
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
    anl_gpu_stream *stream;
    anl_sw_job jobs[BATCH];
    anl_sw_result results[BATCH];
} scorer;

static void *sw_start(const void *shared, int on_gpu)
{
    scorer *own = anl_alloc(1, sizeof *own);
    (void)shared;
    need(own && !anl_sw_batch_new(&own->batch) && (!on_gpu || !anl_gpu_stream_new(&own->stream, gpu)));
    anl_sw_batch_use(own->batch, own->stream);
    for (int i = 0; i < BATCH; ++i) own->jobs[i] = (anl_sw_job){bases[i], targets[i], LENGTH, TARGET, 0, 0};
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
    anl_gpu_stream_free(own->stream);
    free(own);
}

static void bench_sw(void)
{
    const load l = {sw_start, sw_run, sw_stop, NULL, BATCH};
    const double giga = LENGTH * TARGET * 1e-9;
    const double on_gpu = gpu ? rate(&l, 1) * giga : 0, on_cpu = rate(&l, 0) * giga;
    report("GCUPS, 150 x 250 bp", on_gpu, on_cpu, 12e9, device.int32_rate, "int32 op/s at 12 a cell");
}

/* ---- places on a reference ---- */

enum {
    REFERENCE = 1 << 26,
    COPY = 300,
    APART = 1000,    /* bp from copy to copy, */
    DIVERGED = 10,   /* of which one in so many bases differs from the repeat */
    HITS = 64,       /* of a read, at copies */
    TOGETHER = 1024, /* reads that vote in one call, as many as have ANL_HITS_TOGETHER */
    SIDE = 20,
    VOTE_OPS = 32 * HITS * 2000 /* int32 operations of a read at the most: docs/gpu.md */
};

/* The reference as far as places need it. */
typedef struct repeats {
    anl_index index;
    anl_contig contig;
    int64_t contig_begin[2], window_begin[2];
    uint8_t *bases;
} repeats;

static int64_t copy_at(uint64_t number)
{
    return (int64_t)(number % (REFERENCE / APART - 1)) * APART + APART / 4;
}

static void make_repeats(repeats *r)
{
    r->bases = anl_alloc(REFERENCE / 4, 1);
    need(r->bases != NULL);
    for (int64_t i = 0; i < REFERENCE; ++i) {
        const int64_t in = (i - APART / 4) % APART;
        const uint64_t own = mix((uint64_t)i) >> 20;
        const int copied = in >= 0 && in < COPY && own / 4 % DIVERGED;
        r->bases[i / 4] |= (uint8_t)((copied ? mix((uint64_t)in + REFERENCE) >> 20 : own) % 4 << 2 * (i % 4));
    }
    r->contig = (anl_contig){.name = "one", .len = REFERENCE};
    r->contig_begin[1] = REFERENCE;
    r->window_begin[1] = anl_index_window_count(REFERENCE, ANL_WINDOW, ANL_WINDOW / 3);
    r->index = (anl_index){.n_contigs = 1,
                           .contigs = &r->contig,
                           .contig_begin = r->contig_begin,
                           .window_begin = r->window_begin,
                           .bases = r->bases,
                           .window = ANL_WINDOW,
                           .stride = ANL_WINDOW / 3,
                           .n_windows = r->window_begin[1],
                           .d = DIM};
    if (gpu) need(!anl_resident_load(&r->index, gpu));
}

/* Reads of one thread. */
typedef struct placed {
    const repeats *on;
    anl_scratch scratch;
    uint8_t strand[2][TOGETHER][LENGTH];
    anl_sw_read reads[TOGETHER];
    anl_hit hits[TOGETHER][HITS];
    anl_segment segments[TOGETHER];
    anl_sw_place places[TOGETHER];
    anl_sw_result results[TOGETHER];
} placed;

static void *places_start(const void *shared, int on_gpu)
{
    static const int8_t query[DIM];
    const repeats *on = shared;
    placed *own = anl_alloc(1, sizeof *own);
    need(own != NULL);
    own->on = on;
    own->scratch = (anl_scratch){.temporary = anl_arena_new(), .voter = anl_voter_new(anl_kernels_get())};
    need(own->scratch.temporary && own->scratch.voter && !anl_sw_batch_new(&own->scratch.sw));
    if (on_gpu) need(!anl_gpu_stream_new(&own->scratch.stream, gpu));
    anl_sw_batch_use(own->scratch.sw, own->scratch.stream);
    for (int i = 0; i < TOGETHER; ++i) {
        const uint64_t number = mix((uint64_t)(omp_get_thread_num() * TOGETHER + i)) >> 8;
        const int64_t from = copy_at(number) + i % (COPY - LENGTH);
        anl_index_fetch(&on->index, from, from + LENGTH, own->strand[0][i]);
        anl_reverse_complement(own->strand[0][i], LENGTH, own->strand[1][i]);
        own->reads[i] = (anl_sw_read){{own->strand[0][i], own->strand[1][i]}, LENGTH};
        own->places[i] = (anl_sw_place){from - SIDE, LENGTH + 2 * SIDE, (uint32_t)i, 0, 0, 2 * SIDE + 1};
        for (int h = 0; h < HITS; ++h) {
            const int64_t at = copy_at(h ? mix(number + (uint64_t)h) >> 8 : number) + from % APART - APART / 4;
            own->hits[i][h] = (anl_hit){h, (uint32_t)(at / on->index.stride)};
        }
        own->segments[i] = (anl_segment){.sequence_len = LENGTH,
                                         .len = LENGTH,
                                         .bases = own->strand[0][i],
                                         .near = {.query = query, .hits = own->hits[i], .k = HITS, .n = HITS}};
    }
    return own;
}

static void vote_run(const void *shared, void *data, int batch)
{
    placed *own = data;
    const anl_context c = {.index = &own->on->index, .kernels = anl_kernels_get()};
    (void)shared;
    anl_arena_reset(own->scratch.temporary);
    for (int i = 0; i < batch; ++i) {
        anl_locate_forget(&own->segments[i]);
        own->segments[i].places = (anl_places){0};
    }
    need(!anl_locate_vote_ahead(&c, &own->scratch, &anl_locate_short, own->segments, batch));
    for (int i = 0; i < batch; ++i)
        need(!anl_locate_vote(c.index, own->scratch.voter, &anl_locate_short, &own->segments[i], own->scratch.temporary));
}

static void score_run(const void *shared, void *data, int batch)
{
    static const anl_sw_params p = {.match = 1, .mismatch = 4, .del_open = 6, .del_extend = 1, .ins_open = 6, .ins_extend = 1};
    placed *own = data;
    const anl_sw_places places = {&own->on->index, own->reads, own->places, (size_t)batch};
    (void)shared;
    need(!anl_sw_batch_run_places(own->scratch.sw, &anl_kernels_get()->sw, &p, &places, own->results));
}

static void places_stop(void *data)
{
    placed *own = data;
    anl_scratch_free(&own->scratch);
    free(own);
}

static void bench_places(void)
{
    static repeats r;
    make_repeats(&r);
    const load votes = {places_start, vote_run, places_stop, &r, TOGETHER}, scores = {places_start, score_run, places_stop, &r, TOGETHER};
    const double giga = LENGTH * (LENGTH + 2 * SIDE) * 1e-9;
    double on_gpu = gpu ? rate(&votes, 1) : 0, on_cpu = rate(&votes, 0);
    report("reads/s, votes at 64 hits", on_gpu, on_cpu, VOTE_OPS, device.int32_rate, "int32 op/s");
    on_gpu = gpu ? rate(&scores, 1) * giga : 0;
    on_cpu = rate(&scores, 0) * giga;
    report("GCUPS, 150 x 190 bp, places", on_gpu, on_cpu, 12e9, device.int32_rate, "int32 op/s at 12 a cell");
    free(r.bases);
}

int main(int argc, char **argv)
{
    const char *why;
    threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
    memory = 0.75 * (double)sysconf(_SC_AVPHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    for (int c; (c = getopt(argc, argv, "t:s:m:")) != -1;) {
        if (c == '?') return 2;
        if (c == 't')
            threads = atoi(optarg);
        else if (c == 'm')
            memory = atof(optarg) * GIB;
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
    store_noise_make(&noise);
    bench_embed();
    for (int i = optind; i < argc; ++i) bench_search(atof(argv[i]));
    for (int i = 0; optind == argc && i < 4; ++i) bench_search((double[]){1, 10, 50, 65}[i]);
    bench_sw();
    bench_places();
    if (gpu) {
        char times[2048];
        anl_gpu_times(gpu, times, sizeof times);
        fputs(times, stdout);
    }
    anl_gpu_free(gpu);
    return 0;
}
