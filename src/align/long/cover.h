/** The parts of a read that something covers. */
#ifndef ANL_COVER_H
#define ANL_COVER_H

#include "base.h"

/** Ascending intervals [begin, end) that do not touch. */
typedef struct anl_cover {
    int32_t (*intervals)[2];
    int32_t n;
    int64_t total; /**< bp */
} anl_cover;

/** Room for `most` intervals, in `arena`. 0 or ANL_ENOMEM. */
int anl_cover_new(anl_arena *arena, int32_t most, anl_cover *out);

/** Adds [begin, end), where begin is not below that of the last one; holes of up to `hole` bp before it are filled. */
void anl_cover_add(anl_cover *c, int32_t begin, int32_t end, int32_t hole);

/** The same on the reverse complement of a read of `len` bp. */
void anl_cover_mirror(anl_cover *c, int32_t len);

/** Whether the two share at least half of the smaller one. */
int anl_cover_shares_half(const anl_cover *a, const anl_cover *b);

#endif
