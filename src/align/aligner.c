/* Makes what aligns: index, model, search, a GPU or the CPU, and a worker for every thread. */
#include "aligner.h"

#include "align_tuning.h"
#include "encoder_check.h"
#include "locate_check.h"
#include "resident.h"
#include "search_check.h"
#include "sw_check.h"
#include "trace_check.h"

#include <stdio.h>
#include <stdlib.h>

static int worker_init(anl_worker *w, const anl_context *context)
{
    const int rc = anl_scratch_init(&w->scratch, context);
    int has_all = (w->report = anl_arena_new()) != NULL;
    for (int i = 0; i < ANL_TURNS; ++i) has_all &= (w->found[i] = anl_arena_new()) != NULL;
    return rc || has_all ? rc : ANL_ENOMEM;
}

static void worker_free(anl_worker *w)
{
    anl_scratch_free(&w->scratch);
    anl_sw_queue_free(&w->queue);
    free(w->pairs.spots);
    for (int i = 0; i < ANL_TURNS; ++i) anl_arena_free(w->found[i]);
    anl_arena_free(w->report);
}

static int check_gpu(const anl_aligner *a)
{
    anl_scratch *s = &a->workers[0].scratch;
    int rc = anl_encoder_check_gpu(a->encoder, s->encoder, a->model);
    if (!rc) rc = anl_search_check_gpu(a->search, s->search, a->index);
    if (!rc) rc = anl_locate_check_gpu(&a->context, s);
    if (!rc) rc = anl_sw_check_gpu(s->sw, &a->options.align.score, a->index);
    return rc ? rc : anl_trace_check_gpu(s->traces, &a->options.align, a->index);
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
    if (a->gpu) a->options.threads *= ANL_GPU_WORKERS;
    a->context = (anl_context){&a->options, a->index, a->encoder, a->search, anl_kernels_get(), a->gpu, 0};
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
    if (!rc) rc = anl_resident_load(a->index, a->gpu);
    if (!rc) rc = anl_search_use(a->search, a->gpu);
    if (!rc) rc = anl_encoder_use(a->encoder, a->gpu);
    if (!rc) rc = make_workers(a);
    return rc ? rc : check_gpu(a);
}

static int make_search(anl_aligner *a)
{
    int rc = anl_search_new(&a->search, a->index, a->options.search);
    if (!rc && anl_encoder_has_light(a->encoder)) rc = anl_search_group_lists(a->search, a->options.threads);
    if (rc) return rc;
    anl_search_competing_only(a->search);
    return anl_aligner_meets_in_lists(a) ? anl_search_together(a->search, a->options.threads) : ANL_OK;
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
    const int64_t times = x->nlist / ANL_MANY_LISTS;
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
    for (int i = 0; i < ANL_TURNS && !rc; ++i)
        if (!(a->batch[i] = anl_arena_new())) rc = ANL_ENOMEM;
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
    a->pending = NULL;
    a->context.low_score = 0;
}

void anl_aligner_free(anl_aligner *a)
{
    if (!a) return;
    free_workers(a);
    for (int i = 0; i < ANL_TURNS; ++i) anl_arena_free(a->batch[i]);
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

int anl_aligner_lags(const anl_aligner *a)
{
    return a->gpu != NULL;
}

int anl_aligner_workers(const anl_aligner *a)
{
    return a->n_workers;
}

const anl_align_options *anl_aligner_options(const anl_aligner *a)
{
    return &a->options;
}

void anl_aligner_watch(anl_aligner *a, anl_progress *progress, void *data)
{
    a->progress = progress;
    a->progress_data = data;
    a->work_done = 0;
}

void anl_aligner_expect(anl_aligner *a, int64_t reads)
{
    a->expected = reads;
}
