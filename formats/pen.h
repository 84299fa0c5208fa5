/* From records to the bytes that the writer puts out; alignments.h has what others call. */
#ifndef ANL_PEN_H
#define ANL_PEN_H

#include "sam_encode.h"

/* Lines of SAM or PAF, or records of htslib for all else: they are packed (BAM), sorted or seen together (CRAM) as they are written. */
typedef enum anl_pen_form { ANL_PEN_SAM, ANL_PEN_PAF, ANL_PEN_RECORDS } anl_pen_form;

/* `settings` are copied; their scratch must be empty. 0 or ANL_ENOMEM. */
int anl_pen_make(anl_pen **out, anl_pen_form form, int paf_md, const anl_encoding *settings);

/* Calls `put` with each of the records that a pen of form ANL_PEN_RECORDS left in `e`; they are borrowed, and not to be changed. 0 or the first error. */
int anl_encoded_each(const anl_encoded *e, int (*put)(void *data, bam1_t *b), void *data);

#endif
