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

static void take_high(const int8_t *panels, const int32_t *bias, int32_t n_panels, int32_t d, int8_t *high, int32_t *high_bias)
{
    const __m256i seven = _mm256_set1_epi8(7), sign = _mm256_set1_epi8(16), ones8 = _mm256_set1_epi8(1), ones16 = _mm256_set1_epi16(1);
    for (int32_t p = 0; p < n_panels; ++p)
        for (int half = 0; half < 2; ++half, bias += 8, high_bias += 8) {
            __m256i low = _mm256_setzero_si256(); /* of each entry the sum of its low bits */
            for (size_t c = 0; c < (size_t)d * ANL_PANEL; c += ANL_PANEL_LINE) {
                const size_t at = (size_t)p * ANL_PANEL * (size_t)d + c + 32 * (size_t)half;
                const __m256i x = _mm256_loadu_si256((const __m256i *)(panels + at));
                const __m256i shifted = _mm256_and_si256(_mm256_srli_epi16(x, 3), _mm256_set1_epi8(31));
                _mm256_storeu_si256((__m256i *)(high + at), _mm256_sub_epi8(_mm256_xor_si256(shifted, sign), sign));
                low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_and_si256(x, seven), ones8), ones16));
            }
            const __m256i whole = _mm256_loadu_si256((const __m256i *)bias);
            _mm256_storeu_si256((__m256i *)high_bias, _mm256_sub_epi32(whole, _mm256_slli_epi32(low, 8))); /* 2 * ANL_PANEL_OFFSET */
        }
}

/* R queries by the high parts of one panel: adds `bit` to may[R] where one of its entries is within the limit. Four results of vpmaddubsw are added
 * in 16 bits: they are 4 * 2 * 255 * 16 = 32,640 at the most. */
static inline __attribute__((always_inline)) void sift(const int R, const uint8_t *queries, const int32_t *loose, const int8_t *panel,
                                                       const int32_t *bias, size_t d, uint32_t bit, uint32_t *may)
{
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i acc[3][2];
#pragma GCC unroll 3
    for (int r = 0; r < R; ++r) acc[r][0] = acc[r][1] = _mm256_setzero_si256();
    for (size_t c = 0; c < d; c += 16, panel += 4 * ANL_PANEL_LINE) {
        __m256i sum[3][2];
#pragma GCC unroll 4
        for (int k = 0; k < 4; ++k) {
            const __m256i x0 = _mm256_loadu_si256((const __m256i *)(panel + ANL_PANEL_LINE * k));
            const __m256i x1 = _mm256_loadu_si256((const __m256i *)(panel + ANL_PANEL_LINE * k + 32));
#pragma GCC unroll 3
            for (int r = 0; r < R; ++r) {
                int32_t four;
                memcpy(&four, queries + (size_t)r * d + c + 4 * (size_t)k, sizeof four);
                const __m256i q = _mm256_set1_epi32(four), p0 = _mm256_maddubs_epi16(q, x0), p1 = _mm256_maddubs_epi16(q, x1);
                sum[r][0] = k ? _mm256_add_epi16(sum[r][0], p0) : p0;
                sum[r][1] = k ? _mm256_add_epi16(sum[r][1], p1) : p1;
            }
        }
#pragma GCC unroll 3
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
            for (int v = 0; v < 2; ++v) acc[r][v] = _mm256_add_epi32(acc[r][v], _mm256_madd_epi16(sum[r][v], ones));
    }
#pragma GCC unroll 3
    for (int r = 0; r < R; ++r) {
        const __m256i most = _mm256_set1_epi32(loose[r]);
        __m256i far = _mm256_set1_epi32(-1);
#pragma GCC unroll 2
        for (int v = 0; v < 2; ++v)
            far = _mm256_and_si256(
                far, _mm256_cmpgt_epi32(
                         _mm256_sub_epi32(_mm256_loadu_si256((const __m256i *)(bias + 8 * v)), _mm256_slli_epi32(acc[r][v], 4)), most));
        may[r] |= _mm256_movemask_epi8(far) == -1 ? 0 : bit;
    }
}

static void sieve(const uint8_t *queries, const int32_t *loose, int32_t n, const int8_t *high, const int32_t *high_bias, int32_t n_panels,
                  int32_t d, uint32_t *may)
{
    const size_t size = (size_t)d;
    memset(may, 0, (size_t)n * sizeof *may);
    for (int32_t p = 0; p < n_panels; ++p) {
        const int8_t *panel = high + (size_t)p * ANL_PANEL * size;
        const int32_t *bias = high_bias + (size_t)p * ANL_PANEL;
        const uint32_t bit = UINT32_C(1) << p;
        int32_t r = 0;
        for (; r + 3 <= n; r += 3) sift(3, queries + (size_t)r * size, loose + r, panel, bias, size, bit, may + r);
        for (; r < n; ++r) sift(1, queries + (size_t)r * size, loose + r, panel, bias, size, bit, may + r);
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
    *t = (anl_scan_kernels){
        .dots = dots, .select_at_most = select_at_most, .limit_of_k = limit_of_k, .least = least, .take_high = take_high, .sieve = sieve};
}
