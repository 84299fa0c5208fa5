/** Clustering vectors into inverted lists: k-means in integers. */
#ifndef ANL_CLUSTER_H
#define ANL_CLUSTER_H

#include "index.h"
#include "nearest.h"

/** Lists of a store of n vectors: the power of two below four times the square root of n; one where a scan goes through all at once. */
int32_t anl_lists_count(int64_t n);

/** Clusters vectors[n][d] and assigns each to a list. The result depends on the vectors alone, not on who looks. Tells `watch` of
 *  ANL_INDEX_CLUSTERING and ANL_INDEX_ASSIGNING. 0 or what anl_nearest fails with; anl_lists_free in either case. */
int anl_lists_build(anl_lists *out, const int8_t *vectors, int64_t n, int32_t d, const anl_nearest_on *on, const anl_index_watch *watch);
void anl_lists_free(anl_lists *l);

/** Groups of an index's lists, of which a light vector looks into a few; *out is NULL where there are too few lists, or too many for a GPU. 0, ANL_ENOMEM or what
 *  anl_kernels_get fails with; *out is freed by the caller in either case. */
int anl_lists_group(anl_coarse **out, const anl_index *x, int threads);

#endif
