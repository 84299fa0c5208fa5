// Two jobs of Smith-Waterman in the halves of the same words: the same steps as in sw.cu, in 16 bits, for GPUs that have instructions for that (from
// compute capability 9.0 on; others would need several for each). Scores are times 16, so that the row of the best one fits below it.
// Internal to sw.cu.
#ifndef ANL_CUDA_SW_PAIR_CUH
#define ANL_CUDA_SW_PAIR_CUH

#include "sw.cuh"

namespace anl
{

enum {
    PAIR_LEAST_MAJOR = 9, // compute capability
    PAIR_SCALE = 1 << ROW_BITS,
    PAIR_MOST = 2047,         // of a job's score and of what a gap of two bases costs, lest 16 bits overflow
    MOST_TARGET = UINT16_MAX, // bp
    PAIR_MOST_COLUMN = 7,     // of a match or a mismatch, in a byte
};

// What gaps cost, below 0, in both halves; opening takes the first base with it.
struct pair_costs {
    uint32_t del_open, del_extend, ins_open, ins_extend;
    uint32_t mismatch, match; // bytes of a column's score
};

static inline uint32_t in_both(int32_t v)
{
    return ((uint32_t)v & 0xffff) * 0x10001u;
}

static inline pair_costs pair_costs_of(const anl_sw_params &p)
{
    return {in_both(-PAIR_SCALE * (p.del_open + p.del_extend)), in_both(-PAIR_SCALE * p.del_extend),
            in_both(-PAIR_SCALE * (p.ins_open + p.ins_extend)), in_both(-PAIR_SCALE * p.ins_extend),
            (uint32_t)(-PAIR_SCALE * p.mismatch) & 255,         (uint32_t)(PAIR_SCALE * p.match) & 255};
}

// Whether jobs fit of which the longest query and target are so long.
static inline bool fits_pairs(const anl_sw_params &p, int32_t longest, int32_t widest)
{
    return widest <= MOST_TARGET - WARP && p.match <= PAIR_MOST_COLUMN && p.mismatch <= PAIR_MOST_COLUMN &&
           (int64_t)longest * p.match <= PAIR_MOST && (int64_t)p.del_open + 2 * p.del_extend <= PAIR_MOST &&
           (int64_t)p.ins_open + 2 * p.ins_extend <= PAIR_MOST;
}

// Target bases of both jobs: for permute_bytes() of the words of their column scores, the first job's in the low half, and what is N as the top bits of
// bytes 2 and 3.
__device__ static uint32_t pair_selector(uint32_t a, uint32_t b)
{
    const uint32_t of_a = (a & 3) * 0x11u | 0x80u, of_b = ((b & 3) | 4) * 0x11u | 0x80u;
    return of_a | of_b << 8 | (a > 3 ? 0x800000u : 0) | (b > 3 ? 0x80000000u : 0);
}

// The scores of a query base against A, C, G and T, a byte each.
__device__ static int32_t pair_column_scores(const pair_costs &c, uint32_t base)
{
    if (base > 3) return (int32_t)((uint32_t)(256 - PAIR_SCALE) * 0x01010101u);
    return (int32_t)(c.mismatch * 0x01010101u ^ (c.mismatch ^ c.match) << 8 * base);
}

struct pair_rows {
    int32_t scores[2][ROWS]; // of each job
    uint32_t h[ROWS], e[ROWS];
    uint32_t above;
};

// As run_column(), of both jobs. SAME: insertions cost what deletions cost.
template <bool SAME>
__device__ static uint32_t run_pair_column(const pair_costs &c, uint32_t selector, pair_rows *l, uint32_t *h, uint32_t *f)
{
    const uint32_t unknown = (uint32_t)permute_bytes((int32_t)selector, 0, 0xbbaa), keep = ~(unknown & (PAIR_SCALE - 1) * 0x10001u);
    uint32_t diagonal = l->above, top = 0;
    l->above = *h;
#pragma unroll
    for (int i = 0; i < ROWS; ++i) {
        const uint32_t score = ((uint32_t)permute_bytes(l->scores[0][i], l->scores[1][i], selector) | unknown) & keep;
        const uint32_t now = __vmaxs2(__viaddmax_s16x2(diagonal, score, l->e[i]), *f), opened = __vadd2(now, c.del_open);
        diagonal = l->h[i];
        l->h[i] = now;
        top = __viaddmax_s16x2(now, (uint32_t)(PAIR_SCALE - 1 - i) * 0x10001u, top);
        l->e[i] = __viaddmax_s16x2_relu(l->e[i], c.del_extend, opened);
        *f = __viaddmax_s16x2(*f, c.ins_extend, SAME ? opened : __vadd2(now, c.ins_open));
    }
    *h = l->h[ROWS - 1];
    return top;
}

// Forgets what a column has left of a job, where it is not one of its band.
__device__ static void drop_outside(bool first_inside, bool second_inside, pair_rows *l, uint32_t *h, uint32_t *f, uint32_t *top)
{
    const uint32_t keep = (first_inside ? 0xffffu : 0) | (second_inside ? 0xffff0000u : 0);
#pragma unroll
    for (int i = 0; i < ROWS; ++i) {
        l->h[i] &= keep;
        l->e[i] &= keep;
    }
    *h &= keep;
    *f &= keep;
    *top &= keep;
}

// The two jobs of 16 lanes; the second one may be none.
template <class Job> struct job_pair {
    const Job *of[2];
    int32_t query_len[2], target_len[2];
};

// Base i of the target of a pair's job, or N behind its end.
template <class Job> __device__ static uint32_t target_base(const job_bases &from, const job_pair<Job> &j, int k, int i)
{
    return i < j.target_len[k] ? base_of(target_bases(from, *j.of[k], i / 32), i % 32) : 4;
}

// The score and the row that the high half of `top` tells, and the target base t, as one number: the greatest of a pass is the best, of equal scores
// the one at the first target base, then in the first row. Before the target the score is 0.
__device__ static inline uint32_t pair_key(uint32_t top, int t)
{
    static_assert(PAIR_MOST < 1 << 11 && MOST_TARGET < 1 << 16, "all bits of a word");
    const uint32_t left = (uint32_t)(MOST_TARGET - 1 - t) << ROW_BITS & (uint32_t)MOST_TARGET << ROW_BITS;
    return (top & 0xfff00000u) | (top >> 16 & (PAIR_SCALE - 1)) | left;
}

// As run_pass(). Where one of the jobs has a pass more, the other's rows are N there, and find nothing better.
template <class Job, bool SAME>
__device__ static void run_pair_pass(const pair_costs &c, const job_pair<Job> &j, const job_bases &from, int pass, int steps, int2 *edge,
                                     anl_sw_result best[2])
{
    const int lane = threadIdx.x % LANES, first = pass * SPAN + lane * ROWS, rows = max(j.query_len[0], j.query_len[1]),
              columns = max(j.target_len[0], j.target_len[1]);
    const bool comes_on = pass && pass * SPAN < rows, goes_on = (pass + 1) * SPAN < rows;
    const band_columns inside[2] = {columns_of(j.of[0]->diagonals, first), columns_of(j.of[1]->diagonals, first)};
    pair_rows l = {};
#pragma unroll
    for (int i = 0; i < ROWS; ++i)
        for (int k = 0; k < 2; ++k)
            l.scores[k][i] = pair_column_scores(c, first + i < j.query_len[k] ? query_base(from, *j.of[k], first + i) : 4);
    uint32_t selector = pair_selector(4, 4), ahead = 0, h = 0, f = 0, most[2] = {0, 0};
    for (int s = 0; s < steps; ++s) {
        if (s % LANES == 0) ahead = pair_selector(target_base(from, j, 0, s + lane), target_base(from, j, 1, s + lane));
        const uint32_t next = __shfl_sync(~0u, ahead, s % LANES, LANES);
        selector = __shfl_up_sync(~0u, selector, 1, LANES);
        h = __shfl_up_sync(~0u, h, 1, LANES);
        f = __shfl_up_sync(~0u, f, 1, LANES);
        if (lane == 0) {
            const int2 in = comes_on && s < columns ? edge[s] : int2{0, 0};
            selector = next;
            h = (uint32_t)in.x;
            f = (uint32_t)in.y;
        }
        const int t = s - lane;
        const bool in[2] = {inside[0].has(t), inside[1].has(t)};
        uint32_t top = 0;
        if (in[0] || in[1]) {
            top = run_pair_column<SAME>(c, selector, &l, &h, &f);
            if (in[0] != in[1]) drop_outside(in[0], in[1], &l, &h, &f, &top);
        } else {
            l.above = h;
            h = f = 0;
        }
        if (lane == LANES - 1 && goes_on && t >= 0 && t < columns) edge[t] = int2{(int)h, (int)f};
        most[0] = max(most[0], pair_key(top << 16, t));
        most[1] = max(most[1], pair_key(top, t));
    }
    for (int k = 0; k < 2; ++k)
        keep_best(&best[k], {(int)(most[k] >> 20), first + PAIR_SCALE - (int)(most[k] & (PAIR_SCALE - 1)),
                             MOST_TARGET - (int)(most[k] >> ROW_BITS & MOST_TARGET)});
}

template <class Job, bool SAME>
__global__ void pair_kernel(pair_costs c, const Job *jobs, int n, job_bases from, int2 *edges, anl_sw_result *results)
{
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900 // others do not call it
    const int i = 2 * (int)((blockIdx.x * THREADS + threadIdx.x) / LANES);
    job_pair<Job> j{{jobs, jobs}, {0, 0}, {0, 0}};
    for (int k = 0; k < 2; ++k) {
        if (i + k >= n) continue;
        j.of[k] = &jobs[i + k];
        j.query_len[k] = j.of[k]->query.len;
        j.target_len[k] = j.of[k]->target_len();
    }
    const int passes = warp_most((max(j.query_len[0], j.query_len[1]) + SPAN - 1) / SPAN),
              steps = warp_most(max(j.target_len[0], j.target_len[1])) + LANES - 1;
    anl_sw_result best[2] = {{0, 0, 0}, {0, 0, 0}};
    for (int pass = 0; pass < passes; ++pass) {
        run_pair_pass<Job, SAME>(c, j, from, pass, steps, edges + j.of[0]->edge, best);
        __syncwarp(); // edges are written
    }
    for (int k = 0; k < 2; ++k) {
        const anl_sw_result found = best_of_lanes(best[k]);
        if (i + k < n && threadIdx.x % LANES == 0) results[i + k] = found;
    }
#endif
}

} // namespace anl

#endif
