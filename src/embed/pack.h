/** Weights as the kernels take them. */
#ifndef ANL_PACK_H
#define ANL_PACK_H

#include "base.h"
#include "encode.h"
#include "model.h"

/** Arena memory on a cache line; NULL when memory is short. */
void *anl_pack_room(anl_arena *arena, size_t n, size_t size);

/** Packs a layer whose first `offset` inputs are offset u8 and the others plain u8. `from` must outlive it. 0 or ANL_ENOMEM. */
int anl_pack_linear(anl_arena *arena, const anl_encode_kernels *k, const anl_linear *from, int offset, anl_linear_packed *to);

#endif
