#include "locate.h"

#include "align_tuning.h"
#include "cells.h"
#include "read.h"

#include <stdlib.h>
#include <string.h>

enum {
    CROWD_MOST = 32, /* the largest that is counted */
    FEW_PLACES = 16, /* of a segment: all of them are gone along */
    SEEN = 2,        /* times the longest gap looked for: so far beside a straight place diagonals have voted */
    AHEAD = 6        /* hits between asking memory for what lies at one and voting there */
};

_Static_assert(ANL_ENCODER_MAX_LEN / 2 + ANL_GAP_ROOM <= ANL_GPU_VOTE_REACH, "as far as vote_reach() goes");
_Static_assert(CROWD_MOST <= 32, "what anl_gpu_segment allows");

/* ---- cut and embed ---- */

int anl_locate_cut(anl_segments *to, int32_t sequence, const uint8_t *bases, int32_t len, int32_t size, int32_t n, anl_arena *arena)
{
    int rc = anl_arena_grow(arena, &to->list, (size_t)to->n, &to->cap, (size_t)(to->n + n), sizeof *to->list);
    if (rc) return rc;
    for (int32_t i = 0; i < n; ++i) {
        const int32_t offset = n > 1 ? (int32_t)((int64_t)(len - size) * i / (n - 1)) : 0;
        to->list[to->n++] =
            (anl_segment){.sequence = sequence, .sequence_len = len, .offset = offset, .len = size, .bases = bases + offset};
    }
    return ANL_OK;
}

int anl_locate_embed(const anl_context *c, anl_scratch *s, anl_embed_function *embed, anl_segment *const *which, int32_t n)
{
    const size_t d = (size_t)c->index->d;
    const uint8_t **seqs = anl_arena_alloc(s->temporary, (size_t)n, sizeof *seqs);
    int32_t *lens = anl_arena_alloc(s->temporary, (size_t)n, sizeof *lens);
    int8_t *vectors = anl_arena_alloc(s->temporary, (size_t)n, d);
    if (!seqs || !lens || !vectors) return ANL_ENOMEM;
    for (int32_t i = 0; i < n; ++i) {
        seqs[i] = which[i]->bases;
        lens[i] = which[i]->len;
        which[i]->near.query = vectors + (size_t)i * d;
        which[i]->voted = NULL; /* distances to another vector say nothing about this one's */
        which[i]->n_voted = 0;
    }
    return embed(c->encoder, s->encoder, seqs, lens, n, vectors);
}

int anl_locate_embed_all(const anl_context *c, anl_scratch *s, anl_segments *segments)
{
    anl_segment **all = anl_arena_alloc(s->temporary, (size_t)segments->n, sizeof(anl_segment *));
    if (!all) return ANL_ENOMEM;
    for (int32_t i = 0; i < segments->n; ++i) all[i] = &segments->list[i];
    return anl_locate_embed(c, s, anl_encoder_embed, all, segments->n);
}

/* ---- search ---- */

static int start(anl_segment *const *which, int32_t n, int32_t k, int32_t lists_cap, anl_arena *arena)
{
    anl_hit *hits = anl_arena_alloc(arena, (size_t)n * (size_t)k, sizeof *hits);
    uint32_t *lists = anl_arena_alloc(arena, (size_t)n * (size_t)lists_cap, sizeof *lists);
    if (!hits || !lists) return ANL_ENOMEM;
    for (int32_t i = 0; i < n; ++i)
        which[i]->near = (anl_neighbours){.query = which[i]->near.query,
                                          .far = which[i]->near.far,
                                          .hits = hits + (size_t)i * (size_t)k,
                                          .k = k,
                                          .lists = lists + (size_t)i * (size_t)lists_cap,
                                          .lists_cap = lists_cap};
    return ANL_OK;
}

int anl_locate_start(anl_segment *const *which, int32_t n, int32_t k, anl_arena *arena)
{
    return start(which, n, k, ANL_RANKED, arena);
}

int anl_locate_start_usual(const anl_context *c, anl_segment *const *which, int32_t n, int32_t k, anl_arena *arena)
{
    const int32_t usual = anl_search_nprobe(c->index, 1), most = usual < ANL_RANKED_MOST ? usual : ANL_RANKED_MOST;
    return start(which, n, k, c->gpu || most < ANL_RANKED ? ANL_RANKED : most, arena);
}

