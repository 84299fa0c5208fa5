/* The forward pass, written once over the kernel table. docs/encoder.md gives the arithmetic step by step. */
#include "encoder.h"

#include "kernels.h"
#include "tokens.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TOKENS_AT_ONCE = 192, /* tokens of a group of sequences: activations and one layer's weights share the second-level cache */
    GATE_ONE = 128,       /* the gate's value that means 1 */
    FINE = 16,            /* fixed-point steps to a unit before the output layer */
};

typedef struct block {
    const anl_block *model;
    anl_encode_linear qkv, out, up, down;
} block;

struct anl_encoder {
    const anl_model *model;
    const anl_encode_kernels *kernels;
    anl_token_map *tokens;
    block *blocks;
    anl_encode_linear out;
};

struct anl_encoder_scratch {
    anl_token_list list;
    int16_t *x;    /* [TOKENS_AT_ONCE][d] */
    uint8_t *a;    /* [TOKENS_AT_ONCE][2d] */
    int8_t *qkv;   /* [TOKENS_AT_ONCE][3d] */
};

/* Repacks weights to [n / 16][k / 4][16][4]. */
static int pack_linear(anl_encode_linear *to, const anl_linear *from, int32_t zero_point)
{
    const int32_t n = from->n, k = from->k, lanes = ANL_ENCODE_LANES;
    int8_t *weights = anl_alloc_aligned((size_t)n, (size_t)k);
    int32_t *offset = anl_alloc_aligned((size_t)n, sizeof *offset);
    *to = (anl_encode_linear){.n = n, .k = k, .weights = weights, .offset = offset, .scale = from->scale, .bias = from->bias};
    if (!weights || !offset) return ANL_ENOMEM;
    for (int32_t o = 0; o < n; ++o) {
        int32_t sum = 0;
        for (int32_t i = 0; i < k; ++i) {
            const int8_t w = from->weights[(size_t)o * (size_t)k + (size_t)i];
            weights[(((size_t)(o / lanes) * (size_t)(k / 4) + (size_t)(i / 4)) * (size_t)lanes + (size_t)(o % lanes)) * 4 + (size_t)(i % 4)] = w;
            sum += w;
        }
        offset[o] = -zero_point * sum;
    }
    return ANL_OK;
}

static void free_linear(anl_encode_linear *l)
{
    free((void *)(uintptr_t)l->weights);
    free((void *)(uintptr_t)l->offset);
}

int anl_encoder_new_with(anl_encoder **out, const anl_model *m, const anl_encode_kernels *k)
{
    anl_encoder *e = anl_alloc(1, sizeof *e);
    if (!e) return ANL_ENOMEM;
    e->model = m;
    e->kernels = k;
    e->blocks = anl_alloc((size_t)m->layers, sizeof *e->blocks);
    int rc = e->blocks ? anl_token_map_new(&e->tokens) : ANL_ENOMEM;
    for (int32_t i = 0; i < m->layers && !rc; ++i) {
        block *b = &e->blocks[i];
        b->model = &m->blocks[i];
        rc = pack_linear(&b->qkv, &b->model->qkv, 128);
        if (!rc) rc = pack_linear(&b->out, &b->model->out, 128);
        if (!rc) rc = pack_linear(&b->up, &b->model->up, 128);
        if (!rc) rc = pack_linear(&b->down, &b->model->down, 0);
    }
    if (!rc) rc = pack_linear(&e->out, &m->out, 128);
    if (rc) {
        anl_encoder_free(e);
        return rc;
    }
    *out = e;
    return ANL_OK;
}

int anl_encoder_new(anl_encoder **out, const anl_model *m)
{
    const anl_kernels *k = anl_kernels_get();
    return k ? anl_encoder_new_with(out, m, &k->encode) : ANL_EINVAL;
}

void anl_encoder_free(anl_encoder *e)
{
    if (!e) return;
    for (int32_t i = 0; e->blocks && i < e->model->layers; ++i) {
        free_linear(&e->blocks[i].qkv);
        free_linear(&e->blocks[i].out);
        free_linear(&e->blocks[i].up);
        free_linear(&e->blocks[i].down);
    }
    free_linear(&e->out);
    free(e->blocks);
    anl_token_map_free(e->tokens);
    free(e);
}

int anl_encoder_dim(const anl_encoder *e)
{
    return e->model->d;
}

int anl_encoder_scratch_new(anl_encoder_scratch **out, const anl_encoder *e)
{
    const size_t d = (size_t)e->model->d;
    anl_encoder_scratch *s = anl_alloc(1, sizeof *s);
    if (!s) return ANL_ENOMEM;
    s->x = anl_alloc_aligned(TOKENS_AT_ONCE * d, sizeof *s->x);
    s->a = anl_alloc_aligned(TOKENS_AT_ONCE * 2 * d, 1);
    s->qkv = anl_alloc_aligned(TOKENS_AT_ONCE * 3 * d, 1);
    if (!s->x || !s->a || !s->qkv) {
        anl_encoder_scratch_free(s);
        return ANL_ENOMEM;
    }
    *out = s;
    return ANL_OK;
}

