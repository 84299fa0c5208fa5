/* What lanes put into the header. */
#ifndef ANL_LANE_HEADER_H
#define ANL_LANE_HEADER_H

#include "alignments.h"

#include <htslib/kstring.h>

/* Appends the read groups that the lanes were given to `groups`, each once, and what is kept of their inputs' headers to `kept`. 0, ANL_EINVAL (two
 * read groups with one ID that differ) or ANL_ENOMEM. */
int anl_lane_headers(const anl_lane *lanes, int n, kstring_t *groups, kstring_t *kept);

/* The ID of "@RG\tID:x\t...", to be freed. 0, ANL_EINVAL or ANL_ENOMEM. */
int anl_lane_group_id(const char *read_group, char **id);

#endif
