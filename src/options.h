/** How reads are aligned; every field has bwa mem's meaning where bwa mem has the option. */
#ifndef ANL_OPTIONS_H
#define ANL_OPTIONS_H

#include "base.h"
#include "extend.h"
#include "insert.h"
#include "search.h"

typedef struct anl_align_options {
    int threads;              /**< -t, at least 1; never changes the result */
    int64_t batch_bases;      /**< -K, bp of reads in a batch; the insert size is estimated per batch */
    anl_extend_params align;  /**< -A -B -O -E scores, -L clip bonuses, --eqx */
    int32_t unpaired;         /**< -U: what a pair may lose in score to be proper */
    int32_t min_score;        /**< -T: lower scores are reported unmapped */
    int min_score_given;      /**< it holds for the shorter parts of split alignments, too; else less is enough for these */
    int32_t candidates;       /**< -k: neighbours fetched for a read before looking wider */
    int all;                  /**< -a: secondary alignments as well */
    int parts_secondary;      /**< -M: split alignments other than the primary one are flagged secondary, not supplementary */
    int parts_whole;          /**< -Y: they carry the whole read, soft-clipped */
    anl_search_path search;   /**< --search */
    int device;               /**< --device: one of ANL_DEVICE_*; never changes the result */
    int insert_given;         /**< -I: `insert` holds the model, nothing is estimated */
    anl_insert_model insert;
} anl_align_options;

/** The defaults of bwa mem: A1 B4 O6 E1 L5 U17 T30, one thread, batches of 10 Mbp, 64 candidates, native search, on the CPU. */
anl_align_options anl_align_options_default(void);

/** 0, or ANL_EINVAL naming the option that is out of range. */
int anl_align_options_check(const anl_align_options *o);

#endif
