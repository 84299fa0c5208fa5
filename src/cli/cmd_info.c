#include "cli.h"
#include "command.h"
#include "hints.h"
#include "index.h"

#include <inttypes.h>
#include <stdio.h>

static int run(void *settings, const cli_call *call)
{
    anl_index *x;
    (void)settings;
    const int status = cli_check_index(call);
    if (status) return status;
    if (anl_index_open(&x, call->operands[0])) return cli_fail();
    if (anl_index_check(x)) {
        anl_index_free(x);
        return cli_fail();
    }
    const int64_t bases = x->contig_begin[x->n_contigs];
    int64_t unique = 0;
    for (int64_t i = 0; i < (bases + 63) / 64; ++i) unique += __builtin_popcountll(x->unique[i]);
    printf("contigs\t%d\nalt_contigs\t%d\nbases\t%lld\nwindow\t%d\nstride\t%d\nwindows\t%lld\nstored\t%lld\ndimension\t%d\nlists\t%"
           "d\nmodel\t%s\n"
           "model_hash\t%016" PRIx64 "\nunique_k\t%d\nunique_share\t%.4f\n",
           x->n_contigs, x->n_alts, (long long)bases, x->window, x->stride, (long long)x->n_windows, (long long)x->n_entries, x->d,
           x->nlist, x->model_name, x->model_hash, x->unique_k, (double)unique / (double)bases);
    for (int32_t i = 0; i < x->n_contigs; ++i)
        printf("contig\t%s\t%lld\t%s%s\n", x->contigs[i].name, (long long)x->contigs[i].len, x->contigs[i].md5,
               x->contigs[i].alt ? "\tALT" : "");
    anl_index_free(x);
    return 0;
}

const cli_command cmd_info = {
    .name = "info",
    .what = "print what an index holds",
    .usage = "INDEX.anl",
    .about = "Prints what an index holds, then its contigs: name, length, M5, and ALT where they are. unique_share is the share of bases "
             "at which a k-mer (k: unique_k) "
             "starts that the reference holds once, both strands together.",
    .needs = "one index",
    .least = 1,
    .most = 1,
    .run = run,
};
