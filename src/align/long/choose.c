#include "choose.h"

#include "mapq.h"

#include <stdlib.h>

/* ---- chains ---- */

void anl_choose_chains(anl_long_chain *list, int32_t *n, anl_competition limits)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < *n && kept < ANL_CHAINS_MOST; ++i) {
        anl_long_chain c = list[i];
        int32_t parent = -1;
        for (int32_t k = 0; k < kept && parent < 0; ++k)
            if (list[k].parent == k && anl_cover_shares_half(&list[k].cover, &c.cover)) parent = k;
        if (parent >= 0) {
            anl_long_chain *best = &list[parent];
            if (c.score > best->second) best->second = c.score;
            if ((int64_t)c.score * limits.den < (int64_t)best->score * limits.num || best->competing >= limits.most) continue;
            ++best->competing;
        }
        c.parent = parent >= 0 ? parent : kept;
        c.competing = c.second = 0;
        list[kept++] = c;
    }
    *n = kept;
}

/* ---- alignments ---- */

static int by_worth(const void *a, const void *b)
{
    const anl_long_alignment *x = a, *y = b;
    if (x->piece.worth != y->piece.worth) return x->piece.worth > y->piece.worth ? -1 : 1;
    if (x->piece.tbeg != y->piece.tbeg) return x->piece.tbeg < y->piece.tbeg ? -1 : 1;
    if (x->reverse != y->reverse) return x->reverse - y->reverse;
    return x->piece.qbeg - y->piece.qbeg;
}

/* Whether two alignments meet: on one strand, with one end or the other on the same diagonal. */
static int same_alignment(const anl_long_alignment *a, const anl_long_alignment *b)
{
    const anl_piece *x = &a->piece, *y = &b->piece;
    return a->reverse == b->reverse && x->tbeg < y->tend && y->tbeg < x->tend &&
           (x->tbeg - x->qbeg == y->tbeg - y->qbeg || x->tend - x->qend == y->tend - y->qend);
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
            if (parent < 0 && list[k].parent == k) parent = k;
        }
        if (twice) continue;
        list[kept] = list[i];
        if (parent >= 0) {
            anl_long_alignment *best = &list[parent];
            if (list[i].piece.worth > best->second) best->second = list[i].piece.worth;
            best->competing += list[i].piece.worth >= best->piece.worth - close;
        }
        list[kept].parent = parent >= 0 ? parent : kept;
        ++kept;
    }
    *n = kept;
}

void anl_choose_equal(anl_long_alignment *list, int32_t n, uint32_t hash)
{
    int32_t equal = 1;
    while (equal < n && list[equal].piece.worth == list[0].piece.worth && list[equal].parent == 0) ++equal;
    const int32_t take = (int32_t)(hash % (uint32_t)equal);
    if (!take) return;
    anl_long_alignment swap = list[0];
    list[0] = list[take];
    list[take] = swap;
    list[0].second = swap.second;
    list[0].competing = swap.competing;
    list[0].parent = 0;
    list[take].parent = 0;
}

uint8_t anl_choose_mapq(const anl_long_alignment *a, int32_t match, int truncated)
{
    const anl_piece *piece = &a->piece;
    const double identity = (double)piece->matches / piece->columns;
    const double support = a->chain_score > ANL_MAPQ_CERTAIN ? 1 : ANL_MAPQ_SUPPORT * a->chain_score;
    double q;
    if (a->second > 0) {
        const double damp = anl_mapq_damp(piece->columns);
        q = ANL_MAPQ_PER_MATCH * (piece->worth - a->second) / match * identity * identity * damp * damp;
    } else {
        const int32_t second = a->chain_second > ANL_MATCHES_MIN_SCORE ? a->chain_second : ANL_MATCHES_MIN_SCORE;
        const double x = (double)second / a->chain_score;
        q = x < 1 ? ANL_MAPQ_OF_CHAINS * (1 - x) * identity * anl_ln((double)piece->worth / match) : 0;
    }
    q = (q < ANL_MAPQ_MAX ? q : ANL_MAPQ_MAX) * support - ANL_MAPQ_PER_E_FOLD * anl_ln(a->competing + 1) + ANL_MAPQ_ROUND;
    if (truncated && q > ANL_MAPQ_TRUNCATED) q = ANL_MAPQ_TRUNCATED;
    return q < 0 ? 0 : q > ANL_MAPQ_MAX ? ANL_MAPQ_MAX : (uint8_t)q;
}
