/* The align stages on the CPU and on the first GPU, apart from reading and writing, in reads/s, beside the limits of the GPU:
 * build/bench_align [-g] [-t THREADS] [-s SECONDS] [-K BASES] INDEX.anl READS [MATES]
 * Reads of 20 to 400 bp; the first BASES bp of them, 20 million unless given, are aligned again and again. -g: on the GPU alone, where a CPU would
 * take minutes. */
#include "bench.h"

#include "align.h"
#include "align_tuning.h"
#include "candidates.h"
#include "devices.h"
#include "encoder.h"
#include "model.h"
#include "resident.h"
#include "tokens.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef struct worker {
    anl_scratch scratch;
    anl_sw_queue queue;
    anl_arena *results;
} worker;

static int threads;
static double seconds = 2;
static anl_batch batch;
static int8_t *vectors;  /* [batch.n][d] */
static char times[2048]; /* of the GPU, with $ANNEAL_GPU_TIMES=1 */

/* The CPU or the GPU with all that the stages need. */
typedef struct side {
    anl_align_options options;
    anl_index *index;
    anl_model *model;
    anl_encoder *encoder;
    anl_search *search;
    anl_gpu *gpu; /* NULL: the CPU */
    anl_context context;
    worker *workers;
    anl_aligner *aligner; /* the whole; opened when the rest is closed */
    anl_align_output out; /* its BAM */
    anl_pen **pens;
    anl_parcels parcels;
} side;

static void open_parts(side *s, const char *index)
{
    need(!anl_index_open(&s->index, index) && !anl_model_open(&s->model, NULL));
    need(!anl_encoder_new(&s->encoder, s->model) && !anl_search_new(&s->search, s->index, ANL_SEARCH_NATIVE));
    anl_search_competing_only(s->search);
    need(!anl_encoder_has_light(s->encoder) || !anl_search_group_lists(s->search, threads));
    need(!anl_gpu_open(&s->gpu, s->options.device));
    need(!s->gpu || (!anl_resident_load(s->index, s->gpu) && !anl_encoder_use(s->encoder, s->gpu) && !anl_search_use(s->search, s->gpu)));
    s->context = (anl_context){&s->options, s->index, s->encoder, s->search, anl_kernels_get(), s->gpu, 0};
    s->workers = anl_alloc((size_t)threads, sizeof *s->workers);
    need(s->workers != NULL);
    for (int i = 0; i < threads; ++i) {
        worker *w = &s->workers[i];
        need(!anl_scratch_init(&w->scratch, &s->context) && (w->results = anl_arena_new()) != NULL);
    }
}

static void close_parts(side *s)
{
    for (int i = 0; i < threads; ++i) {
        anl_scratch_free(&s->workers[i].scratch);
        anl_sw_queue_free(&s->workers[i].queue);
        anl_arena_free(s->workers[i].results);
    }
    free(s->workers);
    anl_search_free(s->search);
    anl_encoder_free(s->encoder);
    anl_model_free(s->model);
    anl_index_free(s->index);
    anl_gpu_free(s->gpu);
}

/* ---- stages of the reads [begin, begin + n) ---- */

static void embed(const side *s, worker *w, size_t begin, int n)
{
    const uint8_t **seqs = anl_arena_alloc(w->scratch.temporary, (size_t)n, sizeof *seqs);
    int32_t *lens = anl_arena_alloc(w->scratch.temporary, (size_t)n, sizeof *lens);
    need(seqs && lens);
    for (int i = 0; i < n; ++i) {
        seqs[i] = batch.reads[begin + (size_t)i].seq;
        lens[i] = batch.reads[begin + (size_t)i].len;
    }
    need(!anl_encoder_embed(s->encoder, w->scratch.encoder, seqs, lens, n, vectors + begin * (size_t)s->index->d));
}

static void search(const side *s, worker *w, size_t begin, int n)
{
    const int k = s->options.candidates;
    anl_hit *hits = anl_arena_alloc(w->scratch.temporary, (size_t)n * (size_t)k, sizeof *hits);
    int *counts = anl_arena_alloc(w->scratch.temporary, (size_t)n, sizeof *counts),
        *multipliers = anl_arena_alloc(w->scratch.temporary, (size_t)n, sizeof *multipliers);
    need(hits && counts && multipliers);
    need(!anl_search_sure(s->search, w->scratch.search, vectors + begin * (size_t)s->index->d, n, k, hits, counts, multipliers));
}

