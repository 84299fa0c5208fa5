/* The whole story, top to bottom: read a batch, embed, search, verify, decide, finish, write. */
#include "align.h"

#include "align_tuning.h"
#include "alts.h"
#include "base_code.h"
#include "candidates.h"
#include "diverged.h"
#include "encoder_check.h"
#include "find.h"
#include "long_read.h"
#include "model.h"
#include "pair.h"
#include "parts.h"
#include "readthrough.h"
#include "search_check.h"
#include "split.h"
#include "sw_check.h"
#include "trace.h"

#include <omp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    BUFFERS = 2,        /* batches whose results are kept: one is written while the next is aligned */
    WORKERS_ON_GPU = 2, /* a thread: one decides while the other waits for the GPU */
};

/* What a thread has of its own. */
typedef struct worker {
    anl_scratch scratch;
    anl_sw_queue queue;
    anl_pair_scratch pairs;
    anl_arena *results[BUFFERS]; /* reset when the batch is written */
    anl_arena *candidates;       /* of the batch that is aligned */
} worker;

struct anl_aligner {
    anl_align_options options;
    anl_index *index;
    anl_model *model;
    anl_encoder *encoder;
    anl_search *search;
    anl_gpu *gpu;      /* NULL: the CPU does everything */
    char refused[512]; /* why no GPU does, where one was looked for and found; else "" */
    anl_context context;
    worker *workers;
    int n_workers;
    anl_insert_model insert;    /* of the last batches that had enough pairs */
    int started;                /* 1: the first batch, or the first part of it, is through */
    anl_arena *arenas[BUFFERS]; /* per batch: queries, chunks */
    int buffer;                 /* of this batch */
    anl_progress *progress;     /* NULL: nobody is told */
    void *progress_data;
    int64_t work_done, expected; /* reads times WORK; reads of the whole input, about */
};

/* Reads [begin, end) of a batch and what became of them. */
typedef struct chunk {
    size_t begin, end;
    anl_find_counts found;
    anl_records *records;
} chunk;

typedef struct work {
    anl_aligner *aligner;
    const anl_batch *batch;
    anl_query *queries;
    chunk *chunks;
    anl_records *records;
    size_t n_chunks;
    size_t n_first; /* reads of the first part of a run's first batch, whose pairs tell the insert sizes to the rest; else 0 */
} work;

static int worker_init(worker *w, const anl_context *context)
{
    int rc = anl_scratch_init(&w->scratch, context);
    for (int i = 0; i < BUFFERS && !rc; ++i)
        if (!(w->results[i] = anl_arena_new())) rc = ANL_ENOMEM;
    if (!rc && !(w->candidates = anl_arena_new())) rc = ANL_ENOMEM;
    return rc;
}

static void worker_free(worker *w)
{
    anl_scratch_free(&w->scratch);
    anl_sw_queue_free(&w->queue);
    free(w->pairs.spots);
    for (int i = 0; i < BUFFERS; ++i) anl_arena_free(w->results[i]);
    anl_arena_free(w->candidates);
}

static int check_gpu(const anl_aligner *a)
{
    const anl_scratch *s = &a->workers[0].scratch;
    int rc = anl_encoder_check_gpu(a->encoder, s->encoder, a->model);
    if (!rc) rc = anl_search_check_gpu(a->search, s->search, a->index);
    return rc ? rc : anl_sw_check_gpu(s->sw, &a->options.align.score);
}

static void free_workers(anl_aligner *a)
{
    for (int i = 0; i < a->n_workers; ++i) worker_free(&a->workers[i]);
    free(a->workers);
    a->workers = NULL;
    a->n_workers = 0;
}

static int make_workers(anl_aligner *a)
{
    int rc = ANL_OK;
    if (a->gpu) a->options.threads *= WORKERS_ON_GPU;
    a->context = (anl_context){&a->options, a->index, a->encoder, a->search, anl_kernels_get(), a->gpu};
    if (!(a->workers = anl_alloc((size_t)a->options.threads, sizeof *a->workers))) rc = ANL_ENOMEM;
    for (; !rc && a->n_workers < a->options.threads; ++a->n_workers) rc = worker_init(&a->workers[a->n_workers], &a->context);
    return rc;
}

