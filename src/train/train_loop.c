#include "train_loop.h"

#include "checkpoint.h"
#include "mine.h"
#include "recall.h"
#include "sketch.h"
#include "trainer.h"
#include "window_store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

/* Tuning. The commands behind the defaults are in docs/model-card.md, "Tried". */
enum {
    WARM_UP = 100,          /* steps of each stage in which the rate rises: as many as Adam's second moment takes to settle */
    MINED_WINDOWS = 600000, /* searched for hard-negative pairs each time, other ones every time: 96 Mb in windows of 160 bp */
    HELD_READS = 1000,      /* for a point of the curve of recall: a standard error of 1 point at 90% */
    RECALL_EVERY = 10,      /* reports: measuring takes as long as some steps */
    BATCH_STEP = 32,        /* pairs that the kernels of the loss take at once */
    MOST_BATCH = 16384,     /* pairs that anl_train_contrast takes */
};

static const double LINEAR_FLOOR = 0.1; /* of its peak that the rate of the linear stage falls to: training goes on behind it */

anl_train_options anl_train_options_default(void)
{
    return (anl_train_options){
        .seed = 1,
        .dim = 128,    /* 96 loses 9 points of recall at 15% errors; 192 gains 5 and makes the index half as large again */
        .layers = 2,   /* one is as good after few pairs, four cost twice as much for 1 point */
        .batch = 1024, /* 256 and 1,024 end equal, 4,096 learns less from as many pairs */
        .linear_pairs = 8 << 20,
        .pairs = 32 << 20,
        .linear_rate = 1e-2f,
        .rate = 2e-3f,
        .temperature = 0.05f, /* 0.03 and 0.1 lose 1 and 6 points */
        .hard_share = 0.25f,
        .mine_every = 10000, /* steps */
        .draw = {.window = 160, .stride = 48, .min_length = 50, .max_length = 300, .max_substitutions = 0.2f, .max_indels = 0.05f},
        .threads = 1,
        .checkpoint_every = 300, /* seconds that a crash may cost */
        .report_every = 100};    /* steps */
}

/* One training run. */
typedef struct run {
    const anl_train_options *o;
    anl_corpus *corpus;
    anl_trainer *trainer;
    anl_pairs *pairs;
    anl_checkpoint *state;
    uint8_t *held;
    int64_t n_held, linear_steps, steps, started_at;
} run;

/* ---- set up ---- */

/* Only a run with the same options and genomes may go on where another stopped. */
static uint64_t identity(const run *r)
{
    const anl_train_options *o = r->o;
    char text[512];
    int n = snprintf(text, sizeof text, "%llu %d %d %d %lld %lld %a %a %a %a %d %d %d %d %d %a %a %a %s", (unsigned long long)o->seed,
                     o->dim, o->layers, o->batch, (long long)o->linear_pairs, (long long)o->pairs, o->linear_rate, o->rate, o->temperature,
                     o->hard_share, o->mine_every, o->draw.window, o->draw.stride, o->draw.min_length, o->draw.max_length,
                     o->draw.max_substitutions, o->draw.max_indels, o->draw.low_errors, o->init ? o->init : "");
    return XXH3_64bits_withSeed(text, (size_t)n, XXH3_64bits(r->corpus->bases, (size_t)r->corpus->n));
}

/* The untrained sketch, and over it what the given model has: one without layers gets the sketch's. */
static int initial_weights(const run *r, float *weights)
{
    const anl_net *net = anl_trainer_net(r->trainer);
    const char *path = r->o->init;
    anl_model *sketch = NULL, *m = NULL;
    int rc = anl_sketch_new(&sketch, net->dim, net->layers, r->o->seed);
    if (!rc && path) rc = anl_model_read(&m, path);
    if (!rc && m && (m->dim != net->dim || (m->layers && m->layers != net->layers)))
        rc = anl_fail(ANL_EINVAL, "%s: dimension %d and %d layers, not %d and %d", path, m->dim, m->layers, net->dim, net->layers);
    if (!rc) anl_net_from_model(net, sketch, weights);
    if (!rc && m) anl_net_from_model(net, m, weights);
    anl_model_free(sketch);
    anl_model_free(m);
    return rc;
}

static int start(run *r, char **paths, int n_paths)
{
    const anl_train_options *o = r->o;
    const anl_trainer_options t = {.kernels = o->kernels,
                                   .dim = o->dim,
                                   .layers = o->layers,
                                   .pairs = o->batch,
                                   .threads = o->threads,
                                   .apart = o->draw.window + o->draw.max_length,
                                   .temperature = o->temperature};
    int rc = anl_corpus_read(&r->corpus, paths, n_paths);
    if (!rc) rc = anl_corpus_held_aside(r->corpus, &r->held, &r->n_held);
    if (!rc) rc = anl_trainer_new(&r->trainer, &t);
    if (!rc) rc = anl_pairs_new(&r->pairs, o->batch);
    if (!rc) rc = anl_checkpoint_new(&r->state, anl_trainer_net(r->trainer)->size);
    if (rc) return rc;
    r->linear_steps = o->linear_pairs / o->batch;
    r->steps = r->linear_steps + o->pairs / o->batch;
    r->state->options = identity(r);
    if (o->checkpoint && access(o->checkpoint, F_OK) == 0)
        rc = anl_checkpoint_read(r->state, o->checkpoint);
    else
        rc = initial_weights(r, r->state->weights);
    if (rc) return rc;
    r->started_at = r->state->step;
    anl_trainer_set(r->trainer, r->state->weights, r->state->first, r->state->second);
    return ANL_OK;
}

