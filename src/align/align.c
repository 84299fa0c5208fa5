/* The whole story, top to bottom: read a batch, embed, search, verify, decide, finish, write. */
#include "align.h"

#include "candidates.h"
#include "encoder_check.h"
#include "long_read.h"
#include "model.h"
#include "pair.h"
#include "place.h"
#include "search_check.h"
#include "split.h"
#include "sw_check.h"

#include <omp.h>
#include <pthread.h>
#include <stdlib.h>

/* Reads, and bp, that one thread takes through a stage together; a GPU wants more, but every thread its share. */
enum { CHUNK = 512, GPU_CHUNK = 4096, READ_BASES = 512 /* bp that a read of a full chunk has room for */ };

struct anl_aligner {
    anl_align_options options;
    anl_index *index;
    anl_model *model;
    anl_encoder *encoder;
    anl_search *search;
    anl_gpu *gpu; /* NULL: the CPU does everything */
    anl_context context;
    anl_worker *workers;
    int n_workers;
    anl_insert_model insert; /* of the last batches that had enough pairs */
    anl_arena *arenas[ANL_LAPS]; /* per batch: queries, chunks */
    anl_arena *arena;        /* that of this batch */
    int lap;
};

/* Reads [begin, end) of a batch and what became of them. */
typedef struct chunk {
    size_t begin, end;
    anl_counts counts;
} chunk;

typedef struct work {
    anl_aligner *aligner;
    const anl_batch *batch;
    anl_query *queries;
    chunk *chunks;
    anl_records *records;
    size_t n_chunks;
} work;

static int check_gpu(const anl_aligner *a)
{
    int rc = anl_encoder_check_gpu(a->encoder, a->model);
    if (!rc) rc = anl_search_check_gpu(a->search, a->index);
    return rc ? rc : anl_sw_check_gpu(a->workers[0].sw, &a->options.align.score);
}

int anl_aligner_open(anl_aligner **out, const char *index_path, const char *model_path, const anl_align_options *options)
{
    anl_aligner *a = anl_alloc(1, sizeof *a);
    if (!a) return ANL_ENOMEM;
    a->options = *options;
    anl_align_options_resolve(&a->options);
    int rc = anl_align_options_check(options);
    if (!rc) rc = anl_index_open(&a->index, index_path);
    if (!rc) rc = anl_model_open(&a->model, model_path);
    if (!rc && anl_model_hash(a->model) != a->index->model_hash)
        rc = anl_fail(ANL_EVERSION, "%s: made with model '%s', but %s is another one", index_path, a->index->model_name, a->model->path);
    if (!rc && a->model->dim != a->index->d) rc = anl_fail(ANL_EFORMAT, "%s: corrupt (vectors of %d elements, of its model %d)", index_path, a->index->d, a->model->dim);
    if (!rc) rc = anl_encoder_new(&a->encoder, a->model);
    if (!rc) rc = anl_search_new(&a->search, a->index, options->search);
    if (!rc) anl_search_rivals_only(a->search);
    if (!rc) rc = anl_gpu_open(&a->gpu, options->device);
    if (!rc && a->gpu) rc = anl_encoder_use(a->encoder, a->gpu);
    if (!rc && a->gpu) rc = anl_search_use(a->search, a->gpu);
    if (a->gpu && a->options.threads < 2) a->options.threads = 2; /* one packs and votes while the other waits */
    for (int i = 0; i < ANL_LAPS && !rc; ++i)
        if (!(a->arenas[i] = anl_arena_new())) rc = ANL_ENOMEM;
    a->context = (anl_context){&a->options, a->index, a->encoder, a->search, anl_kernels_get(), a->gpu};
    if (!rc && !(a->workers = anl_alloc((size_t)a->options.threads, sizeof *a->workers))) rc = ANL_ENOMEM;
    for (; !rc && a->n_workers < a->options.threads; ++a->n_workers) rc = anl_worker_init(&a->workers[a->n_workers], &a->context);
    if (!rc && a->gpu) rc = check_gpu(a);
    if (options->insert_given) a->insert = options->insert;
    if (rc) {
        anl_aligner_free(a);
        return rc;
    }
    *out = a;
    return ANL_OK;
}

