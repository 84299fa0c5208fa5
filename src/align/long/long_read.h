/** Long reads: windows along the read are searched, their hits chained, and the chains aligned base by base. */
#ifndef ANL_LONG_READ_H
#define ANL_LONG_READ_H

#include "placement.h"
#include "worker.h"

/** Aligns a read of more than ANL_LONG_READ bp. `out` lives in w->arena; w->temporary is reset. 0 or ANL_ENOMEM. */
int anl_long_align(anl_worker *w, const anl_read *read, anl_placements *out);

#endif
