#include "kmer.h"

#include <immintrin.h>
#include <string.h>

enum { BLOCK = 64, SEEN = BLOCK + ANL_KMER_K - 1 };

/* A part's table of 1,024 bits: of four bases, two bits each in a byte, and a fifth, seven bits choose a byte and three a bit of it. */
static inline __mmask64 has(const __m512i table[2], __m512i four, __m512i fifth)
{
    const __m512i masks = _mm512_set1_epi64((int64_t)0x8040201008040201);
    const __m512i high = _mm512_and_si512(_mm512_srli_epi16(four, 7), _mm512_set1_epi8(1));
    const __m512i bit = _mm512_shuffle_epi8(masks, _mm512_or_si512(high, _mm512_slli_epi16(fifth, 1)));
    return _mm512_test_epi8_mask(_mm512_permutex2var_epi8(table[0], four, table[1]), bit);
}

static inline __m512i four_of(__m512i two, __m512i next)
{
    return _mm512_or_si512(two, _mm512_slli_epi16(next, 4));
}

/* Of 64 k-mers, for which 72 bases are read, those with all parts known. */
static inline uint64_t with_parts(const __m512i tables[ANL_KMER_PARTS][2], const uint8_t *bases)
{
    const __m512i three = _mm512_set1_epi8(3);
    __m512i base[ANL_KMER_K], two[4];
    for (int i = 0; i < ANL_KMER_K; ++i) base[i] = _mm512_and_si512(three, _mm512_loadu_si512(bases + i));
    for (int i = 0; i < 4; ++i) two[i] = _mm512_or_si512(base[2 * i], _mm512_slli_epi16(base[2 * i + 1], 2));
    return has(tables[0], four_of(two[0], two[1]), base[4]) & has(tables[1], four_of(two[2], two[3]), base[8]) &
           has(tables[2], four_of(two[1], two[2]), base[6]) & has(tables[3], four_of(two[0], two[3]), base[3]);
}

static void find(const anl_kmer_set *s, const uint8_t *bases, int32_t n, uint64_t *bits)
{
    __m512i tables[ANL_KMER_PARTS][2];
    for (int p = 0; p < ANL_KMER_PARTS; ++p)
        for (int half = 0; half < 2; ++half) tables[p][half] = _mm512_loadu_si512(s->parts[p] + 64 * half);
    memset(bits, 0, (size_t)(n + 63) / 64 * sizeof *bits);
    for (int32_t from = 0; from + ANL_KMER_K <= n; from += BLOCK) {
        uint8_t rest[SEEN] = {0};
        const uint8_t *at = bases + from;
        uint64_t inside = UINT64_MAX;
        if (n - from < SEEN) {
            memcpy(rest, at, (size_t)(n - from));
            at = rest;
            inside >>= SEEN - (n - from);
        }
        bits[from / 64] = with_parts(tables, at) & inside;
    }
}

static inline uint64_t equal_bases(const uint8_t *a, const uint8_t *b, int32_t n)
{
    const __mmask64 in = UINT64_MAX >> (64 - n);
    const __m512i x = _mm512_maskz_loadu_epi8(in, a), y = _mm512_maskz_loadu_epi8(in, b);
    return _mm512_mask_cmpeq_epi8_mask(_mm512_mask_cmple_epu8_mask(in, x, _mm512_set1_epi8(3)), x, y);
}

static inline int32_t popcount64(uint64_t x)
{
    return __builtin_popcountll(x);
}

#include "shared.inc.h"

/* A stretch that find16 looks through is seldom longer than a vector of AVX2. */
void anl_kmer_fill_avx512(anl_kmer_kernels *t)
{
    t->find = find;
    t->shared = shared;
}
