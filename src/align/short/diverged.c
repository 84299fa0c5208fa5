#include "diverged.h"

#include "align_tuning.h"
#include "settle.h"

#include <string.h>

/* How far a read is. */
typedef enum state {
    OPEN,   /* nothing stands out */
    COPIES, /* so many places do that there may be more */
    DONE,
} state;

/* Reads on their way. */
typedef struct finder {
    anl_settler all;
    anl_place *best; /* [n] the place of a read with the most votes, 0 votes: none */
    uint8_t *states; /* [n] */
} finder;

/* The segments of all reads in one state, in their order; they move. */
static int select_segments(const finder *f, const anl_segments *from, state which, anl_segments *out)
{
    *out = (anl_segments){.list = anl_arena_alloc(f->all.s->temporary, (size_t)from->n, sizeof *out->list), .cap = (size_t)from->n};
    if (!out->list) return ANL_ENOMEM;
    for (int32_t i = 0; i < from->n; ++i)
        if (f->states[from->list[i].sequence] == which) out->list[out->n++] = from->list[i];
    return ANL_OK;
}

static int pointers(const finder *f, const anl_segments *segments, anl_segment ***out)
{
    *out = anl_arena_alloc(f->all.s->temporary, (size_t)segments->n, sizeof **out);
    if (!*out) return ANL_ENOMEM;
    for (int32_t i = 0; i < segments->n; ++i) (*out)[i] = &segments->list[i];
    return ANL_OK;
}

/* Whether the votes of a read's segments say where it lies. */
static void judge(finder *f, const anl_segments *segments)
{
    for (int32_t i = 0, next; i < segments->n; i = next) {
        const int32_t number = segments->list[i].sequence;
        anl_place *best = &f->best[number];
        int32_t alike = 0, repeat = 0;
        for (next = i; next < segments->n && segments->list[next].sequence == number; ++next)
            for (int32_t p = 0; p < segments->list[next].places.n; ++p)
                if (segments->list[next].places.list[p].votes > best->votes) {
                    *best = segments->list[next].places.list[p];
                    repeat = anl_locate_is_repeat(f->all.c->index, best->contig, anl_locate_at(&segments->list[next], best),
                                                  segments->list[next].len);
                }
        for (int32_t j = i; j < next; ++j)
            for (int32_t p = 0; p < segments->list[j].places.n; ++p) alike += 2 * segments->list[j].places.list[p].votes >= best->votes;
        if (best->votes >= ANL_DIVERGED_SURE) f->states[number] = !repeat && alike < ANL_DIVERGED_COPIES * (next - i) ? DONE : COPIES;
    }
}

/* The best place beside a read that is done, in the regions that the insert sizes give its mate, becomes a candidate of that. */
static int look_beside(finder *f, int from)
{
    const anl_query *here = &f->all.queries[from];
    const int to = here->read->mate == 1 ? from + 1 : from - 1;
    if (f->all.c->options->no_rescue || !here->read->mate || f->states[from] != DONE || !f->best[from].votes || f->states[to] != OPEN ||
        anl_read_is_long(f->all.queries[to].read))
        return ANL_OK;
    const anl_query *mate = &f->all.queries[to];
    const anl_place *at = &f->best[from];
    anl_places near = {0};
    int rc = anl_settle_vote_beside(&f->all, here, at, mate, &near);
    anl_place best = {0};
    for (int32_t i = 0; i < near.n && !rc; ++i)
        if (near.list[i].votes > best.votes) best = near.list[i];
    if (rc || best.votes < ANL_DIVERGED_BESIDE) return rc;
    f->states[to] = DONE;
    return anl_candidates_add_place(f->all.c, f->all.queries, to, &best, f->all.queue, f->all.results);
}

static int look_beside_all(finder *f)
{
    int rc = ANL_OK;
    for (int i = 0; i < f->all.n && !rc; ++i) rc = look_beside(f, i);
    return rc;
}

/* All reads, in the usual number of lists. */
static int search_usual(finder *f, anl_segments *segments)
{
    anl_segment **all;
    int rc = ANL_OK;
    for (int i = 0; i < f->all.n && !rc; ++i)
        rc = anl_candidates_cut(f->all.c->index, &f->all.queries[i], i, segments, f->all.s->temporary);
    if (rc || !segments->n) return rc;
    rc = anl_locate_embed_all(f->all.c, f->all.s, segments);
    if (!rc) rc = pointers(f, segments, &all);
    if (!rc) rc = anl_locate_start(all, segments->n, f->all.params.k, f->all.s->temporary);
    if (!rc) rc = anl_locate_wave(f->all.c, f->all.s, all, segments->n, anl_search_nprobe(f->all.c->index, 1));
    if (!rc) rc = anl_candidates_vote(f->all.c, f->all.s, &f->all.params, segments, f->all.queries, f->all.queue, f->all.results);
    if (!rc) judge(f, segments);
    return rc ? rc : look_beside_all(f);
}

/* Lets the nearest `most` hits of each segment vote. */
static int vote_nearest(finder *f, anl_segments *segments, int32_t most)
{
    int32_t *n = anl_arena_alloc(f->all.s->temporary, (size_t)segments->n, sizeof *n);
    if (!n) return ANL_ENOMEM;
    for (int32_t i = 0; i < segments->n; ++i) {
        anl_neighbours *near = &segments->list[i].near;
        n[i] = near->n;
        if (near->n > most) near->n = most;
    }
    int rc = anl_candidates_vote(f->all.c, f->all.s, &f->all.params, segments, f->all.queries, f->all.queue, f->all.results);
    for (int32_t i = 0; i < segments->n; ++i) segments->list[i].near.n = n[i];
    return rc;
}

