/* From our records to htslib's. */
#ifndef ANL_SAM_ENCODE_H
#define ANL_SAM_ENCODE_H

#include "alignments.h"

#include <htslib/kstring.h>
#include <htslib/sam.h>

typedef struct anl_encoding {
    const char *read_group_id; /* NULL: none */
    int comment_tags;
    int mate_scores;     /* tag ms of pairs */
    int umi_from_name;   /* tag RX */
    int64_t without_umi; /* reads that have none in their name */
    int tags_of_whole;   /* tags stay those of the whole read in the order of sequencing, as PAF counts it */
    anl_cs_form cs;
    sam_hdr_t *header;
    char *seq; /* scratch that grows: letters, qualities and CIGAR of a record, a value, its tag cs, a comment and its tags */
    uint8_t *qual, *value;
    uint32_t *cigar;
    size_t seq_cap, qual_cap, value_cap, cigar_cap;
    kstring_t cs_text, mm, ml, comment_tags_found;
    bam1_t *comment;
    int64_t left_out; /* parts of comments that are no SAM tags */
} anl_encoding;

/* Frees the scratch. */
void anl_encoding_clear(anl_encoding *e);

/* Whether anl_sam_line can make the record's line: nothing of the input is to be carried over. */
int anl_sam_has_line(const anl_encoding *e, const anl_record *r);

/* Appends the line that htslib prints of what anl_sam_encode makes, at a third of the time. Errors as anl_sam_encode. */
int anl_sam_line(anl_encoding *e, const anl_record *r, kstring_t *to);

/* Fills `b`. 0, ANL_EINVAL (MD does not fit the CIGAR, which cs needs) or
 * ANL_ENOMEM. */
int anl_sam_encode(anl_encoding *e, const anl_record *r, bam1_t *b);

#endif
