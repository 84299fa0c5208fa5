#include "cli.h"
#include "recall.h"
#include "sketch.h"
#include "index_build.h"

#include <errno.h>
#include <getopt.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: anneal recall [OPTIONS] GENOME.fa...\n\n"
    "How often the window that a read came from is among its nearest 1, 2, 10 and 32 neighbours: of reads simulated from each genome, of 75 to\n"
    "250 bp with 0.1 to 15% errors (a fifth of them indels), among all windows of that genome; by the index as it is searched for alignment\n"
    "and by exact search; and how often it lies in one of the 2, 8 and 32 nearest lists. Reads whose sequence occurs more than once in the\n"
    "genome are left out and counted. Prints TSV.\n\n"
    "  --model FILE       encoder [the one shipped]\n"
    "  --light            the model's light encoder beside it: it embeds the reads, the windows are the full encoder's\n"
    "  --baseline sketch  the untrained encoder beside it\n"
    "  --checkpoint FILE  of the training run that made the model: exact search of its float vectors beside it\n"
    "  --reads N          reads for each line [2000]\n"
    "  --lengths LIST     bp [75,100,150,250]\n"
    "  --errors LIST      errors in a thousand bases [1,10,50,100,150]\n"
    "  --window W, --stride S   of the index, bp [176, 48]\n"
    "  --seed N           of the reads [1]\n"
    "  -t N               threads; the figures are the same for any number [1]\n";

enum { OPT_MODEL = 256, OPT_LIGHT, OPT_BASELINE, OPT_CHECKPOINT, OPT_READS, OPT_LENGTHS, OPT_ERRORS, OPT_WINDOW, OPT_STRIDE, OPT_SEED, OPT_HELP, MOST = 16 };

static const struct option long_options[] = {
    {"model", required_argument, NULL, OPT_MODEL},   {"baseline", required_argument, NULL, OPT_BASELINE},
    {"light", no_argument, NULL, OPT_LIGHT},         {"checkpoint", required_argument, NULL, OPT_CHECKPOINT},
    {"reads", required_argument, NULL, OPT_READS},   {"lengths", required_argument, NULL, OPT_LENGTHS},
    {"errors", required_argument, NULL, OPT_ERRORS}, {"window", required_argument, NULL, OPT_WINDOW},
    {"stride", required_argument, NULL, OPT_STRIDE}, {"seed", required_argument, NULL, OPT_SEED},
    {"help", no_argument, NULL, OPT_HELP},           {NULL, 0, NULL, 0}};

typedef struct settings {
    const char *model, *checkpoint;
    int light, baseline, n_lengths, n_errors;
    int64_t lengths[MOST], errors[MOST], reads, window, stride, seed, threads;
} settings;

/* Returns 0, or -1 after printing. */
static int set_option(settings *s, int c)
{
    switch (c) {
    case 't': return cli_integer("-t", optarg, 1, 1024, &s->threads);
    case OPT_MODEL: s->model = optarg; return 0;
    case OPT_LIGHT: s->light = 1; return 0;
    case OPT_BASELINE:
        if (strcmp(optarg, "sketch")) return cli_usage("--baseline %s: there is only 'sketch'", optarg), -1;
        s->baseline = 1;
        return 0;
    case OPT_CHECKPOINT: s->checkpoint = optarg; return 0;
    case OPT_READS: return cli_integer("--reads", optarg, 1, 1 << 24, &s->reads);
    case OPT_LENGTHS: return (s->n_lengths = cli_integers("--lengths", optarg, 1, MOST, s->lengths)) < 0 ? -1 : 0;
    case OPT_ERRORS: return (s->n_errors = cli_integers("--errors", optarg, 1, MOST, s->errors)) < 0 ? -1 : 0;
    case OPT_WINDOW: return cli_integer("--window", optarg, 20, 400, &s->window);
    case OPT_STRIDE: return cli_integer("--stride", optarg, 1, 400, &s->stride);
    default: return cli_integer("--seed", optarg, 0, INT64_MAX, &s->seed);
    }
}

static int check(const settings *s)
{
    for (int i = 0; i < s->n_lengths; ++i)
        if (s->lengths[i] < 20 || s->lengths[i] > 400) return cli_usage("--lengths: %lld is not from 20 to 400", (long long)s->lengths[i]);
    for (int i = 0; i < s->n_errors; ++i)
        if (s->errors[i] > 500) return cli_usage("--errors: %lld is not from 0 to 500", (long long)s->errors[i]);
    return 0;
}

static void print(const char *genome, const char *model, int64_t windows, const anl_recall_condition *c, const anl_recall *r, int floats)
{
    static const char *const search[] = {"index", "exact", "float"};
    const int *found[] = {r->found, r->found_exact, r->found_float};
    const char *slash = strrchr(genome, '/');
    for (int how = 0; how < 2 + floats; ++how) {
        printf("%s\t%lld\t%s\t%d\t%.1f\t%s\t%d\t%.2f", slash ? slash + 1 : genome, (long long)windows, model, c->length, 100 * (double)c->error,
               search[how], r->reads, 100.0 * r->unique / r->reads);
        for (int i = 0; i < ANL_RECALL_DEPTHS; ++i) printf("\t%.2f", r->unique ? 100.0 * found[how][i] / r->unique : 0.0);
        for (int i = 0; i < ANL_RECALL_LISTS; ++i) printf("\t%.2f", r->unique ? 100.0 * r->listed[i] / r->unique : 0.0);
        putchar('\n');
    }
    fflush(stdout);
}

