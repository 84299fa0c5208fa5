#include "rank.h"

#include "align_tuning.h"
#include "cells.h"
#include "mapq.h"
#include "sort.h"
#include "straight.h"

#include <stdlib.h>
#include <string.h>

enum {
    FEW_CANDIDATES = 16, /* of a read: all of them are gone along */
    BAND_STEP = 40,      /* diagonals by which the widths of bands differ: places of one width are scored together */
};

/* ---- cut ---- */

/* Reads longer than a window are cut into evenly spread segments; shorter ones are embedded whole. Long reads go another way. */
static int32_t segments_of(const anl_read *read, int32_t window)
{
    const int32_t len = read->len;
    if (len < ANL_ENCODER_MIN_LEN || anl_read_is_long(read)) return 0;
    return len <= window * ANL_WHOLE_QUARTERS / 4 ? 1 : (len + window - 1) / window;
}

int anl_candidates_cut(const anl_index *x, const anl_query *q, int32_t number, anl_segments *to, anl_arena *arena)
{
    const int32_t len = q->read->len, n = segments_of(q->read, x->window);
    return anl_locate_cut(to, number, q->strand[0], len, n > 1 ? x->window : len, n, arena);
}

/* ---- add ---- */

static int add_candidate(const anl_index *x, anl_query *q, anl_candidate c, anl_arena *results)
{
    c.alt = (uint8_t)anl_index_is_alt(x, c.contig);
    int rc = anl_arena_grow(results, &q->candidates, (size_t)q->n, &q->cap, (size_t)q->n + 1, sizeof *q->candidates);
    if (!rc) q->candidates[q->n++] = c;
    return rc;
}

/* The bases of the diagonal that base 0 of the oriented read has at `start`; 0 where the contig does not hold all of it. */
static int fetch_diagonal(const anl_context *c, const anl_query *q, int64_t start, int32_t contig, uint8_t target[ANL_LONG_READ])
{
    const int64_t end = start + q->read->len;
    if (!anl_index_holds(c->index, contig, start, end)) return 0;
    anl_index_fetch(c->index, start, end, target);
    return 1;
}

static anl_candidate ungapped(const anl_place *p, int32_t len, int32_t score, int32_t last)
{
    return (anl_candidate){.start = p->start,
                           .dlo = p->start,
                           .dhi = p->start,
                           .score = score,
                           .contig = p->contig,
                           .last = last,
                           .end = len,
                           .reverse = p->reverse,
                           .ungapped = 1};
}

int anl_candidates_add_proven(const anl_context *c, anl_query *queries, int32_t number, const anl_place *place, const anl_proof *proof,
                              anl_sw_queue *queue, anl_arena *results)
{
    anl_query *q = &queries[number];
    if (!proof->straight) return anl_candidates_add_place(c, queries, number, place, q->read->len, queue, results);
    return add_candidate(c->index, q, ungapped(place, q->read->len, proof->score, proof->last), results);
}

int anl_candidates_may_be_ungapped(const anl_place *p)
{
    return p->differ <= (p->straight ? ANL_STRAIGHT_MISMATCHES : ANL_UNGAPPED_MISMATCHES);
}

/* So few mismatches, or so far apart, on a diagonal inside the contig that gaps cost more than they could win: the score is final. */
static int try_ungapped(const anl_context *c, const anl_query *q, const anl_place *p, anl_candidate *out)
{
    const int32_t len = q->read->len;
    const uint8_t *query = q->strand[p->reverse];
    anl_extend_params params = c->options->align;
    anl_extension e;
    uint8_t target[ANL_LONG_READ];
    uint64_t differ[(ANL_LONG_READ + 63) / 64];
    if (!anl_candidates_may_be_ungapped(p) || !fetch_diagonal(c, q, p->start, p->contig, target)) return 0;
    const int32_t n = c->kernels->sw.mismatches(query, target, len, differ);
    if (n > ANL_UNGAPPED_MISMATCHES && (!p->straight || !anl_straight_is_best(&params.score, differ, len))) return 0;
    params.clip5 = params.clip3 = 0;
    anl_extend_differ(&params, query, target, len, differ, &e);
    *out = ungapped(p, len, e.score, e.qend);
    return 1;
}

/* The width of the band of a place for which the whole read has voted: what only a part has seen says too little of the rest's gaps. */
static int32_t band_of(const anl_place *p)
{
    return 2 * ANL_GAP_ROOM + 1 + (p->hi - p->lo + BAND_STEP - 1) / BAND_STEP * BAND_STEP;
}

