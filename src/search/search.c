#include "search.h"

#include "gpu_waves.h"
#include "kernels.h"

#include <stdlib.h>
#include <string.h>

enum {
    QUERIES_AT_ONCE = ANL_QUERIES_AT_ONCE,
    SAMPLE = 512,             /* centroids that show how near those can be that are sought, */
    SAMPLE_OF = 8,            /* or so many for each of these */
    ANYWHERE = INT32_MAX / 2, /* farther than any two vectors lie apart; a distance may be added */
};

struct anl_search {
    const anl_index *index;
    const anl_scan_kernels *kernels;
    anl_index_faiss *faiss; /* NULL: native */
    anl_gpu_waves *gpu;     /* NULL: the CPU */
    int competing_only;
};

/* A query and a list that it probes. */
typedef struct probe {
    uint32_t list, query;
} probe;

struct anl_search_scratch {
    int64_t entries;
    uint8_t *queries; /* biased to unsigned */
    uint8_t *gathered;
    int32_t *dots;
    uint64_t *keys;   /* [n][room] distance << 32 | window */
    uint64_t *merged; /* [room] */
    int32_t *counts;  /* [n] keys kept, */
    int32_t *limits;  /* largest squared distance less squared norm that another may have, */
    int32_t *norms;   /* squared norms, */
    int32_t *reaches; /* and how much farther than the nearest others may be */
    probe *probes, *sorted;
    uint32_t *starts;         /* [nlist + 1] first probe of each list in `sorted` */
    uint32_t *which, *before; /* entries or lists chosen */
    int32_t *values, *distances;
    anl_gpu_wave_scratch on_gpu;
    anl_neighbours *flat; /* for callers with flat arrays */
    anl_neighbours **flat_queries, **unsure;
    size_t queries_cap, gathered_cap, dots_cap, keys_cap, counts_cap, limits_cap, norms_cap, reaches_cap, probes_cap, sorted_cap,
        starts_cap, which_cap, before_cap, values_cap, distances_cap, merged_cap, flat_cap, flat_queries_cap, unsure_cap;
};

/* What is asked for: FAISS makes no use of the lists that a query has gone through. */
typedef struct request {
    anl_neighbours *const *queries;
    int n, k, nprobe;
} request;

int anl_search_new(anl_search **out, const anl_index *x, anl_search_path path)
{
    const anl_kernels *k = anl_kernels_get();
    anl_search *s = k ? anl_alloc(1, sizeof *s) : NULL;
    if (!s) return k ? ANL_ENOMEM : ANL_EINVAL;
    s->index = x;
    s->kernels = &k->scan;
    int rc = path == ANL_SEARCH_FAISS ? anl_index_faiss_open(&s->faiss, x) : ANL_OK;
    if (rc) {
        free(s);
        return rc;
    }
    *out = s;
    return ANL_OK;
}

int anl_search_use(anl_search *s, anl_gpu *gpu)
{
    const anl_index *x = s->index;
    const anl_gpu_lists lists = {.d = x->d,
                                 .nlist = x->nlist,
                                 .centroids = x->centroids,
                                 .centroid_bias = x->centroid_bias,
                                 .list_begin = x->list_begin,
                                 .codes = x->codes,
                                 .bias = x->bias,
                                 .ids = x->ids,
                                 .n_windows = (uint32_t)x->n_windows};
    if (s->faiss) return ANL_OK;
    int rc = anl_gpu_load_lists(gpu, &lists);
    return rc ? rc : anl_gpu_waves_new(&s->gpu, x, gpu);
}

void anl_search_competing_only(anl_search *s)
{
    s->competing_only = 1;
}

void anl_search_free(anl_search *s)
{
    if (!s) return;
    anl_index_faiss_free(s->faiss);
    anl_gpu_waves_free(s->gpu);
    free(s);
}

int anl_search_scratch_new(anl_search_scratch **out, const anl_search *s)
{
    (void)s;
    *out = anl_alloc(1, sizeof **out);
    return *out ? ANL_OK : ANL_ENOMEM;
}

