#include "pair.h"

#include "mapq.h"

#include <stdlib.h>

enum {
    LARGEST_INSERT = 10000, /* bp; larger ones say nothing about the library */
    MOST_RESCUES = 16,      /* places of one mate from which the other is looked for */
    LEAST_MATE = 19,        /* matches; of a mate beside one that scores enough. bwa mem's shortest seed */
    PAIR_BONUS = 40,        /* the most that pairing adds to a MAPQ */
};

/* Score differences that one gap or mismatch can make: places that close are rivals. */
static int32_t nearness(const anl_align_options *o)
{
    const anl_sw_params *s = &o->align.score;
    int32_t near = s->match + s->mismatch, deletion = s->del_open + s->del_extend, insertion = s->ins_open + s->ins_extend;
    if (deletion > near) near = deletion;
    return insertion > near ? insertion : near;
}

static int mapq_alone(const anl_align_options *o, const anl_query *q, int32_t candidate, int32_t *second)
{
    anl_evidence e = {.score = q->candidates[candidate].score, .span = q->read->len, .match = o->align.score.match,
                      .mismatch = o->align.score.mismatch,
                      .cut = q->cut};
    *second = e.second = anl_candidates_second(q, candidate, nearness(o), &e.rivals);
    return anl_mapq(&e);
}

anl_choice anl_choose_single(const anl_align_options *o, const anl_query *q, int32_t least)
{
    anl_choice c = {.candidate = -1, .least = least};
    if (!q->n || q->candidates[0].score < least) return c;
    c.candidate = 0;
    /* Equal places: any will do, but not always the first one. */
    int32_t equal = 1;
    while (equal < q->n && q->candidates[equal].score == q->candidates[0].score && q->candidates[equal].bonus == q->candidates[0].bonus) ++equal;
    if (equal > 1) c.candidate = (int32_t)(anl_read_hash(q->read) % (uint32_t)equal);
    c.mapq = (uint8_t)mapq_alone(o, q, c.candidate, &c.second);
    return c;
}

static anl_end5 end5(const anl_query *q, const anl_candidate *c)
{
    return (anl_end5){c->reverse ? c->start + q->read->len - 1 : c->start, c->reverse};
}

int anl_pair_evidence(const anl_align_options *o, const anl_query pair[2], anl_orientation *orientation, int32_t *size)
{
    for (int i = 0; i < 2; ++i) {
        int32_t rivals;
        if (!pair[i].n || pair[i].candidates[0].score < o->min_score) return 0;
        if (anl_candidates_second(&pair[i], 0, 0, &rivals) * 5 > pair[i].candidates[0].score * 4) return 0;
    }
    const anl_candidate *a = &pair[0].candidates[0], *b = &pair[1].candidates[0];
    if (a->contig != b->contig) return 0;
    int64_t distance;
    *orientation = anl_orient(end5(&pair[0], a), end5(&pair[1], b), &distance);
    *size = (int32_t)distance;
    return distance <= LARGEST_INSERT;
}

/* The insert of two candidates when the model calls it proper; NULL otherwise. */
static const anl_insert *proper(const anl_insert_model *m, const anl_query pair[2], int32_t i, int32_t j, int64_t *size)
{
    const anl_candidate *a = &pair[0].candidates[i], *b = &pair[1].candidates[j];
    if (a->contig != b->contig) return NULL;
    const anl_insert *insert = &m->of[anl_orient(end5(&pair[0], a), end5(&pair[1], b), size)];
    return insert->usable && *size >= insert->low && *size <= insert->high ? insert : NULL;
}

/* Where the mate's 5' end lies for orientation o, given this read's 5' end: [*low, *high], and its strand. */
static void mate_range(const anl_insert *in, anl_orientation o, anl_end5 here, int is_first, anl_end5 range[2])
{
    int mate_reverse = o == ANL_FR || o == ANL_RF ? !here.reverse : here.reverse;
    /* Downstream in joined coordinates when an FR pair's forward mate is here, and so on by symmetry. */
    int down = o == ANL_FR ? !here.reverse : o == ANL_RF ? here.reverse : (o == ANL_FF) == (here.reverse ? !is_first : is_first);
    int64_t near = in->low - 1, far = in->high - 1;
    range[0] = (anl_end5){down ? here.pos + near : here.pos - far, (uint8_t)mate_reverse};
    range[1] = (anl_end5){down ? here.pos + far : here.pos - near, (uint8_t)mate_reverse};
}

static int32_t least_mate(const anl_align_options *o)
{
    const int32_t least = LEAST_MATE * o->align.score.match;
    return least < o->min_score ? least : o->min_score;
}

static int rescue_from(anl_worker *w, const anl_insert_model *m, const anl_query *queries, int32_t first, int from, int32_t number)
{
    const anl_index *x = w->context->index;
    const anl_query *pair = queries + first, *mate = &pair[!from];
    const anl_candidate *here = &pair[from].candidates[number];
    const int32_t len = mate->read->len, least = least_mate(w->context->options);
    for (int o = 0; o < ANL_N_ORIENTATIONS; ++o) {
        if (!m->of[o].usable) continue;
        int found = 0;
        for (int32_t j = 0; j < mate->n && !found; ++j) {
            int64_t size;
            found = proper(m, pair, from ? j : number, from ? number : j, &size) == &m->of[o];
        }
        if (found) continue;
        anl_end5 range[2];
        mate_range(&m->of[o], (anl_orientation)o, end5(&pair[from], here), !from, range);
        int64_t begin = range[0].reverse ? range[0].pos - len + 1 : range[0].pos;
        int64_t end = range[0].reverse ? range[1].pos + 1 : range[1].pos + len;
        anl_index_clip(x, here->contig, &begin, &end);
        if (end - begin < ANL_ENCODER_MIN_LEN || len < ANL_ENCODER_MIN_LEN) continue;
        /* Diagonals are set from where Smith-Waterman ends. */
        anl_candidate c = {.dlo = INT64_MAX, .dhi = INT64_MIN, .contig = here->contig, .reverse = range[0].reverse};
        int rc = anl_candidates_queue(w, queries, (anl_pending){first + !from, least, c}, begin, end);
        if (rc) return rc;
    }
    return ANL_OK;
}

