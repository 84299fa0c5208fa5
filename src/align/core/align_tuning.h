/** What alignment is tuned by: a number, its unit, why, and what chose it. "Half, double" and the like name other values that
 *  benchmarks/try-tuning was run with; docs/tuning.md has the figures. "bwa mem" and "minimap2" are where a number was taken from. Scores count
 *  in match scores. What search is tuned by stands in search_tuning.h. */
#ifndef ANL_ALIGN_TUNING_H
#define ANL_ALIGN_TUNING_H

#include "locate.h"

/* ---- batches ---- */

enum {
    ANL_BATCH = 10000000, /* bp of a batch, as bwa mem's of one thread; ... */
    /* ... times as many as an index has times ANL_MANY_LISTS, but no more: with 4 a run with -t 8 takes more than 1.5 GB beside the index. */
    ANL_BATCH_MOST = 3,
    /* Reads that a thread takes through a stage together, if every thread has two such chunks: at 2 M windows 512 take twice as long, 2,048 a
     * third longer. */
    ANL_CHUNK = 8192,
    /* The same where there are ANL_MANY_LISTS, so that a list that is scanned meets queries of all reads of a batch. */
    ANL_CHUNK_MOST = 262144,
    ANL_CHUNK_LEAST = 512, /* where threads have less, no fewer than these */
    ANL_CHUNK_ON_GPU =
        16384,            /* the same where a GPU embeds and searches, if every thread has one: it takes all threads' queries together */
    ANL_CHUNK_READ = 512, /* bp that a read of a full chunk has room for; long reads make smaller chunks */
};

/* ---- locate ---- */

enum {
    /* Hits held at once, of all threads, of segments for which more are fetched than of others: 128 MB, 8,192 segments of large repeats. */
    ANL_DEEP_HITS = 1 << 24,
    ANL_DEEP_HITS_ON_GPU = 1 << 26, /* the same where a GPU searches: 600,000 reads of 1.5 Gb in 2.1 s, with ANL_DEEP_HITS in 2.2 */
    ANL_GAP_ROOM = 20,        /* bp: gaps that are looked for beside a diagonal; 40 finds no more and takes 20% longer on diverged reads */
    ANL_CROWD_MISSING = 36,   /* votes, those of 4 mismatches, that a place lacks at most which has nearly all of them, */
    ANL_CROWD_MISSING_OF = 4, /* and 1/4 of all: with 18 5% slower */
    ANL_WEAK_PLACE = 3,       /* places with less than 1/3 of the most votes are not scored: 1/2 and 1/6 find the same, 1/6 8% slower */
    ANL_VOTE_TILE = 2048,     /* bp of a region that give one place: the voter's largest region less its longest read, in whole KiB */
};

/* k of short reads and of segments of split reads is times that of -k, 64 unless given. min_votes: a run of 11
 * equal bases gives 3 9-mers; 2 and 5 find the same. k_most bounds the time for repeats; 512 and 8,192 find the same. */
static const anl_locate_params anl_locate_short = {
    .k = 1, .k_factor = 8, .k_most = 2048, .copies = 1, .min_votes = 3, .weak = ANL_WEAK_PLACE};

/* A segment that a split read leaves over is short and looks less like its window: with k = 1, 4, 8, 16 both breakpoints of 2,546, 2,553, 2,560
 * and 2,564 of 4,000 reads are found, the last taking 13% longer. */
static const anl_locate_params anl_locate_split = {
    .k = 8, .k_factor = 8, .k_most = 2048, .copies = 1, .min_votes = 3, .weak = ANL_WEAK_PLACE};

/* A long read has segments to spare, and chains of them to tell noise by: half and double of k, k_most and min_votes find the same. Segments
 * get more neighbours together, as one repeat covers many of them; each for itself takes 20% longer (together = 0). A chain needs true lengths,
 * so a segment is cut to its contig, and left out where less than the encoder takes remains. */
