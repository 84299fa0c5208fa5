/** Long reads: segments along the read are located, their places chained, and the chains aligned base by base. */
#ifndef ANL_LONG_READ_H
#define ANL_LONG_READ_H

#include "context.h"
#include "read.h"
#include "read_alignment.h"

/** Aligns a read of more than ANL_LONG_READ bp. `out` lives in `results`; s->temporary is reset. 0 or ANL_ENOMEM, on a GPU also ANL_EIO. */
int anl_long_align(const anl_context *c, anl_scratch *s, const anl_read *read, anl_arena *results, anl_read_alignments *out);

#endif
