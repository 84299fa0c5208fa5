/** What alignment is tuned by, with units, reasons and what chose each number; what search is tuned by stands in search_tuning.h. Scores are
 *  in units of the match score. */
#ifndef ANL_ALIGN_TUNING_H
#define ANL_ALIGN_TUNING_H

#include "locate.h"

/* ---- batches ---- */

enum {
    ANL_CHUNK = 512,         /* reads that a thread takes through a stage together: a search kernel meets each list with many queries */
    ANL_CHUNK_ON_GPU = 4096, /* the same where a GPU embeds and searches: fewer and longer kernels (docs/gpu.md) */
    ANL_CHUNK_READ = 512,    /* bp that a read of a full chunk has room for; long reads make smaller chunks */
};

/* ---- locate ---- */

enum {
    ANL_GAP_ROOM = 20,    /* bp: gaps looked for beside a diagonal expected or voted for */
    ANL_VOTE_TILE = 2048, /* bp of a region that give one place: the region that the voter takes, less the longest read */
};

/* k of short reads is times that of -k, for which 64 is the default. */
static const anl_locate_params anl_locate_short = {.k = 1, .k_factor = 8, .k_most = 2048, .min_votes = 3};

/* A segment that a split read leaves over is short, and looks less like its window than a whole read. */
static const anl_locate_params anl_locate_split = {.k = 8, .k_factor = 8, .k_most = 2048, .min_votes = 3};

/* A long read has segments to spare, and chains of them to tell noise by. */
static const anl_locate_params anl_locate_long = {
    .k = 32, .k_factor = 8, .k_most = 512, .together = 1, .min_votes = 5, .min_on_contig = ANL_ENCODER_MIN_LEN};

enum {
    ANL_WHOLE_QUARTERS = 5,    /* a short read of up to 5/4 windows is one segment: it still looks like its window */
    ANL_LONG_SPACING = 640,    /* bp between segments of a read long enough to have many, */
    ANL_LONG_FEW = 12,         /* and at least so many gaps between segments otherwise, */
    ANL_LONG_CLOSEST = 80,     /* bp, unless they would be closer than this */
    ANL_LONG_MOST = 2048,      /* segments: bounds the memory of one read */
    ANL_LONG_STRONG = 15,      /* votes that random sequence does not give */
    ANL_LONG_STRONG_SHARE = 2, /* with strong votes for 1/2 of the segments, searching wider would find nothing new */
};

/* ---- adaptive search ---- */

enum { ANL_WAVES = 3 };

/* Lists that a read has gone through after each wave. At 2.08 M windows the nearest 2 hold a window that covers a read of 0.5% errors in 70% of cases,
 * 8 in 92.5%, 32 in 99.1%. */
static const int32_t anl_waves[ANL_WAVES] = {2, 8, 32};

enum {
    ANL_PROOF_MISMATCHES = 12,  /* a read with more is not proven anyway */
    ANL_SETTLING_LEAD = 7,      /* matches by which a pair must be better than with a mate elsewhere to settle that mate: a MAPQ of 40 */
    ANL_FIRST_PAIRS = 2048,     /* pairs of a run that give the first insert sizes, by which mates are looked for beside each other */
};

/* ---- candidates ---- */

enum {
    ANL_WEAK_PLACE = 3,        /* places with less than 1/3 of the most votes are not scored */
    ANL_UNGAPPED_MISMATCHES = 1, /* so many on a diagonal cost less than a gap and what it could win: the ungapped score is final */
    ANL_SAME_PLACE = 20,       /* candidates whose starts differ by up to 1/20 of the read are one: gaps move the start */
    ANL_SHARED = 2,            /* candidates compete that share 1/2 of the shorter segment, as in bwa mem (mask_level 0.5) */
    ANL_BAND_GROWTH = 32,      /* bp by which a band too narrow for its score grows, then twice that, ... */
    ANL_TRACED_CANDIDATES = 32, /* candidates aligned to see which bases they take; a segment of a read may be a repeat */
    ANL_XA_MOST = 5,           /* competing alignments in tag XA, unless -h says; with more it is left out. bwa mem's -h */
    ANL_XA_NUM = 4, ANL_XA_DEN = 5, /* they have at least 4/5 of the score, as in bwa mem (XA_drop_ratio 0.8) */
};

/* ---- pairs and insert sizes, as bwa mem's mem_pestat and mem_pair (Li 2013, arXiv 1303.3997) ---- */

