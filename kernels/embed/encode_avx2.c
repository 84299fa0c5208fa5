/* AVX2: everything widened to 16 bits for vpmaddwd, whose pair sums are exact. vpmaddubsw would saturate; on inputs split in two so that it
 * does not, it takes as many multiplications and more additions.
 *
 * Packed weights: [n / 8][k / 2][8 outputs][2 inputs] of int16. */
#include "encode.h"

#include "encode_common.h"

#include <immintrin.h>
#include <string.h>

#include "linear256.inc.h"

enum {
    ROWS = 6,   /* 6 x 2 accumulators, 2 weights and an input fill 15 of the 16 registers */
    BLOCK = 24, /* rows widened at a time */
};

INLINE __m256i broadcast_pair(const int16_t *p)
{
    int32_t v;
    memcpy(&v, p, 4);
    return _mm256_set1_epi32(v);
}

INLINE __m256i widen_s8(const int8_t *p)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)p));
}

static size_t pack_size(int n, int k)
{
    return (size_t)n * (size_t)k * sizeof(int16_t);
}

static void pack(const int8_t *w, int n, int k, void *packed)
{
    int16_t *to = packed;
    for (int o = 0; o < n; o += 8)
        for (int i = 0; i < k; i += 2)
            for (int j = 0; j < 16; ++j) *to++ = w[(size_t)(o + j / 2) * k + i + j % 2];
}

/* Sum of a token's rows, channels c .. c + 15. */
INLINE __m256i token_sum(const int8_t *table, const uint16_t *rows, int d, int c)
{
    __m256i sum = widen_s8(table + (size_t)rows[0] * d + c);
    for (int j = 1; j < ANL_TOKEN_KMERS; ++j) sum = _mm256_add_epi16(sum, widen_s8(table + (size_t)rows[j] * d + c));
    return sum;
}

static void gather(const int8_t *table, const uint16_t (*rows)[ANL_TOKEN_KMERS], int m, int d, int16_t *x)
{
    for (int t = 0; t < m; ++t, x += d)
        for (int c = 0; c < d; c += 16) store(x + c, _mm256_slli_epi16(token_sum(table, rows[t], d, c), 4));
}

/* Channels c .. c + 31. Two tokens at a time: vpmaddwd multiplies and adds them. */
INLINE void sum_rows_block(const int8_t *table, const uint16_t (*rows)[ANL_TOKEN_KMERS], const int16_t *weight, int m, int d, int c,
                           int32_t *out)
{
    __m256i low0 = _mm256_setzero_si256(), high0 = low0, low1 = low0, high1 = low0;
    for (int t = 0; t < m; t += 2) {
        const int pair = t + 1 < m;
        const __m256i w = _mm256_set1_epi32((int32_t)((uint16_t)weight[t] | (pair ? (uint32_t)weight[t + 1] << 16 : 0)));
        const __m256i a0 = token_sum(table, rows[t], d, c), a1 = token_sum(table, rows[t], d, c + 16);
        const __m256i b0 = pair ? token_sum(table, rows[t + 1], d, c) : a0, b1 = pair ? token_sum(table, rows[t + 1], d, c + 16) : a1;
        low0 = _mm256_add_epi32(low0, _mm256_madd_epi16(_mm256_unpacklo_epi16(a0, b0), w));
        high0 = _mm256_add_epi32(high0, _mm256_madd_epi16(_mm256_unpackhi_epi16(a0, b0), w));
        low1 = _mm256_add_epi32(low1, _mm256_madd_epi16(_mm256_unpacklo_epi16(a1, b1), w));
        high1 = _mm256_add_epi32(high1, _mm256_madd_epi16(_mm256_unpackhi_epi16(a1, b1), w));
    }
    store(out + c, _mm256_permute2x128_si256(low0, high0, 0x20));
    store(out + c + 8, _mm256_permute2x128_si256(low0, high0, 0x31));
    store(out + c + 16, _mm256_permute2x128_si256(low1, high1, 0x20));
    store(out + c + 24, _mm256_permute2x128_si256(low1, high1, 0x31));
}

