#include "candidates.h"

#include <stdlib.h>
#include <string.h>

enum {
    GAP_ROOM = 20,       /* bp of gap that Smith-Waterman may use beyond the diagonals with votes */
    LEAST_VOTES = 3,
    WIDEST = 2048,       /* neighbours fetched at most */
    TILE = 2048,         /* diagonals voted on at once around a place */
    SAME_PLACE_SHARE = 20, /* starts within 1/20 of the read are one place */
};

/* A window-sized part of a read: what is embedded and searched. */
typedef struct segment {
    int32_t query, offset, len;
    int32_t n_hits;
    anl_hit *hits;
} segment;

/* Reads longer than a window are cut into evenly spread ones; shorter ones are embedded whole. Long reads go another way. */
static int32_t segments_of(const anl_read *read, int32_t window)
{
    const int32_t len = read->len;
    if (len < ANL_ENCODER_MIN_LEN || anl_read_is_long(read)) return 0;
    return len <= window + window / 4 ? 1 : (len + window - 1) / window;
}

static int cut_segments(anl_worker *w, const anl_query *queries, int n, segment **out, int *n_out)
{
    int32_t window = w->context->index->window, total = 0;
    for (int i = 0; i < n; ++i) total += segments_of(queries[i].read, window);
    segment *s = anl_arena_alloc(w->temporary, (size_t)total, sizeof *s);
    if (!s) return ANL_ENOMEM;
    int at = 0;
    for (int i = 0; i < n; ++i) {
        int32_t len = queries[i].read->len, parts = segments_of(queries[i].read, window);
        for (int32_t p = 0; p < parts; ++p)
            s[at++] = parts == 1 ? (segment){i, 0, len, 0, NULL}
                                 : (segment){i, (int32_t)((int64_t)(len - window) * p / (parts - 1)), window, 0, NULL};
    }
    *out = s;
    *n_out = total;
    return ANL_OK;
}

/* One round of search over the segments listed in `which`, k neighbours from `effort`-fold the usual number of lists. */
static int search_round(anl_worker *w, segment *segments, const int *which, int n, const int8_t *vectors, int k, int effort)
{
    int d = w->context->index->d;
    int8_t *packed = anl_arena_alloc(w->temporary, (size_t)n, (size_t)d);
    anl_hit *hits = anl_arena_alloc(w->temporary, (size_t)n * (size_t)k, sizeof *hits);
    int *counts = anl_arena_alloc(w->temporary, (size_t)n, sizeof *counts);
    if (!packed || !hits || !counts) return ANL_ENOMEM;
    for (int i = 0; i < n; ++i) memcpy(packed + (size_t)i * (size_t)d, vectors + (size_t)which[i] * (size_t)d, (size_t)d);
    int rc = anl_search_batch(w->context->search, w->search, packed, n, k, effort, hits, counts);
    if (rc) return rc;
    for (int i = 0; i < n; ++i) {
        segments[which[i]].hits = hits + (size_t)i * (size_t)k;
        segments[which[i]].n_hits = counts[i];
    }
    return ANL_OK;
}

/* Searches every segment; again for more neighbours where all that came back are about as near as the first. */
static int search_segments(anl_worker *w, anl_query *queries, segment *s, int n, const int8_t *vectors, int k)
{
    const size_t d = (size_t)w->context->index->d;
    int rc = ANL_OK, *which = anl_arena_alloc(w->temporary, (size_t)n, sizeof *which);
    int *effort = anl_arena_alloc(w->temporary, (size_t)n, sizeof *effort);
    int *counts = anl_arena_alloc(w->temporary, (size_t)n, sizeof *counts);
    anl_hit *hits = anl_arena_alloc(w->temporary, (size_t)n * (size_t)k, sizeof *hits);
    if (!which || !effort || !counts || !hits) return ANL_ENOMEM;
    if ((rc = anl_search_sure(w->context->search, w->search, vectors, n, k, hits, counts, effort))) return rc;
    for (int i = 0; i < n; ++i) {
        s[i].hits = hits + (size_t)i * (size_t)k;
        s[i].n_hits = counts[i];
    }
    while (k < WIDEST) {
        int before = k;
        k = k * 8 < WIDEST ? k * 8 : WIDEST;
        for (int e = 1; e <= ANL_SEARCH_MOST; e *= ANL_SEARCH_MORE) {
            int more = 0;
            for (int i = 0; i < n; ++i)
                if (effort[i] == e && anl_hits_crowded(vectors + (size_t)i * d, (int32_t)d, s[i].hits, s[i].n_hits, before)) which[more++] = i;
            if (more && (rc = search_round(w, s, which, more, vectors, k, e))) return rc;
        }
    }
    for (int i = 0; i < n; ++i)
        if (anl_hits_crowded(vectors + (size_t)i * d, (int32_t)d, s[i].hits, s[i].n_hits, WIDEST)) queries[s[i].query].cut = 1;
    return ANL_OK;
}

