/* Marks duplicates among sorted records as they pass, as samtools markdup 1.16 does by default.
 *
 * Of pairs with the same template (both ends, clips counted as aligned; strands; library) the one with the highest sum of base qualities of 15
 * and more stays, of equals the one whose name comes first; its left and its right mates are looked at apart. A single read, or one whose mate is
 * unmapped, is a duplicate of any read of a pair with its 5' end, strand and library, and of a single read with a higher sum, or an equal one
 * that came earlier. Unmapped, secondary, supplementary and QC-fail records are left as they are.
 *
 * Held are the records whose 5' ends lie within 300 bp before the position reached, and those behind them in order; a record that left takes
 * with it what was known of its template, so that reads that are clipped by 300 bp and more may stay unmarked.
 */
#ifndef ANL_DUPLICATES_H
#define ANL_DUPLICATES_H

#include "base.h"
#include "duplicate_counts.h"

#include <htslib/sam.h>

typedef struct anl_duplicates anl_duplicates;

typedef struct anl_duplicates_options {
    long optical_distance;             /* of clusters on the flow cell; duplicates have tag dt, SQ within it and LB beyond. 0: no tag */
    int (*put)(void *data, bam1_t *b); /* takes records in the order in which they were added */
    void *data;
} anl_duplicates_options;

/* `header` holds the read groups. 0 or ANL_ENOMEM. */
int anl_duplicates_new(anl_duplicates **out, sam_hdr_t *header, const anl_duplicates_options *options);
void anl_duplicates_free(anl_duplicates *d);

/* Copies `b`, which follows the records before it in the order of the sorter and of a pair has the tags MC and ms; passes on what is decided.
 * 0, ANL_EINVAL, ANL_ENOMEM or what put returns. */
int anl_duplicates_add(anl_duplicates *d, const bam1_t *b);

/* Passes on the rest. */
int anl_duplicates_finish(anl_duplicates *d);

/* Of each of *n libraries, borrowed. */
const anl_duplicate_counts *anl_duplicates_counts(const anl_duplicates *d, int *n);

#endif
