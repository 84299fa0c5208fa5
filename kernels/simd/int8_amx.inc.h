/* Products of unsigned and signed bytes on tiles. */
#include "amx.inc.h"

#include <stddef.h>

/* Inputs taken at once, of k: whole tiles, or half ones where k is an odd number of them. */
static inline int step_of(int k)
{
    return k % 64 ? 32 : 64;
}

/* out[16 R][16 V] = the sums over k of a[16 R][k] and V panels [k / 4][16][4], R and V 1 or 2; fewer rows where R is 1 and tiles are
 * configured so. */
static inline __attribute__((always_inline)) void product(const int R, const int V, const uint8_t *a, const int8_t *panels, int k, int step,
                                                          int32_t *out, size_t stride /* bytes */)
{
    const size_t row = (size_t)k, panel = TILE * row;
    _tile_zero(0);
    if (V == 2) _tile_zero(1);
    if (R == 2) _tile_zero(2);
    if (R == 2 && V == 2) _tile_zero(3);
    for (int i = 0; i < k; i += step, a += step, panels += TILE * step) {
        _tile_loadd(4, a, row);
        if (R == 2) _tile_loadd(5, a + TILE * row, row);
        _tile_loadd(6, panels, 64);
        if (V == 2) _tile_loadd(7, panels + panel, 64);
        _tile_dpbusd(0, 4, 6);
        if (V == 2) _tile_dpbusd(1, 4, 7);
        if (R == 2) _tile_dpbusd(2, 5, 6);
        if (R == 2 && V == 2) _tile_dpbusd(3, 5, 7);
    }
    int8_t *to = (int8_t *)out;
    _tile_stored(0, to, stride);
    if (V == 2) _tile_stored(1, to + 4 * TILE, stride);
    if (R == 2) _tile_stored(2, to + TILE * stride, stride);
    if (R == 2 && V == 2) _tile_stored(3, to + TILE * stride + 4 * TILE, stride);
}
