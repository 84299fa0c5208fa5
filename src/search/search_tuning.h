/** What search is tuned by: a number, its unit, why, and what chose it. Other values in brackets are those that benchmarks/try-tuning was run
 *  with; docs/tuning.md has the figures. */
#ifndef ANL_SEARCH_TUNING_H
#define ANL_SEARCH_TUNING_H

#include <stdint.h>

/* ---- thresholds, as cosines between query and window in sixteenths ---- */

enum {
    ANL_COSINE_ONE = 16,
    /* Hits below this are noise. At 1/3 the shorter side of 0.7% of split reads was lost (commit a4cba8c, by benchmarks/score-splits), at 3/10
     * three of 1,692 real reads that other aligners place (7f740b5, by benchmarks/compare-places). 2 finds no more. */
    ANL_COSINE_NOISE = 4,
    /* A nearest hit below this may hide a nearer one in a list not probed: after the usual number of lists (12: one diverged read more is wrong
     * at MAPQ 20; 14: nothing gained), ... */
    ANL_COSINE_SURE = 13,
    /* ... and after more (10 and 12 find the same). */
    ANL_COSINE_SURE_WIDER = 11,
    /* A window whose cosine is lower than the nearest's by more than this cannot hold a place that competes with it (3: 5 of 4,000 split reads
     * lost; 5: nothing gained, split reads 20% slower). */
    ANL_COSINE_DROP_COMPETING = 4,
    /* Where all hits asked for lie within this of the nearest, they look alike, and more may lie behind them (1: one diverged read lost, one
     * wrong at MAPQ 20; 3: 3 of 4,000 diverged and 9 of 4,000 split reads gained for twice the time). */
    ANL_COSINE_DROP_SATURATED = 2,
};

/** Squared distance of two vectors of one squared norm at a cosine (in sixteenths): 2 * squared_norm * (1 - cosine), rounded down. */
static inline int32_t anl_distance_at(int32_t squared_norm, int32_t cosine)
{
    return squared_norm * (ANL_COSINE_ONE - cosine) / (ANL_COSINE_ONE / 2);
}

/** By how much the squared distance grows where the cosine falls by `drop` sixteenths. */
static inline int32_t anl_distance_of_drop(int32_t squared_norm, int32_t drop)
{
    return anl_distance_at(squared_norm, ANL_COSINE_ONE - drop);
}

/* ---- effort ---- */

enum {
    /* Entries gone through for a query, times the square root of the entries stored: 12,600 of 100,000. With half as many, 4 of 147,901
     * reads of near-identical copies were wrong at MAPQ 60, with these none (commit a4cba8c, by benchmarks/calibrate-mapq). With twice as
     * many, pairs take 20% longer. */
    ANL_ENTRIES_PER_ROOT = 40,
    ANL_MANY_LISTS = 4096,    /* an index with so many (60 Mbp and more) is too large for caches: reads are to meet in its lists */
    ANL_RANKED = 8,           /* nearest lists of a query that are kept in their order at the least, for waves through few of them */
    ANL_RANKED_MOST = 256,    /* at the most, 1 KB: the usual lists of 50 M windows are 95 */
    ANL_QUERIES_AT_ONCE = 48, /* queries multiplied with a list in one kernel call: a tile of every kernel level divides it */
    ANL_SURVIVORS = 4,        /* times k hits are kept before they are cut back to k: fewer cuts, more memory; ... */
    ANL_SURVIVORS_LEAST = 64, /* ... at least so many, ... */
    ANL_SURVIVORS_MOST = 256, /* ... at most so many, or 3/2 of k */
    /* Bytes, beside their hits, of queries that a thread searches at once, ... */
    ANL_BYTES_AT_ONCE = 1 << 25,
    /* ... and that all threads together do: enough for 80,000 reads in the usual lists of 56 M windows, 17,000 in 16 times as many, 10,000 that ask
     * for 2,048 hits. A pass through these lists takes as long as 20,000 reads. */
    ANL_BYTES_TOGETHER = 1 << 28,
};

/* ---- building ---- */

enum {
    ANL_WINDOW = 176, /* bp: a read of 150 bp fits as a whole into one window wherever it begins (commit ac3b4fc, by anneal recall) */
    ANL_STRIDE = 48,  /* bp: docs/model-card.md compares strides; */
    /* of large references: a file of 0.88 times the size, in which as many reads of human-like 100 Mb are right (docs/tuning.md), ... */
    ANL_STRIDE_SPARSE = 56,
    ANL_SPARSE_FROM = 1000000000,  /* ... from so many bp on: a small file has nothing to save */
    ANL_EMBED_BLOCK = 256,         /* windows that a thread embeds at a time: little waiting at the end of a contig */
    ANL_EMBED_BLOCK_ON_GPU = 8192, /* the same where a GPU embeds: fewer and longer kernels (docs/gpu.md) */
};

#endif
