/** How often the window that a read came from is among its nearest neighbours, and its list among the nearest lists. */
#ifndef ANL_RECALL_H
#define ANL_RECALL_H

#include "float_search.h"
#include "index.h"
#include "model.h"

enum { ANL_RECALL_DEPTHS = 4, ANL_RECALL_LISTS = 3 };

/** 1, 2, 10, 32. */
extern const int anl_recall_depths[ANL_RECALL_DEPTHS];

/** 2, 8, 32. */
extern const int anl_recall_lists[ANL_RECALL_LISTS];

/** Reads of `length` bp, half of them from the reverse strand, with `error` errors a base of which a fifth are indels. */
typedef struct anl_recall_condition {
    int length;  /**< bp, ANL_ENCODER_MIN_LEN to ANL_ENCODER_MAX_LEN */
    float error; /**< 0..1 */
} anl_recall_condition;

/** A hit is a window that shares at least half of the shorter of the two, read and window. Recall is of reads whose error-free sequence is
 *  found nowhere else in the genome, on either strand. */
typedef struct anl_recall {
    int reads, unique;                  /**< unique / reads is the ceiling that exact repeats set */
    int found[ANL_RECALL_DEPTHS];       /**< of the unique reads, by the index as it is searched for alignment */
    int found_exact[ANL_RECALL_DEPTHS]; /**< by exact search */
    int found_float[ANL_RECALL_DEPTHS]; /**< by exact search of float vectors, where these are given */
    int listed[ANL_RECALL_LISTS];       /**< of the unique reads, those with a hit in so many of the nearest lists */
} anl_recall;

/** What is measured. */
typedef struct anl_recall_setup {
    const anl_index *index;
    const anl_model *model;
    int light;                /**< reads are embedded by the light encoder */
    anl_float_search *floats; /**< NULL: none */
    int reads;                /**< for each condition */
    uint64_t seed;
    int threads;
} anl_recall_setup;

/** Draws reads from the index's own reference for each of `n` conditions; the same for any number of threads. 0, ANL_ENOMEM or
 *  ANL_EINVAL (the reference has no stretch of that length without N; the index is another model's). */
int anl_recall_measure(const anl_recall_setup *s, const anl_recall_condition *conditions, int n, anl_recall *out);

#endif