static const anl_locate_params anl_locate_long = {
    .k = 32, .k_factor = 8, .k_most = 512, .together = 1, .min_votes = 5, .min_on_contig = ANL_ENCODER_MIN_LEN};

enum {
    ANL_WHOLE_QUARTERS = 5, /* a short read of up to 5/4 windows is one segment: most of it still lies in one window */
    ANL_LONG_SPACING = 640, /* bp between segments of a read long enough to have many: half and double find the same, */
    ANL_LONG_FEW = 12,      /* and at least so many gaps between segments otherwise: 6 take 20% less time, */
    ANL_LONG_CLOSEST = 80,  /* bp, unless they would be closer than this: 160 take 35% less time on reads of 1,000 bp */
    ANL_LONG_MOST = 2048,   /* segments: bounds the memory of one read */
    ANL_LONG_TOGETHER =
        2048, /* segments of reads that are embedded and searched together, 2 MB: what keeps a GPU busy, and a list's queries meet */
    ANL_LONG_STRONG =
        15, /* votes that random sequence does not give: a run of 23 equal bases, or 15 of the 168 9-mers of a segment; 30 take 30%
                                  more time on noisy reads */
    ANL_LONG_STRONG_SHARE = 2, /* with strong votes for 1/2 of the segments a chain is there, and searching wider is not worth it: at 1/1
                                  diverged reads take twice as long */
};

/* ---- adaptive search ---- */

enum { ANL_LIGHT_WAVES = 2, ANL_WAVES = 3 };

/* Lists that a read has gone through after each wave: two by the vector of the light encoder, then one by that of the full one, which begins anew and
 * goes on to the usual lists. */
static const int32_t anl_waves[ANL_WAVES] = {2, 8, 8};

enum {
    /* Hundredths of cosine: a read whose nearest window in 4 times the usual lists has less than the base and so much for each 100 bp, 46 at the
     * most, may be of another genome. Of 10,000 reads of P. aeruginosa with 8% errors 2 are (and 1 to 5 of 5,000 of 50 to 250 bp), of human reads on E. coli 93%. */
    ANL_FOREIGN_BASE = 22,
    ANL_FOREIGN_PER_100 = 24,
    ANL_FOREIGN_MOST = 46,
    ANL_FOREIGN_PAIR =
        2, /* so many less in the usual lists are enough where both mates have it: with 0, 1 of 100,000 pairs with 10% is lost. */
    ANL_FOREIGN_HITS = 24, /* Nor does one of so many hits (32: 5% slower) have ... */
    ANL_FOREIGN_VOTES =
        7,           /* ... so many votes: else chimeras of three pieces, and 16 of 40,000 mates with 10% of differences, were lost. */
    ANL_PROBED = 4,  /* nearest hits at which probes are tried; */
    ANL_FETCHED = 2, /* so many of them are asked of memory ahead: of the others most are not looked at */
    ANL_COSINE_ALIKE = 12, /* sixteenths: where the nearest is as near and all lie within ... */
    ANL_ALIKE_DROP = 3, /* ... so many hundredths of cosine, more hits are asked for at once: 12 double the reads that need none of them */
    ANL_PROOF_MISMATCHES = 12, /* a read with more is not proven anyway */
    ANL_SETTLING_LEAD = 7,     /* matches by which a pair must be better than with a mate elsewhere to settle that mate: a MAPQ of 40 */
    ANL_TOGETHER_LEAD =
        17, /* the same of a pair that neither mate proves, over both elsewhere: as much as proves a read; 10: docs/proof.md */
    ANL_FIRST_PAIRS = 256,  /* pairs of a run that give the first insert sizes, by which mates are looked for beside each other, ... */
    ANL_FIRST_ENOUGH = 100, /* ... where so many of one orientation tell; else so many pairs are looked at: */
    ANL_FIRST_PAIRS_MOST = 2048,
    ANL_LIBRARY_LOW =
        2, /* % of a run's reads that fit so badly that a better place is looked for more widely (-x diverged): with 0 3 of 20,000 reads of human
                            haplotypes with 10% of differences are wrong at MAPQ 60; 5 find the same and take 10% longer */
};

