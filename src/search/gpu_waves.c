#include "gpu_waves.h"

#include "rough.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)ANL_RANKED <= (int)ANL_GPU_ROUGH, "what a rough query asks for");

enum { LANES = 2 /* calls at a time: what one needs of the CPU is done while the GPU does the other */ };

/* What a thread asks for. */
typedef struct request {
    anl_gpu_search_params params;
    anl_gpu_query *queries;
    size_t n;
    struct request *next; /* of those that wait, or of one call */
    int done, rc;
    char error[512];
} request;

typedef struct lane {
    anl_gpu_stream *stream;
    int busy;
    anl_gpu_query *queries; /* of several requests */
    size_t queries_cap;
} lane;

struct anl_gpu_waves {
    const anl_index *index;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* requests are done, or a lane is free */
    request *first, **end;  /* those that wait, in the order in which they came */
    lane lanes[LANES];
};

int anl_gpu_waves_new(anl_gpu_waves **out, const anl_index *x, anl_gpu *gpu)
{
    anl_gpu_waves *w = anl_alloc(1, sizeof *w);
    if (!w) return ANL_ENOMEM;
    w->index = x;
    w->end = &w->first;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    int rc = ANL_OK;
    for (int i = 0; i < LANES && !rc; ++i) rc = anl_gpu_stream_new(&w->lanes[i].stream, gpu);
    if (rc) {
        anl_gpu_waves_free(w);
        return rc;
    }
    *out = w;
    return ANL_OK;
}

