/* clang-format off */ /* it takes the macros that unroll loops for calls */
/* NEON of ARMv8.0: everything widened to 16 bits for smlal. Where the processor has the dot product instructions (ARMv8.2),
 * the linear layers use sdot instead; the bytes are the same.
 *
 * Packed weights: int16 [n / 8][k][8 outputs]; for sdot int8 [n / 4][k / 4][4 outputs][4 inputs] and 128 * the sum of each
 * output's weights, as sdot wants signed inputs. */
#include "encode.h"

#include "encode_common.h"

#include <arm_neon.h>
#include <string.h>
#include <sys/auxv.h>

#define INLINE static inline __attribute__((always_inline))
#define DOTPROD __attribute__((target("arch=armv8.2-a+dotprod")))
#ifndef HWCAP_ASIMDDP
#define HWCAP_ASIMDDP (1 << 20)
#endif

enum {
    ROWS = 4,   /* 4 x 16 outputs in 16 registers */
    BLOCK = 16, /* rows widened at a time */
};

typedef enum epilogue { TO_S8, TO_U8, TO_S32, ADD_S16 } epilogue;

static size_t pack_size(int n, int k)
{
    return (size_t)n * (size_t)k * sizeof(int16_t);
}

static void pack(const int8_t *w, int n, int k, void *packed)
{
    int16_t *to = packed;
    for (int o = 0; o < n; o += 8)
        for (int i = 0; i < k; ++i)
            for (int j = 0; j < 8; ++j) *to++ = w[(size_t)(o + j) * k + i];
}

static void gather(const int8_t *table, const uint16_t (*rows)[ANL_TOKEN_KMERS], int m, int d, int16_t *x)
{
    for (int t = 0; t < m; ++t, x += d)
        for (int c = 0; c < d; c += 16) {
            int16x8_t low = vdupq_n_s16(0), high = low;
            for (int j = 0; j < ANL_TOKEN_KMERS; ++j) {
                int8x16_t row = vld1q_s8(table + (size_t)rows[t][j] * d + c);
                low = vaddw_s8(low, vget_low_s8(row));
                high = vaddw_s8(high, vget_high_s8(row));
            }
            vst1q_s16(x + c, vshlq_n_s16(low, 4));
            vst1q_s16(x + c + 8, vshlq_n_s16(high, 4));
        }
}

INLINE int8x8_t to_s8(int16x8_t v)
{
    return vmax_s8(vqmovn_s16(v), vdup_n_s8(-127));
}

/* Channels c .. c + 15. */
INLINE void sum_rows_block(const int8_t *table, const uint16_t (*rows)[ANL_TOKEN_KMERS], const int16_t *weight, int m, int d, int c,
                           int32_t *out)
{
    int32x4_t acc0 = vdupq_n_s32(0), acc1 = acc0, acc2 = acc0, acc3 = acc0;
    for (int t = 0; t < m; ++t) {
        int16x8_t low = vdupq_n_s16(0), high = low;
        for (int j = 0; j < ANL_TOKEN_KMERS; ++j) {
            const int8x16_t row = vld1q_s8(table + (size_t)rows[t][j] * d + c);
            low = vaddw_s8(low, vget_low_s8(row));
            high = vaddw_high_s8(high, row);
        }
        acc0 = vmlal_n_s16(acc0, vget_low_s16(low), weight[t]);
        acc1 = vmlal_high_n_s16(acc1, low, weight[t]);
        acc2 = vmlal_n_s16(acc2, vget_low_s16(high), weight[t]);
        acc3 = vmlal_high_n_s16(acc3, high, weight[t]);
    }
    vst1q_s32(out + c, acc0);
    vst1q_s32(out + c + 4, acc1);
    vst1q_s32(out + c + 8, acc2);
    vst1q_s32(out + c + 12, acc3);
}

static void sum_rows(const int8_t *table, const uint16_t (*rows)[ANL_TOKEN_KMERS], const int16_t *weight, int m, int d, int32_t *out)
{
    for (int c = 0; c < d; c += 16) sum_rows_block(table, rows, weight, m, d, c, out);
}

