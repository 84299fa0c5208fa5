#include "mine.h"

#include "search.h"
#include "window_store.h"

#include <stdlib.h>
#include <string.h>

/* Tuning. */
enum {
    BLOCK = 256,    /* windows searched at once, by one thread */
    NEIGHBOURS = 8, /* looked at for each: the nearest is the window itself, and overlapping ones are none */
    WORD = 16,      /* bp; words that both windows have tell copies from look-alikes. Random ones meet once in 4 billion */
    SLACK = 80,     /* bp by which copies may be shifted: half a window */
    MOST_WINDOW = ANL_ENCODER_MAX_LEN,
    SLOT_BITS = 11,
    SLOTS = 1 << SLOT_BITS, /* of a table of the words of a window and its slack: at most a quarter full */
    N_CODE = 4,
    LOOK_ALIKES = 10, /* at least one in so many hard-negative pairs: genomes without repeats have hardly any copies */
};

/* Shares of words of 16 bp: above SAME windows do not differ but in a base near an end, and no vector can tell them apart; from COPY on they are
 * copies of one sequence, with 5% differences and less: 0.95^16 = 0.44. */
static const float SAME = 0.97f, COPY = 0.4f;

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

/* Words around b and where they are. */
typedef struct words {
    uint64_t word[SLOTS]; /* + 1; 0: free */
    int32_t at[SLOTS];    /* base, and whether the word is turned: 2 base + turned */
} words;

static size_t slot_of(const words *t, uint64_t word)
{
    size_t i = word * 0x9e3779b97f4a7c15u >> (64 - SLOT_BITS);
    while (t->word[i] && t->word[i] != word) i = (i + 1) % SLOTS;
    return i;
}

/* The share of the words of the window at `a` that are found around the window at `b`: 1 for copies, which no vector can tell apart.
 * *aligned: where the window begins that most of them align with a's; b when there is none. */
static float shared_words(const anl_corpus *c, int64_t a, int64_t b, int window, int64_t *aligned)
{
    words t = {0};
    int votes[2 * (SLACK + MOST_WINDOW)] = {0}, all = 0, shared = 0, best = 0;
    int64_t begin = b - SLACK < 0 ? 0 : b - SLACK, end = b + window + SLACK < c->n ? b + window + SLACK : c->n, first = begin - window;
    *aligned = b;
    for (int64_t i = begin; i + WORD <= end; ++i) {
        if (memchr(c->bases + i, N_CODE, WORD)) continue;
        uint64_t w = canonical(c->bases + i) + 1;
        size_t slot = slot_of(&t, w);
        t.word[slot] = w;
        t.at[slot] = (int32_t)(2 * (i - begin)) + (word_at(c->bases + i, 0) + 1 != w);
    }
    for (int i = 0; i + WORD <= window; ++i) {
        const uint8_t *s = c->bases + a + i;
        if (memchr(s, N_CODE, WORD)) continue;
        uint64_t w = canonical(s) + 1;
        size_t slot = slot_of(&t, w);
        ++all;
        if (!t.word[slot]) continue;
        ++shared;
        int turned = (word_at(s, 0) + 1 != w) != (t.at[slot] & 1);
        int64_t at = begin + t.at[slot] / 2, start = turned ? at + WORD + i - window : at - i;
        if (start < first || start - first >= (int64_t)(sizeof votes / sizeof *votes)) continue;
        int v = ++votes[start - first];
        if (v > best) {
            best = v;
            *aligned = start;
        }
    }
    return all ? (float)shared / (float)all : 1;
}

typedef struct found_pair {
    anl_hard_pair pair;
    float shared; /* words */
} found_pair;

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

/* Pairs window `own` with the hit within `most` that shares most with it but is not the same, to *best. Whether there is one. */
static int best_pair(const miner *mi, uint32_t own, int32_t most, const anl_hit *hits, int n, found_pair *best)
{
    const anl_index *x = mi->index;
    int64_t a = excerpt_pos(mi->excerpt, anl_index_window_pos(x, own), mi->window);
    *best = (found_pair){.shared = -1};
    for (int j = 0; j < n && a >= 0 && hits[j].dist <= most; ++j) {
        int64_t aligned, b = excerpt_pos(mi->excerpt, anl_index_window_pos(x, hits[j].window), mi->window);
        if (b < 0 || llabs(a - b) < 2 * mi->window) continue;
        float shared = shared_words(mi->corpus, a, b, mi->window, &aligned);
        if (shared <= SAME && shared > best->shared) *best = (found_pair){{a, aligned}, shared};
    }
    return best->shared >= 0;
}

