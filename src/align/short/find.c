#include "find.h"

#include "align_tuning.h"
#include "pair.h"

#include <stdlib.h>

/* What a chunk of reads shares on its way. */
typedef struct finder {
    const anl_context *c;
    anl_scratch *s;
    anl_locate_params params;
    const anl_insert_model *inserts;
    anl_sw_queue *queue;
    anl_query *queries;
    int n;
    anl_arena *results;
    int status; /* what proving failed with */
    int wave;   /* the present one */
    anl_find_counts *counts;
} finder;

/* ---- settle ---- */

static int settle(finder *f, int number, const anl_place *place, int32_t bound)
{
    anl_query *q = &f->queries[number];
    q->settled = 1;
    q->place = *place;
    q->bound = bound;
    return anl_candidates_add_place(f->c, f->queries, number, place, f->queue, f->s->temporary); /* moved with what search finds */
}

/* Stops the votes of a read whose place is proven. */
static int stop_when_proven(void *data, const anl_segment *segment, const anl_place *place)
{
    finder *f = data;
    const anl_proof proof = anl_prove(f->c, &f->queries[segment->sequence], place);
    if (!anl_proof_suffices(f->c->options, &f->queries[segment->sequence], &proof)) return 0;
    ++f->counts->proven[f->wave];
    f->status = settle(f, segment->sequence, place, 0);
    return 1;
}

static anl_candidate candidate_at(const anl_place *place)
{
    return (anl_candidate){.start = place->start, .contig = place->contig, .reverse = place->reverse};
}

/* Places of the mate of a settled read in the regions that the insert sizes give. */
static int vote_beside(finder *f, const anl_query *here, const anl_query *mate, anl_places *out)
{
    const anl_candidate at = candidate_at(&here->place);
    int rc = ANL_OK;
    for (int o = 0; o < ANL_N_ORIENTATIONS && !rc; ++o) {
        anl_mate_region region;
        if (anl_pair_region(f->inserts, (anl_orientation)o, f->c->index, here, &at, mate->read, &region))
            rc = anl_locate_region(f->c->index, f->s->voter, &f->params, mate->strand[0], mate->read->len, region.begin, region.end, out,
                                   f->s->temporary);
    }
    return rc;
}

/* Settles the mate of a proven read where it is proven, too, or where one place beside the read stands out. */
static int look_beside(finder *f, int from)
{
    anl_query *here = &f->queries[from];
    const int to = here->read->mate == 1 ? from + 1 : from - 1;
    anl_query *q = &f->queries[to];
    anl_places near = {0};
    if (f->c->options->no_rescue || !here->read->mate || !here->settled || here->bound || q->settled || here->looked ||
        anl_read_is_long(q->read))
        return ANL_OK;
    here->looked = 1;
    int rc = vote_beside(f, here, q, &near);
    int32_t best = 0, others = 0;
    for (int32_t i = 0; i < near.n; ++i) {
        if (near.list[i].votes > near.list[best].votes) best = i;
        if (near.list[i].other > others) others = near.list[i].other;
    }
    for (int32_t i = 0; i < near.n; ++i)
        if (i != best && near.list[i].votes > others) others = near.list[i].votes;
    if (rc || !near.n) return rc;
    const anl_place *place = &near.list[best];
    const anl_candidate at = candidate_at(&here->place), there = candidate_at(place);
    const anl_proof proof = anl_prove(f->c, q, place);
    if (anl_proof_suffices(f->c->options, q, &proof)) {
        ++f->counts->proven_beside_mate;
        return settle(f, to, place, 0);
    }
    if (f->c->options->no_pairing || others * ANL_WEAK_PLACE > place->votes ||
        !anl_pair_settles(f->c->options, f->inserts, here, &at, q, &there, &proof))
        return ANL_OK;
    ++f->counts->settled_by_mate;
    return settle(f, to, place, proof.bound);
}

/* ---- waves ---- */

/* Segments of reads that are not settled yet. */
typedef struct open_segments {
    anl_segment **list;
    int32_t n;
} open_segments;

