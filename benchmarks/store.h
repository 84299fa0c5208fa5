/* A vector store of any size for bench_gpu: as many lists as an index has, and in the lists that a query goes through about as many entries in its
 * reach as a read finds in a real genome, where 14 to 32% of them are farther than nothing and nearer than noise. */
#ifndef STORE_H
#define STORE_H

#include "bench.h"

#include "cluster.h"
#include "index.h"
#include "panel.h"
#include "search.h"

#include <math.h>
#include <string.h>

enum {
    STORE_DIM = 128,
    STORE_NOISES = 4096, /* vectors, two of which another one departs by: 8 million ways */
    STORE_ALIKE = 16,    /* entries of one place and its copies */
};

#define STORE_RADIUS 400.0f /* of the vectors, about that of the shipped model's */
#define STORE_QUERY 0.93f   /* cosine of a query with its nearest entry: the median of reads of 150 bp with 0.5% errors */

/* Dimensions that vectors fill, of 128; cosines of a place in the genome with its centroid and of an entry with its place. With these 18, 25
 * and 29% of the entries of the probed lists lie within cosine 1/4 of a query at 1, 10 and 65 million entries, 12 compete with the nearest
 * (bench_gpu prints it), and the nearest is in the nearest list of 2/3 of the queries. */
#define STORE_RANK 112
#define STORE_PLACE 0.6f
#define STORE_ENTRY 0.9f

typedef struct store_noise {
    float of[STORE_NOISES][STORE_DIM]; /* of the length STORE_RADIUS */
    float base[STORE_RANK][STORE_DIM];
} store_noise;

static inline uint64_t store_mix(uint64_t x)
{
    x = (x + 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 29) * 0x94d049bb133111ebu;
    return x ^ x >> 32;
}

/* Near enough to normal: of 8 bytes, mean 0 and deviation 1. */
static inline float store_normal(uint64_t x)
{
    float sum = 0;
    for (int i = 0; i < 8; ++i) sum += (float)(int8_t)(x >> 8 * i);
    return (sum + 4) / (73.9f * 2.828f);
}

/* v brought to the radius. */
static inline void store_scale(float *v)
{
    float sum = 0;
    for (int c = 0; c < STORE_DIM; ++c) sum += v[c] * v[c];
    const float by = STORE_RADIUS / sqrtf(sum);
    for (int c = 0; c < STORE_DIM; ++c) v[c] *= by;
}

/* A direction of the space that vectors fill. */
static inline void store_direction(const store_noise *n, uint64_t seed, float *v)
{
    memset(v, 0, STORE_DIM * sizeof *v);
    for (int r = 0; r < STORE_RANK; ++r) {
        const float by = store_normal(store_mix(seed * STORE_RANK + (uint64_t)r));
        for (int c = 0; c < STORE_DIM; ++c) v[c] += by * n->base[r][c];
    }
    store_scale(v);
}

static inline void store_noise_make(store_noise *n)
{
    for (int r = 0; r < STORE_RANK; ++r)
        for (int c = 0; c < STORE_DIM; ++c) n->base[r][c] = store_normal(store_mix(0x5eed0000u + (uint64_t)(r * STORE_DIM + c)));
    for (int i = 0; i < STORE_NOISES; ++i) store_direction(n, 1000 + (uint64_t)i, n->of[i]);
}

/* A vector whose cosine with `from` is about `near`. */
static inline void store_depart(const store_noise *n, const float *from, float near, uint64_t seed, float *v)
{
    const uint64_t r = store_mix(seed);
    const float *a = n->of[r % STORE_NOISES], *b = n->of[r / STORE_NOISES % STORE_NOISES], by = sqrtf((1 - near * near) / 2);
    for (int c = 0; c < STORE_DIM; ++c) v[c] = near * from[c] + by * (a[c] - b[c]);
    store_scale(v);
}

static inline void store_round(const float *v, int8_t *out)
{
    for (int c = 0; c < STORE_DIM; ++c) {
        const int32_t x = (int32_t)(v[c] + (v[c] < 0 ? -0.5f : 0.5f));
        out[c] = (int8_t)(x < -127 ? -127 : x > 127 ? 127 : x);
    }
}

/* Bytes of a store of n entries, on the host and on a GPU alike. */
static inline double store_bytes(double n)
{
    return n * (STORE_DIM + 8);
}

/* Lists of half the mean length to one and a half. */
static inline int64_t store_begin_lists(uint64_t *begin, int64_t lists, int64_t n)
{
    const uint64_t mean = (uint64_t)(n / lists);
    begin[0] = 0;
    for (int64_t l = 0; l < lists; ++l)
        begin[l + 1] = begin[l] + anl_panels_padded((size_t)(mean / 2 + store_mix((uint64_t)l) % (mean + 1)));
    return (int64_t)begin[lists];
}

