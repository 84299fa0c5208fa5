/** From chosen candidates to base-level alignments: the primary one of a read and what stands beside it. */
#ifndef ANL_TRACE_H
#define ANL_TRACE_H

#include "context.h"
#include "pair.h"

/** Asks memory for what tracing the best candidate of `q` will look at: bases of read and reference. */
void anl_trace_prefetch(const anl_index *x, const anl_query *q);

/** Asks a GPU, if the context has one, for the alignments that anl_trace_candidates will look at, of n reads in one call; forgets what was asked for
 *  before. What is not asked for, or not taken (gpu.h), is traced where it is looked at, and is the same. 0, ANL_ENOMEM or ANL_EIO. */
int anl_trace_ask_compared(const anl_context *c, anl_scratch *s, anl_query *queries, int n, int32_t min_score);

/** The same for what anl_trace_chosen will look at, chosen[i] of read i. What has been asked for stays. */
int anl_trace_ask_chosen(const anl_context *c, anl_scratch *s, anl_query *queries, const anl_choice *chosen, int n);

/** The alignment of read `q` at one candidate, primary as yet; its arrays live in `results`. Of the context it takes options, index and
 *  kernels. 0 or ANL_ENOMEM; out->tid is -1 when its score stays below `min_score`. */
int anl_trace_candidate(const anl_context *c, anl_scratch *s, const anl_query *q, const anl_candidate *candidate, int32_t min_score,
                        anl_arena *results, anl_read_alignment *out);

/** Looks at the alignments of the best candidates, those that score min_score or more. Candidates that are one place become one, the best:
 *  what lies on either side of a long gap is found on two diagonals. Where candidates may take different segments of the read, as those of a
 *  split read do, or where `segments` says that they do, it sets begin and end of theirs. 0 or ANL_ENOMEM. */
int anl_trace_candidates(const anl_context *c, anl_scratch *s, anl_query *q, int32_t min_score, int segments);

/** Fills q->aligned, in `results`, from what was chosen: the primary alignment, and the competing candidates as secondary ones (-a) or,
 *  where bwa mem would, as its XA tag; and q->alts with a better alignment on an ALT contig, which then has the XA tag; every place is told once, and XS is the best score of those told at least. 0 or ANL_ENOMEM. */
int anl_trace_chosen(const anl_context *c, anl_scratch *s, anl_query *q, const anl_choice *chosen, anl_arena *results);

#endif
