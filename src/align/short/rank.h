/** What scoring candidates and searching for them share. Internal to candidates.c, candidates_search.c and beside.c. */
#ifndef ANL_RANK_H
#define ANL_RANK_H

#include "candidates.h"

/** 0 where more bases differ on a place's diagonal than a score without gaps allows. */
int anl_candidates_may_be_ungapped(const anl_place *p);

/** Scores what is queued, and adds the candidates found, in `arena`. Errors as anl_sw_batch_run. */
int anl_candidates_run(const anl_context *c, anl_scratch *s, anl_sw_queue *queue, anl_query *queries, anl_arena *arena);

/** Brings list[n], of a read of `len` bp, in the order of anl_query.candidates; of several finds of one place the best is kept. *kept: how many are. 0 or
 *  ANL_ENOMEM. */
int anl_candidates_merge(anl_candidate *list, int32_t n, int32_t len, anl_arena *temporary, int32_t *kept);

/** The same of a query's candidates, all of which are kept; those with the best score are compared by how far the read reaches. 0 or ANL_ENOMEM. */
int anl_candidates_order(const anl_context *c, anl_scratch *s, anl_query *q);

/** The same where new ones have come; few are kept of many. 0 or ANL_ENOMEM. */
int anl_candidates_rank(const anl_context *c, anl_scratch *s, anl_query *q);

#endif
