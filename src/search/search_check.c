#include "search_check.h"

#include "rng.h"

#include <stdlib.h>
#include <string.h>

enum { QUERIES = 128, K = 64 };

typedef struct found {
    anl_hit hits[QUERIES * K];
    int counts[QUERIES], multipliers[QUERIES];
} found;

/* Entries changed more and more, so that the search widens for the last ones. */
static void make_queries(const anl_index *x, int8_t *queries)
{
    uint64_t state = 1;
    for (int i = 0; i < QUERIES; ++i) {
        int8_t *q = queries + i * x->d;
        const int change = 1 + i * 3 / 4;
        anl_index_entry(x, (int64_t)anl_rng_below(&state, (uint64_t)x->n_entries), q);
        for (int c = 0; c < x->d; ++c) {
            const int v = q[c] + (int)anl_rng_below(&state, (uint64_t)(2 * change + 1)) - change;
            q[c] = (int8_t)(v < -127 ? -127 : v > 127 ? 127 : v);
        }
    }
}

static int find(const anl_search *s, const int8_t *queries, found *f)
{
    anl_search_scratch *scratch = NULL;
    int rc = anl_search_scratch_new(&scratch, s);
    if (!rc) rc = anl_search_sure(s, scratch, queries, QUERIES, K, f->hits, f->counts, f->multipliers);
    anl_search_scratch_free(scratch);
    return rc;
}

static int same(const found *a, const found *b)
{
    if (memcmp(a->counts, b->counts, sizeof a->counts) || memcmp(a->multipliers, b->multipliers, sizeof a->multipliers)) return 0;
    for (int i = 0; i < QUERIES; ++i)
        if (memcmp(a->hits + i * K, b->hits + i * K, (size_t)a->counts[i] * sizeof *a->hits)) return 0;
    return 1;
}

int anl_search_check_gpu(const anl_search *gpu, const anl_index *x)
{
    if (!x->n_entries) return ANL_OK;
    anl_search *cpu = NULL;
    found *f = anl_alloc(2, sizeof *f);
    int8_t *queries = anl_alloc(QUERIES * (size_t)x->d, 1);
    int rc = f && queries ? anl_search_new(&cpu, x, ANL_SEARCH_NATIVE) : ANL_ENOMEM;
    if (!rc) {
        anl_search_competing_only(cpu);
        make_queries(x, queries);
        rc = find(cpu, queries, &f[0]);
    }
    if (!rc) rc = find(gpu, queries, &f[1]);
    if (!rc && !same(&f[0], &f[1])) rc = anl_gpu_differs("search");
    anl_search_free(cpu);
    free(f);
    free(queries);
    return rc;
}
