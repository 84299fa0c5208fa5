/** Reads that have no place as wholes, as their vectors are those of adapter or of several places at once. */
#ifndef ANL_PARTS_H
#define ANL_PARTS_H

#include "find.h"

/** Gives those of `n` queries that anl_find (or anl_find_diverged) found no candidate of enough score for another chance. A read that runs into an
 *  adapter (anl_adapter_begin) is cut to its insert and searched anew as it then is; of others, parts of ANL_PART bp are searched: by light vectors
 *  in the nearest ANL_PART_LISTS lists, which costs a tenth of what it cost to see that the whole is nowhere, or, where that was `sought` widely, by
 *  full vectors in 4 times the usual lists, three quarters of what that cost; with `exhaustive` in all. Sets `by_part`. Adds to *counts. `results` is
 *  not s->temporary. Errors as anl_candidates_find. */
int anl_parts_find(const anl_context *c, anl_scratch *s, anl_sw_queue *queue, anl_query *queries, int n, anl_arena *results,
                   anl_find_counts *counts);

#endif
