/* Linear layers and attention by sdot (ARMv8.2). It wants signed bytes: unsigned ones are taken less 128, and what that leaves out of the
 * sums is added again.
 *
 * Packed weights: [n / 4][k / 4][4 outputs][4 inputs], then 128 * the sum of each output's weights. */
#include "encode.h"

#include "encode_common.h"

#include <arm_neon.h>
#include <string.h>

#include "linear_neon.inc.h"

enum { ROWS = 4 }; /* 4 x 16 outputs in 16 registers */

static size_t pack_size(int n, int k)
{
    return (size_t)n * ((size_t)k + sizeof(int32_t));
}

static void pack(const int8_t *w, int n, int k, void *packed)
{
    int8_t *to = packed;
    int32_t *offset = (int32_t *)(to + (size_t)n * (size_t)k);
    for (int o = 0; o < n; o += 4)
        for (int i = 0; i < k; i += 4)
            for (int j = 0; j < 4; ++j, to += 4) memcpy(to, w + (size_t)(o + j) * (size_t)k + i, 4);
    for (int o = 0; o < n; ++o) {
        offset[o] = 0;
        for (int i = 0; i < k; ++i) offset[o] += 128 * w[(size_t)o * (size_t)k + (size_t)i];
    }
}

/* Four inputs of each of `rows` by 16 outputs. The barrier keeps gcc from loading the weights of all four steps first, for which there are
 * not registers enough. */
#define ROW(r, lane)                                                                                                                       \
    if (r < rows) {                                                                                                                        \
        acc[r][0] = vdotq_laneq_s32(acc[r][0], b0, in[r], lane);                                                                           \
        acc[r][1] = vdotq_laneq_s32(acc[r][1], b1, in[r], lane);                                                                           \
        acc[r][2] = vdotq_laneq_s32(acc[r][2], b2, in[r], lane);                                                                           \
        acc[r][3] = vdotq_laneq_s32(acc[r][3], b3, in[r], lane);                                                                           \
    }
#define STEP(lane)                                                                                                                         \
    do {                                                                                                                                   \
        const int8_t *p = w + 4 * (i + 4 * lane);                                                                                          \
        __asm__ volatile("" : : : "memory");                                                                                               \
        const int8x16_t b0 = vld1q_s8(p), b1 = vld1q_s8(p + 4 * k), b2 = vld1q_s8(p + 8 * k), b3 = vld1q_s8(p + 12 * k);                   \
        ROW(0, lane) ROW(1, lane) ROW(2, lane) ROW(3, lane)                                                                                \
    } while (0)

/* rows (1 or 4) by 16 outputs from o, all inputs. */
INLINE void tile(const anl_linear_packed *l, int o, const int rows, const uint8_t *a, epilogue kind, uint8_t *out, size_t stride)
{
    const size_t k = (size_t)l->k;
    const int8_t *w = (const int8_t *)l->w + (size_t)o * k;
    const int32_t *offset = (const int32_t *)((const int8_t *)l->w + (size_t)l->n * k) + o;
    int32x4_t acc[ROWS][4];
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < 4; ++v) acc[r][v] = vaddq_s32(vld1q_s32(l->init + o + 4 * v), vld1q_s32(offset + 4 * v));
    for (size_t i = 0; i < k; i += 16) {
        int8x16_t in[ROWS];
#pragma GCC unroll 4
        for (int r = 0; r < rows; ++r) in[r] = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(a + (size_t)r * k + i), vdupq_n_u8(128)));
        STEP(0);
        STEP(1);
        STEP(2);
        STEP(3);
    }
#undef ROW
#undef STEP
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
        finish(l, o, kind, out + (size_t)r * stride, acc[r][0], acc[r][1]);
        finish(l, o + 8, kind, out + (size_t)r * stride, acc[r][2], acc[r][3]);
    }
}

