/* From the neighbours of segments to candidates: their hits vote, and of the places found those that may matter are scored. */
#include "rank.h"

#include "align_tuning.h"
#include "mapq.h"
#include "voted.h"
#include "worth.h"

#include <string.h>

enum {
    SPARE = 8, /* one part in so many more than is needed */
    AHEAD = 6, /* places between asking memory for the bases of one and comparing them */
};

/* ---- places ---- */

/* The places of a query that votes found. */
typedef struct voted_query {
    int32_t query, n, scored; /* of the places; the first so many have been scored or are queued */
    uint8_t crowded;          /* not all hits have voted (anl_segment.crowded) */
    size_t cap;
    anl_voted_place *list;
} voted_query;

static int add_voted(const anl_index *x, voted_query *to, const anl_places *places, int32_t len, anl_arena *arena)
{
    int rc = anl_arena_grow(arena, &to->list, (size_t)to->n, &to->cap, (size_t)(to->n + places->n), sizeof *to->list);
    for (int32_t i = 0; i < places->n && !rc; ++i)
        to->list[to->n++] = (anl_voted_place){&places->list[i], len, (uint8_t)anl_index_is_alt(x, places->list[i].contig)};
    return rc;
}

/* Lets the segments [0, n) of one query vote on hits that are new, and the query on its region, which is then empty. */
static int vote_query(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segment *segments, int32_t n, anl_query *q,
                      voted_query *out)
{
    anl_places near = {0};
    int32_t most[2] = {0}, kept = 0; /* an ALT contig's votes do not make those of the primary assembly weak */
    int rc = ANL_OK;
    for (int32_t i = 0; i < n && !rc; ++i) {
        rc = anl_locate_vote(c->index, s->voter, p, &segments[i], s->temporary);
        if (!rc) rc = add_voted(c->index, out, &segments[i].places, segments[i].len, s->temporary);
        out->crowded |= segments[i].crowded;
    }
    if (!rc) rc = anl_locate_region(c->index, s->voter, p, q->strand[0], q->read->len, q->near_begin, q->near_end, &near, s->temporary);
    if (!rc) rc = add_voted(c->index, out, &near, q->read->len, s->temporary);
    q->near_end = q->near_begin;
    for (int32_t i = 0; i < out->n; ++i)
        for (int alt = out->list[i].alt; alt < 2; ++alt)
            if (out->list[i].place->votes > most[alt]) most[alt] = out->list[i].place->votes;
    for (int32_t i = 0; i < out->n; ++i)
        if (out->list[i].place->votes * p->weak >= most[out->list[i].alt]) out->list[kept++] = out->list[i];
    out->n = kept;
    return rc;
}

static void prefetch_place(const anl_context *c, const anl_query *q, const anl_place *p)
{
    if (anl_candidates_may_be_ungapped(p)) anl_index_prefetch(c->index, p->start, p->start + q->read->len);
}

/* Makes candidates of a query's places [scored, end). */
static int score_places(const anl_context *c, anl_scratch *s, anl_query *queries, voted_query *v, int32_t end, anl_sw_queue *queue,
                        anl_arena *arena)
{
    int32_t asked = v->scored;
    int rc = ANL_OK;
    for (; v->scored < end && !rc; ++v->scored) {
        for (; asked < end && asked <= v->scored + AHEAD; ++asked) prefetch_place(c, &queries[v->query], v->list[asked].place);
        rc = anl_candidates_add_place(c, queries, v->query, v->list[v->scored].place, v->list[v->scored].len, queue, arena);
        if (!rc && anl_sw_queue_is_full(queue)) rc = anl_candidates_run(c, s, queue, queries, arena);
    }
    return rc;
}

/* The first segment behind segments[at] that is of another query. */
static int32_t next_query(const anl_segment *segments, int32_t n, int32_t at)
{
    int32_t next = at + 1;
    while (next < n && segments[next].sequence == segments[at].sequence) ++next;
    return next;
}

