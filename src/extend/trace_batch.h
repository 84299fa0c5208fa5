/** Many tracebacks of short reads in one call, for a GPU: what it does not take, and everything without one, is traced where it is wanted (extend.h). */
#ifndef ANL_TRACE_BATCH_H
#define ANL_TRACE_BATCH_H

#include "extend.h"
#include "gpu.h"
#include "index.h"

/** Buffers that grow; one a thread. */
typedef struct anl_trace_batch anl_trace_batch;

int anl_trace_batch_new(anl_trace_batch **out);
void anl_trace_batch_use(anl_trace_batch *b, anl_gpu_stream *stream); /**< from here on runs there; the stream must outlive it */
void anl_trace_batch_free(anl_trace_batch *b);

/** Forgets all jobs. */
void anl_trace_batch_clear(anl_trace_batch *b);

/** Adds a job of a read, whose bases are borrowed until the batch has run; job->read need not be set. Its number, from 1 on, to *number. 0 or ANL_ENOMEM. */
int anl_trace_batch_add(anl_trace_batch *b, const anl_sw_read *read, const anl_gpu_trace_job *job, int32_t *number);

/** Traces the jobs added since the last call. A GPU must have the reference (anl_resident_load); without one the functions of extend.h do the same.
 *  With p->eqx nothing may be asked. 0 or ANL_ENOMEM, on a GPU also ANL_EIO. */
int anl_trace_batch_run(anl_trace_batch *b, const anl_sw_kernels *k, const anl_extend_params *p, const anl_index *x);

/** What has become of job `number`, until jobs are added or forgotten. */
const anl_gpu_traced *anl_trace_batch_result(const anl_trace_batch *b, int32_t number);

/** The joined coordinate that the job's stretch begins at. */
int64_t anl_trace_batch_begin(const anl_trace_batch *b, int32_t number);

/** An alignment as anl_extend would give it; its arrays are those of `t`, which is not ANL_GPU_LEFT. */
anl_extension anl_extension_of(const anl_gpu_traced *t);

#endif
