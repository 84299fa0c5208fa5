#include "beside.h"

#include "align_tuning.h"
#include "pair.h"
#include "rank.h"
#include "worth.h"

/* What all looks need. */
typedef struct looker {
    const anl_context *c;
    anl_scratch *s;
    const anl_insert_model *inserts;
    anl_sw_queue *queue;
    anl_query *queries;
    anl_arena *results;
} looker;

/* Makes candidates of those of query `number`'s places that are on the strand wanted and may score as much as it must. */
static int add_places(looker *l, int number, const anl_places *near, int reverse, int32_t score)
{
    const anl_query *q = &l->queries[number];
    const anl_sw_params *params = &l->c->options->align.score;
    const int32_t unknown = anl_query_unknown(q);
    int rc = ANL_OK;
    for (int32_t i = 0; i < near->n && !rc; ++i) {
        const anl_place *place = &near->list[i];
        if (place->reverse != reverse || place->votes < anl_worth_votes(params, q->read->len, unknown, score, place->other)) continue;
        rc = anl_candidates_add_place(l->c, l->queries, number, place, q->read->len, l->queue, l->results);
    }
    return rc;
}

/* Looks for query `to` beside its mate `from` at one of that one's candidates. */
static int look_beside(looker *l, int from, const anl_candidate *at, int to, int32_t score)
{
    const anl_query *here = &l->queries[from], *mate = &l->queries[to];
    const anl_arena_mark before = anl_arena_now(l->s->temporary);
    int rc = ANL_OK;
    for (int o = 0; o < ANL_N_ORIENTATIONS && !rc; ++o) {
        anl_mate_region region;
        anl_places near = {0};
        if (!anl_pair_region(l->inserts, (anl_orientation)o, l->c->index, here, at, mate->read, &region)) continue;
        rc = anl_locate_region(l->c->index, l->s->voter, &anl_locate_short, mate->strand[0], mate->read->len, region.begin, region.end,
                               &near, l->s->temporary);
        if (!rc) rc = add_places(l, to, &near, region.reverse, score);
    }
    anl_arena_return(l->s->temporary, before);
    if (!rc && anl_sw_queue_is_full(l->queue)) rc = anl_candidates_run(l->c, l->s, l->queue, l->queries, l->results);
    return rc;
}

/* Looks for mate i where it may make a pair of least[i] or more: no missing place of a mate scores more than its best one. */
static int look_for_pair(looker *l, int first, const int32_t least[2])
{
    anl_query *pair = l->queries + first;
    const int32_t n[2] = {pair[0].n, pair[1].n}, best[2] = {anl_candidates_best_score(&pair[0]), anl_candidates_best_score(&pair[1])};
    int rc = ANL_OK;
    for (int from = 0; from < 2; ++from)
        for (int32_t i = 0; i < n[from] && least[!from] && !rc; ++i) {
            const anl_candidate at = pair[from].candidates[i];
            if (at.score + best[!from] < least[!from]) break;
            if (!at.alt) rc = look_beside(l, first + from, &at, first + !from, least[!from] - at.score);
        }
    return rc;
}

int anl_beside_find(const anl_context *c, anl_scratch *s, const anl_insert_model *inserts, anl_sw_queue *queue, anl_query *queries, int n,
                    anl_pair_scratch *pairs, anl_arena *results)
{
    looker l = {.c = c, .s = s, .inserts = inserts, .queue = queue, .queries = queries, .results = results};
    int rc = ANL_OK;
    for (int i = 0; i < n && !rc; ++i) {
        int32_t least[2] = {0};
        if (queries[i].read->mate == 1) rc = anl_pair_least_other(c->options, inserts, queries + i, pairs, least);
        if (!rc && (least[0] || least[1])) rc = look_for_pair(&l, i, least);
    }
    if (!rc) rc = anl_candidates_run(c, s, queue, queries, results);
    for (int i = 0; i < n && !rc; ++i)
        if (queries[i].n != queries[i].n_ranked) rc = anl_candidates_order(c, s, &queries[i]);
    return rc;
}
