// What CUDA C++ has no words for, in PTX. Internal to kernels/cuda.
#ifndef ANL_CUDA_PTX_CUH
#define ANL_CUDA_PTX_CUH

#include <stdint.h>

namespace anl
{

// Four matrices of 8 rows of 16 bytes from shared memory (PTX ISA, ldmatrix): lane l gives the row l % 8 of matrix l / 8, on a 16-byte line, and
// gets bytes 4 (l % 4) on of row l / 4 of each. All lanes of the warp take part.
__device__ static inline void load_matrices(uint32_t to[4], const void *row)
{
    const uint32_t at = (uint32_t)__cvta_generic_to_shared(row);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(at));
}

// sum = start + a b, 16 x 32 unsigned by 32 x 8 signed bytes (PTX ISA, mma.m16n8k32). With g = lane / 4 and t = lane % 4, words hold bytes
// 4t..4t+3: a of rows g, g + 8, and the same 16 bytes on; b of column g, and 16 bytes on; sum and start of rows g and g + 8, columns 2t and 2t + 1.
// All lanes of the warp take part.
__device__ static inline void mma(int32_t sum[4], const uint32_t a[4], const uint32_t b[2], const int32_t start[4])
{
    asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%11,%12,%13};"
                 : "=r"(sum[0]), "=r"(sum[1]), "=r"(sum[2]), "=r"(sum[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(start[0]), "r"(start[1]), "r"(start[2]),
                   "r"(start[3]));
}

// Bytes of two words by a nibble each (PTX ISA, prmt): 0 to 3 of the first word, 4 to 7 of the second; and 8: the sign of that byte instead.
__device__ static inline int32_t permute_bytes(int32_t first, int32_t second, uint32_t selector)
{
    int32_t to;
    asm("prmt.b32 %0, %1, %2, %3;" : "=r"(to) : "r"(first), "r"(second), "r"(selector));
    return to;
}

// sum + a b of four unsigned and four signed bytes (PTX ISA, dp4a).
__device__ static inline int32_t dot_bytes(uint32_t a, int32_t b, int32_t sum)
{
    int32_t to;
    asm("dp4a.u32.s32 %0, %1, %2, %3;" : "=r"(to) : "r"(a), "r"(b), "r"(sum));
    return to;
}

} // namespace anl

#endif
