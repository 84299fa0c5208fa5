/** What the CUDA module offers. It is a library of its own, loaded only when a GPU is asked for: cuBLAS takes half a gigabyte of address
 *  space and more time to load than a small run takes. */
#ifndef ANL_CUDA_MODULE_H
#define ANL_CUDA_MODULE_H

#include "../devices.h"
#include "../train.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int anl_cuda_devices_function(anl_device *devices, int most);
typedef const anl_train_kernels *anl_cuda_train_function(int device, char *message, size_t size);

/** Fills devices[most]; how many GPUs there are, 0 without a driver. */
anl_cuda_devices_function anl_cuda_devices;

/** The training table of one GPU, or NULL and why. */
anl_cuda_train_function anl_cuda_train;

#ifdef __cplusplus
}
#endif
#endif
