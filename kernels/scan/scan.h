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
