#include "sw.h"

#include <immintrin.h>
#include <string.h>

static inline __m256i table_of(const uint8_t *bytes)
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)bytes));
}

/* Unsigned a > b, as all-ones elements. */
static inline __m256i greater8(__m256i a, __m256i b)
{
    return _mm256_xor_si256(_mm256_cmpeq_epi8(_mm256_max_epu8(a, b), b), _mm256_set1_epi8(-1));
}

static inline __m256i greater16(__m256i a, __m256i b)
{
    return _mm256_xor_si256(_mm256_cmpeq_epi16(_mm256_max_epu16(a, b), b), _mm256_set1_epi8(-1));
}

typedef struct {
    __m256i low, high;
} u16x32;

static inline u16x32 index_select32(__m256i m, uint16_t j, u16x32 old)
{
    const __m256i v = _mm256_set1_epi16((short)j);
    const __m256i low = _mm256_cvtepi8_epi16(_mm256_castsi256_si128(m)), high = _mm256_cvtepi8_epi16(_mm256_extracti128_si256(m, 1));
    return (u16x32){_mm256_blendv_epi8(old.low, v, low), _mm256_blendv_epi8(old.high, v, high)};
}

#define VEC __m256i
#define MASK __m256i
#define LOAD(p) _mm256_load_si256((const __m256i *)(p))
#define STORE(p, v) _mm256_store_si256((__m256i *)(p), v)
#define ZERO _mm256_setzero_si256()
#define XOR _mm256_xor_si256
#define TABLE(bytes) table_of(bytes)
#define LOOKUP(t, x) _mm256_shuffle_epi8(t, x)
#define SELECT(m, a, b) _mm256_blendv_epi8(b, a, m)

#define NAME score8
#define ELEM uint8_t
#define MAXIMUM UINT8_MAX
#define LANES 32
#define SPLAT(x) _mm256_set1_epi8((char)(x))
#define ADDS _mm256_adds_epu8
#define SUBS _mm256_subs_epu8
#define MAX _mm256_max_epu8
#define GREATER greater8
#define INDEXES u16x32
#define INDEX_SELECT index_select32
#include "sw_inter.inc.h"
#undef NAME
#undef ELEM
#undef MAXIMUM
#undef LANES
#undef SPLAT
#undef ADDS
#undef SUBS
#undef MAX
#undef GREATER
#undef INDEXES
#undef INDEX_SELECT

#define NAME score16
#define ELEM uint16_t
#define MAXIMUM UINT16_MAX
#define LANES 16
#define SPLAT(x) _mm256_set1_epi16((short)(x))
#define ADDS _mm256_adds_epu16
#define SUBS _mm256_subs_epu16
#define MAX _mm256_max_epu16
#define GREATER greater16
#define INDEXES __m256i
#define INDEX_SELECT(m, j, old) _mm256_blendv_epi8(old, _mm256_set1_epi16((short)(j)), m)
#include "sw_inter.inc.h"

#define BAND_LANES 8
#define BAND_MOST(a, b) _mm256_max_epi32((__m256i)(a), (__m256i)(b))
#include "band_row.inc.h"

static int32_t mismatches(const uint8_t *a, const uint8_t *b, int32_t n, uint64_t *bits)
{
    const __m256i three = _mm256_set1_epi8(3);
    int32_t count = 0;
    memset(bits, 0, (size_t)(n + 63) / 64 * sizeof *bits);
    int32_t i = 0;
    for (; i + 32 <= n; i += 32) {
        const __m256i x = _mm256_loadu_si256((const __m256i *)(a + i)), y = _mm256_loadu_si256((const __m256i *)(b + i));
        const __m256i same = _mm256_andnot_si256(_mm256_cmpgt_epi8(x, three), _mm256_cmpeq_epi8(x, y));
        const uint32_t differ = ~(uint32_t)_mm256_movemask_epi8(same);
        bits[i / 64] |= (uint64_t)differ << i % 64;
        count += __builtin_popcount(differ);
    }
    for (; i < n; ++i)
        if (a[i] != b[i] || a[i] > 3) {
            bits[i / 64] |= (uint64_t)1 << i % 64;
            ++count;
        }
    return count;
}

void anl_sw_fill_avx2(anl_sw_kernels *t)
{
    t->lanes8 = 32;
    t->lanes16 = 16;
    t->score8 = score8;
    t->score16 = score16;
    t->mismatches = mismatches;
    t->band_row = band_row;
}
