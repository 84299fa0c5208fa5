/** What marking duplicates counted, for each library. */
#ifndef ANL_DUPLICATE_COUNTS_H
#define ANL_DUPLICATE_COUNTS_H

#include <stdint.h>

/** Counts of records, as `samtools markdup -s` names them. */
typedef struct anl_duplicate_counts {
    const char *library;         /**< LB of the read groups; "" where they have none */
    int64_t records;             /**< all that were written */
    int64_t excluded;            /**< unmapped, secondary, supplementary or QC fail: never marked */
    int64_t paired, single;      /**< the others: with a mapped mate, and without */
    int64_t pair_duplicates;     /**< of `paired`; both mates count */
    int64_t single_duplicates;   /**< of `single` */
    int64_t pair_optical;        /**< of pair_duplicates; 0 without an optical distance */
    int64_t single_optical;      /**< of single_duplicates */
    int64_t without_coordinates; /**< of paired and single: names in which no x and y were found; 0 without an optical distance */
} anl_duplicate_counts;

/** Fragments of the library that the pairs were drawn from, estimated from how many of them are duplicates that are not optical, as Picard and
 *  samtools do (Lander and Waterman 1988): x in c / x = 1 - exp(-n / x) with n pairs and c different ones. 0: cannot be told. */
int64_t anl_library_size(const anl_duplicate_counts *c);

#endif
