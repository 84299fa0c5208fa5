#include "cli.h"
#include "command.h"
#include "files.h"
#include "gpu.h"
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

typedef struct settings {
    anl_train_options o;
    const char *output, *log;
    int init_only, device;
} settings;

/* Where training runs; no auto: a run goes on for days. */
static int set_device(const anl_option *o, const char *called, const char *text, void *data)
{
    (void)o;
    if (!strcmp(text, "auto")) return anl_fail(ANL_EINVAL, "%s auto: must be cpu, cuda or cuda:N", called);
    return anl_device_parse(called, text, &((settings *)data)->device);
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
    anl_meter_update(&r->meter, "training", "pairs", p->seen, p->seen + (p->steps - p->step) * (p->pairs / p->step));
    if (!r->log) return;
    fprintf(r->log, "%lld\t%lld\t%d\t%.4f\t%.4f\t%.0f\t%zu\t", (long long)p->step, (long long)p->pairs, p->layers, p->loss, p->best,
            (double)p->seen / seconds, p->hard_pairs);
    if (p->recall10 >= 0) fprintf(r->log, "%.4f\t%.4f\n", p->recall10, p->recall15);
    else fputs("\t\n", r->log);
    fflush(r->log);
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
    anl_meter_start(&r.meter, ANL_METER_TERMINAL);
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

static int run(void *data, const cli_call *call)
{
    settings *s = data;
    if (!s->output) return cli_usage("train: needs -o MODEL.anm; anneal train --help tells more");
    if (s->init_only) return call->n ? cli_usage("train --init-only takes no genomes") : make_sketch(s);
    if (!call->n) return cli_usage("train: needs genomes to train on; anneal train --help tells more");
    int rc = check_files(s, call->operands, call->n);
    if (!rc) rc = choose_device(s);
    return rc ? rc : train(s, call->operands, call->n);
}

static void defaults(void *data)
{
    ((settings *)data)->o = anl_train_options_default();
}

#define AT(field) offsetof(settings, field)

static const char OPTIONS[] = "Options";

static const anl_option list[] = {
    {OPTIONS, .letter = 'o', .name = "output", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(output), .help = "the model"},
    {OPTIONS, .name = "init-only", .field = AT(init_only), .help = "stop before the first step",
     .more = "Writes the untrained sketch; takes no genomes."},
    {OPTIONS, .name = "init", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(o.init), .help = "start from this model"},
    {OPTIONS, .name = "seed", .arg = "N", .kind = ANL_OPTION_SIZE, .field = AT(o.seed), .high = (double)INT64_MAX, .help = "of all random numbers"},
    {OPTIONS, .name = "dim", .arg = "D", .kind = ANL_OPTION_INT, .field = AT(o.dim), .low = 32, .high = ANL_ENCODER_MAX_DIM,
     .help = "dimension of the vectors, a multiple of 32 up to 256"},
    {OPTIONS, .name = "layers", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(o.layers), .high = ANL_ENCODER_MAX_LAYERS,
     .help = "transformer blocks, 0 to 8"},
    {OPTIONS, .name = "linear-pairs", .arg = "N", .kind = ANL_OPTION_SIZE, .field = AT(o.linear_pairs), .high = (double)INT64_MAX,
     .help = "pairs for the linear model; K, M and G may follow a number"},
    {OPTIONS, .name = "pairs", .arg = "N", .kind = ANL_OPTION_SIZE, .field = AT(o.pairs), .high = (double)INT64_MAX, .help = "pairs for the whole"},
    {OPTIONS, .name = "batch", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(o.batch), .low = 32, .high = 16384,
     .help = "pairs in a batch, a multiple of 32"},
    {OPTIONS, .name = "linear-rate", .arg = "R", .kind = ANL_OPTION_NUMBER, .field = AT(o.linear_rate), .high = 1,
     .help = "peak learning rate of the linear model"},
    {OPTIONS, .name = "rate", .arg = "R", .kind = ANL_OPTION_NUMBER, .field = AT(o.rate), .high = 1, .help = "peak learning rate of the whole"},
    {OPTIONS, .name = "temperature", .arg = "T", .kind = ANL_OPTION_NUMBER, .field = AT(o.temperature), .low = 0.005, .high = 1,
     .help = "of the contrastive loss"},
    {OPTIONS, .name = "twins", .arg = "F", .kind = ANL_OPTION_NUMBER, .field = AT(o.hard_share), .high = 1,
     .help = "share of hard negatives, mined with the model so far"},
    {OPTIONS, .name = "low-errors", .arg = "F", .kind = ANL_OPTION_NUMBER, .field = AT(o.draw.low_errors), .high = 1,
     .help = "share of reads with a tenth of the errors"},
    {OPTIONS, .name = "mine-every", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(o.mine_every), .low = 1, .high = INT32_MAX,
     .help = "steps between minings"},
    {OPTIONS, .name = "window", .arg = "W", .kind = ANL_OPTION_INT, .field = AT(o.draw.window), .low = ANL_ENCODER_MIN_LEN, .high = ANL_ENCODER_MAX_LEN,
     .help = "bp; those of the index need not be the same"},
    {OPTIONS, .name = "stride", .arg = "S", .kind = ANL_OPTION_INT, .field = AT(o.draw.stride), .low = 1, .high = ANL_ENCODER_MAX_LEN, .help = "bp"},
    {OPTIONS, .name = "checkpoint", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(o.checkpoint),
     .help = "resume from it where it exists; written every five minutes, at the end and when interrupted"},
    {OPTIONS, .name = "log", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(log),
     .help = "a line of figures every 100 steps, as TSV; added to when resuming"},
    {OPTIONS, .name = "device", .arg = "D", .kind = ANL_OPTION_SET, .set = set_device, .words = "cpu cuda", .initial = "cpu",
     .help = "cpu, cuda or cuda:N (a GPU's number)"},
    {OPTIONS, .letter = 't', .also = '@', .name = "threads", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(o.threads), .low = 1, .high = 1024,
     .help = "threads; the model is the same for any number"},
};

static const anl_option_table table = {list, sizeof list / sizeof *list, 0};

const cli_command cmd_train = {
    .name = "train",
    .what = "train an encoder",
    .usage = "[OPTIONS] -o MODEL.anm GENOME.fa...\n--init-only [--seed N] [--dim D] [--layers N] -o MODEL.anm",
    .about = "Trains the encoder: reads with errors drawn from the genomes must be nearer to their own window than to any other. Begins with an "
             "untrained sketch of canonical 6-mers, trains it as a linear model, then adds transformer blocks and trains the whole.",
    .needs = "genomes to train on",
    .most = INT_MAX,
    .sections = {OPTIONS},
    .parts = {{&table, 0}},
    .size = sizeof(settings),
    .defaults = defaults,
    .run = run,
};
