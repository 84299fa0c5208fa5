#include "cli.h"
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

static const char help[] =
    "usage: anneal train [OPTIONS] -o MODEL.anm GENOME.fa...\n"
    "       anneal train --init-only [--seed N] [--dim D] [--layers N] -o MODEL.anm\n\n"
    "Trains the encoder: reads with errors drawn from the genomes must be nearer to their own window than to any other. Begins with an\n"
    "untrained sketch of canonical 6-mers, trains it as a linear model, then adds transformer blocks and trains the whole.\n\n"
    "  -o FILE              the model\n"
    "  --init-only          stop before the first step\n"
    "  --init FILE          start from this model\n"
    "  --seed N             of all random numbers [1]\n"
    "  --dim D              dimension of the vectors, a multiple of 32 up to 256 [128]\n"
    "  --layers N           transformer blocks, 0 to 8 [2]\n"
    "  --linear-pairs N     pairs for the linear model; K, M and G may follow a number [8M]\n"
    "  --pairs N            pairs for the whole [32M]\n"
    "  --batch N            pairs in a batch, a multiple of 32 [1024]\n"
    "  --linear-rate R      peak learning rate of the linear model [0.01]\n"
    "  --rate R             peak learning rate of the whole [0.002]\n"
    "  --temperature T      of the contrastive loss [0.05]\n"
    "  --twins F            share of hard negatives, mined with the model so far [0.25]\n"
    "  --low-errors F       share of reads with a tenth of the errors [0]\n"
    "  --mine-every N       steps between minings [10000]\n"
    "  --window W           bp; those of the index need not be the same [160]\n"
    "  --stride S           bp [48]\n"
    "  --checkpoint FILE    resume from it where it exists; written every five minutes, at the end and when interrupted\n"
    "  --log FILE           a line of figures every 100 steps, as TSV; added to when resuming\n"
    "  --device NAME        cpu or cuda[:N] [cpu]\n"
    "  -t N                 threads; the model is the same for any number [1]\n";

enum {
    OPT_INIT_ONLY = 256, OPT_INIT, OPT_SEED, OPT_DIM, OPT_LAYERS, OPT_LINEAR, OPT_PAIRS, OPT_BATCH, OPT_LINEAR_RATE, OPT_RATE, OPT_TEMPERATURE, OPT_TWINS, OPT_LOW_ERRORS,
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
    {"low-errors", required_argument, NULL, OPT_LOW_ERRORS}, {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0}};

typedef struct settings {
    anl_train_options o;
    const char *output, *log, *device;
    int init_only;
} settings;

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
    switch (c) {
    case 'o': s->output = optarg; return 0;
    case 't': return set_int("-t", 1, 1024, &o->threads);
    case OPT_INIT_ONLY: s->init_only = 1; return 0;
    case OPT_INIT: o->init = optarg; return 0;
    case OPT_SEED:
        if (cli_integer("--seed", optarg, 0, INT64_MAX, &v)) return -1;
        o->seed = (uint64_t)v;
        return 0;
    case OPT_DIM: return set_int("--dim", 32, 256, &o->dim);
    case OPT_LAYERS: return set_int("--layers", 0, ANL_ENCODER_MAX_LAYERS, &o->layers);
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

static int train(settings *s, char **paths, int n)
{
    anl_model *m = NULL;
    anl_output *to = NULL; /* opened before there is work to lose */
    reporting r = {.start = anl_now()};
    if (anl_output_open(&to, s->output, ANL_OUTPUT_STREAM)) return cli_fail();
    if (s->log) {
        r.log = fopen(s->log, "a");
        if (!r.log) {
            anl_fail(ANL_EIO, "%s: %s", s->log, strerror(errno));
            anl_output_abort(to);
            return cli_fail();
        }
        if (ftell(r.log) == 0) fputs("step\tpairs\tlayers\tloss\tbatch_recall1\tpairs_per_s\ttwins\trecall10_error10\trecall10_error15\n", r.log);
    }
    anl_meter_start(&r.meter, "pairs");
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_NODEFER};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    s->o.stop = &stop;
    omp_set_num_threads(s->o.threads); /* FAISS goes by the default */
    int rc = anl_train_run(&s->o, paths, n, anl_now, report, &r, &m);
    anl_meter_finish(&r.meter);
    if (!rc) rc = anl_model_write(m, to);
    if (r.log && fclose(r.log) && !rc) rc = anl_fail(ANL_EIO, "%s: cannot write", s->log);
    if (!rc) {
        rc = anl_output_close(to);
        to = NULL;
    }
    anl_output_abort(to);
    anl_model_free(m);
    return rc ? cli_fail() : 0;
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
    for (int i = 0; i < n && !rc; ++i) rc = cli_reads(&f, genomes[i], "");
    if (!rc) rc = cli_writes(&f, s->output, "");
    if (!rc) rc = cli_writes(&f, s->o.checkpoint, "");
    if (!rc) rc = cli_writes(&f, s->log, "");
    return cli_files_check(&f, rc);
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
    if (s.init_only) return optind < argc ? cli_usage("train --init-only takes no genomes") : make_sketch(&s);
    if (optind == argc) return cli_usage("train: needs genomes to train on; anneal train --help tells more");
    int rc = check_files(&s, argv + optind, argc - optind);
    if (!rc) rc = choose_device(&s);
    return rc ? rc : train(&s, argv + optind, argc - optind);
}