/* Queues the segment's read at its nearest hits, wherever in the window it may lie, on both strands. */
static int align_nearest(finder *f, const anl_segment *segment)
{
    const anl_index *x = f->all.c->index;
    const anl_query *q = &f->all.queries[segment->sequence];
    const int32_t len = q->read->len, reach = x->window / 2 + ANL_GAP_ROOM;
    int rc = ANL_OK;
    for (int32_t h = 0; h < segment->near.n && h < ANL_DIVERGED_ALIGNED && !rc; ++h) {
        const int64_t pos = anl_index_window_pos(x, segment->near.hits[h].window);
        const int32_t contig = anl_index_contig_at(x, pos);
        for (uint8_t reverse = 0; reverse < 2 && !rc; ++reverse) {
            const int32_t before = reverse ? len - segment->offset - segment->len : segment->offset;
            const int64_t begin = pos + (x->window - segment->len) / 2 - before;
            anl_pending what = {.query = segment->sequence,
                                .min_score = f->all.c->options->min_score,
                                .begin = begin - reach,
                                .end = begin + len + reach,
                                .candidate = {.dlo = INT64_MAX, .dhi = INT64_MIN, .contig = contig, .reverse = reverse}};
            anl_index_clip(x, contig, &what.begin, &what.end);
            if (what.begin < what.end) rc = anl_sw_queue_add(f->all.queue, &what);
        }
    }
    return rc;
}

static int mate_is_done(const finder *f, int32_t number)
{
    const int32_t mate = f->all.queries[number].read->mate;
    return mate && !f->all.c->options->no_rescue && f->states[mate == 1 ? number + 1 : number - 1] == DONE;
}

/* Reads still open, in all lists: first the nearer hits vote, then, of those that this tells nothing, all of them, and two k-mers make a place. */
static int search_deep(finder *f, const anl_segments *segments)
{
    anl_segments open, rest;
    anl_segment **all;
    int rc = select_segments(f, segments, OPEN, &open);
    if (rc || !open.n) return rc;
    for (int32_t i = 0; i < open.n; ++i) anl_locate_forget(&open.list[i]);
    rc = pointers(f, &open, &all);
    if (!rc) rc = anl_locate_start(all, open.n, ANL_DIVERGED_K, f->all.s->temporary);
    if (!rc) rc = anl_locate_wave(f->all.c, f->all.s, all, open.n, anl_search_nprobe(f->all.c->index, ANL_SEARCH_MOST));
    if (!rc) rc = vote_nearest(f, &open, ANL_DIVERGED_K / ANL_DIVERGED_NEARER);
    if (rc) return rc;
    judge(f, &open);
    rc = look_beside_all(f);
    if (!rc) rc = select_segments(f, &open, OPEN, &rest);
    if (rc || !rest.n) return rc;
    for (int32_t i = 0; i < rest.n; ++i) anl_locate_forget(&rest.list[i]);
    f->all.params.min_votes = ANL_DIVERGED_MIN_VOTES;
    rc = anl_candidates_vote(f->all.c, f->all.s, &f->all.params, &rest, f->all.queries, f->all.queue, f->all.results);
    for (int32_t i = 0; i < rest.n && !rc; ++i)
        if (!mate_is_done(f, rest.list[i].sequence)) rc = align_nearest(f, &rest.list[i]);
    return rc;
}

/* Reads with many copies, as all reads by default. */
static int search_copies(finder *f, const anl_segments *segments)
{
    anl_segments copies;
    int rc = select_segments(f, segments, COPIES, &copies);
    if (!rc && copies.n)
        rc = anl_candidates_score(f->all.c, f->all.s, f->all.queue, f->all.queries, f->all.n, f->all.results); /* of other reads as well */
    return rc || !copies.n
               ? rc
               : anl_candidates_search(f->all.c, f->all.s, &f->all.params, &copies, f->all.queue, f->all.queries, f->all.n, f->all.results);
}

int anl_find_diverged(const anl_context *c, anl_scratch *s, const anl_insert_model *inserts, anl_sw_queue *queue, anl_query *queries, int n,
                      anl_arena *results, anl_find_counts *counts)
{
    if (c->options->all || c->options->exhaustive) return anl_find(c, s, inserts, queue, queries, n, results, counts);
    finder f = {.all = anl_settler_of(c, s, inserts, queue, queries, n, results, counts),
                .best = anl_arena_alloc(s->temporary, (size_t)n, sizeof *f.best),
                .states = anl_arena_alloc(s->temporary, (size_t)n, sizeof *f.states)};
    if (!f.best || !f.states) return ANL_ENOMEM;
    memset(f.best, 0, (size_t)n * sizeof *f.best);
    memset(f.states, OPEN, (size_t)n * sizeof *f.states);
    const int64_t entries = anl_search_entries(s->search);
    anl_segments segments = {0};
    int rc = search_usual(&f, &segments);
    counts->segments += segments.n;
    if (!rc) rc = search_copies(&f, &segments);
    if (!rc) rc = search_deep(&f, &segments);
    if (!rc) rc = anl_candidates_score(c, s, queue, queries, n, results);
    counts->entries += anl_search_entries(s->search) - entries;
    return rc;
}