int anl_candidates_vote(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segments *segments, anl_query *queries,
                        anl_sw_queue *queue, anl_arena *results)
{
    int rc = anl_locate_vote_ahead(c, s, p, segments->list, segments->n);
    for (int32_t i = 0, next; i < segments->n && !rc; i = next) {
        voted_query v = {.query = segments->list[i].sequence};
        next = next_query(segments->list, segments->n, i);
        rc = vote_query(c, s, p, &segments->list[i], next - i, &queries[v.query], &v);
        if (!rc) rc = score_places(c, s, queries, &v, v.n, queue, results);
    }
    return rc;
}

/* ---- two looks ---- */

/* All segments vote, and the places with the most votes of every query are scored. */
static int first_look(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segment *segments, int32_t n,
                      anl_sw_queue *queue, anl_query *queries, voted_query *voted, int32_t *n_voted)
{
    int rc = anl_locate_vote_ahead(c, s, p, segments, n);
    for (int32_t i = 0, next; i < n && !rc; i = next) {
        voted_query *v = &voted[(*n_voted)++];
        *v = (voted_query){.query = segments[i].sequence};
        next = next_query(segments, n, i);
        rc = vote_query(c, s, p, &segments[i], next - i, &queries[v->query], v);
        const int32_t first = c->options->all || v->n < ANL_FIRST_PLACES ? v->n : ANL_FIRST_PLACES;
        if (first < v->n) anl_voted_put_first(v->list, v->n, first);
        if (!rc) rc = score_places(c, s, queries, v, first, queue, s->temporary);
    }
    return rc ? rc : anl_candidates_run(c, s, queue, queries, s->temporary);
}

/* The least score that a further candidate of a query needs to change what is reported: in a pair, in MAPQ, in XS, or in XA, if that is not
 * left out anyway. least[1]: one on an ALT contig, which matters in XA, or if it is the best one. */
static int least_that_matters(const anl_align_options *o, const anl_query *q, anl_arena *temporary, int32_t least[2])
{
    anl_candidate *list = anl_arena_alloc(temporary, (size_t)q->n, sizeof *list);
    int32_t n = 0, score, best = 0;
    least[0] = least[1] = 0;
    if (!list) return ANL_ENOMEM;
    for (int32_t i = 0; i < q->n; ++i) {
        if (!q->candidates[i].alt) list[n++] = q->candidates[i];
        if (q->candidates[i].score > best) best = q->candidates[i].score;
    }
    least[1] = best * ANL_XA_NUM / ANL_XA_DEN;
    if (n < 2) return ANL_OK;
    int rc = anl_candidates_merge(list, n, q->read->len, temporary, &n);
    if (rc || n < 2) return rc;
    score = list[1].score - anl_mapq_closeness(&o->align.score);
    if (q->read->mate && list[0].score - o->unpaired < score)
        score = list[0].score - o->unpaired + 1; /* a pair with less is no better than none */
    const int32_t told = list[0].score * ANL_XA_NUM / ANL_XA_DEN;
    if ((n <= o->xa_most + 1 || list[o->xa_most + 1].score < told) && told < score) score = told;
    least[0] = score;
    return rc;
}

/* The votes that places of a read need, as far as they have been worked out for segments of one length and one score. */
typedef struct needed_votes {
    const anl_sw_params *params;
    int32_t len, unknown;       /* bp of the read, N among them */
    int32_t segment_len, score; /* which they are */
    int32_t *by_other;          /* [len] for each number of votes on another diagonal; 0: not worked out */
} needed_votes;

static int32_t votes_needed(needed_votes *needed, int32_t segment_len, int32_t score, int32_t other)
{
    int32_t *votes = &needed->by_other[other];
    if (needed->segment_len != segment_len || needed->score != score) {
        memset(needed->by_other, 0, (size_t)needed->len * sizeof *needed->by_other);
        needed->segment_len = segment_len;
        needed->score = score;
    }
    if (!*votes) *votes = anl_worth_votes(needed->params, segment_len, needed->unknown, score, other);
    return *votes;
}

