/** Exact search among float vectors: what the int8 store is measured against. */
#ifndef ANL_FLAT_H
#define ANL_FLAT_H

#include "base.h"

typedef struct anl_flat anl_flat;

/** An empty store of vectors of d floats. ANL_ENOMEM. */
int anl_flat_new(anl_flat **out, int32_t d);
void anl_flat_free(anl_flat *f);

/** Copies vectors[n][d] behind those there. ANL_ENOMEM. */
int anl_flat_add(anl_flat *f, const float *vectors, int64_t n);

/** Numbers of the k vectors at the least Euclidean distance from each of queries[n][d], nearest first: numbers[n][k], -1 where there are
 *  fewer. 0 or ANL_ENOMEM. */
int anl_flat_search(const anl_flat *f, const float *queries, int64_t n, int k, int64_t *numbers);

#endif
