/** Finishing: base-level alignments of the chosen candidates and the SAM records that report them. */
#ifndef ANL_FINISH_H
#define ANL_FINISH_H

#include "alignments.h"
#include "pair.h"
#include "placement.h"

/** Records of one chunk in output order. The array lives in the worker's arena. */
typedef struct anl_records {
    anl_record *records;
    size_t n, cap;
} anl_records;

/** What of a batch goes into the summary. */
typedef struct anl_counts {
    int64_t reads, mapped, pairs, proper;
} anl_counts;

/** Appends the records of a single read. 0 or ANL_ENOMEM. */
int anl_finish_single(anl_worker *w, const anl_query *q, const anl_choice *c, anl_records *out, anl_counts *counts);

/** Appends the records of a read's placements: the primary one, supplementary ones (hard-clipped; SA on all of these, as the SAM
 *  specification has it), secondary ones without SEQ. 0 or ANL_ENOMEM. */
int anl_finish_placements(anl_worker *w, const anl_read *read, const anl_placements *p, anl_records *out, anl_counts *counts);

/** Appends the records of a pair with its mate fields. 0 or ANL_ENOMEM. */
int anl_finish_pair(anl_worker *w, const anl_query pair[2], const anl_choice chosen[2], int proper, anl_records *out,
                    anl_counts *counts);

#endif
