#include "scan.h"
void anl_scan_fill_neon(anl_scan_kernels *t)
{
    (void)t;
}
