#include "kmer.h"

#include <string.h>

/* Ten bits of each part; seven of them choose a byte and three a bit of it. */
static inline void parts_of(uint32_t code, uint32_t parts[ANL_KMER_PARTS])
{
    parts[0] = code & 1023;                                             /* bases 0 to 4 */
    parts[1] = code >> 8;                                               /* 4 to 8 */
    parts[2] = code >> 4 & 1023;                                        /* 2 to 6 */
    parts[3] = (code & 15) | (code >> 8 & 0xf0) | (code >> 6 & 3) << 8; /* 0, 1, 6, 7 and 3 */
}

void anl_kmer_add(anl_kmer_set *s, uint32_t code)
{
    uint32_t parts[ANL_KMER_PARTS];
    parts_of(code, parts);
    s->codes[code / 32] |= (uint32_t)1 << code % 32;
    for (int p = 0; p < ANL_KMER_PARTS; ++p) s->parts[p][parts[p] & 127] |= (uint8_t)(1 << (parts[p] >> 7));
}

static void find(const anl_kmer_set *s, const uint8_t *bases, int32_t n, uint64_t *bits)
{
    enum { BLOCK = 64, FOURS = BLOCK + 4 };
    uint8_t fours[FOURS]; /* codes of the 4-mers of a block: simple loops, for the compiler's vectors */
    uint32_t codes[BLOCK];
    memset(bits, 0, (size_t)(n + 63) / 64 * sizeof *bits);
    for (int32_t from = 0; from + ANL_KMER_K <= n; from += BLOCK, bases += BLOCK) {
        const int32_t left = n - from - ANL_KMER_K + 1, m = left < BLOCK ? left : BLOCK;
        for (int32_t i = 0; i < m + 4; ++i)
            fours[i] = (uint8_t)((bases[i] & 3) | (bases[i + 1] & 3) << 2 | (bases[i + 2] & 3) << 4 | (bases[i + 3] & 3) << 6);
        for (int32_t i = 0; i < m; ++i) codes[i] = (uint32_t)fours[i] | (uint32_t)fours[i + 4] << 8 | (uint32_t)(bases[i + 8] & 3) << 16;
        uint64_t found = 0;
        for (int32_t i = 0; i < m; ++i) found |= (uint64_t)(s->codes[codes[i] / 32] >> codes[i] % 32 & 1) << i;
        bits[from / 64] = found;
    }
}

static uint64_t equal_bases(const uint8_t *a, const uint8_t *b, int32_t n)
{
    uint64_t equal = 0;
    for (int32_t i = 0; i < n; ++i) equal |= (uint64_t)(a[i] == b[i] && a[i] <= 3) << i;
    return equal;
}

static int32_t popcount64(uint64_t x)
{
    return __builtin_popcountll(x);
}

#include "shared.inc.h"

#define FIND16_BYTES 16
#include "find16.inc.h"

void anl_kmer_fill_scalar(anl_kmer_kernels *t)
{
    t->find = find;
    t->shared = shared;
    t->find16 = find16;
}
