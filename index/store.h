/* The vector store in the making: FAISS clusters the vectors and assigns them to inverted lists. */
#ifndef ANL_STORE_H
#define ANL_STORE_H

#include "index.h"

typedef struct anl_store {
    int32_t nlist;
    int8_t *centroids; /* [nlist][d] */
    uint64_t *begin;   /* [nlist + 1] */
    uint32_t *entries; /* list by list, ascending in a list */
} anl_store;

/* Lists of a store of n vectors: the power of two below four times the square root of n; one where a scan goes through all at once. */
int32_t anl_store_lists(int64_t n);

/* vectors[n][d]. k-means with integer centroids: every distance is a whole number below 2^24, so the result does not depend on the
 * BLAS, its threads or the machine. */
int anl_store_build(anl_store **out, const int8_t *vectors, int64_t n, int32_t d, const anl_index_watch *watch);
void anl_store_free(anl_store *s);

#endif
