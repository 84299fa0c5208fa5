#include "parts.h"

#include "adapter.h"
#include "align_tuning.h"
#include "readthrough.h"

/* Reads without a place, as queries of their own. */
typedef struct lost_reads {
    anl_query *list;
    int32_t *numbers; /* of the queries that they are */
    int n;
} lost_reads;

static int is_lost(const anl_align_options *o, const anl_query *q)
{
    return q->strand[0] && !q->settled && q->read->len >= ANL_ENCODER_MIN_LEN && (!q->n || q->candidates[0].score < o->min_score);
}

static void add(lost_reads *to, const anl_query *q, int number)
{
    to->numbers[to->n] = number;
    to->list[to->n++] = (anl_query){.read = q->read, .tail = q->tail, .strand = {q->strand[0], q->strand[1]}};
}

/* Room for so many. */
static int make_room(lost_reads *r, int n, anl_arena *arena)
{
    r->list = anl_arena_alloc(arena, (size_t)n, sizeof *r->list);
    r->numbers = anl_arena_alloc(arena, (size_t)n, sizeof *r->numbers);
    return r->list && r->numbers ? ANL_OK : ANL_ENOMEM;
}

/* Whether a read's mate is lost, too: then both are likelier of another genome than both in pieces. */
static int mate_is_lost(const anl_align_options *o, const anl_query *q)
{
    return q->read->mate && is_lost(o, q + anl_query_mate(q, 0));
}

/* Those that run into an adapter, cut to their inserts, and others long enough to have parts: those that were not searched widely, and that were. */
static int collect(const anl_align_options *o, const anl_query *queries, int n, lost_reads *inserts, lost_reads others[2],
                   anl_arena *results)
{
    for (int i = 0; i < n; ++i) {
        const anl_query *q = &queries[i];
        if (!is_lost(o, q)) continue;
        const int32_t len = q->read->len, insert = anl_adapter_begin(q->strand[0], len);
        if (insert < len && insert >= ANL_READTHROUGH_LEAST) {
            add(inserts, q, i);
            const int rc = anl_query_cut(&inserts->list[inserts->n - 1], insert, results);
            if (rc) return rc;
        } else if (insert == len && len >= 2 * ANL_PART && !mate_is_lost(o, q))
            add(&others[q->sought], q, i);
    }
    return ANL_OK;
}

/* Those that now have a place take the place of what they were. */
static void put_back(const anl_align_options *o, const lost_reads *found, anl_query *queries)
{
    for (int i = 0; i < found->n; ++i)
        if (found->list[i].n && found->list[i].candidates[0].score >= o->min_score) queries[found->numbers[i]] = found->list[i];
}

/* Votes at the nearest hits of a part, if one is near enough. */
static int vote(const anl_context *c, anl_scratch *s, anl_segment *part, lost_reads *reads, anl_sw_queue *queue, anl_arena *results)
{
    anl_locate_params params = anl_locate_short;
    const anl_neighbours *near = &part->near;
    int rc = ANL_OK;
    if (!near->n || near->hits[0].dist > anl_distance_at(anl_squared_norm(near->query, c->index->d), ANL_PART_COSINE)) return ANL_OK;
    params.min_votes = ANL_PART_VOTES;
    rc = anl_locate_vote(c->index, s->voter, &params, part, s->temporary);
    for (int32_t p = 0; p < part->places.n && !rc; ++p)
        rc = anl_candidates_add_place(c, reads->list, part->sequence, &part->places.list[p], part->len, queue, results);
    return rc;
}

/* How parts are searched. */
typedef struct effort {
    anl_embed_function *embed;
    int32_t lists, hits;
} effort;

/* More for parts of reads that were searched widely as wholes, as they looked like reads of this genome. */
static effort effort_for(const anl_context *c, int is_sought)
{
    const int light = anl_encoder_has_light(c->encoder) && !is_sought;
    const int32_t nlist = c->index->nlist, few = ANL_PART_LISTS < nlist ? ANL_PART_LISTS : nlist,
                  lists = is_sought ? anl_search_nprobe(c->index, ANL_SEARCH_MORE) : few;
    return (effort){light ? anl_encoder_embed_light : anl_encoder_embed, c->options->exhaustive ? nlist : lists,
                    is_sought ? ANL_PART_HITS_MORE : ANL_PART_HITS};
}

static int search_parts(const anl_context *c, anl_scratch *s, lost_reads *reads, const effort *how, anl_sw_queue *queue, anl_arena *results,
                        anl_find_counts *counts)
{
    anl_segments parts = {0};
    int rc = ANL_OK;
    for (int i = 0; i < reads->n && !rc; ++i) {
        const int32_t len = reads->list[i].read->len;
        rc = anl_locate_cut(&parts, i, reads->list[i].strand[0], len, ANL_PART, (len + ANL_PART - 1) / ANL_PART, s->temporary);
    }
    if (rc || !parts.n) return rc;
    anl_segment **all = anl_arena_alloc(s->temporary, (size_t)parts.n, sizeof(anl_segment *));
    if (!all) return ANL_ENOMEM;
    for (int32_t i = 0; i < parts.n; ++i) all[i] = &parts.list[i];
    counts->segments += parts.n;
    queue->n = 0;
    rc = anl_locate_embed(c, s, how->embed, all, parts.n);
    if (!rc) rc = anl_locate_start(all, parts.n, how->hits, s->temporary);
    if (!rc) rc = anl_locate_wave(c, s, all, parts.n, how->lists);
    for (int32_t i = 0; i < parts.n && !rc; ++i) rc = vote(c, s, all[i], reads, queue, results);
    if (!rc) rc = anl_candidates_score(c, s, queue, reads->list, reads->n, results);
    for (int i = 0; i < reads->n; ++i) reads->list[i].by_part = 1;
    return rc;
}

int anl_parts_find(const anl_context *c, anl_scratch *s, anl_sw_queue *queue, anl_query *queries, int n, anl_arena *results,
                   anl_find_counts *counts)
{
    lost_reads inserts = {0}, others[2] = {{0}};
    int lost = 0;
    for (int i = 0; i < n; ++i) lost += is_lost(c->options, &queries[i]);
    if (!lost) return ANL_OK;
    int rc = make_room(&inserts, lost, s->temporary);
    for (int sought = 0; sought < 2 && !rc; ++sought) rc = make_room(&others[sought], lost, s->temporary);
    const int64_t entries = anl_search_entries(s->search);
    if (!rc) rc = collect(c->options, queries, n, &inserts, others, results);
    counts->segments += inserts.n;
    if (!rc && inserts.n) rc = anl_candidates_find(c, s, &anl_locate_short, queue, inserts.list, inserts.n, results);
    for (int sought = 0; sought < 2 && !rc; ++sought) {
        const effort how = effort_for(c, sought);
        rc = search_parts(c, s, &others[sought], &how, queue, results, counts);
    }
    counts->entries += anl_search_entries(s->search) - entries;
    if (rc) return rc;
    put_back(c->options, &inserts, queries);
    for (int sought = 0; sought < 2; ++sought) put_back(c->options, &others[sought], queries);
    return ANL_OK;
}