static void finish(run *r)
{
    anl_checkpoint_free(r->state);
    anl_pairs_free(r->pairs);
    anl_trainer_free(r->trainer);
    anl_corpus_free(r->corpus);
    free(r->held);
}

/* ---- the model so far ---- */

static int layers_at(const run *r, int64_t step)
{
    return step < r->linear_steps ? 0 : r->o->layers;
}

/* Every batch has the same share of everything, so one tells the ranges of the activations. */
static int model_of(run *r, int layers, anl_model **out)
{
    anl_net_ranges ranges;
    anl_train_score ignored;
    anl_draw draw = r->o->draw;
    draw.seed = r->o->seed;
    anl_corpus_draw(r->corpus, &draw, INT64_MAX, r->o->threads, r->pairs);
    int rc = anl_trainer_gradient(r->trainer, r->pairs, layers, &ignored);
    if (!rc) rc = anl_trainer_ranges(r->trainer, layers, &ranges);
    anl_trainer_get(r->trainer, r->state->weights, r->state->first, r->state->second);
    return rc ? rc : anl_net_to_model(anl_trainer_net(r->trainer), r->state->weights, layers, &ranges, out);
}

static int measure(run *r, int layers, anl_train_progress *p)
{
    static const anl_recall_condition conditions[] = {{150, 0.10f}, {150, 0.15f}};
    anl_recall found[2];
    anl_model *m = NULL;
    anl_index *x = NULL;
    const anl_draw *d = &r->o->draw;
    int rc = model_of(r, layers, &m);
    if (!rc) rc = anl_window_store_new(&x, m, r->held, r->n_held, d->window, d->stride, r->o->threads);
    if (!rc)
        rc = anl_recall_measure(
            &(anl_recall_setup){.index = x, .model = m, .reads = HELD_READS, .seed = r->o->seed, .threads = r->o->threads}, conditions, 2,
            found);
    if (!rc) {
        p->recall10 = found[0].unique ? (float)found[0].found_exact[2] / (float)found[0].unique : -1;
        p->recall15 = found[1].unique ? (float)found[1].found_exact[2] / (float)found[1].unique : -1;
    }
    anl_index_free(x);
    anl_model_free(m);
    return rc;
}

static int mine(run *r, int layers, int round)
{
    anl_model *m = NULL;
    int rc = model_of(r, layers, &m);
    free(r->state->hard_pairs);
    r->state->hard_pairs = NULL;
    r->state->n_hard_pairs = 0;
    if (!rc)
        rc = anl_mine(r->corpus, m, r->o->draw.window, MINED_WINDOWS, round, r->o->threads, &r->state->hard_pairs, &r->state->n_hard_pairs);
    anl_model_free(m);
    return rc;
}

static int save(run *r)
{
    anl_trainer_get(r->trainer, r->state->weights, r->state->first, r->state->second);
    return anl_checkpoint_write(r->state, r->o->checkpoint);
}

/* ---- steps ---- */

/* Each stage warms up and falls along half a cosine, the linear one to a tenth, the last one to nothing. */
static float rate_at(const run *r, int64_t step)
{
    int linear = step < r->linear_steps;
    int64_t at = linear ? step : step - r->linear_steps, n = linear ? r->linear_steps : r->steps - r->linear_steps;
    double floor = linear ? LINEAR_FLOOR : 0, fall = 0.5 + 0.5 * cos(3.14159265358979 * (double)at / (double)n);
    double warm = at < WARM_UP ? (double)(at + 1) / WARM_UP : 1;
    return (float)((linear ? r->o->linear_rate : r->o->rate) * warm * (floor + (1 - floor) * fall));
}

static int step(run *r, anl_train_score *sum)
{
    anl_train_score score;
    int64_t at = r->state->step;
    int layers = layers_at(r, at);
    anl_draw draw = r->o->draw;
    draw.seed = r->o->seed;
    draw.hard_pairs = r->state->hard_pairs;
    draw.n_hard_pairs = layers ? r->state->n_hard_pairs : 0;
    draw.hard_share = r->o->hard_share;
    anl_corpus_draw(r->corpus, &draw, at, r->o->threads, r->pairs);
    int rc = anl_trainer_gradient(r->trainer, r->pairs, layers, &score);
    if (rc) return rc;
    anl_trainer_update(r->trainer, at + 1, rate_at(r, at));
    ++r->state->step;
    sum->loss += score.loss;
    sum->best += score.best;
    return ANL_OK;
}