enum {
    ANL_INSERT_MOST = 10000,   /* bp; larger inserts say nothing about the library. bwa mem's max_ins */
    ANL_INSERT_PAIRS = 10,     /* pairs of an orientation that an estimate needs. MIN_DIR_CNT */
    ANL_INSERT_RARE = 20,      /* orientations with less than 1/20 of the pairs of the commonest are chance. MIN_DIR_RATIO */
    ANL_INSERT_OUTLIER = 2,    /* interquartile ranges beyond the quartiles within which mean and deviation are taken. OUTLIER_BOUND */
    ANL_INSERT_BOUND = 3,      /* the same for what is proper, ... MAPPING_BOUND */
    ANL_INSERT_SD = 4,         /* ... at least so many standard deviations. MAX_STDDEV */
    ANL_UNIQUE_NUM = 4, ANL_UNIQUE_DEN = 5, /* a pair is evidence if no competing score exceeds 4/5 of a mate's. MIN_RATIO 0.8 */
    ANL_UNIQUE_MAPQ = 20,      /* or, of a mate that is aligned already, if it has this MAPQ */
    ANL_RESCUE_FROM = 16,      /* candidates of one mate from which the other is looked for */
    ANL_MATE_MIN_SCORE = 19,   /* matches of a mate beside one that scores enough: bwa mem's shortest seed (-k 19) */
};

#define ANL_INSERT_LOG_ODDS 0.721 /* score units of a match that an e-fold of odds is worth: 1 / ln 4, as in bwa mem */

/* ---- MAPQ ---- */

enum {
    ANL_MAPQ_MAX = 60,         /* as bwa mem and minimap2 */
    ANL_MAPQ_TRUNCATED = 3,    /* at most, where candidates are missing: as for two equal places, one of which is reported */
    ANL_MAPQ_MIN_SECOND = 19,  /* matches that two random places share anyway: bwa mem's shortest seed */
    ANL_MAPQ_PAIR_GAIN = 40,   /* the most that pairing adds: as bwa mem */
    ANL_MAPQ_CERTAIN = 100,    /* score of a chain beyond which it supports its alignment fully: minimap2's mm_set_mapq, ... */
};

#define ANL_MAPQ_SUPPORT 0.01  /* ... and what each unit below supports */

#define ANL_MAPQ_PER_MATCH 6.02   /* Phred units of a match: 10 log10 4, as in bwa mem */
#define ANL_MAPQ_PER_E_FOLD 4.343 /* Phred units of an e-fold: 10 / ln 10, as in bwa mem and minimap2 */
#define ANL_MAPQ_FULL_SPAN 50     /* bp from which a longer alignment damps MAPQ: bwa mem's mapQ_coef_len, ... */
#define ANL_MAPQ_LN_FULL_SPAN 3.912 /* ... and its logarithm */
#define ANL_MAPQ_OF_CHAINS 40     /* scale of a chain's MAPQ: minimap2's mm_set_mapq */
#define ANL_MAPQ_ROUND 0.499      /* as in bwa mem and minimap2 */

/* ---- split reads ---- */

enum {
    ANL_SPLIT_SURPLUS = 8,     /* matches beyond those that two random places of the genome share: genomes are not random */
    ANL_SPLIT_AROUND = 10000,  /* bp beside the primary alignment that are voted on: most rearrangements are local */
    ANL_SPLIT_ROUNDS = 3,      /* a segment may itself be split */
    ANL_SPLIT_FIRST_LOOK = 2,  /* a segment alone needs 1/2 of its least score: the rest may lie in what both segments share */
};

/* ---- long reads ---- */

enum {
    ANL_CHAIN_GAP = 20000,     /* bp that a chain of segments may leap */
    ANL_CHAIN_LOOK_BACK = 100, /* predecessors tried for a segment's place */
    ANL_CHAIN_MIN_SCORE = 8,   /* votes less the cost of leaps */
    ANL_CHAIN_HOLE = 2,        /* holes of more than so many segment spacings in a chain are free for other chains */
    ANL_MATCHES_HOLE = 400,    /* bp, the same for a chain of matches, */
    ANL_INSERTION_HOLE = 100,  /* bp, and for an alignment */
    ANL_MATCHES_MIN_SCORE = 40, /* of a chain of matches: minimap2's -m */
    ANL_CHAINS_MOST = 64,      /* chains whose matches are counted */
    ANL_CHAINS_READ = 4,       /* times as many are considered for that */
    ANL_CHAINS_COMPETING = 24, /* of them for one segment of the read */
    ANL_CHAIN_NUM = 1, ANL_CHAIN_DEN = 2, /* a competing chain has at least 1/2 of the score */
    ANL_ALIGNED_COMPETING = 5, /* competing chains aligned for one segment of the read: minimap2's -N */
    ANL_ALIGNED_ALL = 50,      /* the same with -a */
    ANL_MATCHES_NUM = 8, ANL_MATCHES_DEN = 10, /* a competing chain of matches has at least 8/10 of the score: minimap2's -p */
    ANL_SECOND_CLAIM = 2,      /* times the least score that a segment of a read other than the best one needs */
};

#endif
