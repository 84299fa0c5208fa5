/** Places that votes found, and which of them are looked at first. */
#ifndef ANL_VOTED_H
#define ANL_VOTED_H

#include "locate.h"

/** A place and the bases that voted for it. */
typedef struct anl_voted_place {
    const anl_place *place;
    int32_t len;
    uint8_t alt; /**< on an ALT contig */
} anl_voted_place;

/** Moves the `first` places of list[n] with the most votes, 1 or more, to its front, in order; those on ALT contigs come behind all others. The rest may then
 *  lie in any order. */
void anl_voted_put_first(anl_voted_place *list, int32_t n, int32_t first);

#endif
