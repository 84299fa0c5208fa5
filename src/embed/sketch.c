#include "sketch.h"

#include "rng.h"
#include "tokens.h"

#include <math.h>
#include <stdio.h>

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
    enum { WEIGHT_SD = 32 };
    fill(l->w, (size_t)l->n * (size_t)l->k, state, WEIGHT_SD);
    for (int o = 0; o < l->n; ++o) l->scale[o] = sd / (norm_scale * WEIGHT_SD * sqrtf((float)l->k));
}

/* The expected token of random sequence: a 6-mer that is not its own reverse complement is met twice as often. */
static void centre(anl_model *m)
{
    static const float scale = 16.0f * ANL_TOKEN_KMERS / ANL_KMERS;
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
    m->norm_scale = m->pool_scale = 32;
    m->radius = 400 * sqrtf((float)dim / 128);
    fill(m->table, (size_t)ANL_KMER_RANKS * (size_t)dim, &state, 29);
    centre(m);
    for (int i = 0; i < layers; ++i) {
        anl_layer *l = &m->layer[i];
        fill_linear(&l->qkv, &state, 32, m->norm_scale);
        fill_linear(&l->up, &state, 48, m->norm_scale);
        int heads = dim / ANL_ENCODER_HEAD;
        for (int h = 0; h < heads; ++h) {
            l->qk_scale[h] = 1 / (32.0f * 32.0f * sqrtf(ANL_ENCODER_HEAD));
            l->slope[h] = heads > 1 ? (float)h / (float)(heads - 1) : 0;
        }
        for (int o = 0; o < dim; ++o) l->o.scale[o] = l->down.scale[o] = 1.0f / 64;
    }
    for (int c = 0; c < dim; ++c) {
        m->out.w[(size_t)c * (size_t)dim + (size_t)c] = 64;
        m->out.scale[c] = 1;
    }
    *out = m;
    return ANL_OK;
}
