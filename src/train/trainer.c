#include "trainer.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Tuning. */
enum {
    SLOTS =
        8, /* sums of gradients of their own, whatever the threads, so that these do not change the result; more threads than that wait */
    BINS = 4096,       /* of a histogram of magnitudes: steps of 1/4096 of the largest, finer than int8 */
    OUTLIERS = 100000, /* one magnitude in so many may be cut off by an int8: the few largest would take the range of all others */
};

/* Adam (Kingma and Ba, arXiv 1412.6980), with a second moment that forgets in 100 steps instead of 1,000, as runs are short. */
static const float BETA1 = 0.9f, BETA2 = 0.99f, EPSILON = 1e-8f;

/* Activations kept for the backward pass, over all tokens of the batch. */
typedef struct layer_tape {
    float *a1, *inverse1, *qkv, *attended, *a2, *inverse2, *wide;
} layer_tape;

/* What one thread needs for a chunk of sequences. */
typedef struct slot {
    float *gradient; /* [net.size] */
    float *dx, *da, *wide, *dy, *dc;
    void *work;
} slot;

struct anl_trainer {
    anl_trainer_options o;
    const anl_train_kernels *k;
    anl_net net;
    int n_slots;
    size_t packed_of[4 * ANL_ENCODER_MAX_LAYERS + 1], n_packed; /* offsets of the packed layers, in the order of the parameters */
    char *packed;
    float *weights, *first, *second;
    slot slot[SLOTS];
    /* the batch */
    int seqs, tokens;
    const int32_t *host_first;
    uint16_t (*rows)[ANL_TOKEN_KMERS];
    int32_t *begin;
    float *share;
    int64_t *place;
    layer_tape tape[ANL_ENCODER_MAX_LAYERS];
    float *x, *c, *inverse, *e, *de, *loss_work;
};

/* ---- batch ---- */

int anl_pairs_new(anl_pairs **out, int pairs)
{
    size_t n = (size_t)pairs;
    *out = NULL;
    anl_pairs *b = anl_alloc(1, sizeof *b);
    if (!b) return ANL_ENOMEM;
    b->n = pairs;
    b->rows = anl_alloc(2 * n * ANL_TOKENS_MAX, sizeof *b->rows);
    b->first = anl_alloc(2 * n + 1, sizeof *b->first);
    b->share = anl_alloc(2 * n, sizeof *b->share);
    b->place = anl_alloc(n, sizeof *b->place);
    if (!b->rows || !b->first || !b->share || !b->place) {
        anl_pairs_free(b);
        return ANL_ENOMEM;
    }
    *out = b;
    return ANL_OK;
}

void anl_pairs_free(anl_pairs *b)
{
    if (!b) return;
    free(b->rows);
    free(b->first);
    free(b->share);
    free(b->place);
    free(b);
}

/* ---- memory ---- */

static void *get(anl_trainer *t, int *rc, size_t n, size_t size)
{
    void *p = *rc ? NULL : t->k->alloc(n * size);
    if (!p && !*rc) *rc = anl_fail(ANL_ENOMEM, "not enough memory to train with batches of %d pairs", t->o.pairs);
    return p;
}

static void place_packed(void *data, const anl_net_linear *l)
{
    anl_trainer *t = data;
    size_t last = t->packed_of[t->n_packed];
    t->packed_of[++t->n_packed] = last + ((t->k->packed_size(l->n, l->k) + 63) & ~(size_t)63);
}

static int new_slot(anl_trainer *t, slot *s, size_t seqs)
{
    int rc = 0, d = t->o.dim;
    size_t m = seqs * ANL_TOKENS_MAX, dim = (size_t)d;
    size_t work = t->k->linear_work(3 * d, d, (int)m), down = t->k->linear_work(d, 2 * d, (int)m);
    s->gradient = get(t, &rc, t->net.size, sizeof(float));
    s->dx = get(t, &rc, m * dim, sizeof(float));
    s->da = get(t, &rc, m * dim, sizeof(float));
    s->wide = get(t, &rc, 3 * m * dim, sizeof(float));
    s->dy = get(t, &rc, seqs * dim, sizeof(float));
    s->dc = get(t, &rc, seqs * dim, sizeof(float));
    s->work = get(t, &rc, work > down ? work : down, 1);
    return rc;
}