void anl_search_scratch_free(anl_search_scratch *sc)
{
    if (!sc) return;
    anl_gpu_wave_scratch_free(&sc->on_gpu);
    void *const all[] = {sc->queries,   sc->gathered, sc->dots,   sc->keys,         sc->counts, sc->limits, sc->norms,
                         sc->reaches,   sc->probes,   sc->sorted, sc->starts,       sc->which,  sc->before, sc->values,
                         sc->distances, sc->merged,   sc->flat,   sc->flat_queries, sc->unsure};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free(all[i]);
    free(sc);
}

int64_t anl_search_entries(const anl_search_scratch *sc)
{
    return sc->entries;
}

int anl_search_is_saturated(const anl_neighbours *q, int32_t k, int32_t d)
{
    return q->n >= k &&
           q->hits[k - 1].dist <= q->hits[0].dist + anl_distance_of_drop(anl_squared_norm(q->query, d), ANL_COSINE_DROP_SATURATED);
}

int anl_search_nprobe(const anl_index *x, int multiplier)
{
    const int64_t n = x->n_entries > 0 ? x->n_entries : 1;
    int64_t root = 1; /* integer square root of n */
    while ((root + 1) * (root + 1) <= n) root += root > 1 << 16 ? 16 : 1;
    int64_t entries = ANL_ENTRIES_PER_ROOT * root * multiplier;
    int64_t lists = entries * x->nlist / n + 1;
    return lists < x->nlist ? (int)lists : x->nlist;
}

static int reserve(anl_search_scratch *sc, const anl_index *x, const request *r, size_t room)
{
    const size_t n = (size_t)r->n, d = (size_t)x->d, lists = (size_t)x->nlist;
    size_t widest = anl_panels_padded(lists), probes = 0;
    for (size_t i = 0; i < n; ++i) probes += (size_t)(r->nprobe - r->queries[i]->nprobe);
    if (x->longest_list > (int64_t)widest) widest = (size_t)x->longest_list;
    int rc = anl_grow(&sc->queries, &sc->queries_cap, n * d, 1);
    if (!rc) rc = anl_grow(&sc->gathered, &sc->gathered_cap, QUERIES_AT_ONCE * d, 1);
    if (!rc) rc = anl_grow(&sc->dots, &sc->dots_cap, QUERIES_AT_ONCE * widest, sizeof *sc->dots);
    if (!rc) rc = anl_grow(&sc->keys, &sc->keys_cap, n * room, sizeof *sc->keys);
    if (!rc) rc = anl_grow(&sc->counts, &sc->counts_cap, n, sizeof *sc->counts);
    if (!rc) rc = anl_grow(&sc->limits, &sc->limits_cap, n, sizeof *sc->limits);
    if (!rc) rc = anl_grow(&sc->norms, &sc->norms_cap, n, sizeof *sc->norms);
    if (!rc) rc = anl_grow(&sc->reaches, &sc->reaches_cap, n, sizeof *sc->reaches);
    if (!rc) rc = anl_grow(&sc->probes, &sc->probes_cap, probes, sizeof *sc->probes);
    if (!rc) rc = anl_grow(&sc->sorted, &sc->sorted_cap, probes, sizeof *sc->sorted);
    if (!rc) rc = anl_grow(&sc->starts, &sc->starts_cap, lists + 1, sizeof *sc->starts);
    if (!rc) rc = anl_grow(&sc->which, &sc->which_cap, widest + ANL_PANEL, sizeof *sc->which);
    if (!rc) rc = anl_grow(&sc->before, &sc->before_cap, widest + ANL_PANEL, sizeof *sc->before);
    if (!rc) rc = anl_grow(&sc->values, &sc->values_cap, widest + ANL_PANEL, sizeof *sc->values);
    if (!rc) rc = anl_grow(&sc->merged, &sc->merged_cap, room, sizeof *sc->merged);
    if (!rc) rc = anl_grow(&sc->distances, &sc->distances_cap, room, sizeof *sc->distances);
    return rc;
}

