/** How the CPU's training table is put together. Internal to kernels/. */
#ifndef ANL_KERNELS_TRAIN_CPU_H
#define ANL_KERNELS_TRAIN_CPU_H

#include "train.h"

/** The elementwise part of the contrastive loss, row by row. */
typedef struct anl_train_rows {
    float (*row)(const anl_train_contrast *c, int i, float *row);
    void (*row_back)(const anl_train_contrast *c, int i, float inverse, const float *inverses, float *row);
} anl_train_rows;

void anl_train_fill_scalar(anl_train_kernels *t, anl_train_rows *r);
void anl_train_fill_avx2(anl_train_kernels *t, anl_train_rows *r);
void anl_train_fill_avx512(anl_train_kernels *t, anl_train_rows *r);

/** The linear layers: by BLAS in float32; by AVX-512 or AMX with bf16 inputs and float32 sums, the latter where the machine grants it. */
void anl_train_products_blas(anl_train_kernels *t);
void anl_train_products_avx512(anl_train_kernels *t);
void anl_train_products_amx(anl_train_kernels *t);

#endif
