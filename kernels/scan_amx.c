/* Dot products on AMX tiles, 32 queries by 32 entries at a time. */
#include "scan.h"

#include "int8_amx.inc.h"

#include <string.h>

enum { MOST_D = 256 };

_Static_assert((int)ANL_SCAN_PANEL == (int)TILE, "a panel fills the columns of a tile");

/* R * 16 queries by all panels. */
static inline __attribute__((always_inline)) void rows(const int R, const uint8_t *queries, const int8_t *panels, int32_t n_panels,
                                                       int32_t d, int32_t *out, size_t stride)
{
    const int step = step_of(d);
    const size_t panel = TILE * (size_t)d;
    int32_t p = 0;
    for (; p + 2 <= n_panels; p += 2) product(R, 2, queries, panels + (size_t)p * panel, d, step, out + p * TILE, stride);
    if (p < n_panels) product(R, 1, queries, panels + (size_t)p * panel, d, step, out + p * TILE, stride);
}

/* Fewer than 16 queries: copied, so that a tile has all its rows. */
static void few(const uint8_t *queries, int32_t n, const int8_t *panels, int32_t n_panels, int32_t d, int32_t *out, size_t stride)
{
    _Alignas(64) int32_t sums[TILE * EDGE];
    _Alignas(64) uint8_t padded[TILE * MOST_D] = {0};
    memcpy(padded, queries, (size_t)n * (size_t)d);
    for (int32_t p = 0; p < n_panels; p += 2) {
        const int both = p + 2 <= n_panels;
        const int8_t *from = panels + (size_t)p * TILE * (size_t)d;
        if (both)
            product(1, 2, padded, from, d, step_of(d), sums, EDGE * sizeof *sums);
        else
            product(1, 1, padded, from, d, step_of(d), sums, EDGE * sizeof *sums);
        for (int32_t i = 0; i < n; ++i) memcpy((int8_t *)(out + p * TILE) + (size_t)i * stride, sums + i * EDGE, both ? 128 : 64);
    }
}

static void dots(const uint8_t *queries, int32_t n, const int8_t *panels, int32_t n_panels, int32_t d, int32_t *out)
{
    const size_t row = (size_t)n_panels * TILE, stride = row * sizeof *out;
    int32_t i = 0;
    configure(step_of(d));
    for (; i + EDGE <= n; i += EDGE) rows(2, queries + (size_t)i * (size_t)d, panels, n_panels, d, out + (size_t)i * row, stride);
    for (; i + TILE <= n; i += TILE) rows(1, queries + (size_t)i * (size_t)d, panels, n_panels, d, out + (size_t)i * row, stride);
    if (i < n) few(queries + (size_t)i * (size_t)d, n - i, panels, n_panels, d, out + (size_t)i * row, stride);
    _tile_release();
}

void anl_scan_fill_amx(anl_scan_kernels *t)
{
    t->dots = dots;
}
