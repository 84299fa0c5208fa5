#include "encoder.h"

#include "encode_common.h"
#include "encoder_internal.h"
#include "light.h"
#include "pack.h"
#include "tokens.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Tuning. */
enum {
    BLOCK_TOKENS =
        256, /* of a block of sequences, whose activations (1.8 kB a token at d = 128) stay in the L2 cache while the weights pass over them */
    BLOCK_SEQS = 32, /* sequences of one: 8 tokens each, 69 bp; fewer tokens make no larger blocks */
};
static const float LOG2_E = 1.44269504f;

struct anl_encoder {
    anl_encode_kernels kernels;
    const anl_model *model;
    anl_arena *arena;
    int dim;
    uint16_t rank[ANL_KMERS];
    int8_t *table; /* [ANL_KMER_RANKS + 1][dim], the last row zero: no k-mer */
    anl_encode_layer *layer;
    int16_t *gate; /* [dim] */
    anl_linear_packed out;
    anl_light_encoder *light; /* NULL: the model has none */
    anl_gpu *gpu;             /* NULL: the kernels do it */
};

/* What one block of sequences needs; sized once for BLOCK_TOKENS tokens. */
struct anl_encoder_scratch {
    anl_gpu_stream *stream; /* on a GPU; then there is nothing else */
    anl_gpu_stream *own;    /* the same, if it is to be freed */
    anl_arena *arena;
    uint16_t (*rows)[ANL_TOKEN_KMERS]; /* [tokens] */
    int16_t *x;                        /* [tokens][dim] residual stream */
    uint8_t *a;                        /* [tokens][dim] normed, or attention output; at the end [seqs][dim] */
    int8_t *wide;                      /* [tokens][3 dim] qkv, or [tokens][2 dim] of the feed-forward part */
    int32_t *pooled;                   /* [dim] */
    int32_t *y;                        /* [seqs][dim] */
    int count;                         /* sequences in the block */
    int first[BLOCK_SEQS + 1];         /* first token of each */
    int valid[BLOCK_SEQS];             /* k-mers of each */
    anl_light_scratch *light;          /* NULL: the model has no light encoder */
};

/* ---- set up ---- */

/* Attention to base 2, with the slope laid out by signed distance. */
static int pack_attention(anl_encoder *e, anl_attention *to, const anl_layer *from)
{
    int heads = e->dim / ANL_ENCODER_HEAD, centre = ANL_ENCODER_MAX_TOKENS;
    float *scale = anl_pack_room(e->arena, (size_t)heads, sizeof *scale);
    float(*bias)[ANL_ENCODE_BIASES] = anl_pack_room(e->arena, (size_t)heads, sizeof *bias);
    if (!scale || !bias) return ANL_ENOMEM;
    for (int h = 0; h < heads; ++h) {
        scale[h] = from->qk_scale[h] * LOG2_E;
        for (int i = 0; i < 2 * centre; ++i) bias[h][i] = -(from->slope[h] * LOG2_E) * (float)abs(i - centre);
    }
    *to = (anl_attention){.d = e->dim, .scale = scale, .bias = (const float(*)[ANL_ENCODE_BIASES])bias};
    return ANL_OK;
}

static int pack_layer(anl_encoder *e, anl_encode_layer *to, const anl_layer *from)
{
    int rc = anl_pack_linear(e->arena, &e->kernels, &from->qkv, from->qkv.k, &to->qkv);
    if (!rc) rc = anl_pack_linear(e->arena, &e->kernels, &from->o, from->o.k, &to->o);
    if (!rc) rc = anl_pack_linear(e->arena, &e->kernels, &from->up, from->up.k, &to->up);
    if (!rc) rc = anl_pack_linear(e->arena, &e->kernels, &from->down, 0, &to->down);
    return rc ? rc : pack_attention(e, &to->attention, from);
}

int anl_encoder_new_with(anl_encoder **out, const anl_model *m, const anl_encode_kernels *kernels)
{
    *out = NULL;
    int rc = anl_model_check(m);
    if (rc) return rc;
    anl_encoder *e = anl_alloc(1, sizeof *e);
    if (!e) return ANL_ENOMEM;
    size_t dim = (size_t)m->dim;
    e->kernels = *kernels;
    e->model = m;
    e->dim = m->dim;
    rc = ANL_ENOMEM;
    e->arena = anl_arena_new();
    if (!e->arena) goto fail;
    e->table = anl_pack_room(e->arena, ANL_KMER_RANKS + 1, dim);
    e->layer = anl_pack_room(e->arena, (size_t)m->layers, sizeof *e->layer);
    e->gate = anl_pack_room(e->arena, dim, sizeof *e->gate);
    if (!e->table || !e->layer || !e->gate) goto fail;
    anl_kmer_ranks(e->rank);
    memcpy(e->table, m->table, ANL_KMER_RANKS * dim);
    memset(e->table + ANL_KMER_RANKS * dim, 0, dim);
    for (size_t c = 0; c < dim; ++c) e->gate[c] = m->gate[c];
    rc = anl_pack_linear(e->arena, &e->kernels, &m->out, m->out.k, &e->out);
    for (int i = 0; !rc && i < m->layers; ++i) rc = pack_layer(e, &e->layer[i], &m->layer[i]);
    if (!rc && m->light) rc = anl_light_encoder_new(&e->light, e->arena, &e->kernels, m, e->rank);
    if (rc) goto fail;
    *out = e;
    return ANL_OK;
fail:
    anl_encoder_free(e);
    return rc;
}

