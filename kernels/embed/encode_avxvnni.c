/* Linear layers and attention by the vpdpbusd of AVX-VNNI.
 *
 * Packed weights: [n / 16][k / 4][16 outputs][4 inputs], as for AVX-512. */
#include "encode.h"

#include "encode_common.h"

#include <string.h>

#include "linear256.inc.h"
#include "vnni256.inc.h"

enum { ROWS = 6 }; /* 6 x 2 accumulators, 2 weights and an input fill 15 of the 16 registers */

static size_t pack_size(int n, int k)
{
    return (size_t)n * (size_t)k;
}

static void pack(const int8_t *w, int n, int k, void *packed)
{
    for (size_t o = 0; o < (size_t)n; ++o) anl_panel_put(packed, o, (size_t)k, w + o * (size_t)k);
}

INLINE __m256i broadcast4(const void *p)
{
    int32_t v;
    memcpy(&v, p, 4);
    return _mm256_set1_epi32(v);
}

/* rows (1 or 6) by 16 outputs from o, all inputs. The accumulators are named one by one: as an array, gcc keeps them in memory. */
INLINE void tile(const anl_linear_packed *l, int o, int rows, const uint8_t *a, epilogue kind, uint8_t *out, size_t stride)
{
    const size_t k = (size_t)l->k;
    const int8_t *w = (const int8_t *)l->w + (size_t)o * k;
    const __m256i i0 = load(l->init + o), i1 = load(l->init + o + 8);
#define START(r) __m256i c##r##0 = i0, c##r##1 = i1;
#define STEP(r)                                                                                                                            \
    if (r < rows) {                                                                                                                        \
        const __m256i in = broadcast4(a + r * k + i);                                                                                      \
        c##r##0 = dot4(c##r##0, in, b0);                                                                                                   \
        c##r##1 = dot4(c##r##1, in, b1);                                                                                                   \
    }
#define FINISH(r)                                                                                                                          \
    if (r < rows) finish_row(l, o, kind, out + r * stride, c##r##0, c##r##1);
    START(0) START(1) START(2) START(3) START(4) START(5) for (size_t i = 0; i < k; i += 4, w += 64)
    {
        const __m256i b0 = load(w), b1 = load(w + 32);
        STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5)
    }
    FINISH(0) FINISH(1) FINISH(2) FINISH(3) FINISH(4) FINISH(5)
#undef START
#undef STEP
#undef FINISH
}

/* A panel of weights stays in the L1 cache while all rows pass. */
INLINE void linear(const anl_linear_packed *l, const uint8_t *a, int m, epilogue kind, void *out, size_t size)
{
    const size_t stride = (size_t)l->n * size, k = (size_t)l->k;
    for (int o = 0; o < l->n; o += ANL_PANEL) {
        int t = 0;
        for (; t + ROWS <= m; t += ROWS) tile(l, o, ROWS, a + t * k, kind, (uint8_t *)out + t * stride, stride);
        for (; t < m; ++t) tile(l, o, 1, a + t * k, kind, (uint8_t *)out + t * stride, stride);
    }
}

#include "linear_forms.inc.h"

/* One head of one sequence, packed for vpdpbusd. Keys from m up to the next multiple of 8 have weight 0. */
typedef struct head {
    _Alignas(32) uint8_t q[ANL_ENCODER_MAX_TOKENS][ANL_ENCODER_HEAD];       /* offset u8 */
    _Alignas(32) int8_t k[ANL_ENCODER_HEAD / 4][ANL_ENCODER_MAX_TOKENS][4]; /* [channels / 4][key][4] */
    _Alignas(32) int8_t v[ANL_ENCODER_MAX_TOKENS / 4][ANL_ENCODER_HEAD][4]; /* [keys / 4][channel][4] */
    _Alignas(32) int32_t init[ANL_ENCODER_MAX_TOKENS];                      /* -128 * the sum of a key's channels */
    _Alignas(32) float l[ANL_ENCODER_MAX_TOKENS];
    _Alignas(32) uint8_t p[ANL_ENCODER_MAX_TOKENS];
} head;

