/** Pairs in crowds: another pair than the only good one known is looked for beside all known places of its mates. */
#ifndef ANL_BESIDE_H
#define ANL_BESIDE_H

#include "best_pair.h"
#include "candidates.h"

/** For every pair of queries[n] that stands out although places of a mate may be missing (anl_pair_least_other): lets that mate vote beside all places of
 *  the other one with which it may score as much, and adds, in `results`, the candidates found there, in their order: those of few pairs, so that there may be
 *  more than ANL_KEPT_CANDIDATES. Errors as anl_sw_batch_run. */
int anl_beside_find(const anl_context *c, anl_scratch *s, const anl_insert_model *inserts, anl_sw_queue *queue, anl_query *queries, int n,
                    anl_pair_scratch *pairs, anl_arena *results);

#endif
