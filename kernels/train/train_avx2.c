/* Training's elementwise kernels with AVX2. */
#include "train_cpu.h"

#define TRAIN_FILL anl_train_fill_avx2
#include "train_ops.inc.h"