/* What is searched on must not lie where the hits that have voted are remembered. */
static int keep_voted(anl_segment *const *which, int32_t n, anl_arena *arena)
{
    for (int32_t i = 0; i < n; ++i) {
        anl_neighbours *near = &which[i]->near;
        if (!near->hits || which[i]->voted != near->hits) continue;
        anl_hit *hits = anl_arena_alloc(arena, (size_t)near->k, sizeof *hits);
        if (!hits) return ANL_ENOMEM;
        near->hits = memcpy(hits, near->hits, (size_t)near->n * sizeof *hits);
    }
    return ANL_OK;
}

static int neighbours_of(anl_segment *const *which, int32_t n, anl_arena *arena, anl_neighbours ***out)
{
    anl_neighbours **near = anl_arena_alloc(arena, (size_t)n, sizeof(anl_neighbours *));
    if (!near) return ANL_ENOMEM;
    for (int32_t i = 0; i < n; ++i) near[i] = &which[i]->near;
    *out = near;
    return keep_voted(which, n, arena);
}

int anl_locate_wave(const anl_context *c, anl_scratch *s, anl_segment *const *which, int32_t n, int32_t nprobe)
{
    anl_neighbours **near;
    const int rc = neighbours_of(which, n, s->temporary, &near);
    return rc ? rc : anl_search_wave(c->search, s->search, near, n, nprobe);
}

static int widen(const anl_context *c, anl_scratch *s, anl_segment *const *which, int32_t n, int most)
{
    anl_neighbours **near;
    const int rc = neighbours_of(which, n, s->temporary, &near);
    return rc ? rc : anl_search_widen(c->search, s->search, near, n, most);
}

static int32_t first_k(const anl_locate_params *p)
{
    return p->k < p->k_most ? p->k : p->k_most;
}

int anl_locate_usual(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segment *const *which, int32_t n)
{
    const int rc = anl_locate_start(which, n, first_k(p), s->temporary);
    return rc ? rc : widen(c, s, which, n, 1);
}

/* Searches those of which[n] that have fewer than k neighbours again, for `deeper` of them, each in as many lists as before; `group` has room for n. */
static int search_deeper(const anl_context *c, anl_scratch *s, anl_segment *const *which, int32_t n, int32_t k, int32_t deeper,
                         anl_segment **group)
{
    for (;;) {
        int32_t m = 0, nprobe = 0;
        for (int32_t i = 0; i < n; ++i)
            if (which[i]->near.k < k && (!m || which[i]->near.nprobe == nprobe)) {
                group[m++] = which[i];
                nprobe = which[i]->near.nprobe;
            }
        if (!m) return ANL_OK;
        int rc = anl_locate_start(group, m, deeper, s->temporary);
        if (!rc && nprobe) rc = anl_locate_wave(c, s, group, m, nprobe);
        if (rc) return rc;
    }
}

/* As if no more than k hits had been asked for. */
static void take_back(anl_neighbours *near, int32_t k)
{
    near->k = k;
    if (near->n > k) near->n = k;
}

static int32_t next_k(const anl_locate_params *p, int32_t k)
{
    return k * p->k_factor < p->k_most ? k * p->k_factor : p->k_most;
}

int32_t anl_locate_deeper_k(const anl_locate_params *p, int32_t k)
{
    return p->together ? next_k(p, k) : next_k(p, next_k(p, k));
}

int32_t anl_locate_at_once(const anl_context *c, int32_t k)
{
    const int32_t n = (c->gpu ? ANL_DEEP_HITS_ON_GPU : ANL_DEEP_HITS) / k / c->options->threads;
    return n ? n : 1;
}

