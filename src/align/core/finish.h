/** Finishing: the SAM records that report the alignments of reads. */
#ifndef ANL_FINISH_H
#define ANL_FINISH_H

#include "alignments.h"
#include "options.h"
#include "read_alignment.h"

/** What of a batch goes into the summary. */
typedef struct anl_counts {
    int64_t reads, mapped, pairs, proper;
    int64_t short_reads, short_mapped; /**< those that are not long (anl_read_is_long) */
    int64_t short_bases, short_differ; /**< bases of their primary alignments, and differences (NM) in them */
} anl_counts;

/** Records of one chunk in output order. The array lives in the arena of results. */
typedef struct anl_records {
    anl_record *records;
    size_t n, cap;
    anl_counts counts;
} anl_records;

/** What finishing needs: of the options -M and -Y, of the contigs their names. */
typedef struct anl_finisher {
    const anl_align_options *options;
    const anl_contig *contigs;
    anl_arena *results; /**< where records and their strings live */
} anl_finisher;

/** Appends the records of a single read: primary, supplementary with their SA tags, secondary; one unmapped record when there is no
 *  alignment. 0 or ANL_ENOMEM. */
int anl_finish_single(const anl_finisher *f, const anl_read *read, const anl_read_alignments *aligned, anl_records *out);

/** Appends the records of a pair with its mate fields. 0 or ANL_ENOMEM. */
int anl_finish_pair(const anl_finisher *f, const anl_read *const reads[2], const anl_read_alignments aligned[2], int proper,
                    anl_records *out);

#endif
