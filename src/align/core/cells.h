/** Positions in a hash of cells: whether one lies near another is known without going along all of them. */
#ifndef ANL_CELLS_H
#define ANL_CELLS_H

#include "base.h"

/** Set by anl_cells_init. */
typedef struct anl_cells {
    int64_t width, *at;
    int shift; /**< a cell has 2^shift positions */
    uint32_t *group;
    int32_t *next, *heads; /**< of the positions of one cell; number + 1, 0: there is none */
    uint32_t mask;         /**< cells less one */
    int32_t n;
} anl_cells;

/** For `most` positions, of which those are near each other that differ by `width` (0 or more) at most. 0 or ANL_ENOMEM. */
int anl_cells_init(anl_cells *c, int64_t width, int32_t most, anl_arena *arena);

/** Adds a position; of other groups none is near it. No more than were asked for. */
void anl_cells_add(anl_cells *c, int64_t at, uint32_t group);

/** Whether a position of the group is near. Constant time where few are. */
int anl_cells_near(const anl_cells *c, int64_t at, uint32_t group);

#endif
