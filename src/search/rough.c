#include "rough.h"

#include <stdlib.h>

/* The lists of a query that are the nearest so far: value + 2^31 << 32 | list, ascending. */
typedef struct ranks {
    uint64_t keys[ANL_RANKED];
    int32_t n, limit; /* no list with a greater value counts */
} ranks;

struct anl_rough {
    const anl_coarse *groups;
    const anl_scan_kernels *kernels;
    anl_coarse_block *block;
    ranks ranks[ANL_COARSE_ROWS];
};

void anl_rough_free(anl_rough *r)
{
    if (r) anl_coarse_block_free(r->block);
    free(r);
}

static int rough_new(anl_rough **out, const anl_coarse *groups, const anl_scan_kernels *k)
{
    anl_rough *r = anl_alloc(1, sizeof *r);
    if (!r) return ANL_ENOMEM;
    r->groups = groups;
    r->kernels = k;
    if (!(r->block = anl_coarse_block_new(groups))) {
        anl_rough_free(r);
        return ANL_ENOMEM;
    }
    *out = r;
    return ANL_OK;
}

int anl_rough_is_asked(const anl_neighbours *q, int nprobe)
{
    return q->rough && q->lists && !q->n_lists && q->lists_cap == ANL_RANKED && nprobe < ANL_RANKED;
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

static void keep_near(void *data, int32_t row, const int32_t *dots, int32_t first, int32_t n)
{
    anl_rough *r = data;
    const anl_coarse_block *b = r->block;
    const int32_t found = r->kernels->select_at_most(dots, r->groups->bias + first, n, r->ranks[row].limit, b->which, b->value);
    for (int32_t i = 0; i < found; ++i) {
        const uint32_t list = r->groups->number[first + (int32_t)b->which[i]];
        if (list != ANL_COARSE_NONE) add(&r->ranks[row], b->value[i], list);
    }
}

int anl_rough_rank(anl_rough **r, const anl_coarse *groups, const anl_scan_kernels *k, anl_neighbours *const *queries, int n, int nprobe)
{
    anl_neighbours *asking[ANL_COARSE_ROWS];
    for (int i = 0; i < n;) {
        int32_t m = 0;
        for (; i < n && m < ANL_COARSE_ROWS; ++i) {
            if (!anl_rough_is_asked(queries[i], nprobe)) continue;
            const int rc = *r ? ANL_OK : rough_new(r, groups, k);
            if (rc) return rc;
            anl_coarse_block_put(groups, (*r)->block, m, queries[i]->query);
            (*r)->ranks[m] = (ranks){.limit = INT32_MAX};
            asking[m++] = queries[i];
        }
        if (m) anl_coarse_meet(k, groups, (*r)->block, m, keep_near, *r);
        for (int32_t q = 0; q < m; ++q) {
            const ranks *found = &(*r)->ranks[q];
            for (int32_t l = 0; l < found->n; ++l) asking[q]->lists[l] = (uint32_t)found->keys[l];
            asking[q]->n_lists = found->n;
        }
    }
    return ANL_OK;
}
