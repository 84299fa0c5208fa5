#include "rough.h"

#include "panel.h"

#include <stdlib.h>
#include <string.h>

enum {
    AT_ONCE = ANL_QUERIES_AT_ONCE,
    TOGETHER = 4096, /* queries: enough that many meet in a group, few enough that they stay in the cache */
};

/* The lists of a query that are the nearest so far: value + 2^31 << 32 | list, ascending. */
typedef struct anl_rough_ranks {
    uint64_t keys[ANL_RANKED];
    int32_t n, limit; /* no list with a greater value counts */
} ranks;

void anl_rough_scratch_free(anl_rough_scratch *sc)
{
    void *const all[] = {sc->vectors, sc->gathered, sc->dots, sc->value, sc->which, sc->probes, sc->start, sc->members, sc->ranks};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free(all[i]);
    *sc = (anl_rough_scratch){0};
}

int anl_rough_is_asked(const anl_neighbours *q, int nprobe)
{
    return q->rough && q->lists && !q->n_lists && q->lists_cap == ANL_RANKED && nprobe < ANL_RANKED;
}

static int reserve(const anl_coarse *c, anl_rough_scratch *sc)
{
    const size_t d = (size_t)c->d, groups = anl_panels_padded((size_t)c->n_groups);
    size_t width = groups;
    for (int32_t g = 0; g < c->n_groups; ++g)
        if ((size_t)(c->begin[g + 1] - c->begin[g]) > width) width = (size_t)(c->begin[g + 1] - c->begin[g]);
    int rc = anl_grow(&sc->vectors, &sc->vectors_cap, TOGETHER * d, 1);
    if (!rc) rc = anl_grow(&sc->gathered, &sc->gathered_cap, AT_ONCE * d, 1);
    if (!rc) rc = anl_grow(&sc->dots, &sc->dots_cap, AT_ONCE * width, sizeof *sc->dots);
    if (!rc) rc = anl_grow(&sc->value, &sc->value_cap, width + ANL_PANEL, sizeof *sc->value);
    if (!rc) rc = anl_grow(&sc->which, &sc->which_cap, width + ANL_PANEL, sizeof *sc->which);
    if (!rc) rc = anl_grow(&sc->probes, &sc->probes_cap, (size_t)c->probes, sizeof *sc->probes);
    if (!rc) rc = anl_grow(&sc->start, &sc->start_cap, (size_t)c->n_groups + 1, sizeof *sc->start);
    if (!rc) rc = anl_grow(&sc->members, &sc->members_cap, 2 * (size_t)TOGETHER * (size_t)c->probes, sizeof *sc->members);
    return rc ? rc : anl_grow(&sc->ranks, &sc->ranks_cap, TOGETHER, sizeof *sc->ranks);
}

/* The queries of every group: those of group g are members[start[g - 1]] to members[start[g]]; the first ones begin at 0. */
static void group_queries(const anl_coarse *c, const anl_scan_kernels *k, anl_rough_scratch *sc, int32_t n)
{
    const size_t d = (size_t)c->d, groups = anl_panels_padded((size_t)c->n_groups), probes = (size_t)c->probes;
    uint32_t *chosen = sc->members + TOGETHER * probes; /* [n][probes] */
    memset(sc->start, 0, ((size_t)c->n_groups + 1) * sizeof *sc->start);
    for (int32_t begin = 0; begin < n; begin += AT_ONCE) {
        const int32_t m = n - begin < AT_ONCE ? n - begin : AT_ONCE;
        k->dots(sc->vectors + (size_t)begin * d, m, c->groups->panels, (int32_t)(groups / ANL_PANEL), c->d, sc->dots);
        for (int32_t i = 0; i < m; ++i)
            anl_coarse_choose(k, c, sc->dots + (size_t)i * groups, sc->which, sc->value, chosen + (size_t)(begin + i) * probes);
    }
    for (size_t i = 0; i < (size_t)n * probes; ++i) ++sc->start[chosen[i] + 1];
    for (int32_t g = 0; g < c->n_groups; ++g) sc->start[g + 1] += sc->start[g];
    for (size_t i = 0; i < (size_t)n * probes; ++i) sc->members[sc->start[chosen[i]]++] = (uint32_t)(i / probes);
}