static void drop_settled(const finder *f, open_segments *open)
{
    int32_t n = 0;
    for (int32_t i = 0; i < open->n; ++i)
        if (!f->queries[open->list[i]->sequence].settled) open->list[n++] = open->list[i];
    open->n = n;
}

static int wave(finder *f, open_segments *open, int number)
{
    f->wave = number;
    int rc = anl_locate_wave(f->c, f->s, open->list, open->n, anl_waves[number]);
    for (int32_t i = 0; i < open->n && !rc; ++i) {
        anl_segment *segment = open->list[i];
        if (f->queries[segment->sequence].settled) continue;
        rc = anl_locate_vote(f->c->index, f->s->voter, &f->params, segment, f->s->temporary, stop_when_proven, f);
        if (!rc) rc = f->status;
    }
    drop_settled(f, open);
    return rc;
}

/* The first wave of one half: second mates, or all other reads. Their segments go to `segments`, what stays open to `open` as well. */
static int first_wave(finder *f, int seconds, anl_segments *segments, open_segments *open)
{
    int rc = ANL_OK;
    for (int i = 0; i < f->n && !rc; ++i)
        if ((f->queries[i].read->mate == 2) == seconds && !f->queries[i].settled)
            rc = anl_candidates_cut(f->c->index, &f->queries[i], i, segments, f->s->temporary);
    if (rc || !segments->n) return rc;
    if (!(open->list = anl_arena_alloc(f->s->temporary, (size_t)segments->n, sizeof(anl_segment *)))) return ANL_ENOMEM;
    f->counts->segments += segments->n;
    for (open->n = 0; open->n < segments->n; ++open->n) open->list[open->n] = &segments->list[open->n];
    rc = anl_locate_embed(f->c, f->s, segments);
    if (!rc) rc = anl_locate_start(open->list, open->n, f->params.k, f->s->temporary);
    if (!rc) rc = wave(f, open, 0);
    for (int i = 0; i < f->n && !rc; ++i)
        if ((f->queries[i].read->mate == 2) == seconds) rc = look_beside(f, i);
    return rc;
}

/* The segments still open of both halves in the order of their reads. */
static int merge(finder *f, open_segments halves[2], anl_segments *out)
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

static int later_waves(finder *f, anl_segments *segments)
{
    open_segments open = {.list = anl_arena_alloc(f->s->temporary, (size_t)segments->n, sizeof(anl_segment *))};
    int rc = open.list ? ANL_OK : ANL_ENOMEM;
    for (; !rc && open.n < segments->n; ++open.n) open.list[open.n] = &segments->list[open.n];
    for (int w = 1; w < ANL_WAVES && !rc; ++w) {
        rc = wave(f, &open, w);
        for (int i = 0; i < f->n && !rc; ++i) rc = look_beside(f, i);
        drop_settled(f, &open);
    }
    /* The rest moves together. */
    int32_t kept = 0;
    for (int32_t i = 0; i < open.n && !rc; ++i) segments->list[kept++] = *open.list[i];
    segments->n = kept;
    return rc;
}

int anl_find(const anl_context *c, anl_scratch *s, const anl_insert_model *inserts, anl_sw_queue *queue, anl_query *queries, int n,
             anl_arena *results, anl_find_counts *counts)
{
    finder f = {.c = c,
                .s = s,
                .params = anl_locate_short,
                .inserts = inserts,
                .queue = queue,
                .queries = queries,
                .n = n,
                .results = results,
                .counts = counts};
    anl_segments segments[2] = {{0}}, rest;
    open_segments open[2] = {{0}};
    if (c->options->all || c->options->exhaustive) return anl_candidates_find(c, s, &anl_locate_short, queue, queries, n, results);
    const int64_t entries = anl_search_entries(s->search);
    f.params.k *= c->options->candidates;
    queue->n = 0;
    int rc = first_wave(&f, 0, &segments[0], &open[0]);
    if (!rc) rc = first_wave(&f, 1, &segments[1], &open[1]);
    if (!rc) rc = merge(&f, open, &rest);
    if (!rc) rc = later_waves(&f, &rest);
    if (!rc) rc = anl_candidates_search(c, s, &f.params, &rest, queue, queries, n, results);
    counts->entries += anl_search_entries(s->search) - entries;
    return rc;
}
