#include "voted.h"

/* Places on ALT contigs come last, then those with few votes. */
static int comes_first(const anl_voted_place *a, const anl_voted_place *b)
{
    const anl_place *x = a->place, *y = b->place;
    if (a->alt != b->alt) return a->alt < b->alt;
    if (x->votes != y->votes) return x->votes > y->votes;
    if (x->start != y->start) return x->start < y->start;
    if (x->contig != y->contig) return x->contig < y->contig;
    if (x->reverse != y->reverse) return x->reverse < y->reverse;
    if (x->lo != y->lo) return x->lo < y->lo;
    return x->hi < y->hi; /* more does not matter to a candidate */
}

void anl_voted_put_first(anl_voted_place *list, int32_t n, int32_t first)
{
    for (int32_t i = 1; i < n; ++i) {
        const anl_voted_place place = list[i];
        int32_t at = i;
        if (at >= first) {
            if (!comes_first(&place, &list[first - 1])) continue;
            at = first - 1;
            list[i] = list[at];
        }
        for (; at && comes_first(&place, &list[at - 1]); --at) list[at] = list[at - 1];
        list[at] = place;
    }
}
