/** Encoder kernels. Every sum is an integer sum and every float step is elementwise, so all levels give the same bytes.
 *
 * Rounding is to nearest even. Activations are unsigned bytes with zero point 128, after ReLU with zero point 0.
 */
#ifndef ANL_KERNELS_ENCODE_H
#define ANL_KERNELS_ENCODE_H

#include <stdint.h>

enum {
    ANL_ENCODE_LANES = 16,      /**< outputs that stand together in packed weights */
    ANL_ENCODE_MAX_D = 256,
    ANL_ENCODE_MAX_TOKENS = 64, /**< of one sequence */
    ANL_ENCODE_HEAD = 32,       /**< dimension of an attention head */
};

/** A linear layer ready to run: y[o] = (offset[o] + sum of a[i] * w[o][i]) * scale[o] + bias[o]. */
typedef struct anl_encode_linear {
    int32_t n, k;          /**< outputs, a multiple of 16; inputs, a multiple of 4, at most 512 */
    const int8_t *weights; /**< [n / 16][k / 4][16][4] */
    const int32_t *offset; /**< [n] minus the zero point times the sum of the output's weights */
    const float *scale, *bias;
} anl_encode_linear;

typedef struct anl_encode_kernels {
    /** x[t] = 16 * sum of the table rows rows[begin[t]] .. rows[begin[t + 1] - 1]; table [..][d]; x [tokens][d], within +-32767. */
    void (*gather)(const int8_t *table, int32_t d, const uint16_t *rows, const int32_t *begin, int32_t tokens, int16_t *x);

    /** Layer norm of every row of x [rows][d]: out = clamp((x - mean) / sd * scale, +-127) + 128. A constant row gives 128. */
    void (*norm)(const int16_t *x, int32_t rows, int32_t d, float scale, uint8_t *out);

    /** out[row][o] = clamp(y, +-127) of a [rows][k]. */
    void (*linear_s8)(const anl_encode_linear *l, const uint8_t *a, int32_t rows, int8_t *out);

    /** out[row][o] = clamp(y, 0..255). */
    void (*linear_relu)(const anl_encode_linear *l, const uint8_t *a, int32_t rows, uint8_t *out);

    /** x[row][o] = clamp(x + clamp(y, +-32767), +-32767). */
    void (*linear_add)(const anl_encode_linear *l, const uint8_t *a, int32_t rows, int16_t *x);

    /** Attention within one sequence; qkv [tokens][3d] (query, key, value, head by head), out [tokens][d].
     *  logit = q.k * qk_scale[h] - |i - j| * slope[h]; weights p = round(255 exp(logit - largest)); out = sum p v / sum p + 128. */
    void (*attention)(const int8_t *qkv, int32_t tokens, int32_t d, const float *qk_scale, const float *slope, uint8_t *out);

    /** pooled[c] = sum over tokens of g * x[t][c], g = round(256 / (1 + exp(-2 (x[t].gate * scale + bias)))). */
    void (*pool)(const int16_t *x, int32_t tokens, int32_t d, const int8_t *gate, float scale, float bias, int32_t *pooled);
} anl_encode_kernels;

void anl_encode_fill_scalar(anl_encode_kernels *t);
void anl_encode_fill_avx2(anl_encode_kernels *t);
void anl_encode_fill_avx512(anl_encode_kernels *t);
void anl_encode_fill_neon(anl_encode_kernels *t);

#endif
