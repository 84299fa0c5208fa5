/* What a linear layer does with its sums, on 512-bit vectors. */
#include "encode.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

typedef enum epilogue { TO_S8, TO_U8, TO_S32, ADD_S16 } epilogue;

/* Four vectors of 16 int32 -> 64 bytes in order, after packs within 128-bit lanes. */
INLINE __m512i in_order(__m512i packed)
{
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, packed);
}

/* The layer's scaling of 16 accumulators from output o. */
INLINE __m512i scaled(const anl_linear_packed *l, int o, __m512i acc)
{
    __m512 y = _mm512_mul_ps(_mm512_cvtepi32_ps(acc), _mm512_loadu_ps(l->scale + o));
    return _mm512_cvtps_epi32(_mm512_add_ps(y, _mm512_loadu_ps(l->shift + o)));
}

INLINE void add_residual(int16_t *x, __m512i a, __m512i b)
{
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    __m512i y = _mm512_permutexvar_epi64(order, _mm512_packs_epi32(a, b));
    _mm512_storeu_si512(x, _mm512_adds_epi16(_mm512_loadu_si512(x), y));
}

/* The epilogue of one row of a tile: outputs o ... of `out`; c and d only where nv is 4. */
INLINE void finish_row(const anl_linear_packed *l, int o, int nv, epilogue kind, void *out, __m512i a, __m512i b, __m512i c, __m512i d)
{
    a = scaled(l, o, a);
    b = scaled(l, o + 16, b);
    c = nv == 4 ? scaled(l, o + 32, c) : a;
    d = nv == 4 ? scaled(l, o + 48, d) : b;
    if (kind == TO_S32) {
        int32_t *y = (int32_t *)out + o;
        _mm512_storeu_si512(y, a);
        _mm512_storeu_si512(y + 16, b);
        if (nv == 4) _mm512_storeu_si512(y + 32, c);
        if (nv == 4) _mm512_storeu_si512(y + 48, d);
    } else if (kind == ADD_S16) {
        add_residual((int16_t *)out + o, a, b);
        if (nv == 4) add_residual((int16_t *)out + o + 32, c, d);
    } else {
        __m512i low = _mm512_packs_epi32(a, b), high = _mm512_packs_epi32(c, d);
        __m512i y = in_order(kind == TO_U8 ? _mm512_packus_epi16(low, high) : _mm512_packs_epi16(low, high));
        if (kind == TO_S8) y = _mm512_max_epi8(y, _mm512_set1_epi8(-127));
        if (nv == 4)
            _mm512_storeu_si512((int8_t *)out + o, y);
        else
            _mm256_storeu_si256((__m256i *)((int8_t *)out + o), _mm512_castsi512_si256(y));
    }
}