/* Moves the k smallest of keys[n] to the front, in any order (Hoare's selection). All keys differ. */
static void select_smallest(uint64_t *keys, int32_t n, int32_t k)
{
    int32_t lo = 0, hi = n - 1;
    while (lo < hi) {
        const int32_t mid = lo + (hi - lo) / 2;
        uint64_t a = keys[lo], b = keys[mid], c = keys[hi];
        const uint64_t pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
        int32_t i = lo, j = hi;
        while (i <= j) {
            while (keys[i] < pivot) ++i;
            while (keys[j] > pivot) --j;
            if (i > j) break;
            const uint64_t swap = keys[i];
            keys[i++] = keys[j];
            keys[j--] = swap;
        }
        if (k - 1 <= j)
            hi = j;
        else if (k - 1 >= i)
            lo = i;
        else
            return;
    }
}

/* Keeps the k smallest of keys[n], n > k, and a few more at most as far; returns how many. Nothing beyond *limit can be among them. */
static int32_t cull(const anl_search *s, anl_search_scratch *sc, uint64_t *keys, int32_t n, int32_t k, int32_t *limit)
{
    for (int32_t i = 0; i < n; ++i) sc->distances[i] = (int32_t)(keys[i] >> 32);
    *limit = s->kernels->limit_of_k(sc->distances, n, k);
    int32_t kept = 0;
    for (int32_t i = 0; i < n; ++i) {
        keys[kept] = keys[i];
        kept += (int32_t)(keys[i] >> 32) <= *limit;
    }
    if (kept <= 2 * k) return kept;
    select_smallest(keys, kept, k); /* many are equally far */
    return k;
}

/* Sorts keys[n]: stretches of RUN by insertion, then by merging ever longer ones, without branches that depend on keys; `other` has room for n as well. */
static void sort(uint64_t *keys, uint64_t *other, int32_t n)
{
    enum { RUN = 8 /* 4 and 16 take a twentieth longer, 1 a third */ };
    uint64_t *from = keys, *to = other;
    for (int32_t i = 1; i < n; ++i) {
        const uint64_t key = keys[i];
        int32_t at = i;
        for (; at % RUN && keys[at - 1] > key; --at) keys[at] = keys[at - 1];
        keys[at] = key;
    }
    for (int32_t width = RUN; width < n; width *= 2) {
        for (int32_t begin = 0; begin < n; begin += 2 * width) {
            const int32_t middle = begin + width < n ? begin + width : n, end = middle + width < n ? middle + width : n;
            int32_t a = begin, b = middle, at = begin;
            while (a < middle && b < end) {
                const int second = from[b] < from[a];
                to[at++] = second ? from[b] : from[a];
                a += !second;
                b += second;
            }
            memcpy(to + at, from + a, (size_t)(middle - a) * sizeof *to);
            memcpy(to + at + middle - a, from + b, (size_t)(end - b) * sizeof *to);
        }
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != keys) memcpy(keys, from, (size_t)n * sizeof *keys);
}

/* How much farther than the nearest hit of a query another may be: as far as a window can hold a competing place, if only such windows count. */
static int32_t reach_of(const anl_search *s, const anl_neighbours *q, int32_t norm)
{
    return s->competing_only && !q->far ? anl_distance_of_drop(norm, ANL_COSINE_DROP_COMPETING) : ANYWHERE;
}

/* The n nearest centroids, given their dot products with a query, ascending by number; of equally near ones the first. None of them is farther than
 * the n-th nearest of a sample, which leaves few to select among. */
