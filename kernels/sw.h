#ifndef ANL_KERNELS_SW_H
#define ANL_KERNELS_SW_H
typedef struct anl_sw_kernels {
    int unused;
} anl_sw_kernels;
void anl_sw_fill_scalar(anl_sw_kernels *t);
void anl_sw_fill_avx2(anl_sw_kernels *t);
void anl_sw_fill_avx512(anl_sw_kernels *t);
void anl_sw_fill_neon(anl_sw_kernels *t);
#endif