/* Workers on a GPU with model and index on it. No GPU, and 0, where none is wanted or one is only looked for. */
static int use_gpu(anl_aligner *a)
{
    int rc = anl_gpu_open(&a->gpu, a->options.device);
    if (rc || !a->gpu) return rc;
    rc = anl_index_check(a->index); /* all of it is taken as it is */
    if (!rc) rc = anl_search_use(a->search, a->gpu);
    if (!rc) rc = anl_encoder_use(a->encoder, a->gpu);
    if (!rc) rc = make_workers(a);
    return rc ? rc : check_gpu(a);
}

static int make_search(anl_aligner *a)
{
    const int rc = anl_search_new(&a->search, a->index, a->options.search);
    if (!rc) anl_search_competing_only(a->search);
    return rc;
}

/* Back to the CPU. */
static int leave_gpu(anl_aligner *a)
{
    free_workers(a);
    anl_search_free(a->search);
    a->search = NULL;
    int rc = anl_encoder_use(a->encoder, NULL);
    anl_gpu_free(a->gpu);
    a->gpu = NULL;
    return rc ? rc : make_search(a);
}

/* A GPU or the CPU; the latter also where nobody asked for the GPU that is there and it cannot be opened, or has too little memory. */
static int choose_device(anl_aligner *a)
{
    const int threads = a->options.threads;
    int rc = use_gpu(a);
    if (a->options.device == ANL_DEVICE_AUTO && (rc == ANL_ENOMEM || (rc && !a->gpu))) {
        snprintf(a->refused, sizeof a->refused, "%s", anl_error());
        rc = leave_gpu(a);
        a->options.threads = threads;
    }
    return rc || a->gpu ? rc : make_workers(a);
}

/* bp of a batch: the more windows, the more reads are to meet in a list. */
static int64_t batch_wanted(const anl_index *x)
{
    const int64_t times = x->nlist / ANL_BATCH_LISTS;
    return (int64_t)ANL_BATCH * (times < 1 ? 1 : times > ANL_BATCH_MOST ? ANL_BATCH_MOST : times);
}

int anl_aligner_open(anl_aligner **out, const char *index_path, const char *model_path, const anl_align_options *options)
{
    anl_aligner *a = anl_alloc(1, sizeof *a);
    if (!a) return ANL_ENOMEM;
    a->options = *options;
    int rc = anl_options_check(&anl_align_option_table, options);
    if (!rc) anl_align_options_resolve(&a->options);
    if (!rc) rc = anl_options_check(&anl_align_option_table, &a->options); /* -A may take others beyond their limits */
    if (!rc) rc = anl_index_open(&a->index, index_path);
    if (!rc && !a->options.batch_bases) a->options.batch_bases = batch_wanted(a->index);
    if (!rc && options->ignore_alt) anl_index_forget_alts(a->index);
    if (!rc) rc = anl_model_open(&a->model, model_path);
    if (!rc && anl_model_hash(a->model) != a->index->model_hash)
        rc = anl_fail(ANL_EVERSION, "%s: made with model '%s', but %s is another one", index_path, a->index->model_name, a->model->path);
    if (!rc && a->model->dim != a->index->d)
        rc = anl_fail(ANL_EFORMAT, "%s: corrupt (vectors of %d elements, of its model %d)", index_path, a->index->d, a->model->dim);
    if (!rc) rc = anl_encoder_new(&a->encoder, a->model);
    if (!rc && options->search == ANL_SEARCH_FAISS) rc = anl_index_check(a->index); /* it takes the lists as they are, and all of them */
    if (!rc) rc = make_search(a);
    for (int i = 0; i < BUFFERS && !rc; ++i)
        if (!(a->arenas[i] = anl_arena_new())) rc = ANL_ENOMEM;
    if (!rc) rc = choose_device(a);
    anl_aligner_restart(a);
    if (!rc) anl_index_check_begin(a->index);
    if (rc) {
        anl_aligner_free(a);
        return rc;
    }
    *out = a;
    return ANL_OK;
}

