/** Nearest windows of query vectors: the native scan of the inverted lists, or FAISS's own search; same result. */
#ifndef ANL_SEARCH_H
#define ANL_SEARCH_H

#include "index.h"

/** A neighbour: squared L2 distance of the int8 vectors (exact), window number. Ordered by (dist, window). */
typedef struct anl_hit {
    int32_t dist;
    uint32_t window;
} anl_hit;

typedef enum anl_search_path { ANL_SEARCH_NATIVE, ANL_SEARCH_FAISS } anl_search_path;

typedef struct anl_search anl_search;

/** `nprobe` lists are scanned for each query (0: the default for this index). */
int anl_search_new(anl_search **out, const anl_index *x, anl_search_path path, int nprobe);
void anl_search_free(anl_search *s);

typedef struct anl_search_scratch anl_search_scratch; /**< one a thread */
int anl_search_scratch_new(anl_search_scratch **out, const anl_search *s);
void anl_search_scratch_free(anl_search_scratch *sc);

/** The `k` nearest entries of the probed lists for each of `n` queries[n][d]: hits[i * k ...], counts[i] of them (fewer than k
 *  only when the lists hold fewer), ascending by (dist, window). 0 or ANL_ENOMEM. Thread-safe with one scratch a thread. */
int anl_search_batch(const anl_search *s, anl_search_scratch *sc, const int8_t *queries, int n, int k, anl_hit *hits, int *counts);

#endif
