/** Our own scan of the inverted lists. Internal to src/search. */
#ifndef ANL_NATIVE_H
#define ANL_NATIVE_H

#include "search.h"

/** How much farther than the nearest hit of a query another may be: as far as a window can hold a competing place, if only such windows count. */
static inline int32_t anl_search_reach(const anl_neighbours *q, int32_t squared_norm, int competing_only)
{
    enum { ANYWHERE = INT32_MAX / 2 /* farther than any two vectors lie apart; a distance may be added */ };
    return competing_only && !q->far ? anl_distance_of_drop(squared_norm, ANL_COSINE_DROP_COMPETING) : ANYWHERE;
}

/** Of a key: distance << 32 | window. */
static inline anl_hit anl_hit_of(uint64_t key)
{
    return (anl_hit){(int32_t)(key >> 32), (uint32_t)key};
}

typedef struct anl_native anl_native; /**< shared by all threads */

/** `x` must outlive it. 0, ANL_ENOMEM, or ANL_EINVAL for kernels that this machine does not have. */
int anl_native_new(anl_native **out, const anl_index *x);
void anl_native_free(anl_native *v);

/** anl_search_together. */
int anl_native_together(anl_native *v, int threads);

typedef struct anl_native_scratch anl_native_scratch; /**< one a thread */
int anl_native_scratch_new(anl_native_scratch **out);
void anl_native_scratch_free(anl_native_scratch *sc);

/** anl_search_release, anl_search_join, anl_search_leave and anl_search_entries. */
void anl_native_release(anl_native_scratch *sc);
void anl_native_join(const anl_native *v, anl_native_scratch *sc);
void anl_native_leave(anl_native_scratch *sc);
int64_t anl_native_entries(const anl_native_scratch *sc);

/** What a query takes on its way through the lists that it has not been through. */
int64_t anl_native_bytes(const anl_neighbours *q, int nprobe, int32_t d);

/** anl_search_wave for queries[n], n > 0, nprobe at most the number of lists: their hits and lists, not their nprobe. `competing_only`: windows
 *  that cannot hold a place that competes with the nearest are looked for in vain. 0 or ANL_ENOMEM. */
int anl_native_wave(const anl_native *v, anl_native_scratch *sc, anl_neighbours *const *queries, int n, int nprobe, int competing_only);

#endif
