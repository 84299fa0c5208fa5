/* Dot products by usmmla, 2 queries by 2 entries by 8 dimensions an instruction, and by usdot for a query alone. */
#include "scan.h"

#include <arm_neon.h>
#include <stddef.h>
#include <string.h>

/* Four queries by one panel, all sums in registers. */
static inline void tile(const uint8_t *queries, const int8_t *panel, size_t d, int32_t *out, size_t stride)
{
    int32x4_t acc[2][8]; /* [pair of queries][pair of entries]: 2 x 2 sums */
#pragma GCC unroll 2
    for (int r = 0; r < 2; ++r)
#pragma GCC unroll 8
        for (int v = 0; v < 8; ++v) acc[r][v] = vdupq_n_s32(0);
    for (size_t c = 0; c < d; c += 8, panel += 128) {
        const uint8_t *from = queries + c;
        const uint8x16_t q0 = vcombine_u8(vld1_u8(from), vld1_u8(from + d)), q1 = vcombine_u8(vld1_u8(from + 2 * d), vld1_u8(from + 3 * d));
#pragma GCC unroll 4
        for (int v = 0; v < 4; ++v) {
            const int32x4_t near = vreinterpretq_s32_s8(vld1q_s8(panel + 16 * v)),
                            far = vreinterpretq_s32_s8(vld1q_s8(panel + 64 + 16 * v));
            const int8x16_t low = vreinterpretq_s8_s32(vzip1q_s32(near, far)), high = vreinterpretq_s8_s32(vzip2q_s32(near, far));
            acc[0][2 * v] = vusmmlaq_s32(acc[0][2 * v], q0, low);
            acc[0][2 * v + 1] = vusmmlaq_s32(acc[0][2 * v + 1], q0, high);
            acc[1][2 * v] = vusmmlaq_s32(acc[1][2 * v], q1, low);
            acc[1][2 * v + 1] = vusmmlaq_s32(acc[1][2 * v + 1], q1, high);
        }
    }
#pragma GCC unroll 2
    for (int r = 0; r < 2; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < 4; ++v) {
            const int64x2_t a = vreinterpretq_s64_s32(acc[r][2 * v]), b = vreinterpretq_s64_s32(acc[r][2 * v + 1]);
            vst1q_s32(out + 2 * (size_t)r * stride + 4 * v, vreinterpretq_s32_s64(vzip1q_s64(a, b)));
            vst1q_s32(out + (2 * (size_t)r + 1) * stride + 4 * v, vreinterpretq_s32_s64(vzip2q_s64(a, b)));
        }
}

static inline void alone(const uint8_t *query, const int8_t *panel, size_t d, int32_t *out)
{
    int32x4_t acc[4];
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) acc[v] = vdupq_n_s32(0);
    for (size_t c = 0; c < d; c += 4, panel += 64) {
        uint32_t four;
        memcpy(&four, query + c, sizeof four);
        const uint8x16_t q = vreinterpretq_u8_u32(vdupq_n_u32(four));
#pragma GCC unroll 4
        for (int v = 0; v < 4; ++v) acc[v] = vusdotq_s32(acc[v], q, vld1q_s8(panel + 16 * v));
    }
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) vst1q_s32(out + 4 * v, acc[v]);
}

static void dots(const uint8_t *queries, int32_t n, const int8_t *panels, int32_t n_panels, int32_t d, int32_t *out)
{
    const size_t size = (size_t)d, stride = (size_t)n_panels * ANL_PANEL;
    for (int32_t p = 0; p < n_panels; ++p, panels += ANL_PANEL * size, out += ANL_PANEL) {
        int32_t i = 0;
        for (; i + 4 <= n; i += 4) tile(queries + (size_t)i * size, panels, size, out + (size_t)i * stride, stride);
        for (; i < n; ++i) alone(queries + (size_t)i * size, panels, size, out + (size_t)i * stride);
    }
}

void anl_scan_fill_i8mm(anl_scan_kernels *t)
{
    t->dots = dots;
}
