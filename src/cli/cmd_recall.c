#include "cli.h"
#include "command.h"
#include "recall.h"
#include "sketch.h"
#include "index_build.h"
#include "output.h"

#include <limits.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 16 };

typedef struct list {
    int n;
    int64_t of[MOST];
} list;

typedef struct settings {
    const char *model, *checkpoint;
    int light, baseline, window, stride, threads;
    int64_t reads, seed;
    list lengths, errors;
} settings;

/* Comma-separated whole numbers from o->low to o->high. */
static int set_list(const anl_option *o, const char *called, const char *text, void *data)
{
    list *l = (list *)((char *)data + o->field);
    int n = 0;
    for (const char *at = text; n < MOST; ++at) {
        char part[32];
        const size_t len = strcspn(at, ",");
        snprintf(part, sizeof part, "%.*s", (int)len, at);
        if (len >= sizeof part || !anl_parse_whole(part, 0, &l->of[n]) || (double)l->of[n] < o->low || (double)l->of[n] > o->high) break;
        ++n;
        at += len;
        if (!*at) {
            l->n = n;
            return ANL_OK;
        }
    }
    return anl_fail(ANL_EINVAL, "%s %s: must be up to %d whole numbers from %.0f to %.0f, comma-separated", called, text, MOST, o->low,
                    o->high);
}

static void print(const char *genome, const char *model, int64_t windows, const anl_recall_condition *c, const anl_recall *r, int floats)
{
    static const char *const search[] = {"index", "exact", "float"};
    const int *found[] = {r->found, r->found_exact, r->found_float};
    const char *slash = strrchr(genome, '/');
    for (int how = 0; how < 2 + floats; ++how) {
        printf("%s\t%lld\t%s\t%d\t%.1f\t%s\t%d\t%.2f", slash ? slash + 1 : genome, (long long)windows, model, c->length,
               100 * (double)c->error, search[how], r->reads, 100.0 * r->unique / r->reads);
        for (int i = 0; i < ANL_RECALL_DEPTHS; ++i) printf("\t%.2f", r->unique ? 100.0 * found[how][i] / r->unique : 0.0);
        for (int i = 0; i < ANL_RECALL_LISTS; ++i) printf("\t%.2f", r->unique ? 100.0 * r->listed[i] / r->unique : 0.0);
        putchar('\n');
    }
    fflush(stdout);
}

/* The genome's index, in a scratch file. */
static int open_index(const settings *s, const char *genome, const char *model, anl_index **out)
{
    char path[ANL_SCRATCH_NAME];
    anl_index_report ignored;
    const int file = anl_scratch_open(NULL);
    if (file < 0) return ANL_EIO;
    anl_scratch_name(file, path);
    anl_index_options o = {
        .reference = genome, .output = path, .model = model, .window = s->window, .stride = s->stride, .threads = s->threads};
    int rc = anl_index_build(&o, NULL, &ignored);
    if (!rc) rc = anl_index_open(out, path);
    if (!rc) rc = anl_index_check(*out);
    close(file);
    return rc;
}

static int measure(const settings *s, const char *genome, const char *model, const char *name, int light, const char *checkpoint)
{
    anl_recall_setup u = {.reads = (int)s->reads, .seed = (uint64_t)s->seed, .threads = s->threads};
    anl_index *x = NULL;
    anl_model *m = NULL;
    anl_recall_condition c[MOST * MOST];
    anl_recall found[MOST * MOST];
    int n = 0;
    for (int i = 0; i < s->lengths.n; ++i)
        for (int j = 0; j < s->errors.n; ++j) c[n++] = (anl_recall_condition){(int)s->lengths.of[i], (float)s->errors.of[j] / 1000};
    int rc = open_index(s, genome, model, &x);
    if (!rc) rc = anl_model_open(&m, model);
    if (!rc && checkpoint) rc = anl_float_search_new(&u.floats, x, checkpoint, m->layers, u.threads);
    u.index = x;
    u.model = m;
    if (!rc) rc = anl_recall_measure(&u, c, n, found);
    for (int i = 0; i < n && !rc; ++i) print(genome, name, x->n_entries, &c[i], &found[i], checkpoint != NULL);
    anl_float_search_free(u.floats);
    u.floats = NULL;
    u.light = 1;
    if (!rc && light) rc = anl_recall_measure(&u, c, n, found);
    for (int i = 0; i < n && !rc && light; ++i) print(genome, "light", x->n_entries, &c[i], &found[i], 0);
    anl_index_free(x);
    anl_model_free(m);
    return rc;
}

/* The sketch of the model's own dimension and depth, in a scratch file: its descriptor, -1 on failure. */
static int write_sketch(const anl_model *m, char *path)
{
    anl_model *sketch = NULL;
    int file = -1, rc = anl_sketch_new(&sketch, m->dim, m->layers, 1);
    if (!rc && (file = anl_scratch_open(NULL)) < 0) rc = ANL_EIO;
    if (!rc) {
        anl_scratch_name(file, path);
        rc = anl_model_save(sketch, path);
    }
    if (rc && file >= 0) close(file);
    anl_model_free(sketch);
    return rc ? -1 : file;
}