static int new_tape(anl_trainer *t, layer_tape *p, size_t m)
{
    int rc = 0;
    size_t d = (size_t)t->o.dim;
    p->a1 = get(t, &rc, m * d, sizeof(float));
    p->inverse1 = get(t, &rc, m, sizeof(float));
    p->qkv = get(t, &rc, 3 * m * d, sizeof(float));
    p->attended = get(t, &rc, m * d, sizeof(float));
    p->a2 = get(t, &rc, m * d, sizeof(float));
    p->inverse2 = get(t, &rc, m, sizeof(float));
    p->wide = get(t, &rc, 2 * m * d, sizeof(float));
    return rc;
}

static int new_arrays(anl_trainer *t)
{
    int rc = 0;
    size_t seqs = 2 * (size_t)t->o.pairs, m = seqs * ANL_TOKENS_MAX, d = (size_t)t->o.dim, chunk = (size_t)t->k->chunk_seqs;
    t->n_slots = seqs > chunk ? SLOTS : 1;
    if (t->o.threads > t->n_slots) t->o.threads = t->n_slots;
    if (chunk > seqs) chunk = seqs;
    anl_net_linears(&t->net, place_packed, t);
    t->packed = get(t, &rc, t->packed_of[t->n_packed], 1);
    t->weights = get(t, &rc, t->net.size, sizeof(float));
    t->first = get(t, &rc, t->net.size, sizeof(float));
    t->second = get(t, &rc, t->net.size, sizeof(float));
    t->rows = get(t, &rc, m, sizeof *t->rows);
    t->begin = get(t, &rc, seqs + 1, sizeof *t->begin);
    t->share = get(t, &rc, seqs, sizeof *t->share);
    t->place = get(t, &rc, seqs / 2, sizeof *t->place);
    t->x = get(t, &rc, m * d, sizeof(float));
    t->c = get(t, &rc, seqs * d, sizeof(float));
    t->inverse = get(t, &rc, seqs, sizeof(float));
    t->e = get(t, &rc, seqs * d, sizeof(float));
    t->de = get(t, &rc, seqs * d, sizeof(float));
    t->loss_work = get(t, &rc, t->k->contrast_work(t->o.pairs, t->o.dim), 1);
    for (int i = 0; i < t->o.layers && !rc; ++i) rc = new_tape(t, &t->tape[i], m);
    for (int i = 0; i < t->n_slots && !rc; ++i) rc = new_slot(t, &t->slot[i], chunk);
    return rc;
}

int anl_trainer_new(anl_trainer **out, const anl_trainer_options *o)
{
    *out = NULL;
    anl_trainer *t = anl_alloc(1, sizeof *t);
    if (!t) return ANL_ENOMEM;
    t->o = *o;
    t->k = o->kernels;
    anl_net_init(&t->net, o->dim, o->layers);
    int rc = new_arrays(t);
    if (rc) {
        anl_trainer_free(t);
        return rc;
    }
    *out = t;
    return ANL_OK;
}

void anl_trainer_free(anl_trainer *t)
{
    if (!t) return;
    void *all[] = {t->packed, t->weights, t->first, t->second,  t->rows, t->begin, t->share,
                   t->place,  t->x,       t->c,     t->inverse, t->e,    t->de,    t->loss_work};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) t->k->release(all[i]);
    for (int i = 0; i < t->o.layers; ++i) {
        layer_tape *p = &t->tape[i];
        void *kept[] = {p->a1, p->inverse1, p->qkv, p->attended, p->a2, p->inverse2, p->wide};
        for (size_t j = 0; j < sizeof kept / sizeof *kept; ++j) t->k->release(kept[j]);
    }
    for (int i = 0; i < t->n_slots; ++i) {
        slot *s = &t->slot[i];
        void *own[] = {s->gradient, s->dx, s->da, s->wide, s->dy, s->dc, s->work};
        for (size_t j = 0; j < sizeof own / sizeof *own; ++j) t->k->release(own[j]);
    }
    free(t);
}

const anl_net *anl_trainer_net(const anl_trainer *t)
{
    return &t->net;
}

void anl_trainer_set(anl_trainer *t, const float *weights, const float *first, const float *second)
{
    size_t bytes = t->net.size * sizeof(float);
    if (weights) t->k->upload(t->weights, weights, bytes);
    if (first) t->k->upload(t->first, first, bytes);
    if (second) t->k->upload(t->second, second, bytes);
}

