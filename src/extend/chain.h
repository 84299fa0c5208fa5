/** Colinear chaining: anchors of one read that follow each other on the read and on the reference. */
#ifndef ANL_CHAIN_H
#define ANL_CHAIN_H

#include "base.h"

/** A stretch of the read that matches a stretch of the reference of the same length. */
typedef struct anl_anchor {
    int64_t t;      /**< first base on the reference, any coordinates */
    int32_t q;      /**< first base on the read, oriented as the reference */
    int32_t len;    /**< bp, at least 1 */
    int32_t weight; /**< evidence, in matching bp, at least 1 */
    int32_t group;  /**< strand and contig as one number: a chain stays inside a group */
} anl_anchor;

typedef struct anl_chain_params {
    int32_t max_gap;   /**< bp between neighbours, on the read and on the reference */
    int32_t max_drift; /**< bp by which the two may differ */
    int32_t look_back; /**< predecessors tried for each anchor */
    int32_t min_score;
} anl_chain_params;

/** Anchors [first, first + n) of the chained array, ascending on both sequences. */
typedef struct anl_chain {
    int32_t first, n, score;
} anl_chain;

typedef struct anl_chains {
    anl_anchor *anchors; /**< of all chains, one after the other */
    int32_t n_anchors;
    anl_chain *list; /**< score descending; of equals the one that ends first (group, t, q) */
    int32_t n;
} anl_chains;

/** Chains `n` anchors, sorting them by (group, t, q, len, weight) in place. The score of a chain is the weight of its anchors, overlaps counted once,
 *  less a concave cost of every change of diagonal; every anchor serves one chain. The recurrence and its cost are those of minimap2
 *  (Li 2018, doi 10.1093/bioinformatics/bty191), in integers and with a fixed number of predecessors: O(n log n + n * look_back) time,
 *  O(n) memory, of `arena`, where the result lives. 0 or ANL_ENOMEM. */
int anl_chain_find(const anl_chain_params *p, anl_anchor *anchors, int32_t n, anl_arena *arena, anl_chains *out);

#endif
