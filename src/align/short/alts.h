/** Alignments on ALT contigs that are reported beside those on the primary assembly, as bwa mem does with a .alt file. */
#ifndef ANL_ALTS_H
#define ANL_ALTS_H

#include "query.h"

/** Adds those of q->alts to q->aligned, as supplementary ones in `results`, with which none reported competes that scores as much or is on an ALT
 *  contig, too; the best come first. Alignments on the primary assembly lead, and, of any read, those that a better one on an ALT contig competes with know its
 *  score (tag pa). 0 or ANL_ENOMEM. */
int anl_alts_report(anl_query *q, anl_arena *results);

#endif
