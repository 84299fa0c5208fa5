/** Segments along a long read, and where the index says they lie. */
#ifndef ANL_ANCHORS_H
#define ANL_ANCHORS_H

#include "chain.h"
#include "locate.h"
#include "read.h"

/** Anchors of a long read: a segment and a place that its k-mers vote for. `group` is 2 * contig + strand; `q` counts on the read as
 *  oriented. */
typedef struct anl_anchors {
    anl_anchor *list;
    int32_t n;
    int32_t spacing;   /**< bp between segments */
    int32_t truncated; /**< 1: of most segments more windows look alike than were fetched */
} anl_anchors;

/** Cuts segments of the index's window along each of the first of reads[n], at most ANL_LONG_MOST of a read, until there are many or no more reads;
 *  embeds them in one call and takes them through the usual lists in one wave, unless all lists are gone through anyway. *taken reads have got
 *  segments, (*out)[*taken]. Lives in s->temporary. Errors as anl_locate_embed and anl_locate_usual. */
int anl_anchors_start(const anl_context *c, anl_scratch *s, const anl_read *const *reads, int n, anl_segments **out, int *taken);

/** Locates the segments of a read of `len` bp that anl_anchors_start has begun with, and makes an anchor of every place. Lives in s->temporary.
 *  Errors as anl_locate_search and anl_locate_vote_ahead. */
int anl_anchors_find(const anl_context *c, anl_scratch *s, anl_segments *segments, int32_t len, anl_anchors *out);

#endif
