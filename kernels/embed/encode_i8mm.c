/* The linear layers by usmmla: 2 rows by 2 outputs by 8 inputs an instruction.
 *
 * Packed weights: [n / 8][k / 8][8 outputs][8 inputs]. */
#include "encode.h"

#include <arm_neon.h>
#include <string.h>

#include "linear_neon.inc.h"

enum { PAIRS = 4 }; /* 8 rows x 8 outputs in 16 registers */

static size_t pack_size(int n, int k)
{
    return (size_t)n * (size_t)k;
}

static void pack(const int8_t *w, int n, int k, void *packed)
{
    int8_t *to = packed;
    for (int o = 0; o < n; o += 8)
        for (int i = 0; i < k; i += 8)
            for (int j = 0; j < 8; ++j, to += 8) memcpy(to, w + (size_t)(o + j) * (size_t)k + i, 8);
}

/* pairs (1 or 4) of rows by 8 outputs from o, all inputs; of a single pair the second row only where there is one. */
INLINE void tile(const anl_linear_packed *l, int o, const int pairs, int rows, const uint8_t *a, epilogue kind, uint8_t *out, size_t stride)
{
    const size_t k = (size_t)l->k, second = rows > 1 ? k : 0;
    const int8_t *w = (const int8_t *)l->w + (size_t)o * k;
    int32x4_t acc[PAIRS][4];
#pragma GCC unroll 4
    for (int r = 0; r < pairs; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < 4; ++v) acc[r][v] = vdupq_n_s32(0);
    for (size_t i = 0; i < k; i += 8, w += 64) {
        int8x16_t b[4];
#pragma GCC unroll 4
        for (int v = 0; v < 4; ++v) b[v] = vld1q_s8(w + 16 * v);
#pragma GCC unroll 4
        for (int r = 0; r < pairs; ++r) {
            const uint8_t *from = a + 2 * (size_t)r * k + i;
            const uint8x16_t in = vcombine_u8(vld1_u8(from), vld1_u8(from + second));
#pragma GCC unroll 4
            for (int v = 0; v < 4; ++v) acc[r][v] = vusmmlaq_s32(acc[r][v], in, b[v]);
        }
    }
    const int32x4_t i0 = vld1q_s32(l->init + o), i1 = vld1q_s32(l->init + o + 4);
#pragma GCC unroll 4
    for (int r = 0; r < pairs; ++r) {
        int64x2_t s[4];
#pragma GCC unroll 4
        for (int v = 0; v < 4; ++v) s[v] = vreinterpretq_s64_s32(acc[r][v]);
        uint8_t *to = out + 2 * (size_t)r * stride;
        finish(l, o, kind, to, vaddq_s32(i0, vreinterpretq_s32_s64(vzip1q_s64(s[0], s[1]))),
               vaddq_s32(i1, vreinterpretq_s32_s64(vzip1q_s64(s[2], s[3]))));
        if (rows > 1)
            finish(l, o, kind, to + stride, vaddq_s32(i0, vreinterpretq_s32_s64(vzip2q_s64(s[0], s[1]))),
                   vaddq_s32(i1, vreinterpretq_s32_s64(vzip2q_s64(s[2], s[3]))));
    }
}

INLINE void linear(const anl_linear_packed *l, const uint8_t *a, int m, epilogue kind, void *out, size_t size)
{
    const size_t stride = (size_t)l->n * size, k = (size_t)l->k;
    for (int o = 0; o < l->n; o += 8) {
        int t = 0;
        for (; t + 2 * PAIRS <= m; t += 2 * PAIRS)
            tile(l, o, PAIRS, 2 * PAIRS, a + (size_t)t * k, kind, (uint8_t *)out + (size_t)t * stride, stride);
        for (; t < m; t += 2) tile(l, o, 1, m - t, a + (size_t)t * k, kind, (uint8_t *)out + (size_t)t * stride, stride);
    }
}

#include "linear_forms.inc.h"

void anl_encode_fill_i8mm(anl_encode_kernels *t)
{
    t->pack_size = pack_size;
    t->pack = pack;
    fill_linear(t);
}