/* A place as the votes of one segment see it, moved to the start of the whole read. */
typedef struct place {
    int64_t start;
    int32_t lo, hi, votes, contig; /* lo <= 0 <= hi: diagonals around start */
    uint8_t reverse;
} place;

/* Votes for every hit whose window's centre is not already inside a place found; the places go to out, their number is returned. */
static int vote_segment(anl_worker *w, const anl_query *q, const segment *s, place *out)
{
    const anl_index *x = w->context->index;
    int32_t len = q->read->len, room = x->window / 2 + GAP_ROOM;
    uint8_t region[ANL_VOTE_MAX_REGION];
    anl_voter_load(w->voter, q->strand[0] + s->offset, s->len);
    int n = 0;
    for (int h = 0; h < s->n_hits; ++h) {
        int64_t pos = anl_index_window_pos(x, s->hits[h].window);
        int32_t contig = anl_index_contig_at(x, pos);
        int64_t expected = pos + (x->window - s->len) / 2; /* of the segment's first base */
        int explained = 0;
        for (int i = 0; i < n && !explained; ++i) {
            int64_t at = out[i].start + (out[i].reverse ? len - s->offset - s->len : s->offset);
            explained = out[i].contig == contig && llabs(at - expected) <= x->stride;
        }
        if (explained) continue;
        int64_t begin = expected - room, end = expected + s->len + room;
        anl_index_clip(x, contig, &begin, &end);
        anl_index_fetch(x, begin, end, region);
        anl_vote v = anl_voter_count(w->voter, region, (int32_t)(end - begin), (int32_t)(expected - room - begin),
                                     (int32_t)(expected + room - begin));
        if (v.votes < LEAST_VOTES) continue;
        int64_t at = begin + v.diag;
        out[n++] = (place){.start = at - (v.reverse ? len - s->offset - s->len : s->offset),
                           .lo = v.lo - v.diag,
                           .hi = v.hi - v.diag,
                           .votes = v.votes,
                           .contig = contig,
                           .reverse = v.reverse};
    }
    return n;
}

/* Stretches that the diagonals of near_begin..near_end are looked through in. */
static size_t tiles_of(const anl_query *q)
{
    return (size_t)((q->near_end - q->near_begin + TILE - 1) / TILE);
}

/* The best place of every tile. */
static int vote_near(anl_worker *w, const anl_query *q, place *out)
{
    const anl_index *x = w->context->index;
    uint8_t region[ANL_VOTE_MAX_REGION];
    int32_t len = q->read->len;
    int n = 0;
    if (q->near_begin >= q->near_end || len > ANL_VOTE_MAX_READ) return 0;
    anl_voter_load(w->voter, q->strand[0], len);
    for (int64_t at = q->near_begin; at < q->near_end; at += TILE) {
        int64_t end = at + TILE + len < q->near_end ? at + TILE + len : q->near_end;
        anl_index_fetch(x, at, end, region);
        anl_vote v = anl_voter_count(w->voter, region, (int32_t)(end - at), 0, TILE - 1);
        if (v.votes < LEAST_VOTES) continue;
        out[n++] = (place){.start = at + v.diag, .lo = v.lo - v.diag, .hi = v.hi - v.diag, .votes = v.votes,
                           .contig = anl_index_contig_at(x, at), .reverse = v.reverse};
    }
    return n;
}

static int add_candidate(anl_worker *w, anl_query *q, anl_candidate c)
{
    int rc = anl_arena_grow(w->arena, &q->candidates, (size_t)q->n, &q->cap, (size_t)q->n + 1, sizeof *q->candidates);
    if (!rc) q->candidates[q->n++] = c;
    return rc;
}

