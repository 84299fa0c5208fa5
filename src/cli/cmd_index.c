#include "cli.h"
#include "gpu.h"
#include "index_build.h"
#include "progress.h"

#include <getopt.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char help[] =
    "usage: anneal index [OPTIONS] REF.fa[.gz]\n\n"
    "  -o FILE        the index [REF.anl]\n"
    "  -t N           threads; the index is the same for any number [1]\n"
    "  --window W     bp of reference embedded as one vector; about a read's length [176]\n"
    "  --stride S     bp between windows; smaller finds more and makes a larger index [48]\n"
    "  --model FILE   encoder [the one shipped]\n"
    "  --device D     auto, cpu, cuda or cuda:N (a GPU's number) embeds; same index; auto: a GPU if there is one [auto]\n"
    "  -v             tell what was built, and on what\n";

enum { OPT_WINDOW = 256, OPT_STRIDE, OPT_MODEL, OPT_DEVICE, OPT_HELP };

static const struct option long_options[] = {{"window", required_argument, NULL, OPT_WINDOW}, {"stride", required_argument, NULL, OPT_STRIDE},
                                             {"model", required_argument, NULL, OPT_MODEL},   {"help", no_argument, NULL, OPT_HELP},
                                             {"device", required_argument, NULL, OPT_DEVICE}, {NULL, 0, NULL, 0}};

/* REF.fa.gz to REF.anl. */
static int default_output(const char *reference, char *out, size_t size)
{
    static const char *const endings[] = {".gz", ".bgz", ".fasta", ".fna", ".fa"};
    if (snprintf(out, size - 4, "%s", strcmp(reference, "-") ? reference : "reference") >= (int)size - 4) return -1;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; ++i) {
        const size_t n = strlen(out), m = strlen(endings[i]);
        if (n > m && !strcmp(out + n - m, endings[i])) out[n - m] = 0;
    }
    strcat(out, ".anl");
    return 0;
}

static void show(void *data, int64_t done, int64_t total)
{
    anl_meter_update(data, done, total);
}

static int build(const anl_index_options *o, int verbose)
{
    anl_index_report r;
    anl_meter meter;
    const double start = anl_now();
    anl_meter_start(&meter, "windows");
    omp_set_num_threads(o->threads); /* FAISS goes by the default */
    int rc = anl_threads_start(o->threads);
    if (!rc) rc = anl_index_build(o, show, &meter, &r);
    anl_meter_finish(&meter);
    if (rc) return cli_fail();
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    if (verbose || meter.on)
        fprintf(stderr, "%s: %lld contigs, %lld bp, %lld windows; %.1f s, %ld MiB; embedded on %s\n", o->output, (long long)r.contigs,
                (long long)r.bases, (long long)r.windows, anl_now() - start, usage.ru_maxrss / 1024, *r.gpu ? r.gpu : "the CPU");
    return 0;
}

int cmd_index(int argc, char **argv)
{
    anl_index_options o = anl_index_options_default();
    o.device = ANL_DEVICE_AUTO;
    char output[4096];
    int64_t v;
    int verbose = 0;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":t:o:vh", long_options, NULL)) != -1;) switch (c) {
        case 't':
            if (cli_integer("-t", optarg, 1, 1024, &v)) return 2;
            o.threads = (int)v;
            break;
        case 'o': o.output = optarg; break;
        case 'v': verbose = 1; break;
        case OPT_WINDOW:
        case OPT_STRIDE:
            if (cli_integer(c == OPT_WINDOW ? "--window" : "--stride", optarg, 1, 400, &v)) return 2;
            *(c == OPT_WINDOW ? &o.window : &o.stride) = (int32_t)v;
            break;
        case OPT_MODEL: o.model = optarg; break;
        case OPT_DEVICE:
            if (cli_device(optarg, &o.device)) return 2;
            break;
        case 'h':
        case OPT_HELP: fputs(help, stdout); return 0;
        default: return cli_bad_option("index", c, argv);
        }
    if (optind + 1 != argc) return cli_usage("index: needs one FASTA file; anneal index --help tells more");
    o.reference = argv[optind];
    if (!o.output) {
        if (default_output(o.reference, output, sizeof output)) return cli_usage("%s: name too long", o.reference);
        o.output = output;
    }
    cli_files f = {0};
    int rc = cli_reads(&f, o.reference, "");
    if (!rc) rc = cli_reads_model(&f, o.model);
    if (!rc) rc = cli_writes(&f, o.output, "");
    const int status = cli_files_check(&f, rc);
    return status ? status : build(&o, verbose);
}
