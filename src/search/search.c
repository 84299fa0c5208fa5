#include "search.h"

#include "cluster.h"
#include "gpu_waves.h"
#include "native.h"
#include "rough.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct anl_search {
    const anl_index *index;
    anl_native *native;
    anl_coarse *groups;     /* of lists, for rough queries; NULL: none were made, or there are too few lists */
    anl_index_faiss *faiss; /* NULL: native */
    anl_gpu_waves *gpu;     /* NULL: the CPU */
    int competing_only;
    int64_t at_once; /* bytes that queries take which a thread searches together */
};

struct anl_search_scratch {
    anl_native_scratch *native;
    anl_gpu_wave_scratch on_gpu;
    anl_rough *rough;
    uint64_t *keys;       /* of FAISS: distance << 32 | window */
    anl_neighbours *flat; /* for callers with flat arrays */
    anl_neighbours **flat_queries, **unsure, **turns;
    size_t keys_cap, flat_cap, flat_queries_cap, unsure_cap, turns_cap;
};

int anl_search_new(anl_search **out, const anl_index *x, anl_search_path path)
{
    anl_search *s = anl_alloc(1, sizeof *s);
    if (!s) return ANL_ENOMEM;
    s->index = x;
    s->at_once = ANL_BYTES_AT_ONCE;
    int rc = anl_native_new(&s->native, x);
    if (!rc && path == ANL_SEARCH_FAISS) rc = anl_index_faiss_open(&s->faiss, x);
    if (rc) {
        anl_search_free(s);
        return rc;
    }
    *out = s;
    return ANL_OK;
}

int anl_search_group_lists(anl_search *s, int threads)
{
    return anl_lists_group(&s->groups, s->index, threads);
}

int anl_search_use(anl_search *s, anl_gpu *gpu)
{
    const anl_index *x = s->index;
    anl_gpu_lists lists = {.d = x->d,
                           .nlist = x->nlist,
                           .centroids = x->centroids,
                           .centroid_bias = x->centroid_bias,
                           .list_begin = x->list_begin,
                           .codes = x->codes,
                           .bias = x->bias,
                           .ids = x->ids,
                           .n_windows = (uint32_t)x->n_windows};
    if (s->faiss) return ANL_OK;
    s->at_once = ANL_BYTES_AT_ONCE;
    uint32_t *group_of = s->groups ? anl_coarse_groups_of(s->groups, x->nlist) : NULL;
    if (s->groups && !group_of) return ANL_ENOMEM;
    if (s->groups) {
        lists.n_groups = s->groups->n_groups;
        lists.looked = s->groups->probes;
        lists.groups = s->groups->groups->panels;
        lists.group_of = group_of;
    }
    int rc = anl_gpu_load_lists(gpu, &lists);
    free(group_of);
    return rc ? rc : anl_gpu_waves_new(&s->gpu, x, gpu);
}

void anl_search_competing_only(anl_search *s)
{
    s->competing_only = 1;
}

void anl_search_free(anl_search *s)
{
    if (!s) return;
    anl_native_free(s->native);
    anl_coarse_free(s->groups);
    anl_index_faiss_free(s->faiss);
    anl_gpu_waves_free(s->gpu);
    free(s);
}

int anl_search_together(anl_search *s, int threads)
{
    if (s->faiss) return ANL_OK;
    s->at_once = ANL_BYTES_TOGETHER / threads;
    return anl_native_together(s->native, threads);
}

int anl_search_scratch_new(anl_search_scratch **out, const anl_search *s)
{
    anl_search_scratch *sc = anl_alloc(1, sizeof *sc);
    (void)s;
    if (!sc) return ANL_ENOMEM;
    const int rc = anl_native_scratch_new(&sc->native);
    if (rc) {
        free(sc);
        return rc;
    }
    *out = sc;
    return ANL_OK;
}

void anl_search_scratch_free(anl_search_scratch *sc)
{
    if (!sc) return;
    anl_native_scratch_free(sc->native);
    anl_gpu_wave_scratch_free(&sc->on_gpu);
    anl_rough_free(sc->rough);
    void *const all[] = {sc->keys, sc->flat, sc->flat_queries, sc->unsure, sc->turns};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free(all[i]);
    free(sc);
}

