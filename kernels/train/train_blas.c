/* Training's linear layers in float32, by the BLAS. */
#include "train_cpu.h"

#include <cblas.h>
#include <string.h>

static size_t packed_size(int n, int k)
{
    return (size_t)n * (size_t)k * sizeof(float);
}

static void pack(const float *w, int n, int k, void *packed)
{
    memcpy(packed, w, packed_size(n, k));
}

static size_t linear_work(int n, int k, int m)
{
    (void)n, (void)k, (void)m;
    return 0;
}

static void linear(const anl_train_linear *l, const float *a, int m, anl_train_mode mode, float *y, void *work)
{
    (void)work;
    int n = l->n, k = l->k;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, a, k, l->packed, k, mode == ANL_TRAIN_ADD, y, n);
    for (int t = 0; t < m; ++t, y += n) {
        for (int o = 0; l->bias && o < n; ++o) y[o] += l->bias[o];
        for (int o = 0; mode == ANL_TRAIN_RELU && o < n; ++o) y[o] = y[o] > 0 ? y[o] : 0;
    }
}

static void linear_back(const anl_train_linear *l, const float *a, const float *dy, int m, float *da, float *dw, float *db, void *work)
{
    (void)work;
    int n = l->n, k = l->k;
    if (da) cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, k, n, 1, dy, n, l->packed, k, 0, da, k);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n, k, m, 1, dy, n, a, k, 1, dw, k);
    for (int t = 0; db && t < m; ++t, dy += n)
        for (int o = 0; o < n; ++o) db[o] += dy[o];
}

void anl_train_products_blas(anl_train_kernels *t)
{
    t->packed_size = packed_size;
    t->pack = pack;
    t->linear_work = linear_work;
    t->linear = linear;
    t->linear_back = linear_back;
}