static void nearest_lists(const anl_search *s, anl_search_scratch *sc, const int32_t *dot, int n, uint32_t *which)
{
    const anl_index *x = s->index;
    const int32_t *bias = x->centroid_bias, padded = (int32_t)anl_panels_padded((size_t)x->nlist);
    const int32_t enough = n > SAMPLE / SAMPLE_OF ? n * SAMPLE_OF : SAMPLE, sample = enough < x->nlist ? enough : x->nlist;
    for (int32_t l = 0; l < sample; ++l) sc->values[l] = bias[l] - 2 * dot[l];
    int32_t limit = s->kernels->limit_of_k(sc->values, sample, n), kept = 0, nearer = 0;
    int32_t found = s->kernels->select_at_most(dot, bias, padded, limit, which, sc->values);
    while (which[found - 1] >= (uint32_t)x->nlist) --found;
    limit = s->kernels->limit_of_k(sc->values, found, n);
    for (int32_t i = 0; i < found; ++i) nearer += sc->values[i] < limit;
    for (int32_t i = 0, ties = n - nearer; i < found; ++i) {
        if (sc->values[i] > limit || (sc->values[i] == limit && --ties < 0)) continue;
        which[kept++] = which[i];
    }
}

/* The lists that a query is still to go through, to sc->which; returns how many. */
static int choose(const anl_search *s, anl_search_scratch *sc, const int32_t *dot, int before, int nprobe)
{
    int n = 0;
    nearest_lists(s, sc, dot, nprobe, sc->which);
    if (!before) return nprobe;
    nearest_lists(s, sc, dot, before, sc->before);
    for (int i = 0, j = 0; i < nprobe; ++i)
        if (j < before && sc->which[i] == sc->before[j])
            ++j;
        else
            sc->which[n++] = sc->which[i];
    return n;
}

static void add_probe(const anl_search *s, anl_search_scratch *sc, uint32_t list, int query, size_t *probes)
{
    const uint64_t *begin = s->index->list_begin;
    sc->entries += (int64_t)(begin[list + 1] - begin[list]);
    sc->probes[(*probes)++] = (probe){list, (uint32_t)query};
    ++sc->starts[list + 1];
}

/* The nearest lists of a query in their order, where later waves may go through few of them; of equally near ones the lower number first. */
static void rank(const anl_search *s, anl_search_scratch *sc, const int32_t *dot, anl_neighbours *q)
{
    uint64_t keys[ANL_RANKED], other[ANL_RANKED];
    const int n = s->index->nlist < ANL_RANKED ? s->index->nlist : ANL_RANKED;
    nearest_lists(s, sc, dot, n, sc->which);
    for (int i = 0; i < n; ++i) {
        const uint32_t list = sc->which[i];
        const int32_t value = s->index->centroid_bias[list] - 2 * dot[list];
        keys[i] = (uint64_t)((int64_t)value - INT32_MIN) << 32 | list;
    }
    sort(keys, other, n);
    for (int i = 0; i < n; ++i) q->lists[i] = (uint32_t)keys[i];
    q->n_lists = n;
}

/* The lists of all queries, grouped by list in sc->sorted, sc->starts. Only queries whose lists are not ranked that far meet all centroids. */
static void choose_lists(const anl_search *s, anl_search_scratch *sc, const request *r)
{
    const anl_index *x = s->index;
    const int32_t panels = (int32_t)anl_panels((size_t)x->nlist);
    const size_t d = (size_t)x->d;
    size_t probes = 0;
    memset(sc->starts, 0, ((size_t)x->nlist + 1) * sizeof *sc->starts);
    for (int i = 0; i < r->n;) {
        int which[QUERIES_AT_ONCE], m = 0;
        for (; i < r->n && m < QUERIES_AT_ONCE; ++i) {
            if (r->queries[i]->n_lists >= r->nprobe) continue;
            memcpy(sc->gathered + (size_t)m * d, sc->queries + (size_t)i * d, d);
            which[m++] = i;
        }
        if (m) s->kernels->dots(sc->gathered, m, x->centroids, panels, x->d, sc->dots);
        for (int j = 0; j < m; ++j) {
            anl_neighbours *q = r->queries[which[j]];
            const int32_t *dot = sc->dots + (size_t)j * (size_t)panels * ANL_PANEL;
            if (q->lists && !q->n_lists && r->nprobe < ANL_RANKED) rank(s, sc, dot, q);
            if (q->n_lists >= r->nprobe) continue;
            const int lists = choose(s, sc, dot, q->nprobe, r->nprobe);
            for (int p = 0; p < lists; ++p) add_probe(s, sc, sc->which[p], which[j], &probes);
        }
    }
    for (int i = 0; i < r->n; ++i)
        for (int p = r->queries[i]->nprobe; p < r->nprobe && r->nprobe <= r->queries[i]->n_lists; ++p)
            add_probe(s, sc, r->queries[i]->lists[p], i, &probes);
    for (int32_t l = 0; l < x->nlist; ++l) sc->starts[l + 1] += sc->starts[l];
    for (size_t i = 0; i < probes; ++i) sc->sorted[sc->starts[sc->probes[i].list]++] = sc->probes[i];
    memmove(sc->starts + 1, sc->starts, (size_t)x->nlist * sizeof *sc->starts);
    sc->starts[0] = 0;
}