int anl_locate_search(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segments *segments, anl_effort effort,
                      int32_t *saturated)
{
    const int32_t n = segments->n, d = c->index->d;
    anl_segment **all = anl_arena_alloc(s->temporary, (size_t)n, sizeof(anl_segment *));
    anl_segment **which = anl_arena_alloc(s->temporary, (size_t)n, sizeof(anl_segment *));
    anl_segment **group = anl_arena_alloc(s->temporary, (size_t)n, sizeof(anl_segment *));
    if (!all || !which || !group) return ANL_ENOMEM;
    for (int32_t i = 0; i < n; ++i) all[i] = &segments->list[i];
    int32_t k = first_k(p), m = 0;
    int rc = n && !all[0]->near.k ? anl_locate_start(all, n, k, s->temporary) : ANL_OK;
    if (!rc && effort == ANL_EFFORT_ALL)
        rc = anl_locate_wave(c, s, all, n, c->index->nlist);
    else if (!rc)
        rc = widen(c, s, all, n, effort == ANL_EFFORT_WIDENED ? ANL_SEARCH_MOST : 1);
    while (!rc) {
        m = 0;
        for (int32_t i = 0; i < n; ++i)
            if (all[i]->near.k < k)
                continue;
            else if (anl_search_is_saturated(&all[i]->near, k, d))
                which[m++] = all[i];
            else
                take_back(&all[i]->near, k);
        if (k >= p->k_most || !m || (p->together && 2 * m <= n)) break;
        const int32_t deeper = anl_locate_deeper_k(p, k);
        k = next_k(p, k);
        rc = search_deeper(c, s, p->together ? all : which, p->together ? n : m, k, deeper, group);
    }
    if (saturated) *saturated = m;
    return rc;
}

int anl_locate_is_truncated(const anl_locate_params *p, const anl_segment *segment, int32_t d)
{
    return segment->near.k >= p->k_most && anl_search_is_saturated(&segment->near, p->k_most, d);
}

/* ---- vote ---- */

static int add_place(anl_places *to, anl_place p, anl_arena *arena)
{
    int rc = anl_arena_grow(arena, &to->list, (size_t)to->n, &to->cap, (size_t)to->n + 1, sizeof *to->list);
    if (!rc) to->list[to->n++] = p;
    return rc;
}

/* Diagonals that are voted on, both ends included: joined coordinates of the sequence's first base. */
typedef struct range {
    int64_t first, last;
} range;

/* Lets region[end - begin], which begins at `begin`, vote. */
static anl_vote count(anl_voter *v, const uint8_t *region, int64_t begin, int64_t end, const range *r)
{
    return anl_voter_count(v, region, (int32_t)(end - begin), (int32_t)(r->first - begin), (int32_t)(r->last - begin));
}

/* Of what voted, as if it were the whole sequence. */
static anl_place make_place(const anl_vote *vote, int64_t begin, int32_t contig, const range *r)
{
    const int64_t start = begin + vote->diag;
    return (anl_place){.start = start,
                       .lo = vote->lo - vote->diag,
                       .hi = vote->hi - vote->diag,
                       .votes = vote->votes,
                       .other = vote->other,
                       .contig = contig,
                       .reverse = vote->reverse,
                       .straight = vote->straight && start - r->first > SEEN * ANL_GAP_ROOM && r->last - start > SEEN * ANL_GAP_ROOM};
}

/* Bases of the oriented sequence before the segment. */
static int32_t bases_before(const anl_segment *s, int reverse)
{
    return reverse ? s->sequence_len - s->offset - s->len : s->offset;
}

int64_t anl_locate_at(const anl_segment *segment, const anl_place *place)
{
    return place->start + bases_before(segment, place->reverse);
}

int anl_locate_is_repeat(const anl_index *x, int32_t contig, int64_t begin, int32_t len)
{
    uint64_t unique[(ANL_LONG_READ + 63) / 64];
    int64_t end = begin + len;
    int32_t n = 0;
    anl_index_clip(x, contig, &begin, &end);
    if (begin >= end) return 1;
    anl_index_unique(x, begin, end, unique);
    for (int64_t i = 0; i < (end - begin + 63) / 64; ++i) n += __builtin_popcountll(unique[i]);
    return n * 100 < (end - begin) * ANL_REPEAT_UNIQUE;
}

int anl_locate_has_copy(const anl_index *x, int32_t contig, int64_t begin, int32_t len)
{
    uint64_t unique[(ANL_LONG_READ + 63) / 64];
    int64_t end = begin + len;
    anl_index_clip(x, contig, &begin, &end);
    const int64_t n = end - begin - x->unique_k + 1; /* k-mers */
    if (n <= 0) return 1;
    anl_index_unique(x, begin, begin + n, unique);
    for (int64_t i = 0, run = 0; i < n; ++i) {
        run = unique[i / 64] >> i % 64 & 1 ? 0 : run + 1;
        if (run + x->unique_k > ANL_COPY_BP) return 1;
    }
    return 0;
}

