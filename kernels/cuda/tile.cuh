// Integer dot products on tensor cores: 64 rows of unsigned bytes by panels of 16 columns of signed bytes, the layout of panel.h.
// Internal to kernels/cuda.
#ifndef ANL_CUDA_TILE_CUH
#define ANL_CUDA_TILE_CUH

#include "gpu.cuh"
#include "ptx.cuh"

namespace anl
{

enum {
    TILE = 64, // rows
    TILE_THREADS = 128,
    TILE_STEP = 32,                         // bytes of a row and of a column that one mma takes
    TILE_PANELS = 2,                        // that a warp takes at a time,
    TILE_COLUMNS = TILE_PANELS * ANL_PANEL, // and their columns,
    LANE_COLUMNS = 8,                       // of which a lane gets so many neighbouring ones in the end,
    LANE_ROWS = 8,                          // of so many rows
};

// Bytes of shared memory for a tile. The 16 bytes after each row keep the rows of a matrix in different banks.
static inline __host__ __device__ size_t tile_bytes(int k)
{
    return (size_t)TILE * (k + 16);
}

// Fills the tile with rows of STEPS * TILE_STEP bytes from row(0..63), 16-byte aligned. All threads take part.
template <int STEPS, class Row> __device__ void tile_load(uint4 *tile, Row row)
{
    const int n = STEPS * 2;
    for (int i = threadIdx.x; i < TILE * n; i += TILE_THREADS) {
        tile[i / n * (n + 1) + i % n] = __ldg(reinterpret_cast<const uint4 *>(row(i / n)) + i % n);
    }
    __syncthreads();
}

// Row r, 0..7, of those that a lane gets.
__device__ static inline int lane_row(int r)
{
    return r * 8 + threadIdx.x % WARP / 4;
}

// The first of the columns that a lane gets of TILE_COLUMNS.
__device__ static inline int lane_column()
{
    return threadIdx.x % 4 * LANE_COLUMNS;
}

// Which of mma's columns stands for which entry is free. Here column g of four mma stands for entries 4 (g % 4) + 0..3 of panel g / 4 of
// TILE_PANELS, so that a lane gets sums of neighbouring entries. What a lane gives to a step of the four lies in two groups of 16 bytes: of
// its first two entries the words of each for one mma, and of its last two. TILE_STEP bytes of a panel: the first groups of lanes
// 4 (g % 4) + member, then the second ones.

// Where a lane finds word `word` of its group `group` in TILE_STEP bytes of a panel as panel.h says; lane: 4 (g % 4) + member.
__device__ static inline int tile_word(int group, int lane, int word)
{
    return (word % 2 * 4 + lane % 4) * ANL_PANEL + lane / 4 * 4 + group * 2 + word / 2;
}

// The dot products of the tile with TILE_PANELS panels laid out so, plus start[] of the lane's columns: sum[r][c] of its row r and column c.
// Without `second` the second panel is not read, and nothing is said of its columns.
template <int STEPS>
__device__ static inline void tile_dots(const uint4 *tile, const int8_t *panels, bool second, const int32_t start[LANE_COLUMNS],
                                        int32_t sum[LANE_ROWS][LANE_COLUMNS])
{
    const int lane = threadIdx.x % WARP;
    const uint4 *row = tile + lane % 16 * (STEPS * 2 + 1) + lane / 16;
    const uint4 *at = reinterpret_cast<const uint4 *>(panels) + (second ? lane / 16 : 0) * (STEPS * 32) + lane % 16;
    int32_t all[TILE / 16][4][4];
#pragma unroll
    for (int s = 0; s < STEPS; ++s) {
        const uint4 first = __ldg(at + s * 32), last = __ldg(at + s * 32 + 16);
        const uint32_t b[4][2] = {{first.x, first.y}, {first.z, first.w}, {last.x, last.y}, {last.z, last.w}};
#pragma unroll
        for (int i = 0; i < TILE / 16; ++i) {
            uint32_t a[4];
            load_matrices(a, row + i * 16 * (STEPS * 2 + 1) + s * 2);
#pragma unroll
            for (int j = 0; j < 4; ++j) {
                const int32_t begin[4] = {start[j], start[4 + j], start[j], start[4 + j]};
                mma(all[i][j], a, b[j], s ? all[i][j] : begin);
            }
        }
    }
#pragma unroll
    for (int i = 0; i < TILE / 16; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j)
#pragma unroll
            for (int c = 0; c < 4; ++c) sum[2 * i + c / 2][c % 2 * 4 + j] = all[i][j][c];
}

} // namespace anl

#endif