int anl_pair_rescue(anl_worker *w, const anl_insert_model *m, const anl_query *queries, int32_t first)
{
    const anl_align_options *o = w->context->options;
    for (int from = 0; from < 2; ++from) {
        const anl_query *q = &queries[first + from];
        for (int32_t i = 0; i < q->n && i < MOST_RESCUES; ++i) {
            if (q->candidates[i].score < o->min_score || q->candidates[i].score < q->candidates[0].score - o->unpaired) break;
            int rc = rescue_from(w, m, queries, first, from, i);
            if (rc) return rc;
        }
    }
    return ANL_OK;
}

/* The best and the second best proper combination. */
typedef struct best_pair {
    int32_t a, b;          /* -1: no combination is proper */
    int32_t total, second; /* scores less the penalty of the insert size */
    int32_t bonus;         /* the most that those of total have */
    int32_t equal, rivals; /* combinations that reach total and bonus; others that come near second */
} best_pair;

/* Goes over all proper combinations that can still matter. First pass: total, second, equal. Second pass: rivals, and which of the
 * equal ones to take. */
static void pair_pass(const anl_align_options *o, const anl_insert_model *m, const anl_query pair[2], int pass, best_pair *best)
{
    int32_t near = nearness(o), take = pass ? (int32_t)(anl_read_hash(pair[0].read) % (uint32_t)best->equal) : 0;
    for (int32_t i = 0; i < pair[0].n; ++i)
        for (int32_t j = 0; j < pair[1].n; ++j) {
            int32_t sum = pair[0].candidates[i].score + pair[1].candidates[j].score;
            if (sum < best->second - (pass ? near : 0)) break; /* sorted by score */
            int64_t size;
            const anl_insert *insert = proper(m, pair, i, j, &size);
            if (!insert) continue;
            int32_t total = sum - anl_insert_penalty(insert, size, o->align.score.match);
            int32_t bonus = pair[0].candidates[i].bonus + pair[1].candidates[j].bonus;
            int better = !best->equal || total > best->total || (total == best->total && bonus > best->bonus);
            if (pass) {
                best->rivals += total >= best->second - near;
                if (total == best->total && bonus == best->bonus && take-- == 0) best->a = i, best->b = j;
            } else if (better) {
                best->second = best->equal ? best->total : 0;
                best->total = total;
                best->bonus = bonus;
                best->equal = 1;
            } else {
                if (total > best->second) best->second = total;
                best->equal += total == best->total && bonus == best->bonus;
            }
        }
}

static best_pair find_best_pair(const anl_align_options *o, const anl_insert_model *m, const anl_query pair[2])
{
    best_pair best = {.a = -1, .b = -1};
    pair_pass(o, m, pair, 0, &best);
    if (best.equal) {
        pair_pass(o, m, pair, 1, &best);
        best.rivals = best.second && best.rivals > 2 ? best.rivals - 2 : 0; /* less the best and the second best */
    }
    return best;
}

int anl_pair_choose(const anl_align_options *o, const anl_insert_model *m, const anl_query pair[2], anl_choice chosen[2])
{
    chosen[0] = anl_choose_single(o, &pair[0], o->min_score);
    chosen[1] = anl_choose_single(o, &pair[1], o->min_score);
    best_pair best = find_best_pair(o, m, pair);
    if (best.a < 0) return 0;
    const int32_t at[2] = {best.a, best.b};
    int32_t apart = pair[0].candidates[0].score + pair[1].candidates[0].score - o->unpaired;
    const int32_t score[2] = {pair[0].candidates[best.a].score, pair[1].candidates[best.b].score}, least = least_mate(o);
    if (best.total <= apart || (score[0] < o->min_score && score[1] < o->min_score) || score[0] < least || score[1] < least) {
        int64_t size;
        return chosen[0].candidate >= 0 && chosen[1].candidate >= 0 &&
               proper(m, pair, chosen[0].candidate, chosen[1].candidate, &size) != NULL;
    }
    int32_t second = best.second > apart ? best.second : apart;
    double q = anl_mapq_of_difference(best.total - second, o->align.score.match);
    if (best.rivals > 0) q -= 4.343 * anl_ln(best.rivals + 1);
    int together = q > 0 ? (int)q : 0;
    for (int i = 0; i < 2; ++i) {
        int alone = mapq_alone(o, &pair[i], at[i], &chosen[i].second);
        int mapq = alone > together ? alone : together < alone + PAIR_BONUS ? together : alone + PAIR_BONUS;
        chosen[i].candidate = at[i];
        chosen[i].least = least;
        chosen[i].mapq = (uint8_t)(pair[i].cut && mapq > 3 ? 3 : mapq);
    }
    return 1;
}
