/** Centroids as nearest.c and native.c go through them. Internal to src/search. */
#ifndef ANL_COARSE_H
#define ANL_COARSE_H

#include "nearest.h"

#define ANL_COARSE_NONE UINT32_MAX

struct anl_coarse {
    int32_t d, n_groups, probes; /* groups that a vector looks into */
    int32_t *begin;              /* [n_groups + 1] first centroid of each group, a multiple of ANL_PANEL */
    uint32_t *number;            /* of each centroid, ascending in a group; padding: ANL_COARSE_NONE */
    int8_t *panels;              /* of the centroids, group by group, */
    int32_t *bias;               /* and theirs */
    anl_coarse *groups;          /* the groups' own centroids; NULL: every vector looks into all groups */
};

/** The group of each of n centroids, which the caller frees; NULL when memory is short. */
uint32_t *anl_coarse_groups_of(const anl_coarse *c, int32_t n);

/** The c->probes nearest groups of a vector, of equally near ones the first, to to[probes], by its products with the groups' own centroids; which[] and
 *  value[] have room for all of these and ANL_PANEL more. */
void anl_coarse_choose(const anl_scan_kernels *k, const anl_coarse *c, const int32_t *dots, uint32_t *which, int32_t *value, uint32_t *to);

#endif
