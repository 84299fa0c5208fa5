/* Records of FASTQ as nearly all are, taken from memory in one pass. What makes anything else of a record, a fault included, is for fastq.c. */
#ifndef ANL_PLAIN_H
#define ANL_PLAIN_H

#include "read.h"

enum {
    ANL_FIRST_QUALITY = '!',
    ANL_LAST_QUALITY = '~', /* Phred + 33 of 0 and 93 (SAM specification, 1.4) */
};

/* The codes of A, C, G and T alone; 0 where there is something else, too. */
int anl_plain_bases(const char *line, size_t n, uint8_t *to);

/* Phred values; 0 where one is outside the range. */
int anl_plain_qualities(const char *line, size_t n, uint8_t *to);

/* The record at the begin of text[n] as a read whose parts are in the arena: how many bytes it has, or 0 where it is not plain or text[n] too
 * short to tell, or ANL_ENOMEM. Plain are four lines that end with LF: a name that SAM allows, with or without a comment; A, C, G and T, at least one;
 * a bare '+'; as many qualities. */
int64_t anl_plain_record(const char *text, size_t n, anl_arena *arena, anl_read *to);

enum { ANL_PLAIN_LINES = 4 /* of a plain record */ };

#endif
