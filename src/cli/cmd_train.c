#include "cli.h"
#include "command.h"
#include "files.h"
#include "gpu.h"
#include "light_loop.h"
#include "progress.h"
#include "sketch.h"
#include "train_loop.h"

#include <errno.h>
#include <limits.h>
#include <omp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Options that --light takes in another way or not at all. */
enum {
    GIVEN_INIT_ONLY = 1 << 0,
    GIVEN_INIT = 1 << 1,
    GIVEN_DIM = 1 << 2,
    GIVEN_LAYERS = 1 << 3,
    GIVEN_LINEAR_PAIRS = 1 << 4,
    GIVEN_LINEAR_RATE = 1 << 5,
    GIVEN_TEMPERATURE = 1 << 6,
    GIVEN_HARD_SHARE = 1 << 7,
    GIVEN_MINE_EVERY = 1 << 8,
    GIVEN_OF_FULL = (1 << 9) - 1, /* those above: said of the full encoder */
    GIVEN_PAIRS = 1 << 9,
    GIVEN_BATCH = 1 << 10,
    GIVEN_RATE = 1 << 11,
    GIVEN_LOW_ERRORS = 1 << 12,
    GIVEN_WINDOW = 1 << 13,
    GIVEN_STRIDE = 1 << 14,
    GIVEN_HIDDEN = 1 << 15,
};

typedef struct settings {
    anl_train_options o;
    const char *output, *log, *light; /* light: the teacher, or NULL */
    int init_only, device, hidden;
    unsigned given;
} settings;

/* Where training runs; no auto: a run goes on for days. */
static int set_device(const anl_option *o, const char *called, const char *text, void *data)
{
    (void)o;
    if (!strcmp(text, "auto")) return anl_fail(ANL_EINVAL, "%s auto: must be cpu, cuda or cuda:N", called);
    return anl_device_parse(called, text, &((settings *)data)->device);
}

typedef struct reporting {
    anl_output *model;
    FILE *log;
    int unlogged; /* why a line could not be written; 0: all were */
    anl_meter meter;
    double start;
} reporting;

static void end_line(reporting *r)
{
    fputc('\n', r->log);
    if (fflush(r->log)) r->unlogged = errno;
}

static void report(void *data, const anl_train_progress *p)
{
    reporting *r = data;
    double seconds = anl_now() - r->start;
    anl_meter_update(&r->meter, "training", "pairs", p->seen, p->seen + (p->steps - p->step) * (p->pairs / p->step));
    if (!r->log) return;
    fprintf(r->log, "%lld\t%lld\t%d\t%.4f\t%.4f\t%.0f\t%zu\t", (long long)p->step, (long long)p->pairs, p->layers, p->loss, p->best,
            (double)p->seen / seconds, p->hard_pairs);
    if (p->recall10 >= 0)
        fprintf(r->log, "%.4f\t%.4f", p->recall10, p->recall15);
    else
        fputc('\t', r->log);
    end_line(r);
}

static int choose_device(settings *s)
{
    s->o.kernels = s->device == ANL_DEVICE_CPU ? anl_train_cpu(0) : anl_train_cuda(s->device - ANL_DEVICE_GPU);
    return s->o.kernels ? 0 : cli_fail();
}

static volatile sig_atomic_t stop;

/* The second one ends it at once. */
static void on_signal(int number)
{
    if (stop) {
        anl_outputs_remove();
        signal(number, SIG_DFL);
        raise(number);
    }
    stop = 1;
}

/* Opens the model's file before there is work to lose and the log, whose first line is `header`, and lets a signal stop the run. */
static int start_reporting(const settings *s, const char *header, reporting *r)
{
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_NODEFER};
    *r = (reporting){.start = anl_now()};
    int rc = anl_output_open(&r->model, s->output, ANL_OUTPUT_STREAM);
    if (rc) return rc;
    if (s->log && !(r->log = fopen(s->log, "a"))) return anl_fail(ANL_EIO, "%s: %s", s->log, strerror(errno));
    if (r->log && ftell(r->log) == 0) fputs(header, r->log);
    anl_meter_start(&r->meter, ANL_METER_TERMINAL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    omp_set_num_threads(s->o.threads); /* FAISS goes by the default */
    return ANL_OK;
}

