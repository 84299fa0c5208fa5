#include "pair.h"

#include "align_tuning.h"
#include "mapq.h"

/* The score difference that one gap or mismatch can make: candidates that close compete. */
static int32_t closeness(const anl_align_options *o)
{
    const anl_sw_params *s = &o->align.score;
    int32_t close = s->match + s->mismatch, deletion = s->del_open + s->del_extend, insertion = s->ins_open + s->ins_extend;
    if (deletion > close) close = deletion;
    return insertion > close ? insertion : close;
}

static int mapq_alone(const anl_align_options *o, const anl_query *q, int32_t candidate, int32_t *second)
{
    anl_evidence e = {.score = q->candidates[candidate].score, .span = q->read->len, .match = o->align.score.match,
                      .mismatch = o->align.score.mismatch, .truncated = q->truncated};
    *second = e.second = anl_candidates_second(q, candidate, closeness(o), &e.competing);
    if (q->bound > e.second) e.second = q->bound;
    return anl_mapq(&e);
}

anl_choice anl_choose_single(const anl_align_options *o, const anl_query *q, int32_t min_score)
{
    anl_choice c = {.candidate = -1, .min_score = min_score};
    if (!q->n || q->candidates[0].score < min_score) return c;
    c.candidate = 0;
    /* Equal candidates: any will do, but not always the first one. */
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
        int32_t competing;
        if (!pair[i].n || pair[i].candidates[0].score < o->min_score) return 0;
        const int32_t found = anl_candidates_second(&pair[i], 0, 0, &competing), second = found > pair[i].bound ? found : pair[i].bound;
        if (second * ANL_UNIQUE_DEN > pair[i].candidates[0].score * ANL_UNIQUE_NUM) return 0;
    }
    const anl_candidate *a = &pair[0].candidates[0], *b = &pair[1].candidates[0];
    if (a->contig != b->contig) return 0;
    int64_t distance;
    *orientation = anl_orient(end5(&pair[0], a), end5(&pair[1], b), &distance);
    *size = (int32_t)distance;
    return distance <= ANL_INSERT_MOST;
}

/* The insert of two candidates when the model calls it proper; NULL otherwise. */
static const anl_insert *proper(const anl_insert_model *m, const anl_query pair[2], int32_t i, int32_t j, int64_t *size)
{
    const anl_candidate *a = &pair[0].candidates[i], *b = &pair[1].candidates[j];
    if (a->contig != b->contig) return NULL;
    const anl_insert *insert = &m->of[anl_orient(end5(&pair[0], a), end5(&pair[1], b), size)];
    return insert->usable && *size >= insert->low && *size <= insert->high ? insert : NULL;
}

/* As end5, on the contig, of what is reported: clipped bases count. */
static anl_end5 end5_aligned(const anl_read_alignment *a)
{
    return (anl_end5){a->reverse ? a->end - 1 + a->qbeg : a->pos - a->qbeg, a->reverse};
}