/* Hard-negative pairs of entries [first, first + n), at most one each, to out; returns their number or an error. */
static int mine_block(const miner *mi, int64_t first, int n, found_pair *out)
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
        const int32_t most = anl_squared_norm(vectors + (size_t)i * d, x->d); /* a cosine of 1/2: no accident */
        if (own != ANL_INDEX_NO_WINDOW) found += best_pair(mi, own, most, hits + i * NEIGHBOURS, counts[i], &out[found]);
    }
    anl_search_scratch_free(sc);
    free(vectors);
    free(hits);
    return rc ? rc : found;
}

/* Copies and as many look-alikes, which are far more frequent, spread evenly; in the order of entries. */
static size_t keep_pairs(const found_pair *all, size_t n, anl_hard_pair *hard_pairs)
{
    size_t copies = 0, kept = 0, look_alikes = 0;
    for (size_t i = 0; i < n; ++i) copies += all[i].shared >= COPY;
    size_t wanted = copies > n / LOOK_ALIKES ? copies : n / LOOK_ALIKES, there = n - copies;
    if (wanted > there) wanted = there;
    for (size_t i = 0; i < n; ++i) {
        if (all[i].shared < COPY) {
            size_t before = look_alikes * wanted / there;
            if (++look_alikes * wanted / there == before) continue;
        }
        hard_pairs[kept++] = all[i].pair;
    }
    return kept;
}

static int mine_all(const miner *mi, int threads, anl_hard_pair **hard_pairs, size_t *n)
{
    int64_t entries = (int64_t)mi->index->list_begin[mi->index->nlist], blocks = (entries + BLOCK - 1) / BLOCK;
    anl_failure failure = {0};
    found_pair *all = anl_alloc((size_t)entries, sizeof *all);
    int *found = anl_alloc((size_t)blocks, sizeof *found);
    anl_hard_pair *kept = NULL;
    int rc = all && found ? ANL_OK : ANL_ENOMEM;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (!rc)
    for (int64_t i = 0; i < (rc ? 0 : blocks); ++i) {
        int64_t first = i * BLOCK;
        found[i] = mine_block(mi, first, (int)(entries - first < BLOCK ? entries - first : BLOCK), all + first);
        if (found[i] < 0) anl_failure_keep(&failure, found[i], (long)i);
    }
    if (!rc) rc = anl_failure_raise(&failure);
    size_t total = 0;
    for (int64_t i = 0; i < blocks && !rc; ++i) {
        memmove(all + total, all + i * BLOCK, (size_t)found[i] * sizeof *all);
        total += (size_t)found[i];
    }
    if (!rc && !(kept = anl_alloc(total ? total : 1, sizeof *kept))) rc = ANL_ENOMEM;
    if (!rc) *n = keep_pairs(all, total, kept);
    if (!rc) *hard_pairs = kept;
    free(found);
    free(all);
    return rc;
}

int anl_mine(const anl_corpus *c, const anl_model *m, int window, int64_t windows, int round, int threads, anl_hard_pair **hard_pairs,
             size_t *n)
{
    anl_index *x = NULL;
    anl_search *search = NULL;
    excerpt e = {0};
    *hard_pairs = NULL;
    *n = 0;
    int rc = excerpt_new(&e, c, windows * window, round);
    if (!rc) rc = anl_window_store_new(&x, m, e.bases, e.n, window, window, threads);
    if (!rc) rc = anl_search_new(&search, x, ANL_SEARCH_NATIVE);
    if (!rc) rc = mine_all(&(miner){c, &e, x, search, window}, threads, hard_pairs, n);
    anl_search_free(search);
    anl_index_free(x);
    free(e.bases);
    return rc;
}
