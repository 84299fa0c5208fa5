#include "light.h"

#include "encode_common.h"
#include "pack.h"
#include "tokens.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32 /* sequences: their activations and a panel of weights stay in the L1 cache */ };

struct anl_light_encoder {
    const anl_encode_kernels *kernels;
    const anl_light *light;
    const uint16_t *rank;
    int dim;
    int8_t *table; /* [ANL_KMER_RANKS + 1][dim], the last row zero: no k-mer */
    /* Weights from the left to the right of the longest sequence, of an even and of an odd number of tokens; the middle one, or the right
     * one of the two, stands at ANL_TOKENS_MAX / 2. */
    int16_t weight[2][ANL_TOKENS_MAX];
    anl_linear_packed up, out;
    double pool_length, radius; /* lengths that vectors are scaled to */
};

struct anl_light_scratch {
    int32_t *sum;    /* [dim] */
    uint8_t *normed; /* [BLOCK][dim] */
    uint8_t *hidden; /* [BLOCK][hidden] */
    uint8_t *joined; /* [BLOCK][dim + hidden] */
    int32_t *y;      /* [BLOCK][dim] */
};

int anl_light_encoder_new(anl_light_encoder **out, anl_arena *arena, const anl_encode_kernels *k, const anl_model *m, const uint16_t *rank)
{
    const size_t dim = (size_t)m->dim;
    const anl_light *l = m->light;
    anl_light_encoder *e = anl_pack_room(arena, 1, sizeof *e);
    int8_t *table = anl_pack_room(arena, ANL_KMER_RANKS + 1, dim);
    if (!e || !table) return ANL_ENOMEM;
    *e = (anl_light_encoder){.kernels = k,
                             .light = l,
                             .rank = rank,
                             .dim = m->dim,
                             .table = table,
                             .pool_length = (double)l->pool_scale * sqrt((double)m->dim),
                             .radius = (double)m->radius};
    memcpy(table, l->table, ANL_KMER_RANKS * dim);
    memset(table + ANL_KMER_RANKS * dim, 0, dim);
    for (int i = 0; i < ANL_TOKENS_MAX; ++i) {
        const int away = 2 * (i - ANL_TOKENS_MAX / 2);
        e->weight[0][i] = l->weight[abs(away + 1)];
        e->weight[1][i] = l->weight[abs(away) < ANL_TOKENS_MAX ? abs(away) : 0]; /* an odd number is one less at most */
    }
    int rc = anl_pack_linear(arena, k, &l->up, l->up.k, &e->up);
    if (!rc) rc = anl_pack_linear(arena, k, &l->out, m->dim, &e->out);
    if (!rc) *out = e;
    return rc;
}

anl_encode_light anl_light_encoder_plain(const anl_light_encoder *e)
{
    anl_encode_light l = {.table = e->table, .weight = e->light->weight, .pool_length = e->pool_length, .up = e->up, .out = e->out};
    l.up.w = e->light->up.w;
    l.out.w = e->light->out.w;
    return l;
}

int anl_light_scratch_new(anl_light_scratch **out, anl_arena *arena, const anl_light_encoder *e)
{
    const size_t dim = (size_t)e->dim, hidden = (size_t)e->light->hidden;
    anl_light_scratch *s = anl_pack_room(arena, 1, sizeof *s);
    if (!s) return ANL_ENOMEM;
    s->sum = anl_pack_room(arena, dim, sizeof *s->sum);
    s->normed = anl_pack_room(arena, BLOCK, dim);
    s->hidden = anl_pack_room(arena, BLOCK, hidden);
    s->joined = anl_pack_room(arena, BLOCK, dim + hidden);
    s->y = anl_pack_room(arena, BLOCK * dim, sizeof *s->y);
    if (!s->sum || !s->normed || !s->hidden || !s->joined || !s->y) return ANL_ENOMEM;
    *out = s;
    return ANL_OK;
}

/* The weighted sum of a sequence's k-mers, brought to its length, to s->normed; the number of k-mers. */
static int sum_up(const anl_light_encoder *e, anl_light_scratch *s, const uint8_t *seq, int len, int at)
{
    uint16_t rows[ANL_TOKENS_MAX][ANL_TOKEN_KMERS];
    const int m = ANL_TOKEN_COUNT(len), kmers = anl_tokens_make(seq, len, e->rank, rows);
    const int16_t *weight = e->weight[m % 2] + ANL_TOKENS_MAX / 2 - m / 2;
    int from = 0; /* the ends of a long read lie beyond its window and weigh nothing */
    while (from < m / 2 && !weight[from]) ++from;
    e->kernels->sum_rows(e->table, (const uint16_t(*)[ANL_TOKEN_KMERS])rows + from, weight + from, m - 2 * from, e->dim, s->sum);
    e->kernels->unit_u8(s->sum, e->dim, e->pool_length, s->normed + (size_t)at * (size_t)e->dim);
    return kmers;
}

static void run_block(const anl_light_encoder *e, anl_light_scratch *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out)
{
    const size_t dim = (size_t)e->dim, hidden = (size_t)e->light->hidden;
    int kmers[BLOCK];
    for (int i = 0; i < n; ++i) kmers[i] = sum_up(e, s, seqs[i], lens[i], i);
    e->kernels->linear_u8(&e->up, s->normed, n, s->hidden);
    for (size_t i = 0; i < (size_t)n; ++i) {
        memcpy(s->joined + i * (dim + hidden), s->normed + i * dim, dim);
        memcpy(s->joined + i * (dim + hidden) + dim, s->hidden + i * hidden, hidden);
    }
    e->kernels->linear_s32(&e->out, s->joined, n, s->y);
    for (size_t i = 0; i < (size_t)n; ++i) {
        if (kmers[i])
            e->kernels->unit_s8(s->y + i * dim, e->dim, e->radius, out + i * dim);
        else
            memset(out + i * dim, 0, dim);
    }
}

void anl_light_encoder_embed(const anl_light_encoder *e, anl_light_scratch *s, const uint8_t *const *seqs, const int32_t *lens, int n,
                             int8_t *out)
{
    for (int i = 0; i < n; i += BLOCK) run_block(e, s, seqs + i, lens + i, n - i < BLOCK ? n - i : BLOCK, out + (size_t)i * (size_t)e->dim);
}
