#include "light_loop.h"

#include "checkpoint.h"
#include "encoder.h"
#include "light_trainer.h"
#include "recall.h"
#include "train_loop.h"
#include "window_store.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { WARM_UP = 100, HELD_READS = 2000, MEASURE_EVERY = 20 /* reports */, WINDOWS = 32 /* that a thread embeds at a time */ };

static const char mark[] = "\nlight encoder: "; /* where its part of the provenance begins */

anl_light_options anl_light_options_default(void)
{
    return (anl_light_options){.seed = 1,
                               .batch = 512,
                               .pairs = 10 << 20,
                               .rate = 1e-2f,
                               .draw = {.window = 176,
                                        .stride = 48,
                                        .min_length = 50,
                                        .max_length = 250,
                                        .even_lengths = 1,
                                        .max_substitutions = 0.07f,
                                        .max_indels = 0.01f,
                                        .low_errors = 0.5f},
                               .threads = 1,
                               .checkpoint_every = 300,
                               .report_every = 100};
}

/* One training run. */
typedef struct run {
    const anl_light_options *o;
    anl_model *model; /* the teacher, then also what it taught */
    anl_encoder *encoder;
    anl_encoder_scratch **scratch; /* one a thread */
    anl_corpus *corpus;
    anl_light_trainer *trainer;
    anl_light_state now;
    anl_pairs *pairs;
    float *targets; /* [batch][dim] */
    anl_checkpoint *state;
    uint8_t *held;
    anl_index *store; /* of the blocks held aside, or NULL */
    int64_t n_held, steps, started_at;
} run;

/* ---- set up ---- */

/* Only a run with the same options, teacher and genomes may go on where another stopped. */
static uint64_t identity(const run *r)
{
    const anl_light_options *o = r->o;
    char text[512];
    int n = snprintf(text, sizeof text, "light %llu %016llx %d %d %lld %a %d %d %a", (unsigned long long)o->seed,
                     (unsigned long long)anl_model_hash(r->model), r->model->light->hidden, o->batch, (long long)o->pairs, o->rate,
                     o->draw.window, o->draw.stride, o->draw.low_errors);
    return XXH3_64bits_withSeed(text, (size_t)n, XXH3_64bits(r->corpus->bases, (size_t)r->corpus->n));
}

static int start_teacher(run *r)
{
    const anl_light_options *o = r->o;
    int rc = anl_model_read(&r->model, o->teacher);
    if (rc) return rc;
    const int dim = r->model->dim, room = ANL_ENCODER_MAX_INPUTS - dim, hidden = o->hidden ? o->hidden : 2 * dim < room ? 2 * dim : room;
    rc = anl_model_add_light(r->model, hidden);
    if (!rc) rc = anl_encoder_new(&r->encoder, r->model);
    if (!rc && !(r->scratch = anl_alloc((size_t)o->threads, sizeof *r->scratch))) rc = ANL_ENOMEM;
    for (int i = 0; i < o->threads && !rc; ++i) rc = anl_encoder_scratch_new(&r->scratch[i], r->encoder);
    return rc;
}

static int start(run *r, char **paths, int n_paths)
{
    const anl_light_options *o = r->o;
    int rc = start_teacher(r);
    if (!rc) rc = anl_corpus_read(&r->corpus, paths, n_paths);
    if (!rc) rc = anl_corpus_held_aside(r->corpus, &r->held, &r->n_held);
    if (!rc && r->n_held) rc = anl_window_store_new(&r->store, r->model, r->held, r->n_held, o->draw.window, o->draw.stride, o->threads);
    if (rc) return rc;
    const anl_light_trainer_options t = {
        .kernels = o->kernels, .dim = r->model->dim, .hidden = r->model->light->hidden, .reads = o->batch, .threads = o->threads};
    rc = anl_light_trainer_new(&r->trainer, &t);
    if (!rc) rc = anl_pairs_new(&r->pairs, o->batch);
    if (!rc && !(r->targets = anl_alloc((size_t)o->batch * (size_t)r->model->dim, sizeof *r->targets))) rc = ANL_ENOMEM;
    if (rc) return rc;
    const anl_light_net *net = anl_light_trainer_net(r->trainer);
    rc = anl_checkpoint_new(&r->state, net->size);
    if (rc) return rc;
    r->steps = o->pairs / o->batch;
    r->now = anl_light_trainer_state(r->trainer);
    r->state->options = identity(r);
    if (o->checkpoint && access(o->checkpoint, F_OK) == 0)
        rc = anl_checkpoint_read(r->state, o->checkpoint);
    else
        anl_light_net_start(net, o->seed, o->draw.window, o->draw.stride, r->state->weights);
    if (rc) return rc;
    r->started_at = r->state->step;
    memcpy(r->now.weights, r->state->weights, net->size * sizeof(float));
    memcpy(r->now.first, r->state->first, net->size * sizeof(float));
    memcpy(r->now.second, r->state->second, net->size * sizeof(float));
    return ANL_OK;
}

