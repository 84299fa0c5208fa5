/** Long reads: segments along the read are located, their places chained, and the chains aligned base by base. */
#ifndef ANL_LONG_READ_H
#define ANL_LONG_READ_H

#include "context.h"
#include "read.h"
#include "read_alignment.h"

/** Aligns n reads of more than ANL_LONG_READ bp, segments of many reads together; out[i] lives in `results`. 0 or ANL_ENOMEM, on a GPU also ANL_EIO. */
int anl_long_align(const anl_context *c, anl_scratch *s, const anl_read *const *reads, int n, anl_arena *results,
                   anl_read_alignments *const *out);

#endif
