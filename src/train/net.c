#include "net.h"

#include "sketch.h"

#include <math.h>

/* ---- layout ---- */

size_t anl_net_take(size_t *at, size_t n)
{
    size_t begin = *at;
    *at += (n + 15) & ~(size_t)15;
    return begin;
}

anl_net_linear anl_net_take_linear(size_t *at, int n, int k, int has_bias)
{
    anl_net_linear l = {.n = n, .k = k, .has_bias = has_bias};
    l.w = anl_net_take(at, (size_t)n * (size_t)k);
    if (has_bias) l.b = anl_net_take(at, (size_t)n);
    return l;
}

void anl_net_init(anl_net *net, int dim, int layers)
{
    size_t at = 0, d = (size_t)dim;
    *net = (anl_net){.dim = dim, .layers = layers};
    net->table = anl_net_take(&at, ANL_KMER_RANKS * d);
    for (int i = 0; i < layers; ++i) {
        anl_net_layer *l = &net->layer[i];
        l->qkv = anl_net_take_linear(&at, 3 * dim, dim, 1);
        l->slope = anl_net_take(&at, d / ANL_ENCODER_HEAD);
        l->o = anl_net_take_linear(&at, dim, dim, 1);
        l->up = anl_net_take_linear(&at, 2 * dim, dim, 1);
        l->down = anl_net_take_linear(&at, dim, 2 * dim, 1);
    }
    net->gate = anl_net_take(&at, d);
    net->gate_bias = anl_net_take(&at, 1);
    net->mean = anl_net_take(&at, d);
    net->out = anl_net_take_linear(&at, dim, dim, 0);
    net->size = at;
}

void anl_net_linears(const anl_net *net, void (*visit)(void *data, const anl_net_linear *l), void *data)
{
    for (int i = 0; i < net->layers; ++i) {
        visit(data, &net->layer[i].qkv);
        visit(data, &net->layer[i].o);
        visit(data, &net->layer[i].up);
        visit(data, &net->layer[i].down);
    }
    visit(data, &net->out);
}

/* ---- from int8 ---- */

enum { RESIDUAL = ANL_ENCODER_RESIDUAL, FULL = 127 };

/* How activations and weights are spread over their integers. */
static const float STREAM_SHARE =
    0.8f;                         /* of int16 that the largest value of the residual stream seen takes: reads not seen go a little beyond */
static const float OUT_SCALE = 8; /* of the largest output: outputs are rounded before their length is set, so let them be large */
static const float TINY = 1e-6f;  /* in place of nothing, where something is divided by it */

/* Table units in one float unit: what a token of the sketch has for a standard deviation. */
static float sketch_sd(void)
{
    return (float)(ANL_SKETCH_TABLE_SD * sqrt(ANL_TOKEN_KMERS));
}

/* Float weights that take inputs of `in` integers a unit to outputs of `out` integers a unit; `out` per output. */
static void linear_from(const anl_net_linear *to, const anl_linear *from, float in, const float *out, float *weights)
{
    for (int o = 0; o < to->n; ++o) {
        float by = from->scale[o] * in / out[o];
        for (int i = 0; i < to->k; ++i) weights[to->w + (size_t)o * (size_t)to->k + (size_t)i] = (float)from->w[o * to->k + i] * by;
        if (to->has_bias) weights[to->b + (size_t)o] = from->bias[o] / out[o];
    }
}

static void layer_from(const anl_net_layer *to, const anl_layer *from, int dim, float residual, float norm, float *weights)
{
    float scale[3 * ANL_ENCODER_MAX_DIM], up[2 * ANL_ENCODER_MAX_DIM], stream[ANL_ENCODER_MAX_DIM];
    /* Logits are qk_scale q.k in integers, q.k / sqrt(32) in floats. */
    for (int c = 0; c < dim; ++c) {
        scale[c] = scale[dim + c] = sqrtf(1 / (from->qk_scale[c / ANL_ENCODER_HEAD] * sqrtf(ANL_ENCODER_HEAD)));
        scale[2 * dim + c] = norm;
        stream[c] = residual;
    }
    for (int c = 0; c < 2 * dim; ++c) up[c] = norm;
    for (int h = 0; h < dim / ANL_ENCODER_HEAD; ++h) weights[to->slope + (size_t)h] = from->slope[h];
    linear_from(&to->qkv, &from->qkv, norm, scale, weights);
    linear_from(&to->o, &from->o, norm, stream, weights);
    linear_from(&to->up, &from->up, norm, up, weights);
    linear_from(&to->down, &from->down, norm, stream, weights);
}

