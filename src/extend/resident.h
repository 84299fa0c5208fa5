/** The reference on a GPU, where scores and votes read it. */
#ifndef ANL_RESIDENT_H
#define ANL_RESIDENT_H

#include "gpu.h"
#include "index.h"

/** Copies the bases of an index to a GPU, in three bits each, with its contigs and windows; before streams work. 0, ANL_ENOMEM or ANL_EIO. */
int anl_resident_load(const anl_index *x, anl_gpu *gpu);

#endif