void anl_aligner_free(anl_aligner *a)
{
    if (!a) return;
    for (int i = 0; i < a->n_workers; ++i) anl_worker_free(&a->workers[i]);
    free(a->workers);
    for (int i = 0; i < ANL_LAPS; ++i) anl_arena_free(a->arenas[i]);
    anl_search_free(a->search);
    anl_encoder_free(a->encoder);
    anl_model_free(a->model);
    anl_index_free(a->index);
    anl_gpu_free(a->gpu);
    free(a);
}

const anl_index *anl_aligner_index(const anl_aligner *a)
{
    return a->index;
}

const char *anl_aligner_gpu(const anl_aligner *a)
{
    return a->gpu ? anl_gpu_name(a->gpu) : NULL;
}

static int prepare_query(anl_worker *w, const anl_read *read, anl_query *q)
{
    uint8_t *reverse = anl_arena_alloc(w->arena, (size_t)read->len, 1);
    if (!reverse) return ANL_ENOMEM;
    for (int32_t i = 0; i < read->len; ++i) {
        uint8_t base = read->seq[read->len - 1 - i];
        reverse[i] = base > 3 ? base : 3 - base;
    }
    *q = (anl_query){.read = read, .strand = {read->seq, reverse}};
    return ANL_OK;
}

/* Embed, search, verify: every read of the chunk on its own; long ones come later, whole. */
static int find_places(const work *k, chunk *c, anl_worker *w)
{
    anl_query *q = k->queries + c->begin;
    int n = (int)(c->end - c->begin), rc = ANL_OK;
    anl_arena_reset(w->temporary);
    for (int i = 0; i < n && !rc; ++i) {
        const anl_read *read = &k->batch->reads[c->begin + (size_t)i];
        if (anl_read_is_long(read)) q[i] = (anl_query){.read = read};
        else rc = prepare_query(w, read, &q[i]);
    }
    return rc ? rc : anl_candidates_find(w, q, n, w->context->options->candidates);
}

/* Decide and finish: pairs see each other under the insert-size model. */
static int report(const work *k, chunk *c, anl_worker *w)
{
    const anl_align_options *o = w->context->options;
    const anl_insert_model *m = &k->aligner->insert;
    anl_query *q = k->queries + c->begin;
    anl_records *out = &k->records[c - k->chunks];
    int n = (int)(c->end - c->begin), rc = ANL_OK;
    anl_arena_reset(w->temporary);
    for (int i = 0; i < n && !rc; ++i)
        if (q[i].read->mate == 1) rc = anl_pair_rescue(w, m, q, i);
    if (!rc) rc = anl_candidates_score(w, q, n);
    for (int i = 0; i < n && !rc; ++i) rc = anl_place_parts(w, &q[i]);
    for (int i = 0; i < n && !rc; ++i) {
        anl_choice chosen[2];
        int paired = q[i].read->mate == 1;
        if (anl_read_is_long(q[i].read)) {
            rc = anl_long_align(w, q[i].read, &q[i].placed);
            continue;
        }
        if (paired) q[i].proper = (uint8_t)anl_pair_choose(o, m, &q[i], chosen);
        else chosen[0] = anl_choose_single(o, &q[i], o->min_score);
        rc = anl_place_chosen(w, &q[i], &chosen[0]);
        if (!rc && paired) rc = anl_place_chosen(w, &q[++i], &chosen[1]);
    }
    if (!rc) rc = anl_split(w, q, n);
    for (int i = 0; i < n && !rc; ++i) {
        if (q[i].read->mate == 1) {
            const anl_read *reads[2] = {q[i].read, q[i + 1].read};
            const anl_placements placed[2] = {q[i].placed, q[i + 1].placed};
            rc = anl_finish_pair(w, reads, placed, q[i].proper, out, &c->counts);
            ++i;
        } else rc = anl_finish_placements(w, q[i].read, &q[i].placed, out, &c->counts);
    }
    return rc;
}

