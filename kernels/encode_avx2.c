#include "encode_plain.inc.h"

#include <immintrin.h>

typedef enum epilogue { TO_S8, TO_RELU, TO_ADD } epilogue;

/* 8 finished sums. */
static inline __attribute__((always_inline)) void finish(epilogue what, const anl_encode_linear *l, __m256i acc, int32_t o, void *out)
{
    __m256 y = _mm256_mul_ps(_mm256_cvtepi32_ps(acc), _mm256_loadu_ps(l->scale + o));
    y = _mm256_add_ps(y, _mm256_loadu_ps(l->bias + o));
    const float low = what == TO_S8 ? -127.0f : what == TO_RELU ? 0.0f : -32767.0f;
    const float high = what == TO_S8 ? 127.0f : what == TO_RELU ? 255.0f : 32767.0f;
    y = _mm256_min_ps(_mm256_max_ps(y, _mm256_set1_ps(low)), _mm256_set1_ps(high));
    __m256i v = _mm256_cvtps_epi32(y);
    if (what == TO_ADD) {
        int16_t *x = (int16_t *)out + o;
        v = _mm256_add_epi32(v, _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)x)));
        v = _mm256_max_epi32(v, _mm256_set1_epi32(-32767));
        _mm_storeu_si128((__m128i *)x, _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1)));
        return;
    }
    const __m128i w = _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    _mm_storel_epi64((__m128i *)((uint8_t *)out + o), what == TO_S8 ? _mm_packs_epi16(w, w) : _mm_packus_epi16(w, w));
}

/* R rows, already widened to 16 bits, by 8 outputs. A vector holds 4 outputs times 4 inputs; pairs of products are summed at once. */
static inline __attribute__((always_inline)) void tile(const int R, epilogue what, const anl_encode_linear *l, const int16_t *a, int32_t o,
                                                       void *out, size_t row_bytes)
{
    __m256i acc[4][2];
    const size_t k = (size_t)l->k;
    const int8_t *w = l->weights + (size_t)(o / 16 * 16) * k + o % 16 * 4;
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) acc[r][0] = acc[r][1] = _mm256_setzero_si256();
    for (size_t i = 0; i < k; i += 4, w += 64) {
        const __m256i low = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)w));
        const __m256i high = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(w + 16)));
#pragma GCC unroll 4
        for (int r = 0; r < R; ++r) {
            int64_t four;
            memcpy(&four, a + (size_t)r * k + i, sizeof four);
            const __m256i x = _mm256_set1_epi64x(four);
            acc[r][0] = _mm256_add_epi32(acc[r][0], _mm256_madd_epi16(x, low));
            acc[r][1] = _mm256_add_epi32(acc[r][1], _mm256_madd_epi16(x, high));
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
        const __m256i sums = _mm256_permute4x64_epi64(_mm256_hadd_epi32(acc[r][0], acc[r][1]), 0xd8);
        finish(what, l, _mm256_add_epi32(sums, _mm256_loadu_si256((const __m256i *)(l->offset + o))), o, (char *)out + (size_t)r * row_bytes);
    }
}

static inline __attribute__((always_inline)) void linear(epilogue what, const anl_encode_linear *l, const uint8_t *a, int32_t rows, void *out)
{
    enum { ROWS = 48 }; /* 48 widened rows stay in the first-level cache while all outputs pass */
    const size_t row_bytes = (size_t)l->n * (what == TO_ADD ? sizeof(int16_t) : 1), k = (size_t)l->k;
    int16_t wide[ROWS * 2 * ANL_ENCODE_MAX_D];
    for (int32_t begin = 0; begin < rows; begin += ROWS) {
        const int32_t n = rows - begin < ROWS ? rows - begin : ROWS;
        const uint8_t *from = a + (size_t)begin * k;
        for (size_t i = 0; i < (size_t)n * k; ++i) wide[i] = from[i];
        for (int32_t o = 0; o < l->n; o += 8) {
            char *to = (char *)out + (size_t)begin * row_bytes;
            int32_t r = 0;
            for (; r + 4 <= n; r += 4) tile(4, what, l, wide + (size_t)r * k, o, to + (size_t)r * row_bytes, row_bytes);
            for (; r < n; ++r) tile(1, what, l, wide + (size_t)r * k, o, to + (size_t)r * row_bytes, row_bytes);
        }
    }
}

static void linear_s8(const anl_encode_linear *l, const uint8_t *a, int32_t rows, int8_t *out)
{
    linear(TO_S8, l, a, rows, out);
}

static void linear_relu(const anl_encode_linear *l, const uint8_t *a, int32_t rows, uint8_t *out)
{
    linear(TO_RELU, l, a, rows, out);
}

static void linear_add(const anl_encode_linear *l, const uint8_t *a, int32_t rows, int16_t *x)
{
    linear(TO_ADD, l, a, rows, x);
}

void anl_encode_fill_avx2(anl_encode_kernels *t)
{
    *t = (anl_encode_kernels){gather, norm, linear_s8, linear_relu, linear_add, attention, pool};
}
