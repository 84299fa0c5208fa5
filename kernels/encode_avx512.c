#include "encode_plain.inc.h"

#include <immintrin.h>

#include "vnni512.inc.h"

enum { STEP = 64 }; /* bytes of packed weights: 16 outputs, 4 inputs */

static inline __m512i broadcast4(const void *p)
{
    int32_t four;
    memcpy(&four, p, sizeof four);
    return _mm512_set1_epi32(four);
}

/* What becomes of 16 finished sums. */
typedef enum epilogue { TO_S8, TO_RELU, TO_ADD } epilogue;

static inline __attribute__((always_inline)) void finish(epilogue what, const anl_encode_linear *l, __m512i acc, int32_t o, void *out)
{
    __m512 y = _mm512_mul_ps(_mm512_cvtepi32_ps(acc), _mm512_loadu_ps(l->scale + o));
    y = _mm512_add_ps(y, _mm512_loadu_ps(l->bias + o));
    const float low = what == TO_S8 ? -127.0f : what == TO_RELU ? 0.0f : -32767.0f;
    const float high = what == TO_S8 ? 127.0f : what == TO_RELU ? 255.0f : 32767.0f;
    y = _mm512_min_ps(_mm512_max_ps(y, _mm512_set1_ps(low)), _mm512_set1_ps(high));
    __m512i v = _mm512_cvtps_epi32(y);
    if (what != TO_ADD) {
        _mm_storeu_si128((__m128i *)((uint8_t *)out + o), _mm512_cvtepi32_epi8(v));
        return;
    }
    int16_t *x = (int16_t *)out + o;
    v = _mm512_add_epi32(v, _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)x)));
    v = _mm512_max_epi32(v, _mm512_set1_epi32(-32767));
    _mm256_storeu_si256((__m256i *)x, _mm512_cvtsepi32_epi16(v));
}

/* R rows by V vectors of 16 outputs; all sums stay in registers. */
static inline __attribute__((always_inline)) void tile(const int R, const int V, epilogue what, const anl_encode_linear *l,
                                                       const uint8_t *a, int32_t o, void *out, size_t row_bytes)
{
    __m512i acc[6][4];
    const size_t k = (size_t)l->k, panel = k * ANL_ENCODE_LANES;
    const int8_t *w = l->weights + (size_t)o * k;
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
        const __m512i start = _mm512_loadu_si512(l->offset + o + 16 * v);
#pragma GCC unroll 6
        for (int r = 0; r < R; ++r) acc[r][v] = start;
    }
    for (size_t i = 0; i < k; i += 4, w += STEP) {
        __m512i weights[4];
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) weights[v] = _mm512_loadu_si512(w + (size_t)v * panel);
#pragma GCC unroll 6
        for (int r = 0; r < R; ++r) {
            const __m512i x = broadcast4(a + (size_t)r * k + i);
#pragma GCC unroll 4
            for (int v = 0; v < V; ++v) acc[r][v] = dot4(acc[r][v], x, weights[v]);
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) finish(what, l, acc[r][v], o + 16 * v, (char *)out + (size_t)r * row_bytes);
}

static inline __attribute__((always_inline)) void columns(const int V, epilogue what, const anl_encode_linear *l, const uint8_t *a,
                                                          int32_t rows, int32_t o, void *out, size_t row_bytes)
{
    int32_t r = 0;
    for (; r + 6 <= rows; r += 6) tile(6, V, what, l, a + (size_t)r * (size_t)l->k, o, (char *)out + (size_t)r * row_bytes, row_bytes);
    for (; r < rows; ++r) tile(1, V, what, l, a + (size_t)r * (size_t)l->k, o, (char *)out + (size_t)r * row_bytes, row_bytes);
}

static inline __attribute__((always_inline)) void linear(epilogue what, const anl_encode_linear *l, const uint8_t *a, int32_t rows,
                                                         void *out)
{
    const size_t row_bytes = (size_t)l->n * (what == TO_ADD ? sizeof(int16_t) : 1);
    int32_t o = 0;
    for (; o + 64 <= l->n; o += 64) columns(4, what, l, a, rows, o, out, row_bytes);
    for (; o < l->n; o += 16) columns(1, what, l, a, rows, o, out, row_bytes);
}

static void linear_s8(const anl_encode_linear *l, const uint8_t *a, int32_t rows, int8_t *out)
{
    linear(TO_S8, l, a, rows, out);
}

