#include "cluster.h"

#include "coarse.h"
#include "encoder_shape.h"
#include "panel.h"
#include "search_tuning.h"

#include <stdlib.h>
#include <string.h>

/* Tuning. What clusters decides the bytes of an index. Figures are of reads of 150 bp with 0.5% errors, a human-like genome of 100 Mb and its
 * 4,096 lists: percent that have their window in the nearest 1, 2, 4, 8 lists, mean entries in these 8, CPU seconds of clustering and assigning. */
enum {
    ONE_LIST = 1024, /* vectors up to which one list is scanned as fast as lists are chosen */
    LISTS_SQUARED =
        16, /* lists are at most the square root of so many times the vectors. With half as many, of 147,901 reads of hard genomes 4
                         * were wrong at MAPQ 60, with these none of 147,892 (benchmarks/calibrate-mapq): copies were passed over */
    ITERATIONS = 10, /* of k-means; on yeast 5 lose 4 points of the nearest list, 20 gain less than 1 */
    POINTS_PER_CENTROID =
        256,        /* sampled: 59.1 74.4 86.5 93.6, 4,471, 21 s; 64 points, all centroids met: 57.9 73.2 86.0 93.3, 5,194, 16 s */
    GROUPED = 4096, /* centroids from which on a vector meets only those of its nearest groups; */
    GROUP = 64,     /* centroids of a group, about */
    PROBES =
        8, /* a vector looks into one group of so many (16: 59.0 73.9 85.3 93.5, 4,428, 16 s; all: 59.9 76.2 87.4 94.1, 4,607, 43 s), */
    LEAST_PROBES = 16,    /* but at least into so many. These find the nearest centroid of 98% of vectors, of others one about as near */
    GROUP_ITERATIONS = 4, /* of k-means among centroids; 10 group them no better */
    LOOKED = 24,          /* groups in which a light vector looks for its lists: nearly all are proven as by all (docs/scale.md) */
};

int32_t anl_lists_count(int64_t n)
{
    int32_t lists = 1;
    if (n < ONE_LIST) return 1;
    while ((int64_t)lists * 2 * lists * 2 <= LISTS_SQUARED * n) lists *= 2;
    return lists;
}

/* Whom to tell of rows that are done. */
typedef struct teller {
    const anl_index_watch *watch;
    anl_index_stage stage;
    int64_t done, total;
} teller;

static void tell(void *data, int64_t n)
{
    teller *t = data;
    anl_index_tell(t->watch, t->stage, t->done += n, t->total);
}

/* members[begin[c]] to members[begin[c + 1]] become the rows of centroid c, ascending. */
static void sort_members(uint64_t *begin, uint32_t *members, const uint32_t *nearest, int64_t n, int32_t k)
{
    memset(begin, 0, ((size_t)k + 1) * sizeof *begin);
    for (int64_t i = 0; i < n; ++i) ++begin[nearest[i] + 1];
    for (int32_t c = 0; c < k; ++c) begin[c + 1] += begin[c];
    for (int64_t i = 0; i < n; ++i) members[begin[nearest[i]]++] = (uint32_t)i;
    memmove(begin + 1, begin, (size_t)k * sizeof *begin);
    begin[0] = 0;
}

/* ---- k-means ---- */

/* How widely the rows of a centroid are spread. */
typedef struct spread {
    uint64_t sum; /* of squared distances */
    int32_t centroid;
    uint32_t farthest; /* row */
} spread;

typedef struct kmeans {
    anl_rows rows;
    int32_t k;
    anl_nearest_on on;
    int8_t *centroids; /* [k][d], the caller's */
    uint32_t *nearest; /* [rows] centroid */
    int32_t *far;      /* [rows] squared distance from it */
    uint64_t *begin;   /* [k + 1] */
    uint32_t *members; /* [rows] */
    spread *spreads;   /* [k] */
} kmeans;

static int kmeans_alloc(kmeans *m)
{
    const size_t n = (size_t)m->rows.n, k = (size_t)m->k;
    m->nearest = anl_alloc(n, sizeof *m->nearest);
    m->far = anl_alloc(n, sizeof *m->far);
    m->members = anl_alloc(n, sizeof *m->members);
    m->begin = anl_alloc(k + 1, sizeof *m->begin);
    m->spreads = anl_alloc(k, sizeof *m->spreads);
    return m->nearest && m->far && m->members && m->begin && m->spreads ? ANL_OK : ANL_ENOMEM;
}

