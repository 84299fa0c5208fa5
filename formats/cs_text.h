/** cs.h for who does not use htslib. */
#ifndef ANL_CS_TEXT_H
#define ANL_CS_TEXT_H

#include "base.h"

/** The short form of tag cs, NUL-terminated, in *text, which has room for *cap bytes and is made larger where it must be; released by free().
 *  The rest as anl_cs_append (cs.h). */
int anl_cs_text(char **text, size_t *cap, const uint32_t *cigar, int32_t n_cigar, const char *md, const char *seq);

#endif
