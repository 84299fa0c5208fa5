/* AVX-512 with VNNI: 6 x 64 register tiles of vpdpbusd for the linear layers, 16 keys a vector for attention.
 *
 * Packed weights: [n / 16][k / 4][16 outputs][4 inputs], so that one 64-byte load feeds 16 outputs. */
#include "encode.h"

#include "encode_common.h"

#include <immintrin.h>
#include <string.h>

#include "linear512.inc.h"
#include "vnni512.inc.h"

#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

enum { ROWS = 6 }; /* 6 x 4 accumulators, 4 weights and an input fill 29 of the 32 registers */

static size_t pack_size(int n, int k)
{
    return (size_t)n * (size_t)k;
}

static void pack(const int8_t *w, int n, int k, void *packed)
{
    for (size_t o = 0; o < (size_t)n; ++o) anl_panel_put(packed, o, (size_t)k, w + o * (size_t)k);
}

/* Sum of a token's rows, channels c .. c + 31. */
INLINE __m512i token_sum(const int8_t *table, const uint16_t *rows, int d, int c)
{
    __m512i sum = _mm512_setzero_si512();
    UNROLL for (int j = 0; j < ANL_TOKEN_KMERS; ++j)
    {
        const __m256i row = _mm256_loadu_si256((const __m256i *)(table + (size_t)rows[j] * d + c));
        sum = _mm512_add_epi16(sum, _mm512_cvtepi8_epi16(row));
    }
    return sum;
}

static void gather(const int8_t *table, const uint16_t (*rows)[ANL_TOKEN_KMERS], int m, int d, int16_t *x)
{
    for (int t = 0; t < m; ++t, x += d)
        for (int c = 0; c < d; c += 32) _mm512_storeu_si512(x + c, _mm512_slli_epi16(token_sum(table, rows[t], d, c), 4));
}

/* 32 * nv channels from c. Two tokens at a time: vpmaddwd multiplies and adds them. */
INLINE void sum_rows_block(const int8_t *table, const uint16_t (*rows)[ANL_TOKEN_KMERS], const int16_t *weight, int m, int d, int c, int nv,
                           int32_t *out)
{
    const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
    const __m512i second = _mm512_setr_epi32(8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
    __m512i low[4], high[4];
    UNROLL for (int v = 0; v < nv; ++v) low[v] = high[v] = _mm512_setzero_si512();
    for (int t = 0; t < m; t += 2) {
        const int pair = t + 1 < m;
        const __m512i w = _mm512_set1_epi32((int32_t)((uint16_t)weight[t] | (pair ? (uint32_t)weight[t + 1] << 16 : 0)));
        UNROLL for (int v = 0; v < nv; ++v)
        {
            const __m512i a = token_sum(table, rows[t], d, c + 32 * v), b = pair ? token_sum(table, rows[t + 1], d, c + 32 * v) : a;
            low[v] = _mm512_add_epi32(low[v], _mm512_madd_epi16(_mm512_unpacklo_epi16(a, b), w));
            high[v] = _mm512_add_epi32(high[v], _mm512_madd_epi16(_mm512_unpackhi_epi16(a, b), w));
        }
    }
    UNROLL for (int v = 0; v < nv; ++v)
    {
        _mm512_storeu_si512(out + c + 32 * v, _mm512_permutex2var_epi32(low[v], first, high[v]));
        _mm512_storeu_si512(out + c + 32 * v + 16, _mm512_permutex2var_epi32(low[v], second, high[v]));
    }
}

static void sum_rows(const int8_t *table, const uint16_t (*rows)[ANL_TOKEN_KMERS], const int16_t *weight, int m, int d, int32_t *out)
{
    int c = 0;
    for (; c + 128 <= d; c += 128) sum_rows_block(table, rows, weight, m, d, c, 4, out);
    for (; c < d; c += 32) sum_rows_block(table, rows, weight, m, d, c, 1, out);
}

/* The factor that brings x to `length`. */
INLINE __m512 unit_factor(const int32_t *x, int d, double length)
{
    const __m512i most = _mm512_set1_epi32(UNIT_MOST), least = _mm512_set1_epi32(-UNIT_MOST);
    __m512i squares = _mm512_setzero_si512();
    for (int c = 0; c < d; c += 16) {
        const __m512i v = _mm512_max_epi32(_mm512_min_epi32(_mm512_loadu_si512(x + c), most), least), odd = _mm512_srli_epi64(v, 32);
        squares = _mm512_add_epi64(squares, _mm512_add_epi64(_mm512_mul_epi32(v, v), _mm512_mul_epi32(odd, odd)));
    }
    return _mm512_set1_ps(unit(length, _mm512_reduce_add_epi64(squares)));
}

INLINE void unit_row(const int32_t *x, int d, double length, int flip, void *out)
{
    const __m512 factor = unit_factor(x, d, length), most = _mm512_set1_ps(127), least = _mm512_set1_ps(-127);
    for (int c = 0; c < d; c += 16) {
        const __m512 v = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_loadu_si512(x + c)), factor);
        const __m128i y = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(_mm512_max_ps(_mm512_min_ps(v, most), least)));
        _mm_storeu_si128((__m128i *)((int8_t *)out + c), _mm_xor_si128(y, _mm_set1_epi8((char)flip)));
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