static void add(ranks *r, int32_t value, uint32_t list)
{
    const uint64_t key = (uint64_t)((int64_t)value - INT32_MIN) << 32 | list;
    int32_t at = r->n;
    if (r->n == ANL_RANKED) {
        if (key > r->keys[--at]) return;
    } else
        ++r->n;
    for (; at && r->keys[at - 1] > key; --at) r->keys[at] = r->keys[at - 1];
    r->keys[at] = key;
    if (r->n == ANL_RANKED) r->limit = (int32_t)((int64_t)(r->keys[ANL_RANKED - 1] >> 32) + INT32_MIN);
}

/* Takes queries members[n] through the lists of group g. */
static void meet(const anl_coarse *c, const anl_scan_kernels *k, anl_rough_scratch *sc, int32_t g, const uint32_t *members, int32_t n)
{
    const size_t d = (size_t)c->d;
    const int32_t first = c->begin[g], width = c->begin[g + 1] - first;
    for (int32_t begin = 0; begin < n; begin += AT_ONCE) {
        const int32_t m = n - begin < AT_ONCE ? n - begin : AT_ONCE;
        for (int32_t i = 0; i < m; ++i) memcpy(sc->gathered + (size_t)i * d, sc->vectors + (size_t)members[begin + i] * d, d);
        k->dots(sc->gathered, m, c->panels + (size_t)first * d, width / ANL_PANEL, c->d, sc->dots);
        for (int32_t i = 0; i < m; ++i) {
            ranks *r = &sc->ranks[members[begin + i]];
            const int32_t found =
                k->select_at_most(sc->dots + (size_t)i * (size_t)width, c->bias + first, width, r->limit, sc->which, sc->value);
            for (int32_t j = 0; j < found; ++j) {
                const uint32_t list = c->number[first + (int32_t)sc->which[j]];
                if (list != ANL_COARSE_NONE) add(r, sc->value[j], list);
            }
        }
    }
}

/* Ranks the lists of queries[n], whose biased vectors are in sc->vectors. */
static void rank(const anl_coarse *c, const anl_scan_kernels *k, anl_rough_scratch *sc, anl_neighbours *const *queries, int32_t n)
{
    group_queries(c, k, sc, n);
    for (int32_t i = 0; i < n; ++i) sc->ranks[i] = (ranks){.limit = INT32_MAX};
    for (int32_t g = 0, begin = 0; g < c->n_groups; begin = (int32_t)sc->start[g++])
        meet(c, k, sc, g, sc->members + begin, (int32_t)sc->start[g] - begin);
    for (int32_t i = 0; i < n; ++i) {
        for (int32_t l = 0; l < sc->ranks[i].n; ++l) queries[i]->lists[l] = (uint32_t)sc->ranks[i].keys[l];
        queries[i]->n_lists = sc->ranks[i].n;
    }
}

int anl_rough_rank(const anl_coarse *groups, const anl_scan_kernels *k, anl_rough_scratch *sc, anl_neighbours *const *queries, int n,
                   int nprobe)
{
    const size_t d = (size_t)groups->d;
    anl_neighbours *some[TOGETHER];
    int rc = ANL_OK;
    for (int i = 0; i < n && !rc;) {
        int32_t m = 0;
        for (; i < n && m < TOGETHER; ++i) {
            if (!anl_rough_is_asked(queries[i], nprobe)) continue;
            if (!m && (rc = reserve(groups, sc))) break;
            for (size_t e = 0; e < d; ++e) sc->vectors[(size_t)m * d + e] = (uint8_t)(queries[i]->query[e] + ANL_PANEL_OFFSET);
            some[m++] = queries[i];
        }
        if (m) rank(groups, k, sc, some, m);
    }
    return rc;
}