static int tell(run *r, const anl_train_score *sum, int64_t steps, int with_recall, anl_train_report *report, void *data)
{
    double pairs = (double)steps * r->o->batch;
    int layers = layers_at(r, r->state->step - 1);
    anl_train_progress p = {.step = r->state->step,
                            .steps = r->steps,
                            .pairs = r->state->step * r->o->batch,
                            .seen = (r->state->step - r->started_at) * r->o->batch,
                            .layers = layers,
                            .loss = sum->loss / pairs,
                            .best = (double)sum->best / pairs,
                            .recall10 = -1,
                            .recall15 = -1,
                            .hard_pairs = r->state->n_hard_pairs};
    int rc = with_recall && r->n_held ? measure(r, layers, &p) : ANL_OK;
    if (!rc && report) report(data, &p);
    return rc;
}

static int loop(run *r, double (*clock)(void), anl_train_report *report, void *data)
{
    const anl_train_options *o = r->o;
    anl_train_score sum = {0};
    int64_t summed = 0;
    double saved = clock();
    int rc = ANL_OK;
    while (!rc && r->state->step < r->steps) {
        int64_t at = r->state->step, blocks = at - r->linear_steps;
        if (o->hard_share > 0 && blocks >= 0 && o->layers && blocks % o->mine_every == 0 &&
            (rc = mine(r, layers_at(r, at ? at - 1 : 0), (int)(blocks / o->mine_every))))
            break;
        if ((rc = step(r, &sum))) break;
        ++summed;
        int64_t done = r->state->step, reports = done / o->report_every;
        int stage_ends = done == r->linear_steps || done == r->steps;
        if (done % o->report_every == 0 || stage_ends) {
            rc = tell(r, &sum, summed, reports % RECALL_EVERY == 0 || stage_ends, report, data);
            sum = (anl_train_score){0};
            summed = 0;
        }
        int stop = o->stop && *o->stop;
        if (!rc && o->checkpoint && (stop || clock() - saved > o->checkpoint_every || done == r->steps)) {
            rc = save(r);
            saved = clock();
        }
        if (!rc && stop && done < r->steps)
            rc = anl_fail(ANL_EINTR, "stopped at step %lld of %lld%s", (long long)done, (long long)r->steps,
                          o->checkpoint ? "; the same command goes on from there" : "");
    }
    return rc;
}

void anl_train_append_names(char *text, size_t n, char **paths, int n_paths)
{
    for (int i = 0; i < n_paths && n < ANL_MODEL_TEXT - 1; ++i) {
        const char *slash = strrchr(paths[i], '/');
        n += (size_t)snprintf(text + n, ANL_MODEL_TEXT - n, " %s", slash ? slash + 1 : paths[i]);
    }
}

static int describe(const run *r, char **paths, int n_paths, anl_model *m)
{
    const anl_train_options *o = r->o;
    char name[ANL_MODEL_NAME], *text = anl_alloc(ANL_MODEL_TEXT, 1);
    if (!text) return ANL_ENOMEM;
    snprintf(name, sizeof name, "anneal-d%d", o->dim);
    size_t n =
        (size_t)snprintf(text, ANL_MODEL_TEXT,
                         "anneal " ANNEAL_VERSION " train --seed %llu --dim %d --layers %d --batch %d --linear-pairs %lld --pairs %lld "
                         "--linear-rate %g --rate %g --temperature %g --twins %g --low-errors %g --mine-every %d --window %d --stride "
                         "%d%s%s; %s products; on",
                         (unsigned long long)o->seed, o->dim, o->layers, o->batch, (long long)o->linear_pairs, (long long)o->pairs,
                         o->linear_rate, o->rate, o->temperature, o->hard_share, o->draw.low_errors, o->mine_every, o->draw.window,
                         o->draw.stride, o->init ? " --init " : "", o->init ? o->init : "", o->kernels->name);
    anl_train_append_names(text, n, paths, n_paths);
    int rc = anl_model_describe(m, name, text);
    free(text);
    return rc;
}

static int check(const anl_train_options *o)
{
    if (o->batch < BATCH_STEP || o->batch % BATCH_STEP || o->batch > MOST_BATCH)
        return anl_fail(ANL_EINVAL, "--batch %d: must be a multiple of %d from %d to %d", o->batch, BATCH_STEP, BATCH_STEP, MOST_BATCH);
    if (o->linear_pairs + o->pairs < o->batch) return anl_fail(ANL_EINVAL, "fewer pairs than one batch: nothing to train");
    return ANL_OK;
}

int anl_train_run(const anl_train_options *o, char **paths, int n_paths, double (*clock)(void), anl_train_report *report, void *data,
                  anl_model **out)
{
    run r = {.o = o};
    *out = NULL;
    int rc = check(o);
    if (!rc) rc = start(&r, paths, n_paths);
    if (!rc) rc = loop(&r, clock, report, data);
    if (!rc) rc = model_of(&r, layers_at(&r, r.steps - 1), out);
    if (!rc) rc = describe(&r, paths, n_paths, *out);
    if (rc && *out) {
        anl_model_free(*out);
        *out = NULL;
    }
    finish(&r);
    return rc;
}
