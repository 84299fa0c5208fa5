/** A short read on its way through a batch, and its candidates. */
#ifndef ANL_QUERY_H
#define ANL_QUERY_H

#include "locate.h"
#include "read.h"
#include "read_alignment.h"

/** A place with a score. */
typedef struct anl_candidate {
    int64_t start;    /**< joined coordinate of base 0 of the oriented read if it lay unclipped and ungapped; may lie outside the contig */
    int64_t dlo, dhi; /**< diagonals (joined coordinate minus read position) that the alignment may use */
    int32_t score;    /**< local alignment score, without clip bonus */
    int32_t bonus;    /**< what reaching the read's ends adds to it without gaps; known where several candidates have the best score */
    int32_t contig;
    int32_t last;       /**< position in the oriented read behind the last base aligned */
    int32_t begin, end; /**< the segment of the read, as it was sequenced, that is aligned; all of it unless anl_trace_candidates looked */
    int32_t traced;     /**< number of its job in the thread's anl_trace_batch; 0: none was asked for */
    uint8_t reverse;
    uint8_t alt;      /**< on an ALT contig */
    uint8_t ungapped; /**< the score is that of the diagonal `start`; no gap can beat it */
    uint8_t
        whole; /**< Smith-Waterman ended with the read's last base on diagonal `start`; the same score ends at no target base before it */
} anl_candidate;

/** What a read has on the diagonal of a place, without gaps. */
typedef struct anl_proof {
    int32_t score;      /**< 0: the diagonal leaves the contig, or too many bases differ */
    int32_t bound;      /**< the highest score that any other place of the reference can give the read (docs/proof.md) */
    int32_t mismatches; /**< of the whole read; its length if it leaves the diagonal */
    int32_t last;       /**< position in the oriented read behind the last base aligned, if it does not */
    int32_t straight;   /**< no alignment with a gap scores as much */
} anl_proof;

/** Where a read lies that is not proven there by itself; its mate may prove it. */
typedef struct anl_guess {
    anl_place place;
    anl_proof proof; /**< score 0: there is no such place */
    uint8_t looked;  /**< its mate has been looked for beside it */
} anl_guess;

/** A read on its way through a batch. */
typedef struct anl_query {
    const anl_read *read;
    int32_t tail;              /**< bp behind `read` that the read in the file has more: adapter, to be clipped */
    const uint8_t *strand[2];  /**< base codes of the read and of its reverse complement */
    anl_candidate *candidates; /**< score descending, ALT contigs last, then bonus descending, then start, forward first */
    int32_t n, n_ranked;       /**< of them; so many were there when they were last sorted */
    size_t cap;
    int64_t near_begin, near_end; /**< a region of one contig, joined coordinates, that is voted on as well; empty: none */
    uint8_t settled;              /**< where it lies is sure: `place` gives the only candidate, and no more is searched */
    anl_place place;              /**< of a settled read */
    uint8_t looked;               /**< its mate has been looked for beside it */
    anl_guess guess;              /**< of one that is not settled: where it scores best so far */
    int32_t bound;                /**< of one that its mate settles, or that is crowded: the score that another place may have; else 0 */
    int32_t missed;    /**< the best score of places that were not kept, but as good as its best one, less the unpaired penalty; 0: none */
    uint8_t truncated; /**< more windows look alike than were fetched: the true place may be missing */
    uint8_t sought;    /**< it is not of another genome, so it was searched for as widely as need be */
    uint8_t by_part;   /**< found by a part of it: others of that part's copies may be missing */
    uint8_t proper;    /**< the read is of a proper pair */
    anl_read_alignments aligned; /**< what is reported */
    anl_read_alignments alts;    /**< alignments on ALT contigs that are better than what competes with them, to be reported (alts.h) */
} anl_query;

/** How many bases of the read are N. */
static inline int32_t anl_query_unknown(const anl_query *q)
{
    int32_t n = 0;
    for (int32_t i = 0; i < q->read->len; ++i) n += q->read->seq[i] > 3;
    return n;
}

/** The number of the mate of query `number`, which is beside it in the batch; its own where it has none. */
static inline int anl_query_mate(const anl_query *q, int number)
{
    return q->read->mate == 1 ? number + 1 : q->read->mate == 2 ? number - 1 : number;
}

#endif
