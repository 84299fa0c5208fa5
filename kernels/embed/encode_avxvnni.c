/* The linear layers by the vpdpbusd of AVX-VNNI.
 *
 * Packed weights: [n / 16][k / 4][16 outputs][4 inputs], as for AVX-512. */
#include "encode.h"

#include "panel.h"

#include <string.h>

#include "linear256.inc.h"
#include "vnni256.inc.h"

enum { ROWS = 6 }; /* 6 x 2 accumulators, 2 weights and an input fill 15 of the 16 registers */

static size_t pack_size(int n, int k)
{
    return (size_t)n * (size_t)k;
}

static void pack(const int8_t *w, int n, int k, void *packed)
{
    for (size_t o = 0; o < (size_t)n; ++o) anl_panel_put(packed, o, (size_t)k, w + o * (size_t)k);
}

INLINE __m256i broadcast4(const void *p)
{
    int32_t v;
    memcpy(&v, p, 4);
    return _mm256_set1_epi32(v);
}

/* rows (1 or 6) by 16 outputs from o, all inputs. The accumulators are named one by one: as an array, gcc keeps them in memory. */
INLINE void tile(const anl_linear_packed *l, int o, int rows, const uint8_t *a, epilogue kind, uint8_t *out, size_t stride)
{
    const size_t k = (size_t)l->k;
    const int8_t *w = (const int8_t *)l->w + (size_t)o * k;
    const __m256i i0 = load(l->init + o), i1 = load(l->init + o + 8);
#define START(r) __m256i c##r##0 = i0, c##r##1 = i1;
#define STEP(r)                                                                                                                            \
    if (r < rows) {                                                                                                                        \
        const __m256i in = broadcast4(a + r * k + i);                                                                                      \
        c##r##0 = dot4(c##r##0, in, b0);                                                                                                   \
        c##r##1 = dot4(c##r##1, in, b1);                                                                                                   \
    }
#define FINISH(r)                                                                                                                          \
    if (r < rows) finish_row(l, o, kind, out + r * stride, c##r##0, c##r##1);
    START(0) START(1) START(2) START(3) START(4) START(5) for (size_t i = 0; i < k; i += 4, w += 64)
    {
        const __m256i b0 = load(w), b1 = load(w + 32);
        STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5)
    }
    FINISH(0) FINISH(1) FINISH(2) FINISH(3) FINISH(4) FINISH(5)
#undef START
#undef STEP
#undef FINISH
}

/* A panel of weights stays in the L1 cache while all rows pass. */
INLINE void linear(const anl_linear_packed *l, const uint8_t *a, int m, epilogue kind, void *out, size_t size)
{
    const size_t stride = (size_t)l->n * size, k = (size_t)l->k;
    for (int o = 0; o < l->n; o += ANL_PANEL) {
        int t = 0;
        for (; t + ROWS <= m; t += ROWS) tile(l, o, ROWS, a + t * k, kind, (uint8_t *)out + t * stride, stride);
        for (; t < m; ++t) tile(l, o, 1, a + t * k, kind, (uint8_t *)out + t * stride, stride);
    }
}

#include "linear_forms.inc.h"

void anl_encode_fill_avxvnni(anl_encode_kernels *t)
{
    t->pack_size = pack_size;
    t->pack = pack;
    t->linear_s8 = linear_s8;
    t->linear_u8 = linear_u8;
    t->linear_s32 = linear_s32;
    t->linear_add = linear_add;
}
