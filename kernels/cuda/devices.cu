#include "devices.h"

#include <cuda_runtime.h>
#include <string.h>

int anl_devices_find(anl_device *devices, int most, int *built_with_cuda)
{
    int n = 0;
    *built_with_cuda = 1;
    if (cudaGetDeviceCount(&n) != cudaSuccess) return 0; /* no driver */
    for (int i = 0; i < n && i < most; ++i) {
        cudaDeviceProp p;
        memset(&devices[i], 0, sizeof devices[i]);
        if (cudaGetDeviceProperties(&p, i) != cudaSuccess) return i;
        memcpy(devices[i].name, p.name, sizeof devices[i].name - 1);
        devices[i].major = p.major;
        devices[i].minor = p.minor;
        devices[i].memory = p.totalGlobalMem;
        devices[i].multiprocessors = p.multiProcessorCount;
    }
    return n;
}
