/** One optimisation step of the encoder: forward pass, contrastive loss, backward pass, Adam; written once over the table of training
 *  kernels, for the CPU and the GPU. */
#ifndef ANL_TRAINER_H
#define ANL_TRAINER_H

#include "net.h"
#include "tokens.h"
#include "train.h"

/** A batch of n pairs in host memory: sequences 0..n-1 are the reads, n..2n-1 their windows. */
typedef struct anl_pairs {
    int n;                             /**< pairs, a multiple of 32 */
    uint16_t (*rows)[ANL_TOKEN_KMERS]; /**< [first[2n]] */
    int32_t *first;                    /**< [2n + 1] first token of each sequence */
    float *share;                      /**< [2n] 8 / number of k-mers */
    int64_t *place;                    /**< [n] where the pair was drawn, joined coordinates */
} anl_pairs;

int anl_pairs_new(anl_pairs **out, int pairs);
void anl_pairs_free(anl_pairs *b);

typedef struct anl_trainer_options {
    const anl_train_kernels *kernels;
    int dim, layers, pairs, threads;
    int64_t apart; /**< pairs drawn closer than this are no negatives of each other, bp */
    float temperature;
} anl_trainer_options;

typedef struct anl_trainer anl_trainer;

/** Weights and moments zero. ANL_ENOMEM. */
int anl_trainer_new(anl_trainer **out, const anl_trainer_options *o);
void anl_trainer_free(anl_trainer *t);
const anl_net *anl_trainer_net(const anl_trainer *t);

/** State as host arrays of net->size floats; NULL passes one over. */
void anl_trainer_set(anl_trainer *t, const float *weights, const float *first, const float *second);
void anl_trainer_get(const anl_trainer *t, float *weights, float *first, float *second);

/** Embeds the batch with the first `layers` layers and finds the gradients of its mean loss. 0 layers train the linear model: as long as
 *  the layers' outputs are zero it is the same function. 0, or ANL_EIO when the device failed. */
int anl_trainer_gradient(anl_trainer *t, const anl_pairs *b, int layers, anl_train_score *score);

/** The first n vectors of the batch, each of length 1, with the first `layers` layers: vectors[n][dim]. 0, or ANL_EIO when the device failed. */
int anl_trainer_embed(anl_trainer *t, const anl_pairs *b, int layers, int n, float *vectors);

/** The gradients found, as net->size floats. */
void anl_trainer_get_gradient(const anl_trainer *t, float *gradient);

/** Adam's numbers for a step; `step` counts from 1. */
anl_train_step anl_trainer_step(int64_t step, float rate);

/** Adam with the gradients found. `step` counts from 1. */
void anl_trainer_update(anl_trainer *t, int64_t step, float rate);

/** Columns [from, from + width) of x[m][stride]: what all but a hundred-thousandth of the magnitudes stay below. */
float anl_trainer_magnitude(const float *x, int m, int stride, int from, int width);

/** Magnitudes of the activations of the last batch. 0 or ANL_ENOMEM. */
int anl_trainer_ranges(const anl_trainer *t, int layers, anl_net_ranges *ranges);

#endif
