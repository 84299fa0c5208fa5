/** What one thread needs to align: shared read-only parts, its own scratch. */
#ifndef ANL_WORKER_H
#define ANL_WORKER_H

#include "encoder.h"
#include "extend.h"
#include "index.h"
#include "kernels.h"
#include "options.h"
#include "read.h"
#include "search.h"
#include "stitch.h"
#include "sw_batch.h"
#include "vote.h"

/** Shared by all threads, read only. */
typedef struct anl_context {
    const anl_align_options *options;
    const anl_index *index;
    const anl_encoder *encoder;
    const anl_search *search;
    const anl_kernels *kernels;
    anl_gpu *gpu; /**< NULL: the CPU does everything */
} anl_context;

enum { ANL_LAPS = 2 /**< batches whose results are kept: one is written while the next is aligned */ };

struct anl_pending;

typedef struct anl_worker {
    const anl_context *context;
    anl_arena *arenas[ANL_LAPS];   /**< results; reset when the batch is written */
    anl_arena *arena;              /**< that of this batch */
    anl_arena *temporary;          /**< reset with every chunk */
    anl_encoder_scratch *encoder;
    anl_search_scratch *search;
    anl_voter *voter;
    anl_extend_scratch *extend;
    anl_sw_batch *sw;
    anl_stitcher *stitcher;
    anl_sw_job *jobs;              /**< queued Smith-Waterman jobs, */
    struct anl_pending *pending;   /**< where their results go, */
    anl_sw_result *results;        /**< and the results */
    size_t n_jobs, jobs_cap, pending_cap, results_cap;
} anl_worker;

int anl_worker_init(anl_worker *w, const anl_context *context);
void anl_worker_free(anl_worker *w);

#endif
