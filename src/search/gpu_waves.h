/** Waves of search on a GPU. What threads ask for at about the same time is done in one call, so that a list is read from the GPU's memory once
 *  for the queries of all of them. Internal to src/search. */
#ifndef ANL_GPU_WAVES_H
#define ANL_GPU_WAVES_H

#include "search.h"

typedef struct anl_gpu_waves anl_gpu_waves; /**< shared by all threads */

/** `x`, whose lists `gpu` has loaded, must outlive it. 0, ANL_ENOMEM or ANL_EIO. */
int anl_gpu_waves_new(anl_gpu_waves **out, const anl_index *x, anl_gpu *gpu);
void anl_gpu_waves_free(anl_gpu_waves *w);

/** Of one thread: buffers that grow. */
typedef struct anl_gpu_wave_scratch {
    anl_gpu_query *queries;
    anl_hit *found, *merged;
    size_t queries_cap, found_cap, merged_cap;
} anl_gpu_wave_scratch;

void anl_gpu_wave_scratch_free(anl_gpu_wave_scratch *sc);

/** anl_search_wave for queries[n], n > 0, nprobe at most the number of lists: their hits and lists, not their nprobe. `competing_only`: windows
 *  that cannot hold a place that competes with the nearest are looked for in vain. 0, ANL_ENOMEM or ANL_EIO. Thread-safe with one scratch a
 *  thread. */
int anl_gpu_wave(anl_gpu_waves *w, anl_gpu_wave_scratch *sc, anl_neighbours *const *queries, int n, int nprobe, int competing_only);

#endif
