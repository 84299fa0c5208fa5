#include "mine.h"

#include "search.h"
#include "window_store.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 256,
    NEIGHBOURS = 8,
    WORD = 16,             /* bp; words that both windows have tell copies from look-alikes */
    SLACK = 80,            /* bp by which copies may be shifted */
    MOST_WINDOW = 400,
    SLOTS = 2048,
};

static uint64_t word_at(const uint8_t *s, int turned)
{
    uint64_t w = 0;
    for (int i = 0; i < WORD; ++i) w = w << 2 | (turned ? 3u - s[WORD - 1 - i] : s[i]);
    return w;
}

static uint64_t canonical(const uint8_t *s)
{
    uint64_t a = word_at(s, 0), b = word_at(s, 1);
    return a < b ? a : b;
}

/* The share of a's words that are found around b: 1 for copies, which no vector can tell apart. */
static float shared_words(const anl_corpus *c, int64_t a, int64_t b, int window)
{
    uint64_t slots[SLOTS] = {0}; /* word + 1 */
    int64_t begin = b - SLACK < 0 ? 0 : b - SLACK, end = b + window + SLACK < c->n ? b + window + SLACK : c->n;
    int words = 0, shared = 0;
    for (int64_t i = begin; i + WORD <= end; ++i) {
        if (memchr(c->bases + i, 4, WORD)) continue;
        uint64_t w = canonical(c->bases + i) + 1, at = w * 0x9e3779b97f4a7c15u >> 53;
        while (slots[at] && slots[at] != w) at = (at + 1) % SLOTS;
        slots[at] = w;
    }
    for (int64_t i = a; i + WORD <= a + window; ++i) {
        if (memchr(c->bases + i, 4, WORD)) continue;
        uint64_t w = canonical(c->bases + i) + 1, at = w * 0x9e3779b97f4a7c15u >> 53;
        while (slots[at] && slots[at] != w) at = (at + 1) % SLOTS;
        ++words;
        shared += slots[at] == w;
    }
    return words ? (float)shared / (float)words : 1;
}

/* Of the vector, and the distance of vectors at 60 degrees: nearer ones are no accident. */
static int32_t squared_length(const int8_t *v, size_t d)
{
    int32_t sum = 0;
    for (size_t c = 0; c < d; ++c) sum += v[c] * v[c];
    return sum;
}

/* Some blocks of the corpus, one after the other. */
typedef struct excerpt {
    uint8_t *bases;
    int64_t n, parts, first; /* blocks first, first + parts, ... of the corpus */
} excerpt;

static int excerpt_new(excerpt *e, const anl_corpus *c, int64_t bases, int round)
{
    int64_t blocks = c->n / ANL_CORPUS_BLOCK;
    e->parts = c->n / (bases > 0 ? bases : 1) + 1;
    if (e->parts > blocks) e->parts = blocks;
    e->first = round % e->parts;
    e->n = (blocks - e->first + e->parts - 1) / e->parts * ANL_CORPUS_BLOCK;
    e->bases = anl_alloc((size_t)e->n, 1);
    if (!e->bases) return ANL_ENOMEM;
    for (int64_t at = 0, block = e->first; at < e->n; at += ANL_CORPUS_BLOCK, block += e->parts)
        memcpy(e->bases + at, c->bases + block * ANL_CORPUS_BLOCK, ANL_CORPUS_BLOCK);
    return ANL_OK;
}

/* Where a window of the excerpt lies in the corpus; -1 when it runs over the end of a block. */
static int64_t excerpt_pos(const excerpt *e, int64_t pos, int window)
{
    int64_t block = pos / ANL_CORPUS_BLOCK, offset = pos % ANL_CORPUS_BLOCK;
    return offset + window > ANL_CORPUS_BLOCK ? -1 : (e->first + block * e->parts) * ANL_CORPUS_BLOCK + offset;
}

typedef struct miner {
    const anl_corpus *corpus;
    const excerpt *excerpt;
    const anl_index *index;
    const anl_search *search;
    int window;
} miner;