/* Writes the model, if there is one; the exit status. */
static int finish_training(const settings *s, reporting *r, anl_model *m, int rc)
{
    anl_meter_finish(&r->meter);
    if (!rc) rc = anl_model_write(m, r->model);
    if (r->log && fclose(r->log)) r->unlogged = errno;
    errno = r->unlogged;
    if (errno && !rc) rc = anl_write_fail(s->log);
    if (!rc)
        rc = anl_output_close(r->model);
    else
        anl_output_abort(r->model);
    anl_model_free(m);
    return rc ? cli_fail() : 0;
}

static int train(settings *s, char **paths, int n)
{
    anl_model *m = NULL;
    reporting r;
    s->o.stop = &stop;
    int rc = start_reporting(s, "step\tpairs\tlayers\tloss\tbatch_recall1\tpairs_per_s\ttwins\trecall10_error10\trecall10_error15\n", &r);
    if (!rc) rc = anl_train_run(&s->o, paths, n, anl_now, report, &r, &m);
    return finish_training(s, &r, m, rc);
}

/* ---- the light encoder ---- */

static anl_light_options light_options(const settings *s)
{
    anl_light_options o = anl_light_options_default();
    o.teacher = s->light;
    o.seed = s->o.seed;
    o.hidden = s->hidden;
    o.threads = s->o.threads;
    o.kernels = anl_train_cpu(0);
    o.checkpoint = s->o.checkpoint;
    o.stop = &stop;
    if (s->given & GIVEN_PAIRS) o.pairs = s->o.pairs;
    if (s->given & GIVEN_BATCH) o.batch = s->o.batch;
    if (s->given & GIVEN_RATE) o.rate = s->o.rate;
    if (s->given & GIVEN_LOW_ERRORS) o.draw.low_errors = s->o.draw.low_errors;
    if (s->given & GIVEN_WINDOW) o.draw.window = s->o.draw.window;
    if (s->given & GIVEN_STRIDE) o.draw.stride = s->o.draw.stride;
    return o;
}

static void report_light(void *data, const anl_light_progress *p)
{
    reporting *r = data;
    anl_meter_update(&r->meter, "training", "pairs", p->seen, p->seen + (p->steps - p->step) * (p->pairs / p->step));
    if (!r->log) return;
    fprintf(r->log, "%lld\t%lld\t%.4f\t%.0f", (long long)p->step, (long long)p->pairs, p->loss, (double)p->seen / (anl_now() - r->start));
    for (int i = 0; i < ANL_RECALL_LISTS; ++i) p->listed[i] < 0 ? fputs("\t", r->log) : fprintf(r->log, "\t%.4f", (double)p->listed[i]);
    end_line(r);
}

static int train_light(const settings *s, char **paths, int n)
{
    const anl_light_options o = light_options(s);
    anl_model *m = NULL;
    reporting r;
    int rc = start_reporting(s, "step\tpairs\tloss\tpairs_per_s\tlists2\tlists8\tlists32\n", &r);
    if (!rc) rc = anl_light_run(&o, paths, n, anl_now, report_light, &r, &m);
    return finish_training(s, &r, m, rc);
}

static int make_sketch(const settings *s)
{
    anl_model *m = NULL;
    int rc = anl_sketch_new(&m, s->o.dim, s->o.layers, s->o.seed);
    if (!rc) rc = anl_model_save(m, s->output);
    anl_model_free(m);
    return rc ? cli_fail() : 0;
}

static int check_files(const settings *s, char **genomes, int n)
{
    cli_files f = {0};
    int rc = cli_reads(&f, s->o.init, "");
    if (!rc) rc = cli_reads(&f, s->light, "");
    for (int i = 0; i < n && !rc; ++i) rc = cli_reads(&f, genomes[i], "");
    if (!rc) rc = cli_writes(&f, s->output, "");
    if (!rc) rc = cli_writes(&f, s->o.checkpoint, "");
    if (!rc) rc = cli_writes(&f, s->log, "");
    return cli_files_check(&f, rc);
}

