// Search of the inverted lists (src/search.c): the same lists are chosen, the same distances computed and the same neighbours kept. cuBLAS
// multiplies queries and centroids; then work goes list by list, 64 of the queries that probe it at a time, so that a list is read once for
// 64 queries.
#include "tile.cuh"

#include <string.h>

#include <algorithm>

namespace anl
{

enum {
    PART_QUERIES = 16384,
    MOST_DOTS = 1 << 30, // of centroids at a time
    THREADS = 256,
    ROOM = 1024,    // survivors that a query keeps at least; 4 times k if that is more
    LIST_PARTS = 8, // blocks that share the queries of a list
};

// A neighbour as one number, in the order that counts.
__device__ static uint64_t key_of(uint32_t dist, uint32_t id)
{
    return (uint64_t)dist << 32 | id;
}

struct search_memory {
    int n, k, nprobe, room, d, nlist, centroid_rows;
    int8_t *vectors;   // [n][d]; room for product_rows()
    int32_t *most;     // [n] the caller's limits
    uint8_t *biased;   // [n][d] vectors + 128
    uint32_t *length;  // [n] squared
    int32_t *coarse;   // [n][centroid_rows] dot products with the centroids; likewise
    uint32_t *probes;  // [n][nprobe] lists
    uint32_t *sizes;   // [nlist] queries that probe each list, then
    uint32_t *starts;  // [nlist + 1] where they begin in
    uint32_t *queries; // [n * nprobe]
    uint64_t *keys;    // [n][room] survivors
    uint64_t *limits;  // [n] keys from here on do not count; 0: the query is done
    uint32_t *counts;  // [n] survivors met, also those there was no room for
    uint32_t *again;   // queries that had no room
    anl_hit *hits;     // [n][k]
    int32_t *found;    // [n]
    void lay(carver &c)
    {
        const size_t q = n, rows = product_rows(n), lists = nlist;
        vectors = c.take<int8_t>(rows * d);
        most = c.take<int32_t>(q);
        biased = c.take<uint8_t>(q * d);
        length = c.take<uint32_t>(q);
        coarse = c.take<int32_t>(rows * centroid_rows);
        probes = c.take<uint32_t>(q * nprobe);
        sizes = c.take<uint32_t>(lists);
        starts = c.take<uint32_t>(lists + 1);
        queries = c.take<uint32_t>(q * nprobe);
        keys = c.take<uint64_t>(q * room);
        limits = c.take<uint64_t>(q);
        counts = c.take<uint32_t>(q);
        again = c.take<uint32_t>(1);
        hits = c.take<anl_hit>(q * k);
        found = c.take<int32_t>(q);
    }
};

struct search_host {
    int n, k, d;
    int8_t *vectors;
    int32_t *most;
    uint32_t *again;
    anl_hit *hits;
    int32_t *found;
    void lay(carver &c)
    {
        vectors = c.take<int8_t>((size_t)n * d);
        most = c.take<int32_t>(n);
        again = c.take<uint32_t>(1);
        hits = c.take<anl_hit>((size_t)n * k);
        found = c.take<int32_t>(n);
    }
};

// ---- queries: a warp a query ----

__global__ void prepare_kernel(search_memory m)
{
    const int q = blockIdx.x * (THREADS / WARP) + threadIdx.x / WARP, lane = threadIdx.x % WARP;
    if (q >= m.n) return;
    int32_t sum = 0;
    for (int c = lane; c < m.d; c += WARP) {
        const size_t at = (size_t)q * m.d + c;
        const int v = m.vectors[at];
        m.biased[at] = (uint8_t)(v + 128);
        sum += v * v;
    }
    for (int i = WARP / 2; i; i /= 2) sum += __shfl_xor_sync(~0u, sum, i);
    if (lane) return;
    m.length[q] = (uint32_t)sum;
    m.limits[q] = key_of((uint32_t)m.most[q] + 1, 0);
    m.counts[q] = 0;
}

// ---- lists of a query: a block a query ----

// The centroids seen from one query.
struct centroid_distances {
    const int32_t *dot, *length;
    uint32_t own;
    __device__ uint64_t key(int l) const
    {
        return key_of(own + (uint32_t)length[l] - 2 * (uint32_t)dot[l], (uint32_t)l);
    }
};

// The bin of 256 in which the need-th smallest lies, by counts of bins; *need becomes its rank there. All 256 threads get the bin.
__device__ static int find_bin(uint32_t *bins, uint32_t *need)
{
    __shared__ uint32_t sums[THREADS], bin, rank;
    const int i = threadIdx.x;
    sums[i] = bins[i];
    for (int step = 1; step < THREADS; step *= 2) {
        __syncthreads();
        const uint32_t before = i >= step ? sums[i - step] : 0;
        __syncthreads();
        sums[i] += before;
    }
    const uint32_t before = sums[i] - bins[i];
    if (before < *need && *need <= sums[i]) {
        bin = (uint32_t)i;
        rank = *need - before;
    }
    __syncthreads();
    *need = rank;
    return (int)bin;
}

// The largest of the `need` smallest keys (distance, list), digit by digit from the top. Distances are below 2^24.
__device__ static uint64_t probe_limit(const centroid_distances &from, int nlist, uint32_t need)
{
    __shared__ uint32_t bins[THREADS];
    uint64_t prefix = 0;
    for (int shift = 48;; shift -= 8) {
        bins[threadIdx.x] = 0;
        __syncthreads();
        for (int l = threadIdx.x; l < nlist; l += THREADS) {
            const uint64_t key = from.key(l) >> shift;
            if (key >> 8 == prefix) atomicAdd(&bins[key & 255], 1);
        }
        __syncthreads();
        const int bin = find_bin(bins, &need);
        prefix = prefix << 8 | (uint64_t)bin;
        const bool all = bins[bin] == need; // keys differ: so it is at the last digit at the latest
        __syncthreads();
        if (all) return ((prefix + 1) << shift) - 1;
    }
}

__global__ void choose_kernel(search_memory m, lists x)
{
    __shared__ uint32_t used;
    const size_t q = blockIdx.x;
    const centroid_distances from{m.coarse + q * m.centroid_rows, x.centroid_lengths, m.length[q]};
    const uint64_t limit = probe_limit(from, m.nlist, (uint32_t)m.nprobe);
    if (threadIdx.x == 0) used = 0;
    __syncthreads();
    for (int l = threadIdx.x; l < m.nlist; l += THREADS) {
        if (from.key(l) > limit) continue;
        m.probes[q * m.nprobe + atomicAdd(&used, 1)] = (uint32_t)l;
        atomicAdd(&m.sizes[l], 1);
    }
}

// ---- queries by list ----

// One block: starts from sizes; sizes become where the next query goes.
__global__ void starts_kernel(search_memory m)
{
    __shared__ uint32_t sums[THREADS];
    const int i = threadIdx.x;
    uint32_t total = 0;
    for (int begin = 0; begin < m.nlist; begin += THREADS) {
        const int l = begin + i;
        const uint32_t own = l < m.nlist ? m.sizes[l] : 0;
        sums[i] = own;
        for (int step = 1; step < THREADS; step *= 2) {
            __syncthreads();
            const uint32_t before = i >= step ? sums[i - step] : 0;
            __syncthreads();
            sums[i] += before;
        }
        __syncthreads();
        if (l < m.nlist) m.starts[l] = m.sizes[l] = total + sums[i] - own;
        total += sums[THREADS - 1];
        __syncthreads();
    }
    if (i == 0) m.starts[m.nlist] = total;
}

__global__ void spread_kernel(search_memory m)
{
    const size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x;
    if (i < (size_t)m.n * m.nprobe) m.queries[atomicAdd(&m.sizes[m.probes[i]], 1)] = (uint32_t)(i / m.nprobe);
}

// ---- scan ----

// Blocks (list, part): 64 of the list's queries at a time against all its entries.
__global__ void scan_kernel(search_memory m, lists x)
{
    extern __shared__ uint4 tile[];
    __shared__ uint32_t query[TILE], length[TILE];
    __shared__ uint64_t limit[TILE];
    const int list = blockIdx.x;
    const uint64_t first = x.list_begin[list];
    const int panels = (int)((x.list_begin[list + 1] - first) / ANL_PANEL);
    const int8_t *codes = x.codes + first * x.d;
    for (uint32_t begin = m.starts[list] + blockIdx.y * TILE, end = m.starts[list + 1]; begin < end; begin += gridDim.y * TILE) {
        const int rows = (int)min(end - begin, (uint32_t)TILE);
        bool busy = false;
        if (threadIdx.x < TILE) {
            const uint32_t q = (int)threadIdx.x < rows ? m.queries[begin + threadIdx.x] : 0;
            query[threadIdx.x] = q;
            length[threadIdx.x] = m.length[q];
            limit[threadIdx.x] = (int)threadIdx.x < rows ? m.limits[q] : 0;
            busy = limit[threadIdx.x] != 0;
        }
        if (!__syncthreads_or(busy)) continue;
        tile_load(tile, x.d, [&](int r) { return r < rows ? m.biased + (size_t)query[r] * x.d : nullptr; });
        const auto keep = [&](int r, int e, int32_t dot) {
            const uint32_t dist = length[r] + (uint32_t)x.bias[first + e] - 2 * (uint32_t)dot;
            if (dist > limit[r] >> 32) return; // padding is 2^31 away
            const uint64_t key = key_of(dist, x.ids[first + e]);
            if (key >= limit[r] || (uint32_t)key == x.no_id) return;
            const uint32_t slot = atomicAdd(&m.counts[query[r]], 1);
            if ((int)slot < m.room) m.keys[(size_t)query[r] * m.room + slot] = key;
        };
        tile_dots(tile, x.d, codes, 0, panels, [&](int r, int e, int32_t a, int32_t b) {
            keep(r, e, a);
            keep(r, e + 1, b);
        });
        __syncthreads();
    }
}

// A block a query: sorts what survived (Batcher's bitonic network) and gives the k smallest. Without room for all, the k-th smallest of those
// kept is one that no neighbour exceeds, and the query is scanned again.
__global__ void sort_kernel(search_memory m)
{
    extern __shared__ uint64_t key[];
    const size_t q = blockIdx.x;
    if (m.limits[q] == 0) return;
    const int met = (int)m.counts[q], n = min(met, m.room);
    int size = 1;
    while (size < n) size *= 2;
    for (int i = threadIdx.x; i < size; i += THREADS) key[i] = i < n ? m.keys[q * m.room + i] : ~0ull;
    __syncthreads();
    for (int run = 2; run <= size; run *= 2)
        for (int step = run / 2; step; step /= 2) {
            for (int i = threadIdx.x; i < size / 2; i += THREADS) {
                const int a = i / step * 2 * step + i % step, b = a + step;
                const uint64_t low = key[a], high = key[b];
                if ((low > high) == ((a & run) == 0)) {
                    key[a] = high;
                    key[b] = low;
                }
            }
            __syncthreads();
        }
    if (met > m.room) {
        if (threadIdx.x) return;
        m.limits[q] = key[m.k - 1] + 1;
        m.counts[q] = 0;
        atomicAdd(m.again, 1);
        return;
    }
    const int kept = min(n, m.k);
    for (int i = threadIdx.x; i < kept; i += THREADS) m.hits[q * m.k + i] = anl_hit{(int32_t)(key[i] >> 32), (uint32_t)key[i]};
    if (threadIdx.x) return;
    m.found[q] = kept;
    m.limits[q] = 0;
}

// ---- the search ----

int prepare_search()
{
    return check(
        cudaFuncSetAttribute(sort_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, 4 * ANL_GPU_MOST_HITS * (int)sizeof(uint64_t)),
        "shared memory");
}

static void choose_lists(anl_gpu_stream *s, const search_memory &m, const lists &x)
{
    const cudaStream_t stream = s->stream;
    const size_t pairs = (size_t)m.n * m.nprobe;
    cudaMemsetAsync(m.sizes, 0, (size_t)m.nlist * sizeof *m.sizes, stream);
    prepare_kernel<<<(m.n + THREADS / WARP - 1) / (THREADS / WARP), THREADS, 0, stream>>>(m);
    multiply(s, x.centroids, x.centroid_rows, x.d, m.vectors, product_rows(m.n), m.coarse);
    choose_kernel<<<m.n, THREADS, 0, stream>>>(m, x);
    starts_kernel<<<1, THREADS, 0, stream>>>(m);
    spread_kernel<<<(unsigned)((pairs + THREADS - 1) / THREADS), THREADS, 0, stream>>>(m);
}

// One pass over the lists; *again queries need another.
static int scan(anl_gpu_stream *s, const search_memory &m, const search_host &h)
{
    cudaMemsetAsync(m.again, 0, sizeof *m.again, s->stream);
    scan_kernel<<<dim3(m.nlist, LIST_PARTS), TILE_THREADS, tile_bytes(m.d), s->stream>>>(m, s->gpu->lists);
    sort_kernel<<<m.n, THREADS, (size_t)m.room * sizeof(uint64_t), s->stream>>>(m);
    cudaMemcpyAsync(h.again, m.again, sizeof *m.again, cudaMemcpyDeviceToHost, s->stream);
    cudaMemcpyAsync(h.hits, m.hits, (size_t)m.n * m.k * sizeof *m.hits, cudaMemcpyDeviceToHost, s->stream);
    cudaMemcpyAsync(h.found, m.found, (size_t)m.n * sizeof *m.found, cudaMemcpyDeviceToHost, s->stream);
    return finish(s, "search");
}

static int search_part(anl_gpu_stream *s, const anl_gpu_queries *q, size_t first, int n, anl_hit *hits, int *counts)
{
    const lists &x = s->gpu->lists;
    const size_t k = q->k, d = x.d;
    search_memory m{};
    search_host h{};
    m.n = h.n = n;
    m.k = h.k = q->k;
    m.d = h.d = x.d;
    m.nprobe = q->nprobe;
    m.nlist = x.nlist;
    m.centroid_rows = x.centroid_rows;
    for (m.room = ROOM; m.room < 4 * q->k;) m.room *= 2;
    int rc = place(s->device, m);
    if (!rc) rc = place(s->host, h);
    if (rc) return rc;
    memcpy(h.vectors, q->vectors + first * d, n * d);
    memcpy(h.most, q->limits + first, n * sizeof *h.most);
    cudaMemcpyAsync(m.vectors, h.vectors, n * d, cudaMemcpyHostToDevice, s->stream);
    cudaMemcpyAsync(m.most, h.most, n * sizeof *h.most, cudaMemcpyHostToDevice, s->stream);
    choose_lists(s, m, x);
    do rc = scan(s, m, h);
    while (!rc && *h.again);
    for (int i = 0; i < n && !rc; ++i) {
        counts[first + i] = h.found[i];
        memcpy(hits + (first + i) * k, h.hits + i * k, h.found[i] * sizeof *hits);
    }
    return rc;
}

int search(anl_gpu_stream *s, const anl_gpu_queries *q, anl_hit *hits, int *counts)
{
    if (q->k < 1 || q->k > ANL_GPU_MOST_HITS || q->nprobe < 1 || q->nprobe > s->gpu->lists.nlist)
        return fail(ANL_EINVAL, "GPU: %d neighbours from %d lists", q->k, q->nprobe);
    int rc = enter(s->gpu);
    if (!rc) rc = start_products(s);
    const size_t most = std::min<size_t>(PART_QUERIES, std::max(1, MOST_DOTS / s->gpu->lists.centroid_rows));
    return rc ? rc : in_parts((size_t)q->n, most, [&](size_t i, size_t m) { return search_part(s, q, i, (int)m, hits, counts); });
}

} // namespace anl
