/** Smith-Waterman kernels: many alignments at once, one in every SIMD lane, and the comparison of two stretches. */
#ifndef ANL_KERNELS_SW_H
#define ANL_KERNELS_SW_H

#include <stdint.h>

enum {
    ANL_SW_MAX_LANES = 64,
    ANL_SW_NARROW_QUERY = 255, /**< longest query of the 8-bit kernel, bp */
    ANL_SW_BAND_ROWS = 10, /**< query bases that share the columns of a band: a lane of the GPU has so many, all inside or all outside */
};

/** Scores: a match adds `match`; the rest are penalties, >= 0. A gap of g bp costs open + g * extend. N against anything costs 1. */
typedef struct anl_sw_params {
    int32_t match, mismatch, del_open, del_extend, ins_open, ins_extend;
} anl_sw_params;

/** Best local alignment: its score and the exclusive ends of the cell that reaches it, of equals the one with the smallest tend,
 *  then the smallest qend. score 0: no two bases match. */
typedef struct anl_sw_result {
    int32_t score, qend, tend;
} anl_sw_result;

/** Base codes 0-4, borrowed.
 *
 *  With a band only those cells of query base i and target base j count for which
 *  0 <= j - low - (i rounded down to a multiple of ANL_SW_BAND_ROWS) < band + ANL_SW_BAND_ROWS - 1: those on `band` diagonals j - i, the lowest
 *  of which is `low`, and a few beside them (Chao, Pearson and Miller 1992, doi 10.1093/bioinformatics/8.5.481). */
typedef struct anl_sw_job {
    const uint8_t *query, *target;
    int32_t qlen, tlen; /**< bp, 0 allowed */
    int32_t low;        /**< the band's lowest diagonal, 0 or below it */
    int32_t band;       /**< how many diagonals it has; 0: every cell counts */
} anl_sw_job;

/** A read: its base codes 0-4, and those of its reverse complement. Borrowed. */
typedef struct anl_sw_read {
    const uint8_t *strand[2];
    int32_t len; /**< bp */
} anl_sw_read;

/** A place where a read may lie. */
typedef struct anl_sw_place {
    int64_t begin; /**< joined coordinate of the first base of the reference that counts, */
    int32_t len;   /**< and how many do, all of one contig */
    uint32_t read; /**< its number among those of the call */
    uint8_t reverse;
    int32_t low, band; /**< as in anl_sw_job */
} anl_sw_place;

/** One call's worth of alignments, interleaved: element [i * lanes + lane] is base i of that lane's sequence. Bases 0-3; N is 4 in
 *  queries and 8 in targets, and pads the shorter ones. `rows` is scratch. All 64-byte aligned. 8-bit kernels take uint8_t elements, 16-bit
 *  kernels uint16_t with 0x8000 added to every query element. */
typedef struct anl_sw_group {
    const void *query;  /**< [qlen][lanes] */
    const void *target; /**< [tlen][lanes], so that the band of every lane begins with diagonal 0 */
    void *rows;         /**< 2 * [qlen][lanes] */
    int32_t qlen, tlen; /**< of the longest; tlen < 65536, and qlen as well for 16 bits */
    int32_t band;       /**< of all lanes, as in anl_sw_job */
} anl_sw_group;

/** Query bases [from, to) count at a target base. */
typedef struct anl_sw_rows {
    int32_t from, to;
} anl_sw_rows;

/** At target base j, counted from the one on the band's lowest diagonal at query base 0, of a query of qlen bases. `from` and `to` never fall as j
 *  grows. */
static inline anl_sw_rows anl_sw_rows_at(int32_t band, int32_t qlen, int32_t j)
{
    const int32_t columns = band + ANL_SW_BAND_ROWS - 1;
    if (!band) return (anl_sw_rows){0, qlen};
    const int32_t from = j < columns ? 0 : ((j - columns) / ANL_SW_BAND_ROWS + 1) * ANL_SW_BAND_ROWS;
    const int32_t to = (j / ANL_SW_BAND_ROWS + 1) * ANL_SW_BAND_ROWS;
    return (anl_sw_rows){from < qlen ? from : qlen, to < qlen ? to : qlen};
}

/** Aligns all lanes with Gotoh's affine recurrences (Rognes 2011, doi 10.1186/1471-2105-12-221: inter-sequence lanes). Returns the lanes
 *  (bit set) whose score did not fit: their results mean nothing. */
typedef uint64_t anl_sw_score(const anl_sw_params *p, const anl_sw_group *g, anl_sw_result *out);

/* How the best score of a cell came about, and more about the cell. */
enum {
    ANL_SW_COLUMN = 1, /**< of query and target: a match or mismatch */
    ANL_SW_DELETION = 2,
    ANL_SW_INSERTION = 3,
    ANL_SW_SOURCE = 3,              /**< the bits of these */
    ANL_SW_DELETION_GOES_ON = 4,    /**< one that ends in the next cell goes on from this one's deletion, and does not open here */
    ANL_SW_INSERTION_GOES_ON = 8,   /**< one that ends here goes on */
    ANL_SW_COLUMN_STARTS = 16,      /**< an alignment that ends with the column begins with it, too */
    ANL_SW_NOWHERE = INT32_MIN / 2, /**< the score of a cell that is not reached */
    ANL_SW_BAND_BLOCK = 16,         /**< cells that are computed together */
};

/** A row of a banded alignment: n cells beside each other on the target. All arrays have room for n, rounded up to ANL_SW_BAND_BLOCK, and one
 *  block more; on return h and insertion are nowhere behind the first n. `from` tells of a deletion what its next cell needs. */
typedef struct anl_sw_band {
    const uint8_t *target; /**< [n] base codes, then any */
    int32_t n;
    int32_t base;       /**< of the query */
    int32_t start;      /**< score of an alignment that begins here */
    int32_t *h;         /**< of the row above, h[b] diagonally above cell b; on return of this row */
    int32_t *insertion; /**< the same of what ends in an insertion */
    int32_t *column;    /**< out: scores of what ends in a column */
    uint8_t *from;      /**< out: how the best one came about */
} anl_sw_band;

typedef struct anl_sw_kernels {
    int lanes8, lanes16;
    anl_sw_score *score8;  /**< scores up to 254 - mismatch */
    anl_sw_score *score16; /**< scores up to 65534 - mismatch */
    /** Sets bit i % 64 of bits[i / 64] where a[i] != b[i] or either is above 3; returns how many. bits has (n + 63) / 64 words. */
    int32_t (*mismatches)(const uint8_t *a, const uint8_t *b, int32_t n, uint64_t *bits);
    /** The recurrences of Gotoh (1982, doi 10.1016/0022-2836(82)90398-9) for one row. Returns the best score of a column. */
    int32_t (*band_row)(const anl_sw_params *p, const anl_sw_band *row);
} anl_sw_kernels;

void anl_sw_fill_scalar(anl_sw_kernels *t);
void anl_sw_fill_avx2(anl_sw_kernels *t);
void anl_sw_fill_avx512(anl_sw_kernels *t);
void anl_sw_fill_neon(anl_sw_kernels *t);

#endif
