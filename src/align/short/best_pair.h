/** The best proper combination of two mates' candidates. */
#ifndef ANL_BEST_PAIR_H
#define ANL_BEST_PAIR_H

#include "insert.h"
#include "options.h"
#include "query.h"
#include "sort.h"

/** Buffer that grows; all zero to begin with, spots to be freed. One a thread. */
typedef struct anl_pair_scratch {
    anl_sort_key *spots; /**< where candidates put their mates, and room to sort them */
    size_t cap;
} anl_pair_scratch;

typedef struct anl_best_pair {
    int32_t candidate[2]; /**< numbers of the best one's; -1: no combination is proper */
    int32_t total;        /**< sum of the scores less the penalty of the insert size */
    int32_t second;       /**< that of the second best combination; 0: there is none */
    int32_t competing;    /**< others that come within `close` of it */
} anl_best_pair;

/** The 5' end of a query at a candidate, unclipped. */
static inline anl_end5 anl_pair_end5(const anl_query *q, const anl_candidate *c)
{
    return (anl_end5){c->reverse ? c->start + q->read->len - 1 : c->start, c->reverse};
}

/** Where the mate's 5' end lies for orientation o, given this read's 5' end: positions [range[0], range[1]], and its strand. */
void anl_pair_range(const anl_insert *in, anl_orientation o, anl_end5 here, int is_first, anl_end5 range[2]);

/** The insert size and the orientation's model of candidates `first` and `second` of a pair when it calls them proper; NULL otherwise. */
const anl_insert *anl_pair_proper(const anl_insert_model *m, const anl_query pair[2], int32_t first, int32_t second, int64_t *size);

/** Goes along the candidates of both mates in the order of their positions: O(n log n), and all combinations that are proper. A mate's
 *  candidates on ALT contigs pair where it has no others. Of combinations with the same total and bonus the bases of both mates choose one: the same for every copy of a fragment, whichever mate is the first. 0 or
 *  ANL_ENOMEM. */
int anl_best_pair_find(const anl_align_options *o, const anl_insert_model *m, const anl_query pair[2], int32_t close, anl_pair_scratch *s,
                       anl_best_pair *out);

#endif