INLINE __m512i normed(const int16_t *x, __m512 mean, __m512 factor)
{
    __m512 v = _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)x)));
    return _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_sub_ps(v, mean), factor));
}

/* norm of the `count` channels at x: 32 or 64. */
INLINE void norm_block(const int16_t *x, int count, __m512 mean, __m512 factor, uint8_t *out)
{
    __m512i a = normed(x, mean, factor), b = normed(x + 16, mean, factor), c = a, d = b;
    if (count == 64) {
        c = normed(x + 32, mean, factor);
        d = normed(x + 48, mean, factor);
    }
    __m512i y = in_order(_mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d)));
    y = _mm512_xor_si512(_mm512_max_epi8(y, _mm512_set1_epi8(-127)), _mm512_set1_epi8(-128));
    if (count == 64)
        _mm512_storeu_si512(out, y);
    else
        _mm256_storeu_si256((__m256i *)out, _mm512_castsi512_si256(y));
}

static void norm(const int16_t *x, int m, int d, float scale, uint8_t *out)
{
    const __m512i one = _mm512_set1_epi16(1), low = _mm512_set1_epi64(0xffffffff);
    for (int t = 0; t < m; ++t, x += d, out += d) {
        __m512i sum = _mm512_setzero_si512(), squares = sum;
        for (int c = 0; c < d; c += 32) {
            __m512i v = _mm512_loadu_si512(x + c);
            __m512i s = _mm512_madd_epi16(v, v); /* at most 2^31: unsigned */
            sum = _mm512_add_epi32(sum, _mm512_madd_epi16(v, one));
            squares = _mm512_add_epi64(squares, _mm512_add_epi64(_mm512_and_si512(s, low), _mm512_srli_epi64(s, 32)));
        }
        float mean, factor;
        norm_factors(_mm512_reduce_add_epi32(sum), _mm512_reduce_add_epi64(squares), d, scale, &mean, &factor);
        __m512 vmean = _mm512_set1_ps(mean), vfactor = _mm512_set1_ps(factor);
        int c = 0;
        for (; c + 64 <= d; c += 64) norm_block(x + c, 64, vmean, vfactor, out + c);
        if (c < d) norm_block(x + c, 32, vmean, vfactor, out + c);
    }
}

INLINE __m512i broadcast4(const void *p)
{
    int32_t v;
    memcpy(&v, p, 4);
    return _mm512_set1_epi32(v);
}

/* rows (1 or 6) by 16 * nv (nv 2 or 4) outputs from o, all inputs. The accumulators are named one by one: as an array, gcc
 * keeps them in memory. */
