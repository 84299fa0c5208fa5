// Kernels of a search: from tiles of queries of a list to the nearest entries of every query. Internal to search.cu.
#ifndef ANL_CUDA_SCAN_CUH
#define ANL_CUDA_SCAN_CUH

#include "search_memory.cuh"
#include "tile.cuh"

namespace anl
{

enum {
    WAITING = 64,       // of a warp's lanes and rows with something near, before they are looked at
    NO_ENTRY = 1 << 30, // a bias beyond all limits, whatever the dot product
};

// Blocks of a tile that a multiprocessor's registers are to hold.
#define TILE_BLOCKS(steps) ((steps) == 1 || (steps) > 4 ? 3 : 4)

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

// The queries of a tile; the last one also where there are none: nothing is made of their sums.
template <int STEPS> __device__ static void load_queries(uint4 *tile, const search_memory &m, const tile_work &w)
{
    tile_load<STEPS>(tile, [&](int r) { return m.biased + (size_t)w.queries[min(r, w.rows - 1)] * (STEPS * TILE_STEP); });
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
    load_queries<STEPS>(tile, m, w);
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
    load_queries<STEPS>(tile, m, w);
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

} // namespace anl

#endif