void anl_encoder_scratch_free(anl_encoder_scratch *s)
{
    if (!s) return;
    free(s->x);
    free(s->a);
    free(s->qkv);
    free(s);
}

/* One transformer block over `tokens` rows that belong to `n` sequences, first[i] .. first[i + 1] each. */
static void run_block(const anl_encoder *e, const block *b, anl_encoder_scratch *s, const int32_t *first, int n)
{
    const int32_t d = e->model->d, tokens = first[n];
    const anl_encode_kernels *k = e->kernels;
    k->norm(s->x, tokens, d, e->model->norm_scale, s->a);
    k->linear_s8(&b->qkv, s->a, tokens, s->qkv);
    for (int i = 0; i < n; ++i)
        k->attention(s->qkv + (size_t)first[i] * 3 * (size_t)d, first[i + 1] - first[i], d, b->model->qk_scale, b->model->slope,
                     s->a + (size_t)first[i] * (size_t)d);
    k->linear_add(&b->out, s->a, tokens, s->x);
    k->norm(s->x, tokens, d, e->model->norm_scale, s->a);
    uint8_t *hidden = (uint8_t *)s->qkv; /* free by now, and 3d >= 2d */
    k->linear_relu(&b->up, s->a, tokens, hidden);
    k->linear_add(&b->down, hidden, tokens, s->x);
}

/* Scales v[d] to length `target * sqrt(d)` and rounds to +-127. All zero when v is. */
static void normalise(const int32_t *v, int32_t d, double target, int8_t *out)
{
    int64_t squares = 0;
    for (int32_t c = 0; c < d; ++c) squares += (int64_t)v[c] * v[c];
    const float inverse = squares ? (float)(target / sqrt((double)squares)) : 0.0f;
    for (int32_t c = 0; c < d; ++c) {
        float y = (float)v[c] * inverse;
        y = y < -127.0f ? -127.0f : y > 127.0f ? 127.0f : y;
        out[c] = (int8_t)((y + 12582912.0f) - 12582912.0f);
    }
}

/* Pooled tokens to the final vector: minus the mean, output layer, unit length. */
static void finish(const anl_encoder *e, const int32_t *pooled, int32_t n_kmers, int8_t *out)
{
    const anl_model *m = e->model;
    const int32_t d = m->d;
    int32_t v[ANL_MODEL_MAX_D];
    int8_t input[ANL_MODEL_MAX_D];
    if (!n_kmers) {
        memset(out, 0, (size_t)d);
        return;
    }
    const float share = (float)ANL_MODEL_GROUP * FINE / ((float)GATE_ONE * (float)n_kmers);
    for (int32_t c = 0; c < d; ++c) v[c] = (int32_t)(((float)pooled[c] * share - m->mean[c] * FINE + 12582912.0f) - 12582912.0f);
    normalise(v, d, 32.0 * sqrt((double)d), input);
    for (int32_t o = 0; o < d; ++o) {
        int32_t sum = 0;
        for (int32_t c = 0; c < d; ++c) sum += input[c] * m->out.weights[(size_t)o * (size_t)d + (size_t)c];
        v[o] = (int32_t)(((float)sum * m->out.scale[o] + m->out.bias[o] + 12582912.0f) - 12582912.0f);
    }
    normalise(v, d, m->radius, out);
}

void anl_encoder_embed(const anl_encoder *e, anl_encoder_scratch *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out)
{
    const int32_t d = e->model->d;
    const anl_encode_kernels *k = e->kernels;
    for (int begin = 0, end; begin < n; begin = end) {
        int32_t first[TOKENS_AT_ONCE + 1] = {0}, pooled[ANL_MODEL_MAX_D];
        anl_token_list_clear(&s->list);
        for (end = begin; end < n && s->list.tokens + anl_token_count(lens[end]) <= TOKENS_AT_ONCE; ++end) {
            anl_token_list_add(&s->list, e->tokens, seqs[end], lens[end]);
            first[end - begin + 1] = s->list.tokens;
        }
        k->gather(e->model->table, d, s->list.rows, s->list.begin, s->list.tokens, s->x);
        for (int32_t i = 0; i < e->model->layers; ++i) run_block(e, &e->blocks[i], s, first, end - begin);
        for (int i = begin; i < end; ++i) {
            const int32_t at = first[i - begin];
            k->pool(s->x + (size_t)at * (size_t)d, first[i - begin + 1] - at, d, e->model->gate, e->model->gate_scale, e->model->gate_bias,
                    pooled);
            finish(e, pooled, s->list.kmers[i - begin], out + (size_t)i * (size_t)d);
        }
    }
}
