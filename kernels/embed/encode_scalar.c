/* The portable kernels of the encoder: the definition that every other level must match byte for byte. */
#include "encode.h"

#include "encode_common.h"

#include <string.h>

static size_t pack_size(int n, int k)
{
    return (size_t)n * (size_t)k * sizeof(int16_t);
}

static void pack(const int8_t *w, int n, int k, void *packed)
{
    int16_t *to = packed;
    for (int i = 0; i < n * k; ++i) to[i] = w[i];
}

static void gather(const int8_t *table, const uint16_t (*rows)[ANL_TOKEN_KMERS], int m, int d, int16_t *x)
{
    for (int t = 0; t < m; ++t, x += d)
        for (int c = 0; c < d; ++c) {
            int sum = 0;
            for (int j = 0; j < ANL_TOKEN_KMERS; ++j) sum += table[(size_t)rows[t][j] * d + c];
            x[c] = (int16_t)(sum * ANL_ENCODER_RESIDUAL);
        }
}

static void sum_rows(const int8_t *table, const uint16_t (*rows)[ANL_TOKEN_KMERS], const int16_t *weight, int m, int d, int32_t *out)
{
    memset(out, 0, (size_t)d * sizeof *out);
    for (int t = 0; t < m; ++t)
        for (int c = 0; c < d; ++c) {
            int sum = 0;
            for (int j = 0; j < ANL_TOKEN_KMERS; ++j) sum += table[(size_t)rows[t][j] * d + c];
            out[c] += weight[t] * sum;
        }
}

static void unit_s8(const int32_t *x, int d, double length, int8_t *out)
{
    int64_t squares = 0;
    for (int c = 0; c < d; ++c) {
        const int64_t v = clamp(x[c], -UNIT_MOST, UNIT_MOST);
        squares += v * v;
    }
    const float factor = unit(length, squares);
    for (int c = 0; c < d; ++c) out[c] = (int8_t)to_int8((float)x[c] * factor);
}

static void unit_u8(const int32_t *x, int d, double length, uint8_t *out)
{
    unit_s8(x, d, length, (int8_t *)out);
    for (int c = 0; c < d; ++c) out[c] ^= 128;
}

static void norm(const int16_t *x, int m, int d, float scale, uint8_t *out)
{
    for (int t = 0; t < m; ++t, x += d, out += d) {
        int32_t sum = 0;
        int64_t squares = 0;
        float mean, factor;
        for (int c = 0; c < d; ++c) {
            sum += x[c];
            squares += x[c] * x[c];
        }
        norm_factors(sum, squares, d, scale, &mean, &factor);
        for (int c = 0; c < d; ++c) out[c] = (uint8_t)(clamp(rne(((float)x[c] - mean) * factor), -127, 127) + 128);
    }
}

/* All outputs of one row. Both factors as int16 is the form that compilers turn into multiply-add instructions. */
static void linear_row(const anl_linear_packed *l, const uint8_t *a, int32_t *y)
{
    int16_t wide[ANL_ENCODER_MAX_INPUTS];
    const int16_t *w = l->w;
    for (int i = 0; i < l->k; ++i) wide[i] = a[i];
    for (int o = 0; o < l->n; ++o, w += l->k) {
        int32_t acc = 0;
        for (int i = 0; i < l->k; ++i) acc += wide[i] * w[i];
        float scaled = (float)(acc + l->init[o]) * l->scale[o];
        y[o] = rne(scaled + l->shift[o]);
    }
}

static void linear_s8(const anl_linear_packed *l, const uint8_t *a, int m, int8_t *out)
{
    int32_t y[ANL_ENCODE_MAX_OUT];
    for (int t = 0; t < m; ++t, a += l->k, out += l->n) {
        linear_row(l, a, y);
        for (int o = 0; o < l->n; ++o) out[o] = (int8_t)clamp(y[o], -127, 127);
    }
}

