/* The library that a record's read group is of. */
#ifndef ANL_LIBRARIES_H
#define ANL_LIBRARIES_H

#include "base.h"

#include <htslib/sam.h>

typedef struct anl_libraries {
    char **names; /* LB, each once; names[0] is "", of records without a read group or of one without LB */
    int32_t n;
    char **groups;          /* ID of each read group, */
    int32_t *of;            /* and its library */
    int32_t n_groups, last; /* last: read group of the record before */
} anl_libraries;

/* Of the header's read groups. 0 or ANL_ENOMEM; to be freed in either case. */
int anl_libraries_init(anl_libraries *l, sam_hdr_t *header);
void anl_libraries_free(anl_libraries *l);

/* Number of the record's library, 0 to n - 1. */
int32_t anl_libraries_of(anl_libraries *l, const bam1_t *b);

#endif
