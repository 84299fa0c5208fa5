#include "sw.h"
void anl_sw_fill_avx512(anl_sw_kernels *t)
{
    (void)t;
}
