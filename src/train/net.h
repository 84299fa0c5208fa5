/** The encoder in float32, as it is trained: where every parameter lies in one array. docs/encoder.md has the formulas. */
#ifndef ANL_NET_H
#define ANL_NET_H

#include "base.h"
#include "model.h"

/** A linear layer of n outputs and k inputs: offsets of its weights [n][k] and bias [n] in the array of parameters. */
typedef struct anl_net_linear {
    int n, k;
    size_t w, b;
    int has_bias;
} anl_net_linear;

typedef struct anl_net_layer {
    anl_net_linear qkv, o, up, down;
    size_t slope; /**< [d / 32] */
} anl_net_layer;

typedef struct anl_net {
    int dim, layers;
    size_t table; /**< [ANL_KMER_RANKS][dim] */
    anl_net_layer layer[ANL_ENCODER_MAX_LAYERS];
    size_t gate, gate_bias, mean; /**< [dim], 1, [dim] */
    anl_net_linear out;
    size_t size; /**< floats */
} anl_net;

/** Lays out n floats behind *at, beginning on a cache line, and moves *at on; a linear layer's likewise. */
size_t anl_net_take(size_t *at, size_t n);
anl_net_linear anl_net_take_linear(size_t *at, int n, int k, int has_bias);

/** Lays the parameters out; the shape is a model's. */
void anl_net_init(anl_net *net, int dim, int layers);

/** Calls `visit` for every linear layer, in the order of the parameters. */
void anl_net_linears(const anl_net *net, void (*visit)(void *data, const anl_net_linear *l), void *data);

/** The float weights of an int8 model of this dimension; layers that the model lacks are left as they are. One float unit of the residual stream is a standard deviation of the untrained
 *  sketch's tokens. */
void anl_net_from_model(const anl_net *net, const anl_model *m, float *weights);

/** Observed magnitudes that fix the integer scales of activations: what all but a hundred-thousandth stay below. */
typedef struct anl_net_range {
    float q[ANL_ENCODER_MAX_DIM / ANL_ENCODER_HEAD], k[ANL_ENCODER_MAX_DIM / ANL_ENCODER_HEAD]; /**< per head */
    float v, up;                                                                                /**< all channels */
} anl_net_range;

typedef struct anl_net_ranges {
    anl_net_range layer[ANL_ENCODER_MAX_LAYERS];
    float stream; /**< of the residual stream behind the last layer: the largest */
} anl_net_ranges;

/** Rounds the weights, the first `layers` layers, to an int8 model. `ranges` comes from anl_trainer_ranges(). 0, ANL_ENOMEM or ANL_EINVAL (a weight beyond what the
 *  integers hold). */
int anl_net_to_model(const anl_net *net, const float *weights, int layers, const anl_net_ranges *ranges, anl_model **out);

#endif