void anl_locate_forget(anl_segment *segment)
{
    segment->voted = NULL;
    segment->n_voted = segment->places.n = 0;
    segment->crowded = 0;
}

/* A segment whose hits vote. */
typedef struct voting {
    const anl_index *index;
    anl_voter *voter;
    const anl_locate_params *params;
    anl_segment *segment;
    anl_arena *arena;
    anl_cells known; /* where its places put the segment; used where there may be many */
    int is_many;
} voting;

/* Where a place puts the segment. Where a contig must hold so much of it (min_on_contig), that is where the contig begins to hold it. */
static int64_t put_by(const voting *v, const anl_place *place)
{
    const int64_t at = anl_locate_at(v->segment, place), contig = v->index->contig_begin[place->contig];
    return v->params->min_on_contig && at < contig ? contig : at;
}

/* With many hits to come their places are looked for in cells. */
static int start_voting(voting *v, int32_t hits)
{
    const anl_places *places = &v->segment->places;
    if (places->n + hits <= FEW_PLACES) return ANL_OK;
    const int32_t most = places->n + (v->params->copies ? 2 : 1) * hits;
    int rc = anl_cells_init(&v->known, v->index->stride, most, v->arena);
    if (rc) return rc;
    for (int32_t i = 0; i < places->n; ++i) anl_cells_add(&v->known, put_by(v, &places->list[i]), (uint32_t)places->list[i].contig);
    v->is_many = 1;
    return ANL_OK;
}

/* Whether a place of the segment puts it within a stride of `expected`. */
static int is_explained(const voting *v, int32_t contig, int64_t expected)
{
    const anl_places *places = &v->segment->places;
    if (v->is_many) return anl_cells_near(&v->known, expected, (uint32_t)contig);
    for (int32_t i = 0; i < places->n; ++i)
        if (places->list[i].contig == contig && llabs(put_by(v, &places->list[i]) - expected) <= v->index->stride) return 1;
    return 0;
}

static int holds_enough(const anl_index *x, const anl_locate_params *p, const anl_segment *s, const anl_place *place)
{
    int64_t begin = anl_locate_at(s, place), end = begin + s->len;
    anl_index_clip(x, place->contig, &begin, &end);
    return end - begin >= p->min_on_contig;
}

/* Keeps the place that a vote gives, if its contig holds enough of it. */
static int keep_place(voting *v, const anl_vote *vote, int64_t begin, int32_t contig, const range *diagonals)
{
    const anl_segment *s = v->segment;
    anl_place place = make_place(vote, begin, contig, diagonals);
    place.start -= bases_before(s, vote->reverse);
    place.straight &= s->len == s->sequence_len;
    if (!holds_enough(v->index, v->params, s, &place)) return ANL_OK;
    if (v->is_many) anl_cells_add(&v->known, put_by(v, &place), (uint32_t)contig);
    return add_place(&v->segment->places, place, v->arena);
}

/* The segment is expected in the middle of a window; its diagonal may differ by half a window and a gap. */
static int32_t vote_reach(const anl_index *x)
{
    return x->window / 2 + ANL_GAP_ROOM;
}

/* Asks memory for the bases at which a window will vote. */
static void prefetch_votes(const anl_index *x, uint32_t window)
{
    const int64_t pos = anl_index_window_pos(x, window), reach = vote_reach(x);
    anl_index_prefetch(x, pos - reach, pos + x->window + reach);
}

static int vote_at(voting *v, uint32_t window)
{
    const anl_index *x = v->index;
    const anl_segment *s = v->segment;
    const int64_t pos = anl_index_window_pos(x, window), expected = pos + (x->window - s->len) / 2;
    const int32_t contig = anl_index_contig_at(x, pos), reach = vote_reach(x);
    const range diagonals = {expected - reach, expected + reach};
    uint8_t region[ANL_VOTE_MAX_REGION];
    if (is_explained(v, contig, expected)) return ANL_OK;
    int64_t begin = expected - reach, end = expected + s->len + reach;
    anl_index_clip(x, contig, &begin, &end);
    anl_index_fetch(x, begin, end, region);
    const anl_vote vote = count(v->voter, region, begin, end, &diagonals);
    if (vote.votes < v->params->min_votes) return ANL_OK;
    anl_vote copy;
    int rc = keep_place(v, &vote, begin, contig, &diagonals);
    if (!rc && v->params->copies && anl_voter_second(v->voter, &vote, &copy)) rc = keep_place(v, &copy, begin, contig, &diagonals);
    return rc;
}

