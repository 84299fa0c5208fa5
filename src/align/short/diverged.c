#include "diverged.h"

#include "align_tuning.h"
#include "base_code.h"
#include "pair.h"
#include "settle.h"

#include <string.h>

/* How far a read is. */
typedef enum state {
    OPEN,    /* nothing stands out */
    FOUND,   /* a place that may have copies elsewhere, to be looked for */
    SEVERAL, /* places, and no others are to be expected */
    DONE,    /* one place */
    BESIDE,  /* done, where its mate says */
} state;

/* Reads on their way. */
typedef struct finder {
    anl_settler all;
    uint8_t *states; /* [n] */
} finder;

static int is_done(const finder *f, int32_t number)
{
    return f->states[number] >= DONE;
}

/* ---- segments ---- */

/* The segments of all reads in one state, in their order; they move. */
static int select_segments(const finder *f, const anl_segments *from, state which, anl_segments *out)
{
    *out = (anl_segments){.list = anl_arena_alloc(f->all.s->temporary, (size_t)from->n, sizeof *out->list), .cap = (size_t)from->n};
    if (!out->list) return ANL_ENOMEM;
    for (int32_t i = 0; i < from->n; ++i)
        if (f->states[from->list[i].sequence] == which) out->list[out->n++] = from->list[i];
    return ANL_OK;
}

static void drop_done(const finder *f, anl_segments *segments)
{
    int32_t n = 0;
    for (int32_t i = 0; i < segments->n; ++i)
        if (!is_done(f, segments->list[i].sequence)) segments->list[n++] = segments->list[i];
    segments->n = n;
}

static int pointers(const finder *f, const anl_segments *segments, anl_segment ***out)
{
    *out = anl_arena_alloc(f->all.s->temporary, (size_t)segments->n, sizeof **out);
    if (!*out) return ANL_ENOMEM;
    for (int32_t i = 0; i < segments->n; ++i) (*out)[i] = &segments->list[i];
    return ANL_OK;
}

/* ---- steps ---- */

/* By the light encoder, where the model has one: of diverged reads its vectors find as much as those of the full one. */
static int embed(finder *f, anl_segments *segments)
{
    anl_embed_function *by = anl_encoder_has_light(f->all.c->encoder) ? anl_encoder_embed_light : anl_encoder_embed;
    anl_segment **all;
    const int rc = pointers(f, segments, &all);
    return rc ? rc : anl_locate_embed(f->all.c, f->all.s, by, all, segments->n);
}

static int vote(finder *f, anl_segments *segments)
{
    return anl_candidates_vote(f->all.c, f->all.s, &f->all.params, segments, f->all.queries, f->all.queue, f->all.results);
}

/* ---- judging by scores ---- */

static int score_all(finder *f)
{
    return anl_candidates_score(f->all.c, f->all.s, f->all.queue, f->all.queries, f->all.n, f->all.results);
}

/* Whether the best candidate of a read scores what chance does not give. */
static int is_found(const finder *f, const anl_query *q)
{
    const int32_t match = f->all.c->options->align.score.match;
    return q->n && q->candidates[0].score >= ANL_DIVERGED_SURE * match &&
           q->candidates[0].score * 100 >= q->read->len * match * ANL_EXPLAINED_SCORE;
}

/* Whether it scores less than nearly all reads do: then another place may be right which was not found. */
static int is_low(const finder *f, const anl_query *q)
{
    return q->candidates[0].score * 100 < q->read->len * f->all.c->low_score;
}

/* Whether another candidate scores nearly as much as the best one. */
static int has_rival(const anl_query *q)
{
    return q->n > 1 && q->candidates[1].score * ANL_DIVERGED_RIVAL_DEN >= q->candidates[0].score * ANL_DIVERGED_RIVAL_NUM;
}

static int may_have_copy(const finder *f, int32_t number, const anl_candidate *at)
{
    return anl_locate_has_copy(f->all.c->index, at->contig, at->start, f->all.queries[number].read->len);
}

/* How much of a search is behind a read. */
typedef enum depth {
    FIRST_HITS, /* of the usual lists */
    USUAL_HITS,
    DEEP,
} depth;

/* Scores what is queued; then it is known of reads still open whether they are found. */
static int judge(finder *f, const anl_segments *segments, depth so_far)
{
    int rc = score_all(f);
    for (int32_t i = 0; i < segments->n && !rc; ++i) {
        const int32_t number = segments->list[i].sequence;
        const anl_query *q = &f->all.queries[number];
        if (f->states[number] != OPEN || !is_found(f, q) || (so_far < DEEP && is_low(f, q)) || (so_far == FIRST_HITS && has_rival(q)))
            continue;
        f->states[number] = has_rival(q) || q->candidates[0].alt || may_have_copy(f, number, q->candidates) ? FOUND : DONE;
    }
    return rc;
}

/* ---- copies ---- */

