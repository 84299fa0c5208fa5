#include "choose.h"

#include "cigar.h"
#include "mapq.h"

#include <stdlib.h>
#include <string.h>

/* ---- chains ---- */

static int64_t end_of(const anl_fine_chain *c)
{
    return c->anchors[c->n - 1].t + c->anchors[c->n - 1].len;
}

static int64_t matches_of(const anl_fine_chain *c)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < c->n; ++i) sum += c->anchors[i].len;
    return sum;
}

static int same_place(const anl_long_chain *a, const anl_long_chain *b)
{
    const anl_fine_chain *x = &a->fine, *y = &b->fine;
    int64_t shared = 0;
    if (a->reverse != b->reverse || x->anchors->t >= end_of(y) || y->anchors->t >= end_of(x)) return 0;
    for (int32_t i = 0, j = 0; i < x->n && j < y->n;) {
        const anl_anchor *m = &x->anchors[i], *n = &y->anchors[j];
        const int64_t ends[2] = {m->t + m->len, n->t + n->len}, begin = m->t > n->t ? m->t : n->t,
                      end = ends[0] < ends[1] ? ends[0] : ends[1];
        if (m->t - m->q == n->t - n->q && end > begin) shared += end - begin;
        if (ends[0] < ends[1])
            ++i;
        else
            ++j;
    }
    const int64_t all[2] = {matches_of(x), matches_of(y)};
    return 2 * shared >= (all[0] < all[1] ? all[0] : all[1]);
}

void anl_choose_places(anl_long_chain *list, int32_t *n)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < *n; ++i) {
        int known = 0;
        for (int32_t k = 0; k < kept && !known; ++k) known = same_place(&list[k], &list[i]);
        if (!known) list[kept++] = list[i];
    }
    *n = kept;
}

void anl_choose_chains(anl_long_chain *list, int32_t *n, anl_competition limits)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < *n && kept < ANL_CHAINS_MOST; ++i) {
        anl_long_chain c = list[i];
        int32_t parent = -1;
        for (int32_t k = 0; k < kept && parent < 0; ++k)
            if (list[k].parent == k && (c.alt || !list[k].alt) && anl_cover_shares_half(&list[k].cover, &c.cover)) parent = k;
        if (parent >= 0) {
            anl_long_chain *best = &list[parent];
            const int rival = best->alt || !c.alt;
            int32_t *competing = rival ? &best->competing : &best->competing_alts;
            if (rival && c.score > best->second) best->second = c.score;
            if ((int64_t)c.score * limits.den < (int64_t)best->score * limits.num || *competing >= limits.most) continue;
            ++*competing;
        }
        c.parent = parent >= 0 ? parent : kept;
        c.competing = c.competing_alts = c.second = 0;
        list[kept++] = c;
    }
    *n = kept;
}

/* ---- alignments ---- */

/* A total order of what differs, so that every sort of it is the same. */
static int by_worth(const void *a, const void *b)
{
    const anl_long_alignment *x = a, *y = b;
    const int64_t order[][2] = {{x->alt, y->alt},
                                {y->piece.worth, x->piece.worth},
                                {x->piece.tbeg, y->piece.tbeg},
                                {x->reverse, y->reverse},
                                {x->piece.qbeg, y->piece.qbeg},
                                {x->piece.tend, y->piece.tend},
                                {x->piece.qend, y->piece.qend},
                                {y->chain_score, x->chain_score},
                                {x->chain_second, y->chain_second},
                                {x->chain_beside, y->chain_beside},
                                {x->piece.n_cigar, y->piece.n_cigar}};
    for (size_t i = 0; i < sizeof order / sizeof *order; ++i)
        if (order[i][0] != order[i][1]) return order[i][0] < order[i][1] ? -1 : 1;
    return memcmp(x->piece.cigar, y->piece.cigar, (size_t)x->piece.n_cigar * sizeof *x->piece.cigar);
}

static int same_alignment(const anl_long_alignment *a, const anl_long_alignment *b)
{
    const anl_piece *x = &a->piece, *y = &b->piece;
    if (a->reverse != b->reverse || x->tbeg >= y->tend || y->tbeg >= x->tend) return 0;
    const int64_t columns[2] = {anl_cigar_columns(x->cigar, x->n_cigar), anl_cigar_columns(y->cigar, y->n_cigar)};
    const int64_t shared = anl_cigar_shared((anl_cigar_path){x->cigar, x->n_cigar, x->qbeg, x->tbeg},
                                            (anl_cigar_path){y->cigar, y->n_cigar, y->qbeg, y->tbeg});
    return 2 * shared >= (columns[0] < columns[1] ? columns[0] : columns[1]);
}