void anl_aligner_restart(anl_aligner *a)
{
    a->insert = a->options.insert_given ? a->options.insert : (anl_insert_model){0};
    a->started = 0;
}

void anl_aligner_free(anl_aligner *a)
{
    if (!a) return;
    free_workers(a);
    for (int i = 0; i < BUFFERS; ++i) anl_arena_free(a->arenas[i]);
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

const anl_encoder *anl_aligner_encoder(const anl_aligner *a)
{
    return a->encoder;
}

int anl_aligner_check(anl_aligner *a)
{
    return anl_index_check(a->index);
}

const char *anl_aligner_gpu(const anl_aligner *a)
{
    return a->gpu ? anl_gpu_name(a->gpu) : NULL;
}

const char *anl_aligner_refused(const anl_aligner *a)
{
    return *a->refused ? a->refused : NULL;
}

void anl_aligner_times(const anl_aligner *a, char *text, size_t size)
{
    *text = 0;
    if (a->gpu) anl_gpu_times(a->gpu, text, size);
}

static int prepare_query(const anl_read *read, anl_arena *results, anl_query *q)
{
    uint8_t *reverse = anl_arena_alloc(results, (size_t)read->len, 1);
    if (!reverse) return ANL_ENOMEM;
    anl_reverse_complement(read->seq, read->len, reverse);
    *q = (anl_query){.read = read, .strand = {read->seq, reverse}};
    return ANL_OK;
}

/* A long read goes all the way at once; to its mate it is a place. */
static int align_long(const work *k, const anl_read *read, worker *w, anl_query *q)
{
    const anl_context *x = &k->aligner->context;
    anl_arena *results = w->results[k->aligner->buffer];
    *q = (anl_query){.read = read};
    int rc = anl_long_align(x, &w->scratch, read, results, &q->aligned);
    return rc || !read->mate ? rc : anl_pair_stand_in(x->index, q, results);
}

/* Embed, search, verify: every read of the chunk on its own. */
static int find_candidates(const work *k, chunk *c, worker *w)
{
    anl_query *q = k->queries + c->begin;
    anl_arena *results = w->results[k->aligner->buffer];
    int n = (int)(c->end - c->begin), rc = ANL_OK;
    anl_arena_reset(w->scratch.temporary);
    for (int i = 0; i < n && !rc; ++i) {
        const anl_read *read = &k->batch->reads[c->begin + (size_t)i];
        rc = anl_read_is_long(read) ? align_long(k, read, w, &q[i]) : prepare_query(read, results, &q[i]);
        if (!rc && !anl_read_is_long(read)) rc = anl_tail_cut(&q[i], results);
        if (!rc && read->mate == 2 && !anl_read_is_long(read) && !anl_read_is_long(q[i - 1].read))
            rc = anl_readthrough_cut(&q[i - 1], results);
    }
    const anl_context *x = &k->aligner->context;
    const int diverged = k->aligner->options.preset == ANL_PRESET_DIVERGED;
    if (!rc) rc = (diverged ? anl_find_diverged : anl_find)(x, &w->scratch, &k->aligner->insert, &w->queue, q, n, results, &c->found);
    return rc ? rc : anl_parts_find(x, &w->scratch, &w->queue, q, n, results, &c->found);
}

/* Mates are looked for beside each other under the insert-size model. */
static int rescue_mates(const work *k, anl_query *q, int n, worker *w)
{
    const anl_context *x = &k->aligner->context;
    int rc = ANL_OK;
    for (int i = 0; i < n && !rc; ++i)
        if (q[i].read->mate == 1) rc = anl_pair_rescue(x->options, &k->aligner->insert, x->index, q, i, &w->queue);
    return rc ? rc : anl_candidates_score(x, &w->scratch, &w->queue, q, n, w->candidates);
}

/* Where another alignment leads a mate, it may no longer lie where it makes a proper pair. */
static void judge_pair(const work *k, anl_query *q)
{
    if (!q[0].proper || !q[0].aligned.n || !q[1].aligned.n) return;
    q[0].proper = q[1].proper = (uint8_t)anl_pair_is_proper(&k->aligner->insert, &q[0].aligned.list[0], &q[1].aligned.list[0]);
}

/* Decides where reads lie, pairs together, and aligns them there base by base, then what that leaves of them elsewhere. */
static int align_chosen(const work *k, anl_query *q, int n, worker *w)
{
    const anl_context *x = &k->aligner->context;
    anl_scratch *s = &w->scratch;
    anl_arena *results = w->results[k->aligner->buffer];
    int rc = ANL_OK;
    for (int i = 0; i < n && !rc; ++i) rc = anl_trace_candidates(x, s, &q[i], ANL_MAPQ_MIN_SECOND * x->options->align.score.match, 0);
    for (int i = 0; i < n && !rc; ++i) {
        anl_choice chosen[2];
        int paired = q[i].read->mate == 1, proper;
        if (paired)
            rc = anl_pair_choose(x->options, &k->aligner->insert, &q[i], &w->pairs, chosen, &proper);
        else
            chosen[0] = anl_choose_single(x->options, &q[i], x->options->min_score);
        if (paired) q[i].proper = q[i + 1].proper = (uint8_t)proper;
        for (int m = 0; m <= paired && !rc; ++m)
            if (!anl_read_is_long(q[i + m].read)) rc = anl_trace_chosen(x, s, &q[i + m], &chosen[m], results);
        i += paired;
    }
    if (!rc) rc = anl_split(x, s, &w->queue, q, n, results);
    for (int i = 0; i < n && !rc && x->index->n_alts; ++i) rc = anl_alts_report(&q[i], results);
    for (int i = 0; i < n && !rc && x->index->n_alts; ++i)
        if (q[i].read->mate == 1) judge_pair(k, &q[i]);
    return rc;
}

/* -5: the alignment that begins first in a read leads. */
static void lead_leftmost(const work *k, anl_query *q, int n)
{
    for (int i = 0; i < n; ++i) {
        const int paired = q[i].read->mate == 1;
        int changed = anl_read_alignments_lead_leftmost(&q[i].aligned);
        if (!paired) continue;
        changed |= anl_read_alignments_lead_leftmost(&q[i + 1].aligned);
        if (changed) judge_pair(k, &q[i]);
        ++i;
    }
}

/* Makes the records. */
static int finish(const work *k, size_t first, int n, worker *w, anl_records *out)
{
    const anl_query *q = k->queries + first;
    const anl_finisher f = {&k->aligner->options, k->aligner->index->contigs, w->results[k->aligner->buffer]};
    int rc = ANL_OK;
    for (int i = 0; i < n && !rc; ++i) {
        const anl_read *read = &k->batch->reads[first + (size_t)i]; /* as it came, not as it was cut to its insert */
        if (read->mate == 1) {
            const anl_read *reads[2] = {read, read + 1};
            const anl_read_alignments aligned[2] = {q[i].aligned, q[i + 1].aligned};
            rc = anl_finish_pair(&f, reads, aligned, q[i].proper, out);
            ++i;
        } else
            rc = anl_finish_single(&f, read, &q[i].aligned, out);
    }
    return rc;
}

/* Decide and finish: pairs see each other under the insert-size model. */
static int report(const work *k, chunk *c, worker *w)
{
    anl_query *q = k->queries + c->begin;
    int n = (int)(c->end - c->begin);
    anl_arena_reset(w->scratch.temporary);
    int rc = rescue_mates(k, q, n, w);
    if (!rc) rc = align_chosen(k, q, n, w);
    if (!rc && k->aligner->options.leftmost_primary) lead_leftmost(k, q, n);
    return rc ? rc : finish(k, c->begin, n, w, c->records);
}

/* How much of the work on a read a stage is, about. */
enum { WORK_FIND = 3, WORK_REPORT = 1, WORK = WORK_FIND + WORK_REPORT };

static void tell(anl_aligner *a, const chunk *c, int share)
{
#pragma omp critical(anl_align_progress)
    {
        a->work_done += (int64_t)(c->end - c->begin) * share;
        a->progress(a->progress_data, a->work_done / WORK, a->expected);
    }
}

/* Runs one stage over chunks [first, last); the error of the first chunk that fails is the one reported. */
static int run_stage(const work *k, size_t first, size_t last, int (*stage)(const work *, chunk *, worker *))
{
    anl_failure failure = {0};
#pragma omp parallel for schedule(dynamic, 1) num_threads(k->aligner->options.threads)
    for (size_t i = first; i < last; ++i) {
        int rc = stage(k, &k->chunks[i], &k->aligner->workers[omp_get_thread_num()]);
        if (rc) anl_failure_keep(&failure, rc, (long)i);
        if (k->aligner->progress) tell(k->aligner, &k->chunks[i], stage == find_candidates ? WORK_FIND : WORK_REPORT);
    }
    return anl_failure_raise(&failure);
}

/* The insert-size model of the first `n_reads` of this batch; an orientation without enough pairs keeps its last estimate. */
static int estimate_inserts(const work *k, size_t n_reads)
{
    anl_aligner *a = k->aligner;
    if (a->options.insert_given) return ANL_OK;
    int32_t *sizes[ANL_N_ORIENTATIONS];
    size_t n[ANL_N_ORIENTATIONS] = {0};
    for (int o = 0; o < ANL_N_ORIENTATIONS; ++o)
        if (!(sizes[o] = anl_arena_alloc(a->arenas[a->buffer], n_reads / 2 + 1, sizeof *sizes[o]))) return ANL_ENOMEM;
    for (size_t i = 0; i < n_reads; ++i) {
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

/* Reads that a thread takes through a stage together, if there are enough of them. */
static size_t chunk_wanted(const anl_aligner *a)
{
    const size_t by_lists = (size_t)a->index->nlist * ANL_CHUNK_PER_LIST, least = a->gpu ? ANL_CHUNK_ON_GPU : ANL_CHUNK;
    if (a->options.preset == ANL_PRESET_DIVERGED || a->options.exhaustive) return least; /* a read may take 300 KB */
    return by_lists < least ? least : by_lists > ANL_CHUNK_MOST ? ANL_CHUNK_MOST : by_lists;
}

/* Reads, and bp, that one thread takes through a stage together; a GPU wants more, but every thread its share. */
static size_t chunk_end(const work *k, size_t begin)
{
    const anl_batch *b = k->batch;
    const size_t threads = (size_t)k->aligner->options.threads, share = b->n / threads, wanted = chunk_wanted(k->aligner);
    size_t most = threads > 1 && !k->aligner->gpu ? share / 2 : share;
    if (most > wanted) most = wanted;
    if (most < ANL_CHUNK_LEAST) most = ANL_CHUNK_LEAST;
    int64_t bases = 0;
    size_t end = begin;
    if (begin < k->n_first && begin + most > k->n_first) most = k->n_first - begin;
    while (end < b->n && end - begin < most && bases < (int64_t)most * ANL_CHUNK_READ) bases += b->reads[end++].len;
    return end < b->n && b->reads[end].mate == 2 ? end + 1 : end;
}

/* Chunks never split a pair, and nothing depends on where they end. */
static int cut_chunks(work *k)
{
    anl_arena *arena = k->aligner->arenas[k->aligner->buffer];
    size_t n = k->batch->n, most = 0, made = 0;
    for (size_t begin = 0; begin < n; begin = chunk_end(k, begin)) ++most;
    k->chunks = anl_arena_alloc(arena, most, sizeof *k->chunks);
    k->records = anl_arena_alloc(arena, most, sizeof *k->records);
    k->queries = anl_arena_alloc(arena, n, sizeof *k->queries);
    if (!k->chunks || !k->records || !k->queries) return ANL_ENOMEM;
    for (size_t begin = 0, end; begin < n; begin = end) {
        end = chunk_end(k, begin);
        k->records[made] = (anl_records){0};
        k->chunks[made] = (chunk){.begin = begin, .end = end, .records = &k->records[made]};
        ++made;
    }
    k->n_chunks = made;
    return ANL_OK;
}

static int has_inserts(const anl_insert_model *m)
{
    int usable = 0;
    for (int o = 0; o < ANL_N_ORIENTATIONS; ++o) usable |= m->of[o].usable;
    return usable;
}

/* Mates are looked for beside each other where earlier batches say that they lie. In the first batch its first pairs say so, which then are
 * looked for once more: what is found must not depend on whether a read comes early. */
static int find_all(work *k)
{
    anl_aligner *a = k->aligner;
    size_t first = 0;
    while (first < k->n_chunks && k->chunks[first].begin < k->n_first) ++first;
    int rc = run_stage(k, 0, first, find_candidates);
    if (!rc && first) rc = estimate_inserts(k, k->chunks[first - 1].end);
    a->started = 1;
    if (first && has_inserts(&a->insert)) {
        a->work_done -= (int64_t)k->chunks[first - 1].end * WORK_FIND;
        while (first) k->chunks[--first].found = (anl_find_counts){0};
    }
    return rc ? rc : run_stage(k, first, k->n_chunks, find_candidates);
}

void anl_summary_add(anl_summary *all, const anl_summary *part)
{
    anl_find_counts *to = &all->found;
    const anl_find_counts *found = &part->found;
    anl_counts *counts = &all->counts;
    const anl_counts *c = &part->counts;
    counts->reads += c->reads;
    counts->mapped += c->mapped;
    counts->pairs += c->pairs;
    counts->proper += c->proper;
    counts->short_reads += c->short_reads;
    counts->short_mapped += c->short_mapped;
    counts->short_bases += c->short_bases;
    counts->short_differ += c->short_differ;
    to->segments += found->segments;
    to->entries += found->entries;
    for (int w = 0; w < ANL_WAVES; ++w) to->proven[w] += found->proven[w];
    to->proven_beside_mate += found->proven_beside_mate;
    to->proven_together += found->proven_together;
    to->settled_by_mate += found->settled_by_mate;
}

int anl_aligner_batch(anl_aligner *a, const anl_batch *batch, const anl_records **chunks, size_t *n_chunks, anl_summary *summary)
{
    work k = {.aligner = a, .batch = batch, .n_first = a->started || a->options.insert_given ? 0 : 2 * ANL_FIRST_PAIRS};
    a->buffer = (a->buffer + 1) % BUFFERS;
    anl_arena_reset(a->arenas[a->buffer]);
    for (int i = 0; i < a->n_workers; ++i) {
        anl_arena_reset(a->workers[i].results[a->buffer]);
        anl_arena_reset(a->workers[i].candidates);
    }
    int rc = cut_chunks(&k);
    if (!rc) rc = find_all(&k);
    if (!rc) rc = estimate_inserts(&k, batch->n);
    if (!rc) rc = run_stage(&k, 0, k.n_chunks, report);
    if (!rc) rc = anl_index_unchanged(a->index);
    if (rc) return rc;
    for (size_t i = 0; i < k.n_chunks; ++i) {
        const anl_summary part = {.counts = k.records[i].counts, .found = k.chunks[i].found};
        anl_summary_add(summary, &part);
    }
    summary->insert = a->insert.of[ANL_FR];
    *chunks = k.records;
    *n_chunks = k.n_chunks;
    return ANL_OK;
}

static int write_chunks(const anl_align_output *out, const anl_records *chunks, size_t n)
{
    for (size_t i = 0; i < n; ++i) {
        int rc = out->unplaced ? anl_unplaced_write(out->unplaced, chunks[i].records, chunks[i].n) : ANL_OK;
        if (rc) return rc;
        if (out->histograms) anl_histograms_add(out->histograms, chunks[i].records, chunks[i].n);
        anl_record *r = chunks[i].records;
        size_t kept = chunks[i].n;
        if (out->hits_only) {
            kept = 0;
            for (size_t j = 0; j < chunks[i].n; ++j)
                if (!(r[j].flag & 4)) r[kept++] = r[j];
        }
        if ((rc = anl_alignments_write(out->alignments, r, kept))) return rc;
    }
    return ANL_OK;
}

/* Reading the next batch or writing the last one, in the background of the alignment of the current one where there are threads. */
typedef struct task {
    int (*run)(struct task *);
    pthread_t thread;
    int in_background, running;
    anl_failure failure;
    anl_reads *in; /* of reading: */
    int64_t bases;
    const anl_align_output *out; /* of writing: */
    const anl_records *chunks;
    size_t n_chunks;
    anl_batch *batch; /* read into, or what the records were made of */
} task;

static int read_batch(task *t)
{
    return anl_reads_next(t->in, t->bases, t->batch);
}

static int write_batch(task *t)
{
    return write_chunks(t->out, t->chunks, t->n_chunks);
}

static void *task_run(void *data)
{
    task *t = data;
    int rc = t->run(t);
    if (rc) anl_failure_keep(&t->failure, rc, 0);
    return NULL;
}

static void task_start(task *t)
{
    t->running = t->in_background && pthread_create(&t->thread, NULL, task_run, t) == 0;
    if (!t->running) task_run(t);
}

/* Waits for it, if it was started. Returns `rc`, an error before it, with its message; without one its own, if it failed. */
static int task_end(task *t, int rc)
{
    if (t->running) pthread_join(t->thread, NULL);
    t->running = 0;
    return rc ? rc : anl_failure_raise(&t->failure);
}

int anl_align(anl_aligner *a, anl_reads *in, const anl_align_output *out, anl_summary *summary, anl_progress *progress, void *data)
{
    anl_batch batches[3] = {0}, *current = &batches[0];
    const int in_background = a->options.threads > 1;
    task reader = {.run = read_batch, .in_background = in_background, .in = in, .bases = a->options.batch_bases, .batch = &batches[1]};
    task writer = {.run = write_batch, .in_background = in_background, .out = out, .batch = &batches[2]};
    int64_t seen = 0;
    int rc = ANL_OK;
    a->progress = progress;
    a->progress_data = data;
    a->work_done = 0;
    for (int i = 0; i < 3 && !rc; ++i) rc = anl_batch_init(&batches[i]);
    if (!rc) rc = anl_reads_next(in, reader.bases, current);
    while (!rc && current->n) {
        const double share = anl_reads_share(in);
        seen += (int64_t)current->n;
        a->expected = share > 0 ? (int64_t)((double)seen / share) : 0;
        const anl_records *chunks;
        size_t n_chunks;
        task_start(&reader);
        rc = anl_aligner_batch(a, current, &chunks, &n_chunks, summary);
        rc = task_end(&writer, rc);
        rc = task_end(&reader, rc);
        if (rc) break;
        anl_batch *spare = writer.batch;
        writer.batch = current;
        writer.chunks = chunks;
        writer.n_chunks = n_chunks;
        current = reader.batch;
        reader.batch = spare;
        task_start(&writer);
    }
    rc = task_end(&writer, rc);
    if (!rc) rc = anl_aligner_check(a);
    for (int i = 0; i < 3; ++i) anl_batch_free(&batches[i]);
    return rc;
}
