/** From chosen candidates to base-level alignments: the primary one of a read and what stands beside it. */
#ifndef ANL_PLACE_H
#define ANL_PLACE_H

#include "pair.h"

/** The alignment of read `q` at one candidate, primary as yet. 0 or ANL_ENOMEM; out->tid is -1 when its score stays below `least`. */
int anl_place_at(anl_worker *w, const anl_query *q, const anl_candidate *c, int32_t least, anl_placement *out);

/** Where the best candidates may take different parts of the read, as those of a split read do, aligns them to see which: begin and end of
 *  theirs. 0 or ANL_ENOMEM. */
int anl_place_parts(anl_worker *w, anl_query *q);

/** Fills q->placed from what was chosen: the primary alignment, and the other places of candidates as secondary ones (-a) or, where bwa
 *  mem would, as its XA tag: at most five of at least 0.8 times its score. 0 or ANL_ENOMEM. */
int anl_place_chosen(anl_worker *w, anl_query *q, const anl_choice *chosen);

/** Adds a placement behind those of its kind. 0 or ANL_ENOMEM. */
int anl_placements_add(anl_worker *w, anl_placements *to, const anl_placement *p);

#endif
