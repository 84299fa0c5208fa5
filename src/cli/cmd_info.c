#include "cli.h"
#include "index.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: anneal info INDEX.anl\n\nPrints what an index holds, then its contigs: name, length, M5.\n"
    "unique_share is the share of bases at which a k-mer starts (k: unique_k) that the reference holds once, both strands together.\n";

int cmd_info(int argc, char **argv)
{
    if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
        fputs(help, stdout);
        return 0;
    }
    if (argc != 2 || argv[1][0] == '-') return cli_usage("info: needs one index; anneal info --help tells more");
    anl_index *x;
    if (anl_index_open(&x, argv[1])) return cli_fail();
    const int64_t bases = x->contig_begin[x->n_contigs];
    int64_t unique = 0;
    for (int64_t i = 0; i < (bases + 63) / 64; ++i) unique += __builtin_popcountll(x->unique[i]);
    printf("contigs\t%d\nbases\t%lld\nwindow\t%d\nstride\t%d\nwindows\t%lld\nstored\t%lld\ndimension\t%d\nlists\t%d\nmodel\t%s\n"
           "model_hash\t%016" PRIx64 "\nunique_k\t%d\nunique_share\t%.4f\n",
           x->n_contigs, (long long)bases, x->window, x->stride, (long long)x->n_windows, (long long)x->n_entries,
           x->d, x->nlist, x->model_name, x->model_hash, x->unique_k, (double)unique / (double)bases);
    for (int32_t i = 0; i < x->n_contigs; ++i) printf("contig\t%s\t%lld\t%s\n", x->contigs[i].name, (long long)x->contigs[i].len, x->contigs[i].md5);
    anl_index_free(x);
    return 0;
}