/* Scores those of a query's other places that may score enough. */
static int second_look(const anl_context *c, anl_scratch *s, anl_query *queries, voted_query *v, anl_sw_queue *queue)
{
    const anl_read *read = queries[v->query].read;
    needed_votes needed = {.params = &c->options->align.score,
                           .len = read->len,
                           .unknown = anl_query_unknown(&queries[v->query]),
                           .by_other = anl_arena_alloc(s->temporary, (size_t)read->len, sizeof *needed.by_other)};
    int32_t least[2], kept = v->scored;
    int rc = needed.by_other ? least_that_matters(c->options, &queries[v->query], s->temporary, least) : ANL_ENOMEM;
    for (int32_t i = v->scored; i < v->n && !rc; ++i) {
        const anl_voted_place *at = &v->list[i];
        const int32_t score = least[at->alt] - (read->len - at->len) * needed.params->match;
        if (at->place->votes >= votes_needed(&needed, at->len, score, at->place->other)) v->list[kept++] = *at;
    }
    v->n = kept;
    return rc ? rc : score_places(c, s, queries, v, v->n, queue, s->temporary);
}

/* Ranks a query's candidates and moves them to `results`, which is not the arena that they are in, where they take little more room than they need:
 * places beside the mate may come, and doubling a list of hundreds for these would cost more. */
static int keep(const anl_context *c, anl_scratch *s, anl_query *q, anl_arena *results)
{
    int rc = anl_candidates_rank(c, s, q);
    if (rc || !q->n) return rc;
    const size_t cap = (size_t)q->n + (size_t)q->n / SPARE;
    anl_candidate *list = anl_arena_alloc(results, cap, sizeof *list);
    if (!list) return ANL_ENOMEM;
    q->candidates = memcpy(list, q->candidates, (size_t)q->n * sizeof *list);
    q->cap = cap;
    return ANL_OK;
}

/* Makes candidates of what was found for segments[n], which are all those of their queries. Their places are lost. */
static int score_group(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segment *segments, int32_t n,
                       anl_sw_queue *queue, anl_query *queries, anl_arena *results)
{
    const anl_arena_mark before = anl_arena_now(s->temporary);
    voted_query *voted = anl_arena_alloc(s->temporary, (size_t)n, sizeof *voted);
    int32_t n_voted = 0;
    if (!voted) return ANL_ENOMEM;
    int rc = first_look(c, s, p, segments, n, queue, queries, voted, &n_voted);
    for (int32_t i = 0; i < n_voted && !rc; ++i)
        if (voted[i].scored < voted[i].n) rc = second_look(c, s, queries, &voted[i], queue);
    if (!rc) rc = anl_candidates_run(c, s, queue, queries, s->temporary);
    for (int32_t i = 0; i < n_voted && !rc; ++i) {
        anl_query *q = &queries[voted[i].query];
        rc = keep(c, s, q, results);
        if (voted[i].crowded && q->n) q->bound = q->candidates[0].score;
    }
    for (int32_t i = 0; i < n; ++i) anl_locate_forget(&segments[i]);
    anl_arena_return(s->temporary, before);
    return rc;
}

/* The first segment behind those from `begin` on that are scored together: whole queries, until they have many hits. */
static int32_t group_end(const anl_segments *segments, int32_t begin)
{
    const anl_segment *list = segments->list;
    int32_t end = begin, hits = 0;
    while (end < segments->n && (hits < ANL_HITS_TOGETHER || list[end].sequence == list[end - 1].sequence)) hits += list[end++].near.n;
    return end;
}

