// What kernels/cuda/ptx.cuh says in PTX, lane by lane as the PTX ISA tells.
#ifndef ANL_CUDA_PTX_CUH
#define ANL_CUDA_PTX_CUH

#include "cuda_runtime.h"

#include <stdio.h>
#include <stdlib.h>

namespace anl
{

static inline void load_matrices(uint32_t to[4], const void *row)
{
    const char *all = stand_in::exchange("ldmatrix", &row, sizeof row);
    const int lane = stand_in::own_lane();
    for (int m = 0; m < 4; ++m) {
        const char *at = stand_in::lane_value<const char *>(all, m * 8 + lane / 4);
        if ((uintptr_t)at % 16) fprintf(stderr, "ldmatrix: a row not on a 16-byte line\n"), abort();
        memcpy(&to[m], at + lane % 4 * 4, 4);
    }
}

static inline void mma(int32_t sum[4], const uint32_t a[4], const uint32_t b[2], const int32_t start[4])
{
    uint32_t own[6] = {a[0], a[1], a[2], a[3], b[0], b[1]};
    const char *all = stand_in::exchange("mma", own, sizeof own);
    const int lane = stand_in::own_lane(), g = lane / 4, t = lane % 4;
    for (int i = 0; i < 4; ++i) {
        const int column = 2 * t + i % 2;
        sum[i] = start[i];
        for (int half = 0; half < 2; ++half)
            for (int m = 0; m < 4; ++m) {
                uint8_t x[4];
                int8_t y[4];
                memcpy(x, all + (g * 4 + m) * stand_in::MOST_BYTES + (i / 2 + 2 * half) * 4, 4);
                memcpy(y, all + (column * 4 + m) * stand_in::MOST_BYTES + (4 + half) * 4, 4);
                for (int c = 0; c < 4; ++c) sum[i] += x[c] * y[c];
            }
    }
}

// prmt in its default mode: a nibble of the selector for each byte, whose top bit asks for the sign of the byte chosen.
static inline int32_t permute_bytes(int32_t first, int32_t second, uint32_t selector)
{
    const uint64_t both = (uint64_t)(uint32_t)second << 32 | (uint32_t)first;
    uint32_t to = 0;
    for (int i = 0; i < 4; ++i) {
        const uint32_t nibble = selector >> 4 * i & 15;
        const uint8_t byte = (uint8_t)(both >> 8 * (nibble & 7));
        to |= (uint32_t)(nibble & 8 ? (byte & 128 ? 255 : 0) : byte) << 8 * i;
    }
    return (int32_t)to;
}

static inline int32_t dot_bytes(uint32_t a, int32_t b, int32_t sum)
{
    for (int i = 0; i < 32; i += 8) sum += (uint8_t)(a >> i) * (int8_t)(b >> i);
    return sum;
}

} // namespace anl

#endif