int anl_encoder_new(anl_encoder **out, const anl_model *m)
{
    *out = NULL;
    const anl_kernels *kernels = anl_kernels_get();
    return kernels ? anl_encoder_new_with(out, m, &kernels->encode) : ANL_EINVAL;
}

/* A layer as the GPU takes it: the model's own weights. */
static anl_linear_packed unpacked(anl_linear_packed l, const anl_linear *from)
{
    l.w = from->w;
    return l;
}

int anl_encoder_use(anl_encoder *e, anl_gpu *gpu)
{
    const anl_model *m = e->model;
    anl_encode_layer layer[ANL_ENCODER_MAX_LAYERS];
    for (int i = 0; i < m->layers; ++i) {
        const anl_layer *from = &m->layer[i];
        layer[i] = e->layer[i];
        layer[i].qkv = unpacked(layer[i].qkv, &from->qkv);
        layer[i].o = unpacked(layer[i].o, &from->o);
        layer[i].up = unpacked(layer[i].up, &from->up);
        layer[i].down = unpacked(layer[i].down, &from->down);
    }
    anl_encode_light light;
    if (e->light) light = anl_light_encoder_plain(e->light);
    const anl_gpu_model g = {.d = m->dim,
                             .layers = m->layers,
                             .rank = e->rank,
                             .table = e->table,
                             .none = ANL_KMER_RANKS,
                             .norm_scale = m->norm_scale,
                             .layer = layer,
                             .gate = e->gate,
                             .gate_scale = m->gate_scale,
                             .gate_bias = m->gate_bias,
                             .mean = m->mean,
                             .pool_scale = m->pool_scale,
                             .out = unpacked(e->out, &m->out),
                             .radius = m->radius,
                             .light = e->light ? &light : NULL};
    int rc = gpu ? anl_gpu_load_model(gpu, &g) : ANL_OK;
    if (!rc) e->gpu = gpu;
    return rc;
}

void anl_encoder_free(anl_encoder *e)
{
    if (e) anl_arena_free(e->arena);
    free(e);
}

int anl_encoder_dim(const anl_encoder *e)
{
    return e->dim;
}

int anl_encoder_has_light(const anl_encoder *e)
{
    return e->light != NULL;
}

int anl_encoder_scratch_new(anl_encoder_scratch **out, const anl_encoder *e)
{
    return anl_encoder_scratch_on(out, e, NULL);
}

int anl_encoder_scratch_on(anl_encoder_scratch **out, const anl_encoder *e, anl_gpu_stream *stream)
{
    size_t dim = (size_t)e->dim;
    *out = NULL;
    anl_encoder_scratch *s = anl_alloc(1, sizeof *s);
    if (!s) return ANL_ENOMEM;
    int rc = ANL_ENOMEM;
    if (e->gpu) {
        if (!stream && (rc = anl_gpu_stream_new(&s->own, e->gpu))) goto fail;
        s->stream = stream ? stream : s->own;
        *out = s;
        return ANL_OK;
    }
    s->arena = anl_arena_new();
    if (!s->arena) goto fail;
    s->rows = anl_pack_room(s->arena, BLOCK_TOKENS, sizeof *s->rows);
    s->x = anl_pack_room(s->arena, BLOCK_TOKENS * dim, sizeof *s->x);
    s->a = anl_pack_room(s->arena, BLOCK_TOKENS * dim, sizeof *s->a);
    s->wide = anl_pack_room(s->arena, BLOCK_TOKENS * 3 * dim, sizeof *s->wide);
    s->pooled = anl_pack_room(s->arena, dim, sizeof *s->pooled);
    s->y = anl_pack_room(s->arena, BLOCK_SEQS * dim, sizeof *s->y);
    if (!s->rows || !s->x || !s->a || !s->wide || !s->pooled || !s->y) goto fail;
    if (e->light && anl_light_scratch_new(&s->light, s->arena, e->light)) goto fail;
    *out = s;
    return ANL_OK;
fail:
    anl_encoder_scratch_free(s);
    return rc;
}

void anl_encoder_scratch_free(anl_encoder_scratch *s)
{
    if (!s) return;
    anl_gpu_stream_free(s->own);
    anl_arena_free(s->arena);
    free(s);
}

/* ---- forward pass ---- */

