/** Many Smith-Waterman scores at once: packs jobs into SIMD lanes, 8 bits first, 16 and 32 where a score does not fit. */
#ifndef ANL_SW_BATCH_H
#define ANL_SW_BATCH_H

#include "gpu.h"
#include "index.h"
#include "kernels.h"

#include <stddef.h>

/** Buffers that grow; one a thread. */
typedef struct anl_sw_batch anl_sw_batch;

int anl_sw_batch_new(anl_sw_batch **out);
void anl_sw_batch_use(anl_sw_batch *b, anl_gpu_stream *stream); /**< from here on runs there; the stream must outlive it */
void anl_sw_batch_free(anl_sw_batch *b);

/** results[i] of jobs[i]; the same at every kernel level and on a GPU. 0 or ANL_ENOMEM, on a GPU also ANL_EIO. */
int anl_sw_batch_run(anl_sw_batch *b, const anl_sw_kernels *k, const anl_sw_params *p, const anl_sw_job *jobs, size_t n,
                     anl_sw_result *results);

/** Reads at places of a reference. Borrowed. */
typedef struct anl_sw_places {
    const anl_index *index;
    const anl_sw_read *reads;
    const anl_sw_place *list;
    size_t n;
} anl_sw_places;

/** results[i] of places->list[i], as anl_sw_batch_run would give it of its bases. A GPU must have the reference (anl_resident_load). */
int anl_sw_batch_run_places(anl_sw_batch *b, const anl_sw_kernels *k, const anl_sw_params *p, const anl_sw_places *places,
                            anl_sw_result *results);

#endif
