#include "encode_plain.inc.h"

/* y before rounding, of 16 outputs. */
static void sixteen(const anl_encode_linear *l, const uint8_t *a, int32_t block, float *y)
{
    enum { LANES = ANL_ENCODE_LANES };
    const int8_t *w = l->weights + (size_t)block * LANES * (size_t)l->k;
    int32_t acc[LANES];
    for (int o = 0; o < LANES; ++o) acc[o] = l->offset[block * LANES + o];
    for (int32_t i = 0; i < l->k; i += 4)
        for (int o = 0; o < LANES; ++o)
            for (int q = 0; q < 4; ++q) acc[o] += a[i + q] * *w++;
    for (int o = 0; o < LANES; ++o) y[o] = (float)acc[o] * l->scale[block * LANES + o] + l->bias[block * LANES + o];
}

static void linear_s8(const anl_encode_linear *l, const uint8_t *a, int32_t rows, int8_t *out)
{
    float y[ANL_ENCODE_LANES];
    for (int32_t r = 0; r < rows; ++r, a += l->k, out += l->n)
        for (int32_t o = 0; o < l->n; ++o) {
            if (o % ANL_ENCODE_LANES == 0) sixteen(l, a, o / ANL_ENCODE_LANES, y);
            out[o] = (int8_t)nearest(clamp_float(y[o % ANL_ENCODE_LANES], -127.0f, 127.0f));
        }
}

static void linear_relu(const anl_encode_linear *l, const uint8_t *a, int32_t rows, uint8_t *out)
{
    float y[ANL_ENCODE_LANES];
    for (int32_t r = 0; r < rows; ++r, a += l->k, out += l->n)
        for (int32_t o = 0; o < l->n; ++o) {
            if (o % ANL_ENCODE_LANES == 0) sixteen(l, a, o / ANL_ENCODE_LANES, y);
            out[o] = (uint8_t)nearest(clamp_float(y[o % ANL_ENCODE_LANES], 0.0f, 255.0f));
        }
}

static void linear_add(const anl_encode_linear *l, const uint8_t *a, int32_t rows, int16_t *x)
{
    float y[ANL_ENCODE_LANES];
    for (int32_t r = 0; r < rows; ++r, a += l->k, x += l->n)
        for (int32_t o = 0; o < l->n; ++o) {
            if (o % ANL_ENCODE_LANES == 0) sixteen(l, a, o / ANL_ENCODE_LANES, y);
            const int32_t v = x[o] + (int32_t)nearest(clamp_float(y[o % ANL_ENCODE_LANES], -32767.0f, 32767.0f));
            x[o] = (int16_t)(v < -32767 ? -32767 : v > 32767 ? 32767 : v);
        }
}

void anl_encode_fill_scalar(anl_encode_kernels *t)
{
    *t = (anl_encode_kernels){gather, norm, linear_s8, linear_relu, linear_add, attention, pool};
}