int anl_candidates_queue(anl_worker *w, const anl_query *queries, anl_pending what, int64_t begin, int64_t end)
{
    const anl_query *q = &queries[what.query];
    uint8_t *target = anl_arena_alloc(w->temporary, (size_t)(end - begin), 1);
    if (!target) return ANL_ENOMEM;
    int rc = anl_grow(&w->jobs, &w->jobs_cap, w->n_jobs + 1, sizeof *w->jobs);
    if (!rc) rc = anl_grow(&w->pending, &w->pending_cap, w->n_jobs + 1, sizeof *w->pending);
    if (rc) return rc;
    anl_index_fetch(w->context->index, begin, end, target);
    what.candidate.start = begin; /* until the score is known: where the target begins */
    w->jobs[w->n_jobs] = (anl_sw_job){q->strand[what.candidate.reverse], target, q->read->len, (int32_t)(end - begin)};
    w->pending[w->n_jobs++] = what;
    return ANL_OK;
}

/* The best stretch of the diagonal that base 0 of the oriented read has at `start`, where at most `most` bases of the read differ there and
 * the contig holds all of it. */
static int on_diagonal(const anl_worker *w, const anl_query *q, const anl_extend_params *params, int64_t start, int32_t contig, int reverse,
                       int32_t most, anl_extension *out)
{
    const anl_index *x = w->context->index;
    uint8_t target[1024];
    const int32_t len = q->read->len;
    if (start < x->contig_begin[contig] || start + len > x->contig_begin[contig + 1] || len > (int32_t)sizeof target) return 0;
    anl_index_fetch(x, start, start + len, target);
    return anl_extend_ungapped(params, &w->context->kernels->sw, q->strand[reverse], target, len, most, out);
}

/* At most one mismatch on a diagonal inside the contig: a gap costs more than it could win, so the score is final. */
static int try_ungapped(const anl_worker *w, const anl_query *q, const place *p, anl_candidate *out)
{
    anl_extend_params params = w->context->options->align;
    anl_extension e;
    params.clip5 = params.clip3 = 0;
    if (!on_diagonal(w, q, &params, p->start, p->contig, p->reverse, 1, &e)) return 0;
    *out = (anl_candidate){.start = p->start, .dlo = p->start, .dhi = p->start, .score = e.score, .contig = p->contig, .last = e.qend,
                           .end = q->read->len, .reverse = p->reverse, .ungapped = 1};
    return 1;
}

static int place_candidates(anl_worker *w, anl_query *queries, int number, const place *places, int n)
{
    anl_query *q = &queries[number];
    const anl_index *x = w->context->index;
    int32_t most = 0;
    int rc = ANL_OK;
    for (int i = 0; i < n; ++i)
        if (places[i].votes > most) most = places[i].votes;
    for (int i = 0; i < n && !rc; ++i) {
        const place *p = &places[i];
        if (p->votes * 3 < most) continue;
        anl_candidate c;
        if (try_ungapped(w, q, p, &c)) {
            rc = add_candidate(w, q, c);
            continue;
        }
        int64_t begin = p->start + p->lo - GAP_ROOM, end = p->start + q->read->len + p->hi + GAP_ROOM;
        anl_index_clip(x, p->contig, &begin, &end);
        if (begin >= end) continue;
        c = (anl_candidate){.dlo = p->start + p->lo - GAP_ROOM, .dhi = p->start + p->hi + GAP_ROOM, .contig = p->contig,
                            .reverse = p->reverse};
        rc = anl_candidates_queue(w, queries, (anl_pending){.query = number, .candidate = c}, begin, end);
    }
    return rc;
}

int anl_candidates_find(anl_worker *w, anl_query *queries, int n, int k)
{
    segment *s;
    int n_segments, rc = cut_segments(w, queries, n, &s, &n_segments);
    if (rc || !n_segments) return rc;
    size_t d = (size_t)w->context->index->d;
    const uint8_t **seqs = anl_arena_alloc(w->temporary, (size_t)n_segments, sizeof *seqs);
    int32_t *lens = anl_arena_alloc(w->temporary, (size_t)n_segments, sizeof *lens);
    int8_t *vectors = anl_arena_alloc(w->temporary, (size_t)n_segments, d);
    if (!seqs || !lens || !vectors) return ANL_ENOMEM;
    for (int i = 0; i < n_segments; ++i) {
        seqs[i] = queries[s[i].query].strand[0] + s[i].offset;
        lens[i] = s[i].len;
    }
    if ((rc = anl_encoder_embed(w->context->encoder, w->encoder, seqs, lens, n_segments, vectors))) return rc;
    if ((rc = search_segments(w, queries, s, n_segments, vectors, k))) return rc;
    w->n_jobs = 0;
    for (int i = 0, next; i < n_segments; i = next) {
        anl_query *q = &queries[s[i].query];
        size_t hits = tiles_of(q);
        for (next = i; next < n_segments && s[next].query == s[i].query; ++next) hits += (size_t)s[next].n_hits;
        place *places = anl_arena_alloc(w->temporary, hits, sizeof *places);
        if (!places) return ANL_ENOMEM;
        int found = 0;
        for (int j = i; j < next; ++j) found += vote_segment(w, q, &s[j], places + found);
        found += vote_near(w, q, places + found);
        if ((rc = place_candidates(w, queries, s[i].query, places, found))) return rc;
    }
    return anl_candidates_score(w, queries, n);
}

