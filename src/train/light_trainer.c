#include "light_trainer.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK = 32, /* reads that pass at a time */
    SLOTS = 8,  /* sums of gradients of their own, whatever the threads, so that these do not change the result */
};

/* What one thread needs for a chunk. Floats. */
typedef struct slot {
    float *gradient;                    /* [net.size] */
    float *x;                           /* [tokens][d] sums of rows, then their gradient */
    float *z, *u, *inverse_z;           /* [reads][d] weighted sum, the same with root mean square 1, [reads] */
    float *hidden, *d_hidden;           /* [reads][hidden] */
    float *y, *e, *inverse_y, *de, *du; /* [reads][d] output, the same of length 1, [reads], gradients */
    void *work;
    double loss;
} slot;

struct anl_light_trainer {
    anl_light_trainer_options o;
    const anl_train_kernels *k;
    anl_light_net net;
    float *weights, *first, *second;
    void *up, *direct, *down; /* packed */
    slot slot[SLOTS];
};

/* ---- memory ---- */

static void *get(int *rc, size_t n, size_t size)
{
    void *p = *rc ? NULL : anl_alloc_aligned(n, size);
    if (!p) *rc = ANL_ENOMEM;
    return p;
}

static int new_slot(const anl_light_trainer *t, slot *s)
{
    int rc = 0;
    const size_t d = (size_t)t->net.dim, h = (size_t)t->net.hidden, all = CHUNK * d;
    size_t up = t->k->linear_work(t->net.hidden, t->net.dim, CHUNK), down = t->k->linear_work(t->net.dim, t->net.hidden, CHUNK);
    const size_t direct = t->k->linear_work(t->net.dim, t->net.dim, CHUNK);
    if (direct > up) up = direct;
    s->gradient = get(&rc, t->net.size, sizeof(float));
    s->x = get(&rc, ANL_TOKENS_MAX * all, sizeof(float));
    s->z = get(&rc, all, sizeof(float));
    s->u = get(&rc, all, sizeof(float));
    s->inverse_z = get(&rc, CHUNK, sizeof(float));
    s->hidden = get(&rc, CHUNK * h, sizeof(float));
    s->d_hidden = get(&rc, CHUNK * h, sizeof(float));
    s->y = get(&rc, all, sizeof(float));
    s->e = get(&rc, all, sizeof(float));
    s->inverse_y = get(&rc, CHUNK, sizeof(float));
    s->de = get(&rc, all, sizeof(float));
    s->du = get(&rc, all, sizeof(float));
    s->work = get(&rc, up > down ? up : down, 1);
    return rc;
}

int anl_light_trainer_new(anl_light_trainer **out, const anl_light_trainer_options *o)
{
    int rc = 0;
    *out = NULL;
    anl_light_trainer *t = anl_alloc(1, sizeof *t);
    if (!t) return ANL_ENOMEM;
    t->o = *o;
    if (t->o.threads > SLOTS) t->o.threads = SLOTS;
    t->k = o->kernels;
    anl_light_net_init(&t->net, o->dim, o->hidden);
    t->weights = get(&rc, t->net.size, sizeof(float));
    t->first = get(&rc, t->net.size, sizeof(float));
    t->second = get(&rc, t->net.size, sizeof(float));
    t->up = get(&rc, t->k->packed_size(o->hidden, o->dim), 1);
    t->direct = get(&rc, t->k->packed_size(o->dim, o->dim), 1);
    t->down = get(&rc, t->k->packed_size(o->dim, o->hidden), 1);
    for (int i = 0; i < SLOTS && !rc; ++i) rc = new_slot(t, &t->slot[i]);
    if (rc) {
        anl_light_trainer_free(t);
        return rc;
    }
    *out = t;
    return ANL_OK;
}

void anl_light_trainer_free(anl_light_trainer *t)
{
    if (!t) return;
    for (int i = 0; i < SLOTS; ++i) {
        slot *s = &t->slot[i];
        void *own[] = {s->gradient, s->x, s->z,         s->u,  s->inverse_z, s->hidden, s->d_hidden,
                       s->y,        s->e, s->inverse_y, s->de, s->du,        s->work};
        for (size_t j = 0; j < sizeof own / sizeof *own; ++j) free(own[j]);
    }
    void *all[] = {t->weights, t->first, t->second, t->up, t->direct, t->down};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free(all[i]);
    free(t);
}