static void kmeans_free(kmeans *m)
{
    free(m->nearest);
    free(m->far);
    free(m->members);
    free(m->begin);
    free(m->spreads);
}

/* sum / n to the nearest whole number; half is rounded up. */
static int8_t mean_of(int64_t sum, int64_t n)
{
    const int64_t above = 2 * sum + n + 512 * n; /* of 2 n; with 256 more it is not negative */
    return (int8_t)(above / (2 * n) - 256);
}

/* A centroid becomes the mean of its rows. */
static void move(const kmeans *m, int32_t c)
{
    const size_t d = (size_t)m->rows.d;
    const uint64_t begin = m->begin[c], end = m->begin[c + 1];
    int64_t sums[ANL_ENCODER_MAX_DIM] = {0};
    int32_t farthest = -1;
    spread *s = &m->spreads[c];
    *s = (spread){0, c, 0};
    for (uint64_t i = begin; i < end; ++i) {
        const uint32_t row = m->members[i];
        const int8_t *v = anl_row(&m->rows, row);
        for (size_t e = 0; e < d; ++e) sums[e] += v[e];
        s->sum += (uint64_t)m->far[row];
        if (m->far[row] <= farthest) continue;
        farthest = m->far[row];
        s->farthest = row;
    }
    for (size_t e = 0; e < d && begin < end; ++e) m->centroids[(size_t)c * d + e] = mean_of(sums[e], (int64_t)(end - begin));
}

static int by_spread(const void *a, const void *b)
{
    const spread *x = a, *y = b;
    if (x->sum != y->sum) return x->sum > y->sum ? -1 : 1;
    return x->centroid < y->centroid ? -1 : 1;
}

/* Centroids without rows go to the farthest rows of those that are spread most widely. */
static void move_empty(const kmeans *m)
{
    const size_t d = (size_t)m->rows.d;
    int32_t next = 0;
    qsort(m->spreads, (size_t)m->k, sizeof *m->spreads, by_spread);
    for (int32_t c = 0; c < m->k; ++c)
        if (m->begin[c] == m->begin[c + 1]) memcpy(m->centroids + (size_t)c * d, anl_row(&m->rows, m->spreads[next++].farthest), d);
}

static int coarse_new(anl_coarse **out, const int8_t *centroids, int32_t n, int32_t d, int threads);

/* From rows at even distances on. `t` NULL: nobody is told. */
static int run(kmeans *m, int iterations, teller *t)
{
    const size_t d = (size_t)m->rows.d;
    int rc = kmeans_alloc(m);
    for (int32_t c = 0; c < m->k && !rc; ++c) memcpy(m->centroids + (size_t)c * d, anl_row(&m->rows, c * m->rows.n / m->k), d);
    for (int i = 0; i < iterations && !rc; ++i) {
        anl_coarse *coarse;
        rc = coarse_new(&coarse, m->centroids, m->k, m->rows.d, m->on.threads);
        if (!rc) rc = anl_nearest(coarse, &m->rows, &m->on, m->nearest, m->far, t ? tell : NULL, t);
        anl_coarse_free(coarse);
        if (rc) break;
        sort_members(m->begin, m->members, m->nearest, m->rows.n, m->k);
#pragma omp parallel for schedule(dynamic, 16) num_threads(m->on.threads)
        for (int32_t c = 0; c < m->k; ++c) move(m, c);
        move_empty(m);
    }
    kmeans_free(m);
    return rc;
}

/* ---- centroids to be looked through ---- */

