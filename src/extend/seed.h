/** Exact matches between a stretch of a read and a stretch of the reference that are known to belong together. */
#ifndef ANL_SEED_H
#define ANL_SEED_H

#include "chain.h"

enum {
    ANL_SEED_K =
        12, /**< bp of the shortest match; random ones are rare in stretches of a few thousand bp. 10 and 15 align alike (stitch.c) */
    ANL_SEED_FREQUENT = 16, /**< k-mers that the stretch of the read has more often say nothing about the place; 4 and 64 align alike */
};

typedef struct anl_seeder anl_seeder; /**< scratch, one a thread */
int anl_seeder_new(anl_seeder **out);
void anl_seeder_free(anl_seeder *s);

/** Where to look; positions are those of the whole query and target. */
typedef struct anl_seed_tile {
    int32_t qbeg, qend, tbeg, tend;
    int32_t dlo, dhi; /**< diagonals: target minus query position */
} anl_seed_tile;

/** Anchors found, in positions of query and target; weight is the length, group 0. */
typedef struct anl_seeds {
    anl_anchor *list;
    size_t n, cap;
    anl_anchor *longest; /**< scratch */
    size_t n_long, longest_cap;
} anl_seeds;

/** Appends the maximal exact matches of at least ANL_SEED_K bp in a tile, without those that a far longer one contains, at most as many as the
 *  tile has bp of target. Codes above 3 never match. 0 or ANL_ENOMEM. */
int anl_seed_find(anl_seeder *s, const uint8_t *query, const uint8_t *target, const anl_seed_tile *tile, anl_seeds *out);

#endif
