/* From our records to htslib's. */
#ifndef ANL_SAM_ENCODE_H
#define ANL_SAM_ENCODE_H

#include "alignments.h"

#include <htslib/sam.h>

typedef struct anl_encoding {
    const char *read_group_id; /* NULL: none */
    int comment_tags;
    sam_hdr_t *header;
    char *text;                /* scratch that grows: letters of a sequence, or a comment */
    uint8_t *qual;
    size_t text_cap, qual_cap;
    bam1_t *comment;
    int64_t left_out;          /* parts of comments that are no SAM tags */
} anl_encoding;

/* Fills `b`. 0 or ANL_ENOMEM. */
int anl_sam_encode(anl_encoding *e, const anl_record *r, bam1_t *b);

#endif
