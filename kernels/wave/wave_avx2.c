#include "wave.h"

#include <immintrin.h>

#define OWN_FOLLOW
#include "wave_step.inc.h"

/* All ones where the bytes of `mask` are equal. */
static inline __m256i equal(__m256i differ, int32_t mask)
{
    return _mm256_cmpeq_epi32(_mm256_and_si256(differ, _mm256_set1_epi32(mask)), _mm256_setzero_si256());
}

/* Most diagonals differ within four bases: those are compared together, the others go on one by one. */
static inline void follow_block(const anl_wave_step *s, int32_t lo, const int16_t *limit, int16_t *column)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), zero = _mm256_setzero_si256();
    for (int l = 0; l < BLOCK; l += 8) {
        const __m256i i = _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(column + l)));
        const __m256i room = _mm256_sub_epi32(_mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(limit + l))), i);
        const __m256i j = _mm256_add_epi32(i, _mm256_add_epi32(lane, _mm256_set1_epi32(lo + l)));
        const __m256i reached = _mm256_cmpgt_epi32(i, _mm256_set1_epi32(-1));
        const __m256i four = _mm256_and_si256(reached, _mm256_cmpgt_epi32(room, _mm256_set1_epi32(3)));
        const __m256i differ = _mm256_xor_si256(_mm256_mask_i32gather_epi32(zero, (const int *)s->query, i, four, 1),
                                                _mm256_mask_i32gather_epi32(zero, (const int *)s->target, j, four, 1));
        const __m256i all = _mm256_and_si256(four, equal(differ, -1));
        const __m256i count = _mm256_add_epi32(_mm256_add_epi32(equal(differ, 0xff), equal(differ, 0xffff)),
                                               _mm256_add_epi32(equal(differ, 0xffffff), equal(differ, -1)));
        const __m256i to = _mm256_sub_epi32(i, _mm256_and_si256(four, count));
        const __m128i low = _mm256_castsi256_si128(to), high = _mm256_extracti128_si256(to, 1);
        _mm_storeu_si128((__m128i *)(column + l), _mm_packs_epi32(low, high));
        const __m256i go_on = _mm256_or_si256(all, _mm256_andnot_si256(four, reached));
        for (uint32_t left = (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(go_on)); left; left &= left - 1) {
            const int at = l + __builtin_ctz(left);
            column[at] = follow_matches(s, lo + at, column[at], limit[at]);
        }
    }
}

void anl_wave_fill_avx2(anl_wave_kernels *t)
{
    t->step = step;
}
