#include "alts.h"

#include <stdlib.h>

static int by_score(const void *a, const void *b)
{
    const anl_read_alignment *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->tid != y->tid) return x->tid < y->tid ? -1 : 1;
    if (x->pos != y->pos) return x->pos < y->pos ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return x->reverse - y->reverse;
}

/* Whether something reported has the bases of alignment `a` on an ALT contig. */
static int is_beaten(const anl_read_alignments *reported, const anl_read_alignment *a)
{
    for (int32_t i = 0; i < reported->n && reported->list[i].kind != ANL_SECONDARY; ++i) {
        const anl_read_alignment *b = &reported->list[i];
        if ((b->alt || b->score >= a->score) && anl_read_alignment_competes(a, b)) return 1;
    }
    return 0;
}

/* The score of the best alignment on an ALT contig that competes with `a` and scores more; 0: there is none. */
static int32_t better_alt(const anl_read_alignments *reported, const anl_read_alignment *a)
{
    int32_t best = 0;
    for (int32_t i = 0; i < reported->n && reported->list[i].kind != ANL_SECONDARY; ++i) {
        const anl_read_alignment *b = &reported->list[i];
        if (b->alt && b->score > a->score && b->score > best && anl_read_alignment_competes(a, b)) best = b->score;
    }
    return best;
}

int anl_alts_report(anl_query *q, anl_arena *results)
{
    anl_read_alignments *reported = &q->aligned;
    int rc = ANL_OK;
    if (q->alts.n > 1) qsort(q->alts.list, (size_t)q->alts.n, sizeof *q->alts.list, by_score);
    for (int32_t i = 0; i < q->alts.n && !rc; ++i) {
        anl_read_alignment a = q->alts.list[i];
        if (is_beaten(reported, &a)) continue;
        anl_read_alignments_give_way(reported, &a);
        a.kind = ANL_SUPPLEMENTARY;
        rc = anl_read_alignments_add(reported, &a, results);
    }
    if (reported->n && reported->list[0].alt) anl_read_alignments_lead_best(reported);
    for (int32_t i = 0; i < reported->n && reported->list[i].kind != ANL_SECONDARY; ++i)
        if (!reported->list[i].alt) reported->list[i].alt_score = better_alt(reported, &reported->list[i]);
    return rc;
}