/* Makes candidates of what was found for segments[n], which are all those of their queries. */
static int score_all(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segments *segments, anl_sw_queue *queue,
                     anl_query *queries, anl_arena *results)
{
    anl_segment *list = segments->list;
    int rc = ANL_OK;
    for (int32_t i = 0; i < segments->n; ++i)
        if (anl_locate_is_truncated(p, &list[i], c->index->d)) queries[list[i].sequence].truncated = 1;
    for (int32_t i = 0, next; i < segments->n && !rc; i = next) {
        next = group_end(segments, i);
        rc = score_group(c, s, p, list + i, next - i, queue, queries, results);
    }
    return rc;
}

/* ---- search ---- */

/* Moves all segments of queries of which one may have more neighbours than those fetched behind the others; *n: how many others there are. */
static int put_deep_last(const anl_context *c, anl_scratch *s, int32_t k, anl_segments *segments, int32_t *n)
{
    anl_segment *list = segments->list, *deep = anl_arena_alloc(s->temporary, (size_t)segments->n, sizeof *deep);
    int32_t others = 0, m = 0;
    if (!deep) return ANL_ENOMEM;
    for (int32_t i = 0, next; i < segments->n; i = next) {
        int is_deep = 0;
        next = next_query(list, segments->n, i);
        for (int32_t j = i; j < next; ++j) is_deep |= anl_search_is_saturated(&list[j].near, k, c->index->d);
        for (int32_t j = i; j < next; ++j) *(is_deep ? &deep[m++] : &list[others++]) = list[j];
    }
    memcpy(list + others, deep, (size_t)m * sizeof *list);
    *n = others;
    return ANL_OK;
}

/* Searches segments on in the lists that they have been through, as deeply as need be, and makes candidates. Then they have p->k neighbours again, each
 * in `hits`: more take too much memory. */
static int search_deep(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segments *segments, anl_hit *hits,
                       anl_sw_queue *queue, anl_query *queries, anl_arena *results)
{
    const anl_arena_mark before = anl_arena_now(s->temporary);
    int rc = anl_locate_search(c, s, p, segments, ANL_EFFORT_USUAL, NULL);
    if (!rc) rc = score_all(c, s, p, segments, queue, queries, results);
    for (int32_t i = 0; i < segments->n && !rc; ++i, hits += p->k) {
        anl_neighbours *near = &segments->list[i].near;
        near->k = p->k;
        if (near->n > p->k) near->n = p->k;
        near->hits = memcpy(hits, near->hits, (size_t)near->n * sizeof *hits);
        near->lists = NULL;
        near->n_lists = near->lists_cap = 0;
    }
    anl_arena_return(s->temporary, before);
    return rc;
}

/* Searches segments, and makes candidates of what is found for them: those that need many neighbours come last, so many at once as memory is meant for. */
static int search_and_score(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segments *segments, anl_effort effort,
                            anl_sw_queue *queue, anl_query *queries, anl_arena *results)
{
    const int32_t at_once = anl_locate_at_once(c, p->k_most);
    anl_locate_params few = *p;
    anl_segments others = *segments;
    if (!segments->n) return ANL_OK;
    if (few.k_most > few.k) few.k_most = few.k;
    int rc = anl_locate_search(c, s, &few, segments, effort, NULL);
    if (!rc) rc = put_deep_last(c, s, few.k_most, segments, &others.n);
    if (!rc) rc = score_all(c, s, p, &others, queue, queries, results);
    if (rc || others.n == segments->n) return rc;
    anl_hit *hits = anl_arena_alloc(s->temporary, (size_t)(segments->n - others.n) * (size_t)p->k, sizeof *hits);
    if (!hits) return ANL_ENOMEM;
    for (int32_t i = others.n, end; i < segments->n && !rc; i = end) {
        for (end = i; end < segments->n && end - i < at_once;) end = next_query(segments->list, segments->n, end);
        anl_segments part = {.list = segments->list + i, .n = end - i};
        rc = search_deep(c, s, p, &part, hits + (size_t)(i - others.n) * (size_t)p->k, queue, queries, results);
    }
    return rc;
}

