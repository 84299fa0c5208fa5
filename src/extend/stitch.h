/** From a coarse chain of windows to base-level alignments of a long read. */
#ifndef ANL_STITCH_H
#define ANL_STITCH_H

#include "chain.h"
#include "index.h"
#include "wavefront.h"

typedef struct anl_stitch_params {
    anl_wave_params score;
    int32_t clip5, clip3;  /**< bonus for reaching the read's ends, as in anl_extend_params */
    int32_t drop;          /**< an alignment ends where its score falls by more than this below the best so far (z-drop) */
    int32_t drop_inverted; /**< a fall by more than this inside it is looked at for an inversion */
    int32_t min_score;     /**< worse pieces are not worth reporting */
    int eqx;
} anl_stitch_params;

/** A read oriented as the reference; N has code 5, as anl_wave_problem asks. */
typedef struct anl_stitch_query {
    const uint8_t *seq, *opposite; /**< opposite: its reverse complement */
    int32_t len;
} anl_stitch_query;

/** A chain of exact matches in joined coordinates. */
typedef struct anl_fine_chain {
    const anl_anchor *anchors;
    int32_t n, score; /**< 0, 0: nothing matches */
    int32_t beside;   /**< best score of another chain for the same bases on diagonals nearby, as inside a tandem repeat; 0: none */
} anl_fine_chain;

/** An alignment of a part of the read. Ends are exclusive. */
typedef struct anl_piece {
    int64_t tbeg, tend; /**< joined coordinates */
    int32_t qbeg, qend; /**< on the oriented read (of `seq`, or of `opposite` when inverted) */
    uint32_t *cigar;    /**< BAM packing, no clips; gaps as far left as their score allows */
    int32_t n_cigar;
    int32_t score;            /**< of the CIGAR */
    int32_t worth;            /**< the same, but a gap costs half of `drop` at most: what places are compared by */
    int32_t matches, columns; /**< equal bases; bases in columns and gap openings: identity = matches / columns */
    int32_t nm;
    const char *md;
    uint8_t inverted; /**< on the strand opposite to the chain's */
} anl_piece;

typedef struct anl_pieces {
    anl_piece *list; /**< in the order of the read */
    int32_t n;
    size_t cap;
} anl_pieces;

typedef struct anl_stitcher anl_stitcher; /**< scratch, one a thread */
int anl_stitcher_new(anl_stitcher **out);
void anl_stitcher_free(anl_stitcher *s);

/** Exact matches of the read along coarse[n] (windows of the read and where they lie, ascending on both; one contig), chained. The result
 *  lives in `arena`. 0 or ANL_ENOMEM. */
int anl_stitch_refine(anl_stitcher *s, const anl_index *x, const anl_stitch_query *q, const anl_anchor *coarse, int32_t n, anl_arena *arena,
                      anl_fine_chain *out);

/** Aligns the read along a fine chain: exact alignment between reliable anchors, extension at both ends, a break where the score drops.
 *  Arrays of the pieces live in `arena`. 0 or ANL_ENOMEM. */
int anl_stitch_align(anl_stitcher *s, const anl_stitch_params *p, const anl_index *x, const anl_stitch_query *q,
                     const anl_fine_chain *chain, anl_arena *arena, anl_pieces *out);

#endif