static void finish(run *r)
{
    for (int i = 0; r->scratch && i < r->o->threads; ++i) anl_encoder_scratch_free(r->scratch[i]);
    free(r->scratch);
    anl_encoder_free(r->encoder);
    anl_checkpoint_free(r->state);
    anl_pairs_free(r->pairs);
    anl_light_trainer_free(r->trainer);
    anl_index_free(r->store);
    anl_corpus_free(r->corpus);
    free(r->targets);
    free(r->held);
}

/* ---- the model so far ---- */

/* Every batch has the same share of everything, so one tells the range of the hidden layer. */
static int round_weights(run *r)
{
    float top;
    anl_draw draw = r->o->draw;
    draw.seed = r->o->seed;
    anl_corpus_draw(r->corpus, &draw, INT64_MAX, r->o->threads, r->pairs);
    int rc = anl_light_trainer_range(r->trainer, r->pairs, &top);
    return rc ? rc : anl_light_net_to_model(anl_light_trainer_net(r->trainer), r->now.weights, top, r->model);
}

static int measure(run *r, anl_light_progress *p)
{
    static const anl_recall_condition condition = {150, 0.005f};
    anl_recall found;
    int rc = round_weights(r);
    if (!rc)
        rc = anl_recall_measure(
            &(anl_recall_setup){
                .index = r->store, .model = r->model, .light = 1, .reads = HELD_READS, .seed = r->o->seed, .threads = r->o->threads},
            &condition, 1, &found);
    for (int i = 0; i < ANL_RECALL_LISTS && !rc && found.unique; ++i) p->listed[i] = (float)found.listed[i] / (float)found.unique;
    return rc;
}

static int save(run *r)
{
    const size_t bytes = r->state->size * sizeof(float);
    memcpy(r->state->weights, r->now.weights, bytes);
    memcpy(r->state->first, r->now.first, bytes);
    memcpy(r->state->second, r->now.second, bytes);
    return anl_checkpoint_write(r->state, r->o->checkpoint);
}

/* ---- steps ---- */

/* The full encoder's vectors of the windows, each of length 1. */
static int embed_windows(run *r)
{
    const anl_pairs *b = r->pairs;
    const size_t d = (size_t)r->model->dim;
    anl_failure failure = {0};
#pragma omp parallel for schedule(dynamic, 1) num_threads(r->o->threads)
    for (int at = 0; at < b->n; at += WINDOWS) {
        int8_t out[WINDOWS * ANL_ENCODER_MAX_DIM];
        const uint8_t *seqs[WINDOWS];
        int32_t lens[WINDOWS];
        const int n = b->n - at < WINDOWS ? b->n - at : WINDOWS;
        for (int i = 0; i < n; ++i) {
            seqs[i] = r->corpus->bases + b->place[at + i];
            lens[i] = r->o->draw.window;
        }
        const int rc = anl_encoder_embed(r->encoder, r->scratch[omp_get_thread_num()], seqs, lens, n, out);
        if (rc) anl_failure_keep(&failure, rc, at);
        for (int i = 0; i < n && !rc; ++i) {
            int32_t squares = 0;
            for (size_t c = 0; c < d; ++c) squares += out[(size_t)i * d + c] * out[(size_t)i * d + c];
            const float by = squares ? 1 / sqrtf((float)squares) : 0;
            for (size_t c = 0; c < d; ++c) r->targets[(size_t)(at + i) * d + c] = (float)out[(size_t)i * d + c] * by;
        }
    }
    return anl_failure_raise(&failure);
}

/* Warms up and falls along half a cosine. */
static float rate_at(const run *r, int64_t step)
{
    const double fall = 0.5 + 0.5 * cos(3.14159265358979 * (double)step / (double)r->steps);
    return (float)((double)r->o->rate * (step < WARM_UP ? (double)(step + 1) / WARM_UP : 1) * fall);
}

