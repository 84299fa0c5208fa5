/** Self-test of Smith-Waterman on a GPU, before reads rely on it. */
#ifndef ANL_SW_CHECK_H
#define ANL_SW_CHECK_H

#include "sw_batch.h"

/** Whether `gpu` scores made-up reads as the CPU does, against their places and against places of a reference, which it must have
 *  (anl_resident_load). 0, ANL_EIO where a result differs, or what the work itself fails with. */
int anl_sw_check_gpu(anl_sw_batch *gpu, const anl_sw_params *p, const anl_index *x);

#endif
