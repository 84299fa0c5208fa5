#include "cli.h"
#include "light_loop.h"
#include "progress.h"
#include "sketch.h"
#include "train_loop.h"

#include <errno.h>
#include <getopt.h>
#include <omp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
    "usage: anneal train [OPTIONS] -o MODEL.anm GENOME.fa...\n"
    "       anneal train --init-only [--seed N] [--dim D] [--layers N] -o MODEL.anm\n"
    "       anneal train --light TEACHER.anm [--seed N] [--hidden N] [--pairs N] [--batch N] [--rate R] [--low-errors F] [--window W]\n"
    "                    [--stride S] [--checkpoint FILE] [--log FILE] [-t N] -o MODEL.anm GENOME.fa...\n\n"
    "Trains the encoder: reads with errors drawn from the genomes must be nearer to their own window than to any other. Begins with an\n"
    "untrained sketch of canonical 6-mers, trains it as a linear model, then adds transformer blocks and trains the whole. With --light a\n"
    "light encoder, without blocks, learns to put reads where the teacher puts their windows; the output is the teacher with that.\n\n"
    "  -o FILE              the model\n"
    "  --init-only          stop before the first step\n"
    "  --init FILE          start from this model\n"
    "  --light TEACHER.anm  train a light encoder for this model, whose own weights stay as they are\n"
    "  --seed N             of all random numbers [1]\n"
    "  --dim D              dimension of the vectors, a multiple of 32 up to 256 [128]\n"
    "  --layers N           transformer blocks, 0 to 8 [2]\n"
    "  --linear-pairs N     pairs for the linear model; K, M and G may follow a number [8M]\n"
    "  --hidden N           channels of the light encoder's hidden layer, a multiple of 32 [twice the teacher's dimension]\n"
    "  --pairs N            pairs for the whole, or for the light encoder [32M; 10M]\n"
    "  --batch N            pairs in a batch, a multiple of 32 [1024; --light: 512]\n"
    "  --linear-rate R      peak learning rate of the linear model [0.01]\n"
    "  --rate R             peak learning rate of the whole, or of the light encoder [0.002; 0.01]\n"
    "  --temperature T      of the contrastive loss [0.05]\n"
    "  --twins F            share of hard negatives, mined with the model so far [0.25]\n"
    "  --low-errors F       share of reads with a tenth of the errors [0; --light: 0.5]\n"
    "  --mine-every N       steps between minings [10000]\n"
    "  --window W           bp; those of the index need not be the same [160; --light: 176]\n"
    "  --stride S           bp [48]\n"
    "  --checkpoint FILE    resume from it where it exists; written every five minutes, at the end and when interrupted\n"
    "  --log FILE           a line of figures every 100 steps, as TSV; added to when resuming\n"
    "  --device NAME        cpu or cuda[:N]; --light: cpu [cpu]\n"
    "  -t N                 threads; the model is the same for any number [1]\n";

enum {
    OPT_INIT_ONLY = 256, OPT_INIT, OPT_LIGHT, OPT_HIDDEN, OPT_SEED, OPT_DIM, OPT_LAYERS, OPT_LINEAR, OPT_PAIRS, OPT_BATCH, OPT_LINEAR_RATE, OPT_RATE, OPT_TEMPERATURE, OPT_TWINS, OPT_LOW_ERRORS,
    OPT_MINE, OPT_WINDOW, OPT_STRIDE, OPT_CHECKPOINT, OPT_LOG, OPT_DEVICE, OPT_HELP
};

static const struct option long_options[] = {
    {"init-only", no_argument, NULL, OPT_INIT_ONLY},        {"init", required_argument, NULL, OPT_INIT},
    {"seed", required_argument, NULL, OPT_SEED},            {"dim", required_argument, NULL, OPT_DIM},
    {"layers", required_argument, NULL, OPT_LAYERS},        {"linear-pairs", required_argument, NULL, OPT_LINEAR},
    {"pairs", required_argument, NULL, OPT_PAIRS},          {"batch", required_argument, NULL, OPT_BATCH},
    {"rate", required_argument, NULL, OPT_RATE},            {"temperature", required_argument, NULL, OPT_TEMPERATURE},
    {"twins", required_argument, NULL, OPT_TWINS},          {"mine-every", required_argument, NULL, OPT_MINE},
    {"window", required_argument, NULL, OPT_WINDOW},        {"stride", required_argument, NULL, OPT_STRIDE},
    {"checkpoint", required_argument, NULL, OPT_CHECKPOINT}, {"log", required_argument, NULL, OPT_LOG},
    {"device", required_argument, NULL, OPT_DEVICE},        {"linear-rate", required_argument, NULL, OPT_LINEAR_RATE},
    {"light", required_argument, NULL, OPT_LIGHT},          {"hidden", required_argument, NULL, OPT_HIDDEN},
    {"low-errors", required_argument, NULL, OPT_LOW_ERRORS}, {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0}};

