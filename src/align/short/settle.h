/** Reads whose place is sure: proven to be the only one, given by a mate whose place is proven, or proven as a pair. They are searched
 *  no further. */
#ifndef ANL_SETTLE_H
#define ANL_SETTLE_H

#include "find.h"

/** What a chunk of reads shares on its way. */
typedef struct anl_settler {
    const anl_context *c;
    anl_scratch *s;
    anl_locate_params params;
    const anl_insert_model *inserts;
    anl_sw_queue *queue;
    anl_query *queries;
    int n;
    anl_arena *results;
    anl_find_counts *counts;
} anl_settler;

/** For queries[n], whose results and counts go to `results` and `counts`; the queue is emptied. -k is in its params. */
anl_settler anl_settler_of(const anl_context *c, anl_scratch *s, const anl_insert_model *inserts, anl_sw_queue *queue, anl_query *queries,
                           int n, anl_arena *results, anl_find_counts *counts);

/** Appends the places of `mate` that votes find where the insert sizes put it beside its mate `here`, which lies at `at`. 0 or ANL_ENOMEM. */
int anl_settle_vote_beside(anl_settler *f, const anl_query *here, const anl_place *at, const anl_query *mate, anl_places *out);

/** Asks memory for what anl_settle_at_hits will look at of the reference. */
void anl_settle_prefetch(const anl_settler *f, const anl_segment *segment);

/** Settles a segment's read where that is proven at one of its `most` nearest hits: a few exact k-mers say where, nothing votes. 0 or
 *  ANL_ENOMEM. */
int anl_settle_at_hits(anl_settler *f, const anl_segment *segment, int32_t most);

/** Looks for the mate of read `from`, if that is proven and this has not been done, where the insert sizes put it; settles it where it is
 *  proven, too, or where one place beside the read stands out. 0 or ANL_ENOMEM. */
int anl_settle_beside(anl_settler *f, int from);

/** Settles read `from` at its guess, and its mate beside it, where together they are proven (docs/proof.md): k-mers of both that occur once leave no
 *  other pair. Not twice for one guess. 0 or ANL_ENOMEM. */
int anl_settle_together(anl_settler *f, int from);

#endif
