// Smith-Waterman scores, a thread a job. A strip of 32 query bases keeps its H and E in registers while the target passes; what leaves the
// strip at its lower edge waits in memory for the next one.
#include "gpu.cuh"

#include <algorithm>

namespace anl
{

enum { PART_JOBS = 65536, THREADS = 128, STRIP = 32 };

struct job {
    sequence query, target;
    size_t edge; // where the edge of this job's warp begins: [target base][lane]
};

__device__ static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

// Bits of 32 bases from base 32 * i on; those behind the end are N.
__device__ static void planes_of(const uint32_t *words, const sequence &s, int i, uint32_t plane[3])
{
    const uint32_t *at = words + s.at + i * s.planes;
    const int left = s.len - i * 32;
    plane[0] = at[0];
    plane[1] = at[1];
    plane[2] = (s.planes == 3 ? at[2] : 0) | (left < 32 ? ~0u << left : 0);
}

// Strips hide the order of the CPU's search: of equal scores the one with the smallest tend counts, then with the smallest qend. Padding
// is N, which never reaches a best score.
__device__ static void run_strip(const anl_sw_params &p, const job &j, const uint32_t *words, int strip, bool last, int2 *edge,
                                 anl_sw_result *best)
{
    int32_t h[STRIP] = {}, e[STRIP] = {}, above = 0; // H of the row above, one target base ago
    uint32_t query[3], target[3] = {};
    planes_of(words, j.query, strip, query);
    for (int t = 0; t < j.target.len; ++t) {
        if (t % 32 == 0) planes_of(words, j.target, t / 32, target);
        const uint32_t low = 0u - (target[0] >> t % 32 & 1), high = 0u - (target[1] >> t % 32 & 1);
        const uint32_t unknown = query[2] | (0u - (target[2] >> t % 32 & 1)), equal = ~(query[0] ^ low) & ~(query[1] ^ high);
        const int2 in = strip ? edge[t * WARP] : int2{0, 0};
        int32_t diagonal = above, f = in.y, top = 0;
        above = in.x;
#pragma unroll
        for (int i = 0; i < STRIP; ++i) {
            const int32_t score = unknown >> i & 1 ? -1 : equal >> i & 1 ? p.match : -p.mismatch;
            const int32_t now = larger(larger(diagonal + score, e[i]), f);
            diagonal = h[i];
            h[i] = now;
            top = larger(top, now);
            e[i] = larger(larger(now - p.del_open - p.del_extend, e[i] - p.del_extend), 0);
            f = larger(now - p.ins_open - p.ins_extend, f - p.ins_extend);
        }
        if (!last) edge[t * WARP] = int2{h[STRIP - 1], f};
        if (top > best->score || (top == best->score && t + 1 < best->tend)) {
            int q = STRIP;
#pragma unroll
            for (int i = STRIP - 1; i >= 0; --i)
                if (h[i] == top) q = i;
            *best = anl_sw_result{top, strip * STRIP + q + 1, t + 1};
        }
    }
}

__global__ void sw_kernel(anl_sw_params p, const job *jobs, int n, const uint32_t *words, int2 *edges, anl_sw_result *results)
{
    const int i = blockIdx.x * THREADS + threadIdx.x;
    if (i >= n) return;
    const job j = jobs[i];
    const int strips = (j.query.len + STRIP - 1) / STRIP;
    anl_sw_result best{0, 0, 0};
    for (int strip = 0; strip < strips; ++strip)
        run_strip(p, j, words, strip, strip + 1 == strips, edges + j.edge + threadIdx.x % WARP, &best);
    results[i] = best;
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
    for (size_t i = 0; i < n; i += WARP) {
        int32_t longest = 0;
        bool strips = false;
        for (size_t k = i; k < n && k < i + WARP; ++k) {
            const anl_sw_job &j = jobs[order[k]];
            g.words += most_words(j.qlen) + most_words(j.tlen);
            longest = std::max(longest, j.tlen);
            strips |= j.qlen > STRIP;
        }
        if (strips) g.edge += (size_t)longest * WARP;
    }
    if (g.words > UINT32_MAX) return fail(ANL_ENOMEM, "GPU: Smith-Waterman of %zu words", g.words); // sequence.at has 32 bits
    h.words = g.words;
    int rc = place(s->device, g);
    if (!rc) rc = place(s->host, h);
    if (rc) return rc;
    size_t used = 0, edge = 0;
    for (size_t i = 0; i < n; i += WARP) {
        int32_t longest = 0;
        bool strips = false;
        for (size_t k = i; k < n && k < i + WARP; ++k) {
            const anl_sw_job &j = jobs[order[k]];
            h.jobs[k].query = pack(h.planes, &used, j.query, j.qlen);
            h.jobs[k].target = pack(h.planes, &used, j.target, j.tlen);
            h.jobs[k].edge = edge;
            longest = std::max(longest, j.tlen);
            strips |= j.qlen > STRIP;
        }
        if (strips) edge += (size_t)longest * WARP;
    }
    cudaMemcpyAsync(g.jobs, h.jobs, (size_t)((char *)(h.planes + used) - (char *)h.jobs), cudaMemcpyHostToDevice, s->stream);
    timed(s, SCORES, [&] {
        sw_kernel<<<(unsigned)((n + THREADS - 1) / THREADS), THREADS, 0, s->stream>>>(*p, g.jobs, (int)n, g.planes, g.edges, g.results);
    });
    cudaMemcpyAsync(h.results, g.results, n * sizeof *h.results, cudaMemcpyDeviceToHost, s->stream);
    rc = finish(s, "Smith-Waterman");
    for (size_t i = 0; i < n && !rc; ++i) results[order[i]] = h.results[i];
    return rc;
}

int sw(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_job *jobs, const uint32_t *order, size_t n, anl_sw_result *results)
{
    const int rc = enter(s->gpu);
    return rc ? rc : in_parts(n, PART_JOBS, [&](size_t i, size_t m) { return sw_part(s, p, jobs, order + i, m, results); });
}

} // namespace anl