typedef struct settings {
    anl_train_options o;
    const char *output, *log, *device, *light; /* light: the teacher, or NULL */
    int init_only, hidden;
    uint32_t given; /* a bit for each long option */
} settings;

static uint32_t bit(int option)
{
    return 1u << (option - OPT_INIT_ONLY);
}

_Static_assert(OPT_HELP - OPT_INIT_ONLY < 32, "a bit for each option");

static int set_int(const char *name, int64_t low, int64_t high, int *out)
{
    int64_t v;
    if (cli_integer(name, optarg, low, high, &v)) return -1;
    *out = (int)v;
    return 0;
}

/* Returns 0, or -1 after printing. */
static int set_option(settings *s, int c)
{
    anl_train_options *o = &s->o;
    int64_t v;
    if (c >= OPT_INIT_ONLY) s->given |= bit(c);
    switch (c) {
    case 'o': s->output = optarg; return 0;
    case 't': return set_int("-t", 1, 1024, &o->threads);
    case OPT_INIT_ONLY: s->init_only = 1; return 0;
    case OPT_INIT: o->init = optarg; return 0;
    case OPT_LIGHT: s->light = optarg; return 0;
    case OPT_HIDDEN: return set_int("--hidden", 32, ANL_MODEL_MAX_INPUTS - 32, &s->hidden);
    case OPT_SEED:
        if (cli_integer("--seed", optarg, 0, INT64_MAX, &v)) return -1;
        o->seed = (uint64_t)v;
        return 0;
    case OPT_DIM: return set_int("--dim", 32, 256, &o->dim);
    case OPT_LAYERS: return set_int("--layers", 0, ANL_MODEL_MAX_LAYERS, &o->layers);
    case OPT_LINEAR: return cli_amount("--linear-pairs", optarg, 0, &o->linear_pairs);
    case OPT_PAIRS: return cli_amount("--pairs", optarg, 0, &o->pairs);
    case OPT_BATCH: return set_int("--batch", 32, 16384, &o->batch);
    case OPT_LINEAR_RATE: return cli_number("--linear-rate", optarg, 0, 1, &o->linear_rate);
    case OPT_RATE: return cli_number("--rate", optarg, 0, 1, &o->rate);
    case OPT_TEMPERATURE: return cli_number("--temperature", optarg, 0.005, 1, &o->temperature);
    case OPT_TWINS: return cli_number("--twins", optarg, 0, 1, &o->twin_share);
    case OPT_LOW_ERRORS: return cli_number("--low-errors", optarg, 0, 1, &o->draw.low_errors);
    case OPT_MINE: return set_int("--mine-every", 1, INT32_MAX, &o->mine_every);
    case OPT_WINDOW: return set_int("--window", 20, 400, &o->draw.window);
    case OPT_STRIDE: return set_int("--stride", 1, 400, &o->draw.stride);
    case OPT_CHECKPOINT: o->checkpoint = optarg; return 0;
    case OPT_LOG: s->log = optarg; return 0;
    case OPT_DEVICE: s->device = optarg; return 0;
    default: return -1;
    }
}

typedef struct reporting {
    FILE *log;
    anl_meter meter;
    double start;
} reporting;

static void report(void *data, const anl_train_progress *p)
{
    reporting *r = data;
    double seconds = anl_now() - r->start;
    anl_meter_update(&r->meter, p->seen, p->seen + (p->steps - p->step) * (p->pairs / p->step));
    if (!r->log) return;
    fprintf(r->log, "%lld\t%lld\t%d\t%.4f\t%.4f\t%.0f\t%zu\t", (long long)p->step, (long long)p->pairs, p->layers, p->loss, p->best,
            (double)p->seen / seconds, p->twins);
    if (p->recall10 >= 0) fprintf(r->log, "%.4f\t%.4f\n", p->recall10, p->recall15);
    else fputs("\t\n", r->log);
    fflush(r->log);
}

static int choose_device(settings *s)
{
    int64_t n = 0;
    if (!s->device || !strcmp(s->device, "cpu")) {
        s->o.kernels = anl_train_cpu(0);
        return 0;
    }
    if (strncmp(s->device, "cuda", 4) || (s->device[4] && s->device[4] != ':')) return cli_usage("--device %s: must be cpu, cuda or cuda:N", s->device);
    if (s->device[4] && cli_integer("--device cuda:N", s->device + 5, 0, 1023, &n)) return 2;
    s->o.kernels = anl_train_cuda((int)n);
    return s->o.kernels ? 0 : cli_fail();
}

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