static void linear_relu(const anl_encode_linear *l, const uint8_t *a, int32_t rows, uint8_t *out)
{
    linear(TO_RELU, l, a, rows, out);
}

static void linear_add(const anl_encode_linear *l, const uint8_t *a, int32_t rows, int16_t *x)
{
    linear(TO_ADD, l, a, rows, x);
}

enum { HEAD = ANL_ENCODE_HEAD, MOST = ANL_ENCODE_MAX_TOKENS };

static inline __m512 nearest16(__m512 v)
{
    const __m512 big = _mm512_set1_ps(12582912.0f);
    return _mm512_sub_ps(_mm512_add_ps(v, big), big);
}

/* exp_negative for 16 values, the same operations in the same order. */
static inline __m512 exp_negative16(__m512 v)
{
    v = _mm512_mul_ps(v, _mm512_set1_ps(1.44269504f));
    v = _mm512_max_ps(v, _mm512_set1_ps(-30.0f));
    const __m512 n = nearest16(v), r = _mm512_sub_ps(v, n);
    __m512 y = _mm512_set1_ps(0.00133335581f);
    y = _mm512_add_ps(_mm512_mul_ps(y, r), _mm512_set1_ps(0.00961812911f));
    y = _mm512_add_ps(_mm512_mul_ps(y, r), _mm512_set1_ps(0.0555041087f));
    y = _mm512_add_ps(_mm512_mul_ps(y, r), _mm512_set1_ps(0.240226507f));
    y = _mm512_add_ps(_mm512_mul_ps(y, r), _mm512_set1_ps(0.693147181f));
    y = _mm512_add_ps(_mm512_mul_ps(y, r), _mm512_set1_ps(1.0f));
    const __m512i bits = _mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127)), 23);
    return _mm512_mul_ps(y, _mm512_castsi512_ps(bits));
}

/* Keys as [8][tokens][4] and their sums times -128, values as [tokens / 4][32][4]: the layouts that dpbusd wants. */
typedef struct packed_head {
    _Alignas(64) int32_t key[HEAD / 4][MOST];
    _Alignas(64) int32_t key_offset[MOST];
    _Alignas(64) int8_t value[MOST / 4][HEAD][4];
} packed_head;

static void pack_head(const int8_t *key, const int8_t *value, size_t stride, int32_t tokens, packed_head *p)
{
    const __m256i ones = _mm256_set1_epi8(1);
    for (int32_t j = 0; j < tokens; ++j) {
        const __m256i row = _mm256_loadu_si256((const __m256i *)(key + (size_t)j * stride));
        int32_t fours[HEAD / 4];
        _mm256_storeu_si256((__m256i *)fours, row);
        for (int c = 0; c < HEAD / 4; ++c) p->key[c][j] = fours[c];
        const __m256i sums = _mm256_dpbusd_epi32(_mm256_setzero_si256(), ones, row);
        __m128i s = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
        s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
        s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1));
        p->key_offset[j] = -128 * _mm_cvtsi128_si32(s);
    }
    for (int32_t j = 0; j < tokens; j += 4)
        for (int half = 0; half < HEAD; half += 16) {
            __m128i row[4];
            for (int q = 0; q < 4; ++q)
                row[q] = j + q < tokens ? _mm_loadu_si128((const __m128i *)(value + (size_t)(j + q) * stride + half)) : _mm_setzero_si128();
            const __m128i low01 = _mm_unpacklo_epi8(row[0], row[1]), high01 = _mm_unpackhi_epi8(row[0], row[1]);
            const __m128i low23 = _mm_unpacklo_epi8(row[2], row[3]), high23 = _mm_unpackhi_epi8(row[2], row[3]);
            __m128i *to = (__m128i *)p->value[j / 4][half];
            _mm_store_si128(to, _mm_unpacklo_epi16(low01, low23));
            _mm_store_si128(to + 1, _mm_unpackhi_epi16(low01, low23));
            _mm_store_si128(to + 2, _mm_unpacklo_epi16(high01, high23));
            _mm_store_si128(to + 3, _mm_unpackhi_epi16(high01, high23));
        }
}

static inline __mmask16 first_lanes(int32_t n)
{
    return n >= 16 ? 0xffff : (__mmask16)((1u << n) - 1);
}

