// Search of the inverted lists (src/search/search.c): the same lists are chosen, the same distances computed and the same neighbours kept. cuBLAS
// multiplies queries and centroids; then work goes list by list, 64 of the queries that probe it at a time, so that a list is read once for
// all of them. The nearest few lists of every query are gone through for its nearest entry alone; what is farther from the query than that by
// more than its reach does not survive the scan of all.
#include "tile.cuh"

#include <string.h>

#include <algorithm>

namespace anl
{

enum {
    PART_QUERIES = 1 << 18, // searched together, as they share the lists,
    MOST_PAIRS = 1 << 26,   // if they probe so many in all,
    MOST_DOTS = 1 << 23,    // and multiplied with so many centroids at a time: 32 MiB, which stay in the L2 cache of larger GPUs
    THREADS = 256,
    STARTS_THREADS = 1024,
    CHOSEN = 1024,    // lists of a query that are put in order
    FIRST = 8,        // lists gone through for the nearest entry
    ROOM = 256,       // survivors that a query keeps at least; 4 times k if that is more
    WARP_SORTS = 512, // keys that a warp sorts; more are for a block
    WAITING = 64,     // of a warp's lanes and rows with something near, before they are looked at
    DISTANCE_BITS = 24,
    NO_ENTRY = 1 << 30, // a bias beyond all limits, whatever the dot product
};

// Blocks of a tile that a multiprocessor's registers are to hold.
#define TILE_BLOCKS(steps) ((steps) == 1 || (steps) > 4 ? 3 : 4)

// A neighbour as one number, in the order that counts.
__device__ static uint64_t key_of(uint32_t dist, uint32_t id)
{
    return (uint64_t)dist << 32 | id;
}

struct search_memory {
    int n, k, nprobe, rank, room, d, nlist, coarse_rows, centroid_rows;
    size_t most_tiles;
    bool is_ranked;      // lists come with the queries
    int8_t *vectors;     // [n][d]; room for product_rows()
    uint32_t *far;       // [n] distance beyond which nothing counts, lowered by what is found
    uint32_t *reach;     // [n]
    int32_t *before;     // [n] nearest lists to be left out
    uint32_t *ranked;    // [n][rank] nearest lists in order
    uint8_t *biased;     // [n][d] vectors + 128
    uint32_t *length;    // [n] squared
    int32_t *coarse;     // [coarse_rows][centroid_rows] dot products with the centroids
    uint32_t *probes;    // [n][nprobe] lists to go through, nprobe - before of them; the nearest first, if they are not over CHOSEN
    uint32_t *sizes;     // [nlist] queries of a round that probe each list, then where the next one goes
    uint32_t *starts;    // [nlist + 1] where they begin in
    uint32_t *queries;   // [n * nprobe]
    uint32_t *tiles;     // [nlist + 1] the first tile of each list
    uint32_t *tile_list; // [most_tiles]
    uint64_t *keys;      // [n][room] survivors
    uint64_t *limits;    // [n] keys from here on do not count
    uint32_t *counts;    // [n] survivors met, also those there was no room for
    uint32_t *again[2];  // [n] queries that had no room, last time and this time,
    uint32_t *n_again;   // and how many
    anl_hit *hits;       // [n][k]
    int32_t *found;      // [n]
    void lay(carver &c)
    {
        const size_t q = n, lists = nlist;
        vectors = c.take<int8_t>((size_t)product_rows(n) * d);
        far = c.take<uint32_t>(q);
        reach = c.take<uint32_t>(q);
        before = c.take<int32_t>(q);
        ranked = c.take<uint32_t>(q * rank);
        biased = c.take<uint8_t>(q * d);
        length = c.take<uint32_t>(q);
        coarse = c.take<int32_t>((size_t)coarse_rows * centroid_rows);
        probes = c.take<uint32_t>(q * nprobe);
        sizes = c.take<uint32_t>(lists);
        starts = c.take<uint32_t>(lists + 1);
        queries = c.take<uint32_t>(q * nprobe);
        tiles = c.take<uint32_t>(lists + 1);
        tile_list = c.take<uint32_t>(most_tiles);
        keys = c.take<uint64_t>(q * room);
        limits = c.take<uint64_t>(q);
        counts = c.take<uint32_t>(q);
        for (uint32_t *&list : again) list = c.take<uint32_t>(q);
        n_again = c.take<uint32_t>(1);
        hits = c.take<anl_hit>(q * k);
        found = c.take<int32_t>(q);
    }
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

// Queries, lists of each by their place in probes, and pairs of both.
struct search_round {
    const uint32_t *which; // null: all
    int n, last;           // lists [0, last)
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

// The largest of the `need` smallest keys (distance, list), digit by digit from the top.
__device__ static uint64_t smallest_limit(const centroid_distances &from, int nlist, uint32_t need)
{
    __shared__ uint32_t bins[THREADS];
    uint64_t prefix = 0;
    for (int shift = DISTANCE_BITS + 24;; shift -= 8) {
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

// The lists whose keys are at most `limit`, in order: by how many of these are nearer.
__device__ static void choose_in_order(const search_memory &m, const centroid_distances &from, size_t q, int n, uint64_t limit)
{
    __shared__ uint64_t near[CHOSEN];
    __shared__ uint32_t used;
    const int before = m.before[q];
    if (threadIdx.x == 0) used = 0;
    __syncthreads();
    for (int l = threadIdx.x; l < m.nlist; l += THREADS) {
        const uint64_t key = from.key(l);
        if (key <= limit) near[atomicAdd(&used, 1)] = key;
    }
    __syncthreads();
    for (int i = threadIdx.x; i < n; i += THREADS) {
        int at = 0;
        for (int j = 0; j < n; ++j) at += near[j] < near[i];
        if (at < m.rank) m.ranked[q * m.rank + at] = (uint32_t)near[i];
        if (before <= at && at < m.nprobe) m.probes[q * m.nprobe + at - before] = (uint32_t)near[i];
    }
}

// The lists whose keys are at most `limit` and beyond those left out, in any order.
__device__ static void choose_in_any_order(const search_memory &m, const centroid_distances &from, size_t q, uint64_t limit)
{
    __shared__ uint32_t used;
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
    const centroid_distances from{m.coarse + (size_t)blockIdx.x * m.centroid_rows, x.centroid_lengths, m.length[q]};
    const int n = max(m.nprobe, m.rank);
    const uint64_t limit = smallest_limit(from, m.nlist, (uint32_t)n);
    if (n <= CHOSEN)
        choose_in_order(m, from, q, n, limit);
    else
        choose_in_any_order(m, from, q, limit);
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

// Of a value for each thread, the sum up to and with this one; *all: of all threads.
__device__ static uint32_t sum_up_to(uint32_t v, uint32_t *all)
{
    __shared__ uint32_t sums[STARTS_THREADS];
    const int i = threadIdx.x;
    __syncthreads();
    sums[i] = v;
    for (int step = 1; step < STARTS_THREADS; step *= 2) {
        __syncthreads();
        const uint32_t before = i >= step ? sums[i - step] : 0;
        __syncthreads();
        sums[i] += before;
    }
    __syncthreads();
    *all = sums[STARTS_THREADS - 1];
    return sums[i];
}

// One block: starts from sizes; sizes become where the next query goes. Tiles of 64 queries of a list.
__global__ void starts_kernel(search_memory m)
{
    uint32_t pairs = 0, tiles = 0, all;
    for (int begin = 0; begin < m.nlist; begin += STARTS_THREADS) {
        const int l = begin + threadIdx.x;
        const uint32_t own = l < m.nlist ? m.sizes[l] : 0, own_tiles = (own + TILE - 1) / TILE;
        const uint32_t start = pairs + sum_up_to(own, &all) - own;
        pairs += all;
        const uint32_t tile = tiles + sum_up_to(own_tiles, &all) - own_tiles;
        tiles += all;
        if (l >= m.nlist) continue;
        m.starts[l] = m.sizes[l] = start;
        m.tiles[l] = tile;
        for (uint32_t t = 0; t < own_tiles; ++t) m.tile_list[tile + t] = (uint32_t)l;
    }
    if (threadIdx.x) return;
    m.starts[m.nlist] = pairs;
    m.tiles[m.nlist] = tiles;
}

__global__ void spread_kernel(search_memory m, search_round r)
{
    uint32_t query, list;
    if (pair_of(m, r, (size_t)blockIdx.x * THREADS + threadIdx.x, &query, &list)) m.queries[atomicAdd(&m.sizes[list], 1)] = query;
}

// ---- scan: a block a tile ----

// What a block goes through: some of a list's queries, all of its entries.
struct tile_work {
    uint64_t first; // entry
    int panels, rows;
    const uint32_t *queries;
};

__device__ static bool find_work(const search_memory &m, const lists &x, tile_work *w)
{
    if (blockIdx.x >= m.tiles[m.nlist]) return false;
    const uint32_t list = m.tile_list[blockIdx.x], begin = m.starts[list] + (blockIdx.x - m.tiles[list]) * TILE;
    w->first = x.list_begin[list];
    w->panels = (int)((x.list_begin[list + 1] - w->first) / ANL_PANEL);
    w->queries = m.queries + begin;
    w->rows = (int)min(m.starts[list + 1] - begin, (uint32_t)TILE);
    return true;
}

// Half of the biases of the lane's entries from `first` on, rounded down, negated: what dot products start from; *odd: a bit for each that was
// odd. Bias - 2 dot is then (odd) - 2 (start + dot).
__device__ static void load_biases(const int32_t *bias, bool there, int32_t start[LANE_COLUMNS], uint32_t *odd)
{
    *odd = 0;
#pragma unroll
    for (int half = 0; half < LANE_COLUMNS; half += 4) {
        const int4 four = there ? __ldg(reinterpret_cast<const int4 *>(bias + half)) : int4{NO_ENTRY, NO_ENTRY, NO_ENTRY, NO_ENTRY};
        const int32_t of[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            start[half + j] = -(of[j] >> 1);
            *odd |= (uint32_t)(of[j] & 1) << (half + j);
        }
    }
}

// What start + dot a row's entry has at least if its bias - 2 dot is at most `most`.
__device__ static int32_t least_sum(int32_t most)
{
    return -(most >> 1);
}

__device__ static int32_t greatest(const int32_t v[LANE_COLUMNS])
{
    return max(__vimax3_s32(__vimax3_s32(v[0], v[1], v[2]), v[3], v[4]), __vimax3_s32(v[5], v[6], v[7]));
}

// Calls use(entry, odd, sum) for every 32 entries of the list that this warp takes: the lane's first entry, odd of load_biases and its sums.
template <int STEPS, class Use> __device__ void scan_list(const uint4 *tile, const lists &x, const tile_work &w, Use use)
{
    const int member = lane_column() / ANL_PANEL;
    const int8_t *codes = x.codes + w.first * (STEPS * TILE_STEP);
    for (int p = threadIdx.x / WARP * TILE_PANELS; p < w.panels; p += TILE_THREADS / WARP * TILE_PANELS) {
        const int entry = p * ANL_PANEL + lane_column();
        int32_t start[LANE_COLUMNS], sum[LANE_ROWS][LANE_COLUMNS];
        uint32_t odd;
        load_biases(x.bias + w.first + entry, p + member < w.panels, start, &odd);
        tile_dots<STEPS>(tile, codes + (size_t)p * ANL_PANEL * STEPS * TILE_STEP, p + 1 < w.panels, start, sum);
        use(entry, odd, sum);
    }
}

// Lowers `far` of every query of the tile to the distance of the list's nearest entry, or 1 more, and the query's reach.
template <int STEPS> __global__ void __launch_bounds__(TILE_THREADS, TILE_BLOCKS(STEPS)) least_kernel(search_memory m, lists x)
{
    extern __shared__ uint4 tile[];
    tile_work w;
    if (!find_work(m, x, &w)) return;
    tile_load<STEPS>(tile, [&](int r) { return r < w.rows ? m.biased + (size_t)w.queries[r] * (STEPS * TILE_STEP) : nullptr; });
    int32_t most[LANE_ROWS];
#pragma unroll
    for (int r = 0; r < LANE_ROWS; ++r) most[r] = -NO_ENTRY / 2;
    scan_list<STEPS>(tile, x, w, [&](int, uint32_t, const int32_t sum[LANE_ROWS][LANE_COLUMNS]) {
#pragma unroll
        for (int r = 0; r < LANE_ROWS; ++r) most[r] = max(most[r], greatest(sum[r]));
    });
#pragma unroll
    for (int r = 0; r < LANE_ROWS; ++r) {
        for (int i = 2; i; i /= 2) most[r] = max(most[r], __shfl_xor_sync(~0u, most[r], i));
        if (threadIdx.x % 4 || lane_row(r) >= w.rows) continue;
        const uint32_t q = w.queries[lane_row(r)], dist = m.length[q] + 1 - 2 * (uint32_t)most[r], far = dist + m.reach[q];
        if (dist >> DISTANCE_BITS == 0 && far < m.far[q]) atomicMin(&m.far[q], far);
    }
}

// The queries of a tile.
struct tile_rows {
    uint32_t query[TILE], length[TILE];
    uint32_t far[TILE]; // distance beyond which nothing counts
};

// Sums of a row's LANE_COLUMNS neighbouring entries, at least one of which is near enough, that wait to be looked at: a warp's.
struct sum_queue {
    int4 sums[WAITING][LANE_COLUMNS / 4];
    uint2 of[WAITING]; // first entry in the list; odd of load_biases * TILE + row
};

// Moves entries near enough among n that wait to the buffers of their queries.
__device__ static void deliver(const search_memory &m, const lists &x, const tile_work &w, const tile_rows &rows, const sum_queue *queue,
                               uint32_t n)
{
    __syncwarp();
    for (uint32_t i = threadIdx.x % WARP; i < n * LANE_COLUMNS; i += WARP) {
        const uint2 of = queue->of[i / LANE_COLUMNS];
        const uint32_t row = of.y % TILE, column = i % LANE_COLUMNS, odd = of.y / TILE >> column & 1;
        const int32_t sum = reinterpret_cast<const int32_t *>(queue->sums)[i];
        const uint32_t dist = rows.length[row] + odd - 2 * (uint32_t)sum;
        if (dist > rows.far[row]) continue;
        const uint32_t q = rows.query[row], id = x.ids[w.first + of.x + column], far = m.far[q], own_far = dist + m.reach[q];
        const uint64_t key = key_of(dist, id);
        if (dist > far || key >= m.limits[q] || id >= x.n_windows) continue;
        if (own_far < far) atomicMin(&m.far[q], own_far);
        const uint32_t slot = atomicAdd(&m.counts[q], 1);
        if (slot < (uint32_t)m.room) m.keys[(size_t)q * m.room + slot] = key;
    }
    __syncwarp();
}

// Queues what is near enough of the sums of 32 entries from `entry` on; returns how many wait in all.
__device__ static uint32_t queue_sums(const search_memory &m, const lists &x, const tile_work &w, const tile_rows &rows,
                                      const int32_t least[LANE_ROWS], uint32_t tag, int entry, const int32_t sum[LANE_ROWS][LANE_COLUMNS],
                                      sum_queue *queue, uint32_t n)
{
    uint32_t near = 0; // a bit for each row
#pragma unroll
    for (int r = 0; r < LANE_ROWS; ++r) near |= (uint32_t)(greatest(sum[r]) >= least[r]) << r;
    if (!__any_sync(~0u, near != 0)) return n;
    const uint32_t lanes_before = (1u << threadIdx.x % WARP) - 1;
#pragma unroll
    for (int r = 0; r < LANE_ROWS; ++r) {
        const uint32_t who = __ballot_sync(~0u, near >> r & 1);
        if (!who) continue;
        if (near >> r & 1) {
            const uint32_t at = n + __popc(who & lanes_before);
            queue->sums[at][0] = int4{sum[r][0], sum[r][1], sum[r][2], sum[r][3]};
            queue->sums[at][1] = int4{sum[r][4], sum[r][5], sum[r][6], sum[r][7]};
            queue->of[at] = uint2{(uint32_t)entry, tag + (uint32_t)lane_row(r)};
        }
        n += __popc(who);
        if (n <= WAITING - WARP) continue;
        deliver(m, x, w, rows, queue, n);
        n = 0;
    }
    return n;
}

// Survivors of the tile's queries.
template <int STEPS> __global__ void __launch_bounds__(TILE_THREADS, TILE_BLOCKS(STEPS)) scan_kernel(search_memory m, lists x)
{
    extern __shared__ uint4 tile[];
    __shared__ tile_rows rows;
    __shared__ sum_queue queues[TILE_THREADS / WARP];
    sum_queue *queue = &queues[threadIdx.x / WARP];
    tile_work w;
    if (!find_work(m, x, &w)) return;
    if ((int)threadIdx.x < w.rows) {
        const uint32_t q = w.queries[threadIdx.x], far = min(m.far[q], (uint32_t)(m.limits[q] >> 32));
        rows.query[threadIdx.x] = q;
        rows.length[threadIdx.x] = m.length[q];
        rows.far[threadIdx.x] = min(far, (1u << DISTANCE_BITS) - 1);
    }
    tile_load<STEPS>(tile, [&](int r) { return r < w.rows ? m.biased + (size_t)w.queries[r] * (STEPS * TILE_STEP) : nullptr; });
    int32_t least[LANE_ROWS];
#pragma unroll
    for (int r = 0; r < LANE_ROWS; ++r) {
        const int row = lane_row(r);
        least[r] = row < w.rows ? least_sum((int32_t)(rows.far[row] - rows.length[row])) : INT32_MAX;
    }
    uint32_t n = 0;
    scan_list<STEPS>(tile, x, w, [&](int entry, uint32_t odd, const int32_t sum[LANE_ROWS][LANE_COLUMNS]) {
        n = queue_sums(m, x, w, rows, least, odd * TILE, entry, sum, queue, n);
    });
    deliver(m, x, w, rows, queue, n);
}

// ---- the k nearest: a warp or a block a query ----

template <int TEAM> __device__ static void team_sync()
{
    if (TEAM == WARP)
        __syncwarp();
    else
        __syncthreads();
}

// Batcher's bitonic network; size is a power of 2.
template <int TEAM> __device__ static void sort_keys(uint64_t *key, int size)
{
    for (int run = 2; run <= size; run *= 2)
        for (int step = run / 2; step; step /= 2) {
            for (int i = threadIdx.x % TEAM; i < size / 2; i += TEAM) {
                const int a = i / step * 2 * step + i % step, b = a + step;
                const uint64_t low = key[a], high = key[b];
                if ((low > high) == ((a & run) == 0)) {
                    key[a] = high;
                    key[b] = low;
                }
            }
            team_sync<TEAM>();
        }
}

// Sorts what survived and gives the k nearest. Without room for all, the k-th of those kept is one that no neighbour exceeds, and the query is
// scanned again: it joins `again`.
template <int TEAM> __global__ void sort_kernel(search_memory m, search_round r, uint32_t *again)
{
    extern __shared__ uint64_t all_keys[];
    const int team = threadIdx.x / TEAM, lane = threadIdx.x % TEAM, at = blockIdx.x * (THREADS / TEAM) + team;
    if (at >= r.n) return;
    const size_t q = r.which ? r.which[at] : (uint32_t)at;
    const int met = (int)m.counts[q], n = min(met, m.room);
    uint64_t *key = all_keys + (size_t)team * m.room;
    int size = 1;
    while (size < n) size *= 2;
    for (int i = lane; i < size; i += TEAM) key[i] = i < n ? m.keys[q * m.room + i] : ~0ull;
    team_sync<TEAM>();
    sort_keys<TEAM>(key, size);
    if (met > m.room) {
        if (lane) return;
        m.limits[q] = key[m.k - 1] + 1;
        m.counts[q] = 0;
        again[atomicAdd(m.n_again, 1)] = (uint32_t)q;
        return;
    }
    const int kept = min(n, m.k);
    const uint32_t far = m.far[q];
    for (int i = lane; i < kept; i += TEAM) m.hits[q * m.k + i] = anl_hit{(int32_t)(key[i] >> 32), (uint32_t)key[i]};
    if (lane) return;
    int found = kept; // the nearest came last, perhaps: then others did not survive
    while (found && (uint32_t)(key[found - 1] >> 32) > far) --found;
    m.found[q] = found;
}

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
        lay_kernel<<<(unsigned)((n + THREADS / WARP - 1) / (THREADS / WARP)), THREADS>>>(
            reinterpret_cast<uint4 *>(codes + i * ANL_PANEL * TILE_STEP), n);
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

static unsigned blocks_for(size_t threads, int block)
{
    return (unsigned)((threads + block - 1) / block);
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
        choose_kernel<<<rows, THREADS, 0, s->stream>>>(m, x, first);
    }
}

// The pairs of a round by list, in tiles.
static void group(anl_gpu_stream *s, const search_memory &m, const search_round &r)
{
    const unsigned blocks = blocks_for((size_t)r.n * r.last, THREADS);
    cudaMemsetAsync(m.sizes, 0, (size_t)m.nlist * sizeof *m.sizes, s->stream);
    count_kernel<<<blocks, THREADS, 0, s->stream>>>(m, r);
    starts_kernel<<<1, STARTS_THREADS, 0, s->stream>>>(m);
    spread_kernel<<<blocks, THREADS, 0, s->stream>>>(m, r);
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
    by_steps[m.d / TILE_STEP - 1](s, m, r, least);
}

// The survivors of a round sorted; h tells which queries need another.
static int sort_round(anl_gpu_stream *s, const search_memory &m, const search_round &r, uint32_t *again, const search_host &h)
{
    const size_t bytes = (size_t)m.room * sizeof(uint64_t);
    cudaMemsetAsync(m.n_again, 0, sizeof *m.n_again, s->stream);
    if (m.room <= WARP_SORTS)
        sort_kernel<WARP><<<blocks_for(r.n, THREADS / WARP), THREADS, THREADS / WARP * bytes, s->stream>>>(m, r, again);
    else
        sort_kernel<THREADS><<<r.n, THREADS, bytes, s->stream>>>(m, r, again);
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
        p->rank > std::min<int>(x.nlist, CHOSEN) || (p->is_ranked && p->rank < p->nprobe))
        return fail(ANL_EINVAL, "GPU: %d neighbours from %d lists, %d in order", p->k, p->nprobe, p->rank);
    int rc = enter(s->gpu);
    if (!rc) rc = start_products(s);
    const size_t most = std::min<size_t>(PART_QUERIES, MOST_PAIRS / p->nprobe);
    return rc ? rc : in_parts(n, most, [&](size_t i, size_t m) { return search_part(s, p, queries + i, (int)m); });
}

} // namespace anl
