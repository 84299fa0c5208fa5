#include "windows.h"

#include <stdlib.h>
#include <string.h>

enum {
    SPACING = 640,     /* bp between windows of a read long enough to have many, */
    FEW = 12,          /* and at least so many windows otherwise, */
    CLOSEST = 80,      /* unless they would be closer than this */
    NEIGHBOURS = 32,   /* fetched for each window at first */
    DEEPER = 8,        /* times as many where most windows are crowded */
    DEEPEST = 512,
    LEAST_VOTES = 5,
    STRONG = 15,       /* votes that random sequence does not give */
    ENOUGH = 2,        /* one strong window in so many */
    VOTE_ROOM = 20,    /* bp around a window for gaps */
};

typedef struct window {
    int32_t offset, len, n_hits;
    const anl_hit *hits;
} window;

typedef struct windows {
    window *list;
    const int8_t *vectors; /* [n][d] */
    int32_t n;
} windows;

static int cut(anl_worker *w, const uint8_t *seq, int32_t len, windows *out)
{
    const int32_t size = len < w->context->index->window ? len : w->context->index->window, room = len - size;
    const int32_t few = room / CLOSEST < FEW ? room / CLOSEST : FEW;
    int32_t n = room / SPACING > few ? room / SPACING : few;
    n = n + 1 < ANL_MOST_WINDOWS ? n + 1 : ANL_MOST_WINDOWS;
    window *list = anl_arena_alloc(w->temporary, (size_t)n, sizeof *list);
    const uint8_t **seqs = anl_arena_alloc(w->temporary, (size_t)n, sizeof *seqs);
    int32_t *lens = anl_arena_alloc(w->temporary, (size_t)n, sizeof *lens);
    int8_t *vectors = anl_arena_alloc(w->temporary, (size_t)n, (size_t)w->context->index->d);
    if (!list || !seqs || !lens || !vectors) return ANL_ENOMEM;
    for (int32_t i = 0; i < n; ++i) {
        list[i] = (window){.offset = n > 1 ? (int32_t)((int64_t)room * i / (n - 1)) : 0, .len = size};
        seqs[i] = seq + list[i].offset;
        lens[i] = size;
    }
    *out = (windows){list, vectors, n};
    return anl_encoder_embed(w->context->encoder, w->encoder, seqs, lens, n, vectors);
}

/* Fetches k neighbours of every window. *crowded: how many windows have more. Without `sure`
 * one look is enough. */
static int search(anl_worker *w, windows *all, int32_t k, int sure, int32_t *crowded)
{
    const int32_t d = w->context->index->d;
    const size_t n = (size_t)all->n;
    anl_hit *hits = anl_arena_alloc(w->temporary, n * (size_t)k, sizeof *hits);
    int *counts = anl_arena_alloc(w->temporary, n, sizeof *counts), *efforts = anl_arena_alloc(w->temporary, n, sizeof *efforts);
    if (!hits || !counts || !efforts) return ANL_ENOMEM;
    int rc = sure ? anl_search_sure(w->context->search, w->search, all->vectors, all->n, k, hits, counts, efforts)
                  : anl_search_batch(w->context->search, w->search, all->vectors, all->n, k, 1, hits, counts);
    if (rc) return rc;
    *crowded = 0;
    for (int32_t i = 0; i < all->n; ++i) {
        anl_hit *own = hits + (size_t)i * (size_t)k;
        *crowded += anl_hits_crowded(all->vectors + (size_t)i * (size_t)d, d, own, counts[i], k);
        all->list[i].hits = own;
        all->list[i].n_hits = counts[i];
    }
    return ANL_OK;
}

static int add(anl_worker *w, anl_window_anchors *out, anl_anchor a)
{
    int rc = anl_arena_grow(w->temporary, &out->list, (size_t)out->n, &out->cap, (size_t)out->n + 1, sizeof *out->list);
    if (!rc) out->list[out->n++] = a;
    return rc;
}