/* Takes as many of the sequences as the block holds; returns how many. */
static int tokenise(const anl_encoder *e, anl_encoder_scratch *s, const uint8_t *const *seqs, const int32_t *lens, int n)
{
    int i = 0, at = 0;
    for (; i < n && i < BLOCK_SEQS; ++i) {
        assert(lens[i] >= ANL_ENCODER_MIN_LEN && lens[i] <= ANL_ENCODER_MAX_LEN);
        int m = ANL_TOKEN_COUNT(lens[i]);
        if (at + m > BLOCK_TOKENS) break;
        s->valid[i] = anl_tokens_make(seqs[i], lens[i], e->rank, s->rows + at);
        s->first[i] = at;
        at += m;
    }
    s->first[i] = at;
    s->count = i;
    return i;
}

/* One pre-norm transformer block over all tokens. */
static void run_layer(const anl_encoder *e, anl_encoder_scratch *s, const anl_encode_layer *l)
{
    const anl_encode_kernels *k = &e->kernels;
    int m = s->first[s->count], d = e->dim;
    float scale = e->model->norm_scale;
    k->norm(s->x, m, d, scale, s->a);
    k->linear_s8(&l->qkv, s->a, m, s->wide);
    for (int i = 0; i < s->count; ++i) {
        size_t at = (size_t)s->first[i] * (size_t)d;
        k->attend(&l->attention, s->wide + 3 * at, s->first[i + 1] - s->first[i], s->a + at);
    }
    k->linear_add(&l->o, s->a, m, s->x);
    k->norm(s->x, m, d, scale, s->a);
    k->linear_u8(&l->up, s->a, m, (uint8_t *)s->wide);
    k->linear_add(&l->down, (uint8_t *)s->wide, m, s->x);
}

/* Gated mean of a sequence's tokens, centred, as offset u8. */
static void pool(const anl_encoder *e, anl_encoder_scratch *s, int seq, uint8_t *out)
{
    const anl_model *model = e->model;
    int d = e->dim, m = s->first[seq + 1] - s->first[seq];
    const int16_t *x = s->x + (size_t)s->first[seq] * (size_t)d;
    int32_t dots[ANL_TOKENS_MAX];
    int16_t gates[ANL_TOKENS_MAX];
    e->kernels.dot(x, e->gate, m, d, dots);
    for (int t = 0; t < m; ++t) {
        float z = (float)dots[t] * model->gate_scale;
        gates[t] = (int16_t)anl_encode_gate(z + model->gate_bias);
    }
    e->kernels.pool(x, gates, m, d, s->pooled);
    /* An open gate counts 128; the mean is that of a full token, whatever number of k-mers the sequence has. */
    float share = s->valid[seq] ? 1.0f / (float)(ANL_ENCODER_OPEN_GATE / ANL_TOKEN_KMERS * s->valid[seq]) : 0;
    int64_t squares = 0;
    for (int c = 0; c < d; ++c) {
        float mean = (float)s->pooled[c] * share;
        s->pooled[c] = to_fixed((mean - model->mean[c]) * (float)ANL_ENCODER_RESIDUAL);
        squares += (int64_t)s->pooled[c] * s->pooled[c];
    }
    float factor = unit((double)model->pool_scale * sqrt((double)d), squares);
    for (int c = 0; c < d; ++c) out[c] = (uint8_t)(to_int8((float)s->pooled[c] * factor) + ANL_ENCODER_OFFSET);
}

static void run_block(const anl_encoder *e, anl_encoder_scratch *s, int8_t *out)
{
    size_t d = (size_t)e->dim;
    e->kernels.gather(e->table, (const uint16_t(*)[ANL_TOKEN_KMERS])s->rows, s->first[s->count], e->dim, s->x);
    for (int i = 0; i < e->model->layers; ++i) run_layer(e, s, &e->layer[i]);
    for (int i = 0; i < s->count; ++i) pool(e, s, i, s->a + i * d);
    e->kernels.linear_s32(&e->out, s->a, s->count, s->y);
    for (int i = 0; i < s->count; ++i) {
        if (s->valid[i])
            e->kernels.unit_s8(s->y + i * d, e->dim, (double)e->model->radius, out + i * d);
        else
            memset(out + i * d, 0, d);
    }
}

int anl_encoder_embed(const anl_encoder *e, anl_encoder_scratch *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out)
{
    if (s->stream) return anl_gpu_embed(s->stream, seqs, lens, n, out);
    for (int i = 0; i < n; i += s->count) {
        tokenise(e, s, seqs + i, lens + i, n - i);
        run_block(e, s, out + (size_t)i * (size_t)e->dim);
    }
    return ANL_OK;
}

int anl_encoder_embed_light(const anl_encoder *e, anl_encoder_scratch *s, const uint8_t *const *seqs, const int32_t *lens, int n,
                            int8_t *out)
{
    if (!e->light) return anl_fail(ANL_EINVAL, "the model has no light encoder; anneal train --light gives it one");
    if (s->stream) return anl_gpu_embed_light(s->stream, seqs, lens, n, out);
    anl_light_encoder_embed(e->light, s->light, seqs, lens, n, out);
    return ANL_OK;
}
