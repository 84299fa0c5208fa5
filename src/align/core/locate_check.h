/** Self-test of votes on a GPU, before reads rely on them. */
#ifndef ANL_LOCATE_CHECK_H
#define ANL_LOCATE_CHECK_H

#include "locate.h"

/** Whether the scratch's GPU finds the places of made-up reads from the reference, which it must have (anl_resident_load), that the CPU finds.
 *  0, ANL_EIO where a place differs, or what the work itself fails with. Resets s->temporary. Without a GPU the CPU is compared with itself. */
int anl_locate_check_gpu(const anl_context *c, anl_scratch *s);

#endif