static int step(run *r, double *sum)
{
    double loss;
    const int64_t at = r->state->step;
    anl_draw draw = r->o->draw;
    draw.seed = r->o->seed;
    anl_corpus_draw(r->corpus, &draw, at, r->o->threads, r->pairs);
    int rc = embed_windows(r);
    if (rc) return rc;
    anl_light_trainer_gradient(r->trainer, r->pairs, r->targets, &loss);
    anl_light_trainer_update(r->trainer, at + 1, rate_at(r, at));
    ++r->state->step;
    *sum += loss;
    return ANL_OK;
}

static int tell(run *r, double sum, int64_t steps, int measured, anl_light_report *report, void *data)
{
    anl_light_progress p = {.step = r->state->step,
                            .steps = r->steps,
                            .pairs = r->state->step * r->o->batch,
                            .seen = (r->state->step - r->started_at) * r->o->batch,
                            .loss = sum / ((double)steps * r->o->batch),
                            .listed = {-1, -1, -1}};
    int rc = measured && r->store ? measure(r, &p) : ANL_OK;
    if (!rc && report) report(data, &p);
    return rc;
}

static int loop(run *r, double (*clock)(void), anl_light_report *report, void *data)
{
    const anl_light_options *o = r->o;
    double sum = 0, saved = clock();
    int64_t summed = 0;
    int rc = ANL_OK;
    while (!rc && r->state->step < r->steps) {
        if ((rc = step(r, &sum))) break;
        ++summed;
        const int64_t done = r->state->step;
        const int ends = done == r->steps;
        if (done % o->report_every == 0 || ends) {
            rc = tell(r, sum, summed, done / o->report_every % MEASURE_EVERY == 0 || ends, report, data);
            sum = 0;
            summed = 0;
        }
        const int stop = o->stop && *o->stop;
        if (!rc && o->checkpoint && (stop || clock() - saved > o->checkpoint_every || ends)) {
            rc = save(r);
            saved = clock();
        }
        if (!rc && stop && !ends)
            rc = anl_fail(ANL_EINTR, "stopped at step %lld of %lld%s", (long long)done, (long long)r->steps,
                          o->checkpoint ? "; the same command goes on from there" : "");
    }
    return rc;
}

/* Behind what the teacher's provenance says of the full encoder. */
static int describe(const run *r, char **paths, int n_paths)
{
    const anl_light_options *o = r->o;
    const char *before = r->model->provenance, *end = strstr(before, mark);
    const size_t kept = end ? (size_t)(end - before) : strlen(before);
    const char *slash = strrchr(o->teacher, '/'), *teacher = slash ? slash + 1 : o->teacher;
    char name[ANL_MODEL_NAME], *text = anl_alloc(ANL_MODEL_TEXT, 1);
    if (!text) return ANL_ENOMEM;
    const size_t n =
        (size_t)snprintf(text, ANL_MODEL_TEXT,
                         "%.*s%sanneal " ANNEAL_VERSION " train --light %s --seed %llu --hidden %d --batch %d --pairs %lld --rate %g "
                         "--low-errors %g --window %d --stride %d; %s products; on",
                         (int)kept, before, mark, teacher, (unsigned long long)o->seed, r->model->light->hidden, o->batch,
                         (long long)o->pairs, o->rate, o->draw.low_errors, o->draw.window, o->draw.stride, o->kernels->name);
    anl_train_append_names(text, n, paths, n_paths);
    memcpy(name, r->model->name, sizeof name);
    int rc = anl_model_describe(r->model, name, text);
    free(text);
    return rc;
}

static int check(const anl_light_options *o)
{
    if (o->batch < 32 || o->batch % 32 || o->batch > 16384)
        return anl_fail(ANL_EINVAL, "--batch %d: must be a multiple of 32 from 32 to 16384", o->batch);
    if (o->pairs < o->batch) return anl_fail(ANL_EINVAL, "fewer pairs than one batch: nothing to train");
    return ANL_OK;
}

int anl_light_run(const anl_light_options *o, char **paths, int n_paths, double (*clock)(void), anl_light_report *report, void *data,
                  anl_model **out)
{
    run r = {.o = o};
    *out = NULL;
    int rc = check(o);
    if (!rc) rc = start(&r, paths, n_paths);
    if (!rc) rc = loop(&r, clock, report, data);
    if (!rc) rc = round_weights(&r);
    if (!rc) rc = describe(&r, paths, n_paths);
    finish(&r);
    if (rc)
        anl_model_free(r.model);
    else
        *out = r.model;
    return rc;
}
