/** Self-test of nearest centroids on a GPU, before an index relies on them. */
#ifndef ANL_NEAREST_CHECK_H
#define ANL_NEAREST_CHECK_H

#include "nearest.h"

/** Whether `on` finds the nearest centroids of made-up vectors of d elements as the CPU does, among all and in groups. 0, ANL_EIO where one differs,
 *  or what the work itself fails with. */
int anl_nearest_check_gpu(const anl_nearest_on *on, int32_t d);

#endif