int anl_candidates_add_place(const anl_context *c, anl_query *queries, int32_t number, const anl_place *p, int32_t voted,
                             anl_sw_queue *queue, anl_arena *results)
{
    anl_query *q = &queries[number];
    anl_candidate straight;
    if (try_ungapped(c, q, p, &straight)) return add_candidate(c->index, q, straight, results);
    anl_pending what = {
        .query = number,
        .begin = p->start + p->lo - ANL_GAP_ROOM,
        .end = p->start + q->read->len + p->hi + ANL_GAP_ROOM,
        .band = voted < q->read->len ? 0 : band_of(p),
        .candidate = {
            .dlo = p->start + p->lo - ANL_GAP_ROOM, .dhi = p->start + p->hi + ANL_GAP_ROOM, .contig = p->contig, .reverse = p->reverse}};
    anl_index_clip(c->index, p->contig, &what.begin, &what.end);
    return what.begin < what.end ? anl_sw_queue_add(queue, &what) : ANL_OK;
}

/* ---- score ---- */

/* A read that hangs over the first contig begins below 0. */
static anl_sort_key key_of(const anl_candidate *c, int32_t number)
{
    return (anl_sort_key){.high = (uint64_t)anl_sort_descending(c->score) << 32 | (uint64_t)c->alt << 31 | anl_sort_descending(c->bonus),
                          .low = anl_sort_of_int64(2 * c->start + c->reverse),
                          .number = number};
}

/* Of candidates with equal keys: the same diagonal, found from several windows. Only so that every sort is the same. */
static int comes_before(const anl_candidate *x, const anl_candidate *y)
{
    if (x->contig != y->contig) return x->contig < y->contig;
    if (x->ungapped != y->ungapped) return x->ungapped;
    if (x->whole != y->whole) return x->whole;
    if (x->dlo != y->dlo) return x->dlo < y->dlo;
    if (x->dhi != y->dhi) return x->dhi < y->dhi;
    return x->last < y->last;
}

/* Brings list[n] in the order of anl_query.candidates. */
static int sort(anl_candidate *list, int32_t n, anl_arena *temporary)
{
    const anl_arena_mark before = anl_arena_now(temporary);
    if (n < 2) return ANL_OK;
    anl_sort_key *keys = anl_arena_alloc(temporary, 2 * (size_t)n, sizeof *keys);
    anl_candidate *unsorted = anl_arena_alloc(temporary, (size_t)n, sizeof *list);
    if (!keys || !unsorted) return ANL_ENOMEM;
    memcpy(unsorted, list, (size_t)n * sizeof *list);
    for (int32_t i = 0; i < n; ++i) keys[i] = key_of(&list[i], i);
    anl_sort_keys(keys, n, keys + n);
    for (int32_t i = 0; i < n; ++i) {
        const anl_candidate *c = &unsorted[keys[i].number];
        int32_t at = i;
        for (; at && !anl_sort_is_before(&keys[at - 1], &keys[i]) && comes_before(c, &list[at - 1]); --at) list[at] = list[at - 1];
        list[at] = *c;
    }
    anl_arena_return(temporary, before);
    return ANL_OK;
}

static int same_place(const anl_candidate *a, const anl_candidate *b, int32_t near)
{
    return a->reverse == b->reverse && a->contig == b->contig && llabs(a->start - b->start) <= near;
}

int anl_candidates_merge(anl_candidate *list, int32_t n, int32_t len, anl_arena *temporary, int32_t *kept)
{
    const anl_arena_mark before = anl_arena_now(temporary);
    const int32_t near = len / ANL_SAME_PLACE;
    anl_cells cells;
    int32_t k = 0;
    int rc = sort(list, n, temporary);
    if (!rc && n > FEW_CANDIDATES) rc = anl_cells_init(&cells, near, n, temporary);
    for (int32_t i = 0; i < n && !rc; ++i) {
        int known = 0;
        if (n > FEW_CANDIDATES) {
            const uint32_t group = (uint32_t)list[i].contig * 2 + list[i].reverse;
            known = anl_cells_near(&cells, list[i].start, group);
            if (!known) anl_cells_add(&cells, list[i].start, group);
        } else
            for (int32_t j = 0; j < k && !known; ++j) known = same_place(&list[j], &list[i], near);
        if (!known) list[k++] = list[i];
    }
    *kept = k;
    anl_arena_return(temporary, before);
    return rc;
}

/* Among candidates of the score of candidates[from] those come first where the read reaches farther: a difference near its end costs less than
 * clipping. */
static int prefer_whole(const anl_context *c, anl_query *q, int32_t from, anl_arena *temporary)
{
    int32_t end = from + 1;
    while (end < q->n && q->candidates[end].score == q->candidates[from].score) ++end;
    if (end - from == 1) return ANL_OK;
    for (int32_t i = from; i < end; ++i) {
        anl_candidate *candidate = &q->candidates[i];
        uint8_t target[ANL_LONG_READ];
        anl_extension e;
        const int whole = fetch_diagonal(c, q, candidate->start, candidate->contig, target);
        if (whole) anl_extend_ungapped(&c->options->align, &c->kernels->sw, q->strand[candidate->reverse], target, q->read->len, &e);
        candidate->bonus = whole && e.total > candidate->score ? e.total - candidate->score : 0;
    }
    return sort(q->candidates + from, end - from, temporary);
}

