// Search of the inverted lists (src/search/search.c): the same lists are chosen, the same distances computed and the same neighbours kept. cuBLAS
// multiplies queries and centroids; then work goes list by list, 64 of the queries that probe it at a time, so that a list is read once for
// all of them. The nearest few lists of every query are gone through for its nearest entry alone; what is farther from the query than that by
// more than its reach does not survive the scan of all.
#include "choose.cuh"
#include "scan.cuh"

#include <string.h>

#include <algorithm>

namespace anl
{

enum {
    PART_QUERIES = 1 << 18, // searched together, as they share the lists,
    MOST_PAIRS = 1 << 26,   // if they probe so many in all,
    MOST_DOTS = 1 << 23,    // and multiplied with so many centroids at a time: 32 MiB, which stay in the L2 cache of larger GPUs
    FIRST = 8,              // lists gone through for the nearest entry
    ROOM = 256,             // survivors that a query keeps at least; 4 times k if that is more
    WARP_SORTS = 512,       // keys that a warp sorts; more are for a block
};

struct search_host {
    int n, k, d, rank;
    int8_t *vectors;
    uint32_t *far, *reach;
    int32_t *before;
    uint32_t *ranked, *n_again;
    anl_hit *hits;
    int32_t *found;
    void lay(carver &c)
    {
        const size_t q = n;
        vectors = c.take<int8_t>(q * d);
        far = c.take<uint32_t>(q);
        reach = c.take<uint32_t>(q);
        before = c.take<int32_t>(q);
        ranked = c.take<uint32_t>(q * rank);
        n_again = c.take<uint32_t>(1);
        hits = c.take<anl_hit>(q * k);
        found = c.take<int32_t>(q);
    }
};

// ---- codes for tile_dots(): a warp TILE_STEP bytes of a panel ----

__global__ void lay_kernel(uint4 *codes, size_t blocks)
{
    const size_t block = (size_t)blockIdx.x * (THREADS / WARP) + threadIdx.x / WARP;
    const int lane = threadIdx.x % WARP;
    if (block >= blocks) return;
    codes += block * WARP;
    const uint32_t *from = reinterpret_cast<const uint32_t *>(codes);
    uint32_t word[4];
    for (int w = 0; w < 4; ++w) word[w] = from[tile_word(lane / 16, lane % 16, w)];
    __syncwarp(); // in place
    codes[lane] = uint4{word[0], word[1], word[2], word[3]};
}

int lay_codes(int8_t *codes, size_t bytes)
{
    const size_t blocks = bytes / (ANL_PANEL * TILE_STEP), at_once = (size_t)1 << 30;
    for (size_t i = 0; i < blocks; i += at_once) {
        const size_t n = std::min(at_once, blocks - i);
        lay_kernel<<<blocks_for(n, THREADS / WARP), THREADS>>>(reinterpret_cast<uint4 *>(codes + i * ANL_PANEL * TILE_STEP), n);
    }
    return check(cudaGetLastError(), "layout of the lists");
}

// ---- the search ----

int prepare_search()
{
    return check(cudaFuncSetAttribute(sort_kernel<THREADS>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                      4 * ANL_GPU_MOST_HITS * (int)sizeof(uint64_t)),
                 "shared memory");
}

// The lists of every query, by products with all centroids unless they came with it.
static void choose_lists(anl_gpu_stream *s, const search_memory &m, const lists &x)
{
    prepare_kernel<<<blocks_for(m.n, THREADS / WARP), THREADS, 0, s->stream>>>(m);
    if (m.is_ranked) {
        take_ranked_kernel<<<blocks_for((size_t)m.n * m.nprobe, THREADS), THREADS, 0, s->stream>>>(m);
        return;
    }
    for (int first = 0; first < m.n; first += m.coarse_rows) {
        const int rows = std::min(m.coarse_rows, m.n - first);
        multiply(s, x.centroids, x.centroid_rows, x.d, m.vectors + (size_t)first * m.d, product_rows(rows), m.coarse);
        timed(s, CHOICE, [&] { choose_kernel<<<rows, THREADS, 0, s->stream>>>(m, x, first); });
    }
}

// The pairs of a round by list, in tiles.
static void group(anl_gpu_stream *s, const search_memory &m, const search_round &r)
{
    const unsigned blocks = blocks_for((size_t)r.n * r.last, THREADS);
    timed(s, GROUPS, [&] {
        cudaMemsetAsync(m.sizes, 0, (size_t)m.nlist * sizeof *m.sizes, s->stream);
        count_kernel<<<blocks, THREADS, 0, s->stream>>>(m, r);
        starts_kernel<<<1, STARTS_THREADS, 0, s->stream>>>(m);
        tiles_kernel<<<blocks_for((size_t)m.nlist, THREADS / WARP), THREADS, 0, s->stream>>>(m);
        spread_kernel<<<blocks, THREADS, 0, s->stream>>>(m, r);
    });
}

// Tiles that the pairs of a round can make at most.
static size_t most_tiles(size_t n, size_t last, size_t nlist)
{
    return n * last / TILE + std::min(n * last, nlist);
}

template <int STEPS> static void run_tiles(anl_gpu_stream *s, const search_memory &m, const search_round &r, bool least)
{
    const unsigned blocks = (unsigned)most_tiles(r.n, r.last, m.nlist);
    if (least)
        least_kernel<STEPS><<<blocks, TILE_THREADS, tile_bytes(m.d), s->stream>>>(m, s->gpu->lists);
    else
        scan_kernel<STEPS><<<blocks, TILE_THREADS, tile_bytes(m.d), s->stream>>>(m, s->gpu->lists);
}

static void go_through(anl_gpu_stream *s, const search_memory &m, const search_round &r, bool least)
{
    typedef void run(anl_gpu_stream *, const search_memory &, const search_round &, bool);
    static run *const by_steps[] = {run_tiles<1>, run_tiles<2>, run_tiles<3>, run_tiles<4>,
                                    run_tiles<5>, run_tiles<6>, run_tiles<7>, run_tiles<8>};
    timed(s, least ? NEAREST : SCANS, [&] { by_steps[m.d / TILE_STEP - 1](s, m, r, least); });
}

// The survivors of a round sorted; h tells which queries need another.
static int sort_round(anl_gpu_stream *s, const search_memory &m, const search_round &r, uint32_t *again, const search_host &h)
{
    const size_t bytes = (size_t)m.room * sizeof(uint64_t);
    timed(s, SORTS, [&] {
        cudaMemsetAsync(m.n_again, 0, sizeof *m.n_again, s->stream);
        if (m.room <= WARP_SORTS)
            sort_kernel<WARP><<<blocks_for(r.n, THREADS / WARP), THREADS, THREADS / WARP * bytes, s->stream>>>(m, r, again);
        else
            sort_kernel<THREADS><<<r.n, THREADS, bytes, s->stream>>>(m, r, again);
    });
    cudaMemcpyAsync(h.n_again, m.n_again, sizeof *m.n_again, cudaMemcpyDeviceToHost, s->stream);
    cudaMemcpyAsync(h.hits, m.hits, (size_t)m.n * m.k * sizeof *m.hits, cudaMemcpyDeviceToHost, s->stream);
    cudaMemcpyAsync(h.found, m.found, (size_t)m.n * sizeof *m.found, cudaMemcpyDeviceToHost, s->stream);
    cudaMemcpyAsync(h.ranked, m.ranked, (size_t)m.n * m.rank * sizeof *m.ranked, cudaMemcpyDeviceToHost, s->stream);
    return finish(s, "search");
}

// All queries, then those that had no room, until there are none.
static int scan(anl_gpu_stream *s, const search_memory &m, const search_host &h)
{
    search_round r{nullptr, m.n, std::min<int>(m.nprobe, FIRST)};
    group(s, m, r);
    go_through(s, m, r, true);
    if (r.last < m.nprobe) {
        r.last = m.nprobe;
        group(s, m, r);
    }
    for (int turn = 0;; turn ^= 1) {
        go_through(s, m, r, false);
        const int rc = sort_round(s, m, r, m.again[turn], h);
        if (rc || !*h.n_again) return rc;
        r.which = m.again[turn];
        r.n = (int)*h.n_again;
        group(s, m, r);
    }
}

static void pack_queries(const search_host &h, bool is_ranked, const anl_gpu_query *q)
{
    for (int i = 0; i < h.n; ++i, ++q) {
        memcpy(h.vectors + (size_t)i * h.d, q->vector, h.d);
        h.far[i] = (uint32_t)q->limit;
        h.reach[i] = (uint32_t)q->reach;
        h.before[i] = q->before;
        if (is_ranked) memcpy(h.ranked + (size_t)i * h.rank, q->lists, h.rank * sizeof *q->lists);
    }
}

static void unpack_hits(const search_host &h, bool is_ranked, anl_gpu_query *q)
{
    for (int i = 0; i < h.n; ++i, ++q) {
        q->n = h.found[i];
        memcpy(q->hits, h.hits + (size_t)i * h.k, q->n * sizeof *q->hits);
        if (h.rank && !is_ranked) memcpy(q->lists, h.ranked + (size_t)i * h.rank, h.rank * sizeof *q->lists);
    }
}

static int search_part(anl_gpu_stream *s, const anl_gpu_search_params *p, anl_gpu_query *queries, int n)
{
    const lists &x = s->gpu->lists;
    search_memory m{};
    search_host h{};
    m.n = h.n = n;
    m.k = h.k = p->k;
    m.d = h.d = x.d;
    m.nprobe = p->nprobe;
    m.rank = h.rank = p->rank;
    m.is_ranked = p->is_ranked;
    m.is_rough = p->is_rough && x.n_groups;
    m.nlist = x.nlist;
    m.centroid_rows = x.centroid_rows;
    m.coarse_rows = p->is_ranked ? 0 : std::min(product_rows(n), product_rows(std::max(1, MOST_DOTS / x.centroid_rows)));
    m.most_tiles = most_tiles(n, p->nprobe, x.nlist);
    for (m.room = ROOM; m.room < 4 * p->k;) m.room *= 2;
    int rc = place(s->device, m);
    if (!rc) rc = place(s->host, h);
    if (rc) return rc;
    pack_queries(h, p->is_ranked, queries);
    cudaMemcpyAsync(m.vectors, h.vectors, (size_t)n * x.d, cudaMemcpyHostToDevice, s->stream);
    cudaMemcpyAsync(m.far, h.far, n * sizeof *h.far, cudaMemcpyHostToDevice, s->stream);
    cudaMemcpyAsync(m.reach, h.reach, n * sizeof *h.reach, cudaMemcpyHostToDevice, s->stream);
    cudaMemcpyAsync(m.before, h.before, n * sizeof *h.before, cudaMemcpyHostToDevice, s->stream);
    if (p->is_ranked) cudaMemcpyAsync(m.ranked, h.ranked, (size_t)n * p->rank * sizeof *h.ranked, cudaMemcpyHostToDevice, s->stream);
    choose_lists(s, m, x);
    rc = scan(s, m, h);
    if (!rc) unpack_hits(h, p->is_ranked, queries);
    return rc;
}

int search(anl_gpu_stream *s, const anl_gpu_search_params *p, anl_gpu_query *queries, size_t n)
{
    const lists &x = s->gpu->lists;
    if (p->k < 1 || p->k > ANL_GPU_MOST_HITS || p->nprobe < 1 || p->nprobe > x.nlist || p->rank < 0 ||
        p->rank > std::min<int>(x.nlist, CHOSEN) || (p->is_ranked && p->rank < p->nprobe) ||
        (p->is_rough &&
         (std::max(p->rank, p->nprobe) > ANL_GPU_ROUGH || (x.n_groups && x.looked < ANL_GPU_ROUGH) || x.n_groups > MOST_GROUPS)))
        return fail(ANL_EINVAL, "GPU: %d neighbours from %d lists, %d in order", p->k, p->nprobe, p->rank);
    int rc = enter(s->gpu);
    if (!rc) rc = start_products(s);
    const size_t most = std::min<size_t>(PART_QUERIES, MOST_PAIRS / p->nprobe);
    return rc ? rc : in_parts(n, most, [&](size_t i, size_t m) { return search_part(s, p, queries + i, (int)m); });
}

} // namespace anl