/* Opens the log, whose first line is `header`, and lets a signal stop the run. */
static int start_reporting(const settings *s, const char *header, reporting *r)
{
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND}; /* a second one ends it at once */
    *r = (reporting){.start = anl_now()};
    if (s->log && !(r->log = fopen(s->log, "a"))) return anl_fail(ANL_EIO, "%s: %s", s->log, strerror(errno));
    if (r->log && ftell(r->log) == 0) fputs(header, r->log);
    anl_meter_start(&r->meter, "pairs");
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    omp_set_num_threads(s->o.threads); /* FAISS goes by the default */
    return ANL_OK;
}

/* Writes the model, if there is one; the exit status. */
static int finish_training(const settings *s, reporting *r, anl_model *m, int rc)
{
    anl_meter_finish(&r->meter);
    if (!rc) rc = anl_model_write(m, s->output);
    if (r->log && fclose(r->log) && !rc) rc = anl_fail(ANL_EIO, "%s: cannot write", s->log);
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

/* Which of the long options --light takes: what is not said about the full encoder. */
static int check_light(const settings *s)
{
    const uint32_t takes = bit(OPT_LIGHT) | bit(OPT_HIDDEN) | bit(OPT_SEED) | bit(OPT_PAIRS) | bit(OPT_BATCH) | bit(OPT_RATE) | bit(OPT_LOW_ERRORS) |
                           bit(OPT_WINDOW) | bit(OPT_STRIDE) | bit(OPT_CHECKPOINT) | bit(OPT_LOG) | bit(OPT_DEVICE);
    if (s->device && strcmp(s->device, "cpu"))
        return cli_usage("train --light --device %s: a light encoder is trained on the CPU, which a core does in less than an hour", s->device);
    for (const struct option *o = long_options; o->name; ++o)
        if (s->given & bit(o->val) & ~takes) return cli_usage("train --light takes no --%s", o->name);
    return 0;
}

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
    if (s->given & bit(OPT_PAIRS)) o.pairs = s->o.pairs;
    if (s->given & bit(OPT_BATCH)) o.batch = s->o.batch;
    if (s->given & bit(OPT_RATE)) o.rate = s->o.rate;
    if (s->given & bit(OPT_LOW_ERRORS)) o.draw.low_errors = s->o.draw.low_errors;
    if (s->given & bit(OPT_WINDOW)) o.draw.window = s->o.draw.window;
    if (s->given & bit(OPT_STRIDE)) o.draw.stride = s->o.draw.stride;
    return o;
}

static void report_light(void *data, const anl_light_progress *p)
{
    reporting *r = data;
    anl_meter_update(&r->meter, p->seen, p->seen + (p->steps - p->step) * (p->pairs / p->step));
    if (!r->log) return;
    fprintf(r->log, "%lld\t%lld\t%.4f\t%.0f", (long long)p->step, (long long)p->pairs, p->loss, (double)p->seen / (anl_now() - r->start));
    for (int i = 0; i < 3; ++i) p->listed[i] < 0 ? fputs("\t", r->log) : fprintf(r->log, "\t%.4f", (double)p->listed[i]);
    fputc('\n', r->log);
    fflush(r->log);
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
    if (!rc) rc = anl_model_write(m, s->output);
    anl_model_free(m);
    return rc ? cli_fail() : 0;
}

/* Whether `input`, which may be NULL, is the file to be written: no input is written over. */
static int is_same_file(const char *input, const char *output)
{
    struct stat a, b;
    return input && !stat(input, &a) && !stat(output, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int cmd_train(int argc, char **argv)
{
    settings s = {.o = anl_train_options_default()};
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":o:t:h", long_options, NULL)) != -1;) {
        if (c == 'h' || c == OPT_HELP) {
            fputs(help, stdout);
            return 0;
        }
        if (c == ':' || c == '?') return cli_bad_option("train", c, argv);
        if (set_option(&s, c)) return 2;
    }
    if (!s.output) return cli_usage("train: needs -o MODEL.anm; anneal train --help tells more");
    if (is_same_file(s.light, s.output) || is_same_file(s.o.init, s.output)) return cli_usage("train: -o %s: is the model that training starts from", s.output);
    if (s.light) {
        int wrong = check_light(&s);
        if (!wrong && optind == argc) wrong = cli_usage("train --light: needs genomes to train on; anneal train --help tells more");
        return wrong ? wrong : train_light(&s, argv + optind, argc - optind);
    }
    if (s.given & bit(OPT_HIDDEN)) return cli_usage("train --hidden: only with --light");
    if (s.init_only) return optind < argc ? cli_usage("train --init-only takes no genomes") : make_sketch(&s);
    if (optind == argc) return cli_usage("train: needs genomes to train on; anneal train --help tells more");
    int rc = choose_device(&s);
    return rc ? rc : train(&s, argv + optind, argc - optind);
}
