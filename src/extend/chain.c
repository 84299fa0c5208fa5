#include "chain.h"

#include <stdlib.h>

/* minimap2's 0.01 * 15 * |drift| + log2(|drift|) / 2: 15 stands for the length of a seed there, and our shortest matches are 12. */
enum { DRIFT_NUM = 3, DRIFT_DEN = 20, DRIFT_LOG_DEN = 2 };

/* What is known of the best chain that ends with an anchor. */
typedef struct link {
    int32_t score, previous; /* -1: it starts here */
    uint8_t used;
} link;

static int by_place(const void *a, const void *b)
{
    const anl_anchor *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    if (x->t != y->t) return x->t < y->t ? -1 : 1;
    if (x->q != y->q) return x->q < y->q ? -1 : 1;
    if (x->len != y->len) return x->len < y->len ? -1 : 1;
    return (x->weight > y->weight) - (x->weight < y->weight);
}

static int32_t drift_cost(int32_t drift)
{
    return drift ? drift * DRIFT_NUM / DRIFT_DEN + (31 - __builtin_clz((uint32_t)drift)) / DRIFT_LOG_DEN : 0;
}

/* Score that anchor b adds behind anchor a; INT32_MIN when it cannot follow. */
static inline int32_t gain(const anl_chain_params *p, const anl_anchor *a, const anl_anchor *b)
{
    const int64_t dt = b->t + b->len - a->t - a->len, dq = (int64_t)b->q + b->len - a->q - a->len;
    if (b->t <= a->t || b->q <= a->q || dt <= 0 || dq <= 0) return INT32_MIN;
    if (dt - b->len > p->max_gap || dq - b->len > p->max_gap) return INT32_MIN;
    const int64_t drift = dt > dq ? dt - dq : dq - dt, fresh = dt < dq ? dt : dq;
    if (drift > p->max_drift) return INT32_MIN;
    const int32_t weight = fresh >= b->len ? b->weight : (int32_t)(b->weight * fresh / b->len);
    return weight - drift_cost((int32_t)drift);
}

static void try_link(const anl_chain_params *p, const anl_anchor *a, const link *links, int32_t j, int32_t i, link *best)
{
    const int32_t more = gain(p, &a[j], &a[i]);
    if (more != INT32_MIN && links[j].score + more > best->score) *best = (link){links[j].score + more, j, 0};
}

/* Besides the latest anchors the best one so far is tried: in a tandem repeat many anchors may stand between it and the next. */
static void fill_links(const anl_chain_params *p, const anl_anchor *a, int32_t n, link *links)
{
    for (int32_t i = 0, top = 0; i < n; ++i) {
        link best = {a[i].weight, -1, 0};
        int32_t j = i - 1;
        for (; j >= 0 && j >= i - p->look_back; --j) {
            if (a[j].group != a[i].group || a[i].t - a[j].t - a[j].len > p->max_gap) break;
            try_link(p, a, links, j, i, &best);
        }
        const int stale = a[top].group != a[i].group || a[i].t - a[top].t - a[top].len > p->max_gap;
        if (!stale && top <= j) try_link(p, a, links, top, i, &best);
        links[i] = best;
        if (stale || best.score >= links[top].score) top = i;
    }
}

typedef struct chain_end {
    int32_t score, anchor;
} chain_end;

static int by_score(const void *a, const void *b)
{
    const chain_end *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return (x->anchor > y->anchor) - (x->anchor < y->anchor);
}

static int chains_by_score(const void *a, const void *b)
{
    const anl_chain *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

/* From the best end downwards; a chain that runs into a better one keeps what it had won until then. */
static void collect(const anl_chain_params *p, const anl_anchor *a, link *links, const chain_end *ends, int32_t n, anl_anchor *chained,
                    anl_chains *out)
{
    int32_t filled = 0;
    for (int32_t e = 0; e < n; ++e) {
        int32_t count = 0, at = ends[e].anchor;
        while (at >= 0 && !links[at].used) {
            links[at].used = 1;
            ++count;
            at = links[at].previous;
        }
        const int32_t score = ends[e].score - (at >= 0 ? links[at].score : 0);
        if (!count || score < p->min_score) continue;
        for (int32_t i = count, j = ends[e].anchor; i-- > 0; j = links[j].previous) chained[filled + i] = a[j];
        out->list[out->n++] = (anl_chain){filled, count, score};
        filled += count;
    }
    out->n_anchors = filled;
    qsort(out->list, (size_t)out->n, sizeof *out->list, chains_by_score);
}

int anl_chain_find(const anl_chain_params *p, anl_anchor *anchors, int32_t n, anl_arena *arena, anl_chains *out)
{
    *out = (anl_chains){0};
    if (n <= 0) return ANL_OK;
    link *links = anl_arena_alloc(arena, (size_t)n, sizeof *links);
    chain_end *ends = anl_arena_alloc(arena, (size_t)n, sizeof *ends);
    anl_anchor *chained = anl_arena_alloc(arena, (size_t)n, sizeof *chained);
    out->list = anl_arena_alloc(arena, (size_t)n, sizeof *out->list);
    if (!links || !ends || !chained || !out->list) return ANL_ENOMEM;
    qsort(anchors, (size_t)n, sizeof *anchors, by_place);
    fill_links(p, anchors, n, links);
    for (int32_t i = 0; i < n; ++i) ends[i] = (chain_end){links[i].score, i};
    qsort(ends, (size_t)n, sizeof *ends, by_score);
    out->anchors = chained;
    collect(p, anchors, links, ends, n, chained, out);
    return ANL_OK;
}
