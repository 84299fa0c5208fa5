#include "pair.h"

#include "align_tuning.h"
#include "mapq.h"

static int mapq_alone(const anl_align_options *o, const anl_query *q, int32_t candidate, int32_t *second)
{
    anl_evidence e = {.score = q->candidates[candidate].score,
                      .span = q->read->len,
                      .match = o->align.score.match,
                      .mismatch = o->align.score.mismatch,
                      .truncated = q->truncated};
    *second = e.second = anl_candidates_second(q, candidate, anl_mapq_closeness(&o->align.score), &e.competing);
    if (q->bound > e.second) e.second = q->bound;
    return anl_mapq(&e);
}

anl_choice anl_choose_single(const anl_align_options *o, const anl_query *q, int32_t min_score)
{
    anl_choice c = {.candidate = -1, .min_score = min_score};
    if (!q->n || q->candidates[0].score < min_score) return c;
    c.candidate = anl_candidates_best(q);
    if (q->candidates[c.candidate].score < min_score) c.candidate = 0;
    /* Equal candidates: any will do, but not always the first one. */
    const anl_candidate *first = &q->candidates[c.candidate];
    int32_t equal = 1;
    while (c.candidate + equal < q->n && first[equal].score == first->score && first[equal].alt == first->alt &&
           first[equal].bonus == first->bonus)
        ++equal;
    if (equal > 1) c.candidate += (int32_t)(anl_read_hash(q->read) % (uint64_t)equal);
    c.mapq = (uint8_t)mapq_alone(o, q, c.candidate, &c.second);
    return c;
}

anl_choice anl_choose_alt(const anl_align_options *o, const anl_query *q, const anl_choice *chosen)
{
    anl_choice c = {.candidate = -1, .min_score = chosen->min_score};
    const anl_candidate *list = q->candidates, *own = &list[chosen->candidate];
    int32_t equal = 0;
    if (own->alt) return c;
    for (int32_t i = 0; i < q->n && list[i].score > own->score; ++i) {
        if (!list[i].alt || !anl_candidates_compete(own, &list[i])) continue;
        if (c.candidate >= 0 && list[i].score < list[c.candidate].score) break;
        if (c.candidate < 0 || anl_read_hash(q->read) % (uint64_t)(equal + 1) == 0) c.candidate = i;
        ++equal;
    }
    for (int32_t i = 0; i < q->n && c.candidate >= 0; ++i)
        if (!list[i].alt && list[i].score >= list[c.candidate].score && anl_candidates_compete(&list[c.candidate], &list[i]))
            c.candidate = -1;
    if (c.candidate >= 0) c.mapq = (uint8_t)mapq_alone(o, q, c.candidate, &c.second);
    return c;
}

int anl_pair_stand_in(const anl_index *x, anl_query *q, anl_arena *results)
{
    if (!q->aligned.n) return ANL_OK;
    const anl_read_alignment *a = &q->aligned.list[0];
    const int32_t len = q->read->len;
    const int64_t contig = x->contig_begin[a->tid], end5 = contig + (a->reverse ? a->end - 1 + a->qbeg : a->pos - a->qbeg);
    if (!(q->candidates = anl_arena_alloc(results, 1, sizeof *q->candidates))) return ANL_ENOMEM;
    *q->candidates = (anl_candidate){
        .start = a->reverse ? end5 - len + 1 : end5, .score = a->score, .contig = a->tid, .end = len, .reverse = a->reverse, .alt = a->alt};
    q->candidates->dlo = q->candidates->dhi = q->candidates->start;
    q->n = q->cap = 1;
    return ANL_OK;
}

int anl_pair_evidence(const anl_align_options *o, const anl_query pair[2], anl_orientation *orientation, int32_t *size)
{
    for (int i = 0; i < 2; ++i) {
        int32_t competing;
        if (!pair[i].n || pair[i].candidates[0].score < o->min_score) return 0;
        if (pair[i].aligned.n && pair[i].aligned.list[0].mapq < ANL_UNIQUE_MAPQ) return 0;
        const int32_t found = anl_candidates_second(&pair[i], 0, 0, &competing), second = found > pair[i].bound ? found : pair[i].bound;
        if (second * ANL_UNIQUE_DEN > pair[i].candidates[0].score * ANL_UNIQUE_NUM) return 0;
    }
    const anl_candidate *a = &pair[0].candidates[0], *b = &pair[1].candidates[0];
    if (a->contig != b->contig) return 0;
    int64_t distance;
    *orientation = anl_orient(anl_pair_end5(&pair[0], a), anl_pair_end5(&pair[1], b), &distance);
    *size = (int32_t)distance;
    return distance <= ANL_INSERT_MOST;
}

