// Integer dot products on tensor cores: 64 rows of unsigned bytes by panels of 16 columns of signed bytes, the layout of panel.h.
// Internal to kernels/cuda.
#ifndef ANL_CUDA_TILE_CUH
#define ANL_CUDA_TILE_CUH

#include "gpu.cuh"

namespace anl
{

enum {
    TILE = 64, // rows
    TILE_THREADS = 128,
    WARP_PANELS = 2, // that a warp takes at a time
};

// Bytes of shared memory for a tile. The 16 bytes after each row keep the rows of a fragment in different banks.
static inline __host__ __device__ size_t tile_bytes(int k)
{
    return (size_t)TILE * (k + 16);
}

// sum += a b, 16 x 32 unsigned by 32 x 8 signed bytes (PTX ISA, mma.m16n8k32). With g = lane / 4 and t = lane % 4, words hold bytes
// 4t..4t+3: a of rows g, g + 8, and the same 16 bytes on; b of column g, and 16 bytes on; sum of rows g and g + 8, columns 2t and 2t + 1. All
// lanes of the warp take part.
__device__ static inline void mma(int32_t sum[4], const uint32_t a[4], const uint32_t b[2])
{
    asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+r"(sum[0]), "+r"(sum[1]), "+r"(sum[2]), "+r"(sum[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// Fills the tile with rows of k bytes (a multiple of 32) from row(0..63), 16-byte aligned; null is a row of zeros. All threads take part.
template <class Row> __device__ void tile_load(uint4 *tile, int k, Row row)
{
    const int n = k / 16;
    for (int i = threadIdx.x; i < TILE * n; i += blockDim.x) {
        const uint4 *from = reinterpret_cast<const uint4 *>(row(i / n));
        tile[i / n * (n + 1) + i % n] = from ? from[i % n] : uint4{0, 0, 0, 0};
    }
    __syncthreads();
}

// Calls use(row, column, a, b) with the dot products of a row and columns `column` and `column` + 1 (even) of panels [begin, end). The
// warps of the block share the panels.
template <class Use> __device__ void tile_dots(const uint4 *tile, int k, const int8_t *panels, int begin, int end, Use use)
{
    const int lane = threadIdx.x % WARP, group = lane / 4, member = lane % 4, warps = blockDim.x / WARP, pitch = k / 4 + 4;
    const uint32_t *rows = reinterpret_cast<const uint32_t *>(tile) + group * pitch + member;
    const uint32_t *columns = reinterpret_cast<const uint32_t *>(panels) + member * 16 + group;
    for (int p = begin + threadIdx.x / WARP * WARP_PANELS; p < end; p += warps * WARP_PANELS) {
        int32_t sum[TILE / 16][2 * WARP_PANELS][4] = {};
        __syncwarp();                        // use() may have parted the lanes
        for (int c = 0; c < k / 4; c += 8) { // words
            uint32_t b[2 * WARP_PANELS][2] = {};
#pragma unroll
            for (int j = 0; j < 2 * WARP_PANELS; ++j) {
                if (p + j / 2 >= end) continue;
                const uint32_t *at = columns + (size_t)(p + j / 2) * 4 * k + c * 16 + j % 2 * 8;
                b[j][0] = at[0];
                b[j][1] = at[64];
            }
#pragma unroll
            for (int i = 0; i < TILE / 16; ++i) {
                const uint32_t *at = rows + i * 16 * pitch + c;
                const uint32_t a[4] = {at[0], at[8 * pitch], at[4], at[8 * pitch + 4]};
#pragma unroll
                for (int j = 0; j < 2 * WARP_PANELS; ++j) mma(sum[i][j], a, b[j]);
            }
        }
#pragma unroll
        for (int i = 0; i < TILE / 16; ++i)
#pragma unroll
            for (int j = 0; j < 2 * WARP_PANELS; ++j) {
                if (p + j / 2 >= end) continue;
                const int row = i * 16 + group, column = p * 16 + j * 8 + member * 2;
                use(row, column, sum[i][j][0], sum[i][j][1]);
                use(row + 8, column, sum[i][j][2], sum[i][j][3]);
            }
    }
}

} // namespace anl

#endif
