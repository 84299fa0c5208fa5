#include "sw.h"

#include <immintrin.h>
#include <string.h>

static inline __m512i table_of(const uint8_t *bytes)
{
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)bytes));
}

typedef struct {
    __m512i low, high;
} u16x64;

static inline u16x64 index_select64(__mmask64 m, uint16_t j, u16x64 old)
{
    const __m512i v = _mm512_set1_epi16((short)j);
    return (u16x64){_mm512_mask_mov_epi16(old.low, (__mmask32)m, v), _mm512_mask_mov_epi16(old.high, (__mmask32)(m >> 32), v)};
}

#define VEC __m512i
#define LOAD(p) _mm512_load_si512(p)
#define STORE(p, v) _mm512_store_si512(p, v)
#define ZERO _mm512_setzero_si512()
#define XOR _mm512_xor_si512
#define TABLE(bytes) table_of(bytes)
#define LOOKUP(t, x) _mm512_shuffle_epi8(t, x)

#define NAME score8
#define ELEM uint8_t
#define MAXIMUM UINT8_MAX
#define LANES 64
#define MASK __mmask64
#define SPLAT(x) _mm512_set1_epi8((char)(x))
#define ADDS _mm512_adds_epu8
#define SUBS _mm512_subs_epu8
#define MAX _mm512_max_epu8
#define GREATER _mm512_cmpgt_epu8_mask
#define SELECT(m, a, b) _mm512_mask_mov_epi8(b, m, a)
#define INDEXES u16x64
#define INDEX_SELECT index_select64
#include "sw_inter.inc.h"
#undef NAME
#undef ELEM
#undef MAXIMUM
#undef LANES
#undef MASK
#undef SPLAT
#undef ADDS
#undef SUBS
#undef MAX
#undef GREATER
#undef SELECT
#undef INDEXES
#undef INDEX_SELECT

#define NAME score16
#define ELEM uint16_t
#define MAXIMUM UINT16_MAX
#define LANES 32
#define MASK __mmask32
#define SPLAT(x) _mm512_set1_epi16((short)(x))
#define ADDS _mm512_adds_epu16
#define SUBS _mm512_subs_epu16
#define MAX _mm512_max_epu16
#define GREATER _mm512_cmpgt_epu16_mask
#define SELECT(m, a, b) _mm512_mask_mov_epi16(b, m, a)
#define INDEXES __m512i
#define INDEX_SELECT(m, j, old) _mm512_mask_mov_epi16(old, m, _mm512_set1_epi16((short)(j)))
#include "sw_inter.inc.h"

#define BAND_LANES 16
#define BAND_MOST(a, b) _mm512_max_epi32((__m512i)(a), (__m512i)(b))
#include "band_row.inc.h"

static int32_t mismatches(const uint8_t *a, const uint8_t *b, int32_t n, uint64_t *bits)
{
    const __m512i three = _mm512_set1_epi8(3);
    int32_t count = 0;
    for (int32_t i = 0; i < n; i += 64) {
        const __mmask64 in = n - i >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (n - i)) - 1;
        const __m512i x = _mm512_maskz_loadu_epi8(in, a + i), y = _mm512_maskz_loadu_epi8(in, b + i);
        const __mmask64 differ = _mm512_cmpneq_epi8_mask(x, y) | _mm512_cmpgt_epu8_mask(x, three);
        bits[i / 64] = differ;
        count += __builtin_popcountll(differ);
    }
    return count;
}

void anl_sw_fill_avx512(anl_sw_kernels *t)
{
    t->lanes8 = 64;
    t->lanes16 = 32;
    t->score8 = score8;
    t->score16 = score16;
    t->mismatches = mismatches;
    t->band_row = band_row;
}