INLINE void tile(const anl_linear_packed *l, int o, int rows, int nv, const uint8_t *a, epilogue kind, uint8_t *out, size_t stride)
{
    size_t k = (size_t)l->k;
    const int8_t *w = (const int8_t *)l->w + (size_t)o * k;
    const __m512i i0 = _mm512_loadu_si512(l->init + o), i1 = _mm512_loadu_si512(l->init + o + 16);
    const __m512i i2 = nv == 4 ? _mm512_loadu_si512(l->init + o + 32) : i0, i3 = nv == 4 ? _mm512_loadu_si512(l->init + o + 48) : i1;
#define START(r) __m512i c##r##0 = i0, c##r##1 = i1, c##r##2 = i2, c##r##3 = i3;
#define STEP(r)                                                                                                                            \
    if (r < rows) {                                                                                                                        \
        __m512i in = broadcast4(a + r * k + i);                                                                                            \
        c##r##0 = dot4(c##r##0, in, b0);                                                                                                   \
        c##r##1 = dot4(c##r##1, in, b1);                                                                                                   \
        if (nv == 4) c##r##2 = dot4(c##r##2, in, b2);                                                                                      \
        if (nv == 4) c##r##3 = dot4(c##r##3, in, b3);                                                                                      \
    }
#define FINISH(r)                                                                                                                          \
    if (r < rows) finish_row(l, o, nv, kind, out + r * stride, c##r##0, c##r##1, c##r##2, c##r##3);
    START(0) START(1) START(2) START(3) START(4) START(5) for (size_t i = 0; i < k; i += 4, w += 64)
    {
        __m512i b0 = _mm512_load_si512(w), b1 = _mm512_load_si512(w + 16 * k);
        __m512i b2 = nv == 4 ? _mm512_load_si512(w + 32 * k) : b0, b3 = nv == 4 ? _mm512_load_si512(w + 48 * k) : b1;
        STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5)
    }
    FINISH(0) FINISH(1) FINISH(2) FINISH(3) FINISH(4) FINISH(5)
#undef START
#undef STEP
#undef FINISH
}

/* A panel of weights stays in the L1 cache while all rows pass. */
INLINE void panel(const anl_linear_packed *l, int o, int nv, const uint8_t *a, int m, epilogue kind, uint8_t *out, size_t size)
{
    size_t stride = (size_t)l->n * size;
    int t = 0;
    for (; t + ROWS <= m; t += ROWS) tile(l, o, ROWS, nv, a + (size_t)t * l->k, kind, out + t * stride, stride);
    for (; t < m; ++t) tile(l, o, 1, nv, a + (size_t)t * l->k, kind, out + t * stride, stride);
}

INLINE void linear(const anl_linear_packed *l, const uint8_t *a, int m, epilogue kind, void *out, size_t size)
{
    int o = 0;
    for (; o + 64 <= l->n; o += 64) panel(l, o, 4, a, m, kind, out, size);
    if (o < l->n) panel(l, o, 2, a, m, kind, out, size);
}

#include "linear_forms.inc.h"

/* One head of one sequence, packed for vpdpbusd. */
typedef struct head {
    _Alignas(64) uint8_t q[ANL_ENCODER_MAX_TOKENS][ANL_ENCODER_HEAD];       /* offset u8 */
    _Alignas(64) int8_t k[ANL_ENCODER_HEAD / 4][ANL_ENCODER_MAX_TOKENS][4]; /* [channels / 4][key][4] */
    _Alignas(64) int8_t v[ANL_ENCODER_MAX_TOKENS / 4][ANL_ENCODER_HEAD][4]; /* [keys / 4][channel][4] */
    _Alignas(64) uint8_t p[ANL_ENCODER_MAX_TOKENS][ANL_ENCODER_MAX_TOKENS]; /* weights [query][key] */
    _Alignas(64) int32_t init[ANL_ENCODER_MAX_TOKENS];                      /* -128 * the sum of a key's channels */
} head;

/* Keys beyond m are left as they are: their weights are masked to zero. */
INLINE void pack_head(head *s, const int8_t *qkv, int stride, int d, int m)
{
    for (int j = 0; j < m; ++j) {
        const int8_t *row = qkv + (size_t)j * stride;
        __m256i q = _mm256_loadu_si256((const __m256i *)row);
        _mm256_store_si256((__m256i *)s->q[j], _mm256_xor_si256(q, _mm256_set1_epi8(-128)));
        UNROLL for (int c = 0; c < ANL_ENCODER_HEAD / 4; ++c) memcpy(s->k[c][j], row + d + 4 * c, 4);
    }
    for (int j = 0; j < m; j += 4) {
        __m256i v[4];
        for (int r = 0; r < 4; ++r)
            v[r] = j + r < m ? _mm256_loadu_si256((const __m256i *)(qkv + (size_t)(j + r) * stride + 2 * d)) : _mm256_setzero_si256();
        __m256i ab0 = _mm256_unpacklo_epi8(v[0], v[1]), ab1 = _mm256_unpackhi_epi8(v[0], v[1]);
        __m256i cd0 = _mm256_unpacklo_epi8(v[2], v[3]), cd1 = _mm256_unpackhi_epi8(v[2], v[3]);
        __m256i *to = (__m256i *)s->v[j / 4];
        __m256i x0 = _mm256_unpacklo_epi16(ab0, cd0), x1 = _mm256_unpackhi_epi16(ab0, cd0);
        __m256i x2 = _mm256_unpacklo_epi16(ab1, cd1), x3 = _mm256_unpackhi_epi16(ab1, cd1);
        _mm256_store_si256(to + 0, _mm256_permute2x128_si256(x0, x1, 0x20));
        _mm256_store_si256(to + 1, _mm256_permute2x128_si256(x2, x3, 0x20));
        _mm256_store_si256(to + 2, _mm256_permute2x128_si256(x0, x1, 0x31));
        _mm256_store_si256(to + 3, _mm256_permute2x128_si256(x2, x3, 0x31));
    }
    for (int j = 0; j < m; j += 16) {
        __m512i acc = _mm512_setzero_si512();
        for (int c = 0; c < ANL_ENCODER_HEAD / 4; ++c) acc = dot4(acc, _mm512_set1_epi8(-128), _mm512_load_si512(s->k[c][j]));
        _mm512_store_si512(s->init + j, _mm512_sub_epi32(_mm512_setzero_si512(), acc));
    }
}

