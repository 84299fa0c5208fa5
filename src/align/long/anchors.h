/** Segments along a long read, and where the index says they lie. */
#ifndef ANL_ANCHORS_H
#define ANL_ANCHORS_H

#include "chain.h"
#include "locate.h"

/** Anchors of a long read: a segment and a place that its k-mers vote for. `group` is 2 * contig + strand; `q` counts on the read as
 *  oriented. */
typedef struct anl_anchors {
    anl_anchor *list;
    int32_t n;
    int32_t spacing;   /**< bp between segments */
    int32_t truncated; /**< 1: of most segments more windows look alike than were fetched */
} anl_anchors;

/** Cuts segments of the index's window along bases[len] (codes 0-5), locates them and makes an anchor of every place. At most
 *  ANL_LONG_MOST segments. Lives in s->temporary. Errors as anl_locate_embed and anl_locate_search. */
int anl_anchors_find(const anl_context *c, anl_scratch *s, const uint8_t *bases, int32_t len, anl_anchors *out);

#endif