/* Cuts what the reference has where a candidate of a read lies, as the read would be read there. */
static int cut_reference(const finder *f, int32_t number, const anl_candidate *at, anl_segments *to)
{
    anl_query copy = f->all.queries[number];
    const int32_t len = copy.read->len;
    int64_t begin = at->start, end = begin + len;
    uint8_t *bases = anl_arena_alloc(f->all.s->temporary, 2 * (size_t)len, 1);
    if (!bases) return ANL_ENOMEM;
    memcpy(bases, copy.strand[at->reverse], (size_t)len); /* beyond the ends of the contig */
    anl_index_clip(f->all.c->index, at->contig, &begin, &end);
    if (begin < end) anl_index_fetch(f->all.c->index, begin, end, bases + (begin - at->start));
    if (at->reverse) anl_reverse_complement(bases, len, bases + len);
    copy.strand[0] = at->reverse ? bases + len : bases;
    return anl_candidates_cut(f->all.c->index, &copy, number, to, f->all.s->temporary);
}

/* Leaves those hits to a segment that are as near as copies are. */
static void keep_near(const finder *f, anl_segment *segment)
{
    anl_neighbours *near = &segment->near;
    const int32_t farthest = anl_distance_at(anl_squared_norm(near->query, f->all.c->index->d), ANL_DIVERGED_COPY_COSINE);
    while (near->n && near->hits[near->n - 1].dist > farthest) --near->n;
}

/* Scores copies of where reads lie, which are found by what the reference has there (`places`), not by the reads: their windows are as near to that as they
 * are alike. */
static int add_copies(finder *f, anl_segments *places)
{
    const anl_context *c = f->all.c;
    if (!places->n) return ANL_OK;
    f->all.counts->segments += places->n;
    for (int32_t i = 0; i < places->n; ++i) places->list[i].near.far = 1; /* the nearest window is the place itself */
    int rc = embed(f, places);
    if (!rc) rc = anl_locate_search(c, f->all.s, &f->all.params, places, ANL_EFFORT_USUAL, NULL);
    for (int32_t i = 0; i < places->n && !rc; ++i) {
        f->all.queries[places->list[i].sequence].truncated |=
            (uint8_t)anl_locate_is_truncated(&f->all.params, &places->list[i], c->index->d);
        keep_near(f, &places->list[i]);
    }
    f->all.params.weak = ANL_DIVERGED_COPY_WEAK; /* the place itself has all votes */
    if (!rc) rc = vote(f, places);
    f->all.params.weak = anl_locate_short.weak;
    return rc ? rc : score_all(f);
}

/* Reads that are found are done, if no copy is. */
static int look_for_copies(finder *f)
{
    anl_segments places = {0};
    int rc = ANL_OK;
    for (int i = 0; i < f->all.n && !rc; ++i)
        if (f->states[i] == FOUND) rc = cut_reference(f, i, f->all.queries[i].candidates, &places);
    if (!rc) rc = add_copies(f, &places);
    for (int i = 0; i < f->all.n && !rc; ++i)
        if (f->states[i] == FOUND) f->states[i] = has_rival(&f->all.queries[i]) || f->all.queries[i].candidates[0].alt ? SEVERAL : DONE;
    return rc;
}

/* ---- beside a mate ---- */

/* The mate of a read; itself where it has none. */
static int mate_of(const finder *f, int number)
{
    return anl_query_mate(&f->all.queries[number], number);
}

/* Whether the mate of a read is to be looked for beside it. */
static int shows_mate(const finder *f, int from)
{
    const int to = mate_of(f, from);
    return !f->all.c->options->no_rescue && to != from && f->states[from] == DONE && !is_done(f, to) &&
           !anl_read_is_long(f->all.queries[to].read);
}

static int32_t least_beside(const finder *f)
{
    return ANL_DIVERGED_BESIDE * f->all.c->options->align.score.match;
}

/* Queues the mate in the regions that the insert sizes give it. All of them is aligned, as this takes no longer than to vote there. */
static int align_beside(finder *f, int from)
{
    const anl_query *here = &f->all.queries[from];
    const int to = mate_of(f, from);
    int rc = ANL_OK;
    for (int o = 0; o < ANL_N_ORIENTATIONS && !rc; ++o) {
        anl_mate_region region;
        if (!anl_pair_region(f->all.inserts, (anl_orientation)o, f->all.c->index, here, here->candidates, f->all.queries[to].read, &region))
            continue;
        const anl_pending what = {
            .query = to,
            .min_score = least_beside(f),
            .begin = region.begin,
            .end = region.end,
            .candidate = {.dlo = INT64_MAX, .dhi = INT64_MIN, .contig = here->candidates[0].contig, .reverse = region.reverse}};
        rc = anl_sw_queue_add(f->all.queue, &what);
    }
    return rc;
}

/* The best candidate of the mate that makes a proper pair with that of the read; NULL: none does. */
static const anl_candidate *find_beside(const finder *f, int from)
{
    const int to = mate_of(f, from), is_first = from < to;
    const anl_query *mate = &f->all.queries[to], *pair = is_first ? mate - 1 : mate;
    for (int32_t i = 0; i < mate->n; ++i) {
        int64_t size;
        if (anl_pair_proper(f->all.inserts, pair, is_first ? 0 : i, is_first ? i : 0, &size)) return &mate->candidates[i];
    }
    return NULL;
}

