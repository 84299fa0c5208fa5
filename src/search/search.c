#include "search.h"

#include "kernels.h"

#include <stdlib.h>
#include <string.h>

enum { QUERIES_AT_ONCE = 48, SLACK = 4 /* a query keeps up to 4k survivors before it is cut back to k */ };

struct anl_search {
    const anl_index *index;
    const anl_scan_kernels *kernels;
    anl_index_faiss *faiss; /* NULL: native */
    anl_gpu *gpu;           /* NULL: the CPU */
    int rivals_only;
};

/* A query and a list that it probes. */
typedef struct probe {
    uint32_t list, query;
} probe;

struct anl_search_scratch {
    anl_gpu_stream *stream; /* NULL: the CPU */
    uint8_t *queries; /* biased to unsigned */
    uint8_t *gathered;
    int32_t *dots;
    uint64_t *keys;   /* [n][room] distance << 32 | window */
    uint64_t *merged; /* [room] */
    int32_t *counts, *limits;
    probe *probes, *sorted;
    uint32_t *starts, *which, *before;
    int32_t *values, *distances;
    size_t queries_cap, gathered_cap, dots_cap, keys_cap, counts_cap, limits_cap, probes_cap, sorted_cap, starts_cap, which_cap, before_cap,
        values_cap, distances_cap, merged_cap;
};

/* What is asked for. The `before` nearest lists were gone through earlier, with what `hits` and `counts` hold: only the native scan uses that. */
typedef struct request {
    const int8_t *queries; /* [n][d] */
    int n, k, nprobe, before;
    anl_hit *hits; /* [n][k] */
    int *counts;
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
    const anl_gpu_lists lists = {.d = x->d, .nlist = x->nlist, .centroids = x->centroids, .centroid_bias = x->centroid_bias,
                                 .list_begin = x->list_begin, .codes = x->codes, .bias = x->bias, .ids = x->ids,
                                 .no_id = ANL_INDEX_NO_WINDOW};
    if (s->faiss) return ANL_OK;
    int rc = anl_gpu_load_lists(gpu, &lists);
    if (!rc) s->gpu = gpu;
    return rc;
}

void anl_search_rivals_only(anl_search *s)
{
    s->rivals_only = 1;
}

void anl_search_free(anl_search *s)
{
    if (!s) return;
    anl_index_faiss_free(s->faiss);
    free(s);
}

int anl_search_scratch_new(anl_search_scratch **out, const anl_search *s)
{
    anl_search_scratch *sc = anl_alloc(1, sizeof *sc);
    if (!sc) return ANL_ENOMEM;
    int rc = s->gpu ? anl_gpu_stream_new(&sc->stream, s->gpu) : ANL_OK;
    if (rc) {
        anl_search_scratch_free(sc);
        return rc;
    }
    *out = sc;
    return ANL_OK;
}

void anl_search_scratch_free(anl_search_scratch *sc)
{
    if (!sc) return;
    anl_gpu_stream_free(sc->stream);
    void *const all[] = {sc->queries, sc->gathered, sc->dots, sc->keys, sc->counts, sc->limits, sc->probes, sc->sorted, sc->starts,
                         sc->which, sc->before, sc->values, sc->distances, sc->merged};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free(all[i]);
    free(sc);
}

int anl_search_nprobe(const anl_index *x, int effort)
{
    const int64_t n = x->n_entries > 0 ? x->n_entries : 1;
    int64_t root = 1; /* integer square root of n */
    while ((root + 1) * (root + 1) <= n) root += root > 1 << 16 ? 16 : 1;
    int64_t entries = 40 * root * effort; /* 12,600 at n = 100,000 */
    int64_t lists = entries * x->nlist / n + 1;
    return lists < x->nlist ? (int)lists : x->nlist;
}

