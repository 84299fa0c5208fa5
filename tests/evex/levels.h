/* The kernel tests are built with these in the place of anl_kernels_levels and anl_kernels_fill. */
#ifndef ANL_TEST_EVEX_LEVELS_H
#define ANL_TEST_EVEX_LEVELS_H

#include "kernels.h"

const char *const *evex_levels(void);
int evex_fill(anl_kernels *t, const char *cap);

#endif
