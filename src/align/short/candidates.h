/** From neighbouring windows to scored places: strand and diagonal by voting, then ungapped comparison or Smith-Waterman. */
#ifndef ANL_CANDIDATES_H
#define ANL_CANDIDATES_H

#include "placement.h"
#include "worker.h"

/** A place where a read may lie. */
typedef struct anl_candidate {
    int64_t start;      /**< joined coordinate of base 0 of the oriented read if it lay unclipped and ungapped; may lie outside the contig */
    int64_t dlo, dhi;   /**< diagonals (joined coordinate minus read position) that the alignment may use */
    int32_t score;      /**< local alignment score, without clip bonus */
    int32_t bonus;      /**< what reaching the read's ends adds to it without gaps; known where the best score has several places */
    int32_t contig;
    int32_t last;       /**< position in the oriented read behind the last base aligned */
    int32_t begin, end; /**< the part of the read, as it was sequenced, that is aligned; all of it unless anl_place_parts looked */
    uint8_t reverse;
    uint8_t ungapped;   /**< the score is that of the diagonal `start`; no gap can beat it */
    uint8_t whole;      /**< Smith-Waterman ended with the read's last base on diagonal `start`; the same score ends at no target base before it */
} anl_candidate;

/** A read on its way through a batch. */
typedef struct anl_query {
    const anl_read *read;
    const uint8_t *strand[2];  /**< base codes of the read and of its reverse complement */
    anl_candidate *candidates; /**< score, then bonus descending, then start, forward first */
    int32_t n;
    size_t cap;
    int64_t near_begin, near_end; /**< a stretch of one contig, joined coordinates, to look in as well; empty: none */
    uint8_t cut;               /**< more windows look alike than were fetched: the true place may be missing */
    uint8_t proper;            /**< of the first mate: the pair is proper */
    anl_placements placed;     /**< what is reported */
} anl_query;

/** A Smith-Waterman job and the query that its result goes to. */
typedef struct anl_pending {
    int32_t query; /**< number of the query in the chunk */
    int32_t least; /**< score below which it is no candidate */
    anl_candidate candidate;
} anl_pending;

/** Finds and scores the candidates of `n` queries (read, strand and perhaps near_begin, near_end set, the rest zero) from `k` neighbours
 *  each, more where those look alike. Arrays live in worker->arena. 0 or ANL_ENOMEM. */
int anl_candidates_find(anl_worker *w, anl_query *queries, int n, int k);

/** Queues a Smith-Waterman of a query against [begin, end) of one contig on one strand; the result becomes a candidate in
 *  anl_candidates_score. 0 or ANL_ENOMEM. */
int anl_candidates_queue(anl_worker *w, const anl_query *queries, anl_pending what, int64_t begin, int64_t end);

/** Scores everything queued, adds the places found and sorts every query's candidates. 0 or ANL_ENOMEM. */
int anl_candidates_score(anl_worker *w, anl_query *queries, int n);

/** Whether two places compete for the same bases: they share half of the shorter part. Those of a split read's parts do not. */
int anl_candidates_rival(const anl_candidate *a, const anl_candidate *b);

/** Best score at a place that rivals candidates[of], and how many others come within a gap of that; 0 when there is none. */
int32_t anl_candidates_second(const anl_query *q, int32_t of, int32_t near, int32_t *rivals);

#endif
