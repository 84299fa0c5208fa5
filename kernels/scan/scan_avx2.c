#include "scan.h"

#include <immintrin.h>
#include <stddef.h>
#include <string.h>

#include "scan_limit.inc.h"

enum { MOST_D = ANL_ENCODER_MAX_DIM };

/* R queries, widened to 16 bits, by one panel. A vector holds 4 entries times 4 dimensions; pairs of products are summed at once. */
static inline __attribute__((always_inline)) void tile(const int R, const int16_t *queries, const int8_t *panel, size_t d, int32_t *out,
                                                       size_t stride)
{
    __m256i acc[3][4];
#pragma GCC unroll 3
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < 4; ++v) acc[r][v] = _mm256_setzero_si256();
    for (size_t c = 0; c < d; c += 4, panel += 64) {
        __m256i entries[4];
#pragma GCC unroll 4
        for (int v = 0; v < 4; ++v) entries[v] = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(panel + 16 * v)));
#pragma GCC unroll 3
        for (int r = 0; r < R; ++r) {
            int64_t four;
            memcpy(&four, queries + (size_t)r * d + c, sizeof four);
            const __m256i q = _mm256_set1_epi64x(four);
#pragma GCC unroll 4
            for (int v = 0; v < 4; ++v) acc[r][v] = _mm256_add_epi32(acc[r][v], _mm256_madd_epi16(q, entries[v]));
        }
    }
#pragma GCC unroll 3
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
        for (int v = 0; v < 4; v += 2)
            _mm256_storeu_si256((__m256i *)(out + (size_t)r * stride + 4 * (size_t)v),
                                _mm256_permute4x64_epi64(_mm256_hadd_epi32(acc[r][v], acc[r][v + 1]), 0xd8));
}

static void dots(const uint8_t *queries, int32_t n, const int8_t *panels, int32_t n_panels, int32_t d, int32_t *out)
{
    enum { ROWS = 24 };
    int16_t wide[ROWS * MOST_D];
    const size_t size = (size_t)d, stride = (size_t)n_panels * ANL_PANEL;
    for (int32_t begin = 0; begin < n; begin += ROWS) {
        const int32_t rows = n - begin < ROWS ? n - begin : ROWS;
        const uint8_t *from = queries + (size_t)begin * size;
        for (size_t i = 0; i < (size_t)rows * size; ++i) wide[i] = from[i];
        for (int32_t p = 0; p < n_panels; ++p) {
            const int8_t *panel = panels + (size_t)p * ANL_PANEL * size;
            int32_t *to = out + (size_t)begin * stride + (size_t)p * ANL_PANEL, r = 0;
            for (; r + 3 <= rows; r += 3) tile(3, wide + (size_t)r * size, panel, size, to + (size_t)r * stride, stride);
            for (; r < rows; ++r) tile(1, wide + (size_t)r * size, panel, size, to + (size_t)r * stride, stride);
        }
    }
}

static int32_t select_at_most(const int32_t *dot, const int32_t *bias, int32_t n, int32_t limit, uint32_t *which, int32_t *value)
{
    const __m256i most = _mm256_set1_epi32(limit);
    int32_t found = 0;
    for (int32_t j = 0; j < n; j += 8) {
        const __m256i v = _mm256_sub_epi32(_mm256_loadu_si256((const __m256i *)(bias + j)),
                                           _mm256_slli_epi32(_mm256_loadu_si256((const __m256i *)(dot + j)), 1));
        uint32_t in = ~(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(v, most))) & 0xff;
        for (; in; in &= in - 1) {
            const int32_t at = j + __builtin_ctz(in);
            which[found] = (uint32_t)at;
            value[found++] = anl_scan_value(bias[at], dot[at]);
        }
    }
    return found;
}

void anl_scan_fill_avx2(anl_scan_kernels *t)
{
    *t = (anl_scan_kernels){dots, select_at_most, limit_of_k, least};
}