static void defaults(void *data)
{
    ((settings *)data)->o = anl_train_options_default();
}

#define AT(field) offsetof(settings, field)

static const char OPTIONS[] = "Options";

static const anl_option list[] = {
    {OPTIONS, .letter = 'o', .name = "output", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(output), .help = "the model"},
    {OPTIONS, .name = "init-only", .field = AT(init_only), .given = GIVEN_INIT_ONLY, .help = "stop before the first step",
     .more = "Writes the untrained sketch; takes no genomes."},
    {OPTIONS, .name = "init", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(o.init), .given = GIVEN_INIT,
     .help = "start from this model"},
    {OPTIONS, .name = "light", .arg = "TEACHER.anm", .kind = ANL_OPTION_FILE, .field = AT(light),
     .help = "train a light encoder, which embeds reads, for this model, whose own weights stay as they are",
     .more = "The output is the teacher with it. Only --hidden, --seed, --pairs, --batch, --rate, --low-errors, --window, --stride, "
             "--checkpoint, "
             "--log and -t go with it; --pairs is then 10M, --batch 512, --rate 0.01, --low-errors 0.5 and --window 176 unless given."},
    {OPTIONS, .name = "hidden", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(hidden), .low = ANL_ENCODER_HEAD,
     .high = ANL_ENCODER_MAX_INPUTS - ANL_ENCODER_HEAD, .initial = "twice the dimension", .given = GIVEN_HIDDEN,
     .help = "channels of the light encoder's hidden layer, a multiple of 32"},
    {OPTIONS, .name = "seed", .arg = "N", .kind = ANL_OPTION_SIZE, .field = AT(o.seed), .high = (double)INT64_MAX,
     .help = "of all random numbers"},
    {OPTIONS, .name = "dim", .arg = "D", .kind = ANL_OPTION_INT, .field = AT(o.dim), .low = 32, .high = ANL_ENCODER_MAX_DIM,
     .given = GIVEN_DIM, .help = "dimension of the vectors, a multiple of 32 up to 256"},
    {OPTIONS, .name = "layers", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(o.layers), .high = ANL_ENCODER_MAX_LAYERS,
     .given = GIVEN_LAYERS, .help = "transformer blocks, 0 to 8"},
    {OPTIONS, .name = "linear-pairs", .arg = "N", .kind = ANL_OPTION_SIZE, .field = AT(o.linear_pairs), .high = (double)INT64_MAX,
     .given = GIVEN_LINEAR_PAIRS, .help = "pairs for the linear model; K, M and G may follow a number"},
    {OPTIONS, .name = "pairs", .arg = "N", .kind = ANL_OPTION_SIZE, .field = AT(o.pairs), .high = (double)INT64_MAX, .given = GIVEN_PAIRS,
     .help = "pairs for the whole"},
    {OPTIONS, .name = "batch", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(o.batch), .low = 32, .high = 16384, .given = GIVEN_BATCH,
     .help = "pairs in a batch, a multiple of 32"},
    {OPTIONS, .name = "linear-rate", .arg = "R", .kind = ANL_OPTION_NUMBER, .field = AT(o.linear_rate), .high = 1,
     .given = GIVEN_LINEAR_RATE, .help = "peak learning rate of the linear model"},
    {OPTIONS, .name = "rate", .arg = "R", .kind = ANL_OPTION_NUMBER, .field = AT(o.rate), .high = 1, .given = GIVEN_RATE,
     .help = "peak learning rate of the whole"},
    {OPTIONS, .name = "temperature", .arg = "T", .kind = ANL_OPTION_NUMBER, .field = AT(o.temperature), .low = 0.005, .high = 1,
     .given = GIVEN_TEMPERATURE, .help = "of the contrastive loss"},
    {OPTIONS, .name = "twins", .arg = "F", .kind = ANL_OPTION_NUMBER, .field = AT(o.hard_share), .high = 1, .given = GIVEN_HARD_SHARE,
     .help = "share of hard negatives, mined with the model so far"},
    {OPTIONS, .name = "low-errors", .arg = "F", .kind = ANL_OPTION_NUMBER, .field = AT(o.draw.low_errors), .high = 1,
     .given = GIVEN_LOW_ERRORS, .help = "share of reads with a tenth of the errors"},
    {OPTIONS, .name = "mine-every", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(o.mine_every), .low = 1, .high = INT32_MAX,
     .given = GIVEN_MINE_EVERY, .help = "steps between minings"},
    {OPTIONS, .name = "window", .arg = "W", .kind = ANL_OPTION_INT, .field = AT(o.draw.window), .low = ANL_ENCODER_MIN_LEN,
     .high = ANL_ENCODER_MAX_LEN, .given = GIVEN_WINDOW, .help = "bp; those of the index need not be the same"},
    {OPTIONS, .name = "stride", .arg = "S", .kind = ANL_OPTION_INT, .field = AT(o.draw.stride), .low = 1, .high = ANL_ENCODER_MAX_LEN,
     .given = GIVEN_STRIDE, .help = "bp"},
    {OPTIONS, .name = "checkpoint", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(o.checkpoint),
     .help = "resume from it where it exists; written every five minutes, at the end and when interrupted"},
    {OPTIONS, .name = "log", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(log),
     .help = "a line of figures every 100 steps, as TSV; added to when resuming"},
    {OPTIONS, .name = "device", .arg = "D", .kind = ANL_OPTION_SET, .set = set_device, .words = "cpu cuda", .initial = "cpu",
     .help = "cpu, cuda or cuda:N (a GPU's number)"},
    {OPTIONS, .letter = 't', .also = '@', .name = "threads", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(o.threads), .low = 1,
     .high = 1024, .help = "threads; the model is the same for any number"},
};