/* As anl_pair_end5, on the contig, of what is reported: clipped bases count. */
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

static int32_t min_mate_score(const anl_align_options *o)
{
    const int32_t least = ANL_MATE_MIN_SCORE * o->align.score.match;
    return least < o->min_score ? least : o->min_score;
}

/* Whether two candidates take bases of the reference in common, as far as their scores say. */
static int overlap(const anl_candidate *a, const anl_candidate *b, int32_t match)
{
    const int64_t ends[2] = {a->start + a->last, b->start + b->last};
    return ends[0] - a->score / match < ends[1] && ends[1] - b->score / match < ends[0];
}

/* Whether candidates that make a proper pair are reported: one of them scores what a read alone needs, or, unless -T says what that is, both together half as
 * much again, by bases of their own: what chance finds in an insert shorter than the reads it finds in both mates. */
static int score_enough(const anl_align_options *o, const anl_candidate *a, const anl_candidate *b)
{
    const int32_t least = min_mate_score(o);
    if (a->score < least || b->score < least) return 0;
    if (a->score >= o->min_score || b->score >= o->min_score) return 1;
    return !(o->given & ANL_GIVEN_LEAST) && 2 * (a->score + b->score) >= 3 * o->min_score && !overlap(a, b, o->align.score.match);
}

/* Whether the other mate has a candidate already that makes a proper pair of orientation `o` with candidate `number` of mate `from`. */
static int is_found(const anl_insert_model *m, const anl_query pair[2], int from, int32_t number, int o)
{
    const anl_query *mate = &pair[!from];
    const anl_candidate *here = &pair[from].candidates[number];
    anl_end5 range[2];
    anl_pair_range(&m->of[o], (anl_orientation)o, anl_pair_end5(&pair[from], here), !from, range);
    for (int32_t j = 0; j < mate->n; ++j) {
        const int64_t pos = anl_pair_end5(mate, &mate->candidates[j]).pos;
        int64_t size;
        if (pos < range[0].pos || pos > range[1].pos) continue; /* nearly all: the quickest to see */
        if (anl_pair_proper(m, pair, from ? j : number, from ? number : j, &size) == &m->of[o]) return 1;
    }
    return 0;
}

int anl_pair_region(const anl_insert_model *m, anl_orientation o, const anl_index *x, const anl_query *here, const anl_candidate *at,
                    const anl_read *mate, anl_mate_region *out)
{
    anl_end5 range[2];
    if (!m->of[o].usable || mate->len < ANL_ENCODER_MIN_LEN) return 0;
    anl_pair_range(&m->of[o], o, anl_pair_end5(here, at), here->read->mate == 1, range);
    *out = (anl_mate_region){.begin = range[0].reverse ? range[0].pos - mate->len + 1 : range[0].pos,
                             .end = range[0].reverse ? range[1].pos + 1 : range[1].pos + mate->len,
                             .reverse = range[0].reverse};
    anl_index_clip(x, at->contig, &out->begin, &out->end);
    return out->end - out->begin >= ANL_ENCODER_MIN_LEN;
}

/* What a proper insert takes from the score of a pair; -1: it is none. */
static int32_t penalty(const anl_align_options *o, const anl_insert_model *m, const anl_query *const mates[2],
                       const anl_candidate *const at[2])
{
    const int second = mates[0]->read->mate != 1;
    const anl_end5 ends[2] = {anl_pair_end5(mates[second], at[second]), anl_pair_end5(mates[!second], at[!second])};
    int64_t size;
    if (at[0]->contig != at[1]->contig) return -1;
    const anl_insert *insert = &m->of[anl_orient(ends[0], ends[1], &size)];
    return insert->usable && size >= insert->low && size <= insert->high ? anl_insert_penalty(insert, size, o->align.score.match) : -1;
}

