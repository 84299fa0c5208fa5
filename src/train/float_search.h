/** The windows of a genome as the float encoder of a training run sees them: what rounding to int8 costs is measured against it. */
#ifndef ANL_FLOAT_SEARCH_H
#define ANL_FLOAT_SEARCH_H

#include "index.h"

typedef struct anl_float_search anl_float_search;

/** Embeds the windows of `x` in float32 with the weights in a checkpoint, dimension as in x and `layers` layers. 0, what
 *  anl_checkpoint_read() says, or ANL_ENOMEM. */
int anl_float_search_new(anl_float_search **out, const anl_index *x, const char *checkpoint, int layers, int threads);
void anl_float_search_free(anl_float_search *f);

/** The k nearest windows of each of `n` sequences of base codes by exact search: windows[n][k], nearest first, -1 where there are fewer.
 *  0 or ANL_ENOMEM. */
int anl_float_search_batch(anl_float_search *f, const uint8_t *const *seqs, const int32_t *lens, int n, int k, int64_t *windows);

#endif
