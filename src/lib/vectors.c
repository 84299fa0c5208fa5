/* Sequences to vectors, and vectors to the windows near them. */
#include "session.h"

#include "base_code.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { SEARCH_BLOCK = 64 /* vectors that a thread searches at a time: lists are read once for all of them */ };

_Static_assert((int)ANL_MOST_NEIGHBOURS == (int)ANL_GPU_MOST_HITS, "as many as elsewhere");

/* What a thread has of its own. */
typedef struct worker {
    anl_encoder_scratch *encoder;
    anl_search_scratch *search;
    uint8_t (*codes)[ANL_ENCODER_MAX_LEN]; /* [ANL_EMBED_BLOCK] */
    anl_hit *hits;                         /* [SEARCH_BLOCK][k] */
    size_t hits_cap;
} worker;

struct anl_vectors {
    const anl_encoder *encoder;
    const anl_index *index;
    anl_search *search; /* of its own: the aligner's passes over what does not compete */
    worker *workers;
    int n_workers;
};

void anl_vectors_free(anl_vectors *v)
{
    if (!v) return;
    for (int i = 0; v->workers && i < v->n_workers; ++i) {
        anl_encoder_scratch_free(v->workers[i].encoder);
        anl_search_scratch_free(v->workers[i].search);
        free(v->workers[i].codes);
        free(v->workers[i].hits);
    }
    free(v->workers);
    anl_search_free(v->search);
    free(v);
}

static int worker_init(worker *w, const anl_vectors *v)
{
    int rc = anl_encoder_scratch_new(&w->encoder, v->encoder);
    if (!rc) rc = anl_search_scratch_new(&w->search, v->search);
    if (!rc && !(w->codes = anl_alloc(ANL_EMBED_BLOCK, sizeof *w->codes))) rc = ANL_ENOMEM;
    return rc;
}

/* What embedding and search need is made when one of them is first called. */
static int prepare(anl_session *s)
{
    int rc = anl_threads_of_session(s);
    if (rc || s->vectors) return rc;
    anl_vectors *v = anl_alloc(1, sizeof *v);
    if (!v) return ANL_ENOMEM;
    v->encoder = anl_aligner_encoder(s->aligner);
    v->index = anl_aligner_index(s->aligner);
    v->n_workers = s->threads;
    rc = anl_search_new(&v->search, v->index, ANL_SEARCH_NATIVE);
    if (!rc && !(v->workers = anl_alloc((size_t)s->threads, sizeof *v->workers))) rc = ANL_ENOMEM;
    for (int i = 0; i < s->threads && !rc; ++i) rc = worker_init(&v->workers[i], v);
    if (rc)
        anl_vectors_free(v);
    else
        s->vectors = v;
    return rc;
}

int anl_session_dim(const anl_session *s)
{
    return anl_aligner_index(s->aligner)->d;
}

int anl_session_window(const anl_session *s)
{
    return anl_aligner_index(s->aligner)->window;
}

/* ---- embedding ---- */

static int check_length(const char *bases, size_t i)
{
    const size_t len = strlen(bases);
    if (len >= ANL_ENCODER_MIN_LEN && len <= ANL_ENCODER_MAX_LEN) return ANL_OK;
    return anl_fail(ANL_EINVAL, "sequence %zu has %zu letters: must be %d to %d", i, len, ANL_ENCODER_MIN_LEN, ANL_ENCODER_MAX_LEN);
}

static int embed_block(const anl_vectors *v, const char *const *bases, int n, int8_t *out)
{
    worker *w = &v->workers[omp_get_thread_num()];
    const uint8_t *seqs[ANL_EMBED_BLOCK];
    int32_t lens[ANL_EMBED_BLOCK];
    for (int i = 0; i < n; ++i) {
        lens[i] = (int32_t)strlen(bases[i]);
        for (int32_t j = 0; j < lens[i]; ++j) w->codes[i][j] = anl_base_code[(uint8_t)bases[i][j]];
        seqs[i] = w->codes[i];
    }
    return anl_encoder_embed(v->encoder, w->encoder, seqs, lens, n, out);
}

int anl_session_embed(anl_session *s, const char *const *bases, size_t n, int8_t *out)
{
    int rc = prepare(s);
    for (size_t i = 0; i < n && !rc; ++i) rc = check_length(bases[i], i);
    if (rc) return rc;
    const size_t d = (size_t)anl_session_dim(s);
    anl_failure failure = {0};
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->threads)
    for (size_t first = 0; first < n; first += ANL_EMBED_BLOCK) {
        const int m = n - first < ANL_EMBED_BLOCK ? (int)(n - first) : ANL_EMBED_BLOCK;
        const int failed = embed_block(s->vectors, bases + first, m, out + first * d);
        if (failed) anl_failure_keep(&failure, failed, (long)first);
    }
    return anl_failure_raise(&failure);
}

/* ---- search ---- */

static anl_neighbour neighbour_of(const anl_index *x, anl_hit hit)
{
    const int64_t pos = anl_index_window_pos(x, hit.window);
    const int32_t contig = anl_index_contig_at(x, pos);
    return (anl_neighbour){.pos = pos - x->contig_begin[contig], .contig = contig, .distance = hit.dist};
}

static int search_block(const anl_vectors *v, const int8_t *vectors, int n, int k, int nprobe, anl_neighbour *out)
{
    worker *w = &v->workers[omp_get_thread_num()];
    anl_neighbours queries[SEARCH_BLOCK], *pointers[SEARCH_BLOCK];
    int rc = anl_grow(&w->hits, &w->hits_cap, (size_t)n * (size_t)k, sizeof *w->hits);
    if (rc) return rc;
    for (int i = 0; i < n; ++i) {
        queries[i] = (anl_neighbours){.query = vectors + (ptrdiff_t)i * v->index->d, .hits = w->hits + (ptrdiff_t)i * k, .k = k};
        pointers[i] = &queries[i];
    }
    rc = nprobe ? anl_search_wave(v->search, w->search, pointers, n, nprobe)
                : anl_search_widen(v->search, w->search, pointers, n, ANL_SEARCH_MOST);
    for (int i = 0; i < n && !rc; ++i)
        for (int j = 0; j < k; ++j, ++out)
            *out = j < queries[i].n ? neighbour_of(v->index, queries[i].hits[j]) : (anl_neighbour){-1, -1, INT32_MAX};
    return rc;
}

int anl_session_search(anl_session *s, const int8_t *vectors, size_t n, int k, int nprobe, anl_neighbour *out)
{
    if (k < 1 || k > ANL_MOST_NEIGHBOURS) return anl_fail(ANL_EINVAL, "k %d: must be 1 to %d", k, ANL_MOST_NEIGHBOURS);
    if (nprobe < 0) return anl_fail(ANL_EINVAL, "nprobe %d: must be at least 0", nprobe);
    int rc = prepare(s);
    if (rc) return rc;
    const size_t d = (size_t)anl_session_dim(s);
    anl_failure failure = {0};
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->threads)
    for (size_t first = 0; first < n; first += SEARCH_BLOCK) {
        const int m = n - first < SEARCH_BLOCK ? (int)(n - first) : SEARCH_BLOCK;
        const int failed = search_block(s->vectors, vectors + first * d, m, k, nprobe, out + first * (size_t)k);
        if (failed) anl_failure_keep(&failure, failed, (long)first);
    }
    rc = anl_failure_raise(&failure);
    return rc ? rc : anl_index_unchanged(s->vectors->index);
}