/* Runs one stage over all chunks; the error of the first chunk that fails is the one reported. */
static int run_stage(const work *k, int (*stage)(const work *, chunk *, anl_worker *))
{
    anl_failure failure = {0};
#pragma omp parallel for schedule(dynamic, 1) num_threads(k->aligner->options.threads)
    for (size_t i = 0; i < k->n_chunks; ++i) {
        int rc = stage(k, &k->chunks[i], &k->aligner->workers[omp_get_thread_num()]);
        if (rc) anl_failure_keep(&failure, rc, (long)i);
    }
    return anl_failure_raise(&failure);
}

/* The insert-size model of this batch; an orientation without enough pairs keeps its last estimate. */
static int estimate_inserts(const work *k)
{
    anl_aligner *a = k->aligner;
    if (a->options.insert_given) return ANL_OK;
    int32_t *sizes[ANL_N_ORIENTATIONS];
    size_t n[ANL_N_ORIENTATIONS] = {0};
    for (int o = 0; o < ANL_N_ORIENTATIONS; ++o)
        if (!(sizes[o] = anl_arena_alloc(a->arena, k->batch->n / 2 + 1, sizeof *sizes[o]))) return ANL_ENOMEM;
    for (size_t i = 0; i < k->batch->n; ++i) {
        anl_orientation o;
        int32_t size;
        if (k->batch->reads[i].mate == 1 && anl_pair_evidence(&a->options, &k->queries[i], &o, &size)) sizes[o][n[o]++] = size;
    }
    anl_insert_model now;
    anl_insert_estimate(&now, sizes, n);
    for (int o = 0; o < ANL_N_ORIENTATIONS; ++o)
        if (now.of[o].usable) a->insert.of[o] = now.of[o];
    return ANL_OK;
}

static size_t chunk_end(const work *k, size_t begin)
{
    const anl_batch *b = k->batch;
    size_t most = CHUNK, share = b->n / (size_t)k->aligner->options.threads;
    if (k->aligner->gpu && share > most) most = share < GPU_CHUNK ? share : GPU_CHUNK;
    int64_t bases = 0;
    size_t end = begin;
    while (end < b->n && end - begin < most && bases < (int64_t)most * READ_BASES) bases += b->reads[end++].len;
    return end < b->n && b->reads[end].mate == 2 ? end + 1 : end;
}

/* Chunks never split a pair, and nothing depends on where they end. */
static int cut_chunks(work *k)
{
    size_t n = k->batch->n, most = 0, made = 0;
    for (size_t begin = 0; begin < n; begin = chunk_end(k, begin)) ++most;
    k->chunks = anl_arena_alloc(k->aligner->arena, most, sizeof *k->chunks);
    k->records = anl_arena_alloc(k->aligner->arena, most, sizeof *k->records);
    k->queries = anl_arena_alloc(k->aligner->arena, n, sizeof *k->queries);
    if (!k->chunks || !k->records || !k->queries) return ANL_ENOMEM;
    for (size_t begin = 0, end; begin < n; begin = end) {
        end = chunk_end(k, begin);
        k->records[made] = (anl_records){0};
        k->chunks[made++] = (chunk){.begin = begin, .end = end};
    }
    k->n_chunks = made;
    return ANL_OK;
}

int anl_aligner_batch(anl_aligner *a, const anl_batch *batch, const anl_records **chunks, size_t *n_chunks, anl_summary *summary)
{
    work k = {.aligner = a, .batch = batch};
    a->lap = (a->lap + 1) % ANL_LAPS;
    a->arena = a->arenas[a->lap];
    anl_arena_reset(a->arena);
    for (int i = 0; i < a->n_workers; ++i) {
        anl_worker *w = &a->workers[i];
        w->arena = w->arenas[a->lap];
        anl_arena_reset(w->arena);
    }
    int rc = cut_chunks(&k);
    if (!rc) rc = run_stage(&k, find_places);
    if (!rc) rc = estimate_inserts(&k);
    if (!rc) rc = run_stage(&k, report);
    if (!rc) rc = anl_index_unchanged(a->index);
    if (rc) return rc;
    for (size_t i = 0; i < k.n_chunks; ++i) {
        summary->counts.reads += k.chunks[i].counts.reads;
        summary->counts.mapped += k.chunks[i].counts.mapped;
        summary->counts.pairs += k.chunks[i].counts.pairs;
        summary->counts.proper += k.chunks[i].counts.proper;
    }
    summary->insert = a->insert.of[ANL_FR];
    *chunks = k.records;
    *n_chunks = k.n_chunks;
    return ANL_OK;
}

