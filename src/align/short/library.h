/** What the first reads of a run tell of all others. */
#ifndef ANL_LIBRARY_H
#define ANL_LIBRARY_H

#include "insert.h"
#include "query.h"

/** The insert-size model of pairs among queries[n] whose candidates are scored; an orientation without enough pairs keeps the estimate that *model has.
 *  *most: pairs that tell that of the commonest orientation. 0 or ANL_ENOMEM. */
int anl_library_inserts(const anl_align_options *o, const anl_query *queries, size_t n, anl_arena *temporary, anl_insert_model *model,
                        size_t *most);

/** The score for each 100 bp that ANL_LIBRARY_LOW % of those short reads among queries[n] do not reach whose place is clear; where these are fewer than
 *  ANL_FIRST_ENOUGH, *score stays as it is. 0 or ANL_ENOMEM. */
int anl_library_low_score(const anl_align_options *o, const anl_query *queries, size_t n, anl_arena *temporary, int32_t *score);

#endif