const anl_light_net *anl_light_trainer_net(const anl_light_trainer *t)
{
    return &t->net;
}

anl_light_state anl_light_trainer_state(anl_light_trainer *t)
{
    return (anl_light_state){t->weights, t->first, t->second, t->slot[0].gradient};
}

/* ---- passes ---- */

/* The weight of token t of `tokens`. */
static size_t place_of(int t, int tokens)
{
    return (size_t)abs(2 * t - (tokens - 1));
}

static anl_train_linear linear_at(const anl_light_trainer *t, const anl_net_linear *l, const void *packed)
{
    return (anl_train_linear){.n = l->n, .k = l->k, .packed = packed, .bias = l->has_bias ? t->weights + l->b : NULL};
}

static void backward_linear(const anl_light_trainer *t, const slot *s, const anl_net_linear *l, const void *packed, const float *a,
                            const float *dy, int m, float *da)
{
    const anl_train_linear layer = linear_at(t, l, packed);
    t->k->linear_back(&layer, a, dy, m, da, s->gradient + l->w, l->has_bias ? s->gradient + l->b : NULL, s->work);
}

static void scale(float *x, size_t n, float by)
{
    for (size_t i = 0; i < n; ++i) x[i] *= by;
}

/* Reads [begin, begin + n) to s->e. */
static void forward(const anl_light_trainer *t, const anl_pairs *b, int begin, int n, slot *s)
{
    const anl_train_kernels *k = t->k;
    const int d = t->net.dim, first = b->first[begin];
    const float *weight = t->weights + t->net.weight;
    const anl_train_linear up = linear_at(t, &t->net.up, t->up), direct = linear_at(t, &t->net.direct, t->direct),
                           down = linear_at(t, &t->net.down, t->down);
    k->gather(t->weights + t->net.table, (const uint16_t(*)[ANL_TOKEN_KMERS])b->rows + first, ANL_KMER_RANKS, b->first[begin + n] - first,
              d, s->x);
    for (int i = 0; i < n; ++i) {
        const int tokens = b->first[begin + i + 1] - b->first[begin + i];
        const float *x = s->x + (size_t)(b->first[begin + i] - first) * (size_t)d;
        float *z = s->z + (size_t)i * (size_t)d;
        memset(z, 0, (size_t)d * sizeof *z);
        for (int j = 0; j < tokens; ++j, x += d) {
            const float w = weight[place_of(j, tokens)];
            for (int c = 0; c < d; ++c) z[c] += w * x[c];
        }
    }
    k->unit(s->z, n, d, s->u, s->inverse_z);
    scale(s->u, (size_t)n * (size_t)d, sqrtf((float)d));
    k->linear(&up, s->u, n, ANL_TRAIN_RELU, s->hidden, s->work);
    k->linear(&direct, s->u, n, ANL_TRAIN_SET, s->y, s->work);
    k->linear(&down, s->hidden, n, ANL_TRAIN_ADD, s->y, s->work);
    k->unit(s->y, n, d, s->e, s->inverse_y);
}

/* From s->de. */
static void backward(const anl_light_trainer *t, const anl_pairs *b, int begin, int n, slot *s)
{
    const anl_train_kernels *k = t->k;
    const int d = t->net.dim, first = b->first[begin];
    const size_t all = (size_t)n * (size_t)d;
    const float *weight = t->weights + t->net.weight, root = sqrtf((float)d);
    float *d_weight = s->gradient + t->net.weight, *dy = s->y, *da = s->z;
    k->unit_back(s->e, s->inverse_y, s->de, n, d, dy);
    backward_linear(t, s, &t->net.down, t->down, s->hidden, dy, n, s->d_hidden);
    backward_linear(t, s, &t->net.direct, t->direct, s->u, dy, n, s->du);
    k->relu_back(s->hidden, (size_t)n * (size_t)t->net.hidden, s->d_hidden);
    backward_linear(t, s, &t->net.up, t->up, s->u, s->d_hidden, n, da);
    k->add(s->du, da, all);
    scale(s->du, all, root);
    scale(s->u, all, 1 / root);
    k->unit_back(s->u, s->inverse_z, s->du, n, d, da);
    for (int i = 0; i < n; ++i) {
        const int tokens = b->first[begin + i + 1] - b->first[begin + i];
        const float *dz = da + (size_t)i * (size_t)d;
        float *x = s->x + (size_t)(b->first[begin + i] - first) * (size_t)d;
        for (int j = 0; j < tokens; ++j, x += d) {
            const float w = weight[place_of(j, tokens)];
            float sum = 0;
#pragma omp simd reduction(+ : sum)
            for (int c = 0; c < d; ++c) {
                sum += x[c] * dz[c];
                x[c] = w * dz[c];
            }
            d_weight[place_of(j, tokens)] += sum;
        }
    }
    k->gather_back((const uint16_t(*)[ANL_TOKEN_KMERS])b->rows + first, ANL_KMER_RANKS, b->first[begin + n] - first, d, s->x,
                   s->gradient + t->net.table);
}

