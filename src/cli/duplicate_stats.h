/** Counts of duplicates as samtools markdup -f writes them, so that what reads those reads these. */
#ifndef ANL_DUPLICATE_STATS_H
#define ANL_DUPLICATE_STATS_H

#include "summary.h"

/** A block of "NAME: COUNT" lines for each library that has records; where there are several, each begins with LIBRARY. Finishes `to`. 0 or the
 *  first error. */
int cli_duplicate_stats_write(anl_output *to, const cli_summary *s);

#endif