/* The mate is done where it aligns beside the read, unless it fits so much better elsewhere that they are no pair. What the reference has there goes to
 * `places` if it may have copies. */
static int settle_beside(finder *f, int from, anl_segments *places)
{
    const int to = mate_of(f, from);
    const anl_candidate *found = find_beside(f, from);
    if (!found || found->score < least_beside(f) || found->score + f->all.c->options->unpaired <= f->all.queries[to].candidates[0].score)
        return ANL_OK;
    f->states[to] = BESIDE;
    return may_have_copy(f, to, found) ? cut_reference(f, to, found, places) : ANL_OK;
}

/* Looks for copies of what is found, and for the mates of what has none. */
static int look_beside(finder *f)
{
    anl_segments places = {0};
    int rc = look_for_copies(f);
    for (int i = 0; i < f->all.n && !rc; ++i)
        if (shows_mate(f, i)) rc = align_beside(f, i);
    if (!rc) rc = score_all(f);
    for (int i = 0; i < f->all.n && !rc; ++i)
        if (shows_mate(f, i)) rc = settle_beside(f, i, &places);
    return rc ? rc : add_copies(f, &places);
}

/* ---- search ---- */

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
    int rc = vote(f, segments);
    for (int32_t i = 0; i < segments->n; ++i) segments->list[i].near.n = n[i];
    return rc;
}

/* Reads of one half that are not done, second mates or all others, in the usual number of lists. Those that stay so are left in `segments`. */
static int search_usual(finder *f, int seconds, anl_segments *segments)
{
    anl_segment **all;
    int rc = ANL_OK;
    for (int i = 0; i < f->all.n && !rc; ++i)
        if ((f->all.queries[i].read->mate == 2) == seconds && !is_done(f, i))
            rc = anl_candidates_cut(f->all.c->index, &f->all.queries[i], i, segments, f->all.s->temporary);
    if (rc || !segments->n) return rc;
    f->all.counts->segments += segments->n;
    rc = embed(f, segments);
    if (!rc) rc = pointers(f, segments, &all);
    if (!rc) rc = anl_locate_start(all, segments->n, f->all.params.k, f->all.s->temporary);
    if (!rc) rc = anl_locate_wave(f->all.c, f->all.s, all, segments->n, anl_search_nprobe(f->all.c->index, 1));
    if (!rc) rc = vote_nearest(f, segments, ANL_DIVERGED_FIRST);
    if (!rc) rc = judge(f, segments, FIRST_HITS);
    if (!rc) rc = look_beside(f);
    drop_done(f, segments);
    if (!rc) rc = vote(f, segments);
    if (!rc) rc = judge(f, segments, USUAL_HITS);
    if (!rc) rc = look_beside(f);
    drop_done(f, segments);
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

/* All hits vote for places of two k-mers and more, and the nearest are aligned to, unless the mate is done and says that the read is not there. */
static int search_all_hits(finder *f, anl_segments *open)
{
    for (int32_t i = 0; i < open->n; ++i) anl_locate_forget(&open->list[i]);
    f->all.params.min_votes = ANL_DIVERGED_MIN_VOTES;
    int rc = vote(f, open);
    f->all.params.min_votes = anl_locate_short.min_votes;
    for (int32_t i = 0; i < open->n && !rc; ++i) {
        const int32_t number = open->list[i].sequence, mate = mate_of(f, number);
        if (mate == number || f->all.c->options->no_rescue || !is_done(f, mate)) rc = align_nearest(f, &open->list[i]);
    }
    return rc;
}

/* Reads of one half still open, in all lists: first the nearer hits vote, then, of those that this tells nothing, all of them. */
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
    if (!rc) rc = judge(f, &open, DEEP);
    if (!rc) rc = look_beside(f);
    if (!rc) rc = select_segments(f, &open, OPEN, &rest);
    if (rc || !rest.n) return rc;
    rc = search_all_hits(f, &rest);
    if (!rc) rc = judge(f, &rest, DEEP);
    return rc ? rc : look_beside(f);
}

int anl_find_diverged(const anl_context *c, anl_scratch *s, const anl_insert_model *inserts, anl_sw_queue *queue, anl_query *queries, int n,
                      anl_arena *results, anl_find_counts *counts)
{
    if (c->options->all || c->options->exhaustive) return anl_find(c, s, inserts, queue, queries, n, results, counts);
    finder f = {.all = anl_settler_of(c, s, inserts, queue, queries, n, results, counts),
                .states = anl_arena_alloc(s->temporary, (size_t)n, sizeof *f.states)};
    if (!f.states) return ANL_ENOMEM;
    memset(f.states, OPEN, (size_t)n * sizeof *f.states);
    const int64_t entries = anl_search_entries(s->search);
    anl_segments halves[2] = {{0}};
    int rc = ANL_OK;
    for (int half = 0; half < 2 && !rc; ++half) rc = search_usual(&f, half, &halves[half]);
    for (int half = 0; half < 2 && !rc; ++half) rc = search_deep(&f, &halves[half]);
    if (!rc) rc = score_all(&f);
    counts->entries += anl_search_entries(s->search) - entries;
    return rc;
}
