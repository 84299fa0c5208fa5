#include "find.h"

#include "align_tuning.h"
#include "settle.h"

#include <string.h>

enum { AHEAD = 4 /* segments between asking memory for a read and looking at it */ };

/* Segments of reads that are not settled yet. */
typedef struct open_segments {
    anl_segment **list;
    int32_t n;
} open_segments;

static void drop_settled(const anl_settler *f, open_segments *open)
{
    int32_t n = 0;
    for (int32_t i = 0; i < open->n; ++i)
        if (!f->queries[open->list[i]->sequence].settled) open->list[n++] = open->list[i];
    open->n = n;
}

/* Gives segments their vectors, and starts their search for k hits. */
static int embed(anl_settler *f, anl_embed_function *by, open_segments *open, int32_t k)
{
    int rc = anl_locate_embed(f->c, f->s, by, open->list, open->n);
    if (!rc) rc = anl_locate_start(open->list, open->n, k, f->s->temporary);
    for (int32_t i = 0; i < open->n && !rc; ++i) open->list[i]->near.rough = by == anl_encoder_embed_light;
    return rc;
}

static void prefetch(const anl_settler *f, const anl_segment *segment)
{
    enum { LINE = 64 /* bytes of the cache */ };
    const anl_query *q = &f->queries[segment->sequence];
    if (q->settled) return;
    for (int reverse = 0; reverse < 2; ++reverse)
        for (int32_t i = 0; i < q->read->len; i += LINE) __builtin_prefetch(q->strand[reverse] + i);
    anl_settle_prefetch(f, segment);
}

/* Whether the few nearest hits found so far look alike, and near enough to be of this genome: then, most often, so do all that are asked for
 * next. */
static int looks_saturated(const anl_neighbours *near, int32_t d)
{
    const int32_t norm = anl_squared_norm(near->query, d);
    return near->n == ANL_PROBED && near->hits[0].dist <= anl_distance_at(norm, ANL_COSINE_ALIKE) &&
           (int64_t)(near->hits[ANL_PROBED - 1].dist - near->hits[0].dist) * 100 <= (int64_t)norm * 2 * ANL_ALIKE_DROP;
}

/* Gives segments the vectors of the full encoder and starts their search, at once for more hits where the first ones look alike, unless so many do
 * that their hits would take too much memory. */
static int embed_fully(anl_settler *f, open_segments *open)
{
    int32_t few = 0;
    anl_segment **list = anl_arena_alloc(f->s->temporary, (size_t)open->n, sizeof(anl_segment *));
    if (!list) return ANL_ENOMEM;
    for (int32_t i = 0, many = open->n; i < open->n; ++i) {
        anl_segment *segment = open->list[i];
        list[looks_saturated(&segment->near, f->c->index->d) ? --many : few++] = segment;
    }
    const int32_t deeper = anl_locate_deeper_k(&f->params, f->params.k);
    if (open->n - few > anl_locate_at_once(f->c, deeper)) few = open->n;
    int rc = anl_locate_embed(f->c, f->s, anl_encoder_embed, open->list, open->n);
    if (!rc) rc = anl_locate_start_usual(f->c, list, few, f->params.k, f->s->temporary);
    return rc ? rc : anl_locate_start_usual(f->c, list + few, open->n - few, deeper, f->s->temporary);
}

/* By the vectors of the light encoder, where the model has one, then by those of the full one. */
static int wave(anl_settler *f, open_segments *open, int number)
{
    anl_embed_function *light = anl_encoder_has_light(f->c->encoder) ? anl_encoder_embed_light : anl_encoder_embed;
    /* of full vectors no more than every segment has, whether it was started for more or not */
    const int32_t probed = number < ANL_LIGHT_WAVES || f->params.k > ANL_PROBED ? ANL_PROBED : f->params.k;
    int rc = number == 0 ? embed(f, light, open, ANL_PROBED) : number == ANL_LIGHT_WAVES ? embed_fully(f, open) : ANL_OK;
    if (!rc) rc = anl_locate_wave(f->c, f->s, open->list, open->n, anl_waves[number]);
    for (int32_t i = 0; i < open->n && !rc; ++i) {
        const anl_query *q = &f->queries[open->list[i]->sequence];
        if (i + AHEAD < open->n) prefetch(f, open->list[i + AHEAD]);
        if (q->settled) continue;
        rc = anl_settle_at_hits(f, open->list[i], probed);
        f->counts->proven[number] += q->settled;
    }
    drop_settled(f, open);
    return rc;
}

