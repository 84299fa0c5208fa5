// The nearest centroid of many vectors (src/search/nearest.c): cuBLAS multiplies vectors with all centroids, those of the groups included, as
// many at a time as stay in the L2 cache; a block a vector finds its nearest groups and goes through the products of their centroids.
#include "smallest.cuh"

#include <string.h>

#include <algorithm>

namespace anl
{

enum {
    PART_VECTORS = 1 << 17, // that the centroids are copied for once
    MOST_PRODUCTS = 1 << 23 // at a time: 32 MiB
};

struct nearest_memory {
    int n, d, rows, centroids, n_groups, probes, at_once; // rows: of weights, centroids first; at_once: vectors multiplied together
    int8_t *vectors;                                      // [n][d]; room for product_rows()
    int8_t *weights;                                      // [rows][d]
    int32_t *lengths;                                     // [rows] squared
    int32_t *begin;                                       // [n_groups + 1]
    uint32_t *numbers;                                    // [centroids]
    int32_t *dots;                                        // [at_once][rows]
    uint32_t *nearest;                                    // [n]
    int32_t *far;                                         // [n]
    void lay(carver &c)
    {
        vectors = c.take<int8_t>((size_t)product_rows(n) * d);
        weights = c.take<int8_t>((size_t)rows * d);
        lengths = c.take<int32_t>(rows);
        begin = c.take<int32_t>((size_t)n_groups + 1);
        numbers = c.take<uint32_t>(centroids);
        dots = c.take<int32_t>((size_t)at_once * rows);
        nearest = c.take<uint32_t>(n);
        far = c.take<int32_t>(n);
    }
};

struct nearest_host {
    int n, d;
    int8_t *vectors;
    uint32_t *nearest;
    int32_t *far;
    void lay(carver &c)
    {
        vectors = c.take<int8_t>((size_t)n * d);
        nearest = c.take<uint32_t>(n);
        far = c.take<int32_t>(n);
    }
};

// All lanes of a warp get it.
__device__ static uint32_t squared_length(const int8_t *v, int d)
{
    int32_t sum = 0;
    for (int c = threadIdx.x % WARP; c < d; c += WARP) sum += v[c] * v[c];
    for (int i = WARP / 2; i; i /= 2) sum += __shfl_xor_sync(~0u, sum, i);
    return (uint32_t)sum;
}

// The least key (distance, number) of four centroids and `least`.
__device__ static uint64_t least_of_four(const nearest_memory &m, const int32_t *dots, uint32_t own, int at, uint64_t least)
{
    const int4 dot = *reinterpret_cast<const int4 *>(dots + at), length = *reinterpret_cast<const int4 *>(m.lengths + at);
    const uint4 number = *reinterpret_cast<const uint4 *>(m.numbers + at);
    const uint64_t keys[4] = {
        key_of(own + (uint32_t)length.x - 2 * (uint32_t)dot.x, number.x), key_of(own + (uint32_t)length.y - 2 * (uint32_t)dot.y, number.y),
        key_of(own + (uint32_t)length.z - 2 * (uint32_t)dot.z, number.z), key_of(own + (uint32_t)length.w - 2 * (uint32_t)dot.w, number.w)};
    for (uint64_t key : keys) least = key < least ? key : least;
    return least;
}

// A block a vector, from vector `first` on, whose products are row 0; a warp a group of centroids.
__global__ void __launch_bounds__(THREADS, 6) nearest_kernel(nearest_memory m, int first)
{
    __shared__ uint64_t of_warps[THREADS / WARP];
    const size_t v = (size_t)first + blockIdx.x;
    const int warp = threadIdx.x / WARP, lane = threadIdx.x % WARP;
    const int32_t *dots = m.dots + (size_t)blockIdx.x * m.rows;
    const uint32_t own = squared_length(m.vectors + v * m.d, m.d);
    const centroid_distances groups{dots + m.centroids, m.lengths + m.centroids, own};
    const bool all = m.probes == m.n_groups;
    const uint64_t limit = all ? ~0ull : smallest_limit(groups, m.n_groups, (uint32_t)m.probes);
    uint64_t least = ~0ull;
#pragma unroll 1 // registers: as many blocks as can wait for each other's barriers
    for (int first_group = 0; first_group < m.n_groups; first_group += THREADS) {
        const int own_group = first_group + THREADS / WARP * lane + warp;
        unsigned looked_into = __ballot_sync(~0u, own_group < m.n_groups && (all || groups.key(own_group) <= limit));
#pragma unroll 1
        for (; looked_into; looked_into &= looked_into - 1) {
            const int g = first_group + THREADS / WARP * (__ffs((int)looked_into) - 1) + warp;
#pragma unroll 1
            for (int i = m.begin[g] + 4 * lane, end = m.begin[g + 1]; i < end; i += 4 * WARP) least = least_of_four(m, dots, own, i, least);
        }
    }
    for (int i = WARP / 2; i; i /= 2) {
        const uint64_t other = __shfl_xor_sync(~0u, least, i);
        least = other < least ? other : least;
    }
    if (!lane) of_warps[warp] = least;
    __syncthreads();
    if (threadIdx.x) return;
    for (uint64_t key : of_warps) least = key < least ? key : least;
    m.nearest[v] = (uint32_t)least;
    m.far[v] = (int32_t)(least >> 32);
}

static int nearest_part(anl_gpu_stream *s, const anl_gpu_coarse *c, const int8_t *const *vectors, int n, uint32_t *nearest, int32_t *far)
{
    nearest_memory m{};
    nearest_host h{};
    m.n = h.n = n;
    m.d = h.d = c->d;
    m.rows = c->rows;
    m.n_groups = c->n_groups;
    m.centroids = c->begin[c->n_groups];
    m.probes = c->probes;
    m.at_once = std::min(product_rows(n), product_rows(std::max(1, MOST_PRODUCTS / c->rows)));
    int rc = place(s->device, m);
    if (!rc) rc = place(s->host, h);
    if (rc) return rc;
    for (int i = 0; i < n; ++i) memcpy(h.vectors + (size_t)i * h.d, vectors[i], h.d);
    cudaMemcpyAsync(m.weights, c->vectors, (size_t)m.rows * m.d, cudaMemcpyHostToDevice, s->stream);
    cudaMemcpyAsync(m.lengths, c->lengths, m.rows * sizeof *m.lengths, cudaMemcpyHostToDevice, s->stream);
    cudaMemcpyAsync(m.begin, c->begin, ((size_t)m.n_groups + 1) * sizeof *m.begin, cudaMemcpyHostToDevice, s->stream);
    cudaMemcpyAsync(m.numbers, c->numbers, m.centroids * sizeof *m.numbers, cudaMemcpyHostToDevice, s->stream);
    cudaMemcpyAsync(m.vectors, h.vectors, (size_t)n * m.d, cudaMemcpyHostToDevice, s->stream);
    for (int first = 0; first < n; first += m.at_once) {
        const int rows = std::min(m.at_once, n - first);
        multiply(s, m.weights, m.rows, m.d, m.vectors + (size_t)first * m.d, product_rows(rows), m.dots);
        nearest_kernel<<<rows, THREADS, 0, s->stream>>>(m, first);
    }
    cudaMemcpyAsync(h.nearest, m.nearest, n * sizeof *h.nearest, cudaMemcpyDeviceToHost, s->stream);
    cudaMemcpyAsync(h.far, m.far, n * sizeof *h.far, cudaMemcpyDeviceToHost, s->stream);
    rc = finish(s, "nearest centroids");
    if (rc) return rc;
    memcpy(nearest, h.nearest, n * sizeof *nearest);
    if (far) memcpy(far, h.far, n * sizeof *far);
    return ANL_OK;
}

int nearest_centroids(anl_gpu_stream *s, const anl_gpu_coarse *c, const int8_t *const *vectors, size_t n, uint32_t *nearest, int32_t *far)
{
    int rc = enter(s->gpu);
    if (!rc) rc = start_products(s);
    return rc ? rc : in_parts(n, PART_VECTORS, [&](size_t i, size_t m) {
        return nearest_part(s, c, vectors + i, (int)m, nearest + i, far ? far + i : nullptr);
    });
}

} // namespace anl