/* Whether a mate scores enough beside the other one, and more than it could with an unpaired one elsewhere. */
static int is_better_beside(const anl_align_options *o, const anl_proof *proof, int32_t insert_penalty)
{
    if (proof->score <= 0 || proof->score < o->min_score) return 0; /* 0: nothing is known of it */
    return proof->score - insert_penalty - (proof->bound - o->unpaired) >= ANL_SETTLING_LEAD * o->align.score.match;
}

int anl_pair_settles(const anl_align_options *o, const anl_insert_model *m, const anl_query *here, const anl_candidate *at,
                     const anl_query *mate, const anl_candidate *there, const anl_proof *proof)
{
    const int32_t cost = penalty(o, m, (const anl_query *[2]){here, mate}, (const anl_candidate *[2]){at, there});
    return cost >= 0 && is_better_beside(o, proof, cost);
}

/* By how much the pair at at[2] beats both mates elsewhere. Bases that both mates read count once, as what differs there from the reference differs in
 * both: of what one mate has more than its bound only the share of its other bases counts, as of evidence that is spread evenly. */
static int32_t lead_together(const anl_query *const mates[2], const anl_candidate *const at[2], const anl_proof *const proofs[2])
{
    const int64_t ends[2] = {at[0]->start + mates[0]->read->len, at[1]->start + mates[1]->read->len};
    const int64_t begin = at[0]->start > at[1]->start ? at[0]->start : at[1]->start, end = ends[0] < ends[1] ? ends[0] : ends[1];
    const int32_t leads[2] = {proofs[0]->score - proofs[0]->bound, proofs[1]->score - proofs[1]->bound}, less = leads[1] < leads[0];
    const int64_t len = mates[less]->read->len, own = end > begin ? len - (end - begin) : len;
    return leads[!less] + (int32_t)(leads[less] > 0 ? leads[less] * own / len : leads[less]);
}

int anl_pair_is_proven(const anl_align_options *o, const anl_insert_model *m, const anl_query *const mates[2],
                       const anl_candidate *const at[2], const anl_proof *const proofs[2])
{
    const int32_t cost = penalty(o, m, mates, at);
    if (cost < 0 || !is_better_beside(o, proofs[0], cost) || !is_better_beside(o, proofs[1], cost)) return 0;
    return lead_together(mates, at, proofs) - cost >= ANL_TOGETHER_LEAD * o->align.score.match;
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
        int32_t n[2] = {0}, best[2] = {0}; /* on the primary assembly and on ALT contigs */
        if (anl_read_is_long(queries[first + !from].read)) continue;
        for (int32_t i = 0; i < q->n; ++i) {
            const anl_candidate *c = &q->candidates[i];
            if (c->score < o->min_score) break;
            if (!n[c->alt]) best[c->alt] = c->score;
            if (n[c->alt]++ >= ANL_RESCUE_FROM || c->score < best[c->alt] - o->unpaired) continue;
            int rc = rescue_from(o, m, x, queries, first, from, i, queue);
            if (rc) return rc;
        }
    }
    return ANL_OK;
}

/* What a read has or may have on its own. */
static int32_t best_score(const anl_query *q)
{
    const int32_t score = anl_candidates_best_score(q);
    return score > q->bound ? score : q->bound;
}

/* Candidates of a read from which its mate is looked for, were there no limit to their number. */
static int32_t within_reach(const anl_align_options *o, const anl_query *q)
{
    int32_t n = 0;
    for (int32_t i = 0, best = anl_candidates_best_score(q); i < q->n; ++i)
        n += !q->candidates[i].alt && q->candidates[i].score >= best - o->unpaired;
    return n;
}

/* The score that a place may have which is missing among a mate's candidates, as it was not kept, or not even fetched; 0: none is missing. */
static int32_t missing_score(const anl_query *q)
{
    return q->truncated ? anl_candidates_best_score(q) : q->missed;
}

/* The most that a pair can score which was missed: one with a place that is missing of one mate, and one of the other mate that is missing as well or
 * beside which nobody looked. 0: there is none. */
static int32_t missed_pair(const anl_align_options *o, const anl_query pair[2])
{
    int32_t most = 0;
    for (int i = 0; i < 2; ++i) {
        const anl_query *other = &pair[!i];
        const int32_t score = missing_score(&pair[i]);
        if (!score || (!missing_score(other) && within_reach(o, other) <= ANL_RESCUE_FROM)) continue;
        const int32_t total = score + anl_candidates_best_score(other);
        if (total > most) most = total;
    }
    return most;
}

