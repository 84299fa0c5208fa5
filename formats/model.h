/** The model file: shape, int8 weights, float scales, provenance and checksum of an encoder, and of the light encoder that may go with it.
 *
 * Layout (little-endian): "ANNEALM\n", version, shape, text, weights in the order of the struct, those of the light encoder, XXH3-64 of
 * all before it. docs/encoder.md says how the numbers are used.
 */
#ifndef ANL_MODEL_H
#define ANL_MODEL_H

#include "encoder_shape.h"
#include "output.h"

#include <math.h>

enum {
    ANL_MODEL_NAME = 32,
    ANL_MODEL_TEXT = 65536, /**< most bytes of provenance: the names of some thousand genomes */
    ANL_MODEL_SCALE = 32,   /**< norm_scale and pool_scale of the models made here: what lies within 4 standard deviations is not cut off */
};

/** The length of an embedding of the models made here: 35 units an element, so that few are cut off at 127 and a step of rounding is 3% of one. */
static inline float anl_model_radius(int dim)
{
    return 400 * sqrtf((float)dim / 128);
}

/** y[o] = scale[o] * sum_i a[i] * w[o * k + i] + bias[o]. |scale| <= 32, |bias| <= 2^28. */
typedef struct anl_linear {
    int n, k; /**< outputs, inputs */
    int8_t *w;
    float *scale, *bias;
} anl_linear;

/** One pre-norm block. Inputs of qkv and up are normed rows times `norm_scale`; a norm's gain and bias are folded in. */
typedef struct anl_layer {
    anl_linear qkv;          /**< [3d][d] -> q, k, v in int8 */
    float *qk_scale, *slope; /**< [d / 32] logit = qk_scale * (q . k) - slope * |i - j|; |qk_scale| <= 32, 0 <= slope <= 2^20 */
    anl_linear o;            /**< [d][d], added to the residual */
    anl_linear up;           /**< [2d][d] -> 0..255, ReLU */
    anl_linear down;         /**< [d][2d], added to the residual */
} anl_layer;

/** The light encoder, for queries alone: a weighted sum of table rows and one hidden layer, trained to put a read where the full encoder
 *  puts its window. */
typedef struct anl_light {
    int hidden;       /**< a multiple of 32; dim + hidden <= ANL_ENCODER_MAX_INPUTS */
    int8_t *table;    /**< [ANL_KMER_RANKS][dim] */
    int8_t *weight;   /**< [ANL_ENCODER_PLACES] token t of T counts weight[|2t - (T - 1)|] times */
    float pool_scale; /**< int8 units of one root mean square of the sum, 1..127 */
    anl_linear up;    /**< [hidden][dim] of the sum -> 0..255, ReLU */
    anl_linear out;   /**< [dim][dim + hidden] of the sum and the hidden layer */
} anl_light;

/** The residual stream holds 16 times the table's units. */
typedef struct anl_model {
    int dim, layers;
    char name[ANL_MODEL_NAME];   /**< printable, e.g. "anneal-d128" */
    char *provenance;            /**< text, "" when there is none */
    int8_t *table;               /**< [ANL_KMER_RANKS][dim] */
    float norm_scale;            /**< int8 units of one standard deviation, 1..127 */
    anl_layer *layer;            /**< [layers] */
    int8_t *gate;                /**< [dim] weight of a token: 2 / (1 + exp(-2 (gate_scale * (gate . x) + gate_bias))) */
    float gate_scale, gate_bias; /**< |gate_scale| <= 32, |gate_bias| <= 2^20 */
    float *mean;                 /**< [dim] subtracted from the gated mean token, residual units; |mean| <= 2^20 */
    float pool_scale;            /**< int8 units of one root mean square of the centred token, 1..127 */
    anl_linear out;              /**< [dim][dim] */
    float radius;                /**< length of an embedding, 1..127 * sqrt(dim) */
    anl_light *light;            /**< NULL: none */
    uint64_t hash;               /**< of the shape and the weights but the light encoder's; set by read and write */
    const char *path;            /**< where it was read from; NULL: made here */
    anl_arena *arena;            /**< owns all of it */
} anl_model;

/** An all-zero model with every array allocated; `dim` a multiple of 32 in 32..256, `layers` in 0..8; else ANL_EINVAL. */
int anl_model_new(anl_model **out, int dim, int layers);

/** Gives the model a light encoder, all zero, instead of the one that it may have. ANL_EINVAL or ANL_ENOMEM. */
int anl_model_add_light(anl_model *m, int hidden);

/** Replaces the provenance text (copied). */
int anl_model_describe(anl_model *m, const char *name, const char *provenance);

/** ANL_EINVAL when a number is not finite or out of the range given above. */
int anl_model_check(const anl_model *m);

/** Reads and checks a model file. ANL_EIO, ANL_EFORMAT (not a model, truncated, corrupt), ANL_EVERSION, ANL_ENOMEM; the message
 *  begins with the path. */
int anl_model_read(anl_model **out, const char *path);

/** Reads and checks the model at `path`; NULL: where anl_model_find finds it. Errors of both. */
int anl_model_open(anl_model **out, const char *path);

/** Writes the file into `to`, which the caller closes, and sets m->hash. 0, ANL_EINVAL (anl_model_check), ANL_EIO or ANL_ENOMEM. */
int anl_model_write(anl_model *m, anl_output *to);

/** The same into an output of its own at `path`. */
int anl_model_save(anl_model *m, const char *path);

/** Identity of the model for the files made with it: m->hash of a model that was read or written. An index holds vectors of the full
 *  encoder only, so the light one has no part in it: it may be trained again without making indexes anew. */
uint64_t anl_model_hash(const anl_model *m);

void anl_model_free(anl_model *m);

/** Where the model is: $ANNEAL_MODEL, beside the program or libanneal, in the source tree of a build, or in the install
 *  prefix of either. 0, or ANL_EIO naming where it was looked for. */
int anl_model_find(char *path, size_t size);

#endif