/* What Smith-Waterman found: the diagonal on which it ended counts as the candidate's. */
static anl_candidate make_candidate(const anl_pending *p, const anl_sw_result *r, int32_t len)
{
    anl_candidate c = p->candidate;
    c.start = p->begin + r->tend - r->qend;
    c.score = r->score;
    c.whole = r->qend == len && c.start >= p->begin;
    c.last = r->qend;
    c.end = len;
    if (c.start < c.dlo) c.dlo = c.start;
    if (c.start > c.dhi) c.dhi = c.start;
    return c;
}

int anl_candidates_run(const anl_context *c, anl_scratch *s, anl_sw_queue *queue, anl_query *queries, anl_arena *arena)
{
    int rc = anl_sw_queue_run(queue, c, s, queries);
    for (size_t i = 0; i < queue->n && !rc; ++i) {
        const anl_pending *p = &queue->list[i];
        const anl_sw_result *r = &queue->results[i];
        anl_query *q = &queries[p->query];
        if (r->score > 0 && r->score >= p->min_score) rc = add_candidate(c->index, q, make_candidate(p, r, q->read->len), arena);
    }
    queue->n = 0;
    return rc;
}

/* Keeps the best candidates of the primary assembly, and of ALT contigs; the best score of those of the former that a pair may need, and
 * that are dropped, is missed. */
static void keep_few(anl_query *q, int32_t unpaired)
{
    int32_t n[2] = {0}, first[2] = {0}, last[2] = {0}, most[2], kept = 0;
    for (int32_t i = 0; i < q->n; ++i) {
        const anl_candidate *c = &q->candidates[i];
        if (!n[c->alt]) first[c->alt] = c->score;
        if (++n[c->alt] == ANL_KEPT_CANDIDATES) last[c->alt] = c->score;
    }
    for (int alt = 0; alt < 2; ++alt)
        most[alt] = n[alt] > ANL_KEPT_CANDIDATES && last[alt] == first[alt] ? ANL_KEPT_EQUAL : ANL_KEPT_CANDIDATES;
    for (int32_t i = 0; i < q->n; ++i) {
        const anl_candidate *c = &q->candidates[i];
        if (most[c->alt]-- > 0)
            q->candidates[kept++] = *c;
        else if (!c->alt && c->score >= first[0] - unpaired && c->score > q->missed)
            q->missed = c->score;
    }
    q->n = kept;
}

int anl_candidates_order(const anl_context *c, anl_scratch *s, anl_query *q)
{
    int rc = anl_candidates_merge(q->candidates, q->n, q->read->len, s->temporary, &q->n);
    const int32_t best = anl_candidates_best(q);
    if (!rc) rc = prefer_whole(c, q, 0, s->temporary);
    if (!rc && best && q->candidates[best].score < q->candidates[0].score) rc = prefer_whole(c, q, best, s->temporary);
    q->n_ranked = q->n;
    return rc;
}

int anl_candidates_rank(const anl_context *c, anl_scratch *s, anl_query *q)
{
    if (q->n == q->n_ranked) return ANL_OK;
    const int rc = anl_candidates_order(c, s, q);
    if (q->n > ANL_KEPT_CANDIDATES && !c->options->all) keep_few(q, c->options->unpaired);
    q->n_ranked = q->n;
    return rc;
}

int anl_candidates_score(const anl_context *c, anl_scratch *s, anl_sw_queue *queue, anl_query *queries, int n, anl_arena *results)
{
    int rc = anl_candidates_run(c, s, queue, queries, results);
    for (int i = 0; i < n && !rc; ++i) rc = anl_candidates_rank(c, s, &queries[i]);
    return rc;
}

int anl_candidates_compete(const anl_candidate *a, const anl_candidate *b)
{
    const int32_t begin = a->begin > b->begin ? a->begin : b->begin, end = a->end < b->end ? a->end : b->end;
    const int32_t shorter = a->end - a->begin < b->end - b->begin ? a->end - a->begin : b->end - b->begin;
    return ANL_SHARED * (end - begin) >= shorter;
}

int32_t anl_candidates_best(const anl_query *q)
{
    int32_t i = 0;
    while (i < q->n && q->candidates[i].alt) ++i;
    return i < q->n ? i : 0;
}

int32_t anl_candidates_best_score(const anl_query *q)
{
    return q->candidates[anl_candidates_best(q)].score;
}

/* Whether candidates[i] lessens how sure candidates[of] is. */
static int is_rival(const anl_query *q, int32_t of, int32_t i)
{
    const anl_candidate *c = q->candidates;
    return i != of && (c[of].alt || !c[i].alt) && anl_candidates_compete(&c[of], &c[i]);
}

int32_t anl_candidates_second(const anl_query *q, int32_t of, int32_t within, int32_t *competing)
{
    const anl_candidate *c = q->candidates;
    int32_t i = 0, count = 0;
    while (i < q->n && !is_rival(q, of, i)) ++i;
    const int32_t second = i < q->n ? c[i].score : 0;
    for (; i < q->n && c[i].score >= second - within; ++i) count += is_rival(q, of, i);
    *competing = second ? count - 1 : 0;
    return second;
}
