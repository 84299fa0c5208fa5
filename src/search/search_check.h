/** Self-test of search on a GPU, before reads rely on it. */
#ifndef ANL_SEARCH_CHECK_H
#define ANL_SEARCH_CHECK_H

#include "search.h"

/** Whether `gpu`, which searches for competing windows only, finds with a scratch of its own the neighbours of changed entries of `x` as the CPU
 *  does, few and many. 0, ANL_EIO where a byte differs, or what the work itself fails with. */
int anl_search_check_gpu(const anl_search *gpu, anl_search_scratch *scratch, const anl_index *x);

#endif
