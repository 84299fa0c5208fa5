/* Training's elementwise kernels for any machine. */
#include "train_cpu.h"

#define TRAIN_FILL anl_train_fill_scalar
#include "train_ops.inc.h"
