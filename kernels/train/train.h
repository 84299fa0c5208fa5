/** Kernels of training: the encoder's forward and backward passes in float32, the contrastive loss and the optimiser.
 *
 * A table is one device. Arrays that kernels touch come from its alloc(); on the CPU that is ordinary memory and every function is
 * thread-safe on arrays of its own. Kernels with "+=" add to what is there. The CPU's results do not depend on the number of threads.
 *
 * Notation: m tokens (rows) of n sequences, d channels (a multiple of 32, at most 256), heads of 32 channels. Sequence i has tokens
 * [first[i], first[i + 1]), at most 64. Matrices are row-major and dense.
 */
#ifndef ANL_KERNELS_TRAIN_H
#define ANL_KERNELS_TRAIN_H

#include "encoder_shape.h"

#include <stddef.h>
#include <stdint.h>

/** What a linear layer does with y = w a + b: store it, store max(y, 0), or add it to what is there. */
typedef enum anl_train_mode { ANL_TRAIN_SET, ANL_TRAIN_RELU, ANL_TRAIN_ADD } anl_train_mode;

/** A linear layer of n outputs and k inputs (multiples of 32). */
typedef struct anl_train_linear {
    int n, k;
    const void *packed; /**< from pack() */
    const float *bias;  /**< [n], or NULL */
} anl_train_linear;

/** A contrastive batch: pair i is (query[i], target[i]), unit vectors. Pairs of one place, |place[i] - place[j]| < apart, are no
 *  negatives of each other. */
typedef struct anl_train_contrast {
    int n, d;                    /**< n a multiple of 32, at most 16,384 */
    const float *query, *target; /**< [n][d] */
    const int64_t *place;        /**< [n] joined coordinates */
    int64_t apart;
    float inverse_temperature;
    float *d_query, *d_target; /**< [n][d] gradients of the mean loss, set */
    float *work;               /**< contrast_work(n, d) bytes */
    int threads;
} anl_train_contrast;

/** What a batch scored: sums over the pairs. */
typedef struct anl_train_score {
    double loss;  /**< InfoNCE, mean of both directions, nats */
    int64_t best; /**< queries whose own target is the nearest of the batch */
} anl_train_score;

typedef struct anl_train_step {
    float rate, beta1, beta2, epsilon;
    float correct1, correct2; /**< 1 / (1 - beta^t) */
} anl_train_step;

typedef struct anl_train_kernels {
    const char *name; /**< "float" or "bf16" (inputs of matrix products rounded to bfloat16), or "cuda" */
    int chunk_seqs;   /**< sequences to be handed over at once: few for the caches of a CPU, many for a GPU */

    /** NULL, or why a kernel failed since the start: a GPU may be lost. The CPU's do not fail. */
    const char *(*status)(void);

    /* Memory: zeroed; NULL when there is not enough. Copies are complete on return. */
    void *(*alloc)(size_t bytes);
    void (*release)(void *p);
    void (*upload)(void *to, const void *host, size_t bytes);
    void (*download)(void *host, const void *from, size_t bytes);
    void (*zero)(void *p, size_t bytes);

    /** x[t] = sum of table[rows[t][0..7]]; a row number of `none` counts nothing. Backward: d_table += . */
    void (*gather)(const float *table, const uint16_t (*rows)[ANL_TOKEN_KMERS], int none, int m, int d, float *x);
    void (*gather_back)(const uint16_t (*rows)[ANL_TOKEN_KMERS], int none, int m, int d, const float *dx, float *d_table);

    /** a = (x - mean) / sd of every row, inverse[t] = 1 / sd. Backward: dx += . */
    void (*norm)(const float *x, int m, int d, float *a, float *inverse);
    void (*norm_back)(const float *a, const float *inverse, const float *da, int m, int d, float *dx);

    /** Linear layers: y[m][n] from a[m][k]. Backward: da set (or added to, or passed over when NULL), dw[n][k] += and db[n] += (when not
     *  NULL). work: linear_work(n, k, m) bytes. */
    size_t (*packed_size)(int n, int k);
    void (*pack)(const float *w, int n, int k, void *packed);
    size_t (*linear_work)(int n, int k, int m);
    void (*linear)(const anl_train_linear *l, const float *a, int m, anl_train_mode mode, float *y, void *work);
    void (*linear_back)(const anl_train_linear *l, const float *a, const float *dy, int m, float *da, float *dw, float *db, void *work);

    /** dy = 0 where y = 0, the gradient of ANL_TRAIN_RELU. */
    void (*relu_back)(const float *y, size_t count, float *dy);

    /** Attention within each sequence: qkv[m][3d] -> out[m][d], logits q.k / sqrt(32) - slope[h] |i - j|. Backward: d_qkv set,
     *  d_slope[d / 32] += . */
    void (*attend)(const float *qkv, const int32_t *first, int n, int d, const float *slope, float *out);
    void (*attend_back)(const float *qkv, const int32_t *first, int n, int d, const float *slope, const float *d_out, float *d_qkv,
                        float *d_slope);

    /** Gated mean: c[i] = sum_t (1 + tanh(gate . x[t] + *bias)) x[t] * share[i] - mean. Backward: dx set, d_gate, d_bias, d_mean += . */
    void (*pool)(const float *x, const int32_t *first, const float *share, int n, int d, const float *gate, const float *bias,
                 const float *mean, float *c);
    void (*pool_back)(const float *x, const int32_t *first, const float *share, int n, int d, const float *gate, const float *bias,
                      const float *dc, float *dx, float *d_gate, float *d_bias, float *d_mean);

    /** e = y / |y| of every row, inverse[i] = 1 / |y|. Backward: dy set. */
    void (*unit)(const float *y, int n, int d, float *e, float *inverse);
    void (*unit_back)(const float *e, const float *inverse, const float *de, int n, int d, float *dy);

    /** InfoNCE with in-batch negatives, both directions (van den Oord et al., arXiv 1807.03748; Radford et al., arXiv 2103.00020). */
    size_t (*contrast_work)(int n, int d);
    void (*contrast)(const anl_train_contrast *c, anl_train_score *score);

    /** to += from; Adam (Kingma and Ba, arXiv 1412.6980). */
    void (*add)(float *to, const float *from, size_t count);
    void (*adam)(const anl_train_step *s, size_t count, const float *gradient, float *weight, float *first, float *second);
} anl_train_kernels;

/** The CPU's best table: bf16 matrix products where the processor has them and `exact` is 0, else float. */
const anl_train_kernels *anl_train_cpu(int exact);

/** The GPU's table, or NULL (message recorded) when the build or the machine has none. */
const anl_train_kernels *anl_train_cuda(int device);

#endif
