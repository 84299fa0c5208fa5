#include "cells.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTHS = 8 /* of what is near in a cell, at least: mostly one of them need be looked at */ };

int anl_cells_init(anl_cells *c, int64_t width, int32_t most, anl_arena *arena)
{
    uint32_t size = 16;
    int shift = 0;
    while (size < 2 * (uint32_t)most) size *= 2;
    while (INT64_C(1) << shift < WIDTHS * (width + 1)) ++shift;
    *c = (anl_cells){.width = width,
                     .shift = shift,
                     .at = anl_arena_alloc(arena, (size_t)most, sizeof *c->at),
                     .group = anl_arena_alloc(arena, (size_t)most, sizeof *c->group),
                     .next = anl_arena_alloc(arena, (size_t)most, sizeof *c->next),
                     .heads = anl_arena_alloc(arena, size, sizeof *c->heads),
                     .mask = size - 1};
    if (!c->at || !c->group || !c->next || !c->heads) return ANL_ENOMEM;
    memset(c->heads, 0, size * sizeof *c->heads);
    return ANL_OK;
}

/* They go on below 0. */
static uint64_t cell_of(const anl_cells *c, int64_t at)
{
    return ((uint64_t)at + (UINT64_C(1) << 62)) >> c->shift;
}

static uint32_t slot_of(const anl_cells *c, uint64_t cell)
{
    return (uint32_t)(cell * 0x9e3779b97f4a7c15u >> 40) & c->mask;
}

void anl_cells_add(anl_cells *c, int64_t at, uint32_t group)
{
    int32_t *head = &c->heads[slot_of(c, cell_of(c, at))];
    c->at[c->n] = at;
    c->group[c->n] = group;
    c->next[c->n] = *head;
    *head = ++c->n;
}

int anl_cells_near(const anl_cells *c, int64_t at, uint32_t group)
{
    const uint64_t last = cell_of(c, at + c->width);
    for (uint64_t i = cell_of(c, at - c->width); i <= last; ++i)
        for (int32_t j = c->heads[slot_of(c, i)]; j; j = c->next[j - 1])
            if (c->group[j - 1] == group && llabs(c->at[j - 1] - at) <= c->width) return 1;
    return 0;
}
