/** The insert-size model: estimated from the confident pairs of a batch, as in bwa mem (Li 2013, arXiv 1303.3997). */
#ifndef ANL_INSERT_H
#define ANL_INSERT_H

#include "base.h"

/** How two mates face: FR (forward then reverse, Illumina paired-end), RF (mate pair), FF and RR (same strand). */
typedef enum anl_orientation { ANL_FR, ANL_RF, ANL_FF, ANL_RR, ANL_N_ORIENTATIONS } anl_orientation;

/** 5' ends: joined coordinate of the read's first sequenced base, and its strand. */
typedef struct anl_end5 {
    int64_t pos;
    uint8_t reverse;
} anl_end5;

/** Orientation of two mates on one contig; *size receives the outer distance of the 5' ends in bp, at least 1. */
anl_orientation anl_orient(anl_end5 first, anl_end5 second, int64_t *size);

typedef struct anl_insert {
    int32_t usable;    /**< 0: too few pairs of this orientation */
    int32_t low, high; /**< bp; sizes in [low, high] are proper */
    double mean, sd;   /**< bp */
    int64_t n;         /**< pairs that the estimate rests on */
} anl_insert;

typedef struct anl_insert_model {
    anl_insert of[ANL_N_ORIENTATIONS];
} anl_insert_model;

/** Estimates all orientations from sizes[o][n[o]], each at least 1 (sorted in place). An orientation with fewer than 10 pairs, or with less than a
 *  twentieth of the commonest one's, is not usable. */
void anl_insert_estimate(anl_insert_model *m, int32_t *const sizes[ANL_N_ORIENTATIONS], const size_t n[ANL_N_ORIENTATIONS]);

/** The model that -I gives: FR with mean, sd; low and high when positive, else mean -+ 4 sd. */
void anl_insert_given(anl_insert_model *m, double mean, double sd, int32_t high, int32_t low);

enum { ANL_INSERT_MOST_PENALTY = 1 << 29 /**< more than any pair scores, and no overflow where scores are added */ };

/** Penalty in score units for a size so far from the mean: the log-odds of the normal tail, match score `match` to an e-fold of 4, and
 *  ANL_INSERT_MOST_PENALTY at most. */
int32_t anl_insert_penalty(const anl_insert *i, int64_t size, int32_t match);

#endif
