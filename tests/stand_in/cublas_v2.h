// The one product of cuBLAS that anneal uses, as plain loops.
#ifndef ANL_STAND_IN_CUBLAS_V2_H
#define ANL_STAND_IN_CUBLAS_V2_H

#include "cuda_runtime.h"

enum cublasStatus_t { CUBLAS_STATUS_SUCCESS, CUBLAS_STATUS_ALLOC_FAILED, CUBLAS_STATUS_INVALID_VALUE };
enum { CUBLAS_OP_T, CUBLAS_OP_N, CUDA_R_8I, CUDA_R_32I, CUBLAS_COMPUTE_32I, CUBLAS_GEMM_DEFAULT };
typedef struct stand_in_blas *cublasHandle_t;

static inline cublasStatus_t cublasCreate(cublasHandle_t *h)
{
    static char one;
    *h = reinterpret_cast<cublasHandle_t>(&one);
    return CUBLAS_STATUS_SUCCESS;
}

static inline cublasStatus_t cublasDestroy(cublasHandle_t)
{
    return CUBLAS_STATUS_SUCCESS;
}

static inline cublasStatus_t cublasSetStream(cublasHandle_t, cudaStream_t)
{
    return CUBLAS_STATUS_SUCCESS;
}

static inline const char *cublasGetStatusString(cublasStatus_t)
{
    return "wrong arguments";
}

// c[n][m] of columns m: c = a^T b, a of m columns of k bytes, b of n columns of k bytes.
static inline cublasStatus_t cublasGemmEx(cublasHandle_t, int op_a, int op_b, int m, int n, int k, const void *one, const void *a, int,
                                          int lda, const void *b, int, int ldb, const void *nil, void *c, int, int ldc, int, int)
{
    const int8_t *x = static_cast<const int8_t *>(a), *y = static_cast<const int8_t *>(b);
    int32_t *to = static_cast<int32_t *>(c);
    if (op_a != CUBLAS_OP_T || op_b != CUBLAS_OP_N || *static_cast<const int32_t *>(one) != 1 || *static_cast<const int32_t *>(nil) ||
        m % 4 || k % 4 || n % 32)
        return CUBLAS_STATUS_INVALID_VALUE;
    for (int j = 0; j < n; ++j)
        for (int i = 0; i < m; ++i) {
            int32_t sum = 0;
            for (int l = 0; l < k; ++l) sum += x[(size_t)i * lda + l] * y[(size_t)j * ldb + l];
            to[(size_t)j * ldc + i] = sum;
        }
    return CUBLAS_STATUS_SUCCESS;
}

#endif