static int reserve(anl_search_scratch *sc, const anl_index *x, const request *r, size_t room)
{
    const size_t n = (size_t)r->n, d = (size_t)x->d, lists = (size_t)x->nlist, probes = n * (size_t)(r->nprobe - r->before);
    size_t widest = anl_panels_padded(lists);
    if (x->longest_list > (int64_t)widest) widest = (size_t)x->longest_list;
    int rc = anl_grow(&sc->queries, &sc->queries_cap, n * d, 1);
    if (!rc) rc = anl_grow(&sc->gathered, &sc->gathered_cap, QUERIES_AT_ONCE * d, 1);
    if (!rc) rc = anl_grow(&sc->dots, &sc->dots_cap, QUERIES_AT_ONCE * widest, sizeof *sc->dots);
    if (!rc) rc = anl_grow(&sc->keys, &sc->keys_cap, n * room, sizeof *sc->keys);
    if (!rc) rc = anl_grow(&sc->counts, &sc->counts_cap, n, sizeof *sc->counts);
    if (!rc) rc = anl_grow(&sc->limits, &sc->limits_cap, n, sizeof *sc->limits);
    if (!rc) rc = anl_grow(&sc->probes, &sc->probes_cap, probes, sizeof *sc->probes);
    if (!rc) rc = anl_grow(&sc->sorted, &sc->sorted_cap, probes, sizeof *sc->sorted);
    if (!rc) rc = anl_grow(&sc->starts, &sc->starts_cap, lists + 1, sizeof *sc->starts);
    if (!rc) rc = anl_grow(&sc->which, &sc->which_cap, widest + 16, sizeof *sc->which);
    if (!rc) rc = anl_grow(&sc->before, &sc->before_cap, widest + 16, sizeof *sc->before);
    if (!rc) rc = anl_grow(&sc->values, &sc->values_cap, widest + 16, sizeof *sc->values);
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
        if (k - 1 <= j) hi = j;
        else if (k - 1 >= i) lo = i;
        else return;
    }
}

/* Keeps the k smallest of keys[n], n > k, and a few more at most as far; returns how many. Nothing beyond *limit can be among them. */
static int32_t cull(const anl_search *s, anl_search_scratch *sc, uint64_t *keys, int32_t n, int32_t k, int32_t *limit)
{
    for (int32_t i = 0; i < n; ++i) sc->distances[i] = (int32_t)(keys[i] >> 32);
    *limit = s->kernels->bound(sc->distances, n, k);
    int32_t kept = 0;
    for (int32_t i = 0; i < n; ++i) {
        keys[kept] = keys[i];
        kept += (int32_t)(keys[i] >> 32) <= *limit;
    }
    if (kept <= 2 * k) return kept;
    select_smallest(keys, kept, k); /* many are equally far */
    return k;
}