static void sum_rows(const int8_t *table, const uint16_t (*rows)[ANL_TOKEN_KMERS], const int16_t *weight, int m, int d, int32_t *out)
{
    for (int c = 0; c < d; c += 32) sum_rows_block(table, rows, weight, m, d, c, out);
}

/* The factor that brings x to `length`. */
INLINE __m256 unit_factor(const int32_t *x, int d, double length)
{
    const __m256i most = _mm256_set1_epi32(UNIT_MOST), least = _mm256_set1_epi32(-UNIT_MOST);
    __m256i squares = _mm256_setzero_si256();
    for (int c = 0; c < d; c += 8) {
        const __m256i v = _mm256_max_epi32(_mm256_min_epi32(load(x + c), most), least), odd = _mm256_srli_epi64(v, 32);
        squares = _mm256_add_epi64(squares, _mm256_add_epi64(_mm256_mul_epi32(v, v), _mm256_mul_epi32(odd, odd)));
    }
    int64_t lane[4];
    store(lane, squares);
    return _mm256_set1_ps(unit(length, lane[0] + lane[1] + lane[2] + lane[3]));
}

/* Eight elements times the factor, rounded; what packs to int8 saturates. */
INLINE __m256i unit_part(const int32_t *x, __m256 factor)
{
    const __m256 v = _mm256_mul_ps(_mm256_cvtepi32_ps(load(x)), factor), most = _mm256_set1_ps(127);
    return _mm256_cvtps_epi32(_mm256_max_ps(_mm256_min_ps(v, most), _mm256_sub_ps(_mm256_setzero_ps(), most)));
}

INLINE void unit_row(const int32_t *x, int d, double length, int flip, void *out)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const __m256 factor = unit_factor(x, d, length);
    for (int c = 0; c < d; c += 32) {
        const __m256i a = _mm256_packs_epi32(unit_part(x + c, factor), unit_part(x + c + 8, factor));
        const __m256i b = _mm256_packs_epi32(unit_part(x + c + 16, factor), unit_part(x + c + 24, factor));
        const __m256i y = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(a, b), order);
        store((int8_t *)out + c, _mm256_xor_si256(y, _mm256_set1_epi8((char)flip)));
    }
}

static void unit_s8(const int32_t *x, int d, double length, int8_t *out)
{
    unit_row(x, d, length, 0, out);
}

static void unit_u8(const int32_t *x, int d, double length, uint8_t *out)
{
    unit_row(x, d, length, 128, out);
}

INLINE __m256i normed(const int16_t *x, __m256 mean, __m256 factor)
{
    __m256 v = _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)x)));
    return _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_sub_ps(v, mean), factor));
}

static void norm(const int16_t *x, int m, int d, float scale, uint8_t *out)
{
    const __m256i one = _mm256_set1_epi16(1), low = _mm256_set1_epi64x(0xffffffff);
    for (int t = 0; t < m; ++t, x += d, out += d) {
        __m256i sum = _mm256_setzero_si256(), squares = sum;
        for (int c = 0; c < d; c += 16) {
            __m256i v = load(x + c), s = _mm256_madd_epi16(v, v); /* at most 2^31: unsigned */
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(v, one));
            squares = _mm256_add_epi64(squares, _mm256_add_epi64(_mm256_and_si256(s, low), _mm256_srli_epi64(s, 32)));
        }
        float mean, factor;
        int64_t lane[4];
        store(lane, squares);
        norm_factors(sum_epi32(sum), lane[0] + lane[1] + lane[2] + lane[3], d, scale, &mean, &factor);
        __m256 vmean = _mm256_set1_ps(mean), vfactor = _mm256_set1_ps(factor);
        for (int c = 0; c < d; c += 16) {
            __m128i y = to_s8(narrow(normed(x + c, vmean, vfactor), normed(x + c + 8, vmean, vfactor)));
            _mm_storeu_si128((__m128i *)(out + c), _mm_xor_si128(y, _mm_set1_epi8(-128)));
        }
    }
}