INLINE __m512i weight(__m512 l, __m512 max)
{
    __m512 t = _mm512_max_ps(_mm512_sub_ps(l, max), _mm512_set1_ps(EXP_MIN));
    __m512i n = _mm512_cvtps_epi32(t);
    __m512 f = _mm512_sub_ps(t, _mm512_cvtepi32_ps(n));
    __m512 y = _mm512_add_ps(_mm512_mul_ps(_mm512_set1_ps(EXP_C4), f), _mm512_set1_ps(EXP_C3));
    y = _mm512_add_ps(_mm512_mul_ps(y, f), _mm512_set1_ps(EXP_C2));
    y = _mm512_add_ps(_mm512_mul_ps(y, f), _mm512_set1_ps(EXP_C1));
    y = _mm512_add_ps(_mm512_mul_ps(y, f), _mm512_set1_ps(EXP_C0));
    return _mm512_cvtps_epi32(_mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(y), _mm512_slli_epi32(n, 23))));
}

/* Rows i, i + 1 of the weights; `groups` vectors of 16 keys, the last one partly used. */
INLINE void weigh(head *s, int i, int m, int groups, float scale, const float *bias)
{
    __m512i acc[2][4];
    __m512 l[2][4], max[2];
    __mmask16 last = (__mmask16)(0xffff >> (16 * groups - m));
    int pair = i + 1 < m;
    UNROLL for (int g = 0; g < groups; ++g) acc[0][g] = acc[1][g] = _mm512_load_si512(s->init + 16 * g);
    UNROLL for (int c = 0; c < ANL_ENCODER_HEAD / 4; ++c)
    {
        __m512i q0 = broadcast4(s->q[i] + 4 * c), q1 = broadcast4(s->q[i + pair] + 4 * c);
        UNROLL for (int g = 0; g < groups; ++g)
        {
            __m512i k = _mm512_load_si512(s->k[c][16 * g]);
            acc[0][g] = dot4(acc[0][g], q0, k);
            acc[1][g] = dot4(acc[1][g], q1, k);
        }
    }
    UNROLL for (int r = 0; r < 2; ++r)
    {
        const float *b = bias + ANL_ENCODER_MAX_TOKENS - i - r;
        UNROLL for (int g = 0; g < groups; ++g)
        {
            l[r][g] = _mm512_mul_ps(_mm512_cvtepi32_ps(acc[r][g]), _mm512_set1_ps(scale));
            l[r][g] = _mm512_add_ps(l[r][g], _mm512_loadu_ps(b + 16 * g));
        }
        max[r] = _mm512_mask_blend_ps(last, _mm512_set1_ps(-INFINITY), l[r][groups - 1]);
        UNROLL for (int g = 0; g + 1 < groups; ++g) max[r] = _mm512_max_ps(max[r], l[r][g]);
        max[r] = _mm512_set1_ps(_mm512_reduce_max_ps(max[r]));
    }
    UNROLL for (int r = 0; r < 2; ++r)
    {
        UNROLL for (int g = 0; g < groups; ++g)
        {
            __mmask16 live = g + 1 < groups ? 0xffff : last;
            __m128i p = _mm512_maskz_cvtepi32_epi8(live, weight(l[r][g], max[r]));
            if (r == 0 || pair) _mm_store_si128((__m128i *)(s->p[i + r] + 16 * g), p);
        }
    }
}

