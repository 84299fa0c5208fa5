/** One optimisation step of the light encoder: forward pass of reads, distance from the full encoder's vectors of their windows, backward
 *  pass, Adam. On the CPU: a chunk of reads passes through everything while its activations are in the cache. */
#ifndef ANL_LIGHT_TRAINER_H
#define ANL_LIGHT_TRAINER_H

#include "light_net.h"
#include "train.h"
#include "trainer.h"

typedef struct anl_light_trainer_options {
    const anl_train_kernels *kernels; /**< one of the CPU's */
    int dim, hidden, reads, threads;
} anl_light_trainer_options;

typedef struct anl_light_trainer anl_light_trainer;

/** Weights and moments zero. ANL_ENOMEM. */
int anl_light_trainer_new(anl_light_trainer **out, const anl_light_trainer_options *o);
void anl_light_trainer_free(anl_light_trainer *t);
const anl_light_net *anl_light_trainer_net(const anl_light_trainer *t);

/** State: net->size floats each, to be read and written between calls. */
typedef struct anl_light_state {
    float *weights, *first, *second, *gradient;
} anl_light_state;
anl_light_state anl_light_trainer_state(anl_light_trainer *t);

/** Embeds the batch's reads and finds the gradients of the mean of 1 - cosine with targets[reads][dim], unit vectors; *loss is its sum. The
 * same for any number of threads. */
void anl_light_trainer_gradient(anl_light_trainer *t, const anl_pairs *b, const float *targets, double *loss);

/** Adam with the gradients found. `step` counts from 1. */
void anl_light_trainer_update(anl_light_trainer *t, int64_t step, float rate);

/** What all but a hundred-thousandth of the hidden layer's outputs for the batch stay below, to *top. 0 or ANL_ENOMEM. */
int anl_light_trainer_range(anl_light_trainer *t, const anl_pairs *b, float *top);

#endif
