/* What the module has beside the align pipeline. */
#include "module.h"

#include <stdio.h>

const char anl_cuda_version[] = ANL_CUDA_VERSION;

int anl_cuda_devices(anl_device *devices, int most)
{
    const char *why;
    return anl_devices_find(devices, most, &why);
}

const anl_train_kernels *anl_cuda_train(int device, char *message, size_t size)
{
    snprintf(message, size, "the stand-in for device %d does not train", device);
    return NULL;
}
