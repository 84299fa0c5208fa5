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

enum { ANL_COARSE_ROWS = 1536 /* rows of a block: enough that many meet in a group */ };

/** Rows on their way through centroids, and what that needs. One a thread. */
typedef struct anl_coarse_block {
    uint8_t *rows, *gathered; /* [ANL_COARSE_ROWS][d], ANL_PANEL_OFFSET added; those in a group */
    int32_t *dots, *value;    /* of some rows with the widest group; room for its values, */
    uint32_t *which;          /* and which of them were selected */
    int32_t *start, *member;  /* [n_groups + 1]; [ANL_COARSE_ROWS * probes] rows by group */
    uint32_t *probe;          /* [ANL_COARSE_ROWS * probes] groups by row */
} anl_coarse_block;

/** NULL when memory is short. */
anl_coarse_block *anl_coarse_block_new(const anl_coarse *c);
void anl_coarse_block_free(anl_coarse_block *b);

/** Row `row` of the block. */
void anl_coarse_block_put(const anl_coarse *c, anl_coarse_block *b, int32_t row, const int8_t *vector);

/** Hears that row `row` has met n centroids from `first` on: their products. It may use value and which of the block. */
typedef void anl_coarse_met(void *data, int32_t row, const int32_t *dots, int32_t first, int32_t n);

/** Takes the first n rows of a block through all centroids, or through those of their nearest groups, of equally near ones the first. */
void anl_coarse_meet(const anl_scan_kernels *k, const anl_coarse *c, anl_coarse_block *b, int32_t n, anl_coarse_met *met, void *data);

#endif
