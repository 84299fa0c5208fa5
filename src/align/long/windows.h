/** Windows along a long read, and where the index says they lie. */
#ifndef ANL_WINDOWS_H
#define ANL_WINDOWS_H

#include "chain.h"
#include "worker.h"

/** Anchors of a long read: a window and the place its k-mers vote for. `group` is 2 * contig + strand; `q` counts on the read as oriented. */
typedef struct anl_window_anchors {
    anl_anchor *list;
    int32_t n;
    size_t cap;
    int32_t spacing; /**< bp between windows */
    int32_t crowded; /**< windows that have more like places than were fetched */
    int32_t windows;
} anl_window_anchors;

/** Cuts windows of the index's length along seq[len] (codes 0-5), embeds and searches them together, and lets k-mers vote on strand and
 *  diagonal at every hit. At most ANL_MOST_WINDOWS windows. Lives in w->temporary. 0 or ANL_ENOMEM. */
int anl_windows_find(anl_worker *w, const uint8_t *seq, int32_t len, anl_window_anchors *out);

enum { ANL_MOST_WINDOWS = 2048 };

#endif