/* Keeps those of the entries selected (sc->which, sc->values) that may be among the k nearest of one query. */
static void keep(const anl_search *s, anl_search_scratch *sc, uint32_t query, int64_t first, int32_t found, int32_t k, int32_t room)
{
    const int32_t norm = sc->norms[query], reach = sc->reaches[query];
    const uint32_t windows = (uint32_t)s->index->n_windows;
    uint64_t *keys = sc->keys + (size_t)query * (size_t)room;
    int32_t n = sc->counts[query];
    for (int32_t i = 0; i < found; ++i) {
        const uint32_t window = s->index->ids[first + sc->which[i]];
        if (window >= windows || sc->values[i] > sc->limits[query] || sc->values[i] < -norm)
            continue; /* padding, or an index not yet checked */
        if (sc->values[i] + reach < sc->limits[query]) sc->limits[query] = sc->values[i] + reach;
        keys[n++] = (uint64_t)(uint32_t)(norm + sc->values[i]) << 32 | window;
        if (n < room) continue;
        int32_t limit;
        n = cull(s, sc, keys, n, k, &limit);
        sc->limits[query] = limit - norm;
    }
    sc->counts[query] = n;
}

static void scan_list(const anl_search *s, anl_search_scratch *sc, uint32_t list, int32_t k, int32_t room)
{
    const anl_index *x = s->index;
    const size_t d = (size_t)x->d;
    const int64_t first = (int64_t)x->list_begin[list];
    const int32_t entries = (int32_t)((int64_t)x->list_begin[list + 1] - first);
    for (uint32_t begin = sc->starts[list], end = sc->starts[list + 1]; begin < end; begin += QUERIES_AT_ONCE) {
        const int32_t m = end - begin < QUERIES_AT_ONCE ? (int32_t)(end - begin) : QUERIES_AT_ONCE;
        for (int32_t i = 0; i < m; ++i)
            memcpy(sc->gathered + (size_t)i * d, sc->queries + (size_t)sc->sorted[begin + (uint32_t)i].query * d, d);
        s->kernels->dots(sc->gathered, m, x->codes + (size_t)first * d, entries / ANL_PANEL, x->d, sc->dots);
        for (int32_t i = 0; i < m; ++i) {
            const uint32_t query = sc->sorted[begin + (uint32_t)i].query;
            const int32_t found = s->kernels->select_at_most(sc->dots + (size_t)i * (size_t)entries, x->bias + first, entries,
                                                             sc->limits[query], sc->which, sc->values);
            keep(s, sc, query, first, found, k, room);
        }
    }
}

