/* clang-format off */ /* it takes the macros that unroll loops for calls */
/* NEON of ARMv8.0: everything widened to 16 bits for smlal.
 *
 * Packed weights: int16 [n / 8][k][8 outputs]. */
#include "encode.h"

#include "encode_common.h"

#include <arm_neon.h>
#include <string.h>

#include "linear_neon.inc.h"

enum {
    ROWS = 4,   /* 4 x 16 outputs in 16 registers */
    BLOCK = 16, /* rows widened at a time */
};

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

/* One head of one sequence as int16. Keys from m up to the next multiple of 8 have weight 0. */
typedef struct head {
    int16_t k[ANL_ENCODER_HEAD][ANL_ENCODER_MAX_TOKENS]; /* [channel][key] */
    int16_t v[ANL_ENCODER_MAX_TOKENS][ANL_ENCODER_HEAD]; /* [key][channel] */
    float l[ANL_ENCODER_MAX_TOKENS];
    int16_t p[ANL_ENCODER_MAX_TOKENS];
} head;

static void pack_head(head *s, const int8_t *qkv, int d, int m)
{
    for (int j = 0; j < m; ++j) {
        const int8_t *k = qkv + (size_t)j * 3 * d + d, *v = k + d;
        for (int c = 0; c < ANL_ENCODER_HEAD; ++c) s->k[c][j] = k[c];
        for (int c = 0; c < ANL_ENCODER_HEAD; c += 8) vst1q_s16(s->v[j] + c, vmovl_s8(vld1_s8(v + c)));
    }
}

/* Products of a query with keys j .. j + 3 and the four behind them. */
INLINE void products(const head *s, const int8_t *q, int j, int32x4_t *acc)
{
    acc[0] = acc[1] = vdupq_n_s32(0);
    for (int c = 0; c < ANL_ENCODER_HEAD; ++c) {
        const int16x8_t k = vld1q_s16(s->k[c] + j);
        acc[0] = vmlal_n_s16(acc[0], vget_low_s16(k), q[c]);
        acc[1] = vmlal_high_n_s16(acc[1], k, q[c]);
    }
}

INLINE void keep_weights(head *s, int j, int32x4_t p)
{
    vst1_s16(s->p + j, vmovn_s32(p));
}

/* Weighted sums of channels c .. c + 3 and the four behind them. */
INLINE void weighted(const head *s, int m, int c, int32x4_t *acc)
{
    acc[0] = acc[1] = vdupq_n_s32(0);
    for (int j = 0; j < m; ++j) {
        const int16x8_t v = vld1q_s16(s->v[j] + c);
        acc[0] = vmlal_n_s16(acc[0], vget_low_s16(v), s->p[j]);
        acc[1] = vmlal_high_n_s16(acc[1], v, s->p[j]);
    }
}

#include "attend_neon.inc.h"

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
        .attend = attend,
        .dot = dot,
        .pool = pool,
    };
    fill_linear(t);
}