/* The gradient of the mean of 1 - cosine: that of a target is the target. */
static void compare(const anl_light_trainer *t, const float *targets, int n, slot *s)
{
    const size_t all = (size_t)n * (size_t)t->net.dim;
    const float by = -1 / (float)t->o.reads;
    float sum = 0;
    for (size_t i = 0; i < all; ++i) {
        sum += s->e[i] * targets[i];
        s->de[i] = by * targets[i];
    }
    s->loss += (double)n - (double)sum;
}

static void pack(const anl_light_trainer *t)
{
    const anl_light_net *n = &t->net;
    t->k->pack(t->weights + n->up.w, n->hidden, n->dim, t->up);
    t->k->pack(t->weights + n->direct.w, n->dim, n->dim, t->direct);
    t->k->pack(t->weights + n->down.w, n->dim, n->hidden, t->down);
}

static int chunks_of(const anl_light_trainer *t)
{
    return (t->o.reads + CHUNK - 1) / CHUNK;
}

static int chunk_size(const anl_light_trainer *t, int chunk)
{
    const int left = t->o.reads - chunk * CHUNK;
    return left < CHUNK ? left : CHUNK;
}

void anl_light_trainer_gradient(anl_light_trainer *t, const anl_pairs *b, const float *targets, double *loss)
{
    const int chunks = chunks_of(t);
    pack(t);
#pragma omp parallel for schedule(dynamic, 1) num_threads(t->o.threads)
    for (int i = 0; i < SLOTS; ++i) {
        slot *s = &t->slot[i];
        memset(s->gradient, 0, t->net.size * sizeof(float));
        s->loss = 0;
        for (int c = i; c < chunks; c += SLOTS) {
            const int n = chunk_size(t, c);
            forward(t, b, c * CHUNK, n, s);
            compare(t, targets + (size_t)c * CHUNK * (size_t)t->net.dim, n, s);
            backward(t, b, c * CHUNK, n, s);
        }
    }
    *loss = t->slot[0].loss;
    for (int i = 1; i < SLOTS; ++i) {
        t->k->add(t->slot[0].gradient, t->slot[i].gradient, t->net.size);
        *loss += t->slot[i].loss;
    }
}

void anl_light_trainer_update(anl_light_trainer *t, int64_t step, float rate)
{
    const anl_train_step s = anl_trainer_step(step, rate);
    t->k->adam(&s, t->net.size, t->slot[0].gradient, t->weights, t->first, t->second);
}

int anl_light_trainer_range(anl_light_trainer *t, const anl_pairs *b, float *top)
{
    const size_t hidden = (size_t)t->net.hidden;
    float *all = anl_alloc((size_t)t->o.reads, hidden * sizeof *all);
    if (!all) return ANL_ENOMEM;
    pack(t);
    for (int c = 0; c < chunks_of(t); ++c) {
        const int n = chunk_size(t, c);
        forward(t, b, c * CHUNK, n, &t->slot[0]);
        memcpy(all + (size_t)c * CHUNK * hidden, t->slot[0].hidden, (size_t)n * hidden * sizeof *all);
    }
    *top = anl_trainer_magnitude(all, t->o.reads, t->net.hidden, 0, t->net.hidden);
    free(all);
    return ANL_OK;
}
