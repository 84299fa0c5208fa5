#include "scan.h"

#include <immintrin.h>
#include <stddef.h>
#include <string.h>

#include "scan_limit.inc.h"
#include "vnni512.inc.h"

enum { ROWS = 6 /* queries of a tile */ };

/* What lies behind V panels, which may be nothing: an address to ask memory for, not a pointer. */
static inline uintptr_t behind(const int V, const int8_t *panels, size_t d)
{
    return (uintptr_t)panels + (size_t)V * ANL_PANEL * d;
}

/* R queries by V panels, all sums in registers. Meanwhile memory is asked for the A panels from `ahead` on. */
static inline __attribute__((always_inline)) void tile(const int R, const int V, const int A, const uint8_t *queries, const int8_t *panels,
                                                       size_t d, int32_t *out, size_t stride, uintptr_t ahead)
{
    __m512i acc[ROWS][4];
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) acc[r][v] = _mm512_setzero_si512();
    for (size_t c = 0; c < d; c += 4) {
        __m512i entries[4];
#pragma GCC unroll 4
        for (int a = 0; a < A; ++a) __builtin_prefetch((const void *)(ahead + (size_t)a * ANL_PANEL * d + ANL_PANEL * c));
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) entries[v] = _mm512_loadu_si512(panels + (size_t)v * ANL_PANEL * d + ANL_PANEL * c);
#pragma GCC unroll 6
        for (int r = 0; r < R; ++r) {
            int32_t four;
            memcpy(&four, queries + (size_t)r * d + c, sizeof four);
            const __m512i q = _mm512_set1_epi32(four);
#pragma GCC unroll 4
            for (int v = 0; v < V; ++v) acc[r][v] = dot4(acc[r][v], q, entries[v]);
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) _mm512_storeu_si512(out + (size_t)r * stride + (size_t)v * ANL_PANEL, acc[r][v]);
}

/* A few queries, fewer than a whole tile has. */
static inline __attribute__((always_inline)) void few(const int V, const int A, const uint8_t *queries, int32_t n, const int8_t *panels,
                                                      size_t d, int32_t *out, size_t stride)
{
    const uintptr_t ahead = behind(V, panels, d);
    if (n == 1) tile(1, V, A, queries, panels, d, out, stride, ahead);
    if (n == 2) tile(2, V, A, queries, panels, d, out, stride, ahead);
    if (n == 3) tile(3, V, A, queries, panels, d, out, stride, ahead);
    if (n == 4) tile(4, V, A, queries, panels, d, out, stride, ahead);
    if (n == 5) tile(5, V, A, queries, panels, d, out, stride, ahead);
}

/* The panels behind are asked for by the first tile, or by several, if there are so many, a panel each. */
static inline __attribute__((always_inline)) void columns(const int V, const uint8_t *queries, int32_t n, const int8_t *panels, size_t d,
                                                          int32_t *out, size_t stride)
{
    uintptr_t ahead = behind(V, panels, d);
    int32_t i = 0;
    if (n < ROWS) {
        few(V, V, queries, n, panels, d, out, stride);
        return;
    }
    if (n < ROWS * V) {
        tile(ROWS, V, V, queries, panels, d, out, stride, ahead);
        i = ROWS;
    } else
        for (; i < ROWS * V; i += ROWS, ahead += ANL_PANEL * d)
            tile(ROWS, V, 1, queries + (size_t)i * d, panels, d, out + (size_t)i * stride, stride, ahead);
    for (; i + ROWS <= n; i += ROWS) tile(ROWS, V, 0, queries + (size_t)i * d, panels, d, out + (size_t)i * stride, stride, ahead);
    few(V, 0, queries + (size_t)i * d, n - i, panels, d, out + (size_t)i * stride, stride);
}

#include "scan_columns.inc.h"

static int32_t select_at_most(const int32_t *dot, const int32_t *bias, int32_t n, int32_t limit, uint32_t *which, int32_t *value)
{
    const __m512i most = _mm512_set1_epi32(limit), lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    int32_t found = 0;
    for (int32_t j = 0; j < n; j += 16) {
        const __m512i v = _mm512_sub_epi32(_mm512_loadu_si512(bias + j), _mm512_slli_epi32(_mm512_loadu_si512(dot + j), 1));
        const __mmask16 in = _mm512_cmple_epi32_mask(v, most);
        if (!in) continue;
        /* Compressed in a register: compressing into memory is very slow on some processors. The lanes behind are overwritten. */
        _mm512_storeu_si512(which + found, _mm512_maskz_compress_epi32(in, _mm512_add_epi32(lane, _mm512_set1_epi32(j))));
        _mm512_storeu_si512(value + found, _mm512_maskz_compress_epi32(in, v));
        found += __builtin_popcount(in);
    }
    return found;
}

void anl_scan_fill_avx512(anl_scan_kernels *t)
{
    *t = (anl_scan_kernels){.dots = dots, .select_at_most = select_at_most, .limit_of_k = limit_of_k, .least = least};
}