void anl_net_from_model(const anl_net *net, const anl_model *m, float *weights)
{
    size_t d = (size_t)net->dim;
    float residual = RESIDUAL * sketch_sd(), ones[ANL_ENCODER_MAX_DIM] = {0};
    for (size_t i = 0; i < ANL_KMER_RANKS * d; ++i) weights[net->table + i] = (float)m->table[i] / sketch_sd();
    for (int i = 0; i < net->layers && i < m->layers; ++i)
        layer_from(&net->layer[i], &m->layer[i], net->dim, residual, m->norm_scale, weights);
    for (size_t c = 0; c < d; ++c) {
        weights[net->gate + c] = (float)m->gate[c] * m->gate_scale * residual;
        weights[net->mean + c] = m->mean[c] / residual;
        ones[c] = 1;
    }
    weights[net->gate_bias] = m->gate_bias;
    linear_from(&net->out, &m->out, 1, ones, weights);
    float largest = 0; /* the length of an output does not matter; unit weights train best */
    for (size_t i = 0; i < d * d; ++i) largest = fmaxf(largest, fabsf(weights[net->out.w + i]));
    for (size_t i = 0; i < d * d && largest > 0; ++i) weights[net->out.w + i] /= largest;
}

/* ---- to int8 ---- */

static float largest_of(const float *w, size_t n)
{
    float most = 0;
    for (size_t i = 0; i < n; ++i) most = fmaxf(most, fabsf(w[i]));
    return most;
}

static int8_t rounded(float v)
{
    float r = rintf(v);
    return (int8_t)(r < -FULL ? -FULL : r > FULL ? FULL : r);
}

/* int8 weights with a scale of their own for every output. */
static void linear_to(const anl_net_linear *from, const float *weights, float in, const float *out, anl_linear *to)
{
    for (int o = 0; o < from->n; ++o) {
        const float *w = weights + from->w + (size_t)o * (size_t)from->k;
        float step = largest_of(w, (size_t)from->k) / FULL;
        if (step == 0) step = TINY;
        for (int i = 0; i < from->k; ++i) to->w[o * from->k + i] = rounded(w[i] / step);
        to->scale[o] = step * out[o] / in;
        to->bias[o] = from->has_bias ? weights[from->b + (size_t)o] * out[o] : 0;
    }
}

static void layer_to(const anl_net_layer *from, const float *weights, const anl_net_range *range, int dim, float residual, float norm,
                     anl_layer *to)
{
    float scale[3 * ANL_ENCODER_MAX_DIM], up[2 * ANL_ENCODER_MAX_DIM], stream[ANL_ENCODER_MAX_DIM];
    float v = FULL / fmaxf(range->v, TINY), top = 2 * FULL / fmaxf(range->up, TINY);
    for (int h = 0; h < dim / ANL_ENCODER_HEAD; ++h) {
        float q = FULL / fmaxf(range->q[h], TINY), k = FULL / fmaxf(range->k[h], TINY);
        for (int c = h * ANL_ENCODER_HEAD; c < (h + 1) * ANL_ENCODER_HEAD; ++c) {
            scale[c] = q;
            scale[dim + c] = k;
            scale[2 * dim + c] = v;
            stream[c] = residual;
        }
        to->qk_scale[h] = 1 / (q * k * sqrtf(ANL_ENCODER_HEAD));
        to->slope[h] = fmaxf(weights[from->slope + (size_t)h], 0);
    }
    for (int c = 0; c < 2 * dim; ++c) up[c] = top;
    linear_to(&from->qkv, weights, norm, scale, &to->qkv);
    linear_to(&from->o, weights, v, stream, &to->o);
    linear_to(&from->up, weights, norm, up, &to->up);
    linear_to(&from->down, weights, top, stream, &to->down);
}

int anl_net_to_model(const anl_net *net, const float *weights, int layers, const anl_net_ranges *ranges, anl_model **out)
{
    size_t d = (size_t)net->dim;
    anl_model *m;
    int rc = anl_model_new(&m, net->dim, layers);
    *out = NULL;
    if (rc) return rc;
    /* The table's step: its largest weight, but never so fine that the residual stream leaves int16. */
    float table = FULL / fmaxf(largest_of(weights + net->table, ANL_KMER_RANKS * d), TINY);
    table = fminf(table, STREAM_SHARE * INT16_MAX / (RESIDUAL * fmaxf(ranges->stream, TINY)));
    float residual = RESIDUAL * table, ones[ANL_ENCODER_MAX_DIM] = {0};
    for (size_t i = 0; i < ANL_KMER_RANKS * d; ++i) m->table[i] = rounded(weights[net->table + i] * table);
    m->norm_scale = m->pool_scale = ANL_MODEL_SCALE;
    for (int i = 0; i < layers; ++i) layer_to(&net->layer[i], weights, &ranges->layer[i], net->dim, residual, m->norm_scale, &m->layer[i]);
    float gate = largest_of(weights + net->gate, d) / FULL;
    for (size_t c = 0; c < d; ++c) {
        m->gate[c] = gate > 0 ? rounded(weights[net->gate + c] / gate) : 0;
        m->mean[c] = weights[net->mean + c] * residual;
        ones[c] = 1;
    }
    m->gate_scale = gate / residual;
    m->gate_bias = weights[net->gate_bias];
    linear_to(&net->out, weights, 1, ones, &m->out);
    m->radius = anl_model_radius(m->dim);
    float by = OUT_SCALE / fmaxf(largest_of(m->out.scale, d), TINY * TINY);
    for (size_t o = 0; o < d; ++o) m->out.scale[o] *= by;
    if ((rc = anl_model_check(m))) {
        anl_model_free(m);
        return rc;
    }
    *out = m;
    return ANL_OK;
}
