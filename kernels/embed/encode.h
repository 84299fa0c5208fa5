/** Kernels of the encoder's forward pass: table gather, norm, int8 linear layers, attention, pooling.
 *
 * Every reduction is over integers and exact; floats are only elementwise, with separate multiply and add and
 * round-to-nearest-even conversions. Hence any order of evaluation, at any level, gives the same bytes.
 *
 * Notation: m tokens (rows), d channels (a multiple of 32, at most 256), heads of 32 channels. "Offset u8" is a
 * signed value v in -127..127 stored as v + 128. Matrices are row-major and dense.
 */
#ifndef ANL_KERNELS_ENCODE_H
#define ANL_KERNELS_ENCODE_H

#include "encoder_shape.h"

#include <stddef.h>
#include <stdint.h>

enum {
    ANL_ENCODE_MAX_OUT = 3 * ANL_ENCODER_MAX_DIM, /**< outputs of one */
    ANL_ENCODE_BIASES = 2 * ANL_ENCODER_MAX_TOKENS,
};

/** A linear layer y[o] = rne((float)(init[o] + sum_i a[i] * w[o][i]) * scale[o] + shift[o]).
 *  `n` and `k` are multiples of 32. Callers keep |scale| <= 32 and |shift| <= 2^28, so y fits 32 bits. */
typedef struct anl_linear_packed {
    int n, k;            /**< outputs, inputs */
    const void *w;       /**< from pack(), 64-byte aligned */
    const int32_t *init; /**< [n] -128 times the sum of the output's weights where the inputs are offset u8, else 0 */
    const float *scale;  /**< [n] */
    const float *shift;  /**< [n] */
} anl_linear_packed;

/** Attention of one sequence. p[i][j] = rne(255 * 2^(l[i][j] - max_j l[i][j])), where
 *  l[i][j] = (float)(q_i . k_j) * scale[h] + bias[h][64 + j - i]; the output is rne((sum_j p v_j) * (1 / sum_j p)). */
typedef struct anl_attention {
    int d;
    const float *scale;                     /**< [d / 32] to base 2, finite */
    const float (*bias)[ANL_ENCODE_BIASES]; /**< [d / 32] to base 2, finite, by signed distance */
} anl_attention;

/** A transformer block. */
typedef struct anl_encode_layer {
    anl_linear_packed qkv, o, up, down;
    anl_attention attention;
} anl_encode_layer;

/** The light encoder (docs/encoder.md), weights as the model has them: the GPU's share of it. */
typedef struct anl_encode_light {
    const int8_t *table;       /**< [rows + 1][d], the last row zero */
    const int8_t *weight;      /**< [ANL_ENCODER_PLACES] of a token by twice its distance from the middle */
    double pool_length;        /**< that the sum is brought to */
    anl_linear_packed up, out; /**< [hidden][d], [d][d + hidden] */
} anl_encode_light;

typedef struct anl_encode_kernels {
    /** Bytes of a packed [n][k] weight matrix, and the packing (each level has its own layout). */
    size_t (*pack_size)(int n, int k);
    void (*pack)(const int8_t *w, int n, int k, void *packed);

    /** x[t] = 16 * sum of table[rows[t][0..7]]; fits int16. */
    void (*gather)(const int8_t *table, const uint16_t (*rows)[ANL_TOKEN_KMERS], int m, int d, int16_t *x);

    /** out[c] = sum over tokens t of weight[t] * sum of table[rows[t][0..7]][c], with weight in -128..127 and at most 64 tokens. */
    void (*sum_rows)(const int8_t *table, const uint16_t (*rows)[ANL_TOKEN_KMERS], const int16_t *weight, int m, int d, int32_t *out);

    /** x brought to `length` (below 2^12) and rounded: clamp(rne(x * (length / |x|)), +-127), zeros for zeros; unit_u8 gives offset u8.
     *  |x| is that of x limited to +-2^24. */
    void (*unit_s8)(const int32_t *x, int d, double length, int8_t *out);
    void (*unit_u8)(const int32_t *x, int d, double length, uint8_t *out);

    /** Offset u8 of clamp(rne((x - mean) * (scale / sd)), +-127), mean and sd over the row (variance + 1). scale in 0..127. */
    void (*norm)(const int16_t *x, int m, int d, float scale, uint8_t *out);

    /** Linear layers over a[m][k], written to out[m][n]: s8 clamps y to +-127, u8 to 0..255 (ReLU), s32 keeps it; add does
     *  x = sat16(x + sat16(y)). */
    void (*linear_s8)(const anl_linear_packed *l, const uint8_t *a, int m, int8_t *out);
    void (*linear_u8)(const anl_linear_packed *l, const uint8_t *a, int m, uint8_t *out);
    void (*linear_s32)(const anl_linear_packed *l, const uint8_t *a, int m, int32_t *out);
    void (*linear_add)(const anl_linear_packed *l, const uint8_t *a, int m, int16_t *x);

    /** qkv[m][3d] (q, k, v, each by head, in -127..127) of one sequence, 1..64 tokens -> offset u8 out[m][d]. */
    void (*attend)(const anl_attention *p, const int8_t *qkv, int m, uint8_t *out);

    /** out[t] = sum_c x[t][c] * w[c], with w in -128..127. */
    void (*dot)(const int16_t *x, const int16_t *w, int m, int d, int32_t *out);

    /** out[c] = sum_t g[t] * x[t][c], with g in 0..256 and at most 64 tokens. */
    void (*pool)(const int16_t *x, const int16_t *g, int m, int d, int32_t *out);
} anl_encode_kernels;

void anl_encode_fill_scalar(anl_encode_kernels *t);
void anl_encode_fill_avx2(anl_encode_kernels *t);
void anl_encode_fill_avxvnni(anl_encode_kernels *t); /**< on top of AVX2: what vpdpbusd does better */
void anl_encode_fill_avx512(anl_encode_kernels *t);
void anl_encode_fill_amx(anl_encode_kernels *t); /**< on top of AVX-512: what tiles do better */
void anl_encode_fill_neon(anl_encode_kernels *t);
void anl_encode_fill_dotprod(anl_encode_kernels *t); /**< on top of NEON: what sdot does better */
void anl_encode_fill_i8mm(anl_encode_kernels *t);    /**< on top of that: what usmmla does better */

/** rne(256 / (1 + e^(-2z))), 0..256: the gate of a token. The exponential is the attention's. */
int anl_encode_gate(float z);

#endif
