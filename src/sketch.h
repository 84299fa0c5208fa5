/** The untrained encoder: random k-mer vectors, and transformer blocks whose outputs start at zero. */
#ifndef ANL_SKETCH_H
#define ANL_SKETCH_H

#include "model.h"

/** A centred random sketch of canonical 6-mers, d dimensions, two blocks with zero residual outputs; the same bytes for one seed on
 *  every machine. 0, ANL_EINVAL or ANL_ENOMEM. */
int anl_sketch_new(anl_model **out, int32_t d, uint64_t seed);

#endif
