/** What aligning needs: parts that all threads share, and scratch that each thread has of its own. */
#ifndef ANL_CONTEXT_H
#define ANL_CONTEXT_H

#include "encoder.h"
#include "extend.h"
#include "index.h"
#include "kernels.h"
#include "options.h"
#include "search.h"
#include "stitch.h"
#include "sw_batch.h"
#include "trace_batch.h"
#include "vote.h"

/** Shared by all threads, read only while they run. */
typedef struct anl_context {
    const anl_align_options *options;
    const anl_index *index;
    const anl_encoder *encoder;
    const anl_search *search;
    const anl_kernels *kernels;
    anl_gpu *gpu; /**< NULL: the CPU does everything */
    int32_t
        low_score; /**< for each 100 bp, which few reads of this run do not reach (anl_library_low_score); 0: not known, or not needed */
} anl_context;

/** Of one thread: buffers that grow. What they hold means nothing between calls, but for `temporary`, which the caller resets. */
typedef struct anl_scratch {
    anl_gpu_stream *stream; /**< on which embedding, scores and traceback run; NULL: the CPU */
    anl_arena *temporary;
    anl_encoder_scratch *encoder;
    anl_search_scratch *search;
    anl_voter *voter;
    anl_extend_scratch *extend;
    anl_sw_batch *sw;
    anl_trace_batch *traces;
    anl_stitcher *stitcher;
} anl_scratch;

/** Scratch for embedding and for search are left out where the context has no encoder or no search. 0 or ANL_ENOMEM; anl_scratch_free in
 *  either case. */
int anl_scratch_init(anl_scratch *s, const anl_context *context);
void anl_scratch_free(anl_scratch *s);

#endif