static int is_before(const anl_hit *a, const anl_hit *b)
{
    return a->dist != b->dist ? a->dist < b->dist : a->window < b->window;
}

/* The places of a segment that have nearly all votes. */
typedef struct crowd {
    int32_t seen;                /* places that have been looked at */
    int32_t best, tied;          /* of them the first with the most votes; 1: another one has as many */
    int32_t n, list[CROWD_MOST]; /* those with nearly all votes, as far as they are counted */
} crowd;

static int32_t same_within(const anl_segment *s)
{
    return s->len / ANL_SAME_PLACE;
}

/* The same place is found again from windows that it does not fill. */
static int is_same(const voting *v, int32_t a, int32_t b)
{
    const anl_place *x = &v->segment->places.list[a], *y = &v->segment->places.list[b];
    return x->contig == y->contig && x->reverse == y->reverse && llabs(x->start - y->start) <= same_within(v->segment);
}

/* The places that are enough of a segment; 0: none are. */
static int32_t crowd_of(const anl_locate_params *p, const anl_segment *s)
{
    return p->crowd <= CROWD_MOST && s->len == s->sequence_len ? p->crowd : 0;
}

/* Nearly all votes of a segment. */
static int32_t crowd_least(const anl_segment *s)
{
    const int32_t all = s->len - ANL_VOTE_K + 1, missing = all / ANL_CROWD_MISSING_OF;
    return all - (missing < ANL_CROWD_MISSING ? missing : ANL_CROWD_MISSING);
}

static void count_place(const voting *v, crowd *c, int32_t number, int32_t least)
{
    const anl_place *list = v->segment->places.list;
    int known = list[number].votes < least || c->n == v->params->crowd;
    for (int32_t i = 0; i < c->n && !known; ++i) known = is_same(v, c->list[i], number);
    if (!known) c->list[c->n++] = number;
    if (!number || list[number].votes > list[c->best].votes)
        c->best = number, c->tied = 0;
    else if (list[number].votes == list[c->best].votes)
        c->tied |= !is_same(v, c->best, number);
}

/* Whether so many places have nearly all votes, two of them the most, that it cannot be told which of them is right. */
static int is_crowded(const voting *v, crowd *c)
{
    const int32_t least = crowd_least(v->segment);
    if (!crowd_of(v->params, v->segment)) return 0;
    for (; c->seen < v->segment->places.n; ++c->seen) count_place(v, c, c->seen, least);
    return c->tied && c->n == v->params->crowd;
}

/* The greatest distance of hits that look like the nearest. */
static int32_t alike_until(const anl_index *x, const anl_neighbours *near)
{
    return near->n ? near->hits[0].dist + anl_distance_of_drop(anl_squared_norm(near->query, x->d), ANL_COSINE_DROP_SATURATED) : 0;
}

int anl_locate_vote(const anl_index *x, anl_voter *v, const anl_locate_params *p, anl_segment *segment, anl_arena *arena)
{
    const anl_neighbours *near = &segment->near;
    const anl_hit *voted = segment->voted;
    voting state = {.index = x, .voter = v, .params = p, .segment = segment, .arena = arena};
    crowd known = {0};
    int32_t at = 0;
    if (voted == near->hits && segment->n_voted == near->n) return ANL_OK;
    const int32_t alike = alike_until(x, near);
    int rc = start_voting(&state, near->n);
    anl_voter_load(v, segment->bases, segment->len);
    for (int32_t h = 0; h < near->n && !rc; ++h) {
        if (near->hits[h].dist > alike && is_crowded(&state, &known)) {
            segment->crowded = 1;
            break;
        }
        if (h + AHEAD < near->n) prefetch_votes(x, near->hits[h + AHEAD].window);
        while (at < segment->n_voted && is_before(&voted[at], &near->hits[h])) ++at;
        if (at < segment->n_voted && voted[at].window == near->hits[h].window) continue;
        rc = vote_at(&state, near->hits[h].window);
    }
    segment->voted = near->hits;
    segment->n_voted = near->n;
    return rc;
}

/* ---- votes of many segments on a GPU ---- */