/* Makes the most of what a wave has told of a read, for it and its mate. */
static int settle_pair(anl_settler *f, int number)
{
    const int rc = anl_settle_beside(f, number);
    return rc ? rc : anl_settle_together(f, number);
}

/* The first wave of one half: second mates, or all other reads. Their segments go to `segments`, what stays open to `open` as well. */
static int first_wave(anl_settler *f, int seconds, anl_segments *segments, open_segments *open)
{
    int rc = ANL_OK;
    for (int i = 0; i < f->n && !rc; ++i)
        if ((f->queries[i].read->mate == 2) == seconds && !f->queries[i].settled)
            rc = anl_candidates_cut(f->c->index, &f->queries[i], i, segments, f->s->temporary);
    if (rc || !segments->n) return rc;
    if (!(open->list = anl_arena_alloc(f->s->temporary, (size_t)segments->n, sizeof(anl_segment *)))) return ANL_ENOMEM;
    f->counts->segments += segments->n;
    for (open->n = 0; open->n < segments->n; ++open->n) open->list[open->n] = &segments->list[open->n];
    rc = wave(f, open, 0);
    for (int i = 0; i < f->n && !rc; ++i)
        if ((f->queries[i].read->mate == 2) == seconds) rc = settle_pair(f, i);
    return rc;
}

/* The segments still open of both halves in the order of their reads. */
static int merge(anl_settler *f, open_segments halves[2], anl_segments *out)
{
    for (int half = 0; half < 2; ++half) drop_settled(f, &halves[half]);
    const int32_t n = halves[0].n + halves[1].n;
    *out = (anl_segments){.list = anl_arena_alloc(f->s->temporary, (size_t)n, sizeof *out->list), .cap = n};
    if (!out->list) return ANL_ENOMEM;
    for (int32_t i = 0, j = 0; i + j < n;) {
        const int second = i == halves[0].n || (j < halves[1].n && halves[1].list[j]->sequence < halves[0].list[i]->sequence);
        out->list[out->n++] = second ? *halves[1].list[j++] : *halves[0].list[i++];
    }
    return ANL_OK;
}

/* All waves but the first one, for what that leaves open. */
static int later_waves(anl_settler *f, anl_segments *segments)
{
    open_segments open = {.list = anl_arena_alloc(f->s->temporary, (size_t)segments->n, sizeof(anl_segment *))};
    int rc = open.list ? ANL_OK : ANL_ENOMEM;
    for (; !rc && open.n < segments->n; ++open.n) open.list[open.n] = &segments->list[open.n];
    for (int w = 1; w < ANL_WAVES && !rc; ++w) {
        rc = wave(f, &open, w);
        for (int i = 0; i < f->n && !rc; ++i) rc = settle_pair(f, i);
        drop_settled(f, &open);
    }
    int32_t kept = 0; /* the rest moves together */
    for (int32_t i = 0; i < open.n && !rc; ++i) segments->list[kept++] = *open.list[i];
    segments->n = kept;
    return rc;
}

/* ---- reads of other genomes ---- */

enum { UNKNOWN, OWN, FOREIGN }; /* what is known of a read */

/* Whether a window is as near as one is to a read of this reference with 8% errors, or `less` hundredths of cosine less so; shorter reads fill
 * less of it. */
static int has_near_window(const anl_segment *segment, int32_t d, int32_t less)
{
    const anl_neighbours *near = &segment->near;
    const int32_t by_length = ANL_FOREIGN_BASE + segment->len * ANL_FOREIGN_PER_100 / 100;
    const int32_t cosine = (by_length < ANL_FOREIGN_MOST ? by_length : ANL_FOREIGN_MOST) - less;
    return near->n && (int64_t)near->hits[0].dist * 100 <= (int64_t)anl_squared_norm(near->query, d) * 2 * (100 - cosine);
}

/* Whether k-mers of the segment vote for a place at one of its nearest hits, as few of another genome do. */
static int has_votes(anl_settler *f, anl_segment *segment, int *has)
{
    anl_neighbours *near = &segment->near;
    const int32_t found = near->n;
    near->n = found < ANL_FOREIGN_HITS ? found : ANL_FOREIGN_HITS;
    const int rc = anl_locate_vote(f->c->index, f->s->voter, &f->params, segment, f->s->temporary);
    near->n = found;
    for (int32_t p = 0; p < segment->places.n; ++p) *has |= segment->places.list[p].votes >= ANL_FOREIGN_VOTES;
    return rc;
}