static int by_score(const void *a, const void *b)
{
    const anl_candidate *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->bonus != y->bonus) return x->bonus > y->bonus ? -1 : 1;
    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    return x->reverse - y->reverse;
}

static int same_place(const anl_candidate *a, const anl_candidate *b, int32_t len)
{
    return a->reverse == b->reverse && a->contig == b->contig && llabs(a->start - b->start) <= len / SAME_PLACE_SHARE;
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

/* Among places of the best score those come first where the read reaches farther: a difference near its end costs less than clipping. */
static void prefer_whole(const anl_worker *w, anl_query *q)
{
    const anl_extend_params *params = &w->context->options->align;
    int32_t equal = 1;
    while (equal < q->n && q->candidates[equal].score == q->candidates[0].score) ++equal;
    if (equal == 1) return;
    for (int32_t i = 0; i < equal; ++i) {
        anl_candidate *c = &q->candidates[i];
        anl_extension e;
        int whole = on_diagonal(w, q, params, c->start, c->contig, c->reverse, q->read->len, &e);
        c->bonus = whole && e.total > c->score ? e.total - c->score : 0;
    }
    qsort(q->candidates, (size_t)equal, sizeof *q->candidates, by_score);
}

int anl_candidates_score(anl_worker *w, anl_query *queries, int n)
{
    int rc = anl_grow(&w->results, &w->results_cap, w->n_jobs, sizeof *w->results);
    if (!rc) rc = anl_sw_batch_run(w->sw, &w->context->kernels->sw, &w->context->options->align.score, w->jobs, w->n_jobs, w->results);
    for (size_t i = 0; i < w->n_jobs && !rc; ++i) {
        const anl_sw_result *r = &w->results[i];
        if (r->score <= 0 || r->score < w->pending[i].least) continue;
        anl_query *q = &queries[w->pending[i].query];
        anl_candidate c = w->pending[i].candidate;
        int64_t end_diagonal = c.start + r->tend - r->qend;
        c.score = r->score;
        c.whole = r->qend == q->read->len && end_diagonal >= c.start;
        c.last = r->qend;
        c.end = q->read->len;
        if (end_diagonal < c.dlo) c.dlo = end_diagonal;
        if (end_diagonal > c.dhi) c.dhi = end_diagonal;
        c.start = end_diagonal;
        rc = add_candidate(w, q, c);
    }
    w->n_jobs = 0;
    for (int i = 0; i < n && !rc; ++i) {
        sort_and_merge(&queries[i]);
        prefer_whole(w, &queries[i]);
    }
    return rc;
}

int anl_candidates_rival(const anl_candidate *a, const anl_candidate *b)
{
    const int32_t begin = a->begin > b->begin ? a->begin : b->begin, end = a->end < b->end ? a->end : b->end;
    const int32_t shorter = a->end - a->begin < b->end - b->begin ? a->end - a->begin : b->end - b->begin;
    return 2 * (end - begin) >= shorter;
}

int32_t anl_candidates_second(const anl_query *q, int32_t of, int32_t near, int32_t *rivals)
{
    const anl_candidate *c = q->candidates;
    int32_t second = 0, count = 0;
    for (int32_t i = 0; i < q->n; ++i)
        if (i != of && c[i].score > second && anl_candidates_rival(&c[of], &c[i])) second = c[i].score;
    for (int32_t i = 0; i < q->n; ++i) count += i != of && c[i].score >= second - near && anl_candidates_rival(&c[of], &c[i]);
    *rivals = second ? count - 1 : 0;
    return second;
}
