/* Tags of SAM records: what text may stand as one, their bytes in BAM, and which say something of an alignment. */
#ifndef ANL_TAGS_H
#define ANL_TAGS_H

#include <stddef.h>
#include <stdint.h>

/* 1 when text[n] is one tag, TAG:TYPE:VALUE, as the SAM specification (1.5) has it; else 0. htslib alone takes "XX:i:abc" for a zero. */
int anl_tag_valid(const char *text, size_t n);

/* A tag as BAM holds it (SAM specification, 4.2.4). */
typedef struct anl_tag {
    char name[3];
    char type;            /* of BAM: A c C s S i I f d Z H B */
    const uint8_t *value; /* behind the type: of Z and H with the NUL, of B with element type and count */
    int32_t size;         /* bytes of the value */
} anl_tag;

/* Moves *at over the next tag, which it describes: 1, 0 at `end`, or -1 where the bytes are no tag or hold a control character, which
 * would break a line of SAM. */
int anl_tag_next(const uint8_t **at, const uint8_t *end, anl_tag *tag);

/* 1 when aligners write the tag to describe an alignment, as AS or tp:A; 0 when it is the user's, as RX or tp:B. */
int anl_tag_of_alignment(const anl_tag *tag);

#endif
