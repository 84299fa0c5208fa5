// Smith-Waterman scores, 16 lanes a job. Each keeps H and E of 10 query bases in registers while the target passes from lane to lane, a base a
// step, and with it what the lane's lower edge hands down (a systolic array: Kung 1982, doi 10.1109/MC.1982.1653825). A longer query goes
// through in passes; what leaves the last lane waits in memory for the next one.
#include "gpu.cuh"
#include "ptx.cuh"

#include <algorithm>

namespace anl
{

enum {
    PART_JOBS = 16384, // 16 lanes each fill a GPU
    THREADS = 128,
    LANES = 16, // of a job,
    ROWS = 10,  // and query bases of each
    SPAN = LANES * ROWS,
    MOST_SCORE = 127,     // of a column, in a byte
    UNKNOWN_COLUMNS = -1, // bytes of the scores of N
    ROW_BITS = 4,         // that number ROWS
};

struct job {
    sequence query, target;
    size_t edge; // where what leaves its last lane begins: [target base]
};

// Bits of 32 bases from base 32 * i on; those behind the end are N.
__device__ static void planes_of(const uint32_t *words, const sequence &s, int i, uint32_t plane[3])
{
    const int left = s.len - i * 32;
    plane[0] = plane[1] = 0;
    plane[2] = ~0u;
    if (left <= 0) return;
    const uint32_t *at = words + s.at + i * s.planes;
    plane[0] = at[0];
    plane[1] = at[1];
    plane[2] = (s.planes == 3 ? at[2] : 0) | (left < 32 ? ~0u << left : 0);
}

// Base i of those, 0 to 3, or 4 for N.
__device__ static uint32_t base_of(const uint32_t plane[3], int i)
{
    return plane[2] >> i & 1 ? 4 : (plane[1] >> i & 1) << 1 | (plane[0] >> i & 1);
}

// For permute_bytes(): a byte of the two words, with its sign.
__device__ static uint32_t byte_selector(uint32_t byte)
{
    return byte | (byte | 8) * 0x1110u;
}

// The scores of query base `row` against A, C, G and T, a byte each.
__device__ static int32_t column_scores(const anl_sw_params &p, const uint32_t *words, const sequence &query, int row)
{
    uint32_t plane[3];
    planes_of(words, query, row / 32, plane);
    const uint32_t base = base_of(plane, row % 32);
    if (base > 3) return UNKNOWN_COLUMNS;
    const uint32_t mismatch = (uint32_t)-p.mismatch & 255, match = (uint32_t)p.match & 255;
    return (int32_t)(mismatch * 0x01010101u ^ (mismatch ^ match) << 8 * base);
}

// What a lane knows of its job in a pass.
struct lane_rows {
    int32_t scores[ROWS], h[ROWS], e[ROWS];
    int32_t above; // H of the row above, one target base ago
};

// One target base: `h` and `f` come from the row above and become those of the lane's last row. Returns the best H << ROW_BITS with the first row
// that has it, counted from the end.
__device__ static int32_t run_column(const anl_sw_params &p, uint32_t selector, lane_rows *l, int32_t *h, int32_t *f)
{
    int32_t diagonal = l->above, top = 0;
    l->above = *h;
#pragma unroll
    for (int i = 0; i < ROWS; ++i) {
        const int32_t score = permute_bytes(l->scores[i], UNKNOWN_COLUMNS, selector);
        const int32_t now = max(__viaddmax_s32(diagonal, score, l->e[i]), *f);
        diagonal = l->h[i];
        l->h[i] = now;
        top = __viaddmax_s32(now << ROW_BITS, (1 << ROW_BITS) - 1 - i, top);
        l->e[i] = __viaddmax_s32_relu(l->e[i], -p.del_extend, now - p.del_open - p.del_extend);
        *f = __viaddmax_s32(*f, -p.ins_extend, now - p.ins_open - p.ins_extend);
    }
    *h = l->h[ROWS - 1];
    return top;
}

// Of equal scores the one with the smallest tend counts, then with the smallest qend.
__device__ static bool is_better(const anl_sw_result &a, const anl_sw_result &b)
{
    if (a.score != b.score) return a.score > b.score;
    return a.tend != b.tend ? a.tend < b.tend : a.qend < b.qend;
}

// The query bases of pass `pass`. Lane l is at target base s - l in step s: what lies before the target and behind it is N, which never reaches a
// best score.
__device__ static void run_pass(const anl_sw_params &p, const job &j, const uint32_t *words, int pass, int steps, int2 *edge,
                                anl_sw_result *best)
{
    const int lane = threadIdx.x % LANES, first = pass * SPAN + lane * ROWS;
    const bool comes_on = pass && pass * SPAN < j.query.len, goes_on = (pass + 1) * SPAN < j.query.len;
    lane_rows l = {};
    for (int i = 0; i < ROWS; ++i) l.scores[i] = column_scores(p, words, j.query, first + i);
    uint32_t target[3] = {}, selector = byte_selector(4);
    int32_t h = 0, f = 0;
    for (int s = 0; s < steps; ++s) {
        if (s % 32 == 0) planes_of(words, j.target, s / 32, target);
        selector = __shfl_up_sync(~0u, selector, 1, LANES);
        h = __shfl_up_sync(~0u, h, 1, LANES);
        f = __shfl_up_sync(~0u, f, 1, LANES);
        if (lane == 0) {
            const int2 in = comes_on && s < j.target.len ? edge[s] : int2{0, 0};
            selector = byte_selector(base_of(target, s % 32));
            h = in.x;
            f = in.y;
        }
        const int32_t top = run_column(p, selector, &l, &h, &f);
        const int t = s - lane;
        if (lane == LANES - 1 && goes_on && t >= 0 && t < j.target.len) edge[t] = int2{h, f};
        const anl_sw_result here{top >> ROW_BITS, first + (1 << ROW_BITS) - (top & ((1 << ROW_BITS) - 1)), t + 1};
        if (here.score > best->score || (here.score == best->score && here.score && here.tend < best->tend)) *best = here;
    }
}

// The greatest of the warp's.
__device__ static int warp_most(int v)
{
    for (int i = WARP / 2; i; i /= 2) v = max(v, __shfl_xor_sync(~0u, v, i));
    return v;
}

__global__ void sw_kernel(anl_sw_params p, const job *jobs, int n, const uint32_t *words, int2 *edges, anl_sw_result *results)
{
    const int i = (blockIdx.x * THREADS + threadIdx.x) / LANES;
    const job j = i < n ? jobs[i] : job{};
    const int passes = warp_most((j.query.len + SPAN - 1) / SPAN), steps = warp_most(j.target.len) + LANES - 1;
    anl_sw_result best{0, 0, 0};
    for (int pass = 0; pass < passes; ++pass) {
        run_pass(p, j, words, pass, steps, edges + j.edge, &best);
        __syncwarp(); // edges are written
    }
    for (int k = LANES / 2; k; k /= 2) {
        const anl_sw_result other{__shfl_xor_sync(~0u, best.score, k), __shfl_xor_sync(~0u, best.qend, k),
                                  __shfl_xor_sync(~0u, best.tend, k)};
        if (is_better(other, best)) best = other;
    }
    if (i < n && threadIdx.x % LANES == 0) results[i] = best;
}

struct sw_memory {
    size_t n, words, edge;
    job *jobs;
    uint32_t *planes;
    anl_sw_result *results;
    int2 *edges;
    void lay(carver &c)
    {
        jobs = c.take<job>(n);
        planes = c.take<uint32_t>(words);
        results = c.take<anl_sw_result>(n);
        edges = c.take<int2>(edge);
    }
};

static int sw_part(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_job *jobs, const uint32_t *order, size_t n,
                   anl_sw_result *results)
{
    sw_memory g{}, h{};
    g.n = h.n = n;
    for (size_t i = 0; i < n; ++i) {
        const anl_sw_job &j = jobs[order[i]];
        g.words += most_words(j.qlen) + most_words(j.tlen);
        if (j.qlen > SPAN) g.edge += (size_t)j.tlen;
    }
    if (g.words > UINT32_MAX) return fail(ANL_ENOMEM, "GPU: Smith-Waterman of %zu words", g.words); // sequence.at has 32 bits
    h.words = g.words;
    int rc = place(s->device, g);
    if (!rc) rc = place(s->host, h);
    if (rc) return rc;
    size_t used = 0, edge = 0;
    for (size_t i = 0; i < n; ++i) {
        const anl_sw_job &j = jobs[order[i]];
        h.jobs[i].query = pack(h.planes, &used, j.query, j.qlen);
        h.jobs[i].target = pack(h.planes, &used, j.target, j.tlen);
        h.jobs[i].edge = edge;
        if (j.qlen > SPAN) edge += (size_t)j.tlen;
    }
    cudaMemcpyAsync(g.jobs, h.jobs, (size_t)((char *)(h.planes + used) - (char *)h.jobs), cudaMemcpyHostToDevice, s->stream);
    timed(s, SCORES, [&] {
        sw_kernel<<<(unsigned)((n * LANES + THREADS - 1) / THREADS), THREADS, 0, s->stream>>>(*p, g.jobs, (int)n, g.planes, g.edges,
                                                                                              g.results);
    });
    cudaMemcpyAsync(h.results, g.results, n * sizeof *h.results, cudaMemcpyDeviceToHost, s->stream);
    rc = finish(s, "Smith-Waterman");
    for (size_t i = 0; i < n && !rc; ++i) results[order[i]] = h.results[i];
    return rc;
}

int sw(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_job *jobs, const uint32_t *order, size_t n, anl_sw_result *results)
{
    if (std::max({p->match, p->mismatch}) > MOST_SCORE) return fail(ANL_EINVAL, "GPU: scores of a column above %d", (int)MOST_SCORE);
    const int rc = enter(s->gpu);
    return rc ? rc : in_parts(n, PART_JOBS, [&](size_t i, size_t m) { return sw_part(s, p, jobs, order + i, m, results); });
}

} // namespace anl
