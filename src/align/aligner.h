/** What an aligner is made of, for those who open it (aligner.c) and who let it align a batch (align.c). Internal to src/align. */
#ifndef ANL_ALIGNER_H
#define ANL_ALIGNER_H

#include "align.h"
#include "model.h"
#include "pair.h"
#include "sw_queue.h"

/** Batches on their way: one is reported while the next one's places are looked for. */
enum { ANL_TURNS = 2 };

/** With a GPU, for every thread of -t: chunks of a batch, of which one is decided while the other waits for the GPU; and workers, one more, which reports
 *  the batch before meanwhile, a third of the work. */
enum { ANL_GPU_CHUNKS = 2, ANL_GPU_WORKERS = 3 };

/** What a thread has of its own. */
typedef struct anl_worker {
    anl_scratch scratch;
    anl_sw_queue queue;
    anl_pair_scratch pairs;
    anl_arena *found[ANL_TURNS]; /* of a batch: what finding leaves to reporting; and its records, where they are wanted */
    anl_arena *report;           /* of the chunk: what becomes of it, where that is packed at once */
} anl_worker;

struct anl_aligner {
    anl_align_options options;
    anl_index *index;
    anl_model *model;
    anl_encoder *encoder;
    anl_search *search;
    anl_gpu *gpu;      /* NULL: the CPU does everything */
    char refused[512]; /* why no GPU does, where one was looked for and found; else "" */
    anl_context context;
    anl_worker *workers;
    int n_workers;
    anl_insert_model insert;     /* of the last batches that had enough pairs */
    int started;                 /* 1: the first batch, or the first part of it, is through */
    anl_arena *batch[ANL_TURNS]; /* queries and chunks of each */
    int turn;                    /* of the next batch */
    struct anl_work *pending;    /* the batch that is to be reported with the next one; NULL: none */
    anl_progress *progress;      /* NULL: nobody is told */
    void *progress_data;
    int64_t work_done, expected; /* reads times WORK; reads of the whole input, about */
};

/** Whether reads are to meet in lists, of all threads, as these are read from memory. */
static inline int anl_aligner_meets_in_lists(const anl_aligner *a)
{
    return !a->gpu && a->index->nlist >= ANL_MANY_LISTS;
}

#endif
