// Tracebacks, a warp each: first all that may lie on one diagonal, whose clips alone are chosen; then those bands that are left of them, cell by cell.
#include "trace.cuh"

#include <algorithm>
#include <new>

namespace anl
{

enum {
    THREADS = 64, // a band of a read of 400 bp takes 17 KB of shared memory
    WARPS = THREADS / WARP,
    PART_JOBS = 16384,
};

struct trace_memory {
    size_t n, words, bands;
    trace_job *jobs;  // [n]
    uint32_t *banded; // [bands] jobs of which the band may be looked at
    uint32_t *planes; // [words]
    anl_gpu_traced *results;
    void lay(carver &c)
    {
        jobs = c.take<trace_job>(n);
        banded = c.take<uint32_t>(bands);
        planes = c.take<uint32_t>(words);
        results = c.take<anl_gpu_traced>(n);
    }
};

// ---- on one diagonal ----

// Tells the alignment of `on_read` on a diagonal; whether it fits.
__device__ static bool tell_straight(const anl_gpu_trace_params &p, const trace_job &j, const diagonal &d, const extent &on_read,
                                     anl_gpu_traced *told)
{
    md_writer md{told->md, 0, 0, 0};
    tell_ends(p, j.read.len, told, ANL_GPU_STRAIGHT, on_read, j.at + on_read.begin, j.at + on_read.end);
    if (own_lane() == 0) told->cigar[0] = (uint32_t)(on_read.end - on_read.begin) << 4 | CIGAR_M;
    tell_columns(&md, d, on_read.begin, on_read.end);
    return end_description(&md, 1, told);
}

__global__ void __launch_bounds__(THREADS) straight_kernel(anl_gpu_trace_params p, reference r, trace_memory m)
{
    __shared__ anl_gpu_traced all_told[WARPS];
    anl_gpu_traced *told = &all_told[threadIdx.x / WARP];
    const size_t i = (size_t)blockIdx.x * WARPS + threadIdx.x / WARP;
    if (i >= m.n) return;
    const trace_job j = m.jobs[i];
    bool fits = true, is_straight = false;
    clear_told(told);
    if (j.enough < INT32_MAX) {
        const diagonal d = load_diagonal(r, j, oriented_word(m.planes, j, own_lane()), j.begin + j.at);
        const extent on_read = best_along(p, d, j.read.len);
        is_straight = on_read.total >= j.enough;
        if (is_straight && on_read.total > 0)
            fits = tell_straight(p, j, d, on_read, told);
        else if (is_straight && own_lane() == 0)
            told->how = ANL_GPU_STRAIGHT;
    }
    if (!is_straight && own_lane() == 0) told->how = width_of(j.dlo, j.dhi) <= ANL_GPU_TRACE_BAND ? (int)BAND_OPEN : (int)ANL_GPU_LEFT;
    give_told(told, fits, &m.results[i]);
}

// ---- in a band ----

// MD of a CIGAR that is complete; whether it fits.
__device__ static bool describe(const reference &r, const trace_job &j, const bases32 &own, int q, int64_t at, int n_cigar,
                                anl_gpu_traced *told)
{
    md_writer md{told->md, 0, 0, 0};
    for (int i = 0; i < n_cigar; ++i) {
        const uint32_t op = told->cigar[i] & 15;
        const int len = (int)(told->cigar[i] >> 4);
        if (op == CIGAR_M)
            tell_columns(&md, load_diagonal(r, j, own, at - q), q, q + len);
        else if (op == CIGAR_D)
            tell_deletion(&md, r, at, len);
        else
            md.nm += len;
        q += op == CIGAR_D ? 0 : len;
        at += op == CIGAR_I ? 0 : len;
    }
    return end_description(&md, n_cigar, told);
}

template <int COLUMNS>
__global__ void __launch_bounds__(THREADS)
    band_kernel(anl_gpu_trace_params p, reference r, trace_memory m, const uint32_t *banded, int n, int longest)
{
    extern __shared__ uint32_t all_cells[];
    __shared__ anl_gpu_traced all_told[WARPS];
    anl_gpu_traced *told = &all_told[threadIdx.x / WARP];
    uint32_t *cells = all_cells + threadIdx.x / WARP * band_words(longest, COLUMNS);
    const int i = (int)(blockIdx.x * WARPS + threadIdx.x / WARP);
    if (i >= n || m.results[banded[i]].how != BAND_OPEN) return;
    const trace_job j = m.jobs[banded[i]];
    const bases32 own = oriented_word(m.planes, j, own_lane());
    const band_end end = fill_band<COLUMNS>(p, r, j, own, cells);
    bool fits = true;
    clear_told(told);
    if (end.total > 0) {
        cigar_writer cigar{told->cigar, 0, 0};
        const band_end begin = walk_back<COLUMNS>(cells, end, &cigar);
        const int tbeg = begin.q + j.dlo + begin.b;
        end_cigar(&cigar);
        fits = cigar.n <= ANL_GPU_TRACE_CIGAR;
        tell_ends(p, j.read.len, told, ANL_GPU_IN_BAND, {end.total, begin.q, end.q + 1}, tbeg, end.q + j.dlo + end.b + 1);
        if (fits) fits = describe(r, j, own, begin.q, j.begin + tbeg, cigar.n, told);
    } else if (own_lane() == 0)
        told->how = ANL_GPU_IN_BAND;
    give_told(told, fits, &m.results[banded[i]]);
}

// ---- the call ----

static unsigned blocks_of(size_t warps)
{
    return (unsigned)((warps + WARPS - 1) / WARPS);
}

static bool may_take_band(const anl_gpu_trace_job &j)
{
    return j.enough != INT32_MIN && width_of(j.dlo, j.dhi) <= ANL_GPU_TRACE_BAND;
}

// Reads that jobs beside each other share are packed once; the bands of a column a lane come first, *narrow of them.
static void pack_jobs(const anl_sw_read *reads, const anl_gpu_trace_job *jobs, const trace_memory &h, size_t *used, size_t *narrow)
{
    size_t bands = 0;
    sequence read{};
    for (size_t i = 0; i < h.n; ++i) {
        const anl_gpu_trace_job &j = jobs[i];
        if (!i || jobs[i - 1].read != j.read) read = pack(h.planes, used, reads[j.read].strand[0], reads[j.read].len);
        h.jobs[i] = {read, j.begin, j.len, j.at, j.enough, j.dlo, j.dhi, j.reverse};
    }
    for (int columns = 1; columns <= 2; ++columns) {
        for (size_t i = 0; i < h.n; ++i)
            if (may_take_band(jobs[i]) && (width_of(jobs[i].dlo, jobs[i].dhi) > WARP) == (columns > 1)) h.banded[bands++] = (uint32_t)i;
        if (columns == 1) *narrow = bands;
    }
}

template <int COLUMNS>
static void trace_bands(anl_gpu_stream *s, const anl_gpu_trace_params *p, const trace_memory &g, size_t first, size_t n, int longest)
{
    const size_t shared = WARPS * band_words(longest, COLUMNS) * sizeof(uint32_t);
    if (!n) return;
    timed(s, TRACES, [&] {
        band_kernel<COLUMNS><<<blocks_of(n), THREADS, shared, s->stream>>>(*p, s->gpu->reference, g, g.banded + first, (int)n, longest);
    });
}

static int trace_part(anl_gpu_stream *s, const anl_gpu_trace_params *p, const anl_sw_read *reads, const anl_gpu_trace_job *jobs, size_t n,
                      anl_gpu_traced *results)
{
    trace_memory g{}, h{};
    int longest = 0;
    g.n = n;
    for (size_t i = 0; i < n; ++i) {
        const int32_t len = reads[jobs[i].read].len;
        if (!i || jobs[i - 1].read != jobs[i].read) g.words += most_words(len);
        if (!may_take_band(jobs[i])) continue;
        ++g.bands;
        longest = std::max(longest, len);
    }
    h = g;
    int rc = place(s->device, g);
    if (!rc) rc = place(s->host, h);
    if (rc) return rc;
    size_t used = 0, narrow = 0;
    pack_jobs(reads, jobs, h, &used, &narrow);
    cudaMemcpyAsync(g.jobs, h.jobs, (size_t)((char *)(h.planes + used) - (char *)h.jobs), cudaMemcpyHostToDevice, s->stream);
    timed(s, TRACES, [&] { straight_kernel<<<blocks_of(n), THREADS, 0, s->stream>>>(*p, s->gpu->reference, g); });
    trace_bands<1>(s, p, g, 0, narrow, longest);
    trace_bands<2>(s, p, g, narrow, g.bands - narrow, longest);
    cudaMemcpyAsync(h.results, g.results, n * sizeof *h.results, cudaMemcpyDeviceToHost, s->stream);
    rc = finish(s, "traceback");
    if (!rc) memcpy(results, h.results, n * sizeof *results);
    return rc;
}

int trace(anl_gpu_stream *s, const anl_gpu_trace_params *p, const anl_sw_read *reads, const anl_gpu_trace_job *jobs, size_t n,
          anl_gpu_traced *results)
{
    if (n && !s->gpu->reference.words) return fail(ANL_EINVAL, "GPU: there is no reference on it");
    const int rc = enter(s->gpu);
    return rc ? rc : in_parts(n, PART_JOBS, [&](size_t i, size_t m) { return trace_part(s, p, reads, jobs + i, m, results + i); });
}

} // namespace anl