/* A query begins with the hits of the lists that it has gone through. */
static void begin_query(const anl_search *s, anl_search_scratch *sc, const anl_neighbours *q, int i, int32_t room)
{
    const int32_t d = s->index->d, norm = anl_squared_norm(q->query, d), reach = reach_of(s, q, norm);
    uint64_t *keys = sc->keys + (size_t)i * (size_t)room;
    int32_t farthest = anl_distance_at(norm, ANL_COSINE_NOISE);
    for (int32_t c = 0; c < d; ++c) sc->queries[(size_t)i * (size_t)d + (size_t)c] = (uint8_t)(q->query[c] + ANL_PANEL_OFFSET);
    for (int32_t j = 0; j < q->n; ++j) keys[j] = (uint64_t)(uint32_t)q->hits[j].dist << 32 | q->hits[j].window;
    if (q->n && q->hits[0].dist + reach < farthest) farthest = q->hits[0].dist + reach;
    sc->norms[i] = norm;
    sc->reaches[i] = reach;
    sc->counts[i] = q->n;
    sc->limits[i] = farthest - norm;
}

static anl_hit hit_of(uint64_t key)
{
    return (anl_hit){(int32_t)(key >> 32), (uint32_t)key};
}

static void end_query(const anl_search *s, anl_search_scratch *sc, anl_neighbours *q, int i, int32_t room)
{
    uint64_t *keys = sc->keys + (size_t)i * (size_t)room;
    int32_t n = sc->counts[i];
    if (n > q->k) n = cull(s, sc, keys, n, q->k, &sc->limits[i]);
    sort(keys, sc->merged, n);
    q->n = n < q->k ? n : q->k;
    for (int32_t j = 0; j < q->n; ++j) q->hits[j] = hit_of(keys[j]);
}

static int search_native(const anl_search *s, anl_search_scratch *sc, const request *r)
{
    const int32_t room = r->k * ANL_SURVIVORS < ANL_SURVIVORS_LEAST ? ANL_SURVIVORS_LEAST : r->k * ANL_SURVIVORS;
    int rc = reserve(sc, s->index, r, (size_t)room);
    if (rc) return rc;
    for (int i = 0; i < r->n; ++i) begin_query(s, sc, r->queries[i], i, room);
    choose_lists(s, sc, r);
    for (int32_t l = 0; l < s->index->nlist; ++l) scan_list(s, sc, (uint32_t)l, r->k, room);
    for (int i = 0; i < r->n; ++i) end_query(s, sc, r->queries[i], i, room);
    return ANL_OK;
}

static int search_faiss(const anl_search *s, anl_search_scratch *sc, const request *r)
{
    int rc = anl_grow(&sc->keys, &sc->keys_cap, (size_t)r->k, sizeof *sc->keys);
    for (int i = 0; i < r->n && !rc; ++i) {
        anl_neighbours *q = r->queries[i];
        const int32_t farthest = anl_distance_at(anl_squared_norm(q->query, s->index->d), ANL_COSINE_NOISE);
        int n = 0;
        rc = anl_index_faiss_search(s->faiss, q->query, r->k, r->nprobe, sc->keys, &n);
        while (n && (int32_t)(sc->keys[n - 1] >> 32) > farthest) --n;
        for (int j = 0; j < n && !rc; ++j) q->hits[j] = hit_of(sc->keys[j]);
        q->n = n;
    }
    return rc;
}

int anl_search_wave(const anl_search *s, anl_search_scratch *sc, anl_neighbours *const *queries, int n, int nprobe)
{
    if (!n) return ANL_OK;
    if (nprobe > s->index->nlist) nprobe = s->index->nlist;
    const request r = {queries, n, queries[0]->k, nprobe};
    int rc = s->gpu     ? anl_gpu_wave(s->gpu, &sc->on_gpu, queries, n, nprobe, s->competing_only)
             : s->faiss ? search_faiss(s, sc, &r)
                        : search_native(s, sc, &r);
    for (int i = 0; i < n && !rc; ++i) {
        anl_neighbours *q = queries[i];
        q->nprobe = nprobe;
        if (!q->n) continue;
        const int32_t farthest = q->hits[0].dist + reach_of(s, q, anl_squared_norm(q->query, s->index->d));
        while (q->hits[q->n - 1].dist > farthest) --q->n;
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