void anl_trainer_get(const anl_trainer *t, float *weights, float *first, float *second)
{
    size_t bytes = t->net.size * sizeof(float);
    if (weights) t->k->download(weights, t->weights, bytes);
    if (first) t->k->download(first, t->first, bytes);
    if (second) t->k->download(second, t->second, bytes);
}

/* ---- linear layers ---- */

typedef struct packing {
    anl_trainer *t;
    size_t next;
} packing;

static void pack(void *data, const anl_net_linear *l)
{
    packing *p = data;
    p->t->k->pack(p->t->weights + l->w, l->n, l->k, p->t->packed + p->t->packed_of[p->next++]);
}

/* Layer `which` of the transformer's four (0 qkv, 1 o, 2 up, 3 down) in block i; the output layer is block `layers`, 0. */
static anl_train_linear linear_at(const anl_trainer *t, const anl_net_linear *l, int i, int which)
{
    return (anl_train_linear){
        .n = l->n, .k = l->k, .packed = t->packed + t->packed_of[4 * i + which], .bias = l->has_bias ? t->weights + l->b : NULL};
}

static void backward_linear(const anl_trainer *t, const slot *s, const anl_net_linear *l, const anl_train_linear *packed, const float *a,
                            const float *dy, int m, float *da)
{
    t->k->linear_back(packed, a, dy, m, da, s->gradient + l->w, l->has_bias ? s->gradient + l->b : NULL, s->work);
}

/* ---- passes over a chunk of sequences ---- */

/* Sequences [begin, end) and where their tokens are. */
typedef struct chunk {
    int begin, n, m;
    size_t token; /* the first */
} chunk;

static chunk chunk_at(const anl_trainer *t, int i)
{
    int begin = i * t->k->chunk_seqs, end = begin + t->k->chunk_seqs;
    if (end > t->seqs) end = t->seqs;
    return (chunk){.begin = begin, .n = end - begin, .m = t->host_first[end] - t->host_first[begin], .token = (size_t)t->host_first[begin]};
}

static void forward(anl_trainer *t, const chunk *c, const slot *s, int layers)
{
    const anl_train_kernels *k = t->k;
    const anl_net *net = &t->net;
    int d = net->dim, m = c->m;
    size_t at = c->token * (size_t)d, vec = (size_t)c->begin * (size_t)d;
    const float *w = t->weights;
    float *x = t->x + at;
    k->gather(w + net->table, (const uint16_t(*)[ANL_TOKEN_KMERS])t->rows + c->token, ANL_KMER_RANKS, m, d, x);
    for (int i = 0; i < layers; ++i) {
        const anl_net_layer *l = &net->layer[i];
        const layer_tape *p = &t->tape[i];
        anl_train_linear qkv = linear_at(t, &l->qkv, i, 0), o = linear_at(t, &l->o, i, 1), up = linear_at(t, &l->up, i, 2),
                         down = linear_at(t, &l->down, i, 3);
        k->norm(x, m, d, p->a1 + at, p->inverse1 + c->token);
        k->linear(&qkv, p->a1 + at, m, ANL_TRAIN_SET, p->qkv + 3 * at, s->work);
        k->attend(p->qkv + 3 * at, t->begin + c->begin, c->n, d, w + l->slope, p->attended + at);
        k->linear(&o, p->attended + at, m, ANL_TRAIN_ADD, x, s->work);
        k->norm(x, m, d, p->a2 + at, p->inverse2 + c->token);
        k->linear(&up, p->a2 + at, m, ANL_TRAIN_RELU, p->wide + 2 * at, s->work);
        k->linear(&down, p->wide + 2 * at, m, ANL_TRAIN_ADD, x, s->work);
    }
    anl_train_linear out = linear_at(t, &net->out, net->layers, 0);
    k->pool(x, t->begin + c->begin, t->share + c->begin, c->n, d, w + net->gate, w + net->gate_bias, w + net->mean, t->c + vec);
    k->linear(&out, t->c + vec, c->n, ANL_TRAIN_SET, s->dy, s->work);
    k->unit(s->dy, c->n, d, t->e + vec, t->inverse + c->begin);
}

