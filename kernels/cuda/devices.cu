#include "module.h"

#include <cuda_runtime.h>
#include <string.h>

const char anl_cuda_version[] = ANL_CUDA_VERSION;

// What a multiprocessor does in a clock, by compute capability, and the clocks.
static void set_rates(anl_device *d, int number)
{
    const double int8 = d->major == 8 && d->minor == 0 ? 4096 : d->major == 9 ? 8192 : d->major == 10 ? 16384 : 2048;
    int clock = 0, memory_clock = 0, bus = 0; // kHz, kHz, bits
    cudaDeviceGetAttribute(&clock, cudaDevAttrClockRate, number);
    cudaDeviceGetAttribute(&memory_clock, cudaDevAttrMemoryClockRate, number);
    cudaDeviceGetAttribute(&bus, cudaDevAttrGlobalMemoryBusWidth, number);
    cudaGetLastError(); // what a GPU does not tell stays 0
    d->int8_rate = int8 * d->multiprocessors * clock * 1e3;
    d->int32_rate = 64.0 * d->multiprocessors * clock * 1e3;
    d->memory_rate = 2e3 * memory_clock * (bus / 8);
}

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
        set_rates(&devices[i], i);
    }
    return n;
}