void anl_search_release(anl_search_scratch *sc)
{
    anl_native_release(sc->native);
    anl_rough_free(sc->rough);
    sc->rough = NULL;
}

void anl_search_join(const anl_search *s, anl_search_scratch *sc)
{
    anl_native_join(s->native, sc->native);
}

void anl_search_leave(anl_search_scratch *sc)
{
    anl_native_leave(sc->native);
}

int64_t anl_search_entries(const anl_search_scratch *sc)
{
    return anl_native_entries(sc->native);
}

int anl_search_is_saturated(const anl_neighbours *q, int32_t k, int32_t d)
{
    return q->n >= k &&
           q->hits[k - 1].dist <= q->hits[0].dist + anl_distance_of_drop(anl_squared_norm(q->query, d), ANL_COSINE_DROP_SATURATED);
}

int anl_search_nprobe(const anl_index *x, int multiplier)
{
    const int64_t n = x->n_entries > 0 ? x->n_entries : 1;
    const int64_t root = (int64_t)sqrt((double)n); /* exact, as n is far below 2^52 */
    int64_t entries = ANL_ENTRIES_PER_ROOT * root * multiplier;
    int64_t lists = entries * x->nlist / n + 1;
    return lists < x->nlist ? (int)lists : x->nlist;
}

/* FAISS goes through all lists again that a query has gone through. */
static int search_faiss(const anl_search *s, anl_search_scratch *sc, anl_neighbours *const *queries, int n_queries, int nprobe)
{
    int rc = ANL_OK;
    for (int i = 0; i < n_queries && !rc; ++i) {
        anl_neighbours *q = queries[i];
        const int32_t farthest = anl_distance_at(anl_squared_norm(q->query, s->index->d), ANL_COSINE_NOISE);
        int n = 0;
        rc = anl_grow(&sc->keys, &sc->keys_cap, (size_t)q->k, sizeof *sc->keys);
        if (!rc) rc = anl_index_faiss_search(s->faiss, q->query, q->k, nprobe, q->n_lists >= nprobe ? q->lists : NULL, sc->keys, &n);
        while (n && (int32_t)(sc->keys[n - 1] >> 32) > farthest) --n;
        for (int j = 0; j < n && !rc; ++j) q->hits[j] = anl_hit_of(sc->keys[j]);
        q->n = n;
    }
    return rc;
}

/* Beside its hits. */
static int64_t bytes_of(const anl_search *s, const anl_neighbours *q, int nprobe)
{
    return s->gpu ? q->k * (int64_t)sizeof(anl_hit) : anl_native_bytes(q, nprobe, s->index->d);
}

/* Moves those of queries[n] to the front that are searched together, as many as memory is meant for, on a GPU of one k and all or none of them
 * roughly; returns how many. */
static int first_together(const anl_search *s, anl_neighbours **queries, int n, int nprobe)
{
    const int32_t k = queries[0]->k;
    const int rough = anl_rough_is_asked(queries[0], nprobe);
    int64_t bytes = 0;
    int m = 0;
    for (int i = 0; i < n; ++i) {
        anl_neighbours *q = queries[i];
        if (s->gpu && (q->k != k || anl_rough_is_asked(q, nprobe) != rough)) continue;
        bytes += bytes_of(s, q, nprobe);
        if (m && bytes > s->at_once) break;
        queries[i] = queries[m];
        queries[m++] = q;
    }
    return m;
}

static int search_together(const anl_search *s, anl_search_scratch *sc, anl_neighbours *const *queries, int n, int nprobe)
{
    int rc = s->groups && !s->gpu ? anl_rough_rank(&sc->rough, s->groups, &anl_kernels_get()->scan, queries, n, nprobe) : ANL_OK;
    if (rc) return rc;
    rc = s->gpu     ? anl_gpu_wave(s->gpu, &sc->on_gpu, queries, n, nprobe, s->competing_only)
         : s->faiss ? search_faiss(s, sc, queries, n, nprobe)
                    : anl_native_wave(s->native, sc->native, queries, n, nprobe, s->competing_only);
    for (int i = 0; i < n && !rc; ++i) {
        anl_neighbours *q = queries[i];
        q->nprobe = nprobe;
        if (!q->n) continue;
        const int32_t farthest = q->hits[0].dist + anl_search_reach(q, anl_squared_norm(q->query, s->index->d), s->competing_only);
        while (q->hits[q->n - 1].dist > farthest) --q->n;
    }
    return rc;
}