/* Both and the verification of what they find: votes of k-mers and Smith-Waterman. */
static void find(const side *s, worker *w, size_t begin, int n)
{
    anl_query *q = anl_arena_alloc(w->scratch.temporary, (size_t)n, sizeof *q);
    need(q != NULL);
    for (int i = 0; i < n; ++i) {
        const anl_read *r = &batch.reads[begin + (size_t)i];
        uint8_t *reverse = anl_arena_alloc(w->scratch.temporary, (size_t)r->len, 1);
        need(reverse != NULL);
        for (int32_t j = 0; j < r->len; ++j) reverse[j] = r->seq[r->len - 1 - j] > 3 ? 4 : 3 - r->seq[r->len - 1 - j];
        q[i] = (anl_query){.read = r, .strand = {r->seq, reverse}};
    }
    need(!anl_candidates_find(&s->context, &w->scratch, &anl_locate_short, &w->queue, q, n, w->results));
}

static void run_chunks(const side *s, void (*stage)(const side *, worker *, size_t, int))
{
    size_t size = ANL_CHUNK, share = batch.n / (size_t)threads;
    if (s->gpu && share > size) size = share < ANL_CHUNK_ON_GPU ? share : ANL_CHUNK_ON_GPU;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t begin = 0; begin < batch.n; begin += size) {
        worker *w = &s->workers[omp_get_thread_num()];
        anl_arena_reset(w->scratch.temporary);
        anl_arena_reset(w->results);
        stage(s, w, begin, (int)(batch.n - begin < size ? batch.n - begin : size));
    }
}

/* Everything between reading and writing: also pairing, traceback and records of BAM. */
static void align(side *s)
{
    anl_summary summary = {0};
    need(!anl_aligner_pack(s->aligner, &batch, &s->parcels, &summary));
}

static void open_whole(side *s, const char *index)
{
    const anl_alignments_options o = {.path = "/dev/null", .format = ANL_BAM, .threads = threads};
    need(!anl_aligner_open(&s->aligner, index, NULL, &s->options));
    const anl_index *x = anl_aligner_index(s->aligner);
    need(!anl_alignments_open(&s->out.alignments, &o, x->contigs, x->n_contigs));
    const int n = anl_aligner_workers(s->aligner);
    s->pens = anl_alloc((size_t)n, sizeof(anl_pen *));
    need(s->pens != NULL);
    for (int i = 0; i < n; ++i) need(!anl_pen_new(&s->pens[i], s->out.alignments));
    s->parcels = (anl_parcels){.out = &s->out, .pens = s->pens};
}

static void close_whole(side *s)
{
    const int n = anl_aligner_workers(s->aligner);
    anl_parcels_free(&s->parcels);
    for (int i = 0; i < n; ++i) anl_pen_free(s->pens[i]);
    free(s->pens);
    anl_aligner_free(s->aligner);
}

/* ---- rates ---- */

/* reads/s, of whole passes over the batch after one to warm up; without a stage all of them. */
static double rate(side *s, void (*stage)(const side *, worker *, size_t, int))
{
    double begin = 0, end = 0;
    int passes = -1;
    do {
        if (stage)
            run_chunks(s, stage);
        else
            align(s);
        if (++passes == 0) begin = now();
        end = now();
    } while (!passes || end - begin < seconds);
    return (double)batch.n * passes / (end - begin);
}

static double write_rate(side *s)
{
    const double begin = now();
    need(!anl_parcels_write(&s->parcels));
    need(!anl_alignments_close(s->out.alignments));
    return (double)batch.n / (now() - begin);
}

enum { EMBED, SEARCH, FIND, ALIGN, STAGES };

/* int8 operations of a read's embedding and of its search. */
static void count_work(const side *s, double work[2])
{
    const double d = s->model->dim, nprobe = anl_search_nprobe(s->index, 1),
                 scanned = (double)s->index->n_entries / s->index->nlist * nprobe;
    work[EMBED] = 0;
    for (size_t i = 0; i < batch.n; ++i) {
        const double t = ANL_TOKEN_COUNT(batch.reads[i].len);
        work[EMBED] += 2 * (s->model->layers * (t * 8 * d * d + 2 * t * t * d) + d * d) / (double)batch.n;
    }
    work[SEARCH] = 2 * d * (s->index->nlist + scanned);
}

