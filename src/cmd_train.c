#include "cli.h"
#include "sketch.h"

#include <getopt.h>
#include <stdio.h>

static const char help[] =
    "usage: anneal train --init-only [--seed N] [--dim D] -o MODEL.anm\n\n"
    "Makes the untrained encoder: a centred random sketch of canonical 6-mers, with two transformer blocks whose\n"
    "outputs are zero.\n\n"
    "  --init-only     stop before the first training step\n"
    "  --seed N        of all random numbers [1]\n"
    "  --dim D         dimension of the vectors, a multiple of 32 up to 256 [128]\n"
    "  -o FILE         the model\n";

enum { LAYERS = 2, OPT_INIT = 256, OPT_SEED, OPT_DIM, OPT_HELP };

static const struct option long_options[] = {{"init-only", no_argument, NULL, OPT_INIT}, {"seed", required_argument, NULL, OPT_SEED},
                                             {"dim", required_argument, NULL, OPT_DIM},  {"help", no_argument, NULL, OPT_HELP},
                                             {NULL, 0, NULL, 0}};

int cmd_train(int argc, char **argv)
{
    int64_t seed = 1, dim = 128;
    int init_only = 0;
    const char *path = NULL;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":o:h", long_options, NULL)) != -1;) switch (c) {
        case 'o': path = optarg; break;
        case OPT_INIT: init_only = 1; break;
        case OPT_SEED:
            if (cli_integer("--seed", optarg, 0, INT64_MAX, &seed)) return 2;
            break;
        case OPT_DIM:
            if (cli_integer("--dim", optarg, 32, 256, &dim)) return 2;
            break;
        case 'h':
        case OPT_HELP: fputs(help, stdout); return 0;
        case ':': return cli_usage("option '%s' needs a value", argv[optind - 1]);
        default: return cli_usage("there is no option '%s'; anneal train --help lists them", argv[optind - 1]);
        }
    if (!init_only || !path || optind < argc) return cli_usage("train: needs --init-only and -o MODEL.anm; anneal train --help tells more");
    anl_model *m = NULL;
    int rc = anl_sketch_new(&m, (int)dim, LAYERS, (uint64_t)seed);
    if (!rc) rc = anl_model_write(m, path);
    anl_model_free(m);
    return rc ? cli_fail() : 0;
}
