/** Search of reads that differ much from the reference: by scores instead of proof, and deep where nothing scores enough. */
#ifndef ANL_DIVERGED_H
#define ANL_DIVERGED_H

#include "find.h"

/** As anl_find, for -x diverged. In a diverged read hardly a unique k-mer is left to prove its place by, and no window is near enough to be sure of. So a
 *  read is found where its best place scores more than chance gives (ANL_DIVERGED_SURE) and, compared with what other reads of the run score
 *  (context->low_score), not little; done, when copies of the place have been looked for, if it may have any. Its mate is then aligned beside it, without a
 *  search of its own; all others are searched in every list, for more and more neighbours. With -a or --exhaustive as anl_find. */
int anl_find_diverged(const anl_context *c, anl_scratch *s, const anl_insert_model *inserts, anl_sw_queue *queue, anl_query *queries, int n,
                      anl_arena *results, anl_find_counts *counts);

#endif
