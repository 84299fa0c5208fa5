#include "resident.h"

int anl_resident_load(const anl_index *x, anl_gpu *gpu)
{
    const anl_gpu_reference r = {.n_contigs = x->n_contigs,
                                 .window = x->window,
                                 .stride = x->stride,
                                 .contig_begin = x->contig_begin,
                                 .window_begin = x->window_begin,
                                 .bases = x->bases,
                                 .n_runs = x->n_runs,
                                 .n_n_runs = x->n_n_runs};
    return anl_gpu_load_reference(gpu, &r);
}