/* The genome's index under a name that is gone when it is open. */
static int open_index(const settings *s, const char *genome, const char *model, anl_index **out)
{
    char path[4096];
    const char *folder = getenv("TMPDIR");
    anl_index_report ignored;
    snprintf(path, sizeof path, "%s/anneal-recall-XXXXXX", folder && *folder ? folder : "/tmp");
    int fd = mkstemp(path);
    if (fd < 0) return anl_fail(ANL_EIO, "%s: %s", path, strerror(errno));
    anl_index_options o = {.reference = genome, .output = path, .model = model, .window = (int32_t)s->window, .stride = (int32_t)s->stride,
                           .threads = (int)s->threads};
    int rc = anl_index_build(&o, NULL, NULL, &ignored);
    if (!rc) rc = anl_index_open(out, path);
    unlink(path);
    close(fd);
    return rc;
}

static int measure(const settings *s, const char *genome, const char *model, const char *name, int light, const char *checkpoint)
{
    anl_recall_setup u = {.reads = (int)s->reads, .seed = (uint64_t)s->seed, .threads = (int)s->threads};
    anl_index *x = NULL;
    anl_model *m = NULL;
    anl_recall_condition c[MOST * MOST];
    anl_recall found[MOST * MOST];
    int n = 0;
    for (int i = 0; i < s->n_lengths; ++i)
        for (int j = 0; j < s->n_errors; ++j) c[n++] = (anl_recall_condition){(int)s->lengths[i], (float)s->errors[j] / 1000};
    int rc = open_index(s, genome, model, &x);
    if (!rc) rc = anl_model_read(&m, model);
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

/* The sketch of the model's own dimension and depth. */
static int write_sketch(const char *model, char *path, size_t size)
{
    anl_model *m = NULL, *sketch = NULL;
    const char *folder = getenv("TMPDIR");
    snprintf(path, size, "%s/anneal-sketch-XXXXXX", folder && *folder ? folder : "/tmp");
    int rc = anl_model_read(&m, model);
    if (!rc) rc = anl_sketch_new(&sketch, m->dim, m->layers, 1);
    int fd = rc ? -1 : mkstemp(path);
    if (!rc && fd < 0) rc = anl_fail(ANL_EIO, "%s: %s", path, strerror(errno));
    if (!rc) rc = anl_model_write(sketch, path);
    if (fd >= 0) close(fd);
    anl_model_free(m);
    anl_model_free(sketch);
    return rc;
}

/* Before an index is built for nothing. */
static int need_light(const char *model)
{
    anl_model *m = NULL;
    int rc = anl_model_read(&m, model);
    if (!rc && !m->light) rc = anl_fail(ANL_EINVAL, "%s: the model has no light encoder", model);
    anl_model_free(m);
    return rc;
}

static int run(const settings *s, char **genomes, int n)
{
    char found[4096], sketch[4096] = "";
    const char *model = s->model;
    int rc = ANL_OK;
    if (!model) rc = anl_model_find(found, sizeof found);
    if (!model) model = found;
    if (!rc && s->light) rc = need_light(model);
    if (!rc && s->baseline) rc = write_sketch(model, sketch, sizeof sketch);
    if (!rc) {
        printf("genome\twindows\tmodel\tlength\terror%%\tsearch\treads\tunique%%");
        for (int i = 0; i < ANL_RECALL_DEPTHS; ++i) printf("\trecall@%d", anl_recall_depths[i]);
        for (int i = 0; i < ANL_RECALL_LISTS; ++i) printf("\tlists@%d", anl_recall_lists[i]);
        putchar('\n');
    }
    for (int i = 0; i < n && !rc; ++i) {
        rc = measure(s, genomes[i], model, "model", s->light, s->checkpoint);
        if (!rc && s->baseline) rc = measure(s, genomes[i], sketch, "sketch", 0, NULL);
    }
    if (*sketch) unlink(sketch);
    if (!rc && (fflush(stdout) || ferror(stdout))) rc = anl_fail(ANL_EIO, "standard output: cannot write");
    return rc ? cli_fail() : 0;
}

int cmd_recall(int argc, char **argv)
{
    settings s = {.n_lengths = 4, .lengths = {75, 100, 150, 250}, .n_errors = 5, .errors = {1, 10, 50, 100, 150}, .reads = 2000,
                  .window = 176, .stride = 48, .seed = 1, .threads = 1};
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":t:h", long_options, NULL)) != -1;) {
        if (c == 'h' || c == OPT_HELP) {
            fputs(help, stdout);
            return 0;
        }
        if (c == ':' || c == '?') return cli_bad_option("recall", c, argv);
        if (set_option(&s, c)) return 2;
    }
    if (check(&s)) return 2;
    if (optind == argc) return cli_usage("recall: needs a genome; anneal recall --help tells more");
    omp_set_num_threads((int)s.threads); /* FAISS goes by the default */
    return run(&s, argv + optind, argc - optind);
}
