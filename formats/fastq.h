/* FASTQ and FASTA records, strictly checked. */
#ifndef ANL_FASTQ_H
#define ANL_FASTQ_H

#include "read.h"
#include "text.h"

typedef struct anl_fastq anl_fastq;

/* Takes `text` on success. */
int anl_fastq_new(anl_fastq **out, anl_text *text);
void anl_fastq_free(anl_fastq *f);

/* The next read, whose parts are in the arena: 1, 0 at the end, ANL_EFORMAT naming file, record and read, ANL_EIO or ANL_ENOMEM. */
int anl_fastq_next(anl_fastq *f, anl_arena *arena, anl_read *to);

/* As anl_text_share. */
double anl_fastq_share(const anl_fastq *f);

/* Records read so far. */
int64_t anl_fastq_number(const anl_fastq *f);

#endif