/* The window `s` at joined coordinate t on the strand voted for, cut to its contig. */
static anl_anchor make_anchor(const anl_index *x, const window *s, int32_t len, int64_t t, int32_t contig, const anl_vote *v)
{
    anl_anchor a = {.t = t, .q = v->reverse ? len - s->offset - s->len : s->offset, .len = s->len, .weight = v->votes,
                    .group = 2 * contig + v->reverse};
    int64_t end = t + a.len;
    anl_index_clip(x, contig, &a.t, &end);
    a.q += (int32_t)(a.t - t);
    a.len = (int32_t)(end - a.t);
    return a;
}

/* Votes for every hit of a window whose place is not already among the anchors of the window, which begin at `from`. */
static int vote(anl_worker *w, const uint8_t *seq, int32_t len, const window *s, anl_window_anchors *out)
{
    const anl_index *x = w->context->index;
    const int32_t room = x->window / 2 + VOTE_ROOM, from = out->n;
    uint8_t region[ANL_VOTE_MAX_REGION];
    int rc = ANL_OK;
    anl_voter_load(w->voter, seq + s->offset, s->len);
    for (int32_t h = 0; h < s->n_hits && !rc; ++h) {
        const int64_t pos = anl_index_window_pos(x, s->hits[h].window);
        const int32_t contig = anl_index_contig_at(x, pos);
        int known = 0;
        for (int32_t i = from; i < out->n && !known; ++i)
            known = out->list[i].group / 2 == contig && llabs(out->list[i].t - pos) <= x->stride;
        if (known) continue;
        int64_t begin = pos - room, end = pos + s->len + room;
        anl_index_clip(x, contig, &begin, &end);
        anl_index_fetch(x, begin, end, region);
        const anl_vote v = anl_voter_count(w->voter, region, (int32_t)(end - begin), (int32_t)(pos - room - begin), (int32_t)(pos + room - begin));
        if (v.votes < LEAST_VOTES) continue;
        const anl_anchor a = make_anchor(x, s, len, begin + v.diag, contig, &v);
        if (a.len >= ANL_ENCODER_MIN_LEN) rc = add(w, out, a);
    }
    return rc;
}

/* Votes for the hits of all windows; *strong: windows that many k-mers place. */
static int vote_all(anl_worker *w, const uint8_t *seq, int32_t len, const windows *all, anl_window_anchors *out, int32_t *strong)
{
    int rc = ANL_OK;
    out->n = 0;
    *strong = 0;
    for (int32_t i = 0; i < all->n && !rc; ++i) {
        int32_t most = 0, from = out->n;
        rc = vote(w, seq, len, &all->list[i], out);
        for (int32_t a = from; a < out->n; ++a)
            if (out->list[a].weight > most) most = out->list[a].weight;
        *strong += most >= STRONG;
    }
    return rc;
}

int anl_windows_find(anl_worker *w, const uint8_t *seq, int32_t len, anl_window_anchors *out)
{
    windows all = {0};
    int32_t k = NEIGHBOURS, strong = 0;
    int rc = cut(w, seq, len, &all);
    *out = (anl_window_anchors){.windows = all.n};
    out->spacing = all.n > 1 ? all.list[1].offset - all.list[0].offset : len;
    /* A long read has windows to spare: only where few are found is it worth going through more of the index. */
    for (int sure = 0; sure <= 1 && !rc && strong * ENOUGH < all.n; ++sure) {
        rc = search(w, &all, k, sure, &out->crowded);
        while (!rc && out->crowded * 2 > all.n && k < DEEPEST) {
            k = k * DEEPER < DEEPEST ? k * DEEPER : DEEPEST;
            rc = search(w, &all, k, sure, &out->crowded);
        }
        if (!rc) rc = vote_all(w, seq, len, &all, out, &strong);
    }
    return rc;
}
