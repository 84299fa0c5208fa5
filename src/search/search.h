/** Nearest windows of query vectors: the native scan of the inverted lists, or FAISS's own search; same result. */
#ifndef ANL_SEARCH_H
#define ANL_SEARCH_H

#include "gpu.h"
#include "index.h"

typedef enum anl_search_path { ANL_SEARCH_NATIVE, ANL_SEARCH_FAISS } anl_search_path;

/** Squared length of a vector of d elements: that of a query is the unit of the distances below. */
static inline int32_t anl_squared_length(const int8_t *v, int32_t d)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < d; ++i) sum += v[i] * v[i];
    return sum;
}

/** Whether all k hits that were asked for came back and look alike: at most a quarter of the squared length apart, so that more may lie behind. */
static inline int anl_hits_crowded(const int8_t *query, int32_t d, const anl_hit *hits, int n, int k)
{
    return n >= k && hits[k - 1].dist <= hits[0].dist + anl_squared_length(query, d) / 4;
}

typedef struct anl_search anl_search;

int anl_search_new(anl_search **out, const anl_index *x, anl_search_path path);
void anl_search_free(anl_search *s);

/** From here on windows that lie farther than the nearest by more than half of the query's squared length are no hits: none of them can hold
 *  a place that rivals the nearest. */
void anl_search_rivals_only(anl_search *s);

/** From here on scratches search on `gpu`, which must outlive the search; call before they are made. FAISS's own search stays on the CPU.
 *  0 or what anl_gpu_load_lists says. */
int anl_search_use(anl_search *s, anl_gpu *gpu);

typedef struct anl_search_scratch anl_search_scratch; /**< one a thread */
int anl_search_scratch_new(anl_search_scratch **out, const anl_search *s);
void anl_search_scratch_free(anl_search_scratch *sc);

/** The `k` nearest entries of the probed lists for each of `n` queries[n][d]: hits[i * k ...], counts[i] of them (fewer than k
 *  when the lists hold fewer within 3/2 of the query's squared length: the rest is noise), ascending by (dist, window). `effort` multiplies the number of lists probed: 1 finds the
 *  window of a read with few errors, 16 goes through every list of a bacterial genome. 0 or ANL_ENOMEM, on a GPU also ANL_EIO. Thread-safe with one
 *  scratch a thread. */
int anl_search_batch(const anl_search *s, anl_search_scratch *sc, const int8_t *queries, int n, int k, int effort, anl_hit *hits,
                     int *counts);

enum { ANL_SEARCH_MORE = 4, ANL_SEARCH_MOST = 16 };

/** As anl_search_batch with effort 1, and again with 4 and 16 where nothing is near enough to be sure that nothing nearer was passed
 *  over; efforts[i] is the last one made. A zero vector has no neighbours and effort 0. */
int anl_search_sure(const anl_search *s, anl_search_scratch *sc, const int8_t *queries, int n, int k, anl_hit *hits, int *counts,
                    int *efforts);

/** Lists probed for an effort: about 13,000 entries at 100,000 windows, growing with the square root of their number. */
int anl_search_nprobe(const anl_index *x, int effort);

#endif
