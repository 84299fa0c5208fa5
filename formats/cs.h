/* The difference string of minimap2 (tag cs, https://lh3.github.io/minimap2/minimap2.html#10). */
#ifndef ANL_CS_H
#define ANL_CS_H

#include "alignments.h"

#include <htslib/kstring.h>

/* Appends to `out` what CIGAR, MD and the read say together: ":10" (long form "=ACGTACGTAC") for equal bases, "*ag" for reference a
 * read as g, "+tt" and "-cc" for inserted and deleted bases. seq[] holds letters in the record's orientation from the first base of
 * the CIGAR, clipped ones included, whether the CIGAR calls them S or H. The reference's bases come from MD, so operation N, whose
 * bases MD leaves out, is refused. As in NM and MD, N differs from everything, itself included.
 * 0, ANL_EINVAL (MD does not fit the CIGAR, or operation N) or ANL_ENOMEM. */
int anl_cs_append(kstring_t *out, anl_cs_form form, const uint32_t *cigar, int32_t n_cigar, const char *md, const char *seq);

#endif
