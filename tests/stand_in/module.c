/* In place of kernels/cuda_module.c: there is one GPU, and its module is linked. */
#include "module.h"

#include "base.h"

int anl_devices_find(anl_device *devices, int most, const char **why)
{
    if (most > 0) devices[0] = (anl_device){.name = "stand-in", .major = 9, .memory = (size_t)4 << 30};
    *why = NULL;
    return 1;
}

const anl_gpu_table *anl_gpu_module(void)
{
    return anl_cuda_gpu();
}

const anl_train_kernels *anl_train_cuda(int device)
{
    (void)device;
    anl_fail(ANL_EINVAL, "the stand-in does not train");
    return NULL;
}
