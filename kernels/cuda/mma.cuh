// The tensor cores' product of 16 x 32 unsigned bytes by 32 x 8 signed bytes (PTX ISA, mma.m16n8k32). Internal to kernels/cuda.
#ifndef ANL_CUDA_MMA_CUH
#define ANL_CUDA_MMA_CUH

#include "gpu.cuh"

namespace anl {

// sum += a b. With g = lane / 4 and t = lane % 4, words hold bytes 4t..4t+3: a of rows g, g + 8, and the same 16 bytes on; b of column g, and
// 16 bytes on; sum of rows g and g + 8, columns 2t and 2t + 1. All lanes of the warp take part.
__device__ static inline void mma(int32_t sum[4], const uint32_t a[4], const uint32_t b[2])
{
    asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+r"(sum[0]), "+r"(sum[1]), "+r"(sum[2]), "+r"(sum[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

} // namespace anl

#endif
