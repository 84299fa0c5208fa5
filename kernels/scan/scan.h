/** Scan kernels: dot products of query vectors with the entries of inverted lists, and selection among their distances. */
#ifndef ANL_KERNELS_SCAN_H
#define ANL_KERNELS_SCAN_H

#include "encoder_shape.h"
#include "panel.h"

#include <stdint.h>

/** A neighbour: squared L2 distance of the int8 vectors (exact), window number. Ordered by (dist, window). */
typedef struct anl_hit {
    int32_t dist;
    uint32_t window;
} anl_hit;

/** bias - 2 * dot. A bias that is read before its file has been checked may be any number: the value then wraps around, at every level alike. */
static inline int32_t anl_scan_value(int32_t bias, int32_t dot)
{
    return (int32_t)((uint32_t)bias - 2 * (uint32_t)dot);
}

enum { ANL_SIEVE_PANELS = 32 /**< at most at a time: a bit each */ };

/** The most that the low bits of an entry can make of twice its product with a query: by so much a sieve's limit is too low without it. */
static inline int32_t anl_sieve_slack(const uint8_t *query, int32_t d)
{
    enum { LOW = 7 /* the most that the low three bits of an entry are */ };
    int32_t positive = 0;
    for (int32_t c = 0; c < d; ++c) positive += query[c] > ANL_PANEL_OFFSET ? query[c] - ANL_PANEL_OFFSET : 0;
    return 2 * LOW * positive;
}

typedef struct anl_scan_kernels {
    /** out[i][j] = sum over c of queries[i][c] * entry j [c]; queries [n][d] bytes, panels of signed entries, d a multiple of 32 up to 256;
     *  out [n][16 * panels]. */
    void (*dots)(const uint8_t *queries, int32_t n, const int8_t *panels, int32_t n_panels, int32_t d, int32_t *out);

    /** Entries j of n (a multiple of 16) with bias[j] - 2 * dots[j] <= limit: their numbers to which, the values to value, both with room
     *  for n + 16; returns how many. */
    int32_t (*select_at_most)(const int32_t *dots, const int32_t *bias, int32_t n, int32_t limit, uint32_t *which, int32_t *value);

    /** A limit that exactly k of values[n] do not exceed; where ties make that impossible, the k-th smallest. 1 <= k <= n. */
    int32_t (*limit_of_k)(const int32_t *values, int32_t n, int32_t k);

    /** The least of bias[j] - 2 * dots[j], j < n; INT32_MAX when n is 0. */
    int32_t (*least)(const int32_t *dots, const int32_t *bias, int32_t n);

    /** Only at levels whose products are dear, else both NULL: what of a list can be near, by the high five bits of every element, in half the time.
     *
     *  An element is 8 h + l, h signed and 0 <= l <= 7. The product of q, a query less ANL_PANEL_OFFSET, with an entry is at most 8 times that with h, and
     *  what the positive elements of q make of l = 7. take_high writes h, and a bias in which the offset's product with l is counted.
     *
     *  take_high: panels, and the bias of their entries, to high and high_bias, which are as large. */
    void (*take_high)(const int8_t *panels, const int32_t *bias, int32_t n_panels, int32_t d, int8_t *high, int32_t *high_bias);

    /** Bit p of may[i]: panel p of n_panels <= ANL_SIEVE_PANELS may hold an entry with bias - 2 * dot <= a limit for queries[i], to which loose[i] adds
     *  anl_sieve_slack. Without the bit it holds none. d a multiple of 32 up to 256, as above. */
    void (*sieve)(const uint8_t *queries, const int32_t *loose, int32_t n, const int8_t *high, const int32_t *high_bias, int32_t n_panels,
                  int32_t d, uint32_t *may);
} anl_scan_kernels;

void anl_scan_fill_scalar(anl_scan_kernels *t);
void anl_scan_fill_avx2(anl_scan_kernels *t);
void anl_scan_fill_avxvnni(anl_scan_kernels *t); /**< on top of AVX2: what vpdpbusd does better */
void anl_scan_fill_avx512(anl_scan_kernels *t);
void anl_scan_fill_amx(anl_scan_kernels *t); /**< on top of AVX-512: what tiles do better */
void anl_scan_fill_neon(anl_scan_kernels *t);
void anl_scan_fill_dotprod(anl_scan_kernels *t); /**< on top of NEON: what sdot does better */
void anl_scan_fill_i8mm(anl_scan_kernels *t);    /**< on top of that: what usmmla does better */

#endif
