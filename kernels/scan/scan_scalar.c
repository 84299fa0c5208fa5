#include "scan.h"

#include "scan_limit.inc.h"

#include <string.h>

static void dots(const uint8_t *queries, int32_t n, const int8_t *panels, int32_t n_panels, int32_t d, int32_t *out)
{
    for (int32_t i = 0; i < n; ++i, queries += d)
        for (int32_t p = 0; p < n_panels; ++p, out += ANL_PANEL) {
            const int8_t *at = panels + (size_t)p * ANL_PANEL * (size_t)d;
            memset(out, 0, ANL_PANEL * sizeof *out);
            for (int32_t c = 0; c < d; c += 4)
                for (int j = 0; j < ANL_PANEL; ++j)
                    for (int q = 0; q < 4; ++q) out[j] += queries[c + q] * *at++;
        }
}

static int32_t select_at_most(const int32_t *dot, const int32_t *bias, int32_t n, int32_t limit, uint32_t *which, int32_t *value)
{
    int32_t found = 0;
    for (int32_t j = 0; j < n; ++j) {
        const int32_t v = anl_scan_value(bias[j], dot[j]);
        if (v > limit) continue;
        which[found] = (uint32_t)j;
        value[found++] = v;
    }
    return found;
}

void anl_scan_fill_scalar(anl_scan_kernels *t)
{
    *t = (anl_scan_kernels){.dots = dots, .select_at_most = select_at_most, .limit_of_k = limit_of_k, .least = least};
}
