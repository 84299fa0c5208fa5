// Lays out a reference on the GPU: two bits a base, four to a byte, become bit planes, 64 bits in place of the same 64.
#include "reference.cuh"

#include <algorithm>

namespace anl
{

enum { THREADS = 256 };

// The even bits of a word.
__device__ static uint32_t even_bits(uint64_t x)
{
    x &= 0x5555555555555555;
    x = (x | x >> 1) & 0x3333333333333333;
    x = (x | x >> 2) & 0x0f0f0f0f0f0f0f0f;
    x = (x | x >> 4) & 0x00ff00ff00ff00ff;
    x = (x | x >> 8) & 0x0000ffff0000ffff;
    return (uint32_t)(x | x >> 16);
}

__global__ void planes_kernel(reference r, int64_t bases)
{
    const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    if (i > r.words) return;
    const int64_t left = bases - i * 32;
    const uint2 packed = r.planes[i];
    const uint64_t both = (uint64_t)packed.y << 32 | packed.x;
    r.planes[i] = uint2{even_bits(both), even_bits(both >> 1)};
    r.unknown[i] = left >= 32 ? 0 : left > 0 ? ~0u << left : ~0u;
}

// Marks bases [begin, end), a block a run: whole words, and of those that runs may share the bits.
__global__ void unknown_kernel(reference r, const int64_t *runs, int64_t first, int64_t n)
{
    const int64_t i = first + blockIdx.x;
    if (i >= n) return;
    const int64_t begin = runs[2 * i], end = runs[2 * i + 1];
    for (int64_t w = begin / 32 + threadIdx.x; w * 32 < end; w += THREADS) {
        const int64_t before = begin - w * 32, left = end - w * 32;
        const uint32_t bits = (before > 0 ? ~0u << before : ~0u) & (left < 32 ? ~(~0u << left) : ~0u);
        atomicOr(&r.unknown[w], bits);
    }
}

int lay_reference(const reference &r, int64_t bases, const int64_t *runs, int64_t n_runs)
{
    const int64_t at_once = (int64_t)1 << 30;
    planes_kernel<<<(unsigned)(r.words / THREADS + 1), THREADS>>>(r, bases);
    for (int64_t i = 0; i < n_runs; i += at_once) unknown_kernel<<<(unsigned)std::min(at_once, n_runs - i), THREADS>>>(r, runs, i, n_runs);
    return check(cudaGetLastError(), "layout of the reference");
}

} // namespace anl