/* The factor that brings x to `length`. */
INLINE float unit_factor(const int32_t *x, int d, double length)
{
    int64x2_t squares = vdupq_n_s64(0);
    for (int c = 0; c < d; c += 4) {
        const int32x4_t v = vmaxq_s32(vminq_s32(vld1q_s32(x + c), vdupq_n_s32(UNIT_MOST)), vdupq_n_s32(-UNIT_MOST));
        squares = vmlal_s32(squares, vget_low_s32(v), vget_low_s32(v));
        squares = vmlal_high_s32(squares, v, v);
    }
    return unit(length, vaddvq_s64(squares));
}

/* Four elements times the factor, rounded; narrowing saturates. */
INLINE int32x4_t unit_part(const int32_t *x, float factor)
{
    return vcvtnq_s32_f32(vmulq_n_f32(vcvtq_f32_s32(vld1q_s32(x)), factor));
}

INLINE void unit_row(const int32_t *x, int d, double length, uint8_t flip, uint8_t *out)
{
    const float factor = unit_factor(x, d, length);
    for (int c = 0; c < d; c += 8) {
        const int16x8_t y = vqmovn_high_s32(vqmovn_s32(unit_part(x + c, factor)), unit_part(x + c + 4, factor));
        vst1_u8(out + c, veor_u8(vreinterpret_u8_s8(to_s8(y)), vdup_n_u8(flip)));
    }
}

static void unit_s8(const int32_t *x, int d, double length, int8_t *out)
{
    unit_row(x, d, length, 0, (uint8_t *)out);
}

static void unit_u8(const int32_t *x, int d, double length, uint8_t *out)
{
    unit_row(x, d, length, 128, out);
}

INLINE int32x4_t normed(int16x4_t x, float mean, float factor)
{
    float32x4_t v = vsubq_f32(vcvtq_f32_s32(vmovl_s16(x)), vdupq_n_f32(mean));
    return vcvtnq_s32_f32(vmulq_f32(v, vdupq_n_f32(factor)));
}

static void norm(const int16_t *x, int m, int d, float scale, uint8_t *out)
{
    for (int t = 0; t < m; ++t, x += d, out += d) {
        int32x4_t sum = vdupq_n_s32(0);
        int64x2_t squares = vdupq_n_s64(0);
        for (int c = 0; c < d; c += 8) {
            int16x8_t v = vld1q_s16(x + c);
            sum = vpadalq_s16(sum, v);
            squares = vpadalq_s32(squares, vmull_s16(vget_low_s16(v), vget_low_s16(v)));
            squares = vpadalq_s32(squares, vmull_high_s16(v, v));
        }
        float mean, factor;
        norm_factors(vaddvq_s32(sum), vaddvq_s64(squares), d, scale, &mean, &factor);
        for (int c = 0; c < d; c += 8) {
            int16x8_t v = vld1q_s16(x + c);
            int16x4_t low = vqmovn_s32(normed(vget_low_s16(v), mean, factor));
            int16x8_t y = vqmovn_high_s32(low, normed(vget_high_s16(v), mean, factor));
            vst1_u8(out + c, veor_u8(vreinterpret_u8_s8(to_s8(y)), vdup_n_u8(128)));
        }
    }
}

INLINE int32x4_t scaled(const anl_linear_packed *l, int o, int32x4_t acc)
{
    float32x4_t y = vmulq_f32(vcvtq_f32_s32(acc), vld1q_f32(l->scale + o));
    return vcvtnq_s32_f32(vaddq_f32(y, vld1q_f32(l->shift + o)));
}

/* The epilogue of 8 outputs from o of a row. */
INLINE void finish(const anl_linear_packed *l, int o, epilogue kind, void *out, int32x4_t a, int32x4_t b)
{
    a = scaled(l, o, a);
    b = scaled(l, o + 4, b);
    int16x8_t y = vqmovn_high_s32(vqmovn_s32(a), b);
    if (kind == TO_S32) {
        vst1q_s32((int32_t *)out + o, a);
        vst1q_s32((int32_t *)out + o + 4, b);
    } else if (kind == ADD_S16) {
        int16_t *x = (int16_t *)out + o;
        vst1q_s16(x, vqaddq_s16(vld1q_s16(x), y));
    } else if (kind == TO_U8) {
        vst1_u8((uint8_t *)out + o, vqmovun_s16(y));
    } else {
        vst1_s8((int8_t *)out + o, to_s8(y));
    }
}