/* ---- reads whose nearest window is not near (anl_search_is_sure) ---- */

enum {
    ANL_EXPLAINED_SCORE = 25, /* % of the best score: a place with as much, and no less than -T, is no chance; */
    ANL_REPEAT_UNIQUE = 60,   /* % of its k-mers that must be unique, or copies of it may lie in lists not gone through */
};

/* ---- diverged reads (-x diverged) ---- */

enum {
    ANL_DIVERGED_SURE = 35,   /* matches that a score is worth which chance does not give among the windows gone through */
    ANL_DIVERGED_BESIDE = 30, /* the same where the insert sizes say that a mate lies */
    ANL_DIVERGED_FIRST = 8,   /* nearest hits that vote first, */
    ANL_DIVERGED_RIVAL_NUM = 2,
    ANL_DIVERGED_RIVAL_DEN = 3,   /* which is enough where no other candidate has 2/3 of the score */
    ANL_COPY_BP = 25,             /* where so many bp in a row have only k-mers that occur elsewhere as well, a copy is likely; */
    ANL_DIVERGED_COPY_COSINE = 6, /* sixteenths: its windows are as near to what it is a copy of, */
    ANL_DIVERGED_COPY_WEAK =
        8, /* and it has 1/8 of the votes that the place itself has: with 1/3 6% of copies with 9% of differences are missed */
    ANL_DIVERGED_K = 2048,   /* neighbours that vote where nothing stands out, */
    ANL_DIVERGED_NEARER = 4, /* but 1/4 of them first, */
    ANL_DIVERGED_MIN_VOTES = 2,
    ANL_DIVERGED_ALIGNED = 256, /* windows that such a read is aligned to, whatever its k-mers say */
};

/* ---- read-through ---- */

enum {
    ANL_READTHROUGH_LEAST =
        30, /* bp of an insert: a shorter one could not be reported anyway (-T 30), and units of satellites that face each other
                                   begin alike for 23 bp */
    ANL_READTHROUGH_ERRORS = 10, /* mates that run through their insert differ in at most 1/10 of its bases; the same for repeats */
    ANL_ADAPTER_ALIKE = 8,       /* bp that both adapters of a library begin with, but for 1: Illumina's have 13 and 19, MGI's 8 */
    ANL_ADAPTER_KEY = 18,        /* bp of an adapter that are looked for, which no read without a place begins to have by chance, */
    ANL_ADAPTER_LEAST = 12,      /* and so many at its end */
    ANL_TAIL_OF_G = 20,          /* bp of G at the end of a read that are clipped: genomes seldom have so many */
    ANL_REPEAT_MOTIF = 6,        /* bp of the longest motif of a microsatellite */
};

/* ---- parts of reads that have no place as wholes ---- */

enum {
    ANL_PART = 50,           /* bp */
    ANL_PART_LISTS = 16,     /* nearest lists of a part that are searched by its light vector: 8 lose 2 of 1,000 chimeras of 4 x 50 bp */
    ANL_PART_HITS = 4,       /* nearest hits of it that vote, */
    ANL_PART_HITS_MORE = 32, /* and of one searched as widely as a whole */
    ANL_PART_COSINE = 8, /* if they are as near, in sixteenths of cosine: 1 in 7 parts of another genome is, and 97% of parts of this one */
    ANL_PART_VOTES = 7,  /* of its k-mers: 15 equal bases in a row */
};

/* ---- candidates ---- */