static int write_chunks(anl_alignments *out, const anl_records *chunks, size_t n, int hits_only)
{
    for (size_t i = 0; i < n; ++i) {
        anl_record *r = chunks[i].records;
        size_t kept = chunks[i].n;
        if (hits_only) {
            kept = 0;
            for (size_t j = 0; j < chunks[i].n; ++j)
                if (!(r[j].flag & 4)) r[kept++] = r[j];
        }
        int rc = anl_alignments_write(out, r, kept);
        if (rc) return rc;
    }
    return ANL_OK;
}

/* Reading the next batch or writing the last one, beside the alignment of the current one where there are threads. */
typedef struct errand {
    int (*run)(struct errand *);
    pthread_t thread;
    int beside, running;
    anl_failure failure;
    anl_reads *in;           /* of reading: */
    int64_t bases;
    anl_alignments *out;     /* of writing: */
    const anl_records *chunks;
    size_t n_chunks;
    int hits_only;
    anl_batch *batch;        /* read into, or what the records were made of */
} errand;

static int read_batch(errand *e)
{
    return anl_reads_next(e->in, e->bases, e->batch);
}

static int write_batch(errand *e)
{
    return write_chunks(e->out, e->chunks, e->n_chunks, e->hits_only);
}

static void *run_errand(void *data)
{
    errand *e = data;
    int rc = e->run(e);
    if (rc) anl_failure_keep(&e->failure, rc, 0);
    return NULL;
}

static void start_errand(errand *e)
{
    e->running = e->beside && pthread_create(&e->thread, NULL, run_errand, e) == 0;
    if (!e->running) run_errand(e);
}

/* Waits for it, if it was started; returns its error, if it failed. */
static int end_errand(errand *e)
{
    if (e->running) pthread_join(e->thread, NULL);
    e->running = 0;
    return anl_failure_raise(&e->failure);
}

int anl_align(anl_aligner *a, anl_reads *in, anl_alignments *out, int hits_only, anl_summary *summary, anl_progress *progress,
              void *data)
{
    anl_batch batches[3] = {0}, *current = &batches[0];
    const int beside = a->options.threads > 1;
    errand reader = {.run = read_batch, .beside = beside, .in = in, .bases = a->options.batch_bases, .batch = &batches[1]};
    errand writer = {.run = write_batch, .beside = beside, .out = out, .hits_only = hits_only, .batch = &batches[2]};
    int rc = ANL_OK;
    for (int i = 0; i < 3 && !rc; ++i) rc = anl_batch_init(&batches[i]);
    if (!rc) rc = anl_reads_next(in, reader.bases, current);
    while (!rc && current->n) {
        const anl_records *chunks;
        size_t n_chunks;
        start_errand(&reader);
        rc = anl_aligner_batch(a, current, &chunks, &n_chunks, summary);
        const int written = end_errand(&writer), read = end_errand(&reader);
        if (!rc) rc = written ? written : read;
        if (rc) break;
        anl_batch *spare = writer.batch;
        writer.batch = current;
        writer.chunks = chunks;
        writer.n_chunks = n_chunks;
        current = reader.batch;
        reader.batch = spare;
        start_errand(&writer);
        if (progress) progress(data, summary);
    }
    const int written = end_errand(&writer);
    if (!rc) rc = written;
    for (int i = 0; i < 3; ++i) anl_batch_free(&batches[i]);
    return rc;
}
