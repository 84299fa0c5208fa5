/** How often the window that a read came from is among its nearest neighbours. */
#ifndef ANL_RECALL_H
#define ANL_RECALL_H

#include "index.h"
#include "model.h"

enum { ANL_RECALL_DEPTHS = 4 };

/** 1, 2, 10, 32. */
extern const int anl_recall_depths[ANL_RECALL_DEPTHS];

/** Reads of `length` bp, half of them from the reverse strand, with `error` errors a base of which a fifth are indels. */
typedef struct anl_recall_condition {
    int length;  /**< bp, ANL_ENCODER_MIN_LEN to ANL_ENCODER_MAX_LEN */
    float error; /**< 0..1 */
} anl_recall_condition;

/** A hit is a window that shares at least half of the shorter of the two, read and window. Recall is of reads whose error-free sequence is
 *  found nowhere else in the genome, on either strand. */
typedef struct anl_recall {
    int reads, unique;                   /**< unique / reads is the ceiling that exact repeats set */
    int found[ANL_RECALL_DEPTHS];        /**< of the unique reads, by the index as it is searched for alignment */
    int found_exact[ANL_RECALL_DEPTHS];  /**< by exact search */
} anl_recall;

/** Draws `reads` reads from the index's own reference for each of `n` conditions; the same for any number of threads. 0, ANL_ENOMEM or
 *  ANL_EINVAL (the reference has no stretch of that length without N; the index is another model's). */
int anl_recall_measure(const anl_index *x, const anl_model *m, const anl_recall_condition *conditions, int n, int reads, uint64_t seed,
                       int threads, anl_recall *out);

#endif