enum {
    ANL_FIRST_PLACES =
        32, /* places with the most votes that are scored first; of others only what may matter beside them; 16 and 64 find the same */
    ANL_KEPT_CANDIDATES =
        512, /* of a read, unless -a asks for all: bounds the memory of a batch. 256 lose 4 of 40,000 reads of maize subtelomeres, 128 lose 22 */
    ANL_KEPT_EQUAL = 64,       /* where so many have the best score, only these: MAPQ is 0, and a mate that knows better finds its place */
    ANL_HITS_TOGETHER = 65536, /* of reads that are voted on and scored together, 20 MB: a chunk of ordinary reads has fewer */
    ANL_SW_QUEUE = 16384,      /* places that are scored together: 5 MB of reference; more gain nothing */
    ANL_UNGAPPED_MISMATCHES = 1, /* so many on a diagonal cost less than a gap and what it could win: the ungapped score is final */
    ANL_STRAIGHT_MISMATCHES = 8, /* the same where no votes are for other diagonals and the mismatches lie apart (straight.h) */
    ANL_SAME_PLACE = 20,        /* candidates whose starts differ by up to 1/20 of the read are one, as gaps move the start: half, double */
    ANL_SHARED = 2,             /* candidates compete that share 1/2 of the shorter segment, as in bwa mem (mask_level 0.5) */
    ANL_BAND_GROWTH = 32,       /* bp by which a band too narrow for its score grows, then twice that, ...: half, double */
    ANL_TRACED_CANDIDATES = 32, /* candidates aligned to see which bases of the read they take, as a segment may be a repeat: 8, 128 */
    ANL_TRACED_TOGETHER = 65536, /* candidates of reads that a GPU traces together: about 11 MB a worker for what is asked and told */
    ANL_XA_MOST = 5,             /* competing alignments in tag XA, unless -h says; with more it is left out, as in bwa mem (-h 5) */
    ANL_XA_MOST_ALT = 200,       /* the same where some are on ALT contigs */
    ANL_XA_NUM = 4,
    ANL_XA_DEN = 5, /* they have at least 4/5 of the score, as in bwa mem (XA_drop_ratio 0.8) */
};

/* ---- pairs and insert sizes, as bwa mem's mem_pestat and mem_pair (Li 2013, arXiv 1303.3997) ---- */

enum {
    ANL_INSERT_MOST = 10000, /* bp; larger inserts say nothing about the library. bwa mem's max_ins */
    ANL_INSERT_PAIRS = 10,   /* pairs of an orientation that an estimate needs. MIN_DIR_CNT */
    ANL_INSERT_RARE = 20,    /* orientations with less than 1/20 of the pairs of the commonest are chance. MIN_DIR_RATIO */
    ANL_INSERT_OUTLIER = 2,  /* interquartile ranges beyond the quartiles within which mean and deviation are taken. OUTLIER_BOUND */
    ANL_INSERT_BOUND = 3,    /* the same for what is proper, ... MAPPING_BOUND */
    ANL_INSERT_SD = 4,       /* ... at least so many standard deviations. MAX_STDDEV */
    ANL_UNIQUE_NUM = 4,
    ANL_UNIQUE_DEN = 5,      /* a pair is evidence if no competing score exceeds 4/5 of a mate's. MIN_RATIO 0.8 */
    ANL_UNIQUE_MAPQ = 20,    /* or, of a mate that is aligned already, if it has this MAPQ */
    ANL_RESCUE_FROM = 16,    /* candidates of one mate from which the other is looked for; bwa mem's -m is 50: 4, 64 */
    ANL_MATE_MIN_SCORE = 16, /* matches of a mate beside one that scores enough: no mate of another genome has them (of 8,000); with 19,
                                bwa mem's shortest seed, a third of the mates unplaced at 10% divergence stay so */
};

#define ANL_INSERT_LOG_ODDS 0.721 /* score units of a match that an e-fold of odds is worth: 1 / ln 4, as in bwa mem */

/* ---- MAPQ ---- */