/* What a GPU needs of a segment that has not voted yet. */
static anl_gpu_segment to_vote(const anl_index *x, const anl_locate_params *p, const anl_segment *s)
{
    const int32_t alike = alike_until(x, &s->near);
    anl_gpu_segment to = {.bases = s->bases,
                          .len = s->len,
                          .offset = s->offset,
                          .sequence_len = s->sequence_len,
                          .hits = s->near.hits,
                          .n = s->near.n,
                          .crowd = crowd_of(p, s),
                          .crowd_least = crowd_least(s),
                          .same_within = same_within(s)};
    while (to.n_alike < to.n && to.hits[to.n_alike].dist <= alike) ++to.n_alike;
    return to;
}

/* Segments that vote in one call, and what is asked for them; their hits, and room for the places of all of these. */
typedef struct voters {
    anl_gpu_segment *asked;
    anl_segment **list;
    int32_t n;
    size_t hits, room;
    anl_place *places;
} voters;

/* Lets those vote that have been gathered, and copies their places to where they take no more room than they need. */
static int vote_together(const anl_context *c, anl_scratch *s, const anl_locate_params *p, voters *v)
{
    const anl_gpu_vote_params params = {p->min_votes, p->copies, p->min_on_contig, vote_reach(c->index), SEEN * ANL_GAP_ROOM};
    const size_t most = v->hits * (p->copies ? 2 : 1);
    int rc = anl_arena_grow(s->temporary, &v->places, 0, &v->room, most, sizeof *v->places);
    if (!rc) rc = anl_gpu_vote(s->stream, &params, v->asked, (size_t)v->n, v->places);
    for (int32_t i = 0; i < v->n && !rc; ++i) {
        anl_segment *segment = v->list[i];
        const anl_gpu_segment *found = &v->asked[i];
        anl_places own = {.n = found->n_places};
        rc = anl_arena_grow(s->temporary, &own.list, 0, &own.cap, (size_t)own.n, sizeof *own.list);
        if (own.n && !rc) memcpy(own.list, found->places, (size_t)own.n * sizeof *own.list);
        segment->places = own;
        segment->crowded |= found->crowded;
        segment->voted = segment->near.hits;
        segment->n_voted = segment->near.n;
    }
    v->n = 0;
    v->hits = 0;
    return rc;
}

int anl_locate_vote_ahead(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segment *segments, int32_t n)
{
    if (!s->stream) return ANL_OK;
    voters v = {.asked = anl_arena_alloc(s->temporary, (size_t)n, sizeof *v.asked),
                .list = anl_arena_alloc(s->temporary, (size_t)n, sizeof(anl_segment *))};
    int rc = v.asked && v.list ? ANL_OK : ANL_ENOMEM;
    for (int32_t i = 0; i < n && !rc; ++i) {
        anl_segment *segment = &segments[i];
        if (!segment->near.n || segment->n_voted || segment->places.n) continue;
        v.asked[v.n] = to_vote(c->index, p, segment);
        v.list[v.n++] = segment;
        v.hits += (size_t)segment->near.n;
        if (v.hits >= ANL_HITS_TOGETHER) rc = vote_together(c, s, p, &v);
    }
    return rc || !v.n ? rc : vote_together(c, s, p, &v);
}

int anl_locate_region(const anl_index *x, anl_voter *v, const anl_locate_params *p, const uint8_t *bases, int32_t len, int64_t begin,
                      int64_t end, anl_places *to, anl_arena *arena)
{
    uint8_t region[ANL_VOTE_MAX_REGION];
    int rc = ANL_OK;
    if (begin >= end || len > ANL_VOTE_MAX_READ) return ANL_OK;
    anl_voter_load(v, bases, len);
    for (int64_t at = begin; at < end && !rc; at += ANL_VOTE_TILE) {
        const int64_t last = at + ANL_VOTE_TILE + len < end ? at + ANL_VOTE_TILE + len : end;
        anl_index_fetch(x, at, last, region);
        const range diagonals = {at, at + ANL_VOTE_TILE - 1};
        const anl_vote vote = count(v, region, at, last, &diagonals);
        if (vote.votes < p->min_votes) continue;
        const int32_t contig = anl_index_contig_at(x, at);
        anl_vote copy;
        rc = add_place(to, make_place(&vote, at, contig, &diagonals), arena);
        if (!rc && p->copies && anl_voter_second(v, &vote, &copy)) rc = add_place(to, make_place(&copy, at, contig, &diagonals), arena);
    }
    return rc;
}