int anl_pair_is_proper(const anl_insert_model *m, const anl_read_alignment *first, const anl_read_alignment *second)
{
    int64_t size;
    if (first->tid != second->tid) return 0;
    const anl_insert *insert = &m->of[anl_orient(end5_aligned(first), end5_aligned(second), &size)];
    return insert->usable && size >= insert->low && size <= insert->high;
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

static int32_t min_mate_score(const anl_align_options *o)
{
    const int32_t least = ANL_MATE_MIN_SCORE * o->align.score.match;
    return least < o->min_score ? least : o->min_score;
}

/* Whether the other mate has a candidate already that makes a proper pair of orientation `o` with candidate `number` of mate `from`. */
static int is_found(const anl_insert_model *m, const anl_query pair[2], int from, int32_t number, int o)
{
    for (int32_t j = 0; j < pair[!from].n; ++j) {
        int64_t size;
        if (proper(m, pair, from ? j : number, from ? number : j, &size) == &m->of[o]) return 1;
    }
    return 0;
}

int anl_pair_region(const anl_insert_model *m, anl_orientation o, const anl_index *x, const anl_query *here, const anl_candidate *at,
                    const anl_read *mate, anl_mate_region *out)
{
    anl_end5 range[2];
    if (!m->of[o].usable || mate->len < ANL_ENCODER_MIN_LEN) return 0;
    mate_range(&m->of[o], o, end5(here, at), here->read->mate == 1, range);
    *out = (anl_mate_region){.begin = range[0].reverse ? range[0].pos - mate->len + 1 : range[0].pos,
                             .end = range[0].reverse ? range[1].pos + 1 : range[1].pos + mate->len,
                             .reverse = range[0].reverse};
    anl_index_clip(x, at->contig, &out->begin, &out->end);
    return out->end - out->begin >= ANL_ENCODER_MIN_LEN;
}

int anl_pair_settles(const anl_align_options *o, const anl_insert_model *m, const anl_query *here, const anl_candidate *at,
                     const anl_query *mate, const anl_candidate *there, const anl_proof *proof)
{
    const int is_first = here->read->mate == 1;
    const anl_end5 own = end5(here, at), other = end5(mate, there);
    int64_t size;
    if (at->contig != there->contig || proof->score < o->min_score) return 0;
    const anl_insert *insert = &m->of[anl_orient(is_first ? own : other, is_first ? other : own, &size)];
    if (!insert->usable || size < insert->low || size > insert->high) return 0;
    const int32_t match = o->align.score.match, lead = proof->score - anl_insert_penalty(insert, size, match) - (proof->bound - o->unpaired);
    return lead >= ANL_SETTLING_LEAD * match;
}

/* The other mate of candidate `number` of mate `from`, for every orientation. */
static int rescue_from(const anl_align_options *options, const anl_insert_model *m, const anl_index *x, const anl_query *queries,
                       int32_t first, int from, int32_t number, anl_sw_queue *queue)
{
    const anl_query *pair = queries + first;
    const anl_candidate *here = &pair[from].candidates[number];
    int rc = ANL_OK;
    for (int o = 0; o < ANL_N_ORIENTATIONS && !rc; ++o) {
        anl_mate_region region;
        if (!m->of[o].usable || is_found(m, pair, from, number, o)) continue;
        if (!anl_pair_region(m, (anl_orientation)o, x, &pair[from], here, pair[!from].read, &region)) continue;
        /* Diagonals are set from where Smith-Waterman ends. */
        const anl_pending what = {.query = first + !from,
                                  .min_score = min_mate_score(options),
                                  .begin = region.begin,
                                  .end = region.end,
                                  .candidate = {.dlo = INT64_MAX, .dhi = INT64_MIN, .contig = here->contig, .reverse = region.reverse}};
        rc = anl_sw_queue_add(queue, &what);
    }
    return rc;
}

int anl_pair_rescue(const anl_align_options *o, const anl_insert_model *m, const anl_index *x, const anl_query *queries, int32_t first,
                    anl_sw_queue *queue)
{
    for (int from = 0; from < 2 && !o->no_rescue; ++from) {
        const anl_query *q = &queries[first + from];
        for (int32_t i = 0; i < q->n && i < ANL_RESCUE_FROM; ++i) {
            if (q->candidates[i].score < o->min_score || q->candidates[i].score < q->candidates[0].score - o->unpaired) break;
            int rc = rescue_from(o, m, x, queries, first, from, i, queue);
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
    int32_t equal, competing; /* combinations that reach total and bonus; others that come close to second */
} best_pair;

/* Goes over all proper combinations that can still matter. First pass: total, second, equal. Second pass: competing, and which of the
 * equal ones to take. */
static void pair_pass(const anl_align_options *o, const anl_insert_model *m, const anl_query pair[2], int pass, best_pair *best)
{
    int32_t close = closeness(o), take = pass ? (int32_t)(anl_read_hash(pair[0].read) % (uint32_t)best->equal) : 0;
    for (int32_t i = 0; i < pair[0].n; ++i)
        for (int32_t j = 0; j < pair[1].n; ++j) {
            int32_t sum = pair[0].candidates[i].score + pair[1].candidates[j].score;
            if (sum < best->second - (pass ? close : 0)) break; /* sorted by score */
            int64_t size;
            const anl_insert *insert = proper(m, pair, i, j, &size);
            if (!insert) continue;
            int32_t total = sum - anl_insert_penalty(insert, size, o->align.score.match);
            int32_t bonus = pair[0].candidates[i].bonus + pair[1].candidates[j].bonus;
            int better = !best->equal || total > best->total || (total == best->total && bonus > best->bonus);
            if (pass) {
                best->competing += total >= best->second - close;
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
        best.competing = best.second && best.competing > 2 ? best.competing - 2 : 0; /* less the best and the second best */
    }
    return best;
}

/* What a read has or may have on its own. */
static int32_t best_score(const anl_query *q)
{
    return q->candidates[0].score > q->bound ? q->candidates[0].score : q->bound;
}

int anl_pair_choose(const anl_align_options *o, const anl_insert_model *m, const anl_query pair[2], anl_choice chosen[2])
{
    chosen[0] = anl_choose_single(o, &pair[0], o->min_score);
    chosen[1] = anl_choose_single(o, &pair[1], o->min_score);
    if (o->no_pairing) return 0;
    best_pair best = find_best_pair(o, m, pair);
    if (best.a < 0) return 0;
    const int32_t at[2] = {best.a, best.b};
    int32_t apart = best_score(&pair[0]) + best_score(&pair[1]) - o->unpaired;
    const int32_t score[2] = {pair[0].candidates[best.a].score, pair[1].candidates[best.b].score}, min_score = min_mate_score(o);
    if (best.total <= apart || (score[0] < o->min_score && score[1] < o->min_score) || score[0] < min_score || score[1] < min_score) {
        int64_t size;
        return chosen[0].candidate >= 0 && chosen[1].candidate >= 0 &&
               proper(m, pair, chosen[0].candidate, chosen[1].candidate, &size) != NULL;
    }
    int32_t second = best.second > apart ? best.second : apart;
    double q = anl_mapq_of_difference(best.total - second, o->align.score.match);
    if (best.competing > 0) q -= ANL_MAPQ_PER_E_FOLD * anl_ln(best.competing + 1);
    int together = q > 0 ? (int)q : 0;
    for (int i = 0; i < 2; ++i) {
        int alone = mapq_alone(o, &pair[i], at[i], &chosen[i].second);
        int mapq = alone > together ? alone : together < alone + ANL_MAPQ_PAIR_GAIN ? together : alone + ANL_MAPQ_PAIR_GAIN;
        chosen[i].candidate = at[i];
        chosen[i].min_score = min_score;
        chosen[i].mapq = (uint8_t)(pair[i].truncated && mapq > ANL_MAPQ_TRUNCATED ? ANL_MAPQ_TRUNCATED : mapq);
    }
    return 1;
}
