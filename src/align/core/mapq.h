/** Mapping quality: how sure the place is, from 0 to 60. */
#ifndef ANL_MAPQ_H
#define ANL_MAPQ_H

#include "base.h"

enum { ANL_MAPQ_MAX = 60 };

/** What is known of a read's best place and of its rivals. Scores in units of `match`. */
typedef struct anl_evidence {
    int32_t score;   /**< of the best place */
    int32_t second;  /**< best score at another place; 0 when there is none */
    int32_t rivals;  /**< other places that score nearly as well as `second` */
    int32_t span;    /**< bp of the longer of query and reference interval of the best place */
    int32_t match, mismatch;
    int32_t cut;     /**< 1: the list of candidates was cut off among places that look alike */
} anl_evidence;

/** MAPQ of a single read. The shape (score difference times identity squared, damped with length) is that of
 *  bwa mem (Li 2013, arXiv 1303.3997). Uses no libm. */
int anl_mapq(const anl_evidence *e);

/** MAPQ that a score difference alone gives: 6.02 a unit of match score, at most ANL_MAPQ_MAX. */
int anl_mapq_of_difference(int32_t difference, int32_t match);

/** Natural logarithm in fixed-order double arithmetic, the same on every machine; x > 0. */
double anl_ln(double x);

#endif
