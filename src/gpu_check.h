/** The GPU against the CPU on a little made-up work, before reads rely on it: a driver, compiler or memory at fault must not pass for an
 *  aligner's answer. They return 0, ANL_EIO where a byte differs, or what the work itself fails with. */
#ifndef ANL_GPU_CHECK_H
#define ANL_GPU_CHECK_H

#include "encoder.h"
#include "search.h"
#include "sw_batch.h"

/** `gpu` embeds sequences of every length as an encoder of `m` does. */
int anl_gpu_check_encoder(const anl_encoder *gpu, const anl_model *m);

/** `gpu`, which wants rivals only, finds the neighbours of changed entries of `x`. */
int anl_gpu_check_search(const anl_search *gpu, const anl_index *x);

/** `gpu` scores reads against their places. */
int anl_gpu_check_sw(anl_sw_batch *gpu, const anl_sw_params *p);

#endif
