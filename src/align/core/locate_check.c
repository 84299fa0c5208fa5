#include "locate_check.h"

#include "align_tuning.h"
#include "rng.h"

#include <string.h>

enum {
    READS = 32,
    SHORTEST = ANL_ENCODER_MIN_LEN,
    HITS = 24,
    CHANGED = 20, /* one in so many bases of a read, at the most */
    ALIKE = 6,    /* hits that look like the nearest */
};

typedef struct made_up {
    uint8_t bases[READS][ANL_ENCODER_MAX_LEN];
    anl_hit hits[READS][HITS];
    anl_segment segments[2][READS]; /* of the CPU, of the GPU */
} made_up;

/* Windows where the read is from, more and more far from there, then anywhere, the first one and the last one. Some come twice. */
static void make_hits(const anl_index *x, int64_t from, uint64_t *state, anl_hit *hits)
{
    int64_t near = 0, far = x->n_windows;
    while (far - near > 1) { /* the last window that begins before the read, or as it does */
        const int64_t middle = near + (far - near) / 2;
        *(anl_index_window_pos(x, middle) <= from ? &near : &far) = middle;
    }
    for (int32_t h = 0; h < HITS; ++h) {
        int64_t window = h < HITS / 4 ? near + (h % 2 ? -h : h) : (int64_t)anl_rng_below(state, (uint64_t)x->n_windows);
        if (h == HITS / 2) window = 0;
        if (h > HITS / 2 + 1 && h % 5 == 0) window = hits[h / 2].window;
        if (window < 0) window = 0;
        hits[h] = (anl_hit){h < ALIKE ? 0 : h, (uint32_t)(window < x->n_windows ? window : x->n_windows - 1)};
    }
}

/* Reads of all lengths from anywhere, every third of them part of a longer one. */
static void make_reads(const anl_index *x, const int8_t *vector, made_up *m)
{
    const int64_t bases = x->contig_begin[x->n_contigs];
    uint64_t state = 3;
    for (int i = 0; i < READS; ++i) {
        int64_t begin = (int64_t)anl_rng_below(&state, (uint64_t)bases), end;
        const int32_t len = SHORTEST + i * (ANL_ENCODER_MAX_LEN - SHORTEST) / (READS - 1), longer = i % 3 == 1 ? len / 2 : 0;
        anl_rng_bases(&state, m->bases[i], len); /* behind the end of a contig */
        end = begin + len;
        anl_index_clip(x, anl_index_contig_at(x, begin), &begin, &end);
        anl_index_fetch(x, begin, end, m->bases[i]);
        for (int32_t j = 0; j < len; ++j)
            if (!anl_rng_below(&state, (uint64_t)(CHANGED + 4 * (READS - i)))) m->bases[i][j] = (uint8_t)anl_rng_below(&state, 5);
        make_hits(x, begin, &state, m->hits[i]);
        m->segments[0][i] = (anl_segment){.sequence = i,
                                          .sequence_len = len + longer,
                                          .offset = longer / 3,
                                          .len = len,
                                          .bases = m->bases[i],
                                          .near = {.query = vector, .hits = m->hits[i], .k = HITS, .n = HITS}};
        m->segments[1][i] = m->segments[0][i];
    }
}

static int is_same(const anl_segment *a, const anl_segment *b)
{
    if (a->places.n != b->places.n || a->crowded != b->crowded) return 0;
    for (int32_t i = 0; i < a->places.n; ++i) {
        const anl_place *x = &a->places.list[i], *y = &b->places.list[i];
        if (x->start != y->start || x->lo != y->lo || x->hi != y->hi || x->votes != y->votes || x->contig != y->contig ||
            x->other != y->other || x->reverse != y->reverse || x->straight != y->straight)
            return 0;
    }
    return 1;
}

int anl_locate_check_gpu(const anl_context *c, anl_scratch *s)
{
    const anl_index *x = c->index;
    anl_locate_params params = anl_locate_short;
    anl_arena_reset(s->temporary);
    made_up *m = anl_arena_alloc(s->temporary, 1, sizeof *m);
    int8_t *vector = anl_arena_alloc(s->temporary, (size_t)x->d, 1);
    if (!m || !vector) return ANL_ENOMEM;
    memset(vector, 0, (size_t)x->d);
    if (!x->n_windows) return ANL_OK;
    make_reads(x, vector, m);
    params.crowd = ANL_XA_MOST + 2;
    int rc = anl_locate_vote_ahead(c, s, &params, m->segments[1], READS);
    for (int on = 0; on < 2; ++on)
        for (int i = 0; i < READS && !rc; ++i) rc = anl_locate_vote(x, s->voter, &params, &m->segments[on][i], s->temporary);
    for (int i = 0; i < READS && !rc; ++i)
        if (!is_same(&m->segments[0][i], &m->segments[1][i])) rc = anl_gpu_differs("vote");
    return rc;
}
