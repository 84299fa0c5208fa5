/** Nearest windows of query vectors: the native scan of the inverted lists, or FAISS's own search; same result. */
#ifndef ANL_SEARCH_H
#define ANL_SEARCH_H

#include "gpu.h"
#include "index.h"
#include "search_tuning.h"

typedef enum anl_search_path { ANL_SEARCH_NATIVE, ANL_SEARCH_FAISS } anl_search_path;

/** Squared norm of a vector of d elements. A query's own is the unit of the distances below. */
static inline int32_t anl_squared_norm(const int8_t *v, int32_t d)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < d; ++i) sum += v[i] * v[i];
    return sum;
}

/** A query and its nearest windows, as far as they have been looked for. */
typedef struct anl_neighbours {
    const int8_t *query; /**< [d] */
    anl_hit *hits;       /**< room for k; ascending by (dist, window) */
    int32_t k, n;        /**< hits wanted, hits found */
    int32_t nprobe;      /**< so many nearest lists have been gone through; 0: none */
    uint32_t *lists;     /**< the nearest lists, nearest first, or NULL: then every wave finds its lists anew */
    int32_t lists_cap; /**< room for so many, which a wave through fewer finds: ANL_RANKED (all that a GPU finds) or more; 0 without room */
    int32_t n_lists;   /**< of them known; 0 before the first wave */
    uint8_t
        rough; /**< 1: lists not known yet are looked for among those of its nearest groups, where these are known (anl_search_group_lists) and
                      there is room for ANL_RANKED lists and no more */
    uint8_t far; /**< 1: windows count as well that cannot compete with the nearest, whatever anl_search_competing_only says */
} anl_neighbours;

/** Whether the first k hits wanted are there and look alike (ANL_COSINE_DROP_SATURATED), so that more may lie behind them. */
int anl_search_is_saturated(const anl_neighbours *q, int32_t k, int32_t d);

typedef struct anl_search anl_search;

int anl_search_new(anl_search **out, const anl_index *x, anl_search_path path);
void anl_search_free(anl_search *s);

/** From here on windows that cannot hold a place that competes with the nearest (ANL_COSINE_DROP_COMPETING) are no hits. */
void anl_search_competing_only(anl_search *s);

/** Groups the lists of a large index for rough queries, in so many threads; call before anl_search_use, and once. 0, ANL_ENOMEM, or what
 *  anl_kernels_get fails with. */
int anl_search_group_lists(anl_search *s, int threads);

/** From here on scratches search on `gpu`, which must outlive the search; call before they are made, and once. FAISS's own search stays on the
 *  CPU. 0, or what anl_gpu_load_lists and anl_gpu_stream_new say. */
int anl_search_use(anl_search *s, anl_gpu *gpu);

/** From here on up to `threads` threads may search together (anl_search_join); call once. 0 or ANL_ENOMEM. */
int anl_search_together(anl_search *s, int threads);

typedef struct anl_search_scratch anl_search_scratch; /**< one a thread */
int anl_search_scratch_new(anl_search_scratch **out, const anl_search *s);
void anl_search_scratch_free(anl_search_scratch *sc);
void anl_search_release(
    anl_search_scratch *sc); /**< gives back the memory that native searches have taken, 10 KB for a read among 56 M windows */

/** From here on until it leaves, a thread's waves wait for one of every other such thread, and all go through the lists together: a list is read from
 *  memory once for the queries of all. Their results do not depend on it. Where threads do not search together, and on a GPU, nothing changes. */
void anl_search_join(const anl_search *s, anl_search_scratch *sc);
void anl_search_leave(anl_search_scratch *sc);

/** Entries of the store, padding included, that a scratch's native searches have gone through so far. */
int64_t anl_search_entries(const anl_search_scratch *sc);

/** Lists probed for a multiplier of the usual number: about 13,000 entries at 100,000 windows, growing with the square root of their number.
 *  1 finds the window of a read with few errors, 16 goes through every list of a bacterial genome. */
int anl_search_nprobe(const anl_index *x, int multiplier);

/** One wave: takes every query from the lists it has gone through to its `nprobe` nearest ones, and its hits to the k nearest entries of
 *  all of these; fewer than k when these lists hold fewer above ANL_COSINE_NOISE. The result is that of one search
 *  of the `nprobe` nearest lists, however many waves led there. 0 or ANL_ENOMEM, on a GPU also ANL_EIO. Thread-safe with one scratch a
 *  thread. */
int anl_search_wave(const anl_search *s, anl_search_scratch *sc, anl_neighbours *const *queries, int n, int nprobe);

enum { ANL_SEARCH_MORE = 4, ANL_SEARCH_MOST = 16 /**< multipliers of nprobe: 1, 4, 16 */ };

/** Whether the nearest hit is so near (ANL_COSINE_SURE) that no nearer window is to be expected in the lists not gone through, and none that
 *  competes. Also for a zero vector. */
int anl_search_is_sure(const anl_search *s, const anl_neighbours *q);

/** Waves of 1, 4 and 16 times the usual number of lists, `most` of them, for every query that has not been through so many, until it is sure. A zero vector has no neighbours and is not searched. Errors as anl_search_wave. */
int anl_search_widen(const anl_search *s, anl_search_scratch *sc, anl_neighbours *const *queries, int n, int most);

/** One wave from the beginning for queries[n][d]: hits[i * k ...], counts[i] of them. Errors as anl_search_wave. */
int anl_search_batch(const anl_search *s, anl_search_scratch *sc, const int8_t *queries, int n, int k, int multiplier, anl_hit *hits,
                     int *counts);

/** anl_search_widen from the beginning for queries[n][d]; multipliers[i] is the last one used, 0 for a zero vector. */
int anl_search_sure(const anl_search *s, anl_search_scratch *sc, const int8_t *queries, int n, int k, anl_hit *hits, int *counts,
                    int *multipliers);

#endif
