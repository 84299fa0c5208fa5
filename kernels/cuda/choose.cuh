// Kernels of a search: the lists of every query, and the queries of every list in tiles. Internal to search.cu.
#ifndef ANL_CUDA_CHOOSE_CUH
#define ANL_CUDA_CHOOSE_CUH

#include "search_memory.cuh"
#include "smallest.cuh"
#include "tile.cuh"

namespace anl
{

enum {
    STARTS_THREADS = 1024,
    SAMPLE = 512,          // centroids that show how near those can be that are sought, at least
    CHOSEN = 1024,         // lists of a query that are put in order,
    ROOM_TO_CHOOSE = 2048, // of so many: those of 24 groups of 64, and some more
    MOST_GROUPS = ANL_GPU_MOST_GROUPS,
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
    m.limits[q] = ~0ull;
    m.counts[q] = 0;
}

// ---- lists of a query: a block a query ----

// Keys in shared memory.
struct kept_keys {
    const uint64_t *keys;
    __device__ uint64_t key(int i) const
    {
        return keys[i];
    }
};

// Centroids of those groups alone into which a vector looks: the keys of others are greater than any.
struct rough_distances {
    const centroid_distances &all;
    const uint32_t *group_of, *looked; // looked: a bit a group
    __device__ uint64_t key(int l) const
    {
        const uint32_t g = group_of[l];
        return looked[g / 32] >> g % 32 & 1 ? all.key(l) : ~0ull;
    }
};

// Sets the bits of the nearest groups of a vector, of equally near ones the first.
__device__ static void look_into(const lists &x, const centroid_distances &groups, uint32_t *looked)
{
    const uint64_t limit = smallest_limit(groups, x.n_groups, (uint32_t)x.looked);
    for (int i = threadIdx.x; i < MOST_GROUPS / 32; i += THREADS) looked[i] = 0;
    __syncthreads();
    for (int g = threadIdx.x; g < x.n_groups; g += THREADS)
        if (groups.key(g) <= limit) atomicOr(&looked[g / 32], 1u << g % 32);
    __syncthreads();
}

// Those of n keys that are at most `limit` to to[room], in any order; returns how many there are, also without room for all.
template <class Keys> __device__ static int keep_smallest(const Keys &from, int n, uint64_t limit, uint64_t *to, uint32_t room)
{
    __shared__ uint32_t used;
    __syncthreads();
    if (threadIdx.x == 0) used = 0;
    __syncthreads();
    for (int i = threadIdx.x; i < n; i += THREADS) {
        const uint64_t key = from.key(i);
        if (key > limit) continue;
        const uint32_t at = atomicAdd(&used, 1);
        if (at < room) to[at] = key;
    }
    __syncthreads();
    return (int)used;
}

// The n nearest lists in order. Of many lists none is farther than the n-th nearest of a sample, which leaves few to select among; so do groups.
template <class Keys>
__device__ static void choose_in_order(const search_memory &m, const Keys &from, size_t q, int n, uint64_t *some, uint64_t *fewer)
{
    const uint64_t *near = some;
    const int before = m.before[q], enough = max((int)SAMPLE, 2 * n * (m.nlist / CHOSEN + 1)),
              sample = enough * 4 < m.nlist ? enough : m.nlist;
    const uint64_t limit = m.is_rough ? ~0ull - 1 : smallest_limit(from, sample, (uint32_t)n);
    int found = keep_smallest(from, m.nlist, limit, some, ROOM_TO_CHOOSE);
    if (found > ROOM_TO_CHOOSE) found = keep_smallest(from, m.nlist, smallest_limit(from, m.nlist, (uint32_t)n), some, ROOM_TO_CHOOSE);
    if (found > n) {
        keep_smallest(kept_keys{some}, found, smallest_limit(kept_keys{some}, found, (uint32_t)n), fewer, CHOSEN);
        near = fewer;
    }
    for (int i = threadIdx.x; i < n; i += THREADS) {
        int at = 0;
        for (int j = 0; j < n; ++j) at += near[j] < near[i];
        if (at < m.rank) m.ranked[q * m.rank + at] = (uint32_t)near[i];
        if (before <= at && at < m.nprobe) m.probes[q * m.nprobe + at - before] = (uint32_t)near[i];
    }
}

// The n nearest lists but for those left out, in any order.
__device__ static void choose_in_any_order(const search_memory &m, const centroid_distances &from, size_t q, int n)
{
    __shared__ uint32_t used;
    const uint64_t limit = smallest_limit(from, m.nlist, (uint32_t)n);
    const bool some = m.before[q] > 0;
    const uint64_t left_out = some ? smallest_limit(from, m.nlist, (uint32_t)m.before[q]) : 0;
    if (threadIdx.x == 0) used = 0;
    __syncthreads();
    for (int l = threadIdx.x; l < m.nlist; l += THREADS) {
        const uint64_t key = from.key(l);
        if (key <= limit && (!some || key > left_out)) m.probes[q * m.nprobe + atomicAdd(&used, 1)] = (uint32_t)l;
    }
}

// A block a query, from query `first` on, whose products are row 0.
__global__ void choose_kernel(search_memory m, lists x, int first)
{
    const size_t q = (size_t)first + blockIdx.x;
    __shared__ uint32_t looked[MOST_GROUPS / 32];
    __shared__ uint64_t some[ROOM_TO_CHOOSE], fewer[CHOSEN];
    const int32_t *dots = m.coarse + (size_t)blockIdx.x * m.centroid_rows;
    const centroid_distances from{dots, x.centroid_lengths, m.length[q]};
    const int n = max(m.nprobe, m.rank);
    if (m.is_rough) {
        look_into(x, {dots + x.group_row, x.centroid_lengths + x.group_row, m.length[q]}, looked);
        choose_in_order(m, rough_distances{from, x.group_of, looked}, q, n, some, fewer);
    } else if (n <= CHOSEN)
        choose_in_order(m, from, q, n, some, fewer);
    else
        choose_in_any_order(m, from, q, n);
}

// Lists that came with the queries: a thread a list.
__global__ void take_ranked_kernel(search_memory m)
{
    const size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x, q = i / m.nprobe;
    const int at = (int)(i % m.nprobe);
    if (q < (size_t)m.n && at >= m.before[q]) m.probes[q * m.nprobe + at - m.before[q]] = m.ranked[q * m.rank + at];
}

// ---- queries by list ----

// Pair i of a round: its query and list; false if the query has no list left there.
__device__ static bool pair_of(const search_memory &m, const search_round &r, size_t i, uint32_t *query, uint32_t *list)
{
    const size_t at = i / r.last;
    const int probe = (int)(i % r.last);
    if (at >= (size_t)r.n) return false;
    *query = r.which ? r.which[at] : (uint32_t)at;
    if (probe >= m.nprobe - m.before[*query]) return false;
    *list = m.probes[(size_t)*query * m.nprobe + probe];
    return true;
}

__global__ void count_kernel(search_memory m, search_round r)
{
    uint32_t query, list;
    if (pair_of(m, r, (size_t)blockIdx.x * THREADS + threadIdx.x, &query, &list)) atomicAdd(&m.sizes[list], 1);
}

// The sum of the values of this thread and those before it; *all: of all threads.
__device__ static uint64_t sum_up_to(uint64_t v, uint64_t *all)
{
    __shared__ uint64_t sums[STARTS_THREADS / WARP];
    const int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    for (int step = 1; step < WARP; step *= 2) {
        const uint64_t before = __shfl_up_sync(~0u, v, step, WARP);
        if (lane >= step) v += before;
    }
    if (lane == WARP - 1) sums[warp] = v;
    __syncthreads();
    *all = 0;
    for (int w = 0; w < STARTS_THREADS / WARP; ++w) {
        if (w == warp) v += *all;
        *all += sums[w];
    }
    return v;
}

// Queries of a list, and tiles of 64 of them, as one number.
__device__ static uint64_t share_of(uint32_t size)
{
    return (uint64_t)((size + TILE - 1) / TILE) << 32 | size;
}

// One block, some lists a thread: starts from sizes; sizes become where the next query goes.
__global__ void starts_kernel(search_memory m)
{
    const int each = (m.nlist + STARTS_THREADS - 1) / STARTS_THREADS, begin = min(m.nlist, (int)threadIdx.x * each),
              end = min(m.nlist, begin + each);
    uint64_t own = 0, all;
    for (int l = begin; l < end; ++l) own += share_of(m.sizes[l]);
    uint64_t at = sum_up_to(own, &all) - own;
    for (int l = begin; l < end; ++l) {
        const uint64_t share = share_of(m.sizes[l]);
        m.starts[l] = m.sizes[l] = (uint32_t)at;
        m.tiles[l] = (uint32_t)(at >> 32);
        at += share;
    }
    if (threadIdx.x) return;
    m.starts[m.nlist] = (uint32_t)all;
    m.tiles[m.nlist] = (uint32_t)(all >> 32);
}

// A warp a list: its number at each of its tiles.
__global__ void tiles_kernel(search_memory m)
{
    const int l = (int)(blockIdx.x * (THREADS / WARP) + threadIdx.x / WARP);
    if (l >= m.nlist) return;
    for (uint32_t t = m.tiles[l] + threadIdx.x % WARP; t < m.tiles[l + 1]; t += WARP) m.tile_list[t] = (uint32_t)l;
}

__global__ void spread_kernel(search_memory m, search_round r)
{
    uint32_t query, list;
    if (pair_of(m, r, (size_t)blockIdx.x * THREADS + threadIdx.x, &query, &list)) m.queries[atomicAdd(&m.sizes[list], 1)] = query;
}

} // namespace anl

#endif
