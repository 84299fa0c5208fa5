/* Training's elementwise kernels with AVX-512. */
#include "train_cpu.h"

#define TRAIN_FILL anl_train_fill_avx512
#include "train_ops.inc.h"
