/* Dot products by the vpdpbusd of AVX-VNNI. */
#include "scan.h"

#include <stddef.h>
#include <string.h>

#include "vnni256.inc.h"

/* R queries by V halves of panels, all sums in registers: 6 x 2 or 1 x 8. */
static inline __attribute__((always_inline)) void tile(const int R, const int V, const uint8_t *queries, const int8_t *panels, size_t d,
                                                       int32_t *out, size_t stride)
{
    __m256i acc[6][8];
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) acc[r][v] = _mm256_setzero_si256();
    for (size_t c = 0; c < d; c += 4) {
        __m256i entries[8];
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v)
            entries[v] = _mm256_loadu_si256((const __m256i *)(panels + (size_t)(v / 2) * ANL_PANEL * d + ANL_PANEL * c + 32 * (v % 2)));
#pragma GCC unroll 6
        for (int r = 0; r < R; ++r) {
            int32_t four;
            memcpy(&four, queries + (size_t)r * d + c, sizeof four);
            const __m256i q = _mm256_set1_epi32(four);
#pragma GCC unroll 8
            for (int v = 0; v < V; ++v) acc[r][v] = dot4(acc[r][v], q, entries[v]);
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) _mm256_storeu_si256((__m256i *)(out + (size_t)r * stride + 8 * (size_t)v), acc[r][v]);
}

/* All queries by P panels, 1 or 4, which stay in the L1 cache. */
static inline __attribute__((always_inline)) void columns(const int P, const uint8_t *queries, int32_t n, const int8_t *panels, size_t d,
                                                          int32_t *out, size_t stride)
{
    int32_t i = 0;
    for (; i + 6 <= n; i += 6)
        for (int p = 0; p < P; ++p)
            tile(6, 2, queries + (size_t)i * d, panels + (size_t)p * ANL_PANEL * d, d, out + (size_t)i * stride + (size_t)p * ANL_PANEL,
                 stride);
    for (; i < n; ++i) tile(1, 2 * P, queries + (size_t)i * d, panels, d, out + (size_t)i * stride, stride);
}

#include "scan_columns.inc.h"

void anl_scan_fill_avxvnni(anl_scan_kernels *t)
{
    t->dots = dots;
    t->take_high = NULL; /* vpdpbusd takes whole products in the time of the sieve's */
    t->sieve = NULL;
}