/* What competes with the best pair: another one that is known, or may have been missed, or both mates apart. */
static int32_t second_total(const anl_align_options *o, const anl_query pair[2], const anl_best_pair *best)
{
    const int32_t apart = best_score(&pair[0]) + best_score(&pair[1]) - o->unpaired, missed = missed_pair(o, pair);
    const int32_t second = best->second > apart ? best->second : apart;
    return missed > second ? missed : second;
}

/* Whether places of a read may be missing that matter. */
static int lacks_places(const anl_query *q)
{
    const int crowded = q->bound && !q->settled;
    return crowded || missing_score(q);
}

/* Whether none are, and its mate has been looked for beside them. */
static int is_known(const anl_align_options *o, const anl_query *q)
{
    return !lacks_places(q) && within_reach(o, q) <= ANL_RESCUE_FROM;
}

int anl_pair_least_other(const anl_align_options *o, const anl_insert_model *m, const anl_query pair[2], anl_pair_scratch *s,
                         int32_t least[2])
{
    anl_best_pair best;
    least[0] = least[1] = 0;
    if (o->no_pairing || o->no_rescue || !pair[0].n || !pair[1].n) return ANL_OK;
    if (anl_read_is_long(pair[0].read) || anl_read_is_long(pair[1].read)) return ANL_OK;
    const int neither = !is_known(o, &pair[0]) && !is_known(o, &pair[1]), lacks[2] = {lacks_places(&pair[0]), lacks_places(&pair[1])};
    if (!neither && !lacks[0] && !lacks[1]) return ANL_OK;
    const int rc = anl_best_pair_find(o, m, pair, 0, s, &best);
    if (rc || best.candidate[0] < 0) return rc;
    const int32_t second = second_total(o, pair, &best);
    for (int i = 0; i < 2 && best.total > second; ++i)
        if (neither || lacks[i]) least[i] = second + 1;
    return ANL_OK;
}

int anl_pair_choose(const anl_align_options *o, const anl_insert_model *m, const anl_query pair[2], anl_pair_scratch *s,
                    anl_choice chosen[2], int *proper)
{
    *proper = 0;
    chosen[0] = anl_choose_single(o, &pair[0], o->min_score);
    chosen[1] = anl_choose_single(o, &pair[1], o->min_score);
    if (o->no_pairing) return ANL_OK;
    anl_best_pair best;
    int rc = anl_best_pair_find(o, m, pair, anl_mapq_closeness(&o->align.score), s, &best);
    if (rc || best.candidate[0] < 0) return rc;
    const int32_t *at = best.candidate;
    const int32_t apart = best_score(&pair[0]) + best_score(&pair[1]) - o->unpaired;
    if (best.total <= apart || !score_enough(o, &pair[0].candidates[at[0]], &pair[1].candidates[at[1]])) {
        int64_t size;
        *proper = chosen[0].candidate >= 0 && chosen[1].candidate >= 0 &&
                  anl_pair_proper(m, pair, chosen[0].candidate, chosen[1].candidate, &size) != NULL;
        return ANL_OK;
    }
    *proper = 1;
    int32_t second = second_total(o, pair, &best);
    if (pair[0].settled && pair[1].settled && pair[0].bound && pair[1].bound && pair[0].bound + pair[1].bound > second)
        second = pair[0].bound + pair[1].bound; /* proven together: another pair may have that */
    double q = anl_mapq_of_difference(best.total - second, o->align.score.match);
    if (best.competing > 0) q -= ANL_MAPQ_PER_E_FOLD * anl_ln(best.competing + 1);
    int together = q > 0 ? (int)q : 0;
    for (int i = 0; i < 2; ++i) {
        int alone = mapq_alone(o, &pair[i], at[i], &chosen[i].second);
        int mapq = alone > together ? alone : together < alone + ANL_MAPQ_PAIR_GAIN ? together : alone + ANL_MAPQ_PAIR_GAIN;
        chosen[i].candidate = at[i];
        chosen[i].min_score = min_mate_score(o);
        chosen[i].mapq = (uint8_t)mapq;
    }
    return ANL_OK;
}
