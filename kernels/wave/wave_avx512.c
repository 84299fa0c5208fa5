#include "wave.h"

#include <immintrin.h>

#define OWN_FOLLOW
#include "wave_step.inc.h"

/* Most diagonals differ within four bases: those are compared together, the others go on one by one. */
static inline void follow_block(const anl_wave_step *s, int32_t lo, const int16_t *limit, int16_t *column)
{
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), zero = _mm512_setzero_si512();
    const __m512i one = _mm512_set1_epi32(1);
    for (int l = 0; l < BLOCK; l += 16) {
        __m512i i = _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)(column + l)));
        const __m512i room = _mm512_sub_epi32(_mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)(limit + l))), i);
        const __m512i j = _mm512_add_epi32(i, _mm512_add_epi32(lane, _mm512_set1_epi32(lo + l)));
        const __mmask16 reached = _mm512_cmpge_epi32_mask(i, zero),
                        four = _mm512_mask_cmpge_epi32_mask(reached, room, _mm512_set1_epi32(4));
        const __m512i differ = _mm512_xor_si512(_mm512_mask_i32gather_epi32(zero, four, i, s->query, 1),
                                                _mm512_mask_i32gather_epi32(zero, four, j, s->target, 1));
        const __mmask16 all = _mm512_mask_testn_epi32_mask(four, differ, differ);
        i = _mm512_mask_add_epi32(i, _mm512_mask_testn_epi32_mask(four, differ, _mm512_set1_epi32(0xff)), i, one);
        i = _mm512_mask_add_epi32(i, _mm512_mask_testn_epi32_mask(four, differ, _mm512_set1_epi32(0xffff)), i, one);
        i = _mm512_mask_add_epi32(i, _mm512_mask_testn_epi32_mask(four, differ, _mm512_set1_epi32(0xffffff)), i, one);
        i = _mm512_mask_add_epi32(i, all, i, one);
        _mm256_storeu_si256((__m256i *)(column + l), _mm512_cvtepi32_epi16(i));
        for (uint32_t left = (uint32_t)(all | (reached & ~four)); left; left &= left - 1) {
            const int at = l + __builtin_ctz(left);
            column[at] = follow_matches(s, lo + at, column[at], limit[at]);
        }
    }
}

void anl_wave_fill_avx512(anl_wave_kernels *t)
{
    t->step = step;
}