/* Groups are found as lists are, on the CPU: there are few centroids. */
static int grouped_new(anl_coarse **out, const int8_t *centroids, int32_t n, int32_t d, int32_t probes, int threads)
{
    const int32_t groups = n / GROUP;
    int8_t *of_groups = anl_alloc((size_t)groups, (size_t)d);
    uint32_t *group_of = anl_alloc((size_t)n, sizeof *group_of);
    anl_coarse *all = NULL;
    kmeans m = {.rows = {centroids, n, n, d}, .k = groups, .on = {NULL, threads}, .centroids = of_groups};
    int rc = of_groups && group_of ? run(&m, GROUP_ITERATIONS, NULL) : ANL_ENOMEM;
    if (!rc) rc = coarse_new(&all, of_groups, groups, d, threads);
    if (!rc) rc = anl_nearest(all, &m.rows, &m.on, group_of, NULL, NULL, NULL);
    if (!rc) rc = anl_coarse_grouped_new(out, centroids, n, d, &(anl_grouping){group_of, of_groups, groups, probes});
    anl_coarse_free(all);
    free(group_of);
    free(of_groups);
    return rc;
}

static int coarse_new(anl_coarse **out, const int8_t *centroids, int32_t n, int32_t d, int threads)
{
    const int32_t some = n / GROUP / PROBES, probes = some > LEAST_PROBES ? some : LEAST_PROBES;
    *out = NULL;
    return n < GROUPED ? anl_coarse_new(out, centroids, n, d) : grouped_new(out, centroids, n, d, probes, threads);
}

/* Whether any groups that a vector may look into hold the lists that it needs. Each holds one at the least. */
static int holds_enough(const anl_coarse *c)
{
    return c->probes >= ANL_RANKED;
}

int anl_lists_group(anl_coarse **out, const anl_index *x, int threads)
{
    const size_t n = (size_t)x->nlist, d = (size_t)x->d;
    *out = NULL;
    if (x->nlist < GROUPED || x->nlist / GROUP > ANL_GPU_MOST_GROUPS) return ANL_OK; /* the same with and without a GPU */
    int8_t *centroids = anl_alloc(n, d);
    if (!centroids) return ANL_ENOMEM;
    for (size_t i = 0; i < n; ++i) anl_panel_get(x->centroids, i, d, centroids + i * d);
    const int rc = grouped_new(out, centroids, x->nlist, x->d, LOOKED, threads);
    free(centroids);
    if (!rc && !holds_enough(*out)) {
        anl_coarse_free(*out);
        *out = NULL;
    }
    return rc;
}

/* ---- lists ---- */

static int assign(anl_lists *l, const anl_rows *all, const anl_nearest_on *on, const anl_index_watch *watch)
{
    anl_coarse *coarse = NULL;
    teller t = {watch, ANL_INDEX_ASSIGNING, 0, all->n};
    uint32_t *list_of = anl_alloc((size_t)all->n, sizeof *list_of);
    int rc = list_of ? coarse_new(&coarse, l->centroids, l->nlist, all->d, on->threads) : ANL_ENOMEM;
    if (!rc) rc = anl_nearest(coarse, all, on, list_of, NULL, tell, &t);
    if (!rc) sort_members(l->begin, l->entries, list_of, all->n, l->nlist);
    anl_coarse_free(coarse);
    free(list_of);
    return rc;
}

int anl_lists_build(anl_lists *out, const int8_t *vectors, int64_t n, int32_t d, const anl_nearest_on *on, const anl_index_watch *watch)
{
    const int32_t k = anl_lists_count(n);
    const int64_t sample = n < (int64_t)k * POINTS_PER_CENTROID ? n : (int64_t)k * POINTS_PER_CENTROID;
    *out = (anl_lists){.nlist = k};
    out->centroids = anl_alloc((size_t)k, (size_t)d);
    out->begin = anl_alloc((size_t)k + 1, sizeof *out->begin);
    out->entries = anl_alloc((size_t)n, sizeof *out->entries);
    int rc = out->centroids && out->begin && out->entries ? ANL_OK : ANL_ENOMEM;
    kmeans m = {.rows = {vectors, n, sample, d}, .k = k, .on = *on, .centroids = out->centroids};
    teller t = {watch, ANL_INDEX_CLUSTERING, 0, ITERATIONS * sample};
    if (!rc && k > 1) rc = run(&m, ITERATIONS, &t);
    return rc ? rc : assign(out, &(anl_rows){vectors, n, n, d}, on, watch);
}

void anl_lists_free(anl_lists *l)
{
    free(l->centroids);
    free(l->begin);
    free(l->entries);
}
