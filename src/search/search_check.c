#include "search_check.h"

#include "rng.h"

#include <stdlib.h>
#include <string.h>

/* Neighbours wanted in a first search, and by few queries in one for all that look alike. */
enum { QUERIES = 128, K = 64, DEEP_QUERIES = 16, DEEP_K = 512 };

typedef struct found {
    anl_hit hits[QUERIES * K], deep[DEEP_QUERIES * DEEP_K];
    int counts[QUERIES], multipliers[QUERIES], deep_counts[DEEP_QUERIES];
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

static int find(const anl_search *s, anl_search_scratch *scratch, const int8_t *queries, found *f)
{
    int rc = anl_search_sure(s, scratch, queries, QUERIES, K, f->hits, f->counts, f->multipliers);
    return rc ? rc : anl_search_batch(s, scratch, queries, DEEP_QUERIES, DEEP_K, ANL_SEARCH_MORE, f->deep, f->deep_counts);
}

static int same_hits(const anl_hit *a, const anl_hit *b, int n, int k, const int *counts)
{
    for (int i = 0; i < n; ++i)
        if (memcmp(a + i * k, b + i * k, (size_t)counts[i] * sizeof *a)) return 0;
    return 1;
}

static int same(const found *a, const found *b)
{
    return !memcmp(a->counts, b->counts, sizeof a->counts) && !memcmp(a->multipliers, b->multipliers, sizeof a->multipliers) &&
           !memcmp(a->deep_counts, b->deep_counts, sizeof a->deep_counts) && same_hits(a->hits, b->hits, QUERIES, K, a->counts) &&
           same_hits(a->deep, b->deep, DEEP_QUERIES, DEEP_K, a->deep_counts);
}

int anl_search_check_gpu(const anl_search *gpu, anl_search_scratch *scratch, const anl_index *x)
{
    if (!x->n_entries) return ANL_OK;
    anl_search *cpu = NULL;
    anl_search_scratch *of_cpu = NULL;
    found *f = anl_alloc(2, sizeof *f);
    int8_t *queries = anl_alloc(QUERIES * (size_t)x->d, 1);
    int rc = f && queries ? anl_search_new(&cpu, x, ANL_SEARCH_NATIVE) : ANL_ENOMEM;
    if (!rc) rc = anl_search_scratch_new(&of_cpu, cpu);
    if (!rc) {
        anl_search_competing_only(cpu);
        make_queries(x, queries);
        rc = find(cpu, of_cpu, queries, &f[0]);
    }
    if (!rc) rc = find(gpu, scratch, queries, &f[1]);
    if (!rc && !same(&f[0], &f[1])) rc = anl_gpu_differs("search");
    anl_search_scratch_free(of_cpu);
    anl_search_free(cpu);
    free(f);
    free(queries);
    return rc;
}