/* Of an alignment that has taken its place: one that has its segment, too, and may have come before it, where it scores less, but is on the primary
 * assembly. */
static void note_rival(anl_long_alignment *best, const anl_long_alignment *other, int32_t close)
{
    if (other->piece.worth > best->second) best->second = other->piece.worth;
    best->competing += other->piece.worth >= best->piece.worth - close;
}

void anl_choose_alignments(const anl_stitch_params *p, anl_long_alignment *list, int32_t *n)
{
    const int32_t close = p->score.score.match + p->score.score.mismatch;
    int32_t kept = 0;
    if (*n > 1) qsort(list, (size_t)*n, sizeof *list, by_worth);
    for (int32_t i = 0; i < *n; ++i) {
        if (kept && list[i].piece.worth < ANL_SECOND_CLAIM * p->min_score) continue;
        int32_t parent = -1, twice = 0;
        for (int32_t k = 0; k < kept && !twice; ++k) {
            if (!anl_cover_shares_half(&list[k].cover, &list[i].cover)) continue;
            twice = same_alignment(&list[k], &list[i]);
            if (parent < 0 && list[k].parent == k && (list[k].alt == list[i].alt || list[k].piece.worth >= list[i].piece.worth)) parent = k;
        }
        if (twice) continue;
        list[kept] = list[i];
        if (parent >= 0 && (list[parent].alt || !list[i].alt)) note_rival(&list[parent], &list[i], close);
        for (int32_t k = 0; k < kept && parent < 0 && list[kept].alt; ++k)
            if (anl_cover_shares_half(&list[k].cover, &list[kept].cover)) note_rival(&list[kept], &list[k], close);
        list[kept].parent = parent >= 0 ? parent : kept;
        ++kept;
    }
    *n = kept;
}

void anl_choose_equal(anl_long_alignment *list, int32_t n, uint64_t hash)
{
    int32_t equal = 1;
    while (equal < n && list[equal].piece.worth == list[0].piece.worth && list[equal].alt == list[0].alt && list[equal].parent == 0)
        ++equal;
    const int32_t take = (int32_t)(hash % (uint64_t)equal);
    if (!take) return;
    anl_long_alignment swap = list[0];
    list[0] = list[take];
    list[take] = swap;
    list[0].second = swap.second;
    list[0].competing = swap.competing;
    list[0].parent = 0;
    list[take].parent = 0;
}

/* What a chain's score says beside that of a competing one. */
static double mapq_of_chains(const anl_long_alignment *a, int32_t second, int32_t match)
{
    const double identity = (double)a->piece.matches / a->piece.columns;
    const double x = (double)(second > ANL_MATCHES_MIN_SCORE ? second : ANL_MATCHES_MIN_SCORE) / a->chain_score;
    return x < 1 ? ANL_MAPQ_OF_CHAINS * (1 - x) * identity * anl_ln((double)a->piece.worth / match) : 0;
}

static double mapq_of_alignments(const anl_long_alignment *a, int32_t match)
{
    const double identity = (double)a->piece.matches / a->piece.columns, damp = anl_mapq_damp(a->piece.columns);
    return ANL_MAPQ_PER_MATCH * (a->piece.worth - a->second) / match * identity * identity * damp * damp;
}

uint8_t anl_choose_mapq(const anl_long_alignment *a, int32_t match, int truncated)
{
    const double support = a->chain_score > ANL_MAPQ_CERTAIN ? 1 : ANL_MAPQ_SUPPORT * a->chain_score;
    const double beside = mapq_of_chains(a, a->chain_beside, match);
    double q = a->second > 0 ? mapq_of_alignments(a, match) : mapq_of_chains(a, a->chain_second, match);
    if (q > beside) q = beside;
    q = (q < ANL_MAPQ_MAX ? q : ANL_MAPQ_MAX) * support - ANL_MAPQ_PER_E_FOLD * anl_ln(a->competing + 1) + ANL_MAPQ_ROUND;
    if (truncated && q > ANL_MAPQ_TRUNCATED) q = ANL_MAPQ_TRUNCATED;
    return q < 0 ? 0 : q > ANL_MAPQ_MAX ? ANL_MAPQ_MAX : (uint8_t)q;
}
