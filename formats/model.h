/** The model file: shape, scales, int8 weights, checksum and provenance of one encoder. docs/encoder.md defines the arithmetic. */
#ifndef ANL_MODEL_H
#define ANL_MODEL_H

#include "base.h"

enum {
    ANL_MODEL_K = 6,           /**< bp of a k-mer */
    ANL_MODEL_GROUP = 8,       /**< k-mers that make a token */
    ANL_MODEL_KMERS = 2080,    /**< canonical 6-mers */
    ANL_MODEL_HEAD = 32,       /**< dimension of an attention head */
    ANL_MODEL_MAX_D = 256,
    ANL_MODEL_MAX_LAYERS = 8,
    ANL_MODEL_TABLE_SHIFT = 4, /**< residual stream units: 1/16 of a table unit */
};

/** y[o] = (sum over i of a[i] * weights[o][i]) * scale[o] + bias[o] */
typedef struct anl_linear {
    int32_t n, k;         /**< outputs, inputs */
    int8_t *weights;      /**< [n][k] */
    float *scale, *bias;  /**< [n] */
} anl_linear;

/** One pre-norm transformer block. */
typedef struct anl_block {
    float *qk_scale, *slope; /**< [heads] logit = dot * qk_scale - |i - j| * slope */
    anl_linear qkv;          /**< 3d from d: query, key, value, each head by head */
    anl_linear out;          /**< d from d, added to the residual stream */
    anl_linear up;           /**< 2d from d, ReLU */
    anl_linear down;         /**< d from 2d, added to the residual stream */
} anl_block;

typedef struct anl_model {
    char name[64];
    char *provenance;  /**< how it was made: command, seed, data */
    int32_t d, layers; /**< d: multiple of 32, 32 to 256 */
    float norm_scale;  /**< int8 units to one standard deviation after a layer norm */
    float radius;      /**< length of the vectors in int8 units */
    int8_t *table;     /**< [ANL_MODEL_KMERS][d] */
    anl_block *blocks; /**< [layers] */
    int8_t *gate;      /**< [d] */
    float gate_scale, gate_bias;
    float *mean;       /**< [d], taken from the pooled token, in units of the residual stream */
    anl_linear out;    /**< d from d */
} anl_model;

/** A zeroed model of this shape. 0, ANL_EINVAL or ANL_ENOMEM. */
int anl_model_new(anl_model **out, int32_t d, int32_t layers);
void anl_model_free(anl_model *m);

/** 0, ANL_EIO, ANL_EFORMAT (truncated or corrupt), ANL_EVERSION or ANL_ENOMEM. */
int anl_model_read(anl_model **out, const char *path);

/** Writes to a temporary name, syncs, renames. 0 or ANL_EIO or ANL_ENOMEM. */
int anl_model_write(const anl_model *m, const char *path);

/** XXH3 over everything that decides a vector; an index remembers it. */
uint64_t anl_model_hash(const anl_model *m);

/** Where the model is: $ANNEAL_MODEL, beside the program or libanneal, in the source tree of a build, or in the install
 *  prefix of either. 0, or ANL_EIO naming where it was looked for. */
int anl_model_find(char *path, size_t size);

#endif