/* Sorts keys[n] by merging ever longer stretches, without branches that depend on them; `other` has room for n as well. */
static void sort(uint64_t *keys, uint64_t *other, int32_t n)
{
    uint64_t *from = keys, *to = other;
    for (int32_t width = 1; width < n; width *= 2) {
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

/* A window that much farther than the nearest one cannot hold a place that rivals it. */
static int32_t reach_of(int32_t length)
{
    return length / 2;
}

/* Beyond a cosine of 1/4 there is nothing but noise; nearer, reads of which a part belongs to the window. Vectors of one length: distance =
 * 2 * length * (1 - cosine). */
static int32_t farthest(int32_t length)
{
    return length + length / 2;
}

/* The n nearest centroids, given their dot products with a query, ascending by number; of equally near ones the first. */
static void nearest_lists(const anl_search *s, anl_search_scratch *sc, const int32_t *dot, int n, uint32_t *which)
{
    const anl_index *x = s->index;
    const int32_t *bias = x->centroid_bias, padded = (int32_t)anl_panels_padded((size_t)x->nlist);
    for (int32_t l = 0; l < x->nlist; ++l) sc->values[l] = bias[l] - 2 * dot[l];
    const int32_t bound = s->kernels->bound(sc->values, x->nlist, n);
    int32_t found = s->kernels->near(dot, bias, padded, bound, which, sc->values);
    while (which[found - 1] >= (uint32_t)x->nlist) --found;
    for (int32_t i = found; found > n;)
        if (sc->values[--i] == bound) memmove(which + i, which + i + 1, (size_t)(found-- - i - 1) * sizeof *which);
}

/* The lists that a query is still to go through, to sc->which; returns how many. */
static int choose(const anl_search *s, anl_search_scratch *sc, const int32_t *dot, const request *r)
{
    int n = 0;
    nearest_lists(s, sc, dot, r->nprobe, sc->which);
    if (!r->before) return r->nprobe;
    nearest_lists(s, sc, dot, r->before, sc->before);
    for (int i = 0, j = 0; i < r->nprobe; ++i)
        if (j < r->before && sc->which[i] == sc->before[j]) ++j;
        else sc->which[n++] = sc->which[i];
    return n;
}

/* The lists of all queries, grouped by list in sc->sorted, sc->starts. */
static void choose_lists(const anl_search *s, anl_search_scratch *sc, const request *r)
{
    const anl_index *x = s->index;
    const int32_t panels = (int32_t)anl_panels((size_t)x->nlist);
    size_t probes = 0;
    memset(sc->starts, 0, ((size_t)x->nlist + 1) * sizeof *sc->starts);
    for (int begin = 0; begin < r->n; begin += QUERIES_AT_ONCE) {
        const int m = r->n - begin < QUERIES_AT_ONCE ? r->n - begin : QUERIES_AT_ONCE;
        s->kernels->dots(sc->queries + (size_t)begin * (size_t)x->d, m, x->centroids, panels, x->d, sc->dots);
        for (int i = 0; i < m; ++i) {
            const int lists = choose(s, sc, sc->dots + (size_t)i * (size_t)panels * ANL_PANEL, r);
            for (int p = 0; p < lists; ++p) {
                sc->probes[probes++] = (probe){sc->which[p], (uint32_t)(begin + i)};
                ++sc->starts[sc->which[p] + 1];
            }
        }
    }
    for (int32_t l = 0; l < x->nlist; ++l) sc->starts[l + 1] += sc->starts[l];
    for (size_t i = 0; i < probes; ++i) sc->sorted[sc->starts[sc->probes[i].list]++] = sc->probes[i];
    memmove(sc->starts + 1, sc->starts, (size_t)x->nlist * sizeof *sc->starts);
    sc->starts[0] = 0;
}

/* Keeps what may be among the k nearest of one query. `limit` is the largest value that still may. */
static void keep(const anl_search *s, anl_search_scratch *sc, uint32_t query, int32_t length, int64_t first, int32_t found, int32_t k,
                 int32_t room)
{
    uint64_t *keys = sc->keys + (size_t)query * (size_t)room;
    int32_t n = sc->counts[query];
    for (int32_t i = 0; i < found; ++i) {
        const uint32_t window = s->index->ids[first + sc->which[i]];
        if (window == ANL_INDEX_NO_WINDOW || sc->values[i] > sc->limits[query]) continue;
        if (s->rivals_only && sc->values[i] + reach_of(length) < sc->limits[query]) sc->limits[query] = sc->values[i] + reach_of(length);
        keys[n++] = (uint64_t)(uint32_t)(length + sc->values[i]) << 32 | window;
        if (n < room) continue;
        int32_t limit;
        n = cull(s, sc, keys, n, k, &limit);
        sc->limits[query] = limit - length;
    }
    sc->counts[query] = n;
}

static void scan_list(const anl_search *s, anl_search_scratch *sc, uint32_t list, const int32_t *length, int32_t k, int32_t room)
{
    const anl_index *x = s->index;
    const size_t d = (size_t)x->d;
    const int64_t first = (int64_t)x->list_begin[list];
    const int32_t entries = (int32_t)((int64_t)x->list_begin[list + 1] - first);
    for (uint32_t begin = sc->starts[list], end = sc->starts[list + 1]; begin < end; begin += QUERIES_AT_ONCE) {
        const int32_t m = end - begin < QUERIES_AT_ONCE ? (int32_t)(end - begin) : QUERIES_AT_ONCE;
        for (int32_t i = 0; i < m; ++i) memcpy(sc->gathered + (size_t)i * d, sc->queries + (size_t)sc->sorted[begin + (uint32_t)i].query * d, d);
        s->kernels->dots(sc->gathered, m, x->codes + (size_t)first * d, entries / ANL_PANEL, x->d, sc->dots);
        for (int32_t i = 0; i < m; ++i) {
            const uint32_t query = sc->sorted[begin + (uint32_t)i].query;
            const int32_t found = s->kernels->near(sc->dots + (size_t)i * (size_t)entries, x->bias + first, entries, sc->limits[query], sc->which,
                                                   sc->values);
            keep(s, sc, query, length[query], first, found, k, room);
        }
    }
}

/* What a query brings along from the lists before. */
static void begin_query(const anl_search *s, anl_search_scratch *sc, const request *r, int i, int32_t length, int32_t room)
{
    const anl_hit *hits = r->hits + (size_t)i * (size_t)r->k;
    uint64_t *keys = sc->keys + (size_t)i * (size_t)room;
    int32_t most = farthest(length);
    sc->counts[i] = r->before ? r->counts[i] : 0;
    for (int32_t j = 0; j < sc->counts[i]; ++j) keys[j] = (uint64_t)(uint32_t)hits[j].dist << 32 | hits[j].window;
    if (s->rivals_only && sc->counts[i] && hits[0].dist + reach_of(length) < most) most = hits[0].dist + reach_of(length);
    sc->limits[i] = most - length;
}

static int search_native(const anl_search *s, anl_search_scratch *sc, const request *r)
{
    const anl_index *x = s->index;
    const size_t d = (size_t)x->d;
    const int n = r->n, k = r->k;
    const int32_t room = k * SLACK < 64 ? 64 : k * SLACK;
    int rc = reserve(sc, x, r, (size_t)room);
    int32_t *length = rc ? NULL : anl_alloc((size_t)n, sizeof *length);
    if (!length) return ANL_ENOMEM;
    for (size_t i = 0; i < (size_t)n * d; ++i) sc->queries[i] = (uint8_t)(r->queries[i] + ANL_PANEL_OFFSET);
    choose_lists(s, sc, r);
    for (int i = 0; i < n; ++i) {
        length[i] = anl_squared_length(r->queries + (size_t)i * d, x->d);
        begin_query(s, sc, r, i, length[i], room);
    }
    for (int32_t l = 0; l < x->nlist; ++l) scan_list(s, sc, (uint32_t)l, length, k, room);
    for (int i = 0; i < n; ++i) {
        uint64_t *keys = sc->keys + (size_t)i * (size_t)room;
        int32_t m = sc->counts[i];
        if (m > k) m = cull(s, sc, keys, m, k, &sc->limits[i]);
        sort(keys, sc->merged, m);
        if (m > k) m = k;
        for (int32_t j = 0; j < m; ++j) r->hits[(size_t)i * (size_t)k + (size_t)j] = (anl_hit){(int32_t)(keys[j] >> 32), (uint32_t)keys[j]};
        r->counts[i] = m;
    }
    free(length);
    return ANL_OK;
}

static int search_gpu(const anl_search *s, anl_search_scratch *sc, const request *r)
{
    const int32_t d = s->index->d;
    int rc = anl_grow(&sc->limits, &sc->limits_cap, (size_t)r->n, sizeof *sc->limits);
    if (rc) return rc;
    for (int i = 0; i < r->n; ++i) sc->limits[i] = farthest(anl_squared_length(r->queries + (size_t)i * (size_t)d, d));
    const anl_gpu_queries q = {.vectors = r->queries, .limits = sc->limits, .n = r->n, .k = r->k, .nprobe = r->nprobe};
    return anl_gpu_search(sc->stream, &q, r->hits, r->counts);
}

static int search_faiss(const anl_search *s, anl_search_scratch *sc, const request *r)
{
    int rc = anl_grow(&sc->keys, &sc->keys_cap, (size_t)r->k, sizeof *sc->keys);
    for (int i = 0; i < r->n && !rc; ++i) {
        const int8_t *query = r->queries + (size_t)i * (size_t)s->index->d;
        const int32_t most = farthest(anl_squared_length(query, s->index->d));
        int *count = &r->counts[i];
        rc = anl_index_faiss_search(s->faiss, query, r->k, r->nprobe, sc->keys, count);
        while (*count && (int32_t)(sc->keys[*count - 1] >> 32) > most) --*count;
        for (int j = 0; j < *count && !rc; ++j)
            r->hits[(size_t)i * (size_t)r->k + (size_t)j] = (anl_hit){(int32_t)(sc->keys[j] >> 32), (uint32_t)sc->keys[j]};
    }
    return rc;
}

static int search(const anl_search *s, anl_search_scratch *sc, const request *r)
{
    int rc = sc->stream ? search_gpu(s, sc, r) : s->faiss ? search_faiss(s, sc, r) : search_native(s, sc, r);
    for (int i = 0; i < r->n && !rc && s->rivals_only; ++i) {
        const int32_t reach = reach_of(anl_squared_length(r->queries + (size_t)i * (size_t)s->index->d, s->index->d));
        const anl_hit *own = r->hits + (size_t)i * (size_t)r->k;
        while (r->counts[i] && own[r->counts[i] - 1].dist > own[0].dist + reach) --r->counts[i];
    }
    return rc;
}

int anl_search_batch(const anl_search *s, anl_search_scratch *sc, const int8_t *queries, int n, int k, int effort, anl_hit *hits,
                     int *counts)
{
    return search(s, sc, &(request){queries, n, k, anl_search_nprobe(s->index, effort), 0, hits, counts});
}

/* A nearest hit beyond this, for the effort made so far, may hide a nearer one in a list not probed. */
static int32_t unsure_beyond(int32_t length, int effort)
{
    return effort == 1 ? length / 8 * 3 : length / 8 * 5;
}

int anl_search_sure(const anl_search *s, anl_search_scratch *sc, const int8_t *queries, int n, int k, anl_hit *hits, int *counts,
                    int *efforts)
{
    const size_t d = (size_t)s->index->d;
    int rc = ANL_ENOMEM, before = 0;
    int8_t *some = anl_alloc((size_t)n * d, 1);
    int *which = anl_alloc((size_t)n, sizeof *which), *found_counts = anl_alloc((size_t)n, sizeof *found_counts);
    anl_hit *found = anl_alloc((size_t)n * (size_t)k, sizeof *found);
    if (!some || !which || !found_counts || !found) goto done;
    memset(counts, 0, (size_t)n * sizeof *counts);
    memset(efforts, 0, (size_t)n * sizeof *efforts);
    for (int effort = 1; effort <= ANL_SEARCH_MOST; effort *= ANL_SEARCH_MORE) {
        int m = 0;
        for (int i = 0; i < n; ++i) {
            const int8_t *query = queries + (size_t)i * d;
            const int32_t length = anl_squared_length(query, s->index->d);
            if (!length || (efforts[i] && counts[i] && hits[(size_t)i * (size_t)k].dist <= unsure_beyond(length, efforts[i]))) continue;
            memcpy(some + (size_t)m * d, query, d);
            memcpy(found + (size_t)m * (size_t)k, hits + (size_t)i * (size_t)k, (size_t)counts[i] * sizeof *hits);
            found_counts[m] = counts[i];
            which[m++] = i;
        }
        const int nprobe = anl_search_nprobe(s->index, effort);
        rc = m ? search(s, sc, &(request){some, m, k, nprobe, before, found, found_counts}) : ANL_OK;
        if (rc) goto done;
        before = nprobe;
        for (int j = 0; j < m; ++j) {
            memcpy(hits + (size_t)which[j] * (size_t)k, found + (size_t)j * (size_t)k, (size_t)found_counts[j] * sizeof *hits);
            counts[which[j]] = found_counts[j];
            efforts[which[j]] = effort;
        }
    }
done:
    free(some);
    free(which);
    free(found_counts);
    free(found);
    return rc;
}
