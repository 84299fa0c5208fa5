#include "native.h"

#include "crew.h"
#include "kernels.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUERIES_AT_ONCE = ANL_QUERIES_AT_ONCE,
    GATHERED = 10 * QUERIES_AT_ONCE, /* queries that go through a list together, ... */
    BLOCK = 512,                     /* ... and entries of it: both, and their products, stay in the cache */
    SIEVED_LEAST = 4,                /* queries for which a block is worth sieving, ... */
    SIEVED_FROM = 7,                 /* ... if they want hits of this cosine, in sixteenths */
    SAMPLE = 512,                    /* centroids that show how near those can be that are sought, */
    SAMPLE_OF = 8,                   /* or so many for each of these */
};

_Static_assert(BLOCK % ANL_PANEL == 0 && BLOCK / ANL_PANEL <= ANL_SIEVE_PANELS, "whole panels, and a bit for each");

struct anl_native {
    const anl_index *index;
    const anl_scan_kernels *kernels;
    anl_crew *crew; /* NULL: every thread goes through lists for itself */
};

/* A query and a list that it probes. */
typedef struct probe {
    uint32_t list, query;
} probe;

/* A query on its way through the lists. */
typedef struct seeker {
    const uint8_t *vector; /* biased to unsigned */
    uint64_t *keys;        /* [room] of its hits: distance << 32 | window */
    int32_t k, room;       /* keys that are sought, and that there is room for */
    int32_t norm, reach;   /* its squared norm, and how much farther than the nearest others may be */
    int32_t slack, near;   /* anl_sieve_slack, and the limit from which on it is sieved */
    /* what threads that search together change */
    atomic_flag busy;
    _Atomic int32_t limit; /* largest squared distance less squared norm that another hit may have; it falls */
    int32_t n;             /* keys kept */
} seeker;

struct anl_native_scratch {
    const anl_native *native; /* of the wave that it is in */
    anl_crew *crew;           /* that it is a member of, or NULL */
    int64_t entries;
    /* of its queries */
    seeker *seekers;
    uint8_t *vectors;  /* of all of them */
    uint64_t *keys;    /* of all of them */
    uint64_t *ranks;   /* of the lists of one, and room to sort them */
    int32_t most_room; /* of one */
    probe *probes;
    uint32_t *sorted; /* their queries, grouped by list */
    uint32_t *starts; /* [nlist + 1] first probe of each list in `sorted` */
    /* of what it goes through, for whomever */
    seeker **visitors; /* [GATHERED], those that are sieved at its end, */
    uint8_t *gathered; /* and their vectors */
    int8_t *high;      /* of a block, */
    int32_t *high_bias;
    int32_t *dots;
    uint32_t *which, *before; /* entries or lists chosen */
    int32_t *values, *distances;
    uint64_t *merged;     /* [most_room] */
    _Atomic int32_t next; /* list that nobody has gone through yet, of the guest that is first */
    _Atomic int failed;   /* somebody who was to go through its lists lacked memory */
    size_t seekers_cap, vectors_cap, keys_cap, ranks_cap, probes_cap, sorted_cap, starts_cap, visitors_cap, gathered_cap, dots_cap,
        which_cap, before_cap, values_cap, distances_cap, merged_cap, high_cap, high_bias_cap;
};

int anl_native_new(anl_native **out, const anl_index *x)
{
    const anl_kernels *k = anl_kernels_get();
    anl_native *v = k ? anl_alloc(1, sizeof *v) : NULL;
    if (!v) return k ? ANL_ENOMEM : ANL_EINVAL;
    v->index = x;
    v->kernels = &k->scan;
    *out = v;
    return ANL_OK;
}

void anl_native_free(anl_native *v)
{
    if (!v) return;
    anl_crew_free(v->crew);
    free(v);
}

int anl_native_together(anl_native *v, int threads)
{
    return anl_crew_new(&v->crew, threads);
}

int anl_native_scratch_new(anl_native_scratch **out)
{
    *out = anl_alloc(1, sizeof **out);
    return *out ? ANL_OK : ANL_ENOMEM;
}

