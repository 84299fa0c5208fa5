#ifndef ANL_KERNELS_ENCODE_H
#define ANL_KERNELS_ENCODE_H
typedef struct anl_encode_kernels {
    int unused;
} anl_encode_kernels;
void anl_encode_fill_scalar(anl_encode_kernels *t);
void anl_encode_fill_avx2(anl_encode_kernels *t);
void anl_encode_fill_avx512(anl_encode_kernels *t);
void anl_encode_fill_neon(anl_encode_kernels *t);
#endif
