/** Split alignments: what of a read its primary alignment leaves out is looked for elsewhere. */
#ifndef ANL_SPLIT_H
#define ANL_SPLIT_H

#include "candidates.h"

/** Searches every stretch of ANL_ENCODER_MIN_LEN bp and more that the placements of `queries` leave unaligned, around the rest of the read
 *  and in the whole index, and adds what aligns there as supplementary placements. As in bwa mem (Li 2013, arXiv 1303.3997), parts may
 *  share up to half of the shorter one. 0 or ANL_ENOMEM. */
int anl_split(anl_worker *w, anl_query *queries, int n);

#endif
