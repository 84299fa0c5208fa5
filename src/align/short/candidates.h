/** From places to candidates: a score on the diagonal, or by Smith-Waterman. */
#ifndef ANL_CANDIDATES_H
#define ANL_CANDIDATES_H

#include "locate.h"
#include "prove.h"
#include "sw_queue.h"

/** Adds the segments of a query (read and strand set), which has `number`; a read that is too short, or long, has none. 0 or ANL_ENOMEM. */
int anl_candidates_cut(const anl_index *x, const anl_query *q, int32_t number, anl_segments *to, anl_arena *arena);

/** Makes a candidate, in `results`, of a place of queries[number] for which `voted` of the read's bases have voted, scored on its diagonal or queued:
 *  where all of them have, no gaps but those between diagonals with votes, or of up to ANL_GAP_ROOM beside these, are looked for. 0 or ANL_ENOMEM. */
int anl_candidates_add_place(const anl_context *c, anl_query *queries, int32_t number, const anl_place *place, int32_t voted,
                             anl_sw_queue *queue, anl_arena *results);

/** The same of a place that was looked at to prove it, without a second look. */
int anl_candidates_add_proven(const anl_context *c, anl_query *queries, int32_t number, const anl_place *place, const anl_proof *proof,
                              anl_sw_queue *queue, anl_arena *results);

/** Lets all segments vote on hits that are new, and every query on its region (near_begin, near_end, which is then empty); scores the places
 *  found on their diagonals (candidates in `results`) or queues them. 0 or ANL_ENOMEM. */
int anl_candidates_vote(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segments *segments, anl_query *queries,
                        anl_sw_queue *queue, anl_arena *results);

/** Scores everything queued, adds the candidates found, in `results`, and sorts every query's; of several finds of one place the best is
 *  kept. Errors as anl_sw_batch_run. */
int anl_candidates_score(const anl_context *c, anl_scratch *s, anl_sw_queue *queue, anl_query *queries, int n, anl_arena *results);

/** Searches embedded segments of `n` queries in as many lists as it may take (params->k is k itself), lets them vote and scores. Sets
 *  `truncated`, too. `results` is not s->temporary. Errors as anl_search_wave. */
int anl_candidates_search(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segments *segments, anl_sw_queue *queue,
                          anl_query *queries, int n, anl_arena *results);

/** All of it, from cutting to scoring, with the search between: k neighbours a segment are params->k times options->candidates.
 *  Errors as anl_encoder_embed and anl_search_wave. */
int anl_candidates_find(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_sw_queue *queue, anl_query *queries, int n,
                        anl_arena *results);

/** Whether two candidates compete for the same bases: they share half of the shorter segment. Those of a split read's segments do not. */
int anl_candidates_compete(const anl_candidate *a, const anl_candidate *b);

/** The best candidate on the primary assembly; 0, the best of all, where there is none. */
int32_t anl_candidates_best(const anl_query *q);

/** Its score; the query has candidates. */
int32_t anl_candidates_best_score(const anl_query *q);

/** Best score of a candidate that competes with candidates[of], 0 when there is none; *competing: how many others come within `within` of
 *  it. To one on the primary assembly those on ALT contigs do not matter. */
int32_t anl_candidates_second(const anl_query *q, int32_t of, int32_t within, int32_t *competing);

#endif
