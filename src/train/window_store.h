/** The windows of a sequence in memory as an index of their own: for mining and for measuring recall. */
#ifndef ANL_WINDOW_STORE_H
#define ANL_WINDOW_STORE_H

#include "index.h"
#include "model.h"

/** Embeds the windows of bases[n] (codes 0-3, 4 for N), one contig, and opens the index; its file is in $TMPDIR or /tmp and has no name any
 *  more. 0, ANL_EIO, ANL_ENOMEM or ANL_EINVAL. */
int anl_window_store_new(anl_index **out, const anl_model *m, const uint8_t *bases, int64_t n, int window, int stride, int threads);

#endif
