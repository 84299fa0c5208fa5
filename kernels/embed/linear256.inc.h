/* Moving 256-bit vectors, and what a linear layer does with its sums. */
#include "encode.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

typedef enum epilogue { TO_S8, TO_U8, TO_S32, ADD_S16 } epilogue;

INLINE __m256i load(const void *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

INLINE void store(void *p, __m256i v)
{
    _mm256_storeu_si256((__m256i *)p, v);
}

INLINE int32_t sum_epi32(__m256i v)
{
    int32_t lane[8], sum = 0;
    store(lane, v);
    for (int i = 0; i < 8; ++i) sum += lane[i];
    return sum;
}

/* 16 int32 -> int16, saturated, in order. */
INLINE __m256i narrow(__m256i a, __m256i b)
{
    return _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
}

/* 16 int16 -> -127..127. */
INLINE __m128i to_s8(__m256i v)
{
    __m128i y = _mm_packs_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    return _mm_max_epi8(y, _mm_set1_epi8(-127));
}

INLINE __m256i scaled(const anl_linear_packed *l, int o, __m256i acc)
{
    __m256 y = _mm256_mul_ps(_mm256_cvtepi32_ps(acc), _mm256_loadu_ps(l->scale + o));
    return _mm256_cvtps_epi32(_mm256_add_ps(y, _mm256_loadu_ps(l->shift + o)));
}

/* The epilogue of one row of a tile: 16 outputs from o. */
INLINE void finish_row(const anl_linear_packed *l, int o, epilogue kind, void *out, __m256i a, __m256i b)
{
    a = scaled(l, o, a);
    b = scaled(l, o + 8, b);
    if (kind == TO_S32) {
        store((int32_t *)out + o, a);
        store((int32_t *)out + o + 8, b);
        return;
    }
    __m256i y = narrow(a, b);
    if (kind == ADD_S16) {
        int16_t *x = (int16_t *)out + o;
        store(x, _mm256_adds_epi16(load(x), y));
    } else {
        __m128i u = _mm_packus_epi16(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
        _mm_storeu_si128((__m128i *)((uint8_t *)out + o), kind == TO_U8 ? u : to_s8(y));
    }
}
