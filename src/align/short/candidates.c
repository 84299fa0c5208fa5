#include "candidates.h"

#include "align_tuning.h"

#include <stdlib.h>
#include <string.h>

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

/* ---- vote ---- */

static int add_candidate(anl_query *q, anl_candidate c, anl_arena *results)
{
    int rc = anl_arena_grow(results, &q->candidates, (size_t)q->n, &q->cap, (size_t)q->n + 1, sizeof *q->candidates);
    if (!rc) q->candidates[q->n++] = c;
    return rc;
}

/* The best stretch of the diagonal that base 0 of the oriented read has at `start`, where at most `most` bases of the read differ there and
 * the contig holds all of it. */
static int on_diagonal(const anl_context *c, const anl_query *q, const anl_extend_params *params, const anl_candidate *at, int32_t most,
                       anl_extension *out)
{
    const int32_t len = q->read->len;
    uint8_t target[ANL_LONG_READ];
    int64_t begin = at->start, end = at->start + len;
    anl_index_clip(c->index, at->contig, &begin, &end);
    if (begin != at->start || end != at->start + len) return 0;
    anl_index_fetch(c->index, begin, end, target);
    return anl_extend_ungapped(params, &c->kernels->sw, q->strand[at->reverse], target, len, most, out);
}

/* So few mismatches on a diagonal inside the contig that a gap costs more than it could win: the score is final. */
static int try_ungapped(const anl_context *c, const anl_query *q, const anl_place *p, anl_candidate *out)
{
    anl_extend_params params = c->options->align;
    anl_extension e;
    params.clip5 = params.clip3 = 0;
    *out = (anl_candidate){.start = p->start,
                           .dlo = p->start,
                           .dhi = p->start,
                           .contig = p->contig,
                           .end = q->read->len,
                           .reverse = p->reverse,
                           .ungapped = 1};
    if (!on_diagonal(c, q, &params, out, ANL_UNGAPPED_MISMATCHES, &e)) return 0;
    out->score = e.score;
    out->last = e.qend;
    return 1;
}

int anl_candidates_add_place(const anl_context *c, anl_query *queries, int32_t number, const anl_place *p, anl_sw_queue *queue,
                             anl_arena *results)
{
    anl_query *q = &queries[number];
    anl_candidate ungapped;
    if (try_ungapped(c, q, p, &ungapped)) return add_candidate(q, ungapped, results);
    anl_pending what = {
        .query = number,
        .begin = p->start + p->lo - ANL_GAP_ROOM,
        .end = p->start + q->read->len + p->hi + ANL_GAP_ROOM,
        .candidate = {
            .dlo = p->start + p->lo - ANL_GAP_ROOM, .dhi = p->start + p->hi + ANL_GAP_ROOM, .contig = p->contig, .reverse = p->reverse}};
    anl_index_clip(c->index, p->contig, &what.begin, &what.end);
    return what.begin < what.end ? anl_sw_queue_add(queue, &what) : ANL_OK;
}

/* Those of `places` from `first` on that have enough votes beside the most that a place of the read has. */
static int score_places(const anl_context *c, anl_query *queries, int32_t number, const anl_places *places, int32_t first, int32_t most,
                        anl_sw_queue *queue, anl_arena *results)
{
    int rc = ANL_OK;
    for (int32_t i = first; i < places->n && !rc; ++i)
        if (places->list[i].votes * ANL_WEAK_PLACE >= most)
            rc = anl_candidates_add_place(c, queries, number, &places->list[i], queue, results);
    return rc;
}

static int32_t most_votes(const anl_places *places, int32_t most)
{
    for (int32_t i = 0; i < places->n; ++i)
        if (places->list[i].votes > most) most = places->list[i].votes;
    return most;
}

/* The segments [0, n) of one query. */
static int vote_query(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segment *segments, int32_t n,
                      anl_query *queries, anl_sw_queue *queue, anl_arena *results)
{
    const int32_t number = segments[0].sequence;
    anl_query *q = &queries[number];
    anl_places near = {0};
    int32_t most = 0;
    int rc = ANL_OK;
    for (int32_t i = 0; i < n && !rc; ++i) {
        rc = anl_locate_vote(c->index, s->voter, p, &segments[i], s->temporary);
        most = most_votes(&segments[i].places, most);
    }
    if (!rc) rc = anl_locate_region(c->index, s->voter, p, q->strand[0], q->read->len, q->near_begin, q->near_end, &near, s->temporary);
    q->near_end = q->near_begin;
    most = most_votes(&near, most);
    for (int32_t i = 0; i < n && !rc; ++i) {
        rc = score_places(c, queries, number, &segments[i].places, segments[i].scored, most, queue, results);
        segments[i].scored = segments[i].places.n;
    }
    return rc ? rc : score_places(c, queries, number, &near, 0, most, queue, results);
}

int anl_candidates_vote(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segments *segments, anl_query *queries,
                        anl_sw_queue *queue, anl_arena *results)
{
    int rc = ANL_OK;
    for (int32_t i = 0, next; i < segments->n && !rc; i = next) {
        for (next = i + 1; next < segments->n && segments->list[next].sequence == segments->list[i].sequence;) ++next;
        rc = vote_query(c, s, p, &segments->list[i], next - i, queries, queue, results);
    }
    return rc;
}

/* ---- score ---- */