static void measure(int device, const char *index, double rates[STAGES], double work[2], double *writing)
{
    side s = {.options = anl_align_options_default()};
    s.options.threads = threads;
    s.options.device = device;
    anl_align_options_resolve(&s.options);
    open_parts(&s, index);
    vectors = anl_alloc(batch.n, (size_t)s.index->d);
    need(vectors != NULL);
    rates[EMBED] = rate(&s, embed);
    rates[SEARCH] = rate(&s, search);
    rates[FIND] = rate(&s, find);
    count_work(&s, work);
    free(vectors);
    close_parts(&s);
    open_whole(&s, index);
    rates[ALIGN] = rate(&s, NULL);
    *writing = write_rate(&s);
    anl_aligner_times(s.aligner, times, sizeof times);
    close_whole(&s);
}

static void print(const double *cpu /* NULL: not measured */, const double gpu[STAGES], const double work[2], const anl_device *device)
{
    static const char *const names[] = {"embedding", "search", "embedding, search, verification", "all but reading and writing"};
    const double of[] = {work[EMBED], work[SEARCH], work[EMBED] + work[SEARCH], work[EMBED] + work[SEARCH]};
    for (int i = 0; i < STAGES; ++i) {
        printf("%-34s", names[i]);
        if (device)
            printf(" %12.4g", gpu[i]);
        else
            printf(" %12s", "no GPU");
        if (cpu)
            printf(" %12.4g", cpu[i]);
        else
            printf(" %12s", "-");
        if (device && cpu) printf(" %8.1f", gpu[i] / cpu[i]);
        if (device && device->int8_rate > 0)
            printf("   %.2f%% of %.3g int8 op/s", 100 * gpu[i] * of[i] / device->int8_rate, device->int8_rate);
        putchar('\n');
    }
}

int main(int argc, char **argv)
{
    anl_reads *reads = NULL;
    anl_device device;
    const char *why;
    double cpu[STAGES], gpu[STAGES], work[2], writing, bases = 20e6;
    int on_cpu = 1;
    threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
    for (int c; (c = getopt(argc, argv, "gt:s:K:")) != -1;) {
        if (c == '?') return 2;
        if (c == 'g')
            on_cpu = 0;
        else if (c == 't')
            threads = atoi(optarg);
        else
            *(c == 's' ? &seconds : &bases) = atof(optarg);
    }
    if (threads < 1) threads = 1;
    if (argc - optind < 2 || argc - optind > 3) {
        fputs("usage: bench_align [-g] [-t THREADS] [-s SECONDS] [-K BASES] INDEX.anl READS [MATES]\n", stderr);
        return 2;
    }
    const anl_reads_options o = {.path = argv[optind + 1], .mates = argc - optind == 3 ? argv[optind + 2] : NULL, .ahead = 1};
    need(anl_kernels_get() && !anl_threads_start(threads) && !anl_batch_init(&batch) && !anl_reads_open(&reads, &o));
    double reading = now();
    need(!anl_reads_next(reads, (int64_t)bases, &batch));
    reading = (double)batch.n / (now() - reading);
    int usable = batch.n > 0;
    for (size_t i = 0; i < batch.n; ++i) usable &= batch.reads[i].len >= ANL_ENCODER_MIN_LEN && batch.reads[i].len <= ANL_ENCODER_MAX_LEN;
    if (!usable) anl_fail(ANL_EINVAL, "%s: takes reads of %d to %d bp", o.path, ANL_ENCODER_MIN_LEN, ANL_ENCODER_MAX_LEN);
    need(usable);
    const int has_gpu = anl_devices_find(&device, 1, &why) > 0 && device.major >= ANL_GPU_LEAST_MAJOR;
    printf("GPU: %s, CPU: %s, %d threads, %zu reads; reads/s\n%-34s %12s %12s %8s   share of the GPU's limit\n",
           has_gpu ? device.name
           : why   ? why
                   : "too old",
           anl_kernels_get()->name, threads, batch.n, "", "GPU", "CPU", "ratio");
    if (!has_gpu) on_cpu = 1;
    if (on_cpu) measure(ANL_DEVICE_CPU, argv[optind], cpu, work, &writing);
    if (has_gpu) measure(ANL_DEVICE_GPU, argv[optind], gpu, work, &writing);
    print(on_cpu ? cpu : NULL, gpu, work, has_gpu ? &device : NULL);
    fputs(times, stdout);
    printf("%-34s %12s %12.4g\n%-34s %12s %12.4g\n", "reading, a thread a file", "", reading, "writing BAM to /dev/null", "", writing);
    anl_reads_free(reads);
    anl_batch_free(&batch);
    return 0;
}
