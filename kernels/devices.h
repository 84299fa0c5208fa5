/** What a run can use: the CPU's kernel level, and NVIDIA GPUs where the program was built with CUDA. */
#ifndef ANL_DEVICES_H
#define ANL_DEVICES_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct anl_device {
    char name[256];
    int major, minor;      /**< compute capability */
    size_t memory;         /**< bytes */
    int multiprocessors;
} anl_device;

/** Fills devices[most] and returns how many GPUs there are; 0 without a driver or a GPU. *built_with_cuda tells whether the program
 *  could use one. */
int anl_devices_find(anl_device *devices, int most, int *built_with_cuda);

#ifdef __cplusplus
}
#endif
#endif
