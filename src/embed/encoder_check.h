/** Self-test of embedding on a GPU, before reads rely on it: a driver, compiler or memory at fault must not pass for an aligner's answer. */
#ifndef ANL_ENCODER_CHECK_H
#define ANL_ENCODER_CHECK_H

#include "encoder.h"

/** Whether `gpu`, with a scratch made for it, embeds made-up sequences of every length as an encoder of `m` on the CPU does. 0, ANL_EIO where a
 *  byte differs, or what the work itself fails with. */
int anl_encoder_check_gpu(const anl_encoder *gpu, anl_encoder_scratch *scratch, const anl_model *m);

#endif
