/* Header lines that the output keeps of its inputs: @RG, @PG and @CO. */
#ifndef ANL_HEADER_H
#define ANL_HEADER_H

#include <htslib/kstring.h>

/* Appends those lines of the header `text` to `kept`, which holds those of an earlier input or nothing. A line that is there already is left
 * out. Where a program's ID stands for another run there, the programs of `text` get IDs of their own: ID.2 and so on. 0 or ANL_ENOMEM. */
int anl_header_keep(kstring_t *kept, const char *text);

/* The ID of two read groups of `text` that share it, but say different things, and its length in *n; NULL when there are none. */
const char *anl_header_clash(const char *text, size_t *n);

#endif
