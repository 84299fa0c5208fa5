/* Random models and sequences for the tests of the encoder, on the CPU and on a GPU. */
#ifndef ANL_TEST_MODELS_H
#define ANL_TEST_MODELS_H

#include "random.h"

#include "sketch.h"

#include <math.h>

static inline int between(int low, int high)
{
    return low + (int)random_below((uint32_t)(high - low + 1));
}

static inline void random_bytes(int8_t *p, size_t n)
{
    for (size_t i = 0; i < n; ++i) p[i] = (int8_t)between(-127, 127);
}

static inline void random_linear(anl_linear *l, float sd, float bias)
{
    random_bytes(l->w, (size_t)(l->n * l->k));
    for (int o = 0; o < l->n; ++o) {
        l->scale[o] = sd / (73 * 40 * sqrtf((float)l->k)) * (float)between(50, 150) / 100;
        l->bias[o] = bias * (float)between(-100, 100) / 100;
    }
}

/* A light encoder with no part switched off. */
static inline void random_light(anl_model *m, int hidden)
{
    assert_int_equal(anl_model_add_light(m, hidden), 0);
    anl_light *l = m->light;
    random_bytes(l->table, (size_t)(ANL_KMER_RANKS * m->dim));
    random_bytes(l->weight, ANL_ENCODER_PLACES);
    for (int i = 0; i < 8; ++i) l->weight[between(0, ANL_ENCODER_PLACES - 1)] = 0;
    l->pool_scale = 32;
    random_linear(&l->up, 200, 50);
    random_linear(&l->out, 4000, 500);
}

/* A model with no part switched off. */
static inline anl_model *random_model(int dim, int layers)
{
    anl_model *m;
    assert_int_equal(anl_sketch_new(&m, dim, layers, random_below(1000)), 0);
    for (int i = 0; i < layers; ++i) {
        anl_layer *l = &m->layer[i];
        random_linear(&l->qkv, 40, 10);
        random_linear(&l->o, 500, 100);
        random_linear(&l->up, 60, 20);
        random_linear(&l->down, 400, 100);
    }
    random_bytes(m->gate, (size_t)dim);
    m->gate_scale = 5e-6f;
    m->gate_bias = 0.1f;
    random_linear(&m->out, 4000, 500);
    random_light(m, dim < 256 ? 2 * dim : dim);
    return m;
}

static inline void random_seq(uint8_t *s, int len, int ns)
{
    for (int i = 0; i < len; ++i) s[i] = (uint8_t)between(0, 3);
    for (int i = 0; i < ns; ++i) s[between(0, len - 1)] = 4;
}

#endif
