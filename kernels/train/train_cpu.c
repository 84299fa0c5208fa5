/* The CPU's training table: memory, the contrastive loss and the choice of what the processor can run. */
#include "train_cpu.h"

#include "base.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_SEQS = 12, LOSS_ROWS = 32, LOSS_SLOTS = 8 /* sums of their own, added up in order */ };

static anl_train_kernels tables[2]; /* the best, the exact one */
static anl_train_rows rows;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const char *status(void)
{
    return NULL;
}

static void *alloc(size_t bytes)
{
    return anl_alloc_aligned(bytes, 1);
}

static void upload(void *to, const void *host, size_t bytes)
{
    memcpy(to, host, bytes);
}

static void zero(void *p, size_t bytes)
{
    memset(p, 0, bytes);
}

/* ---- loss ---- */

/* How the work memory is divided. */
typedef struct loss_parts {
    void *packed, *work[LOSS_SLOTS];
    float *e, *row_sum, *column_sum, *columns[LOSS_SLOTS], *d_target[LOSS_SLOTS];
    size_t used;
} loss_parts;

static void *take(void *base, size_t *used, size_t bytes)
{
    void *p = base ? (char *)base + *used : NULL;
    *used += (bytes + 63) & ~(size_t)63;
    return p;
}

static loss_parts divide(void *base, int n, int d)
{
    const anl_train_kernels *t = anl_train_cpu(0), *exact = anl_train_cpu(1);
    size_t a = t->linear_work(n, d, LOSS_ROWS), b = exact->linear_work(n, d, LOSS_ROWS), row = (size_t)n * sizeof(float);
    size_t p = t->packed_size(n, d), q = exact->packed_size(n, d);
    loss_parts s = {0};
    s.packed = take(base, &s.used, p > q ? p : q);
    s.e = take(base, &s.used, (size_t)n * row);
    s.row_sum = take(base, &s.used, row);
    s.column_sum = take(base, &s.used, row);
    for (int i = 0; i < LOSS_SLOTS; ++i) {
        s.work[i] = take(base, &s.used, a > b ? a : b);
        s.columns[i] = take(base, &s.used, row);
        s.d_target[i] = take(base, &s.used, (size_t)d * row);
    }
    return s;
}

static size_t contrast_work(int n, int d)
{
    return divide(NULL, n, d).used;
}

/* Exponentials, sums of rows and columns. */
static void contrast_forward(const anl_train_kernels *t, const anl_train_contrast *c, loss_parts *s)
{
    const anl_train_linear targets = {.n = c->n, .k = c->d, .packed = s->packed};
    t->pack(c->target, c->n, c->d, s->packed);
#pragma omp parallel for schedule(dynamic, 1) num_threads(c->threads)
    for (int slot = 0; slot < LOSS_SLOTS; ++slot) {
        memset(s->columns[slot], 0, (size_t)c->n * sizeof(float));
        for (int at = slot * LOSS_ROWS; at < c->n; at += LOSS_SLOTS * LOSS_ROWS) {
            float *e = s->e + (size_t)at * (size_t)c->n;
            t->linear(&targets, c->query + (size_t)at * (size_t)c->d, LOSS_ROWS, ANL_TRAIN_SET, e, s->work[slot]);
            for (int i = 0; i < LOSS_ROWS; ++i, e += c->n) {
                s->row_sum[at + i] = rows.row(c, at + i, e);
                t->add(s->columns[slot], e, (size_t)c->n);
            }
        }
    }
    memset(s->column_sum, 0, (size_t)c->n * sizeof(float));
    for (int slot = 0; slot < LOSS_SLOTS; ++slot) t->add(s->column_sum, s->columns[slot], (size_t)c->n);
}

static void contrast_score(const anl_train_contrast *c, const loss_parts *s, anl_train_score *score)
{
    *score = (anl_train_score){0};
    for (int i = 0; i < c->n; ++i) {
        const float *e = s->e + (size_t)i * (size_t)c->n;
        int better = 0;
        for (int j = 0; j < c->n; ++j) better += e[j] > e[i];
        score->best += better == 0;
        score->loss += 0.5 * (log(s->row_sum[i]) + log(s->column_sum[i])) - log(e[i]);
    }
}

static void contrast_backward(const anl_train_kernels *t, const anl_train_contrast *c, loss_parts *s)
{
    const anl_train_linear targets = {.n = c->n, .k = c->d, .packed = s->packed};
    size_t d = (size_t)c->d, vectors = (size_t)c->n * d;
    for (int j = 0; j < c->n; ++j) s->column_sum[j] = 1 / s->column_sum[j];
#pragma omp parallel for schedule(dynamic, 1) num_threads(c->threads)
    for (int slot = 0; slot < LOSS_SLOTS; ++slot) {
        memset(s->d_target[slot], 0, vectors * sizeof(float));
        for (int at = slot * LOSS_ROWS; at < c->n; at += LOSS_SLOTS * LOSS_ROWS) {
            float *e = s->e + (size_t)at * (size_t)c->n;
            for (int i = 0; i < LOSS_ROWS; ++i)
                rows.row_back(c, at + i, 1 / s->row_sum[at + i], s->column_sum, e + (size_t)i * (size_t)c->n);
            t->linear_back(&targets, c->query + (size_t)at * d, e, LOSS_ROWS, c->d_query + (size_t)at * d, s->d_target[slot], NULL,
                           s->work[slot]);
        }
    }
    memset(c->d_target, 0, vectors * sizeof(float));
    for (int slot = 0; slot < LOSS_SLOTS; ++slot) t->add(c->d_target, s->d_target[slot], vectors);
}

static void contrast_with(const anl_train_kernels *t, const anl_train_contrast *c, anl_train_score *score)
{
    loss_parts s = divide(c->work, c->n, c->d);
    contrast_forward(t, c, &s);
    contrast_score(c, &s, score);
    contrast_backward(t, c, &s);
}

static void contrast_best(const anl_train_contrast *c, anl_train_score *score)
{
    contrast_with(&tables[0], c, score);
}

static void contrast_exact(const anl_train_contrast *c, anl_train_score *score)
{
    contrast_with(&tables[1], c, score);
}

/* ---- the choice ---- */

static void choose(void)
{
    anl_train_kernels *t = &tables[0];
    *t = (anl_train_kernels){.name = "float",
                             .chunk_seqs = CHUNK_SEQS,
                             .status = status,
                             .alloc = alloc,
                             .release = free,
                             .upload = upload,
                             .download = upload,
                             .zero = zero,
                             .contrast_work = contrast_work};
    anl_train_fill_scalar(t, &rows);
    anl_train_products_blas(t);
    int bf16 = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) anl_train_fill_avx2(t, &rows);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
        anl_train_fill_avx512(t, &rows);
        bf16 = __builtin_cpu_supports("avx512bf16");
    }
#endif
    tables[1] = *t;
    tables[1].contrast = contrast_exact;
#if defined(__x86_64__)
    if (bf16) {
        anl_train_products_avx512(t);
        anl_train_products_amx(t);
    }
#endif
    t->contrast = contrast_best;
}

const anl_train_kernels *anl_train_cpu(int exact)
{
    pthread_once(&once, choose);
    return &tables[exact != 0];
}
