/** Finishing: the SAM records that report the placements of reads. */
#ifndef ANL_FINISH_H
#define ANL_FINISH_H

#include "alignments.h"
#include "placement.h"
#include "worker.h"

/** Records of one chunk in output order. The array lives in the worker's arena. */
typedef struct anl_records {
    anl_record *records;
    size_t n, cap;
} anl_records;

/** What of a batch goes into the summary. */
typedef struct anl_counts {
    int64_t reads, mapped, pairs, proper;
} anl_counts;

/** Appends the records of a single read: primary, supplementary with their SA tags, secondary; one unmapped record when there is no
 *  placement. 0 or ANL_ENOMEM. */
int anl_finish_placements(anl_worker *w, const anl_read *read, const anl_placements *p, anl_records *out, anl_counts *counts);

/** Appends the records of a pair with its mate fields. 0 or ANL_ENOMEM. */
int anl_finish_pair(anl_worker *w, const anl_read *const reads[2], const anl_placements placed[2], int proper, anl_records *out,
                    anl_counts *counts);

#endif