/* Before an index is built for nothing. */
static int need_light(const anl_model *m)
{
    return m->light ? ANL_OK : anl_fail(ANL_EINVAL, "%s: the model has no light encoder", m->path);
}

static int recall(const settings *s, char **genomes, int n)
{
    char sketch[ANL_SCRATCH_NAME];
    anl_model *m = NULL;
    int file = -1, rc = anl_model_open(&m, s->model);
    if (!rc && s->light) rc = need_light(m);
    if (!rc && s->baseline >= 0 && (file = write_sketch(m, sketch)) < 0) rc = ANL_EIO;
    anl_model_free(m);
    if (!rc) {
        printf("genome\twindows\tmodel\tlength\terror%%\tsearch\treads\tunique%%");
        for (int i = 0; i < ANL_RECALL_DEPTHS; ++i) printf("\trecall@%d", anl_recall_depths[i]);
        for (int i = 0; i < ANL_RECALL_LISTS; ++i) printf("\tlists@%d", anl_recall_lists[i]);
        putchar('\n');
    }
    for (int i = 0; i < n && !rc; ++i) {
        rc = measure(s, genomes[i], s->model, "model", s->light, s->checkpoint);
        if (!rc && s->baseline >= 0) rc = measure(s, genomes[i], sketch, "sketch", 0, NULL);
    }
    if (file >= 0) close(file);
    return rc ? cli_fail() : 0;
}

static int run(void *data, const cli_call *call)
{
    const settings *s = data;
    omp_set_num_threads(s->threads); /* FAISS goes by the default */
    return recall(s, call->operands, call->n);
}

static void defaults(void *data)
{
    *(settings *)data = (settings){.lengths = {4, {75, 100, 150, 250}},
                                   .errors = {5, {1, 10, 50, 100, 150}},
                                   .reads = 2000,
                                   .window = 176,
                                   .stride = 48,
                                   .seed = 1,
                                   .threads = 1,
                                   .baseline = -1};
}

#define AT(field) offsetof(settings, field)

static const char OPTIONS[] = "Options";

static const anl_option options[] = {
    {OPTIONS, .name = "model", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(model), .initial = "the one shipped", .help = "encoder"},
    {OPTIONS, .name = "light", .field = AT(light), .help = "the model's light encoder beside it, which embeds the reads",
     .more = "The windows are the full encoder's."},
    {OPTIONS, .name = "baseline", .arg = "B", .kind = ANL_OPTION_WORD, .field = AT(baseline), .words = "sketch", .initial = "",
     .help = "sketch: the untrained encoder beside it"},
    {OPTIONS, .name = "checkpoint", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(checkpoint),
     .help = "of the training run that made the model: exact search of its float vectors beside it",
     .more = "It tells what rounding to int8 costs."},
    {OPTIONS, .name = "reads", .arg = "N", .kind = ANL_OPTION_SIZE, .field = AT(reads), .low = 1, .high = 1 << 24,
     .help = "reads for each line"},
    {OPTIONS, .name = "lengths", .arg = "LIST", .kind = ANL_OPTION_SET, .set = set_list, .field = AT(lengths), .low = ANL_ENCODER_MIN_LEN,
     .high = ANL_ENCODER_MAX_LEN, .initial = "75,100,150,250", .help = "bp, 20 to 400"},
    {OPTIONS, .name = "errors", .arg = "LIST", .kind = ANL_OPTION_SET, .set = set_list, .field = AT(errors), .high = 500,
     .initial = "1,10,50,100,150", .help = "errors in a thousand bases, 0 to 500"},
    {OPTIONS, .name = "window", .arg = "W", .kind = ANL_OPTION_INT, .field = AT(window), .low = ANL_ENCODER_MIN_LEN,
     .high = ANL_ENCODER_MAX_LEN, .help = "of the index, bp"},
    {OPTIONS, .name = "stride", .arg = "S", .kind = ANL_OPTION_INT, .field = AT(stride), .low = 1, .high = ANL_ENCODER_MAX_LEN,
     .help = "of the index, bp"},
    {OPTIONS, .name = "seed", .arg = "N", .kind = ANL_OPTION_SIZE, .field = AT(seed), .high = (double)INT64_MAX, .help = "of the reads"},
    {OPTIONS, .letter = 't', .also = '@', .name = "threads", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(threads), .low = 1,
     .high = 1024, .help = "threads; the figures are the same for any number"},
};

static const anl_option_table table = {options, sizeof options / sizeof *options, 0};

const cli_command cmd_recall = {
    .name = "recall",
    .what = "measure how often the encoder and the index find a read's place",
    .usage = "[OPTIONS] GENOME.fa...",
    .about = "How often the window that a read came from is among its nearest 1, 2, 10 and 32 neighbours: of reads simulated from each "
             "genome, of "
             "75 to 250 bp with 0.1 to 15% errors (a fifth of them indels), among all windows of that genome; by the index as it is "
             "searched for "
             "alignment and by exact search; and how often it lies in one of the 2, 8 and 32 nearest lists. Reads whose sequence occurs "
             "more than once "
             "in the genome are left out and counted. Prints TSV.",
    .needs = "a genome",
    .least = 1,
    .most = INT_MAX,
    .sections = {OPTIONS},
    .parts = {{&table, 0}},
    .size = sizeof(settings),
    .defaults = defaults,
    .run = run,
};
