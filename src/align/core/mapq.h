/** Mapping quality: how sure an alignment's place is, from 0 to ANL_MAPQ_MAX. */
#ifndef ANL_MAPQ_H
#define ANL_MAPQ_H

#include "align_tuning.h"
#include "sw.h"

/** What is known of a read's best candidate and of those that compete with it. */
typedef struct anl_evidence {
    int32_t score;     /**< of the best candidate */
    int32_t second;    /**< best competing score; 0 when there is none */
    int32_t competing; /**< other candidates that score nearly as well as `second` */
    int32_t span;      /**< bp of the longer of query and reference interval of the best candidate */
    int32_t match, mismatch;
    int32_t truncated; /**< 1: the list of candidates ends among such as look alike */
} anl_evidence;

/** MAPQ of a single read. The shape (score difference times identity squared, damped with length) is that of
 *  bwa mem (Li 2013, arXiv 1303.3997). Uses no libm. */
int anl_mapq(const anl_evidence *e);

/** The score difference that one gap or mismatch can make: candidates that close compete. */
int32_t anl_mapq_closeness(const anl_sw_params *score);

/** MAPQ that a score difference alone gives: ANL_MAPQ_PER_MATCH a match, at most ANL_MAPQ_MAX. */
int anl_mapq_of_difference(int32_t difference, int32_t match);

/** By what the length of an alignment damps its MAPQ, 0 to 1; bwa mem's mapQ_coef_fac / ln(span). */
double anl_mapq_damp(int32_t span);

/** Natural logarithm in fixed-order double arithmetic, the same on every machine; x > 0. */
double anl_ln(double x);

#endif