/* Four rows of 32 bytes -> [32][4]. */
INLINE void interleave(const __m256i *row, int8_t (*to)[4])
{
    const __m256i ab0 = _mm256_unpacklo_epi8(row[0], row[1]), ab1 = _mm256_unpackhi_epi8(row[0], row[1]);
    const __m256i cd0 = _mm256_unpacklo_epi8(row[2], row[3]), cd1 = _mm256_unpackhi_epi8(row[2], row[3]);
    const __m256i x0 = _mm256_unpacklo_epi16(ab0, cd0), x1 = _mm256_unpackhi_epi16(ab0, cd0);
    const __m256i x2 = _mm256_unpacklo_epi16(ab1, cd1), x3 = _mm256_unpackhi_epi16(ab1, cd1);
    store(to, _mm256_permute2x128_si256(x0, x1, 0x20));
    store(to + 8, _mm256_permute2x128_si256(x2, x3, 0x20));
    store(to + 16, _mm256_permute2x128_si256(x0, x1, 0x31));
    store(to + 24, _mm256_permute2x128_si256(x2, x3, 0x31));
}

static void pack_head(head *s, const int8_t *qkv, int d, int m)
{
    const size_t stride = 3 * (size_t)d;
    for (int j = 0; j < m; ++j) {
        const int8_t *row = qkv + j * stride;
        store(s->q[j], _mm256_xor_si256(load(row), _mm256_set1_epi8(-128)));
        for (int c = 0; c < ANL_ENCODER_HEAD / 4; ++c) memcpy(s->k[c][j], row + d + 4 * c, 4);
    }
    for (int j = 0; j < m; j += 4) {
        __m256i v[4];
        for (int r = 0; r < 4; ++r) v[r] = j + r < m ? load(qkv + (size_t)(j + r) * stride + 2 * d) : _mm256_setzero_si256();
        interleave(v, s->v[j / 4]);
    }
    for (int j = 0; j < m; j += 8) {
        __m256i sum = _mm256_setzero_si256();
        for (int c = 0; c < ANL_ENCODER_HEAD / 4; ++c) sum = dot4(sum, _mm256_set1_epi8(-128), load(s->k[c][j]));
        store(s->init + j, _mm256_sub_epi32(_mm256_setzero_si256(), sum));
    }
}

/* acc[g] = products of query i with keys j + 8 * g ...; groups is 1 to 4. */
INLINE void products(const head *s, int i, int j, int groups, __m256i *acc)
{
    for (int g = 0; g < groups; ++g) acc[g] = load(s->init + j + 8 * g);
    for (int c = 0; c < ANL_ENCODER_HEAD / 4; ++c) {
        const __m256i q = broadcast4(s->q[i] + 4 * c);
        for (int g = 0; g < groups; ++g) acc[g] = dot4(acc[g], q, load(s->k[c][j + 8 * g]));
    }
}

INLINE void keep_weights(head *s, int j, __m256i p)
{
    const __m128i low = _mm256_castsi256_si128(narrow(p, p));
    _mm_storel_epi64((__m128i *)(s->p + j), _mm_packus_epi16(low, low));
}

/* acc[g] = weighted sums of channels 8 * g ... */
INLINE void weighted(const head *s, int m, __m256i *acc)
{
    for (int g = 0; g < 4; ++g) acc[g] = _mm256_setzero_si256();
    for (int j = 0; j < m; j += 4) {
        const __m256i p = broadcast4(s->p + j);
        for (int g = 0; g < 4; ++g) acc[g] = dot4(acc[g], p, load(s->v[j / 4][8 * g]));
    }
}

#include "attend256.inc.h"

void anl_encode_fill_avxvnni(anl_encode_kernels *t)
{
    t->pack_size = pack_size;
    t->pack = pack;
    fill_linear(t);
    t->attend = attend;
}