/* Weighted sums of the values for rows i .. i + 3 (those below m). */
INLINE void combine(const head *s, int i, int m, uint8_t *out, int d)
{
    const __m512i ones = _mm512_set1_epi8(1);
    __m512i acc[4][2], sum[4];
    UNROLL for (int r = 0; r < 4; ++r) acc[r][0] = acc[r][1] = sum[r] = _mm512_setzero_si512();
    for (int j = 0; j < m; j += 4) {
        __m512i v0 = _mm512_load_si512(s->v[j / 4]), v1 = _mm512_load_si512(s->v[j / 4][16]);
        UNROLL for (int r = 0; r < 4; ++r)
        {
            __m512i p = broadcast4(s->p[i + r] + j);
            acc[r][0] = dot4(acc[r][0], p, v0);
            acc[r][1] = dot4(acc[r][1], p, v1);
            sum[r] = dot4(sum[r], p, ones);
        }
    }
    for (int r = 0; r < 4 && i + r < m; ++r) {
        __m512 inverse = _mm512_div_ps(_mm512_set1_ps(1.0f), _mm512_cvtepi32_ps(sum[r]));
        __m128i y[2];
        UNROLL for (int h = 0; h < 2; ++h)
        {
            y[h] = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(_mm512_cvtepi32_ps(acc[r][h]), inverse)));
            y[h] = _mm_xor_si128(y[h], _mm_set1_epi8(-128));
            _mm_storeu_si128((__m128i *)(out + (size_t)(i + r) * d) + h, y[h]);
        }
    }
}

INLINE void attend_head(head *s, const int8_t *qkv, int d, int m, int groups, float scale, const float *bias, uint8_t *out)
{
    pack_head(s, qkv, 3 * d, d, m);
    for (int i = 0; i < m; i += 2) weigh(s, i, m, groups, scale, bias);
    for (int i = 0; i < m; i += 4) combine(s, i, m, out, d);
}

static void attend(const anl_attention *p, const int8_t *qkv, int m, uint8_t *out)
{
    head s;
    memset(&s, 0, sizeof s); /* padding must be defined, if only to be masked */
    for (int h = 0; h < p->d / ANL_ENCODER_HEAD; ++h) {
        const int8_t *from = qkv + h * ANL_ENCODER_HEAD;
        uint8_t *to = out + h * ANL_ENCODER_HEAD;
        if (m <= 16)
            attend_head(&s, from, p->d, m, 1, p->scale[h], p->bias[h], to);
        else if (m <= 32)
            attend_head(&s, from, p->d, m, 2, p->scale[h], p->bias[h], to);
        else if (m <= 48)
            attend_head(&s, from, p->d, m, 3, p->scale[h], p->bias[h], to);
        else
            attend_head(&s, from, p->d, m, 4, p->scale[h], p->bias[h], to);
    }
}

static void dot(const int16_t *x, const int16_t *w, int m, int d, int32_t *out)
{
    for (int t = 0; t < m; ++t, x += d) {
        __m512i acc = _mm512_setzero_si512();
        for (int c = 0; c < d; c += 32)
            acc = _mm512_add_epi32(acc, _mm512_madd_epi16(_mm512_loadu_si512(x + c), _mm512_loadu_si512(w + c)));
        out[t] = _mm512_reduce_add_epi32(acc);
    }
}

static void pool(const int16_t *x, const int16_t *g, int m, int d, int32_t *out)
{
    for (int c = 0; c < d; c += 32) {
        __m512i low = _mm512_setzero_si512(), high = low;
        for (int t = 0; t < m; ++t) {
            __m512i v = _mm512_loadu_si512(x + (size_t)t * d + c), w = _mm512_set1_epi32(g[t]);
            low = _mm512_add_epi32(low, _mm512_mullo_epi32(w, _mm512_cvtepi16_epi32(_mm512_castsi512_si256(v))));
            high = _mm512_add_epi32(high, _mm512_mullo_epi32(w, _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(v, 1))));
        }
        _mm512_storeu_si512(out + c, low);
        _mm512_storeu_si512(out + c + 16, high);
    }
}

void anl_encode_fill_avx512(anl_encode_kernels *t)
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
