#include "sketch.h"

#include "rng.h"
#include "tokens.h"

#include <math.h>
#include <stdio.h>

/* Standard deviations of what random weights give, so that int8 holds it and training finds every part of the range in use. */
enum {
    WEIGHT_SD = 32,    /* of the weights of a block */
    ATTENTION_SD = 32, /* of q, k and v */
    WIDE_SD = 48,      /* of the feed-forward part, before the half below zero is cut off: of 0 to 255 */
    IDENTITY = 64,     /* weight of a channel at the output; the length is set behind it */
    INTO_STREAM = 64,  /* one unit of the residual stream for so many of a block's output, as long as its weights are zero */
};

/* Nearly normal int8 of the given standard deviation: the sum of eight 16-bit uniforms, rounded. Integers only. */
static int8_t gaussian(uint64_t *state, int64_t sd)
{
    const int64_t mean = 4 * 65535, unit = 53510; /* of the sum: unit = sqrt(8 / 12) * 65536 */
    int64_t sum = -mean;
    for (int i = 0; i < 2; ++i)
        for (uint64_t v = anl_rng_next(state), j = 0; j < 4; ++j, v >>= 16) sum += (int64_t)(v & 0xffff);
    int64_t twice = 2 * sum * sd + unit, value = twice / (2 * unit) - (twice % (2 * unit) < 0);
    return (int8_t)(value < -127 ? -127 : value > 127 ? 127 : value);
}

static void fill(int8_t *w, size_t n, uint64_t *state, int64_t sd)
{
    for (size_t i = 0; i < n; ++i) w[i] = gaussian(state, sd);
}

/* A linear layer of random weights whose outputs have `sd` when its normed inputs have `norm_scale`. */
static void fill_linear(anl_linear *l, uint64_t *state, float sd, float norm_scale)
{
    fill(l->w, (size_t)l->n * (size_t)l->k, state, WEIGHT_SD);
    for (int o = 0; o < l->n; ++o) l->scale[o] = sd / (norm_scale * WEIGHT_SD * sqrtf((float)l->k));
}

/* The expected token of random sequence: a 6-mer that is not its own reverse complement is met twice as often. */
static void centre(anl_model *m)
{
    static const float scale = (float)(ANL_ENCODER_RESIDUAL * ANL_TOKEN_KMERS) / ANL_KMERS;
    uint16_t rank[ANL_KMERS];
    anl_kmer_ranks(rank);
    for (int c = 0; c < m->dim; ++c) {
        int32_t sum = 0;
        for (int code = 0; code < ANL_KMERS; ++code) sum += m->table[(size_t)rank[code] * (size_t)m->dim + (size_t)c];
        m->mean[c] = (float)sum * scale;
    }
}

int anl_sketch_new(anl_model **out, int dim, int layers, uint64_t seed)
{
    anl_model *m;
    uint64_t state = seed;
    char name[ANL_MODEL_NAME], text[256];
    int rc = anl_model_new(&m, dim, layers);
    *out = NULL;
    if (rc) return rc;
    snprintf(name, sizeof name, "anneal-d%d", dim);
    snprintf(text, sizeof text, "untrained sketch; anneal train --init-only --seed %llu --dim %d", (unsigned long long)seed, dim);
    rc = anl_model_describe(m, name, text);
    if (rc) {
        anl_model_free(m);
        return rc;
    }
    m->norm_scale = m->pool_scale = ANL_MODEL_SCALE;
    m->radius = anl_model_radius(m->dim);
    fill(m->table, (size_t)ANL_KMER_RANKS * (size_t)dim, &state, ANL_SKETCH_TABLE_SD);
    centre(m);
    for (int i = 0; i < layers; ++i) {
        anl_layer *l = &m->layer[i];
        fill_linear(&l->qkv, &state, ATTENTION_SD, m->norm_scale);
        fill_linear(&l->up, &state, WIDE_SD, m->norm_scale);
        int heads = dim / ANL_ENCODER_HEAD;
        for (int h = 0; h < heads; ++h) {
            l->qk_scale[h] = 1 / ((float)(ATTENTION_SD * ATTENTION_SD) * sqrtf(ANL_ENCODER_HEAD));
            l->slope[h] = heads > 1 ? (float)h / (float)(heads - 1) : 0;
        }
        for (int o = 0; o < dim; ++o) l->o.scale[o] = l->down.scale[o] = 1.0f / INTO_STREAM;
    }
    for (int c = 0; c < dim; ++c) {
        m->out.w[(size_t)c * (size_t)dim + (size_t)c] = IDENTITY;
        m->out.scale[c] = 1;
    }
    *out = m;
    return ANL_OK;
}
