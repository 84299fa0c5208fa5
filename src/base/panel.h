/** How int8 vectors lie where many of them meet one: in panels of 16, [d / 4][16][4] bytes, so that 64 bytes hold 4 elements of 16 vectors.
 *
 * Inverted lists, centroids and the weights of the AVX-512 level lie so. The last panel is filled up with zeros. Queries come as unsigned bytes,
 * 128 more than they are; the bias of a vector takes that out of a distance again:
 * |q - v|^2 = |q|^2 + bias(v) - 2 sum over c of (q[c] + 128) v[c].
 */
#ifndef ANL_PANEL_H
#define ANL_PANEL_H

#include <stddef.h>
#include <stdint.h>

/** Functions for a GPU, too. */
#ifdef __CUDACC__
#define ANL_EVERYWHERE static inline __host__ __device__
#else
#define ANL_EVERYWHERE static inline
#endif

enum {
    ANL_PANEL = 16,      /**< vectors */
    ANL_PANEL_DEPTH = 4, /**< elements of a vector that stand together */
    ANL_PANEL_LINE = ANL_PANEL * ANL_PANEL_DEPTH,
    ANL_PANEL_OFFSET = 128,        /**< of the elements of queries */
    ANL_PANEL_NO_BIAS = INT32_MAX, /**< of what fills up the last panel: farther than everything */
};

/** Panels that `n` vectors take, the last one filled up. */
ANL_EVERYWHERE size_t anl_panels(size_t n)
{
    return (n + ANL_PANEL - 1) / ANL_PANEL;
}

/** Vectors, those that fill up the last panel included. */
ANL_EVERYWHERE size_t anl_panels_padded(size_t n)
{
    return anl_panels(n) * ANL_PANEL;
}

/** Where element `c` of vector `i` is; vectors have `d` elements, a multiple of 4. */
ANL_EVERYWHERE size_t anl_panel_at(size_t i, size_t c, size_t d)
{
    return i / ANL_PANEL * ANL_PANEL * d + c / ANL_PANEL_DEPTH * ANL_PANEL_LINE + i % ANL_PANEL * ANL_PANEL_DEPTH + c % ANL_PANEL_DEPTH;
}

/** Takes vector `i` out of panels. */
ANL_EVERYWHERE void anl_panel_get(const int8_t *panels, size_t i, size_t d, int8_t *out)
{
    const int8_t *from = panels + anl_panel_at(i, 0, d);
    for (size_t c = 0; c < d; ++c) out[c] = from[c / ANL_PANEL_DEPTH * ANL_PANEL_LINE + c % ANL_PANEL_DEPTH];
}

/** Puts vector `i` into panels. */
ANL_EVERYWHERE void anl_panel_put(int8_t *panels, size_t i, size_t d, const int8_t *v)
{
    int8_t *to = panels + anl_panel_at(i, 0, d);
    for (size_t c = 0; c < d; ++c) to[c / ANL_PANEL_DEPTH * ANL_PANEL_LINE + c % ANL_PANEL_DEPTH] = v[c];
}

ANL_EVERYWHERE int32_t anl_panel_bias(const int8_t *v, size_t d)
{
    int32_t squares = 0, sum = 0;
    for (size_t c = 0; c < d; ++c) {
        squares += v[c] * v[c];
        sum += v[c];
    }
    return squares + 2 * ANL_PANEL_OFFSET * sum;
}

/** What the magnitude of a bias does not exceed. */
ANL_EVERYWHERE int32_t anl_panel_bias_most(size_t d)
{
    return (int32_t)d * (128 * 128 + 2 * ANL_PANEL_OFFSET * 128);
}

#endif
