#include "module.h"

#include <cuda_runtime.h>
#include <string.h>

extern "C" int anl_cuda_devices(anl_device *devices, int most)
{
    int n = 0;
    if (cudaGetDeviceCount(&n) != cudaSuccess) return 0; // no driver
    for (int i = 0; i < n && i < most; ++i) {
        cudaDeviceProp p;
        devices[i] = anl_device{};
        if (cudaGetDeviceProperties(&p, i) != cudaSuccess) return i;
        memcpy(devices[i].name, p.name, sizeof devices[i].name - 1);
        devices[i].major = p.major;
        devices[i].minor = p.minor;
        devices[i].memory = p.totalGlobalMem;
        devices[i].multiprocessors = p.multiProcessorCount;
    }
    return n;
}