static void linear_u8(const anl_linear_packed *l, const uint8_t *a, int m, uint8_t *out)
{
    int32_t y[ANL_ENCODE_MAX_OUT];
    for (int t = 0; t < m; ++t, a += l->k, out += l->n) {
        linear_row(l, a, y);
        for (int o = 0; o < l->n; ++o) out[o] = (uint8_t)clamp(y[o], 0, 255);
    }
}

static void linear_s32(const anl_linear_packed *l, const uint8_t *a, int m, int32_t *out)
{
    for (int t = 0; t < m; ++t) linear_row(l, a + (size_t)t * l->k, out + (size_t)t * l->n);
}

static void linear_add(const anl_linear_packed *l, const uint8_t *a, int m, int16_t *x)
{
    int32_t y[ANL_ENCODE_MAX_OUT];
    for (int t = 0; t < m; ++t, a += l->k, x += l->n) {
        linear_row(l, a, y);
        for (int o = 0; o < l->n; ++o) x[o] = (int16_t)clamp(x[o] + clamp(y[o], INT16_MIN, INT16_MAX), INT16_MIN, INT16_MAX);
    }
}

/* Row i of the attention weights; returns their sum. */
static int32_t weights(const int8_t *q, const int8_t *k, int stride, int m, float scale, const float *bias, int32_t *p)
{
    float l[ANL_ENCODER_MAX_TOKENS], max = 0;
    int32_t sum = 0;
    for (int j = 0; j < m; ++j, k += stride) {
        int32_t acc = 0;
        for (int c = 0; c < ANL_ENCODER_HEAD; ++c) acc += q[c] * k[c];
        l[j] = (float)acc * scale;
        l[j] = l[j] + bias[j];
        if (j == 0 || l[j] > max) max = l[j];
    }
    for (int j = 0; j < m; ++j) sum += p[j] = rne(exp2_255(l[j] - max));
    return sum;
}

static void attend(const anl_attention *a, const int8_t *qkv, int m, uint8_t *out)
{
    int d = a->d, stride = 3 * d;
    for (int h = 0; h < d / ANL_ENCODER_HEAD; ++h) {
        const int8_t *q = qkv + h * ANL_ENCODER_HEAD, *k = q + d, *v = k + d;
        for (int i = 0; i < m; ++i) {
            int32_t p[ANL_ENCODER_MAX_TOKENS];
            int32_t sum = weights(q + i * stride, k, stride, m, a->scale[h], a->bias[h] + ANL_ENCODER_MAX_TOKENS - i, p);
            float inverse = 1.0f / (float)sum;
            for (int c = 0; c < ANL_ENCODER_HEAD; ++c) {
                int32_t acc = 0;
                for (int j = 0; j < m; ++j) acc += p[j] * v[j * stride + c];
                out[i * d + h * ANL_ENCODER_HEAD + c] = (uint8_t)(rne((float)acc * inverse) + 128);
            }
        }
    }
}

static void dot(const int16_t *x, const int16_t *w, int m, int d, int32_t *out)
{
    for (int t = 0; t < m; ++t, x += d) {
        int32_t acc = 0;
        for (int c = 0; c < d; ++c) acc += x[c] * w[c];
        out[t] = acc;
    }
}

static void pool(const int16_t *x, const int16_t *g, int m, int d, int32_t *out)
{
    memset(out, 0, (size_t)d * sizeof *out);
    for (int t = 0; t < m; ++t, x += d)
        for (int c = 0; c < d; ++c) out[c] += g[t] * x[c];
}

int anl_encode_gate(float z)
{
    return gate_of(z);
}

void anl_encode_fill_scalar(anl_encode_kernels *t)
{
    *t = (anl_encode_kernels){
        .pack_size = pack_size,
        .pack = pack,
        .gather = gather,
        .sum_rows = sum_rows,
        .unit_s8 = unit_s8,
        .unit_u8 = unit_u8,
        .norm = norm,
        .linear_s8 = linear_s8,
        .linear_u8 = linear_u8,
        .linear_s32 = linear_s32,
        .linear_add = linear_add,
        .attend = attend,
        .dot = dot,
        .pool = pool,
    };
}