/* rows (1 or 6) by 16 outputs from o, all inputs. The accumulators are named one by one: as an array, gcc keeps them in memory. */
INLINE void tile(const anl_linear_packed *l, int o, int rows, const int16_t *a, epilogue kind, uint8_t *out, size_t stride)
{
    int k = l->k;
    const int16_t *w0 = (const int16_t *)l->w + (size_t)o * k, *w1 = w0 + (size_t)8 * k;
    const __m256i i0 = load(l->init + o), i1 = load(l->init + o + 8);
#define START(r) __m256i c##r##0 = i0, c##r##1 = i1;
#define STEP(r)                                                                                                                            \
    if (r < rows) {                                                                                                                        \
        __m256i in = broadcast_pair(a + r * ANL_ENCODER_MAX_INPUTS + i);                                                                   \
        c##r##0 = _mm256_add_epi32(c##r##0, _mm256_madd_epi16(in, b0));                                                                    \
        c##r##1 = _mm256_add_epi32(c##r##1, _mm256_madd_epi16(in, b1));                                                                    \
    }
#define FINISH(r)                                                                                                                          \
    if (r < rows) finish_row(l, o, kind, out + r * stride, c##r##0, c##r##1);
    START(0) START(1) START(2) START(3) START(4) START(5) for (int i = 0; i < k; i += 2)
    {
        __m256i b0 = load(w0 + (size_t)8 * i), b1 = load(w1 + (size_t)8 * i);
        STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5)
    }
    FINISH(0) FINISH(1) FINISH(2) FINISH(3) FINISH(4) FINISH(5)
#undef START
#undef STEP
#undef FINISH
}

INLINE void linear(const anl_linear_packed *l, const uint8_t *a, int m, epilogue kind, void *out, size_t size)
{
    _Alignas(32) int16_t wide[BLOCK][ANL_ENCODER_MAX_INPUTS];
    size_t stride = (size_t)l->n * size;
    for (int t = 0; t < m; t += BLOCK) {
        int rows = m - t < BLOCK ? m - t : BLOCK;
        uint8_t *to = (uint8_t *)out + t * stride;
        for (int r = 0; r < rows; ++r)
            for (int i = 0; i < l->k; i += 16)
                store(wide[r] + i, _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(a + (size_t)(t + r) * l->k + i))));
        for (int o = 0; o < l->n; o += 16) {
            int r = 0;
            for (; r + ROWS <= rows; r += ROWS) tile(l, o, ROWS, wide[r], kind, to + r * stride, stride);
            for (; r < rows; ++r) tile(l, o, 1, wide[r], kind, to + r * stride, stride);
        }
    }
}

#include "linear_forms.inc.h"

/* One head of one sequence as int16. Keys from m up to the next multiple of 8 have weight 0. */
typedef struct head {
    _Alignas(32) int16_t q[ANL_ENCODER_MAX_TOKENS][ANL_ENCODER_HEAD];
    _Alignas(32) int16_t k[ANL_ENCODER_HEAD / 2][ANL_ENCODER_MAX_TOKENS][2]; /* [channels / 2][key][2] */
    _Alignas(32) int16_t v[ANL_ENCODER_MAX_TOKENS / 2][ANL_ENCODER_HEAD][2]; /* [keys / 2][channel][2] */
    _Alignas(32) float l[ANL_ENCODER_MAX_TOKENS];
    _Alignas(32) int16_t p[ANL_ENCODER_MAX_TOKENS];
} head;