static void backward(const anl_trainer *t, const chunk *c, const slot *s, int layers)
{
    const anl_train_kernels *k = t->k;
    const anl_net *net = &t->net;
    int d = net->dim, m = c->m;
    size_t at = c->token * (size_t)d, vec = (size_t)c->begin * (size_t)d;
    const float *w = t->weights;
    float *g = s->gradient;
    anl_train_linear out = linear_at(t, &net->out, net->layers, 0);
    k->unit_back(t->e + vec, t->inverse + c->begin, t->de + vec, c->n, d, s->dy);
    backward_linear(t, s, &net->out, &out, t->c + vec, s->dy, c->n, s->dc);
    k->pool_back(t->x + at, t->begin + c->begin, t->share + c->begin, c->n, d, w + net->gate, w + net->gate_bias, s->dc, s->dx,
                 g + net->gate, g + net->gate_bias, g + net->mean);
    for (int i = layers - 1; i >= 0; --i) {
        const anl_net_layer *l = &net->layer[i];
        const layer_tape *p = &t->tape[i];
        anl_train_linear qkv = linear_at(t, &l->qkv, i, 0), o = linear_at(t, &l->o, i, 1), up = linear_at(t, &l->up, i, 2),
                         down = linear_at(t, &l->down, i, 3);
        backward_linear(t, s, &l->down, &down, p->wide + 2 * at, s->dx, m, s->wide);
        k->relu_back(p->wide + 2 * at, 2 * (size_t)m * (size_t)d, s->wide);
        backward_linear(t, s, &l->up, &up, p->a2 + at, s->wide, m, s->da);
        k->norm_back(p->a2 + at, p->inverse2 + c->token, s->da, m, d, s->dx);
        backward_linear(t, s, &l->o, &o, p->attended + at, s->dx, m, s->da);
        k->attend_back(p->qkv + 3 * at, t->begin + c->begin, c->n, d, w + l->slope, s->da, s->wide, g + l->slope);
        backward_linear(t, s, &l->qkv, &qkv, p->a1 + at, s->wide, m, s->da);
        k->norm_back(p->a1 + at, p->inverse1 + c->token, s->da, m, d, s->dx);
    }
    k->gather_back((const uint16_t(*)[ANL_TOKEN_KMERS])t->rows + c->token, ANL_KMER_RANKS, m, d, s->dx, g + net->table);
}

/* ---- a step ---- */

static void load(anl_trainer *t, const anl_pairs *b)
{
    size_t seqs = 2 * (size_t)b->n;
    t->seqs = 2 * b->n;
    t->host_first = b->first;
    t->tokens = b->first[seqs];
    t->k->upload(t->rows, b->rows, (size_t)t->tokens * sizeof *b->rows);
    t->k->upload(t->begin, b->first, (seqs + 1) * sizeof *b->first);
    t->k->upload(t->share, b->share, seqs * sizeof *b->share);
    t->k->upload(t->place, b->place, (size_t)b->n * sizeof *b->place);
    anl_net_linears(&t->net, pack, &(packing){.t = t});
}

/* The forward pass of the whole batch. */
static void embed(anl_trainer *t, int layers)
{
    int chunks = (t->seqs + t->k->chunk_seqs - 1) / t->k->chunk_seqs;
#pragma omp parallel for schedule(dynamic, 1) num_threads(t->o.threads)
    for (int i = 0; i < chunks; ++i) {
        /* No sums here: any thread may take any chunk, in a slot that no other thread has. */
        chunk c = chunk_at(t, i);
        forward(t, &c, &t->slot[omp_get_thread_num()], layers);
    }
}

static int device_status(const anl_trainer *t)
{
    const char *failed = t->k->status();
    return failed ? anl_fail(ANL_EIO, "training on %s failed: %s", t->k->name, failed) : ANL_OK;
}

int anl_trainer_embed(anl_trainer *t, const anl_pairs *b, int layers, int n, float *vectors)
{
    load(t, b);
    embed(t, layers);
    t->k->download(vectors, t->e, (size_t)n * (size_t)t->o.dim * sizeof(float));
    return device_status(t);
}

