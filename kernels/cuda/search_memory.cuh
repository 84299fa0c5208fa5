// What the kernels of a search share: sizes, memory. Internal to search.cu.
#ifndef ANL_CUDA_SEARCH_MEMORY_CUH
#define ANL_CUDA_SEARCH_MEMORY_CUH

#include "smallest.cuh"

namespace anl
{

struct search_memory {
    int n, k, nprobe, rank, room, d, nlist, coarse_rows, centroid_rows;
    size_t most_tiles;
    bool is_ranked;      // lists come with the queries
    bool is_rough;       // those of the nearest groups count alone
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

// Queries, lists of each by their place in probes, and pairs of both.
struct search_round {
    const uint32_t *which; // null: all
    int n, last;           // lists [0, last)
};

} // namespace anl

#endif
