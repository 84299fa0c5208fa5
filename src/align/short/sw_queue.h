/** Smith-Waterman jobs that wait to be scored together. */
#ifndef ANL_SW_QUEUE_H
#define ANL_SW_QUEUE_H

#include "context.h"
#include "query.h"

/** A Smith-Waterman of a query against [begin, end) of one contig (joined coordinates) on one strand. */
typedef struct anl_pending {
    int32_t query;     /**< its number in the chunk */
    int32_t min_score; /**< below it there is no candidate */
    int64_t begin, end;
    int32_t band;            /**< so many diagonals from candidate.dlo on count; 0: all of them */
    anl_candidate candidate; /**< to be: contig, reverse, dlo and dhi are set */
} anl_pending;

/** One a thread; all zero to begin with. */
typedef struct anl_sw_queue {
    anl_pending *list;
    anl_sw_read *reads;
    anl_sw_place *places;   /**< of list[i] */
    anl_sw_result *results; /**< the same, after anl_sw_queue_run */
    size_t n, list_cap, reads_cap, places_cap, results_cap;
} anl_sw_queue;

void anl_sw_queue_free(anl_sw_queue *queue);

/** 0 or ANL_ENOMEM. */
int anl_sw_queue_add(anl_sw_queue *queue, const anl_pending *what);

/** Whether so much waits that it should be scored now: more only takes more memory. */
int anl_sw_queue_is_full(const anl_sw_queue *queue);

/** Scores all that wait, in s->sw. The caller empties the queue (n = 0) when it has the results. Errors as anl_sw_batch_run. */
int anl_sw_queue_run(anl_sw_queue *queue, const anl_context *c, anl_scratch *s, const anl_query *queries);

#endif
