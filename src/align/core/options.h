/** How reads are aligned; every field has bwa mem's meaning where bwa mem has the option. */
#ifndef ANL_OPTIONS_H
#define ANL_OPTIONS_H

#include "base.h"
#include "extend.h"
#include "insert.h"
#include "option.h"
#include "search.h"
#include "stitch.h"

/** For which reads scores and search are set. All but the last are of reads of more than 400 bp; shorter ones then are scored as by bwa mem. */
typedef enum anl_preset {
    ANL_PRESET_NONE,     /**< as ANL_PRESET_ONT: what suits noisy reads also aligns accurate ones */
    ANL_PRESET_SR,       /**< bwa mem's scores, gaps of one cost */
    ANL_PRESET_HIFI,     /**< minimap2's map-hifi */
    ANL_PRESET_ONT,      /**< minimap2's map-ont */
    ANL_PRESET_DIVERGED, /**< of short reads that differ from the reference in 8 to 25% of their bases; longer ones as by ANL_PRESET_ONT */
} anl_preset;

/** Scores that were given on their own, and that no preset changes; the bits of anl_align_options.given. */
enum {
    ANL_GIVEN_MATCH = 1,
    ANL_GIVEN_MISMATCH = 2,
    ANL_GIVEN_OPEN = 4,
    ANL_GIVEN_EXTEND = 8,
    ANL_GIVEN_LEAST = 16,
    ANL_GIVEN_UNPAIRED = 32,
    ANL_GIVEN_CLIP = 64,
};

typedef struct anl_align_options {
    int threads;             /**< -t, at least 1; never changes the result */
    int64_t batch_bases;     /**< -K, bp of reads in a batch, 0: by the size of the index; the insert size is estimated per batch */
    anl_extend_params align; /**< -A -B -O -E scores, -L clip bonuses, --eqx */
    int32_t unpaired;        /**< -U: what a pair may lose in score to be proper */
    int32_t min_score;       /**< -T: lower scores are reported unmapped */
    int32_t candidates;      /**< -k: neighbours fetched for a read before looking wider */
    int all;                 /**< -a: secondary alignments as well */
    int parts_secondary;     /**< -M: split alignments other than the primary one are flagged secondary, not supplementary */
    int parts_whole;         /**< -Y: they carry the whole read, soft-clipped */
    int leftmost_primary;    /**< -5: of a split read's alignments the one that begins first in the read is primary, not the best one */
    int no_rescue;           /**< -S: mates are not looked for beside each other */
    int no_pairing;          /**< -P: mates are placed on their own and never called proper */
    int32_t xa_most;         /**< -h: competing alignments in tag XA; with more it is left out */
    int32_t xa_most_alt;     /**< its second number: the same where some of them are on ALT contigs */
    int ignore_alt;          /**< -j: ALT contigs are as others */
    anl_search_path search;  /**< --search */
    int exhaustive;          /**< --exhaustive: reads are searched in all lists, and nothing is proven: the yardstick of adaptive search */
    int device;              /**< --device: one of ANL_DEVICE_*; never changes the result */
    int insert_given;        /**< -I: `insert` holds the model, nothing is estimated */
    anl_insert_model insert;
    anl_preset preset;            /**< -x */
    unsigned given;               /**< ANL_GIVEN_* */
    anl_stitch_params long_reads; /**< made from all of these by anl_align_options_resolve */
} anl_align_options;

/** The defaults of bwa mem: A1 B4 O6 E1 L5 U17 T30, one thread, batches of 10 Mbp, 64 candidates, native search, on the CPU. */
anl_align_options anl_align_options_default(void);

/* Headings of the options. */
#define ANL_SECTION_RECORDS "Records"
#define ANL_SECTION_SCORES "Scores"
#define ANL_SECTION_PAIRS "Pairs"
#define ANL_SECTION_SEARCH "Search and machine"

/** What sets the fields of anl_align_options: for the command line and for libanneal. */
extern const anl_option_table anl_align_option_table;

/** Sets what the preset says, and over it what was given on its own: scores of short reads, and long_reads. A gap cost given on its own is the
 *  only one. */
void anl_align_options_resolve(anl_align_options *o);

#endif
