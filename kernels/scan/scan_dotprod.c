/* Dot products by sdot (ARMv8.2). It wants signed bytes: queries are taken less 128, and 128 * the sum of an entry is added again. */
#include "scan.h"

#include <arm_neon.h>
#include <stddef.h>
#include <string.h>

/* 128 * the sum of each entry of a panel. */
static inline void offsets(const int8_t *panel, size_t d, int32x4_t *offset)
{
    for (int v = 0; v < 4; ++v) offset[v] = vdupq_n_s32(0);
    for (size_t c = 0; c < d; c += 4)
        for (int v = 0; v < 4; ++v) offset[v] = vdotq_s32(offset[v], vld1q_s8(panel + ANL_PANEL * c + 16 * v), vdupq_n_s8(1));
    for (int v = 0; v < 4; ++v) offset[v] = vshlq_n_s32(offset[v], 7);
}

/* R queries by one panel, all sums in registers. */
static inline __attribute__((always_inline)) void tile(const int R, const uint8_t *queries, const int8_t *panel, size_t d,
                                                       const int32x4_t *offset, int32_t *out, size_t stride)
{
    int32x4_t acc[4][4];
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < 4; ++v) acc[r][v] = offset[v];
    for (size_t c = 0; c < d; c += 4) {
        int8x16_t entries[4];
#pragma GCC unroll 4
        for (int v = 0; v < 4; ++v) entries[v] = vld1q_s8(panel + ANL_PANEL * c + 16 * v);
#pragma GCC unroll 4
        for (int r = 0; r < R; ++r) {
            uint32_t four;
            memcpy(&four, queries + (size_t)r * d + c, sizeof four);
            const int8x16_t q = vreinterpretq_s8_u32(vdupq_n_u32(four ^ 0x80808080u));
#pragma GCC unroll 4
            for (int v = 0; v < 4; ++v) acc[r][v] = vdotq_s32(acc[r][v], entries[v], q);
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < 4; ++v) vst1q_s32(out + (size_t)r * stride + 4 * v, acc[r][v]);
}

static void dots(const uint8_t *queries, int32_t n, const int8_t *panels, int32_t n_panels, int32_t d, int32_t *out)
{
    const size_t size = (size_t)d, stride = (size_t)n_panels * ANL_PANEL;
    for (int32_t p = 0; p < n_panels; ++p, panels += ANL_PANEL * size, out += ANL_PANEL) {
        int32x4_t offset[4];
        int32_t i = 0;
        offsets(panels, size, offset);
        for (; i + 4 <= n; i += 4) tile(4, queries + (size_t)i * size, panels, size, offset, out + (size_t)i * stride, stride);
        for (; i < n; ++i) tile(1, queries + (size_t)i * size, panels, size, offset, out + (size_t)i * stride, stride);
    }
}

void anl_scan_fill_dotprod(anl_scan_kernels *t)
{
    t->dots = dots;
}
