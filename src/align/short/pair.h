/** Deciding: the place of a single read, or of a pair together, and how sure it is. */
#ifndef ANL_PAIR_H
#define ANL_PAIR_H

#include "best_pair.h"
#include "candidates.h"
#include "insert.h"
#include "prove.h"

/** What is reported for one read. */
typedef struct anl_choice {
    int32_t candidate; /**< number in the query's list; -1: unmapped */
    int32_t second;    /**< best competing score (tag XS), 0 when there is none */
    int32_t min_score; /**< score that its alignment must reach to be reported */
    uint8_t mapq;
} anl_choice;

/** Best candidate of a read on its own; none when its score is below `min_score`. One on an ALT contig only where none on the primary assembly has
 *  that score. Of equal ones the bases of the read choose one. */
anl_choice anl_choose_single(const anl_align_options *o, const anl_query *q, int32_t min_score);

/** The best candidate on an ALT contig that competes with what was chosen on the primary assembly and scores more, unless one there scores as much;
 *  -1: there is none. As bwa mem with a .alt file its MAPQ knows all candidates. */
anl_choice anl_choose_alt(const anl_align_options *o, const anl_query *q, const anl_choice *chosen);

/** Gives a read that is aligned already, as long ones are, its primary alignment as its only candidate, in `results`: so its mate is paired with
 *  it, and looked for beside it. Of the index only contig_begin is used. 0 or ANL_ENOMEM. */
int anl_pair_stand_in(const anl_index *x, anl_query *q, anl_arena *results);

/** Orientation and size when no other candidate comes near the best of either mate and both lie on one contig, as evidence for the insert-size model; 0 if not. */
int anl_pair_evidence(const anl_align_options *o, const anl_query pair[2], anl_orientation *orientation, int32_t *size);

/** Where a mate lies if it makes a proper pair with its mate at a candidate: [begin, end) in joined coordinates of one contig. */
typedef struct anl_mate_region {
    int64_t begin, end;
    uint8_t reverse;
} anl_mate_region;

/** The region of the mate of `here`, which lies at `at`, in orientation `o`; of `at` only start, contig and strand are read. 0: the model has
 *  no such inserts, or the contig ends before. */
int anl_pair_region(const anl_insert_model *m, anl_orientation o, const anl_index *x, const anl_query *here, const anl_candidate *at,
                    const anl_read *mate, anl_mate_region *out);

/** Whether a mate lies at `there`, beyond doubt, because its mate lies at `here`: the pair's score is that much better than with the mate at any
 *  other place that could have proof->bound. Of the candidates only start, contig and strand are read. */
int anl_pair_settles(const anl_align_options *o, const anl_insert_model *m, const anl_query *here, const anl_candidate *at,
                     const anl_query *mate, const anl_candidate *there, const anl_proof *proof);

/** Whether two mates, neither of which is proven, are so together: the pair at at[2] is that much better than with one mate, or both, at any place that
 *  could have proofs[2]->bound; bases that both mates read count once. Of the candidates only start, contig and strand are read. */
int anl_pair_is_proven(const anl_align_options *o, const anl_insert_model *m, const anl_query *const mates[2],
                       const anl_candidate *const at[2], const anl_proof *const proofs[2]);

/** Queues, for every good candidate of either mate, a Smith-Waterman of the other mate where the insert size would put it, unless it is aligned
 *  or has a candidate there already. Of the index only contig_begin is used; `first` is the number of the pair's first read in `queries`. 0 or
 *  ANL_ENOMEM. */
int anl_pair_rescue(const anl_align_options *o, const anl_insert_model *m, const anl_index *x, const anl_query *queries, int32_t first,
                    anl_sw_queue *queue);

/** least[i]: the total that another pair must have to lower the MAPQ of the best one, where it may be missed because places of mate i may be missing, or
 *  because both mates have so many that nobody looked beside all; 0: none may, or none would matter. 0 or ANL_ENOMEM. */
int anl_pair_least_other(const anl_align_options *o, const anl_insert_model *m, const anl_query pair[2], anl_pair_scratch *s,
                         int32_t least[2]);

/** Whether the insert size of two alignments, of mates 1 and 2, is a proper one. */
int anl_pair_is_proper(const anl_insert_model *m, const anl_read_alignment *first, const anl_read_alignment *second);

/** Chooses for both mates. *proper: 1 when the pair is proper; then one of them may score less than options->min_score, as in bwa mem, for the
 *  other one says where it must lie. 0 or ANL_ENOMEM. */
int anl_pair_choose(const anl_align_options *o, const anl_insert_model *m, const anl_query pair[2], anl_pair_scratch *s,
                    anl_choice chosen[2], int *proper);

#endif