void anl_native_release(anl_native_scratch *sc)
{
    void *const all[] = {sc->seekers, sc->vectors,   sc->keys,     sc->ranks, sc->probes,   sc->sorted,
                         sc->starts,  sc->visitors,  sc->gathered, sc->dots,  sc->which,    sc->before,
                         sc->values,  sc->distances, sc->merged,   sc->high,  sc->high_bias};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free(all[i]);
    *sc = (anl_native_scratch){.crew = sc->crew, .entries = sc->entries};
}

void anl_native_scratch_free(anl_native_scratch *sc)
{
    if (sc) anl_native_release(sc);
    free(sc);
}

void anl_native_join(const anl_native *v, anl_native_scratch *sc)
{
    if (v->crew) anl_crew_join(v->crew);
    sc->crew = v->crew;
}

void anl_native_leave(anl_native_scratch *sc)
{
    if (sc->crew) anl_crew_leave(sc->crew);
    sc->crew = NULL;
}

int64_t anl_native_entries(const anl_native_scratch *sc)
{
    return sc->entries;
}

/* ---- the nearest of keys ---- */

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
static int32_t cull(const anl_native *v, anl_native_scratch *sc, uint64_t *keys, int32_t n, int32_t k, int32_t *limit)
{
    for (int32_t i = 0; i < n; ++i) sc->distances[i] = (int32_t)(keys[i] >> 32);
    *limit = v->kernels->limit_of_k(sc->distances, n, k);
    int32_t kept = 0;
    for (int32_t i = 0; i < n; ++i) {
        keys[kept] = keys[i];
        kept += (int32_t)(keys[i] >> 32) <= *limit;
    }
    if (kept - k <= (n - k) / 2) return kept;
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

/* ---- lists ---- */

/* The n nearest centroids, given their dot products with a query, ascending by number; of equally near ones the first. None of them is farther than
 * the n-th nearest of a sample, which leaves few to select among. */
static void nearest_lists(const anl_native *v, anl_native_scratch *sc, const int32_t *dot, int n, uint32_t *which)
{
    const anl_index *x = v->index;
    const int32_t *bias = x->centroid_bias, padded = (int32_t)anl_panels_padded((size_t)x->nlist);
    const int32_t enough = n > SAMPLE / SAMPLE_OF ? n * SAMPLE_OF : SAMPLE, sample = enough < x->nlist ? enough : x->nlist;
    for (int32_t l = 0; l < sample; ++l) sc->values[l] = bias[l] - 2 * dot[l];
    int32_t limit = v->kernels->limit_of_k(sc->values, sample, n), kept = 0, nearer = 0;
    int32_t found = v->kernels->select_at_most(dot, bias, padded, limit, which, sc->values);
    while (which[found - 1] >= (uint32_t)x->nlist) --found;
    limit = v->kernels->limit_of_k(sc->values, found, n);
    for (int32_t i = 0; i < found; ++i) nearer += sc->values[i] < limit;
    for (int32_t i = 0, ties = n - nearer; i < found; ++i) {
        if (sc->values[i] > limit || (sc->values[i] == limit && --ties < 0)) continue;
        which[kept++] = which[i];
    }
}

/* The lists that a query is still to go through, to sc->which; returns how many. */
static int choose(const anl_native *v, anl_native_scratch *sc, const int32_t *dot, int before, int nprobe)
{
    int n = 0;
    nearest_lists(v, sc, dot, nprobe, sc->which);
    if (!before) return nprobe;
    nearest_lists(v, sc, dot, before, sc->before);
    for (int i = 0, j = 0; i < nprobe; ++i)
        if (j < before && sc->which[i] == sc->before[j])
            ++j;
        else
            sc->which[n++] = sc->which[i];
    return n;
}

static void add_probe(const anl_native *v, anl_native_scratch *sc, uint32_t list, int query, size_t *probes)
{
    const uint64_t *begin = v->index->list_begin;
    sc->entries += (int64_t)(begin[list + 1] - begin[list]);
    sc->probes[(*probes)++] = (probe){list, (uint32_t)query};
    ++sc->starts[list + 1];
}

/* The nearest lists of a query in their order, where later waves may go through few of them; of equally near ones the lower number first. */
static void rank(const anl_native *v, anl_native_scratch *sc, const int32_t *dot, anl_neighbours *q)
{
    const int n = v->index->nlist < q->lists_cap ? v->index->nlist : q->lists_cap;
    uint64_t *keys = sc->ranks;
    nearest_lists(v, sc, dot, n, sc->which);
    for (int i = 0; i < n; ++i) {
        const uint32_t list = sc->which[i];
        const int32_t value = v->index->centroid_bias[list] - 2 * dot[list];
        keys[i] = (uint64_t)((int64_t)value - INT32_MIN) << 32 | list;
    }
    sort(keys, keys + n, n);
    for (int i = 0; i < n; ++i) q->lists[i] = (uint32_t)keys[i];
    q->n_lists = n;
}

/* The lists of all queries, grouped by list in sc->sorted, sc->starts. Only queries whose lists are not ranked that far meet all centroids. */
static void choose_lists(const anl_native *v, anl_native_scratch *sc, anl_neighbours *const *queries, int n, int nprobe)
{
    const anl_index *x = v->index;
    const int32_t panels = (int32_t)anl_panels((size_t)x->nlist);
    const size_t d = (size_t)x->d;
    size_t probes = 0;
    memset(sc->starts, 0, ((size_t)x->nlist + 1) * sizeof *sc->starts);
    for (int i = 0; i < n;) {
        int which[QUERIES_AT_ONCE], m = 0;
        for (; i < n && m < QUERIES_AT_ONCE; ++i) {
            if (queries[i]->n_lists >= nprobe) continue;
            memcpy(sc->gathered + (size_t)m * d, sc->seekers[i].vector, d);
            which[m++] = i;
        }
        if (m) v->kernels->dots(sc->gathered, m, x->centroids, panels, x->d, sc->dots);
        for (int j = 0; j < m; ++j) {
            anl_neighbours *q = queries[which[j]];
            const int32_t *dot = sc->dots + (size_t)j * (size_t)panels * ANL_PANEL;
            if (q->lists && !q->n_lists && nprobe < q->lists_cap) rank(v, sc, dot, q);
            if (q->n_lists >= nprobe) continue;
            const int lists = choose(v, sc, dot, q->nprobe, nprobe);
            for (int p = 0; p < lists; ++p) add_probe(v, sc, sc->which[p], which[j], &probes);
        }
    }
    for (int i = 0; i < n; ++i)
        for (int p = queries[i]->nprobe; p < nprobe && nprobe <= queries[i]->n_lists; ++p)
            add_probe(v, sc, queries[i]->lists[p], i, &probes);
    for (int32_t l = 0; l < x->nlist; ++l) sc->starts[l + 1] += sc->starts[l];
    for (size_t i = 0; i < probes; ++i) sc->sorted[sc->starts[sc->probes[i].list]++] = sc->probes[i].query;
    memmove(sc->starts + 1, sc->starts, (size_t)x->nlist * sizeof *sc->starts);
    sc->starts[0] = 0;
}

/* ---- going through them ---- */

static void hold(seeker *q)
{
    while (atomic_flag_test_and_set_explicit(&q->busy, memory_order_acquire)) sched_yield();
}

static void release(seeker *q)
{
    atomic_flag_clear_explicit(&q->busy, memory_order_release);
}

/* Keeps those of the entries selected (sc->which, sc->values; counted from `first`) that may be among the k nearest of a query. */
static void keep(const anl_native *v, anl_native_scratch *sc, seeker *q, int64_t first, int32_t found)
{
    const uint32_t windows = (uint32_t)v->index->n_windows;
    hold(q);
    int32_t n = q->n, limit = atomic_load_explicit(&q->limit, memory_order_relaxed);
    for (int32_t i = 0; i < found; ++i) {
        const int32_t value = sc->values[i];
        const uint32_t window = v->index->ids[first + sc->which[i]];
        if (window >= windows || value > limit || value < -q->norm) continue; /* padding, or an index not yet checked */
        if (value + q->reach < limit) limit = value + q->reach;
        q->keys[n++] = (uint64_t)(uint32_t)(q->norm + value) << 32 | window;
        if (n < q->room) continue;
        int32_t farthest;
        n = cull(v, sc, q->keys, n, q->k, &farthest);
        if (farthest - q->norm < limit) limit = farthest - q->norm;
    }
    q->n = n;
    atomic_store_explicit(&q->limit, limit, memory_order_relaxed);
    release(q);
}

/* Takes visitors [from, end) through [first, first + size) of a list. */
static void scan_block(const anl_native *v, anl_native_scratch *sc, int32_t from, int32_t end, int64_t first, int32_t size)
{
    const anl_index *x = v->index;
    const size_t d = (size_t)x->d;
    for (int32_t begin = from; begin < end; begin += QUERIES_AT_ONCE) {
        const int32_t m = end - begin < QUERIES_AT_ONCE ? end - begin : QUERIES_AT_ONCE;
        v->kernels->dots(sc->gathered + (size_t)begin * d, m, x->codes + (size_t)first * d, size / ANL_PANEL, x->d, sc->dots);
        for (int32_t i = 0; i < m; ++i) {
            const int32_t limit = atomic_load_explicit(&sc->visitors[begin + i]->limit, memory_order_relaxed);
            const int32_t found =
                v->kernels->select_at_most(sc->dots + (size_t)i * (size_t)size, x->bias + first, size, limit, sc->which, sc->values);
            if (found) keep(v, sc, sc->visitors[begin + i], first, found);
        }
    }
}

/* Takes one visitor through those panels of a block that may hold what is near. */
static void scan_panels(const anl_native *v, anl_native_scratch *sc, int32_t visitor, int64_t block, uint32_t panels)
{
    const anl_index *x = v->index;
    const size_t d = (size_t)x->d;
    seeker *q = sc->visitors[visitor];
    for (; panels; panels &= panels - 1) {
        const int64_t first = block + ANL_PANEL * __builtin_ctz(panels);
        const int32_t limit = atomic_load_explicit(&q->limit, memory_order_relaxed);
        v->kernels->dots(sc->gathered + (size_t)visitor * d, 1, x->codes + (size_t)first * d, 1, x->d, sc->dots);
        const int32_t found = v->kernels->select_at_most(sc->dots, x->bias + first, ANL_PANEL, limit, sc->which, sc->values);
        if (found) keep(v, sc, q, first, found);
    }
}

/* As scan_block, for visitors whose limits leave little: most panels can be passed over after half of the work. */
static void sieve_block(const anl_native *v, anl_native_scratch *sc, int32_t from, int32_t end, int64_t first, int32_t size)
{
    const anl_index *x = v->index;
    const size_t d = (size_t)x->d;
    const int32_t panels = size / ANL_PANEL;
    v->kernels->take_high(x->codes + (size_t)first * d, x->bias + first, panels, x->d, sc->high, sc->high_bias);
    for (int32_t begin = from; begin < end; begin += QUERIES_AT_ONCE) {
        const int32_t m = end - begin < QUERIES_AT_ONCE ? end - begin : QUERIES_AT_ONCE;
        int32_t loose[QUERIES_AT_ONCE];
        uint32_t may[QUERIES_AT_ONCE];
        for (int32_t i = 0; i < m; ++i) {
            const seeker *q = sc->visitors[begin + i];
            loose[i] = atomic_load_explicit(&q->limit, memory_order_relaxed) + q->slack;
        }
        v->kernels->sieve(sc->gathered + (size_t)begin * d, loose, m, sc->high, sc->high_bias, panels, x->d, may);
        for (int32_t i = 0; i < m; ++i) scan_panels(v, sc, begin + i, first, may[i]);
    }
}

/* Takes the visitors gathered, the last `sieved` of them sieved, through a list, in blocks that stay in the cache for all of them. */
static void scan_list(const anl_native *v, anl_native_scratch *sc, int32_t list, int32_t whole, int32_t sieved)
{
    const int64_t begin = (int64_t)v->index->list_begin[list], end = (int64_t)v->index->list_begin[list + 1];
    for (int64_t at = begin; at < end; at += BLOCK) {
        const int32_t size = end - at < BLOCK ? (int32_t)(end - at) : BLOCK;
        scan_block(v, sc, 0, whole, at, size);
        (sieved < SIEVED_LEAST ? scan_block : sieve_block)(v, sc, GATHERED - sieved, GATHERED, at, size);
    }
}

static int is_sieved(const anl_native *v, const seeker *q)
{
    return v->kernels->sieve && atomic_load_explicit(&q->limit, memory_order_relaxed) <= q->near;
}

/* Takes the queries of all guests that probe a list through it. */
static void visit(const anl_native *v, anl_native_scratch *sc, int32_t list, void *const *guests, int n_guests)
{
    const size_t d = (size_t)v->index->d;
    int32_t whole = 0, sieved = 0;
    for (int g = 0; g < n_guests; ++g) {
        anl_native_scratch *of = guests[g];
        for (uint32_t i = of->starts[list]; i < of->starts[list + 1]; ++i) {
            seeker *q = &of->seekers[of->sorted[i]];
            const int32_t at = is_sieved(v, q) ? GATHERED - ++sieved : whole++;
            sc->visitors[at] = q;
            memcpy(sc->gathered + (size_t)at * d, q->vector, d);
            if (whole + sieved < GATHERED) continue;
            scan_list(v, sc, list, whole, sieved);
            whole = sieved = 0;
        }
    }
    if (whole + sieved) scan_list(v, sc, list, whole, sieved);
}

/* A thread's share of the lists that the guests' queries probe. */
static void go_through_lists(void *own, void *const *guests, int n)
{
    anl_native_scratch *sc = own, *first = guests[0];
    int32_t room = 0;
    for (int g = 0; g < n; ++g) {
        const anl_native_scratch *guest = guests[g];
        if (guest->most_room > room) room = guest->most_room;
    }
    if (anl_grow(&sc->distances, &sc->distances_cap, (size_t)room, sizeof *sc->distances)) {
        for (int g = 0; g < n; ++g) ((anl_native_scratch *)guests[g])->failed = 1;
        return;
    }
    for (int32_t l; (l = first->next++) < sc->native->index->nlist;) visit(sc->native, sc, l, guests, n);
}

/* ---- a wave ---- */

/* Keys that a query has room for before they are cut back to k: more means fewer cuts, and more memory. */
static int32_t room_of(int32_t k)
{
    const int32_t few = k * ANL_SURVIVORS, many = k + k / 2, room = few < ANL_SURVIVORS_MOST ? few : ANL_SURVIVORS_MOST;
    return room < ANL_SURVIVORS_LEAST ? ANL_SURVIVORS_LEAST : room > many ? room : many;
}

int64_t anl_native_bytes(const anl_neighbours *q, int nprobe, int32_t d)
{
    const int64_t a_probe = sizeof(probe) + sizeof(uint32_t);
    return (int64_t)sizeof(seeker) + d + room_of(q->k) * (int64_t)sizeof(uint64_t) + (nprobe - q->nprobe) * a_probe;
}

static int reserve(anl_native_scratch *sc, anl_neighbours *const *queries, size_t n, int nprobe)
{
    const anl_index *x = sc->native->index;
    const size_t d = (size_t)x->d, lists = (size_t)x->nlist, padded = anl_panels_padded(lists), widest = padded > BLOCK ? padded : BLOCK;
    size_t probes = 0, keys = 0, ranks = 0;
    sc->most_room = 0;
    for (size_t i = 0; i < n; ++i) {
        const int32_t room = room_of(queries[i]->k);
        probes += (size_t)(nprobe - queries[i]->nprobe);
        keys += (size_t)room;
        if (room > sc->most_room) sc->most_room = room;
        if ((size_t)queries[i]->lists_cap > ranks) ranks = (size_t)queries[i]->lists_cap;
    }
    int rc = anl_grow(&sc->seekers, &sc->seekers_cap, n, sizeof *sc->seekers);
    if (!rc) rc = anl_grow(&sc->vectors, &sc->vectors_cap, n * d, 1);
    if (!rc) rc = anl_grow(&sc->keys, &sc->keys_cap, keys, sizeof *sc->keys);
    if (!rc) rc = anl_grow(&sc->ranks, &sc->ranks_cap, 2 * ranks, sizeof *sc->ranks);
    if (!rc) rc = anl_grow(&sc->probes, &sc->probes_cap, probes, sizeof *sc->probes);
    if (!rc) rc = anl_grow(&sc->sorted, &sc->sorted_cap, probes, sizeof *sc->sorted);
    if (!rc) rc = anl_grow(&sc->starts, &sc->starts_cap, lists + 1, sizeof *sc->starts);
    if (!rc) rc = anl_grow(&sc->visitors, &sc->visitors_cap, GATHERED, sizeof *sc->visitors);
    if (!rc) rc = anl_grow(&sc->gathered, &sc->gathered_cap, GATHERED * d, 1);
    if (!rc) rc = anl_grow(&sc->dots, &sc->dots_cap, QUERIES_AT_ONCE * widest, sizeof *sc->dots);
    if (!rc) rc = anl_grow(&sc->which, &sc->which_cap, widest + ANL_PANEL, sizeof *sc->which);
    if (!rc) rc = anl_grow(&sc->before, &sc->before_cap, widest + ANL_PANEL, sizeof *sc->before);
    if (!rc) rc = anl_grow(&sc->values, &sc->values_cap, widest + ANL_PANEL, sizeof *sc->values);
    if (!rc && sc->native->kernels->sieve) rc = anl_grow(&sc->high, &sc->high_cap, BLOCK * d, 1);
    if (!rc && sc->native->kernels->sieve) rc = anl_grow(&sc->high_bias, &sc->high_bias_cap, BLOCK, sizeof *sc->high_bias);
    if (!rc) rc = anl_grow(&sc->merged, &sc->merged_cap, (size_t)sc->most_room, sizeof *sc->merged);
    return rc ? rc : anl_grow(&sc->distances, &sc->distances_cap, (size_t)sc->most_room, sizeof *sc->distances);
}

/* A query begins with the hits of the lists that it has gone through. */
static void begin_query(anl_native_scratch *sc, const anl_neighbours *q, int i, uint64_t *keys, int competing_only)
{
    const int32_t d = sc->native->index->d, norm = anl_squared_norm(q->query, d), reach = anl_search_reach(q, norm, competing_only);
    uint8_t *vector = sc->vectors + (size_t)i * (size_t)d;
    int32_t farthest = anl_distance_at(norm, ANL_COSINE_NOISE);
    for (int32_t c = 0; c < d; ++c) vector[c] = (uint8_t)(q->query[c] + ANL_PANEL_OFFSET);
    for (int32_t j = 0; j < q->n; ++j) keys[j] = (uint64_t)(uint32_t)q->hits[j].dist << 32 | q->hits[j].window;
    if (q->n && q->hits[0].dist + reach < farthest) farthest = q->hits[0].dist + reach;
    sc->seekers[i] = (seeker){.vector = vector,
                              .keys = keys,
                              .k = q->k,
                              .room = room_of(q->k),
                              .norm = norm,
                              .reach = reach,
                              .slack = sc->native->kernels->sieve ? anl_sieve_slack(vector, d) : 0,
                              .near = anl_distance_at(norm, SIEVED_FROM) - norm,
                              .busy = ATOMIC_FLAG_INIT,
                              .limit = farthest - norm,
                              .n = q->n};
}

static void end_query(anl_native_scratch *sc, const seeker *from, anl_neighbours *q)
{
    int32_t n = from->n, limit;
    if (n > q->k) n = cull(sc->native, sc, from->keys, n, q->k, &limit);
    sort(from->keys, sc->merged, n);
    q->n = n < q->k ? n : q->k;
    for (int32_t j = 0; j < q->n; ++j) q->hits[j] = anl_hit_of(from->keys[j]);
}

int anl_native_wave(const anl_native *v, anl_native_scratch *sc, anl_neighbours *const *queries, int n, int nprobe, int competing_only)
{
    sc->native = v;
    int rc = reserve(sc, queries, (size_t)n, nprobe);
    if (rc) return rc;
    uint64_t *keys = sc->keys;
    for (int i = 0; i < n; ++i) {
        begin_query(sc, queries[i], i, keys, competing_only);
        keys += sc->seekers[i].room;
    }
    choose_lists(v, sc, queries, n, nprobe);
    sc->next = sc->failed = 0;
    if (sc->crew)
        anl_crew_meet(sc->crew, sc, go_through_lists);
    else
        go_through_lists(sc, (void *[]){sc}, 1);
    if (sc->failed) return anl_fail(ANL_ENOMEM, "out of memory");
    for (int i = 0; i < n; ++i) end_query(sc, &sc->seekers[i], queries[i]);
    return ANL_OK;
}