void anl_gpu_waves_free(anl_gpu_waves *w)
{
    if (!w) return;
    for (int i = 0; i < LANES; ++i) {
        anl_gpu_stream_free(w->lanes[i].stream);
        free(w->lanes[i].queries);
    }
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

void anl_gpu_wave_scratch_free(anl_gpu_wave_scratch *sc)
{
    free(sc->queries);
    free(sc->found);
    free(sc->merged);
}

/* ---- one call for many ---- */

/* Takes the request that has waited longest, and all that ask for the same, from those that wait. */
static request *take_alike(anl_gpu_waves *w)
{
    request *taken = NULL, **last = &taken, **at = &w->first;
    const anl_gpu_search_params params = w->first->params;
    while (*at) {
        request *r = *at;
        if (memcmp(&r->params, &params, sizeof params)) {
            at = &r->next;
            continue;
        }
        *at = r->next;
        r->next = NULL;
        *last = r;
        last = &r->next;
    }
    w->end = at;
    return taken;
}

static int call(lane *l, request *requests)
{
    size_t n = 0, at = 0;
    if (!requests->next) return anl_gpu_search(l->stream, &requests->params, requests->queries, requests->n);
    for (const request *r = requests; r; r = r->next) n += r->n;
    int rc = anl_grow(&l->queries, &l->queries_cap, n, sizeof *l->queries);
    for (const request *r = requests; r && !rc; at += r->n, r = r->next) memcpy(l->queries + at, r->queries, r->n * sizeof *r->queries);
    if (!rc) rc = anl_gpu_search(l->stream, &requests->params, l->queries, n);
    at = 0;
    for (const request *r = requests; r && !rc; at += r->n, r = r->next) memcpy(r->queries, l->queries + at, r->n * sizeof *r->queries);
    return rc;
}

/* Does the work of requests that wait, this thread's own or others'. */
static void serve(anl_gpu_waves *w, lane *l)
{
    request *requests = take_alike(w);
    l->busy = 1;
    pthread_mutex_unlock(&w->lock);
    const int rc = call(l, requests);
    pthread_mutex_lock(&w->lock);
    l->busy = 0;
    for (request *r = requests, *next; r; r = next) {
        next = r->next;
        r->rc = rc;
        if (rc) strncpy(r->error, anl_error(), sizeof r->error - 1);
        r->done = 1;
    }
    pthread_cond_broadcast(&w->changed);
}

static int ask(anl_gpu_waves *w, request *own)
{
    pthread_mutex_lock(&w->lock);
    *w->end = own;
    w->end = &own->next;
    while (!own->done) {
        lane *idle = NULL;
        for (int i = 0; i < LANES && !idle; ++i)
            if (!w->lanes[i].busy) idle = &w->lanes[i];
        if (idle && w->first)
            serve(w, idle);
        else
            pthread_cond_wait(&w->changed, &w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return own->rc ? anl_fail(own->rc, "%s", own->error) : ANL_OK;
}

/* ---- a thread's wave ---- */

/* What counts beside the hits of the lists that a query has gone through. */
static anl_gpu_query start(const anl_index *x, const anl_neighbours *q, int competing_only)
{
    const int32_t norm = anl_squared_norm(q->query, x->d), reach = anl_distance_of_drop(norm, ANL_COSINE_DROP_COMPETING);
    int32_t limit = anl_distance_at(norm, ANL_COSINE_NOISE);
    competing_only &= !q->far;
    if (competing_only && q->n && q->hits[0].dist + reach < limit) limit = q->hits[0].dist + reach;
    if (q->n == q->k && q->hits[q->k - 1].dist < limit) limit = q->hits[q->k - 1].dist;
    return (anl_gpu_query){.vector = q->query,
                           .limit = limit,
                           .reach = !competing_only ? INT32_MAX
                                    : q->k > 1      ? reach
                                                    : 0,
                           .before = q->nprobe,
                           .lists = q->lists};
}

static anl_gpu_search_params params_of(const anl_index *x, anl_neighbours *const *queries, int n, int nprobe)
{
    anl_gpu_search_params p = {.k = queries[0]->k, .nprobe = nprobe, .is_ranked = 1, .is_rough = anl_rough_is_asked(queries[0], nprobe)};
    int has_room = 1;
    for (int i = 0; i < n; ++i) {
        p.is_ranked &= queries[i]->n_lists >= nprobe;
        has_room &= queries[i]->lists != NULL;
    }
    if (p.is_ranked || (has_room && nprobe < ANL_RANKED)) p.rank = x->nlist < ANL_RANKED ? x->nlist : ANL_RANKED;
    return p;
}

/* Both are in order. */
static void merge(anl_neighbours *q, const anl_gpu_query *found, anl_hit *merged)
{
    int32_t n = 0, i = 0, j = 0;
    while (n < q->k && (i < q->n || j < found->n)) {
        const anl_hit *a = &q->hits[i], *b = &found->hits[j];
        const int second = i == q->n || (j < found->n && (b->dist != a->dist ? b->dist < a->dist : b->window < a->window));
        merged[n++] = second ? *b : *a;
        i += !second;
        j += second;
    }
    memcpy(q->hits, merged, (size_t)n * sizeof *merged);
    q->n = n;
}

int anl_gpu_wave(anl_gpu_waves *w, anl_gpu_wave_scratch *sc, anl_neighbours *const *queries, int n, int nprobe, int competing_only)
{
    const size_t k = (size_t)queries[0]->k;
    int rc = anl_grow(&sc->queries, &sc->queries_cap, (size_t)n, sizeof *sc->queries);
    if (!rc) rc = anl_grow(&sc->found, &sc->found_cap, (size_t)n * k, sizeof *sc->found);
    if (!rc) rc = anl_grow(&sc->merged, &sc->merged_cap, k, sizeof *sc->merged);
    if (rc) return rc;
    for (int i = 0; i < n; ++i) {
        sc->queries[i] = start(w->index, queries[i], competing_only);
        sc->queries[i].hits = sc->found + (size_t)i * k;
    }
    request own = {.params = params_of(w->index, queries, n, nprobe), .queries = sc->queries, .n = (size_t)n};
    rc = ask(w, &own);
    for (int i = 0; i < n && !rc; ++i) {
        merge(queries[i], &sc->queries[i], sc->merged);
        if (own.params.rank) queries[i]->n_lists = own.params.rank;
    }
    return rc;
}
