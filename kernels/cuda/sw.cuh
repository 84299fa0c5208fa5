// Jobs of Smith-Waterman and what their lanes share. Internal to sw.cu.
#ifndef ANL_CUDA_SW_CUH
#define ANL_CUDA_SW_CUH

#include "ptx.cuh"
#include "reference.cuh"

namespace anl
{

enum {
    THREADS = 128,
    LANES = 16,              // of a job,
    ROWS = ANL_SW_BAND_ROWS, // and query bases of each
    SPAN = LANES * ROWS,
    ROW_BITS = 4, // that number ROWS
};

// The diagonals that count.
struct band {
    int32_t low, n; // as in anl_sw_job
};

// A query and a target that were packed for this call.
struct packed_job {
    sequence query, target;
    band diagonals;
    size_t edge; // where what leaves its last lane begins: [target base]
    __host__ __device__ int32_t target_len() const
    {
        return target.len;
    }
};

// A read, or its reverse complement, and a stretch of the reference.
struct placed_job {
    sequence query;
    int64_t begin;
    int32_t len;
    uint32_t reverse;
    band diagonals;
    size_t edge;
    __host__ __device__ int32_t target_len() const
    {
        return len;
    }
};

// Where the jobs of a call find their bases.
struct job_bases {
    const uint32_t *words; // of what was packed
    reference ref;
};

// Base `row` of a query, 0 to 3, or 4 for N and behind its end.
__device__ static uint32_t query_base(const job_bases &from, const packed_job &j, int row)
{
    return base_of(word_of(from.words, j.query, row / 32), row % 32);
}

__device__ static uint32_t query_base(const job_bases &from, const placed_job &j, int row)
{
    const int at = j.reverse ? j.query.len - 1 - row : row;
    if (at < 0) return 4;
    const uint32_t base = base_of(word_of(from.words, j.query, at / 32), at % 32);
    return j.reverse && base < 4 ? 3 - base : base;
}

// The i-th 32 bases of a target. What lies behind its end may be anything: it is not looked at.
__device__ static bases32 target_bases(const job_bases &from, const packed_job &j, int i)
{
    return word_of(from.words, j.target, i);
}

__device__ static bases32 target_bases(const job_bases &from, const placed_job &j, int i)
{
    const int64_t word = j.begin / 32 + i;
    return from_bit(word_of(from.ref, word), word_of(from.ref, word + 1), (int)(j.begin % 32));
}

// The target bases that count for the rows of a lane, of which `row` is the first.
struct band_columns {
    int32_t begin, n;
    __device__ bool has(int t) const
    {
        return (uint32_t)(t - begin) < (uint32_t)n;
    }
};

__device__ static band_columns columns_of(const band &b, int row)
{
    return b.n ? band_columns{row + b.low, b.n + ROWS - 1} : band_columns{0, INT32_MAX};
}

// Of equal scores the one with the smallest tend counts, then with the smallest qend.
__device__ static bool is_better(const anl_sw_result &a, const anl_sw_result &b)
{
    if (a.score != b.score) return a.score > b.score;
    return a.tend != b.tend ? a.tend < b.tend : a.qend < b.qend;
}

// Keeps what a lane has found at a target base, if it is better than what it found before.
__device__ static void keep_best(anl_sw_result *best, const anl_sw_result &here)
{
    if (here.score > best->score || (here.score == best->score && here.score && here.tend < best->tend)) *best = here;
}

// The best of what the lanes of a job have; all get it.
__device__ static anl_sw_result best_of_lanes(anl_sw_result best)
{
    for (int k = LANES / 2; k; k /= 2) {
        const anl_sw_result other{__shfl_xor_sync(~0u, best.score, k), __shfl_xor_sync(~0u, best.qend, k),
                                  __shfl_xor_sync(~0u, best.tend, k)};
        if (is_better(other, best)) best = other;
    }
    return best;
}

// The greatest of the warp's.
__device__ static int warp_most(int v)
{
    for (int i = WARP / 2; i; i /= 2) v = max(v, __shfl_xor_sync(~0u, v, i));
    return v;
}

} // namespace anl

#endif
