/** For tests and benchmarks: an encoder over a given level of kernels. */
#ifndef ANL_ENCODER_INTERNAL_H
#define ANL_ENCODER_INTERNAL_H

#include "encoder.h"
#include "kernels.h"

int anl_encoder_new_with(anl_encoder **out, const anl_model *m, const anl_encode_kernels *kernels);

#endif
