#include "diverged.h"

#include "align_tuning.h"
#include "base_code.h"
#include "pair.h"
#include "settle.h"

#include <string.h>

/* How far a read is. */
typedef enum state {
    OPEN,   /* nothing stands out */
    COPIES, /* so many places do that there may be more, or what does is a repeat */
    DONE,
    BESIDE, /* done, where its mate says */
    BESIDE_REPEAT,
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

/* ---- judging by scores ---- */

static int score_all(finder *f)
{
    return anl_candidates_score(f->all.c, f->all.s, f->all.queue, f->all.queries, f->all.n, f->all.results);
}

static int is_repeat(const finder *f, int32_t number, const anl_candidate *at)
{
    return anl_locate_is_repeat(f->all.c->index, at->contig, at->start, f->all.queries[number].read->len);
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

/* Candidates that score nearly as much as the best one, with that. */
static int32_t count_alike(const anl_query *q)
{
    int32_t n = 0;
    while (n < q->n && q->candidates[n].score * ANL_DIVERGED_ALIKE_DEN >= q->candidates[0].score * ANL_DIVERGED_ALIKE_NUM) ++n;
    return n;
}

/* How much of a search is behind a read. */
typedef enum depth {
    FIRST_HITS, /* of the usual lists: as many look alike as there are */
    USUAL_HITS,
    DEEP,
} depth;

/* Scores what is queued; then it is known of reads still open whether they are done. */
static int judge(finder *f, const anl_segments *segments, depth so_far)
{
    int rc = score_all(f);
    for (int32_t i = 0; i < segments->n && !rc; ++i) {
        const int32_t number = segments->list[i].sequence;
        const anl_query *q = &f->all.queries[number];
        const int32_t copies = so_far == FIRST_HITS ? 2 : ANL_DIVERGED_COPIES;
        if (f->states[number] != OPEN || !is_found(f, q) || (so_far < DEEP && is_low(f, q))) continue;
        if (!q->candidates[0].alt && count_alike(q) < copies && !is_repeat(f, number, q->candidates))
            f->states[number] = DONE;
        else if (so_far > FIRST_HITS)
            f->states[number] = COPIES;
    }
    return rc;
}

/* ---- beside a mate ---- */

/* The mate of a read; itself where it has none. */
static int mate_of(const finder *f, int number)
{
    const int mate = f->all.queries[number].read->mate;
    return mate == 1 ? number + 1 : mate == 2 ? number - 1 : number;
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

/* The mate is done where it aligns beside the read, unless it fits so much better elsewhere that they are no pair. Copies in a repeat there are found by
 * votes; others may lie anywhere. */
static int settle_beside(finder *f, int from)
{
    const int to = mate_of(f, from);
    const anl_candidate *found = find_beside(f, from), *at = f->all.queries[from].candidates;
    const anl_query *mate = &f->all.queries[to];
    if (!found || found->score < least_beside(f) || found->score + f->all.c->options->unpaired <= mate->candidates[0].score) return ANL_OK;
    f->states[to] = is_repeat(f, to, found) ? BESIDE_REPEAT : BESIDE;
    if (f->states[to] == BESIDE) return ANL_OK;
    const anl_place place = {.start = at->start, .contig = at->contig, .reverse = at->reverse};
    anl_places near = {0};
    int rc = anl_settle_vote_beside(&f->all, &f->all.queries[from], &place, mate, &near);
    for (int32_t i = 0; i < near.n && !rc; ++i)
        rc = anl_candidates_add_place(f->all.c, f->all.queries, to, &near.list[i], f->all.queue, f->all.results);
    return rc;
}

static int look_beside(finder *f)
{
    int rc = ANL_OK;
    for (int i = 0; i < f->all.n && !rc; ++i)
        if (shows_mate(f, i)) rc = align_beside(f, i);
    if (!rc) rc = score_all(f);
    for (int i = 0; i < f->all.n && !rc; ++i)
        if (shows_mate(f, i)) rc = settle_beside(f, i);
    return rc;
}

/* Of reads that a mate has put into a repeat it is not known how well they fit elsewhere: as well, for all that is known. */
static void bound_repeats(finder *f)
{
    for (int i = 0; i < f->all.n; ++i)
        if (f->states[i] == BESIDE_REPEAT) f->all.queries[i].bound = f->all.queries[i].candidates[0].score;
}

/* ---- search ---- */

static int vote(finder *f, anl_segments *segments)
{
    return anl_candidates_vote(f->all.c, f->all.s, &f->all.params, segments, f->all.queries, f->all.queue, f->all.results);
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
    int rc = vote(f, segments);
    for (int32_t i = 0; i < segments->n; ++i) segments->list[i].near.n = n[i];
    return rc;
}

/* At this distance the light encoder's vectors find as much as the others do. */
static int embed(finder *f, anl_segment *const *which, int32_t n)
{
    anl_embed_function *by = anl_encoder_has_light(f->all.c->encoder) ? anl_encoder_embed_light : anl_encoder_embed;
    return anl_locate_embed(f->all.c, f->all.s, by, which, n);
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
    rc = pointers(f, segments, &all);
    if (!rc) rc = embed(f, all, segments->n);
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

/* Cuts what the reference has where the best candidate of a read lies, as the read would be read there. */
static int cut_reference(const finder *f, int32_t number, anl_segments *to)
{
    anl_query copy = f->all.queries[number];
    const anl_candidate *at = &copy.candidates[0];
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

/* Copies of where a read lies are looked for by what the reference has there, not by the read: their windows are as near to that as they are alike. */
static int search_copies(finder *f)
{
    anl_segments copies = {0};
    int rc = score_all(f);
    for (int i = 0; i < f->all.n && !rc; ++i)
        if (f->states[i] == COPIES) rc = cut_reference(f, i, &copies);
    if (rc || !copies.n) return rc;
    f->all.counts->segments += copies.n;
    rc = anl_locate_embed_all(f->all.c, f->all.s, &copies);
    return rc ? rc : anl_candidates_search(f->all.c, f->all.s, &f->all.params, &copies, f->all.queue, f->all.queries, f->all.n, f->all.results);
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
    if (!rc) rc = search_copies(&f);
    if (!rc) rc = score_all(&f);
    if (!rc) bound_repeats(&f);
    counts->entries += anl_search_entries(s->search) - entries;
    return rc;
}
