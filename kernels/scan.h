#ifndef ANL_KERNELS_SCAN_H
#define ANL_KERNELS_SCAN_H
typedef struct anl_scan_kernels {
    int unused;
} anl_scan_kernels;
void anl_scan_fill_scalar(anl_scan_kernels *t);
void anl_scan_fill_avx2(anl_scan_kernels *t);
void anl_scan_fill_avx512(anl_scan_kernels *t);
void anl_scan_fill_neon(anl_scan_kernels *t);
#endif