/* About n entries. */
static inline void store_make(anl_index *x, int64_t n, const store_noise *noise, int threads)
{
    const int64_t lists = anl_lists_count(n);
    uint64_t *begin = anl_alloc((size_t)lists + 1, sizeof *begin);
    need(begin != NULL);
    const int64_t entries = store_begin_lists(begin, lists, n), padded = (int64_t)anl_panels_padded((size_t)lists);
    int8_t *centroids = anl_alloc((size_t)padded, STORE_DIM), *codes = anl_alloc((size_t)entries, STORE_DIM);
    int32_t *centroid_bias = anl_alloc((size_t)padded, 4), *bias = anl_alloc((size_t)entries, 4);
    uint32_t *ids = anl_alloc((size_t)entries, 4);
    need(centroids && codes && centroid_bias && bias && ids);
    int64_t longest = 0;
    for (int64_t l = lists; l < padded; ++l) centroid_bias[l] = ANL_PANEL_NO_BIAS;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 16) reduction(max : longest)
    for (int64_t l = 0; l < lists; ++l) {
        float centre[STORE_DIM], place[STORE_DIM], entry[STORE_DIM];
        int8_t v[STORE_DIM];
        store_direction(noise, UINT64_C(1) << 40 | (uint64_t)l, centre);
        store_round(centre, v);
        anl_panel_put(centroids, (size_t)l, STORE_DIM, v);
        centroid_bias[l] = anl_panel_bias(v, STORE_DIM);
        for (uint64_t i = begin[l]; i < begin[l + 1]; ++i) {
            if (i % STORE_ALIKE == 0) store_depart(noise, centre, STORE_PLACE, UINT64_C(1) << 44 | i, place);
            store_depart(noise, place, STORE_ENTRY, UINT64_C(1) << 41 | i, entry);
            store_round(entry, v);
            anl_panel_put(codes, i, STORE_DIM, v);
            bias[i] = anl_panel_bias(v, STORE_DIM);
            ids[i] = (uint32_t)i;
        }
        if ((int64_t)(begin[l + 1] - begin[l]) > longest) longest = (int64_t)(begin[l + 1] - begin[l]);
    }
    *x = (anl_index){.d = STORE_DIM,
                     .nlist = (int32_t)lists,
                     .n_entries = entries,
                     .n_windows = entries,
                     .longest_list = longest,
                     .centroids = centroids,
                     .centroid_bias = centroid_bias,
                     .list_begin = begin,
                     .codes = codes,
                     .bias = bias,
                     .ids = ids};
}

static inline void store_free(const anl_index *x)
{
    const void *all[] = {x->centroids, x->centroid_bias, x->list_begin, x->codes, x->bias, x->ids};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free((void *)(uintptr_t)all[i]);
}

/* A query near entry number `seed` modulo their number. */
static inline void store_query(const anl_index *x, const store_noise *n, uint64_t seed, int8_t *out)
{
    int8_t v[STORE_DIM];
    float from[STORE_DIM], query[STORE_DIM];
    anl_index_entry(x, (int64_t)(store_mix(seed) % (uint64_t)x->n_entries), v);
    for (int c = 0; c < STORE_DIM; ++c) from[c] = v[c];
    store_depart(n, from, STORE_QUERY, seed ^ UINT64_C(1) << 42, query);
    store_round(query, out);
}

typedef struct store_near {
    int32_t dist, list;
} store_near;

static inline int store_nearer(const void *a, const void *b)
{
    const store_near *x = a, *y = b;
    return x->dist != y->dist ? (x->dist < y->dist ? -1 : 1) : x->list - y->list;
}

static inline int32_t store_distance(const int8_t *a, const int8_t *b)
{
    int32_t sum = 0;
    for (int c = 0; c < STORE_DIM; ++c) sum += (a[c] - b[c]) * (a[c] - b[c]);
    return sum;
}

/* What queries find in the lists that they probe, by plain loops: entries, the share nearer than noise, and how many compete with the nearest. */
static inline void store_measure(const anl_index *x, const store_noise *n, int nprobe, double *entries, double *within, double *competing)
{
    enum { QUERIES = 32 };
    store_near *lists = anl_alloc((size_t)x->nlist, sizeof *lists);
    int32_t *distances = anl_alloc((size_t)x->longest_list * (size_t)nprobe, sizeof *distances);
    double seen = 0, near = 0, compete = 0;
    need(lists && distances);
    for (int i = 0; i < QUERIES; ++i) {
        int8_t q[STORE_DIM], v[STORE_DIM];
        int64_t m = 0;
        int32_t best = INT32_MAX;
        store_query(x, n, UINT64_C(1) << 43 | (uint64_t)i, q);
        for (int32_t l = 0; l < x->nlist; ++l) {
            anl_panel_get(x->centroids, (size_t)l, STORE_DIM, v);
            lists[l] = (store_near){store_distance(q, v), l};
        }
        qsort(lists, (size_t)x->nlist, sizeof *lists, store_nearer);
        for (int p = 0; p < nprobe; ++p)
            for (uint64_t e = x->list_begin[lists[p].list]; e < x->list_begin[lists[p].list + 1]; ++e) {
                anl_index_entry(x, (int64_t)e, v);
                distances[m++] = store_distance(q, v);
                if (distances[m - 1] < best) best = distances[m - 1];
            }
        const int32_t norm = anl_squared_norm(q, STORE_DIM), noise = anl_distance_at(norm, ANL_COSINE_NOISE),
                      reach = best + anl_distance_of_drop(norm, ANL_COSINE_DROP_COMPETING);
        seen += (double)m;
        for (int64_t e = 0; e < m; ++e) {
            near += distances[e] <= noise;
            compete += distances[e] <= noise && distances[e] <= reach;
        }
    }
    *entries = seen / QUERIES;
    *within = near / seen;
    *competing = compete / QUERIES;
    free(lists);
    free(distances);
}

#endif
