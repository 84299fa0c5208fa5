#include "read_alignment.h"

#include "cigar.h"

#include <string.h>

int anl_read_alignments_add(anl_read_alignments *to, const anl_read_alignment *a, anl_arena *arena)
{
    int32_t at = to->n;
    int rc = anl_arena_grow(arena, &to->list, (size_t)to->n, &to->cap, (size_t)to->n + 1, sizeof *to->list);
    if (rc) return rc;
    while (at > 0 && to->list[at - 1].kind > a->kind) --at;
    memmove(to->list + at + 1, to->list + at, (size_t)(to->n - at) * sizeof *to->list);
    to->list[at] = *a;
    ++to->n;
    return ANL_OK;
}

int anl_read_alignment_same(const anl_read_alignment *a, const anl_read_alignment *b)
{
    if (a->tid != b->tid || a->reverse != b->reverse || a->pos >= b->end || b->pos >= a->end) return 0;
    const int64_t columns[2] = {anl_cigar_columns(a->cigar, a->n_cigar), anl_cigar_columns(b->cigar, b->n_cigar)};
    const int64_t shared =
        anl_cigar_shared((anl_cigar_path){a->cigar, a->n_cigar, 0, a->pos}, (anl_cigar_path){b->cigar, b->n_cigar, 0, b->pos});
    return shared && 2 * shared >= (columns[0] < columns[1] ? columns[0] : columns[1]);
}

int anl_read_alignments_hold(const anl_read_alignments *list, const anl_read_alignment *a)
{
    for (int32_t i = 0; i < list->n; ++i)
        if (anl_read_alignment_same(&list->list[i], a)) return 1;
    return 0;
}

int anl_read_alignment_competes(const anl_read_alignment *a, const anl_read_alignment *b)
{
    const int32_t begin = a->qbeg > b->qbeg ? a->qbeg : b->qbeg, end = a->qend < b->qend ? a->qend : b->qend;
    const int32_t shorter = a->qend - a->qbeg < b->qend - b->qbeg ? a->qend - a->qbeg : b->qend - b->qbeg;
    return 2 * (end - begin) >= shorter;
}

void anl_read_alignments_give_way(anl_read_alignments *to, const anl_read_alignment *place)
{
    int32_t n = 1;
    for (int32_t i = 1; i < to->n; ++i)
        if (to->list[i].kind != ANL_SECONDARY || !anl_read_alignment_same(place, &to->list[i])) to->list[n++] = to->list[i];
    to->n = n;
}

/* Lets the primary alignment and list[with] change places; whether they are two. */
static int lead(anl_read_alignments *a, int32_t with)
{
    if (!with) return 0;
    const anl_read_alignment swap = a->list[0];
    a->list[0] = a->list[with];
    a->list[with] = swap;
    a->list[0].kind = ANL_PRIMARY;
    a->list[with].kind = ANL_SUPPLEMENTARY;
    return 1;
}

int anl_read_alignments_lead_leftmost(anl_read_alignments *a)
{
    int32_t first = 0;
    for (int32_t i = 1; i < a->n && a->list[i].kind != ANL_SECONDARY; ++i)
        if (a->list[i].alt != a->list[first].alt ? a->list[first].alt : a->list[i].qbeg < a->list[first].qbeg) first = i;
    return lead(a, first);
}

int anl_read_alignments_lead_best(anl_read_alignments *a)
{
    int32_t best = 0;
    for (int32_t i = 1; i < a->n && a->list[i].kind != ANL_SECONDARY; ++i)
        if (a->list[i].alt != a->list[best].alt ? a->list[best].alt : a->list[i].score > a->list[best].score) best = i;
    return lead(a, best);
}

int anl_read_alignment_keep(anl_read_alignment *a, const uint32_t *cigar, int32_t n_cigar, const char *md, int32_t qbeg, int32_t qend,
                            int32_t len, anl_arena *arena)
{
    const size_t md_size = strlen(md) + 1;
    uint32_t *kept = anl_arena_alloc(arena, (size_t)n_cigar + 2, sizeof *kept);
    char *text = anl_arena_alloc(arena, md_size, 1);
    if (!kept || !text) return ANL_ENOMEM;
    a->cigar = kept;
    a->n_cigar = anl_cigar_clip(cigar, n_cigar, qbeg, len - qend, kept);
    a->md = memcpy(text, md, md_size);
    return ANL_OK;
}
