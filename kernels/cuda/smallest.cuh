// Distances as keys, and the smallest of many keys: a block of threads together. Internal to kernels/cuda.
#ifndef ANL_CUDA_SMALLEST_CUH
#define ANL_CUDA_SMALLEST_CUH

#include "gpu.cuh"

namespace anl
{

enum {
    THREADS = 256,
    DISTANCE_BITS = 24, // of squared distances, at most
};

// A neighbour as one number, in the order that counts.
__device__ static uint64_t key_of(uint32_t dist, uint32_t id)
{
    return (uint64_t)dist << 32 | id;
}

// Centroids seen from one vector.
struct centroid_distances {
    const int32_t *dot, *length;
    uint32_t own;
    __device__ uint64_t key(int l) const
    {
        return key_of(own + (uint32_t)length[l] - 2 * (uint32_t)dot[l], (uint32_t)l);
    }
};

// The bin of 256 in which the need-th smallest lies, by counts of bins; *need becomes its rank there. All 256 threads get the bin.
__device__ static int find_bin(uint32_t *bins, uint32_t *need)
{
    __shared__ uint32_t sums[THREADS], bin, rank;
    const int i = threadIdx.x;
    sums[i] = bins[i];
    for (int step = 1; step < THREADS; step *= 2) {
        __syncthreads();
        const uint32_t before = i >= step ? sums[i - step] : 0;
        __syncthreads();
        sums[i] += before;
    }
    const uint32_t before = sums[i] - bins[i];
    if (before < *need && *need <= sums[i]) {
        bin = (uint32_t)i;
        rank = *need - before;
    }
    __syncthreads();
    *need = rank;
    return (int)bin;
}

// The largest of the `need` smallest of n keys (distance, list), digit by digit from the top.
template <class Keys> __device__ static uint64_t smallest_limit(const Keys &from, int n, uint32_t need)
{
    __shared__ uint32_t bins[THREADS];
    uint64_t prefix = 0;
    for (int shift = DISTANCE_BITS + 24;; shift -= 8) {
        bins[threadIdx.x] = 0;
        __syncthreads();
        for (int l = threadIdx.x; l < n; l += THREADS) {
            const uint64_t key = from.key(l) >> shift;
            if (key >> 8 == prefix) atomicAdd(&bins[key & 255], 1);
        }
        __syncthreads();
        const int bin = find_bin(bins, &need);
        prefix = prefix << 8 | (uint64_t)bin;
        const bool all = bins[bin] == need; // keys differ: so it is at the last digit at the latest
        __syncthreads();
        if (all) return ((prefix + 1) << shift) - 1;
    }
}

} // namespace anl

#endif
