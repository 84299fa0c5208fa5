/* Records as lines of PAF, the format of minimap2 (https://github.com/lh3/miniasm/blob/master/PAF.md). */
#ifndef ANL_PAF_H
#define ANL_PAF_H

#include "base.h"

#include <htslib/kstring.h>
#include <htslib/sam.h>

/* Appends the line of a mapped record, nothing for an unmapped one. Mates are called NAME/1 and NAME/2. Column 10 counts equal bases,
 * column 11 those and the differences that NM counts. Tags: tp (P, or S for a secondary record), NM, AS, cs, comments and others of the
 * record, MD `with_md`, and the CIGAR without clips as cg, last as it may be long; what says in SAM where other records are, and the
 * read group of a header that PAF lacks, is left out. 0 or ANL_ENOMEM. */
int anl_paf_append(kstring_t *out, const sam_hdr_t *header, const bam1_t *b, int with_md);

#endif
