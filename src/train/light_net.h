/** The light encoder in float32, as it is trained: where every parameter lies in one array. docs/encoder.md has the formulas. */
#ifndef ANL_LIGHT_NET_H
#define ANL_LIGHT_NET_H

#include "net.h"

typedef struct anl_light_net {
    int dim, hidden;
    size_t table;          /**< [ANL_KMER_RANKS][dim] */
    size_t weight;         /**< [ANL_ENCODER_PLACES] */
    anl_net_linear up;     /**< [hidden][dim], ReLU */
    anl_net_linear direct; /**< [dim][dim], of the normed sum */
    anl_net_linear down;   /**< [dim][hidden], added to it */
    size_t size;           /**< floats */
} anl_light_net;

/** Lays the parameters out; the shape is a model's. */
void anl_light_net_init(anl_light_net *net, int dim, int hidden);

/** What training starts from: random rows; a place weighs what is its chance to lie in a window of `window` bp whose middle is up to half a
 *  `stride` away. What no read of the training reaches stays so: the ends of longer reads count nothing. */
void anl_light_net_start(const anl_light_net *net, uint64_t seed, int window, int stride, float *weights);

/** Rounds the weights into m->light, which has this shape. `top`: what all but a hundred-thousandth of the hidden layer's outputs stay
 *  below. 0 or ANL_EINVAL (a weight beyond what the integers hold). */
int anl_light_net_to_model(const anl_light_net *net, const float *weights, float top, anl_model *m);

#endif
