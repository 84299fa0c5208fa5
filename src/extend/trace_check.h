/** Self-test of traceback on a GPU, before reads rely on it. */
#ifndef ANL_TRACE_CHECK_H
#define ANL_TRACE_CHECK_H

#include "trace_batch.h"

/** Whether `gpu` traces made-up reads as the CPU does on a reference, which it must have (anl_resident_load). 0, ANL_EIO where a byte differs, or what the
 *  work itself fails with. */
int anl_trace_check_gpu(anl_trace_batch *gpu, const anl_extend_params *p, const anl_index *x);

#endif
