#include "kmer.h"

#include <immintrin.h>
#include <string.h>

static inline uint32_t equal32(const uint8_t *a, const uint8_t *b)
{
    const __m256i x = _mm256_loadu_si256((const __m256i *)a), y = _mm256_loadu_si256((const __m256i *)b);
    const __m256i known = _mm256_cmpgt_epi8(_mm256_set1_epi8(4), x);
    return (uint32_t)_mm256_movemask_epi8(_mm256_and_si256(_mm256_cmpeq_epi8(x, y), known));
}

static inline uint64_t equal_bases(const uint8_t *a, const uint8_t *b, int32_t n)
{
    uint8_t rest[2][64];
    if (n < 64) {
        memset(rest, 4, sizeof rest);
        a = memcpy(rest[0], a, (size_t)n);
        b = memcpy(rest[1], b, (size_t)n);
    }
    return equal32(a, b) | (uint64_t)equal32(a + 32, b + 32) << 32;
}

static inline int32_t popcount64(uint64_t x)
{
    return __builtin_popcountll(x);
}

#include "shared.inc.h"

#define FIND16_BYTES 32
#include "find16.inc.h"

void anl_kmer_fill_avx2(anl_kmer_kernels *t)
{
    t->shared = shared;
    t->find16 = find16;
}
