/** From chosen candidates to base-level alignments: the primary one of a read and what stands beside it. */
#ifndef ANL_TRACE_H
#define ANL_TRACE_H

#include "context.h"
#include "pair.h"

/** The alignment of read `q` at one candidate, primary as yet; its arrays live in `results`. Of the context it takes options, index and
 *  kernels. 0 or ANL_ENOMEM; out->tid is -1 when its score stays below `min_score`. */
int anl_trace_candidate(const anl_context *c, anl_scratch *s, const anl_query *q, const anl_candidate *candidate, int32_t min_score,
                        anl_arena *results, anl_read_alignment *out);

/** Where the best candidates may take different segments of the read, as those of a split read do, aligns them to see which: begin and end
 *  of theirs. 0 or ANL_ENOMEM. */
int anl_trace_segments(const anl_context *c, anl_scratch *s, anl_query *q);

/** Fills q->aligned, in `results`, from what was chosen: the primary alignment, and the competing candidates as secondary ones (-a) or,
 *  where bwa mem would, as its XA tag. 0 or ANL_ENOMEM. */
int anl_trace_chosen(const anl_context *c, anl_scratch *s, anl_query *q, const anl_choice *chosen, anl_arena *results);

#endif
