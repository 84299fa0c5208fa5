#include "sw.h"
void anl_sw_fill_scalar(anl_sw_kernels *t)
{
    (void)t;
}
