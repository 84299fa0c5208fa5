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

int anl_read_alignments_lead_leftmost(anl_read_alignments *a)
{
    int32_t first = 0;
    for (int32_t i = 1; i < a->n && a->list[i].kind != ANL_SECONDARY; ++i)
        if (a->list[i].qbeg < a->list[first].qbeg) first = i;
    if (!first) return 0;
    const anl_read_alignment swap = a->list[0];
    a->list[0] = a->list[first];
    a->list[first] = swap;
    a->list[0].kind = ANL_PRIMARY;
    a->list[first].kind = ANL_SUPPLEMENTARY;
    return 1;
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
