/** How the reads of a run are spread over MAPQ, insert size and identity. */
#ifndef ANL_HISTOGRAMS_H
#define ANL_HISTOGRAMS_H

#include "alignments.h"

enum {
    ANL_HISTOGRAM_INSERT = 10,   /**< bp, width of a class of insert sizes */
    ANL_HISTOGRAM_INSERTS = 200, /**< classes; the last one holds all that are longer, too */
    ANL_HISTOGRAM_IDENTITY = 100 /**< classes of identity; with another one for 100% */
};

/** Counts of primary records. */
typedef struct anl_histograms {
    int64_t reads, mapped, proper;                /**< all; of them mapped; of these in proper pairs */
    int64_t columns, matches;                     /**< of their alignments, gaps with their length */
    int64_t mapq[61];                             /**< of mapped ones */
    int64_t insert[ANL_HISTOGRAM_INSERTS];        /**< |TLEN| of proper pairs, each counted once */
    int64_t identity[ANL_HISTOGRAM_IDENTITY + 1]; /**< share of an alignment's columns that are matches */
} anl_histograms;

void anl_histograms_add(anl_histograms *h, const anl_record *records, size_t n);

#endif