static const anl_option_table table = {list, sizeof list / sizeof *list, AT(given)};

/* What is said about the full encoder is nothing to --light. */
static int check_light(const settings *s)
{
    if (s->device != ANL_DEVICE_CPU)
        return cli_usage("train --light: a light encoder is trained on the CPU, which a core does in less than an hour");
    for (int i = 0; i < table.n; ++i)
        if (list[i].given & s->given & GIVEN_OF_FULL) return cli_usage("train --light takes no --%s", list[i].name);
    return 0;
}

static int run(void *data, const cli_call *call)
{
    settings *s = data;
    if (!s->output) return cli_usage("train: needs -o MODEL.anm; anneal train --help tells more");
    int rc = s->light ? check_light(s) : s->given & GIVEN_HIDDEN ? cli_usage("train --hidden: only with --light") : 0;
    if (rc) return rc;
    if (s->init_only) return call->n ? cli_usage("train --init-only takes no genomes") : make_sketch(s);
    if (!call->n) return cli_usage("train: needs genomes to train on; anneal train --help tells more");
    rc = check_files(s, call->operands, call->n);
    if (!rc && s->light) return train_light(s, call->operands, call->n);
    if (!rc) rc = choose_device(s);
    return rc ? rc : train(s, call->operands, call->n);
}

const cli_command cmd_train = {
    .name = "train",
    .what = "train an encoder",
    .usage = "[OPTIONS] -o MODEL.anm GENOME.fa...\n--init-only [--seed N] [--dim D] [--layers N] -o MODEL.anm\n"
             "--light TEACHER.anm [OPTIONS] -o MODEL.anm GENOME.fa...",
    .about =
        "Trains the encoder: reads with errors drawn from the genomes must be nearer to their own window than to any other. Begins with an "
        "untrained sketch of canonical 6-mers, trains it as a linear model, then adds transformer blocks and trains the whole. With "
        "--light a light encoder, without blocks, learns to put reads where the teacher puts their windows; the output is the teacher with "
        "that.",
    .needs = "genomes to train on",
    .most = INT_MAX,
    .sections = {OPTIONS},
    .parts = {{&table, 0}},
    .size = sizeof(settings),
    .defaults = defaults,
    .run = run,
};
