#include "sketch.h"

#include "tokens.h"

#include <math.h>
#include <stdio.h>

enum {
    LAYERS = 2,
    TABLE_SD = 28, /* of a table entry: eight of them seldom leave the range of a layer norm */
};

/* splitmix64 (Steele, Lea, Flood 2014, doi 10.1145/2660193.2660195). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Nearly normal, in whole numbers: the sum of 12 uniforms has variance 1 in units of their range. */
static int8_t next_normal(uint64_t *state, int32_t sd)
{
    int64_t sum = 0;
    for (int i = 0; i < 3; ++i)
        for (uint64_t r = next_random(state), j = 0; j < 4; ++j, r >>= 16) sum += (int64_t)(r & 0xffff);
    sum = (sum - 6 * 65535) * sd;
    const int64_t value = (sum + (sum < 0 ? -32768 : 32768)) / 65536;
    return (int8_t)(value < -127 ? -127 : value > 127 ? 127 : value);
}

/* Random weights that keep the scale of a normalised input. */
static void fill_linear(anl_linear *l, uint64_t *state, float input_sd, float output_sd)
{
    enum { SD = 40 };
    for (int32_t i = 0; i < l->n * l->k; ++i) l->weights[i] = next_normal(state, SD);
    for (int32_t o = 0; o < l->n; ++o) l->scale[o] = (float)(output_sd / (input_sd * SD * sqrt((double)l->k)));
}

static void zero_linear(anl_linear *l)
{
    for (int32_t o = 0; o < l->n; ++o) l->scale[o] = 1;
}

/* Mean of the table under uniform bases: a k-mer that is its own reverse complement is half as frequent. */
static int centre(anl_model *m)
{
    anl_token_map *map;
    int rc = anl_token_map_new(&map);
    if (rc) return rc;
    for (int32_t c = 0; c < m->d; ++c) {
        int32_t sum = 0;
        for (int32_t code = 0; code < 4096; ++code) sum += m->table[(size_t)map->row[code] * (size_t)m->d + (size_t)c];
        m->mean[c] = (float)(sum * ANL_MODEL_GROUP * (1 << ANL_MODEL_TABLE_SHIFT)) / 4096.0f;
    }
    anl_token_map_free(map);
    return ANL_OK;
}

int anl_sketch_new(anl_model **out, int32_t d, uint64_t seed)
{
    anl_model *m;
    int rc = anl_model_new(&m, d, LAYERS);
    if (rc) return rc;
    uint64_t state = seed;
    const float norm = 32;
    snprintf(m->name, sizeof m->name, "sketch-d%d", d);
    m->norm_scale = norm;
    m->radius = (float)(400 * sqrt(d / 128.0));
    for (int32_t i = 0; i < ANL_MODEL_KMERS * d; ++i) m->table[i] = next_normal(&state, TABLE_SD);
    for (int32_t i = 0; i < LAYERS; ++i) {
        anl_block *b = &m->blocks[i];
        const int32_t heads = d / ANL_MODEL_HEAD;
        for (int32_t h = 0; h < heads; ++h) {
            b->qk_scale[h] = (float)(1 / (norm * norm * sqrt((double)ANL_MODEL_HEAD)));
            b->slope[h] = heads > 1 ? (float)h / (float)(heads - 1) : 0;
        }
        fill_linear(&b->qkv, &state, norm, norm);
        fill_linear(&b->up, &state, norm, norm);
        zero_linear(&b->out);
        zero_linear(&b->down);
    }
    m->gate_scale = 1;
    for (int32_t o = 0; o < d; ++o) {
        m->out.weights[(size_t)o * (size_t)d + (size_t)o] = 127;
        m->out.scale[o] = 1;
    }
    rc = centre(m);
    if (rc) {
        anl_model_free(m);
        return rc;
    }
    *out = m;
    return ANL_OK;
}