int anl_trainer_gradient(anl_trainer *t, const anl_pairs *b, int layers, anl_train_score *score)
{
    load(t, b);
    embed(t, layers);
    int slots = t->n_slots, chunks = (t->seqs + t->k->chunk_seqs - 1) / t->k->chunk_seqs;
    size_t vectors = (size_t)b->n * (size_t)t->o.dim;
    t->k->contrast(&(anl_train_contrast){.n = b->n,
                                         .d = t->o.dim,
                                         .query = t->e,
                                         .target = t->e + vectors,
                                         .place = t->place,
                                         .apart = t->o.apart,
                                         .inverse_temperature = 1 / t->o.temperature,
                                         .d_query = t->de,
                                         .d_target = t->de + vectors,
                                         .work = t->loss_work,
                                         .threads = t->o.threads},
                   score);
#pragma omp parallel for schedule(dynamic, 1) num_threads(t->o.threads)
    for (int s = 0; s < slots; ++s) {
        t->k->zero(t->slot[s].gradient, t->net.size * sizeof(float));
        for (int i = s; i < chunks; i += slots) {
            chunk c = chunk_at(t, i);
            backward(t, &c, &t->slot[s], layers);
        }
    }
    for (int s = 1; s < slots; ++s) t->k->add(t->slot[0].gradient, t->slot[s].gradient, t->net.size);
    return device_status(t);
}

void anl_trainer_get_gradient(const anl_trainer *t, float *gradient)
{
    t->k->download(gradient, t->slot[0].gradient, t->net.size * sizeof(float));
}

anl_train_step anl_trainer_step(int64_t step, float rate)
{
    return (anl_train_step){.rate = rate,
                            .beta1 = BETA1,
                            .beta2 = BETA2,
                            .epsilon = EPSILON,
                            .correct1 = (float)(1 / (1 - pow(BETA1, (double)step))),
                            .correct2 = (float)(1 / (1 - pow(BETA2, (double)step)))};
}

void anl_trainer_update(anl_trainer *t, int64_t step, float rate)
{
    const anl_train_step s = anl_trainer_step(step, rate);
    t->k->adam(&s, t->net.size, t->slot[0].gradient, t->weights, t->first, t->second);
}

/* ---- ranges ---- */

float anl_trainer_magnitude(const float *x, int m, int stride, int from, int width)
{
    int64_t bins[BINS] = {0}, beyond = 0, few = (int64_t)m * width / OUTLIERS;
    float most = 0;
    for (int t = 0; t < m; ++t)
        for (int c = from; c < from + width; ++c) most = fmaxf(most, fabsf(x[(size_t)t * (size_t)stride + (size_t)c]));
    if (most == 0) return 0;
    for (int t = 0; t < m; ++t)
        for (int c = from; c < from + width; ++c) ++bins[(int)(fabsf(x[(size_t)t * (size_t)stride + (size_t)c]) / most * (BINS - 1))];
    int bin = BINS - 1;
    while (bin > 0 && beyond + bins[bin] <= few) beyond += bins[bin--];
    return most * (float)(bin + 1) / BINS;
}

int anl_trainer_ranges(const anl_trainer *t, int layers, anl_net_ranges *ranges)
{
    int d = t->o.dim, m = t->tokens;
    size_t values = (size_t)m * (size_t)d;
    float *host = anl_alloc(3 * values, sizeof *host);
    if (!host) return ANL_ENOMEM;
    *ranges = (anl_net_ranges){0};
    for (int i = 0; i < layers; ++i) {
        anl_net_range *r = &ranges->layer[i];
        t->k->download(host, t->tape[i].qkv, 3 * values * sizeof *host);
        for (int h = 0; h < d / ANL_ENCODER_HEAD; ++h) {
            r->q[h] = anl_trainer_magnitude(host, m, 3 * d, h * ANL_ENCODER_HEAD, ANL_ENCODER_HEAD);
            r->k[h] = anl_trainer_magnitude(host, m, 3 * d, d + h * ANL_ENCODER_HEAD, ANL_ENCODER_HEAD);
        }
        r->v = anl_trainer_magnitude(host, m, 3 * d, 2 * d, d);
        t->k->download(host, t->tape[i].wide, 2 * values * sizeof *host);
        r->up = anl_trainer_magnitude(host, m, 2 * d, 0, 2 * d);
    }
    t->k->download(host, t->x, values * sizeof *host);
    for (size_t i = 0; i < values; ++i) ranges->stream = fmaxf(ranges->stream, fabsf(host[i]));
    free(host);
    return ANL_OK;
}
