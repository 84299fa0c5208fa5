/** The nearest lists of light vectors: those of a few groups of lists whose centroids are near each other, as all centroids of a large index are too
 *  many to be met by every read. Internal to src/search. */
#ifndef ANL_ROUGH_H
#define ANL_ROUGH_H

#include "coarse.h"
#include "search.h"

/** What a thread needs. */
typedef struct anl_rough anl_rough;
void anl_rough_free(anl_rough *r);

/** Whether a wave through `nprobe` lists finds the lists of `q` so: it asks for that, and has no lists yet, but room for ANL_RANKED and no more. */
int anl_rough_is_asked(const anl_neighbours *q, int nprobe);

/** Finds the ANL_RANKED nearest lists of those of queries[n] which ask for it, in order, of equally near ones the lower number first. *r is made when
 *  it is needed, for always the same groups; NULL to begin with. 0 or ANL_ENOMEM. */
int anl_rough_rank(anl_rough **r, const anl_coarse *groups, const anl_scan_kernels *k, anl_neighbours *const *queries, int n, int nprobe);

#endif