/* Searches segments of reads of which nothing is known in their `nprobe` nearest lists: a near window of one says whose the read is. */
static int search_far(anl_settler *f, anl_segments *segments, int32_t nprobe, uint8_t *known)
{
    anl_segment **list = anl_arena_alloc(f->s->temporary, (size_t)segments->n, sizeof(anl_segment *));
    int32_t n = 0;
    if (!list) return ANL_ENOMEM;
    for (int32_t i = 0; i < segments->n; ++i)
        if (known[segments->list[i].sequence] == UNKNOWN) list[n++] = &segments->list[i];
    int rc = anl_locate_wave(f->c, f->s, list, n, nprobe);
    for (int32_t i = 0; i < n && !rc; ++i)
        if (has_near_window(list[i], f->c->index->d, 0)) known[list[i]->sequence] = OWN;
    return rc;
}

/* Judges reads by the votes of their segments list[n], unless something is known of one of them or it has a window that is `less` near: they
 * are foreign if none has votes. */
static int judge(anl_settler *f, anl_segment *list, int32_t n, int32_t less, uint8_t *known)
{
    int rc = ANL_OK, has = 0;
    for (int32_t i = 0; i < n; ++i)
        if (known[list[i].sequence] != UNKNOWN || has_near_window(&list[i], f->c->index->d, less)) return ANL_OK;
    for (int32_t i = 0; i < n && !has && !rc; ++i) rc = has_votes(f, &list[i], &has);
    for (int32_t i = 0; i < n && !has && !rc; ++i) known[list[i].sequence] = FOREIGN;
    return rc;
}

/* Judges pairs neither of whose mates has a near window: the usual lists alone say too little of one read, but enough of both. */
static int judge_pairs(anl_settler *f, anl_segments *segments, uint8_t *known)
{
    anl_segment *list = segments->list;
    int rc = ANL_OK;
    for (int32_t i = 0, next; i < segments->n && !rc; i = next) {
        const int32_t read = list[i].sequence;
        for (next = i + 1; next < segments->n && list[next].sequence - read <= (f->queries[read].read->mate == 1); ++next) continue;
        if (list[next - 1].sequence > read) rc = judge(f, list + i, next - i, ANL_FOREIGN_PAIR, known);
    }
    return rc;
}

/* Drops the segments of reads that are of another genome: all lists would be gone through in vain. */
static int drop_foreign(anl_settler *f, anl_segments *segments)
{
    uint8_t *known = anl_arena_alloc(f->s->temporary, (size_t)f->n, 1);
    anl_segment *list = segments->list;
    int32_t kept = 0;
    if (!known) return ANL_ENOMEM;
    memset(known, UNKNOWN, (size_t)f->n);
    int rc = search_far(f, segments, anl_search_nprobe(f->c->index, 1), known);
    if (!rc) rc = judge_pairs(f, segments, known);
    if (!rc) rc = search_far(f, segments, anl_search_nprobe(f->c->index, ANL_SEARCH_MORE), known);
    for (int32_t i = 0, next; i < segments->n && !rc; i = next) {
        for (next = i + 1; next < segments->n && list[next].sequence == list[i].sequence; ++next) continue;
        rc = judge(f, list + i, next - i, 0, known);
    }
    for (int32_t i = 0; i < segments->n && !rc; ++i) {
        if (known[list[i].sequence] == FOREIGN) continue;
        f->queries[list[i].sequence].sought = 1;
        list[kept++] = list[i];
    }
    segments->n = kept;
    return rc;
}

int anl_find(const anl_context *c, anl_scratch *s, const anl_insert_model *inserts, anl_sw_queue *queue, anl_query *queries, int n,
             anl_arena *results, anl_find_counts *counts)
{
    anl_segments segments[2] = {{0}}, rest;
    open_segments open[2] = {{0}};
    if (c->options->all || c->options->exhaustive) return anl_candidates_find(c, s, &anl_locate_short, queue, queries, n, results);
    anl_settler f = anl_settler_of(c, s, inserts, queue, queries, n, results, counts);
    const int64_t entries = anl_search_entries(s->search);
    if (!c->index->n_alts) f.params.crowd = c->options->xa_most + 2; /* XA is left out then; ALT contigs do not make a crowd */
    int rc = first_wave(&f, 0, &segments[0], &open[0]);
    if (!rc) rc = first_wave(&f, 1, &segments[1], &open[1]);
    if (!rc) rc = merge(&f, open, &rest);
    if (!rc) rc = later_waves(&f, &rest);
    if (!rc) rc = drop_foreign(&f, &rest);
    if (!rc) rc = anl_candidates_search(c, s, &f.params, &rest, queue, queries, n, results);
    counts->entries += anl_search_entries(s->search) - entries;
    return rc;
}
