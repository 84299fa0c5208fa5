/** Self-test of search on a GPU, before reads rely on it. */
#ifndef ANL_SEARCH_CHECK_H
#define ANL_SEARCH_CHECK_H

#include "search.h"

/** Whether `gpu`, which searches for competing windows only, finds the neighbours of changed entries of `x` as the CPU does. 0, ANL_EIO where a byte differs,
 *  or what the work itself fails with. */
int anl_search_check_gpu(const anl_search *gpu, const anl_index *x);

#endif