static void pack_head(head *s, const int8_t *qkv, int d, int m)
{
    const __m256i zero = _mm256_setzero_si256();
    for (int j = 0; j < m; ++j) {
        const int8_t *row = qkv + (size_t)j * 3 * d;
        int16_t k[ANL_ENCODER_HEAD];
        for (int c = 0; c < ANL_ENCODER_HEAD; c += 16) {
            store(s->q[j] + c, widen_s8(row + c));
            store(k + c, widen_s8(row + d + c));
        }
        for (int c = 0; c < ANL_ENCODER_HEAD / 2; ++c) memcpy(s->k[c][j], k + 2 * c, 4);
    }
    for (int j = 0; j < m; j += 2)
        for (int c = 0; c < ANL_ENCODER_HEAD; c += 16) {
            const int8_t *row = qkv + (size_t)j * 3 * d + 2 * d + c;
            __m256i a = widen_s8(row), b = j + 1 < m ? widen_s8(row + 3 * d) : zero;
            __m256i low = _mm256_unpacklo_epi16(a, b), high = _mm256_unpackhi_epi16(a, b);
            store(s->v[j / 2][c], _mm256_permute2x128_si256(low, high, 0x20));
            store(s->v[j / 2][c + 8], _mm256_permute2x128_si256(low, high, 0x31));
        }
}

/* acc[g] = products of query i with keys j + 8 * g ...; groups is 1 to 4. */
INLINE void products(const head *s, int i, int j, int groups, __m256i *acc)
{
    for (int g = 0; g < groups; ++g) acc[g] = _mm256_setzero_si256();
    for (int c = 0; c < ANL_ENCODER_HEAD / 2; ++c) {
        __m256i q = broadcast_pair(s->q[i] + 2 * c);
        for (int g = 0; g < groups; ++g) acc[g] = _mm256_add_epi32(acc[g], _mm256_madd_epi16(q, load(s->k[c][j + 8 * g])));
    }
}

INLINE void keep_weights(head *s, int j, __m256i p)
{
    _mm_store_si128((__m128i *)(s->p + j), _mm256_castsi256_si128(narrow(p, p)));
}

/* acc[g] = weighted sums of channels 8 * g ... */
INLINE void weighted(const head *s, int m, __m256i *acc)
{
    for (int g = 0; g < 4; ++g) acc[g] = _mm256_setzero_si256();
    for (int j = 0; j < m; j += 2) {
        __m256i p = broadcast_pair(s->p + j);
        for (int g = 0; g < 4; ++g) acc[g] = _mm256_add_epi32(acc[g], _mm256_madd_epi16(p, load(s->v[j / 2][8 * g])));
    }
}

#include "attend256.inc.h"

static void dot(const int16_t *x, const int16_t *w, int m, int d, int32_t *out)
{
    for (int t = 0; t < m; ++t, x += d) {
        __m256i acc = _mm256_setzero_si256();
        for (int c = 0; c < d; c += 16) acc = _mm256_add_epi32(acc, _mm256_madd_epi16(load(x + c), load(w + c)));
        out[t] = sum_epi32(acc);
    }
}

static void pool(const int16_t *x, const int16_t *g, int m, int d, int32_t *out)
{
    for (int c = 0; c < d; c += 8) {
        __m256i acc = _mm256_setzero_si256();
        for (int t = 0; t < m; ++t) {
            __m256i v = _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(x + (size_t)t * d + c)));
            acc = _mm256_add_epi32(acc, _mm256_mullo_epi32(v, _mm256_set1_epi32(g[t])));
        }
        store(out + c, acc);
    }
}

void anl_encode_fill_avx2(anl_encode_kernels *t)
{
    *t = (anl_encode_kernels){
        .pack_size = pack_size,
        .pack = pack,
        .gather = gather,
        .sum_rows = sum_rows,
        .unit_s8 = unit_s8,
        .unit_u8 = unit_u8,
        .norm = norm,
        .attend = attend,
        .dot = dot,
        .pool = pool,
    };
    fill_linear(t);
}
