/* Dot products on AMX tiles, 32 queries by 32 entries at a time. */
#include "scan.h"

#include "int8_amx.inc.h"

_Static_assert((int)ANL_PANEL == (int)TILE, "a panel fills the columns of a tile");

/* R * 16 queries, or fewer than 16, by all panels. */
static inline __attribute__((always_inline)) void rows(const int R, const uint8_t *queries, const int8_t *panels, int32_t n_panels,
                                                       int32_t d, int32_t *out, size_t stride)
{
    const int step = step_of(d);
    const size_t panel = TILE * (size_t)d;
    int32_t p = 0;
    for (; p + 2 <= n_panels; p += 2) product(R, 2, queries, panels + (size_t)p * panel, d, step, out + p * TILE, stride);
    if (p < n_panels) product(R, 1, queries, panels + (size_t)p * panel, d, step, out + p * TILE, stride);
}

static void dots(const uint8_t *queries, int32_t n, const int8_t *panels, int32_t n_panels, int32_t d, int32_t *out)
{
    const size_t row = (size_t)n_panels * TILE, stride = row * sizeof *out;
    int32_t i = 0;
    configure(TILE, step_of(d));
    for (; i + EDGE <= n; i += EDGE) rows(2, queries + (size_t)i * (size_t)d, panels, n_panels, d, out + (size_t)i * row, stride);
    if (i + TILE <= n) {
        rows(1, queries + (size_t)i * (size_t)d, panels, n_panels, d, out + (size_t)i * row, stride);
        i += TILE;
    }
    if (i < n) {
        configure(n - i, step_of(d));
        rows(1, queries + (size_t)i * (size_t)d, panels, n_panels, d, out + (size_t)i * row, stride);
    }
    _tile_release();
}

void anl_scan_fill_amx(anl_scan_kernels *t)
{
    t->dots = dots;
}
