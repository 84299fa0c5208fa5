#include "wave_step.inc.h"

void anl_wave_fill_neon(anl_wave_kernels *t)
{
    t->step = step;
}
