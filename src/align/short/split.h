/** Split alignments: segments of a read that its primary alignment leaves out are looked for elsewhere. */
#ifndef ANL_SPLIT_H
#define ANL_SPLIT_H

#include "candidates.h"

/** Bases [begin, end) of a read as it was sequenced, as a read of its own. */
typedef struct anl_split_segment {
    int32_t query, begin, end;
    anl_read read;
} anl_split_segment;

/** Buffer that grows; all zero to begin with, list to be freed. */
typedef struct anl_split_segments {
    anl_split_segment *list;
    size_t n, cap;
} anl_split_segments;

/** Adds the stretches between a query's alignments, and beside them, that hold ANL_ENCODER_MIN_LEN known bases or more. 0 or ANL_ENOMEM. */
int anl_split_collect(anl_split_segments *to, const anl_query *queries, int32_t number);

/** The least score of a segment in a genome of so many bases, both strands taken as one: unless -T is given, it is what chance does not
 *  give, 20 matches in a bacterium, 24 in a human genome. A whole read needs more only because bwa mem's users expect it. */
int32_t anl_split_min_score(const anl_align_options *o, int64_t genome);

/** Whether `a` shares more than half of the shorter of the two with an alignment, not a secondary one, of the read. */
int anl_split_overlaps(const anl_read_alignments *aligned, const anl_read_alignment *a);

/** Judges the primary alignment of a split read, or of less than half of one, by the best one that its segment has when it is searched alone: another place that scores more
 *  takes its place, unless the pair is proper or the read has that place already; one that scores less, or as much, lowers MAPQ and raises XS.
 *  In a proper pair it must make up for being unpaired, unless it `pairs` with the mate as well; and the mate adds to MAPQ as in anl_pair_choose. */
void anl_split_judge(const anl_align_options *o, anl_query *q, const anl_read_alignment *best, int pairs);

/** Searches every stretch of ANL_ENCODER_MIN_LEN bp and more that the alignments of `queries` leave out, around the rest of the read and in
 *  the whole index, and adds what aligns there as supplementary alignments, in `results`. As in bwa mem (Li 2013, arXiv 1303.3997), segments
 *  may share up to half of the shorter one. Then primary segments are searched alone (anl_split_judge). What was found
 *  first stays primary only in a proper pair. Errors as anl_candidates_find. */
int anl_split(const anl_context *c, anl_scratch *s, const anl_insert_model *inserts, anl_sw_queue *queue, anl_query *queries, int n,
              anl_arena *results);

#endif
