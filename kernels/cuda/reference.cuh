// Reading reads and the reference as bit planes, 32 bases at a time. Internal to kernels/cuda.
#ifndef ANL_CUDA_REFERENCE_CUH
#define ANL_CUDA_REFERENCE_CUH

#include "gpu.cuh"

namespace anl
{

__device__ static inline int own_lane()
{
    return (int)(threadIdx.x % WARP);
}

// Bits of 32 bases: the low ones, the high ones, and which are N or none at all.
struct bases32 {
    uint32_t low, high, unknown;
};

// The 32 from bit `shift`, 0 to 31, of `at` on, of which `next` is what follows.
__device__ static inline bases32 from_bit(const bases32 &at, const bases32 &next, int shift)
{
    return {__funnelshift_r(at.low, next.low, shift), __funnelshift_r(at.high, next.high, shift),
            __funnelshift_r(at.unknown, next.unknown, shift)};
}

// Word i of a sequence that was packed; behind its end there is none.
__device__ static inline bases32 word_of(const uint32_t *words, const sequence &s, int i)
{
    const int left = s.len - i * 32;
    if (left <= 0) return {0, 0, ~0u};
    const uint32_t *at = words + s.at + i * s.planes;
    return {at[0], at[1], (s.planes == 3 ? at[2] : 0) | (left < 32 ? ~0u << left : 0)};
}

// Word i of the reference; beside it there is none.
__device__ static inline bases32 word_of(const reference &r, int64_t i)
{
    if (i < 0 || i >= r.words) return {0, 0, ~0u};
    const uint2 planes = r.planes[i];
    return {planes.x, planes.y, r.unknown[i]};
}

// Base i of 32, 0 to 3, or 4 for N.
__device__ static inline uint32_t base_of(const bases32 &b, int i)
{
    return b.unknown >> i & 1 ? 4 : (b.high >> i & 1) << 1 | (b.low >> i & 1);
}

} // namespace anl

#endif
