/* Where a fragment begins and ends: reads of one key are copies of one fragment. As samtools markdup has it (version 1.16, --mode t). */
#ifndef ANL_DUPLICATE_KEY_H
#define ANL_DUPLICATE_KEY_H

#include "base.h"

#include <htslib/sam.h>

typedef struct anl_duplicate_key {
    int64_t at, mate_at; /* 1-based ends of the template, clips counted as aligned: of a single read its 5' end, and 0 */
    int32_t ref, mate_ref, library;
    uint8_t pair;     /* 0: of a read, or of one of a pair by itself */
    uint8_t leftmost; /* of the pair */
    uint8_t facing;   /* orientation of the pair, or the strand of a single read */
} anl_duplicate_key;

/* The key of a read by itself. */
anl_duplicate_key anl_duplicate_key_single(const bam1_t *b, int32_t library);

/* The key of a read and its mate; needs the mate's CIGAR, tag MC. 0 or ANL_EINVAL. */
int anl_duplicate_key_pair(anl_duplicate_key *key, const bam1_t *b, int32_t library);

int anl_duplicate_key_equal(const anl_duplicate_key *a, const anl_duplicate_key *b);
uint64_t anl_duplicate_key_hash(const anl_duplicate_key *key);

#endif
