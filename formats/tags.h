/* What text may stand in a SAM record as a tag. htslib alone takes "XX:i:abc" for a zero. */
#ifndef ANL_TAGS_H
#define ANL_TAGS_H

#include <stddef.h>

/* 1 when text[n] is one tag, TAG:TYPE:VALUE, as the SAM specification (1.5) has it; else 0. */
int anl_tag_valid(const char *text, size_t n);

#endif
