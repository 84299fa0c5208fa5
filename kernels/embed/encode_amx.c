/* The linear layers on AMX tiles, 32 tokens by 32 outputs at a time; weights lie as the AVX-512 level packs them. */
#include "encode.h"

#include "int8_amx.inc.h"
#include "linear512.inc.h"

/* Outputs o .. o + 31 of `rows` (at most 32) tokens, from sums without init. */
INLINE void finish_block(const anl_linear_packed *l, int o, int rows, const int32_t *sums, epilogue kind, uint8_t *out, size_t stride)
{
    const __m512i first = _mm512_loadu_si512(l->init + o), second = _mm512_loadu_si512(l->init + o + 16);
    for (int r = 0; r < rows; ++r, sums += EDGE, out += stride) {
        const __m512i a = _mm512_add_epi32(first, _mm512_load_si512(sums)), b = _mm512_add_epi32(second, _mm512_load_si512(sums + 16));
        finish_row(l, o, 2, kind, out, a, b, a, b);
    }
}

/* `m` tokens, R * 16 at a time and of those `rows`; a panel of weights stays in the L1 cache while all pass. */
INLINE void pass(const int R, int rows, const anl_linear_packed *l, const uint8_t *a, int m, epilogue kind, uint8_t *out, size_t stride)
{
    _Alignas(64) int32_t sums[EDGE * EDGE];
    const size_t k = (size_t)l->k;
    for (int o = 0; o < l->n; o += EDGE)
        for (int t = 0; t < m; t += rows) {
            product(R, 2, a + (size_t)t * k, (const int8_t *)l->w + (size_t)o * k, l->k, step_of(l->k), sums, EDGE * sizeof *sums);
            finish_block(l, o, rows, sums, kind, out + (size_t)t * stride, stride);
        }
}

INLINE void linear(const anl_linear_packed *l, const uint8_t *a, int m, epilogue kind, void *out, size_t size)
{
    const size_t k = (size_t)l->k, stride = (size_t)l->n * size;
    const int pairs = m / EDGE * EDGE, whole = m / TILE * TILE;
    uint8_t *to = out;
    configure(TILE, step_of(l->k));
    pass(2, EDGE, l, a, pairs, kind, to, stride);
    if (pairs < whole) pass(1, TILE, l, a + (size_t)pairs * k, TILE, kind, to + (size_t)pairs * stride, stride);
    if (whole < m) {
        configure(m - whole, step_of(l->k));
        pass(1, m - whole, l, a + (size_t)whole * k, m - whole, kind, to + (size_t)whole * stride, stride);
    }
    _tile_release();
}

#include "linear_forms.inc.h"

void anl_encode_fill_amx(anl_encode_kernels *t)
{
    fill_linear(t);
}