enum {
    ANL_MAPQ_MAX = 60,        /* as bwa mem and minimap2 */
    ANL_MAPQ_TRUNCATED = 3,   /* at most, where candidates are missing: as for two equal places, one of which is reported */
    ANL_MAPQ_MIN_SECOND = 19, /* matches that two random places share anyway: bwa mem's shortest seed */
    ANL_MAPQ_PAIR_GAIN = 40,  /* the most that pairing adds: as bwa mem */
    ANL_MAPQ_CERTAIN = 100,   /* score of a chain beyond which it supports its alignment fully: minimap2's mm_set_mapq, ... */
};

#define ANL_MAPQ_SUPPORT 0.01 /* ... and what each unit below supports */

#define ANL_MAPQ_PER_MATCH 6.02     /* Phred units of a match: 10 log10 4, as in bwa mem */
#define ANL_MAPQ_PER_E_FOLD 4.343   /* Phred units of an e-fold: 10 / ln 10, as in bwa mem and minimap2 */
#define ANL_MAPQ_FULL_SPAN 50       /* bp from which a longer alignment damps MAPQ: bwa mem's mapQ_coef_len, ... */
#define ANL_MAPQ_LN_FULL_SPAN 3.912 /* ... and its logarithm */
#define ANL_MAPQ_OF_CHAINS 40       /* scale of a chain's MAPQ: minimap2's mm_set_mapq */
#define ANL_MAPQ_ROUND 0.499        /* as in bwa mem and minimap2 */

/* ---- split reads ---- */

enum {
    ANL_SPLIT_SURPLUS = 8,    /* matches beyond those that two random places of the genome share, as genomes are not random: with 12 both
                                  breakpoints of 5% fewer reads are found and 8% fewer splits are false */
    ANL_SPLIT_AROUND = 10000, /* bp beside the primary alignment that are voted on, as most rearrangements are local: 0 finds 0.5% fewer */
    ANL_SPLIT_ROUNDS = 3,     /* a segment may itself be split: 1, 6 */
    ANL_SPLIT_FIRST_LOOK = 2, /* a segment alone needs 1/2 of its least score, as the rest may lie in what both segments share: 1/1, 1/4 */
};

/* ---- long reads: of all these, half and double find the same unless it is said what they do ---- */

enum {
    ANL_CHAIN_GAP = 20000,      /* bp that a chain of segments may leap: a deletion of that size stays one alignment's matter */
    ANL_CHAIN_LOOK_BACK = 100,  /* predecessors tried for a segment's place */
    ANL_CHAIN_MIN_SCORE = 8,    /* votes less the cost of leaps: a single segment with as many is looked at */
    ANL_CHAIN_HOLE = 2,         /* holes of more than so many segment spacings in a chain are free for other chains */
    ANL_MATCHES_HOLE = 400,     /* bp, the same for a chain of matches, */
    ANL_INSERTION_HOLE = 100,   /* bp, and for an alignment: longer insertions may belong elsewhere */
    ANL_MATCHES_MIN_SCORE = 40, /* of a chain of matches: minimap2's -m */
    ANL_CHAINS_MOST = 64,       /* chains whose matches are counted: bounds the time for repeats */
    ANL_CHAINS_READ = 4,        /* times as many are looked at, as most are copies of better ones */
    ANL_CHAINS_COMPETING = 24,  /* of them for one segment of the read */
    ANL_CHAIN_NUM = 1,
    ANL_CHAIN_DEN = 2,         /* a competing chain has at least 1/2 of the score: votes are a rough measure */
    ANL_ALIGNED_COMPETING = 5, /* competing chains aligned for one segment of the read: minimap2's -N */
    ANL_ALIGNED_ALL = 50,      /* the same with -a */
    ANL_MATCHES_NUM = 8,
    ANL_MATCHES_DEN = 10, /* a competing chain of matches has at least 8/10 of the score: minimap2's -p */
    ANL_SECOND_CLAIM = 2, /* times the least score that a segment of a read other than the best one needs (commit dcd05e3) */
};

#endif
