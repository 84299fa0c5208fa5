#include "scan.h"

#include "panel_neon.inc.h"
#include "scan_limit.inc.h"

#include <stddef.h>

static void dots(const uint8_t *queries, int32_t n, const int8_t *panels, int32_t n_panels, int32_t d, int32_t *out)
{
    for (int32_t p = 0; p < n_panels; ++p)
        for (int32_t i = 0; i < n; ++i) {
            sums16 s = {{vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)}};
            s = panel_sums(s, queries + (size_t)i * (size_t)d, panels + (size_t)p * ANL_PANEL * (size_t)d, d);
            int32_t *to = out + ((size_t)i * (size_t)n_panels + (size_t)p) * ANL_PANEL;
            for (int part = 0; part < 4; ++part) vst1q_s32(to + 4 * part, s.part[part]);
        }
}

static int32_t select_at_most(const int32_t *dot, const int32_t *bias, int32_t n, int32_t limit, uint32_t *which, int32_t *value)
{
    const int32x4_t most = vdupq_n_s32(limit);
    int32_t found = 0;
    for (int32_t j = 0; j < n; j += 4) {
        const int32x4_t v = vsubq_s32(vld1q_s32(bias + j), vshlq_n_s32(vld1q_s32(dot + j), 1));
        if (!vmaxvq_u32(vcleq_s32(v, most))) continue;
        for (int32_t at = j; at < j + 4; ++at) {
            const int32_t far = anl_scan_value(bias[at], dot[at]);
            if (far > limit) continue;
            which[found] = (uint32_t)at;
            value[found++] = far;
        }
    }
    return found;
}

void anl_scan_fill_neon(anl_scan_kernels *t)
{
    *t = (anl_scan_kernels){.dots = dots, .select_at_most = select_at_most, .limit_of_k = limit_of_k, .least = least};
}