/* One query against all keys: attention weights as bytes, zero behind the last token; returns their sum. */
static inline int32_t weigh(const packed_head *p, __m256i query, int32_t i, int32_t tokens, float qk_scale, float slope, uint8_t *weights)
{
    __m512 logit[MOST / 16], largest = _mm512_set1_ps(-3.0e38f);
    int32_t fours[HEAD / 4];
    _mm256_storeu_si256((__m256i *)fours, _mm256_xor_si256(query, _mm256_set1_epi8((char)0x80)));
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const int32_t blocks = (tokens + 15) / 16;
    for (int32_t b = 0; b < blocks; ++b) {
        __m512i dot = _mm512_load_si512(p->key_offset + 16 * b);
        for (int c = 0; c < HEAD / 4; ++c) dot = _mm512_dpbusd_epi32(dot, _mm512_set1_epi32(fours[c]), _mm512_load_si512(p->key[c] + 16 * b));
        const __m512i distance = _mm512_abs_epi32(_mm512_sub_epi32(_mm512_add_epi32(lane, _mm512_set1_epi32(16 * b)), _mm512_set1_epi32(i)));
        logit[b] = _mm512_sub_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(dot), _mm512_set1_ps(qk_scale)),
                                 _mm512_mul_ps(_mm512_cvtepi32_ps(distance), _mm512_set1_ps(slope)));
        largest = _mm512_mask_max_ps(largest, first_lanes(tokens - 16 * b), largest, logit[b]);
    }
    const __m512 top = _mm512_set1_ps(_mm512_reduce_max_ps(largest));
    __m512i total = _mm512_setzero_si512();
    for (int32_t b = 0; b < blocks; ++b) {
        const __m512 e = _mm512_mul_ps(_mm512_set1_ps(255.0f), exp_negative16(_mm512_sub_ps(logit[b], top)));
        const __m512i w = _mm512_maskz_cvtps_epi32(first_lanes(tokens - 16 * b), e);
        total = _mm512_add_epi32(total, w);
        _mm_storeu_si128((__m128i *)(weights + 16 * b), _mm512_cvtepi32_epi8(w));
    }
    return _mm512_reduce_add_epi32(total);
}

static void attention512(const int8_t *qkv, int32_t tokens, int32_t d, const float *qk_scale, const float *slope, uint8_t *out)
{
    const size_t stride = 3 * (size_t)d;
    packed_head p;
    memset(&p, 0, sizeof p); /* lanes behind the last token are computed, then masked */
    for (int32_t head = 0; head < d / HEAD; ++head) {
        const int8_t *query = qkv + head * HEAD;
        pack_head(query + d, query + 2 * (size_t)d, stride, tokens, &p);
        for (int32_t i = 0; i < tokens; ++i) {
            uint8_t weights[MOST];
            const __m256i q = _mm256_loadu_si256((const __m256i *)(query + (size_t)i * stride));
            const __m512 total = _mm512_set1_ps((float)weigh(&p, q, i, tokens, qk_scale[head], slope[head], weights));
            __m512i low = _mm512_setzero_si512(), high = low;
            for (int32_t j = 0; j < tokens; j += 4) {
                const __m512i w = broadcast4(weights + j);
                low = _mm512_dpbusd_epi32(low, w, _mm512_load_si512(p.value[j / 4][0]));
                high = _mm512_dpbusd_epi32(high, w, _mm512_load_si512(p.value[j / 4][16]));
            }
            const __m512i zero_point = _mm512_set1_epi32(128);
            low = _mm512_add_epi32(_mm512_cvtps_epi32(_mm512_div_ps(_mm512_cvtepi32_ps(low), total)), zero_point);
            high = _mm512_add_epi32(_mm512_cvtps_epi32(_mm512_div_ps(_mm512_cvtepi32_ps(high), total)), zero_point);
            uint8_t *to = out + (size_t)i * (size_t)d + (size_t)(head * HEAD);
            _mm_storeu_si128((__m128i *)to, _mm512_cvtepi32_epi8(low));
            _mm_storeu_si128((__m128i *)(to + 16), _mm512_cvtepi32_epi8(high));
        }
    }
}

void anl_encode_fill_avx512(anl_encode_kernels *t)
{
    (void)attention;
    *t = (anl_encode_kernels){gather, norm, linear_s8, linear_relu, linear_add, attention512, pool};
}