static int by_score(const void *a, const void *b)
{
    const anl_candidate *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->bonus != y->bonus) return x->bonus > y->bonus ? -1 : 1;
    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    if (x->reverse != y->reverse) return x->reverse - y->reverse;
    /* The same diagonal, found from several windows: only so that every sort is the same. */
    if (x->contig != y->contig) return x->contig < y->contig ? -1 : 1;
    if (x->ungapped != y->ungapped) return y->ungapped - x->ungapped;
    if (x->whole != y->whole) return y->whole - x->whole;
    if (x->dlo != y->dlo) return x->dlo < y->dlo ? -1 : 1;
    if (x->dhi != y->dhi) return x->dhi < y->dhi ? -1 : 1;
    return x->last < y->last ? -1 : x->last > y->last;
}

static int same_place(const anl_candidate *a, const anl_candidate *b, int32_t len)
{
    return a->reverse == b->reverse && a->contig == b->contig && llabs(a->start - b->start) <= len / ANL_SAME_PLACE;
}

/* Sorted by score, so the first of several finds of one place is the one to keep. */
static void sort_and_merge(anl_query *q)
{
    int32_t kept = 0;
    if (q->n > 1) qsort(q->candidates, (size_t)q->n, sizeof *q->candidates, by_score);
    for (int32_t i = 0; i < q->n; ++i) {
        int known = 0;
        for (int32_t j = 0; j < kept && !known; ++j) known = same_place(&q->candidates[j], &q->candidates[i], q->read->len);
        if (!known) q->candidates[kept++] = q->candidates[i];
    }
    q->n = kept;
}

/* Among candidates of the best score those come first where the read reaches farther: a difference near its end costs less than clipping. */
static void prefer_whole(const anl_context *c, anl_query *q)
{
    int32_t equal = 1;
    while (equal < q->n && q->candidates[equal].score == q->candidates[0].score) ++equal;
    if (equal == 1) return;
    for (int32_t i = 0; i < equal; ++i) {
        anl_candidate *candidate = &q->candidates[i];
        anl_extension e;
        const int whole = on_diagonal(c, q, &c->options->align, candidate, q->read->len, &e);
        candidate->bonus = whole && e.total > candidate->score ? e.total - candidate->score : 0;
    }
    qsort(q->candidates, (size_t)equal, sizeof *q->candidates, by_score);
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

int anl_candidates_score(const anl_context *c, anl_scratch *s, anl_sw_queue *queue, anl_query *queries, int n, anl_arena *results)
{
    int rc = anl_sw_queue_run(queue, c, s, queries);
    for (size_t i = 0; i < queue->n && !rc; ++i) {
        const anl_pending *p = &queue->list[i];
        const anl_sw_result *r = &queue->results[i];
        anl_query *q = &queries[p->query];
        if (r->score > 0 && r->score >= p->min_score) rc = add_candidate(q, make_candidate(p, r, q->read->len), results);
    }
    queue->n = 0;
    for (int i = 0; i < n && !rc; ++i) {
        sort_and_merge(&queries[i]);
        prefer_whole(c, &queries[i]);
    }
    return rc;
}

int anl_candidates_search(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segments *segments, anl_sw_queue *queue,
                          anl_query *queries, int n, anl_arena *results)
{
    const anl_effort effort = c->options->exhaustive ? ANL_EFFORT_ALL : ANL_EFFORT_WIDENED;
    int rc = segments->n ? anl_locate_search(c, s, p, segments, effort, NULL) : ANL_OK;
    for (int32_t i = 0; i < segments->n && !rc; ++i)
        queries[segments->list[i].sequence].truncated |= (uint8_t)anl_locate_is_truncated(p, &segments->list[i], c->index->d);
    if (!rc) rc = anl_candidates_vote(c, s, p, segments, queries, queue, results);
    return rc ? rc : anl_candidates_score(c, s, queue, queries, n, results);
}

int anl_candidates_find(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_sw_queue *queue, anl_query *queries, int n,
                        anl_arena *results)
{
    anl_locate_params own = *p;
    anl_segments segments = {0};
    int rc = ANL_OK;
    own.k *= c->options->candidates;
    if (c->options->all || c->options->exhaustive) own.near_drop = 0;
    queue->n = 0;
    for (int i = 0; i < n && !rc; ++i) rc = anl_candidates_cut(c->index, &queries[i], i, &segments, s->temporary);
    if (!rc && segments.n) rc = anl_locate_embed_all(c, s, &segments);
    return rc ? rc : anl_candidates_search(c, s, &own, &segments, queue, queries, n, results);
}

int anl_candidates_compete(const anl_candidate *a, const anl_candidate *b)
{
    const int32_t begin = a->begin > b->begin ? a->begin : b->begin, end = a->end < b->end ? a->end : b->end;
    const int32_t shorter = a->end - a->begin < b->end - b->begin ? a->end - a->begin : b->end - b->begin;
    return ANL_SHARED * (end - begin) >= shorter;
}

int32_t anl_candidates_second(const anl_query *q, int32_t of, int32_t within, int32_t *competing)
{
    const anl_candidate *c = q->candidates;
    int32_t second = 0, count = 0;
    for (int32_t i = 0; i < q->n; ++i)
        if (i != of && c[i].score > second && anl_candidates_compete(&c[of], &c[i])) second = c[i].score;
    for (int32_t i = 0; i < q->n; ++i) count += i != of && c[i].score >= second - within && anl_candidates_compete(&c[of], &c[i]);
    *competing = second ? count - 1 : 0;
    return second;
}
