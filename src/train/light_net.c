#include "light_net.h"

#include "rng.h"

#include <math.h>
#include <string.h>

void anl_light_net_init(anl_light_net *net, int dim, int hidden)
{
    size_t at = 0;
    *net = (anl_light_net){.dim = dim, .hidden = hidden};
    net->table = anl_net_take(&at, (size_t)ANL_KMER_RANKS * (size_t)dim);
    net->weight = anl_net_take(&at, ANL_ENCODER_PLACES);
    net->up = anl_net_take_linear(&at, hidden, dim, 1);
    net->direct = anl_net_take_linear(&at, dim, dim, 0);
    net->down = anl_net_take_linear(&at, dim, hidden, 0);
    net->size = at;
}

/* Nearly normal, of the given standard deviation. */
static void fill(float *w, size_t n, uint64_t *state, float sd)
{
    for (size_t i = 0; i < n; ++i) {
        float sum = -3;
        for (int j = 0; j < 6; ++j) sum += anl_rng_unit(state);
        w[i] = sum * 1.41421356f * sd;
    }
}

static void fill_linear(const anl_net_linear *l, float *weights, uint64_t *state, float gain)
{
    fill(weights + l->w, (size_t)l->n * (size_t)l->k, state, gain / sqrtf((float)l->k));
}

void anl_light_net_start(const anl_light_net *net, uint64_t seed, int window, int stride, float *weights)
{
    static const float half_token = ANL_TOKEN_KMERS / 2; /* bp from place to place */
    uint64_t state = anl_rng_at(seed, 0, 0);
    memset(weights, 0, net->size * sizeof *weights);
    fill(weights + net->table, (size_t)ANL_KMER_RANKS * (size_t)net->dim, &state, 1);
    for (int i = 0; i < ANL_ENCODER_PLACES; ++i)
        weights[net->weight + (size_t)i] = fminf(fmaxf(((float)(window + stride) / 2 - half_token * (float)i) / (float)stride, 0), 1);
    fill_linear(&net->up, weights, &state, 1);
    fill_linear(&net->direct, weights, &state, 1);
    fill_linear(&net->down, weights, &state, 0.3f);
}

/* ---- to int8 ---- */

enum { FULL = 127, INPUT = 32 /* int8 units of one root mean square */ };

static float largest_of(const float *w, size_t n)
{
    float most = 1e-12f;
    for (size_t i = 0; i < n; ++i) most = fmaxf(most, fabsf(w[i]));
    return most;
}

static void round_all(const float *w, size_t n, float by, int8_t *out)
{
    for (size_t i = 0; i < n; ++i) out[i] = (int8_t)fmaxf(fminf(rintf(w[i] * by), FULL), -FULL);
}

int anl_light_net_to_model(const anl_light_net *net, const float *weights, float top, anl_model *m)
{
    const size_t d = (size_t)net->dim, hidden = (size_t)net->hidden, rows = ANL_KMER_RANKS * d;
    anl_light *l = m->light;
    const float *direct = weights + net->direct.w, *down = weights + net->down.w;
    const float up_unit = 2 * FULL / fmaxf(top, 1e-6f); /* integers of one unit of the hidden layer */
    float row[ANL_ENCODER_MAX_INPUTS], largest = 1e-12f;
    l->pool_scale = INPUT;
    round_all(weights + net->table, rows, FULL / largest_of(weights + net->table, rows), l->table);
    round_all(weights + net->weight, ANL_ENCODER_PLACES, FULL / largest_of(weights + net->weight, ANL_ENCODER_PLACES), l->weight);
    for (size_t o = 0; o < hidden; ++o) {
        const float *w = weights + net->up.w + o * d, step = largest_of(w, d) / FULL;
        round_all(w, d, 1 / step, l->up.w + o * d);
        l->up.scale[o] = step * up_unit / INPUT;
        l->up.bias[o] = weights[net->up.b + o] * up_unit;
    }
    /* One step an output for both kinds of inputs, in their integers. */
    for (size_t o = 0; o < d; ++o) {
        for (size_t i = 0; i < d; ++i) row[i] = direct[o * d + i] / INPUT;
        for (size_t i = 0; i < hidden; ++i) row[d + i] = down[o * hidden + i] / up_unit;
        const float step = largest_of(row, d + hidden) / FULL;
        round_all(row, d + hidden, 1 / step, l->out.w + o * (d + hidden));
        l->out.scale[o] = step;
        l->out.bias[o] = 0;
        largest = fmaxf(largest, step);
    }
    /* The outputs are rounded before their length is set: let them be large. */
    for (size_t o = 0; o < d; ++o) l->out.scale[o] *= 8 / largest;
    return anl_model_check(m);
}