int anl_search_wave(const anl_search *s, anl_search_scratch *sc, anl_neighbours *const *queries, int n, int nprobe)
{
    if (!n) return ANL_OK;
    int rc = anl_grow(&sc->turns, &sc->turns_cap, (size_t)n, sizeof *sc->turns);
    if (rc) return rc;
    if (nprobe > s->index->nlist) nprobe = s->index->nlist;
    anl_neighbours **turns = memcpy(sc->turns, queries, (size_t)n * sizeof *queries);
    for (int m; n && !rc; turns += m, n -= m) {
        m = first_together(s, turns, n, nprobe);
        rc = search_together(s, sc, turns, m, nprobe);
    }
    return rc;
}

int anl_search_is_sure(const anl_search *s, const anl_neighbours *q)
{
    const int32_t norm = anl_squared_norm(q->query, s->index->d);
    const int usual = anl_search_nprobe(s->index, 1);
    if (!norm) return 1;
    return q->nprobe >= usual && q->n &&
           q->hits[0].dist <= anl_distance_at(norm, q->nprobe == usual ? ANL_COSINE_SURE : ANL_COSINE_SURE_WIDER);
}

int anl_search_widen(const anl_search *s, anl_search_scratch *sc, anl_neighbours *const *queries, int n, int most)
{
    int rc = anl_grow(&sc->unsure, &sc->unsure_cap, (size_t)n, sizeof *sc->unsure);
    for (int multiplier = 1; multiplier <= most && !rc; multiplier *= ANL_SEARCH_MORE) {
        const int nprobe = anl_search_nprobe(s->index, multiplier);
        int m = 0;
        for (int i = 0; i < n; ++i)
            if (queries[i]->nprobe < nprobe && !anl_search_is_sure(s, queries[i])) sc->unsure[m++] = queries[i];
        rc = anl_search_wave(s, sc, sc->unsure, m, nprobe);
    }
    return rc;
}

/* ---- flat arrays ---- */

static int begin_flat(const anl_search *s, anl_search_scratch *sc, const int8_t *queries, int n, int k, anl_hit *hits)
{
    int rc = anl_grow(&sc->flat, &sc->flat_cap, (size_t)n, sizeof *sc->flat);
    if (!rc) rc = anl_grow(&sc->flat_queries, &sc->flat_queries_cap, (size_t)n, sizeof *sc->flat_queries);
    for (int i = 0; i < n && !rc; ++i) {
        sc->flat[i] = (anl_neighbours){.query = queries + (size_t)i * (size_t)s->index->d, .hits = hits + (size_t)i * (size_t)k, .k = k};
        sc->flat_queries[i] = &sc->flat[i];
    }
    return rc;
}

int anl_search_batch(const anl_search *s, anl_search_scratch *sc, const int8_t *queries, int n, int k, int multiplier, anl_hit *hits,
                     int *counts)
{
    int rc = begin_flat(s, sc, queries, n, k, hits);
    if (!rc) rc = anl_search_wave(s, sc, sc->flat_queries, n, anl_search_nprobe(s->index, multiplier));
    for (int i = 0; i < n && !rc; ++i) counts[i] = sc->flat[i].n;
    return rc;
}

/* The multiplier that gives so many lists. */
static int multiplier_of(const anl_index *x, int nprobe)
{
    int multiplier = nprobe ? 1 : 0;
    while (anl_search_nprobe(x, multiplier) < nprobe) multiplier *= ANL_SEARCH_MORE;
    return multiplier;
}

int anl_search_sure(const anl_search *s, anl_search_scratch *sc, const int8_t *queries, int n, int k, anl_hit *hits, int *counts,
                    int *multipliers)
{
    int rc = begin_flat(s, sc, queries, n, k, hits);
    if (!rc) rc = anl_search_widen(s, sc, sc->flat_queries, n, ANL_SEARCH_MOST);
    for (int i = 0; i < n && !rc; ++i) {
        counts[i] = sc->flat[i].n;
        multipliers[i] = multiplier_of(s->index, sc->flat[i].nprobe);
    }
    return rc;
}
