// Smith-Waterman scores, 16 lanes a job, or two of them where the GPU computes with pairs of 16 bits (sw_pair.cuh). Each keeps H and E of 10 query bases in registers while the target passes from lane to lane, a base a
// step, and with it what the lane's lower edge hands down (a systolic array: Kung 1982, doi 10.1109/MC.1982.1653825). A longer query goes
// through in passes; what leaves the last lane waits in memory for the next one.
#include "sw_pair.cuh"

#include <algorithm>
#include <new>

namespace anl
{

enum {
    PART_JOBS = 16384,    // 16 lanes each, or each two, fill a GPU
    MOST_SCORE = 127,     // of a column, in a byte
    UNKNOWN_COLUMNS = -1, // bytes of the scores of N
    STEPS_ALIKE = 8,      // bp by which targets of one class differ
    STEP_CLASSES = 256,
    PASS_CLASSES = 4,
};

// For permute_bytes(): a byte of the two words, with its sign.
__device__ static uint32_t byte_selector(uint32_t byte)
{
    return byte | (byte | 8) * 0x1110u;
}

// The scores of a query base against A, C, G and T, a byte each.
__device__ static int32_t column_scores(const anl_sw_params &p, uint32_t base)
{
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

// The query bases of pass `pass`. Lane l is at target base s - l in step s: what lies before the target and behind it is N, which never reaches a
// best score. Outside its band it hands down zeros.
template <class Job>
__device__ static void run_pass(const anl_sw_params &p, const Job &j, const job_bases &from, int pass, int steps, int2 *edge,
                                anl_sw_result *best)
{
    const int lane = threadIdx.x % LANES, first = pass * SPAN + lane * ROWS;
    const bool comes_on = pass && pass * SPAN < j.query.len, goes_on = (pass + 1) * SPAN < j.query.len;
    const band_columns inside = columns_of(j.diagonals, first);
    lane_rows l = {};
    for (int i = 0; i < ROWS; ++i) l.scores[i] = column_scores(p, query_base(from, j, first + i));
    const int target_len = j.target_len();
    bases32 target{};
    uint32_t selector = byte_selector(4);
    int32_t h = 0, f = 0;
    for (int s = 0; s < steps; ++s) {
        if (s % 32 == 0) target = target_bases(from, j, s / 32);
        selector = __shfl_up_sync(~0u, selector, 1, LANES);
        h = __shfl_up_sync(~0u, h, 1, LANES);
        f = __shfl_up_sync(~0u, f, 1, LANES);
        if (lane == 0) {
            const int2 in = comes_on && s < target_len ? edge[s] : int2{0, 0};
            selector = byte_selector(s < target_len ? base_of(target, s % 32) : 4);
            h = in.x;
            f = in.y;
        }
        const int t = s - lane;
        int32_t top = 0;
        if (inside.has(t))
            top = run_column(p, selector, &l, &h, &f);
        else {
            l.above = h;
            h = f = 0;
        }
        if (lane == LANES - 1 && goes_on && t >= 0 && t < target_len) edge[t] = int2{h, f};
        const anl_sw_result here{top >> ROW_BITS, first + (1 << ROW_BITS) - (top & ((1 << ROW_BITS) - 1)), t + 1};
        keep_best(best, here);
    }
}

template <class Job> __global__ void sw_kernel(anl_sw_params p, const Job *jobs, int n, job_bases from, int2 *edges, anl_sw_result *results)
{
    const int i = (blockIdx.x * THREADS + threadIdx.x) / LANES;
    const Job j = i < n ? jobs[i] : Job{};
    const int passes = warp_most((j.query.len + SPAN - 1) / SPAN), steps = warp_most(j.target_len()) + LANES - 1;
    anl_sw_result best{0, 0, 0};
    for (int pass = 0; pass < passes; ++pass) {
        run_pass(p, j, from, pass, steps, edges + j.edge, &best);
        __syncwarp(); // edges are written
    }
    best = best_of_lanes(best);
    if (i < n && threadIdx.x % LANES == 0) results[i] = best;
}

template <class Job> struct sw_memory {
    size_t n, words, edge;
    Job *jobs;
    uint32_t *planes;
    anl_sw_result *results;
    int2 *edges;
    void lay(carver &c)
    {
        jobs = c.take<Job>(n);
        planes = c.take<uint32_t>(words);
        results = c.take<anl_sw_result>(n);
        edges = c.take<int2>(edge);
    }
};

// Room for n jobs on both sides; g.words and g.edge say for what else.
template <class Job> static int make_room(anl_gpu_stream *s, size_t n, sw_memory<Job> &g, sw_memory<Job> &h)
{
    g.n = h.n = n;
    h.words = g.words;
    if (g.words > UINT32_MAX) return fail(ANL_ENOMEM, "GPU: Smith-Waterman of %zu words", g.words); // sequence.at has 32 bits
    const int rc = place(s->device, g);
    return rc ? rc : place(s->host, h);
}

// Gives the `each` jobs that share lanes their edges, where they need passes.
template <class Job> static void lay_edges(Job *jobs, size_t n, size_t each)
{
    size_t edge = 0;
    for (size_t i = 0; i < n; i += each) {
        int32_t rows = 0, columns = 0;
        for (size_t k = i; k < n && k < i + each; ++k) {
            jobs[k].edge = edge;
            rows = std::max(rows, jobs[k].query.len);
            columns = std::max(columns, jobs[k].target_len());
        }
        if (rows > SPAN) edge += (size_t)columns;
    }
}

// Scores what is in h, `used` words of bases with it, to h.results.
template <class Job>
static int score(anl_gpu_stream *s, const anl_sw_params *p, const sw_memory<Job> &g, const sw_memory<Job> &h, size_t used)
{
    int32_t longest = 0, widest = 0;
    for (size_t i = 0; i < g.n; ++i) {
        longest = std::max(longest, h.jobs[i].query.len);
        widest = std::max(widest, h.jobs[i].target_len());
    }
    const bool pairs = s->gpu->major >= PAIR_LEAST_MAJOR && fits_pairs(*p, longest, widest),
               same = p->del_open == p->ins_open && p->del_extend == p->ins_extend;
    const size_t each = pairs ? 2 : 1;
    const unsigned blocks = (unsigned)(((g.n + each - 1) / each * LANES + THREADS - 1) / THREADS);
    const job_bases from{g.planes, s->gpu->reference};
    lay_edges(h.jobs, g.n, each);
    cudaMemcpyAsync(g.jobs, h.jobs, (size_t)((char *)(h.planes + used) - (char *)h.jobs), cudaMemcpyHostToDevice, s->stream);
    timed(s, SCORES, [&] {
        if (pairs && same)
            pair_kernel<Job, true><<<blocks, THREADS, 0, s->stream>>>(pair_costs_of(*p), g.jobs, (int)g.n, from, g.edges, g.results);
        else if (pairs)
            pair_kernel<Job, false><<<blocks, THREADS, 0, s->stream>>>(pair_costs_of(*p), g.jobs, (int)g.n, from, g.edges, g.results);
        else
            sw_kernel<Job><<<blocks, THREADS, 0, s->stream>>>(*p, g.jobs, (int)g.n, from, g.edges, g.results);
    });
    cudaMemcpyAsync(h.results, g.results, g.n * sizeof *h.results, cudaMemcpyDeviceToHost, s->stream);
    return finish(s, "Smith-Waterman");
}

static int sw_part(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_job *jobs, const uint32_t *order, size_t n,
                   anl_sw_result *results)
{
    sw_memory<packed_job> g{}, h{};
    int32_t longest = 0;
    for (size_t i = 0; i < n; ++i) {
        const anl_sw_job &j = jobs[order[i]];
        g.words += most_words(j.qlen) + most_words(j.tlen);
        g.edge += (size_t)j.tlen;
        longest = std::max(longest, j.qlen);
    }
    if (longest <= SPAN) g.edge = 0;
    int rc = make_room(s, n, g, h);
    if (rc) return rc;
    size_t used = 0;
    for (size_t i = 0; i < n; ++i) {
        const anl_sw_job &j = jobs[order[i]];
        h.jobs[i].query = pack(h.planes, &used, j.query, j.qlen);
        h.jobs[i].target = pack(h.planes, &used, j.target, j.tlen);
        h.jobs[i].diagonals = {j.low, j.band};
    }
    rc = score(s, p, g, h, used);
    for (size_t i = 0; i < n && !rc; ++i) results[order[i]] = h.results[i];
    return rc;
}

// ---- places on the reference ----

// The jobs of a warp should take as many passes and about as many steps.
static size_t size_class(const anl_sw_read &read, const anl_sw_place &place)
{
    const size_t pass = (size_t)(read.len - 1) / SPAN, step = (size_t)place.len / STEPS_ALIKE;
    return std::min(pass, (size_t)PASS_CLASSES - 1) * STEP_CLASSES + std::min(step, (size_t)STEP_CLASSES - 1);
}

// The places by their sizes, those of one size in their order: a counting sort.
static void sort_places(const anl_sw_read *reads, const anl_sw_place *places, size_t n, uint32_t *order)
{
    uint32_t begin[PASS_CLASSES * STEP_CLASSES + 1] = {};
    for (size_t i = 0; i < n; ++i) ++begin[size_class(reads[places[i].read], places[i]) + 1];
    for (size_t c = 1; c < PASS_CLASSES * STEP_CLASSES; ++c) begin[c] += begin[c - 1];
    for (size_t i = 0; i < n; ++i) order[begin[size_class(reads[places[i].read], places[i])]++] = (uint32_t)i;
}

static int places_part(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_read *reads, const anl_sw_place *places, size_t n,
                       anl_sw_result *results)
{
    sw_memory<placed_job> g{}, h{};
    uint32_t first = UINT32_MAX, last = 0;
    int32_t longest = 0;
    for (size_t i = 0; i < n; ++i) {
        first = std::min(first, places[i].read);
        last = std::max(last, places[i].read);
        longest = std::max(longest, reads[places[i].read].len);
        g.edge += (size_t)places[i].len;
    }
    if (longest <= SPAN) g.edge = 0;
    for (uint32_t r = first; r <= last; ++r) g.words += most_words(reads[r].len);
    int rc = make_room(s, n, g, h);
    if (rc) return rc;
    std::vector<sequence> packed(last - first + 1);
    std::vector<uint32_t> order(n);
    size_t used = 0;
    for (uint32_t r = first; r <= last; ++r) packed[r - first] = pack(h.planes, &used, reads[r].strand[0], reads[r].len);
    sort_places(reads, places, n, order.data());
    for (size_t i = 0; i < n; ++i) {
        const anl_sw_place &at = places[order[i]];
        h.jobs[i] = {packed[at.read - first], at.begin, at.len, at.reverse, {at.low, at.band}, 0};
    }
    rc = score(s, p, g, h, used);
    for (size_t i = 0; i < n && !rc; ++i) results[order[i]] = h.results[i];
    return rc;
}

static int start(anl_gpu_stream *s, const anl_sw_params *p)
{
    if (std::max({p->match, p->mismatch}) > MOST_SCORE) return fail(ANL_EINVAL, "GPU: scores of a column above %d", (int)MOST_SCORE);
    return enter(s->gpu);
}

int sw(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_job *jobs, const uint32_t *order, size_t n, anl_sw_result *results)
{
    const int rc = start(s, p);
    return rc ? rc : in_parts(n, PART_JOBS, [&](size_t i, size_t m) { return sw_part(s, p, jobs, order + i, m, results); });
}

int sw_places(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_read *reads, const anl_sw_place *places, size_t n,
              anl_sw_result *results)
try {
    if (n && !s->gpu->reference.words) return fail(ANL_EINVAL, "GPU: there is no reference on it");
    const int rc = start(s, p);
    return rc ? rc : in_parts(n, PART_JOBS, [&](size_t i, size_t m) { return places_part(s, p, reads, places + i, m, results + i); });
} catch (const std::bad_alloc &) {
    return fail(ANL_ENOMEM, "out of memory");
}

} // namespace anl
