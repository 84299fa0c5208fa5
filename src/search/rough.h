/** The nearest lists of light vectors: those of a few groups of lists whose centroids are near each other, as all centroids of a large index are too many
 *  to be met by every read. Internal to src/search. */
#ifndef ANL_ROUGH_H
#define ANL_ROUGH_H

#include "coarse.h"
#include "search.h"

/** One a thread; all zero to begin with. */
typedef struct anl_rough_scratch {
    uint8_t *vectors, *gathered;
    int32_t *dots, *value;
    uint32_t *which, *probes, *start, *members;
    struct anl_rough_ranks *ranks;
    size_t vectors_cap, gathered_cap, dots_cap, value_cap, which_cap, probes_cap, start_cap, members_cap, ranks_cap;
} anl_rough_scratch;

void anl_rough_scratch_free(anl_rough_scratch *sc);

/** Whether a wave through `nprobe` lists finds the lists of `q` so: it asks for that, and has no lists yet, but room for ANL_RANKED and no more. */
int anl_rough_is_asked(const anl_neighbours *q, int nprobe);

/** Finds the ANL_RANKED nearest lists of those of queries[n] which ask for it, in order, of equally near ones the lower number first. 0 or ANL_ENOMEM. */
int anl_rough_rank(const anl_coarse *groups, const anl_scan_kernels *k, anl_rough_scratch *sc, anl_neighbours *const *queries, int n,
                   int nprobe);

#endif