/* rows (1 or 4) by 16 outputs from o, all inputs. */
INLINE void tile(const anl_linear_packed *l, int o, int rows, const int16_t *a, epilogue kind, uint8_t *out, size_t stride)
{
    int k = l->k;
    const int16_t *w0 = (const int16_t *)l->w + (size_t)o * k, *w1 = w0 + (size_t)8 * k;
    const int32x4_t i0 = vld1q_s32(l->init + o), i1 = vld1q_s32(l->init + o + 4);
    const int32x4_t i2 = vld1q_s32(l->init + o + 8), i3 = vld1q_s32(l->init + o + 12);
#define START(r)                                                                                                                           \
    int32x4_t c##r##0 = i0, c##r##1 = i1, c##r##2 = i2, c##r##3 = i3;                                                                      \
    int16x8_t a##r = vdupq_n_s16(0);
#define LOAD(r)                                                                                                                            \
    if (r < rows) a##r = vld1q_s16(a + r * ANL_ENCODER_MAX_INPUTS + i);
#define ROW(r, lane)                                                                                                                       \
    if (r < rows) {                                                                                                                        \
        c##r##0 = vmlal_laneq_s16(c##r##0, vget_low_s16(b0), a##r, lane);                                                                  \
        c##r##1 = vmlal_high_laneq_s16(c##r##1, b0, a##r, lane);                                                                           \
        c##r##2 = vmlal_laneq_s16(c##r##2, vget_low_s16(b1), a##r, lane);                                                                  \
        c##r##3 = vmlal_high_laneq_s16(c##r##3, b1, a##r, lane);                                                                           \
    }
#define STEP(lane)                                                                                                                         \
    {                                                                                                                                      \
        int16x8_t b0 = vld1q_s16(w0 + (size_t)8 * (i + lane));                                                                             \
        int16x8_t b1 = vld1q_s16(w1 + (size_t)8 * (i + lane));                                                                             \
        ROW(0, lane) ROW(1, lane) ROW(2, lane) ROW(3, lane)                                                                                \
    }
#define FINISH(r)                                                                                                                          \
    if (r < rows) {                                                                                                                        \
        finish(l, o, kind, out + r * stride, c##r##0, c##r##1);                                                                            \
        finish(l, o + 8, kind, out + r * stride, c##r##2, c##r##3);                                                                        \
    }
    START(0)
    START(1) START(2) START(3) for (int i = 0; i < k; i += 8){LOAD(0) LOAD(1) LOAD(2) LOAD(3) STEP(0) STEP(1) STEP(2) STEP(3) STEP(4)
                                                                  STEP(5) STEP(6) STEP(7)} FINISH(0) FINISH(1) FINISH(2) FINISH(3)
#undef START
#undef LOAD
#undef ROW
#undef STEP
#undef FINISH
}

INLINE void linear(const anl_linear_packed *l, const uint8_t *a, int m, epilogue kind, void *out, size_t size)
{
    int16_t wide[BLOCK][ANL_ENCODER_MAX_INPUTS];
    size_t stride = (size_t)l->n * size;
    for (int t = 0; t < m; t += BLOCK) {
        int rows = m - t < BLOCK ? m - t : BLOCK;
        uint8_t *to = (uint8_t *)out + t * stride;
        for (int r = 0; r < rows; ++r)
            for (int i = 0; i < l->k; i += 8)
                vst1q_s16(wide[r] + i, vreinterpretq_s16_u16(vmovl_u8(vld1_u8(a + (size_t)(t + r) * l->k + i))));
        for (int o = 0; o < l->n; o += 16) {
            int r = 0;
            for (; r + ROWS <= rows; r += ROWS) tile(l, o, ROWS, wide[r], kind, to + r * stride, stride);
            for (; r < rows; ++r) tile(l, o, 1, wide[r], kind, to + r * stride, stride);
        }
    }
}

#include "linear_forms.inc.h"

static size_t dot_pack_size(int n, int k)
{
    return (size_t)n * ((size_t)k + sizeof(int32_t));
}

static void dot_pack(const int8_t *w, int n, int k, void *packed)
{
    int8_t *to = packed;
    int32_t *offset = (int32_t *)(to + (size_t)n * k);
    for (int o = 0; o < n; o += 4)
        for (int i = 0; i < k; i += 4)
            for (int j = 0; j < 4; ++j, to += 4) memcpy(to, w + (size_t)(o + j) * k + i, 4);
    for (int o = 0; o < n; ++o) {
        offset[o] = 0;
        for (int i = 0; i < k; ++i) offset[o] += 128 * w[(size_t)o * k + i];
    }
}

/* rows (1 or 4) by 16 outputs from o, all inputs. */
DOTPROD INLINE void dot_tile(const anl_linear_packed *l, int o, int rows, const uint8_t *a, epilogue kind, uint8_t *out, size_t stride)
{
    size_t k = (size_t)l->k;
    const int8_t *w = (const int8_t *)l->w + o * k;
    const int32_t *offset = (const int32_t *)((const int8_t *)l->w + l->n * k) + o;
    int32x4_t i0 = vaddq_s32(vld1q_s32(l->init + o), vld1q_s32(offset));
    int32x4_t i1 = vaddq_s32(vld1q_s32(l->init + o + 4), vld1q_s32(offset + 4));
    int32x4_t i2 = vaddq_s32(vld1q_s32(l->init + o + 8), vld1q_s32(offset + 8));
    int32x4_t i3 = vaddq_s32(vld1q_s32(l->init + o + 12), vld1q_s32(offset + 12));
#define START(r)                                                                                                                           \
    int32x4_t c##r##0 = i0, c##r##1 = i1, c##r##2 = i2, c##r##3 = i3;                                                                      \
    int8x16_t a##r = vdupq_n_s8(0);
#define LOAD(r)                                                                                                                            \
    if (r < rows) a##r = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(a + r * k + i), vdupq_n_u8(128)));
#define ROW(r, lane)                                                                                                                       \
    if (r < rows) {                                                                                                                        \
        c##r##0 = vdotq_laneq_s32(c##r##0, b0, a##r, lane);                                                                                \
        c##r##1 = vdotq_laneq_s32(c##r##1, b1, a##r, lane);                                                                                \
        c##r##2 = vdotq_laneq_s32(c##r##2, b2, a##r, lane);                                                                                \
        c##r##3 = vdotq_laneq_s32(c##r##3, b3, a##r, lane);                                                                                \
    }
#define STEP(lane)                                                                                                                         \
    {                                                                                                                                      \
        const int8_t *p = w + 4 * (i + 4 * lane);                                                                                          \
        int8x16_t b0 = vld1q_s8(p), b1 = vld1q_s8(p + 4 * k);                                                                              \
        int8x16_t b2 = vld1q_s8(p + 8 * k), b3 = vld1q_s8(p + 12 * k);                                                                     \
        ROW(0, lane) ROW(1, lane) ROW(2, lane) ROW(3, lane)                                                                                \
    }
#define FINISH(r)                                                                                                                          \
    if (r < rows) {                                                                                                                        \
        finish(l, o, kind, out + r * stride, c##r##0, c##r##1);                                                                            \
        finish(l, o + 8, kind, out + r * stride, c##r##2, c##r##3);                                                                        \
    }
    START(0)
    START(1) START(2) START(3) for (size_t i = 0; i < k; i += 16){LOAD(0) LOAD(1) LOAD(2) LOAD(3) STEP(0) STEP(1) STEP(2) STEP(3)} FINISH(0)
        FINISH(1) FINISH(2) FINISH(3)
#undef START
#undef LOAD
#undef ROW
#undef STEP
#undef FINISH
}

DOTPROD INLINE void dot_linear(const anl_linear_packed *l, const uint8_t *a, int m, epilogue kind, void *out, size_t size)
{
    size_t stride = (size_t)l->n * size, k = (size_t)l->k;
    for (int o = 0; o < l->n; o += 16) {
        int t = 0;
        for (; t + ROWS <= m; t += ROWS) dot_tile(l, o, ROWS, a + t * k, kind, (uint8_t *)out + t * stride, stride);
        for (; t < m; ++t) dot_tile(l, o, 1, a + t * k, kind, (uint8_t *)out + t * stride, stride);
    }
}

DOTPROD static void dot_linear_s8(const anl_linear_packed *l, const uint8_t *a, int m, int8_t *out)
{
    dot_linear(l, a, m, TO_S8, out, sizeof *out);
}

DOTPROD static void dot_linear_u8(const anl_linear_packed *l, const uint8_t *a, int m, uint8_t *out)
{
    dot_linear(l, a, m, TO_U8, out, sizeof *out);
}

DOTPROD static void dot_linear_s32(const anl_linear_packed *l, const uint8_t *a, int m, int32_t *out)
{
    dot_linear(l, a, m, TO_S32, out, sizeof *out);
}

DOTPROD static void dot_linear_add(const anl_linear_packed *l, const uint8_t *a, int m, int16_t *x)
{
    dot_linear(l, a, m, ADD_S16, x, sizeof *x);
}

/* One head of one sequence as int16. Keys from m up to the next multiple of 8 have weight 0. */
typedef struct head {
    int16_t k[ANL_ENCODER_HEAD][ANL_ENCODER_MAX_TOKENS]; /* [channel][key] */
    int16_t v[ANL_ENCODER_MAX_TOKENS][ANL_ENCODER_HEAD]; /* [key][channel] */
    float l[ANL_ENCODER_MAX_TOKENS];
    int32_t p[ANL_ENCODER_MAX_TOKENS];
} head;

static void pack_head(head *s, const int8_t *qkv, int d, int m)
{
    for (int j = 0; j < m; ++j) {
        const int8_t *k = qkv + (size_t)j * 3 * d + d, *v = k + d;
        for (int c = 0; c < ANL_ENCODER_HEAD; ++c) s->k[c][j] = k[c];
        for (int c = 0; c < ANL_ENCODER_HEAD; c += 8) vst1q_s16(s->v[j] + c, vmovl_s8(vld1_s8(v + c)));
    }
}

INLINE int32x4_t weight(float32x4_t l, float max)
{
    float32x4_t t = vmaxq_f32(vsubq_f32(l, vdupq_n_f32(max)), vdupq_n_f32(EXP_MIN));
    int32x4_t n = vcvtnq_s32_f32(t);
    float32x4_t f = vsubq_f32(t, vcvtq_f32_s32(n));
    float32x4_t y = vaddq_f32(vmulq_f32(vdupq_n_f32(EXP_C4), f), vdupq_n_f32(EXP_C3));
    y = vaddq_f32(vmulq_f32(y, f), vdupq_n_f32(EXP_C2));
    y = vaddq_f32(vmulq_f32(y, f), vdupq_n_f32(EXP_C1));
    y = vaddq_f32(vmulq_f32(y, f), vdupq_n_f32(EXP_C0));
    return vcvtnq_s32_f32(vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(y), vshlq_n_s32(n, 23))));
}

INLINE float32x4_t logit(int32x4_t acc, float scale, const float *bias)
{
    return vaddq_f32(vmulq_n_f32(vcvtq_f32_s32(acc), scale), vld1q_f32(bias));
}

/* Fills s->p for a query; returns the sum. */
static int32_t weigh(head *s, const int8_t *q, int m, float scale, const float *bias)
{
    float32x4_t most = vdupq_n_f32(-INFINITY);
    int32x4_t sum = vdupq_n_s32(0);
    int padded = (m + 7) / 8 * 8;
    for (int j = 0; j < m; j += 8) {
        int32x4_t a = vdupq_n_s32(0), b = a;
        for (int c = 0; c < ANL_ENCODER_HEAD; ++c) {
            int16x8_t k = vld1q_s16(s->k[c] + j);
            a = vmlal_n_s16(a, vget_low_s16(k), q[c]);
            b = vmlal_high_n_s16(b, k, q[c]);
        }
        vst1q_f32(s->l + j, logit(a, scale, bias + j));
        vst1q_f32(s->l + j + 4, logit(b, scale, bias + j + 4));
    }
    for (int j = m; j < padded; ++j) s->l[j] = -INFINITY;
    for (int j = 0; j < m; j += 4) most = vmaxq_f32(most, vld1q_f32(s->l + j));
    float max = vmaxvq_f32(most);
    for (int j = 0; j < m; j += 4) {
        int32x4_t p = weight(vld1q_f32(s->l + j), max);
        sum = vaddq_s32(sum, p);
        vst1q_s32(s->p + j, p);
    }
    return vaddvq_s32(sum);
}

static void combine(const head *s, int m, int32_t sum, uint8_t *out)
{
    float inverse = 1.0f / (float)sum;
    for (int c = 0; c < ANL_ENCODER_HEAD; c += 8) {
        int32x4_t a = vdupq_n_s32(0), b = a;
        for (int j = 0; j < m; ++j) {
            int16x8_t v = vld1q_s16(s->v[j] + c);
            a = vmlal_n_s16(a, vget_low_s16(v), (int16_t)s->p[j]);
            b = vmlal_high_n_s16(b, v, (int16_t)s->p[j]);
        }
        a = vcvtnq_s32_f32(vmulq_n_f32(vcvtq_f32_s32(a), inverse));
        b = vcvtnq_s32_f32(vmulq_n_f32(vcvtq_f32_s32(b), inverse));
        int8x8_t y = vqmovn_s16(vqmovn_high_s32(vqmovn_s32(a), b));
        vst1_u8(out + c, veor_u8(vreinterpret_u8_s8(y), vdup_n_u8(128)));
    }
}

static void attend(const anl_attention *p, const int8_t *qkv, int m, uint8_t *out)
{
    head s;
    memset(&s, 0, sizeof s); /* padding must be defined, if only to be masked */
    for (int h = 0; h < p->d / ANL_ENCODER_HEAD; ++h) {
        const int8_t *from = qkv + h * ANL_ENCODER_HEAD;
        pack_head(&s, from, p->d, m);
        for (int i = 0; i < m; ++i) {
            int32_t sum = weigh(&s, from + (size_t)i * 3 * p->d, m, p->scale[h], p->bias[h] + ANL_ENCODER_MAX_TOKENS - i);
            combine(&s, m, sum, out + (size_t)i * p->d + h * ANL_ENCODER_HEAD);
        }
    }
}

static void dot(const int16_t *x, const int16_t *w, int m, int d, int32_t *out)
{
    for (int t = 0; t < m; ++t, x += d) {
        int32x4_t a = vdupq_n_s32(0), b = a;
        for (int c = 0; c < d; c += 8) {
            int16x8_t v = vld1q_s16(x + c), u = vld1q_s16(w + c);
            a = vmlal_s16(a, vget_low_s16(v), vget_low_s16(u));
            b = vmlal_high_s16(b, v, u);
        }
        out[t] = vaddvq_s32(vaddq_s32(a, b));
    }
}

static void pool(const int16_t *x, const int16_t *g, int m, int d, int32_t *out)
{
    for (int c = 0; c < d; c += 8) {
        int32x4_t a = vdupq_n_s32(0), b = a;
        for (int t = 0; t < m; ++t) {
            int16x8_t v = vld1q_s16(x + (size_t)t * d + c);
            a = vmlal_n_s16(a, vget_low_s16(v), g[t]);
            b = vmlal_high_n_s16(b, v, g[t]);
        }
        vst1q_s32(out + c, a);
        vst1q_s32(out + c + 4, b);
    }
}

void anl_encode_fill_neon(anl_encode_kernels *t)
{
    *t = (anl_encode_kernels){
        .pack_size = pack_size,
        .pack = pack,
        .gather = gather,
        .sum_rows = sum_rows,
        .unit_s8 = unit_s8,
        .unit_u8 = unit_u8,
        .norm = norm,
        .linear_s8 = linear_s8,
        .linear_u8 = linear_u8,
        .linear_s32 = linear_s32,
        .linear_add = linear_add,
        .attend = attend,
        .dot = dot,
        .pool = pool,
    };
    if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) {
        t->pack_size = dot_pack_size;
        t->pack = dot_pack;
        t->linear_s8 = dot_linear_s8;
        t->linear_u8 = dot_linear_u8;
        t->linear_s32 = dot_linear_s32;
        t->linear_add = dot_linear_add;
    }
}