/* Whether differences cost so much that chance does not give a score which grows with the read: where a mismatch takes less than a match gives, or
 * a gap less than two, it does. */
static int chance_is_low(const anl_sw_params *s)
{
    return s->mismatch >= s->match && s->del_open + s->del_extend >= 2 * s->match && s->ins_open + s->ins_extend >= 2 * s->match;
}

/* Whether a place where no copy is near explains the query so well that a better one would have been found, too, in the usual lists. */
static int is_explained(const anl_context *c, const anl_query *q)
{
    if (!q->n || q->candidates[0].alt || !chance_is_low(&c->options->align.score)) return 0;
    const anl_candidate *best = &q->candidates[0];
    const int32_t len = q->read->len;
    if (best->score * 100 < len * c->options->align.score.match * ANL_EXPLAINED_SCORE || best->score < c->options->min_score) return 0;
    if ((len - best->last) * c->options->align.score.match > best->score) return 0; /* what it leaves out may fit better elsewhere */
    if (q->n > 1 && !best[1].alt && best[1].score >= best->score - anl_mapq_closeness(&c->options->align.score)) return 1;
    return !anl_locate_is_repeat(c->index, best->contig, best->start, len);
}

/* Keeps the segments that nothing explains and whose neighbours may lie in further lists; all of them ask for the same number of hits. */
static int keep_unsure(const anl_context *c, anl_scratch *s, const anl_locate_params *p, const anl_query *queries, anl_segments *segments)
{
    int32_t n = 0;
    int rc = ANL_OK;
    for (int32_t i = 0, next; i < segments->n; i = next) {
        int sure = 1;
        next = next_query(segments->list, segments->n, i);
        for (int32_t j = i; j < next; ++j) sure &= anl_search_is_sure(c->search, &segments->list[j].near);
        if (sure || is_explained(c, &queries[segments->list[i].sequence])) continue;
        for (int32_t j = i; j < next; ++j) segments->list[n++] = segments->list[j];
    }
    segments->n = n;
    for (int32_t i = 0; i < n && !rc; ++i) {
        anl_segment *segment = &segments->list[i];
        segment->places = (anl_places){0}; /* they were lost when it was scored */
        if (segment->near.k != p->k) rc = anl_locate_start(&segment, 1, p->k, s->temporary);
    }
    return rc;
}

int anl_candidates_search(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segments *segments, anl_sw_queue *queue,
                          anl_query *queries, int n, anl_arena *results)
{
    int rc = anl_candidates_run(c, s, queue, queries, s->temporary);
    for (int i = 0; i < n && !rc; ++i)
        if (queries[i].settled) rc = keep(c, s, &queries[i], results);
    if (rc || c->options->exhaustive) return rc ? rc : search_and_score(c, s, p, segments, ANL_EFFORT_ALL, queue, queries, results);
    rc = search_and_score(c, s, p, segments, ANL_EFFORT_USUAL, queue, queries, results);
    if (!rc) rc = keep_unsure(c, s, p, queries, segments);
    return rc ? rc : search_and_score(c, s, p, segments, ANL_EFFORT_WIDENED, queue, queries, results);
}

int anl_candidates_find(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_sw_queue *queue, anl_query *queries, int n,
                        anl_arena *results)
{
    anl_locate_params own = *p;
    anl_segments segments = {0};
    int rc = ANL_OK;
    own.k *= c->options->candidates;
    queue->n = 0;
    for (int i = 0; i < n && !rc; ++i) rc = anl_candidates_cut(c->index, &queries[i], i, &segments, s->temporary);
    if (!rc && segments.n) rc = anl_locate_embed_all(c, s, &segments);
    return rc ? rc : anl_candidates_search(c, s, &own, &segments, queue, queries, n, results);
}