INLINE void linear(const anl_linear_packed *l, const uint8_t *a, int m, epilogue kind, void *out, size_t size)
{
    const size_t stride = (size_t)l->n * size, k = (size_t)l->k;
    for (int o = 0; o < l->n; o += 16) {
        int t = 0;
        for (; t + ROWS <= m; t += ROWS) tile(l, o, ROWS, a + (size_t)t * k, kind, (uint8_t *)out + (size_t)t * stride, stride);
        for (; t < m; ++t) tile(l, o, 1, a + (size_t)t * k, kind, (uint8_t *)out + (size_t)t * stride, stride);
    }
}

#include "linear_forms.inc.h"

/* One head of one sequence. Keys from m up to the next multiple of 8 have weight 0. */
typedef struct head {
    int8_t k[ANL_ENCODER_HEAD / 4][ANL_ENCODER_MAX_TOKENS][4]; /* [channels / 4][key][4] */
    int8_t v[ANL_ENCODER_MAX_TOKENS / 4][ANL_ENCODER_HEAD][4]; /* [keys / 4][channel][4] */
    int32_t offset[ANL_ENCODER_HEAD];                          /* 128 * the sum of a channel's values */
    float l[ANL_ENCODER_MAX_TOKENS];
    int8_t p[ANL_ENCODER_MAX_TOKENS]; /* weights less 128 */
} head;

static void pack_head(head *s, const int8_t *qkv, int d, int m)
{
    memset(s->offset, 0, sizeof s->offset);
    for (int j = 0; j < (m + 3) / 4 * 4; ++j) {
        const int8_t *k = qkv + (size_t)j * 3 * (size_t)d + d, *v = k + d;
        for (int c = 0; c < ANL_ENCODER_HEAD / 4 && j < m; ++c) memcpy(s->k[c][j], k + 4 * c, 4);
        for (int c = 0; c < ANL_ENCODER_HEAD; ++c) {
            s->v[j / 4][c][j % 4] = j < m ? v[c] : 0;
            s->offset[c] += 128 * s->v[j / 4][c][j % 4];
        }
    }
}

INLINE int8x16_t broadcast4(const int8_t *p)
{
    int32_t four;
    memcpy(&four, p, 4);
    return vreinterpretq_s8_s32(vdupq_n_s32(four));
}

/* Products of a query with keys j .. j + 3 and the four behind them. */
INLINE void products(const head *s, const int8_t *q, int j, int32x4_t *acc)
{
    acc[0] = acc[1] = vdupq_n_s32(0);
    for (int c = 0; c < ANL_ENCODER_HEAD / 4; ++c) {
        const int8x16_t four = broadcast4(q + 4 * c);
        acc[0] = vdotq_s32(acc[0], vld1q_s8(s->k[c][j]), four);
        acc[1] = vdotq_s32(acc[1], vld1q_s8(s->k[c][j + 4]), four);
    }
}

INLINE void keep_weights(head *s, int j, int32x4_t p)
{
    const int16x4_t low = vmovn_s32(vsubq_s32(p, vdupq_n_s32(128)));
    const int8x8_t y = vmovn_s16(vcombine_s16(low, low));
    memcpy(s->p + j, &y, 4);
}

/* Weighted sums of channels c .. c + 3 and the four behind them. */
INLINE void weighted(const head *s, int m, int c, int32x4_t *acc)
{
    acc[0] = vld1q_s32(s->offset + c);
    acc[1] = vld1q_s32(s->offset + c + 4);
    for (int j = 0; j < m; j += 4) {
        const int8x16_t p = broadcast4(s->p + j);
        acc[0] = vdotq_s32(acc[0], vld1q_s8(s->v[j / 4][c]), p);
        acc[1] = vdotq_s32(acc[1], vld1q_s8(s->v[j / 4][c + 4]), p);
    }
}

#include "attend_neon.inc.h"

void anl_encode_fill_dotprod(anl_encode_kernels *t)
{
    t->pack_size = pack_size;
    t->pack = pack;
    fill_linear(t);
    t->attend = attend;
}