/* Twins of entries [first, first + n), at most one each, to out; returns their number or an error. */
static int mine_block(const miner *mi, int64_t first, int n, anl_twin *out)
{
    const anl_index *x = mi->index;
    size_t d = (size_t)x->d;
    anl_search_scratch *sc = NULL;
    int counts[BLOCK], found = 0;
    int8_t *vectors = anl_alloc(BLOCK * d, 1);
    anl_hit *hits = anl_alloc(BLOCK * NEIGHBOURS, sizeof *hits);
    int rc = vectors && hits ? anl_search_scratch_new(&sc, mi->search) : ANL_ENOMEM;
    for (int i = 0; i < n; ++i) anl_index_entry(x, first + i, vectors + (size_t)i * d);
    if (!rc) rc = anl_search_batch(mi->search, sc, vectors, n, NEIGHBOURS, 1, hits, counts);
    for (int i = 0; i < n && !rc; ++i) {
        uint32_t own = x->ids[first + i];
        if (own == ANL_INDEX_NO_WINDOW) continue;
        int64_t a = excerpt_pos(mi->excerpt, anl_index_window_pos(x, own), mi->window);
        int32_t near = squared_length(vectors + (size_t)i * d, d);
        for (int j = 0; j < counts[i]; ++j) {
            const anl_hit *h = &hits[i * NEIGHBOURS + j];
            if (h->dist > near) break;
            int64_t b = excerpt_pos(mi->excerpt, anl_index_window_pos(x, h->window), mi->window);
            if (a < 0 || b < 0 || llabs(a - b) < 2 * mi->window || shared_words(mi->corpus, a, b, mi->window) > 0.97f) continue;
            out[found++] = (anl_twin){a, b};
            break;
        }
    }
    anl_search_scratch_free(sc);
    free(vectors);
    free(hits);
    return rc ? rc : found;
}

/* Couples of all entries, in their order, nearer than noise by construction of the search. */
static int mine_all(const miner *mi, int threads, anl_twin **twins, size_t *n)
{
    int64_t entries = (int64_t)mi->index->list_begin[mi->index->nlist], blocks = (entries + BLOCK - 1) / BLOCK;
    anl_failure failure = {0};
    anl_twin *all = anl_alloc((size_t)entries, sizeof *all);
    int *found = anl_alloc((size_t)blocks, sizeof *found);
    if (!all || !found) {
        free(all);
        free(found);
        return ANL_ENOMEM;
    }
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int64_t i = 0; i < blocks; ++i) {
        int64_t first = i * BLOCK;
        found[i] = mine_block(mi, first, (int)(entries - first < BLOCK ? entries - first : BLOCK), all + first);
        if (found[i] < 0) anl_failure_keep(&failure, found[i], (long)i);
    }
    int rc = anl_failure_raise(&failure);
    *n = 0;
    for (int64_t i = 0; i < blocks && !rc; ++i) {
        memmove(all + *n, all + i * BLOCK, (size_t)found[i] * sizeof *all);
        *n += (size_t)found[i];
    }
    free(found);
    if (rc) free(all);
    else *twins = all;
    return rc;
}

int anl_mine(const anl_corpus *c, const anl_model *m, int window, int64_t windows, int round, int threads, anl_twin **twins, size_t *n)
{
    anl_index *x = NULL;
    anl_search *search = NULL;
    excerpt e = {0};
    *twins = NULL;
    *n = 0;
    int rc = excerpt_new(&e, c, windows * window, round);
    if (!rc) rc = anl_window_store_new(&x, m, e.bases, e.n, window, window, threads);
    if (!rc) rc = anl_search_new(&search, x, ANL_SEARCH_NATIVE);
    if (!rc) rc = mine_all(&(miner){c, &e, x, search, window}, threads, twins, n);
    anl_search_free(search);
    anl_index_free(x);
    free(e.bases);
    return rc;
}
