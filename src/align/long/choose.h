/** Which chains of a long read are worth aligning, and which alignments are reported: primary, split or competing. */
#ifndef ANL_CHOOSE_H
#define ANL_CHOOSE_H

#include "context.h"
#include "cover.h"
#include "read.h"
#include "read_alignment.h"

/** A chain on its way to an alignment. */
typedef struct anl_long_chain {
    const anl_anchor *coarse; /**< [n_coarse] segments of the read and where they lie */
    int32_t n_coarse, score;
    uint8_t reverse;
    uint8_t alt;         /**< on an ALT contig */
    anl_fine_chain fine; /**< exact matches along it */
    anl_cover cover;     /**< of the read as sequenced */
    int32_t parent;      /**< number of the better chain for the same segment of the read; its own when there is none */
    int32_t competing,
        second; /**< of a parent: how many compete with it, and the best of their scores; without those on ALT contigs, if it is on none */
    int32_t competing_alts; /**< and how many of these there are */
} anl_long_chain;

/** Drops of list[*n], best first, every chain that is one place with a better one: half of the matches of the smaller one are in the other one
 *  as well. Segments located beside their true diagonal begin coarse chains of their own, along which the same matches are found. */
void anl_choose_places(anl_long_chain *list, int32_t *n);

/** A competing chain must have at least num/den of its parent's score, and be among the `most` best of these. */
typedef struct anl_competition {
    int32_t num, den, most;
} anl_competition;

/** Finds for each of list[*n], best first, whether a better one has its segment of the read already, and keeps, in place, those that may
 *  matter: at most ANL_CHAINS_MOST. A chain on an ALT contig is the parent of others on ALT contigs alone. */
void anl_choose_chains(anl_long_chain *list, int32_t *n, anl_competition limits);

/** An aligned piece of the read. */
typedef struct anl_long_alignment {
    anl_piece piece;
    anl_cover cover; /**< of the read as sequenced, long insertions left out */
    int32_t contig;
    uint8_t reverse;
    uint8_t alt;                       /**< on an ALT contig */
    int32_t chain_score;               /**< of the chain it was aligned along, */
    int32_t chain_second;              /**< the best score of a chain that competes with it, */
    int32_t chain_beside;              /**< and of one on diagonals nearby (anl_fine_chain) */
    int32_t parent, second, competing; /**< as those of a chain, in worth */
} anl_long_alignment;

/** Sorts list[*n] by worth, those on ALT contigs last, drops what is one place with a better one (half of their columns are the same) and what does not claim enough, and gives every other alignment the better one that
 *  has its segment of the read as parent: one on an ALT contig only to others of these. */
void anl_choose_alignments(const anl_stitch_params *p, anl_long_alignment *list, int32_t *n);

/** Puts one of the alignments that are as good as the first in its place; which one depends on `hash`. */
void anl_choose_equal(anl_long_alignment *list, int32_t n, uint64_t hash);

/** MAPQ of an alignment chosen; `truncated`: chains may be missing. Where competing chains were aligned, their scores decide: the
 *  difference, damped with identity and length as bwa mem does it (Li 2013, arXiv 1303.3997). Otherwise the chains do, as in minimap2
 *  (Li 2018, doi 10.1093/bioinformatics/bty191). A chain on diagonals nearby, whose alignment may have been the same, always counts, and few
 *  matches support little. */
uint8_t anl_choose_mapq(const anl_long_alignment *a, int32_t match, int truncated);

#endif
