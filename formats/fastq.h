/* FASTQ and FASTA records, strictly checked. */
#ifndef ANL_FASTQ_H
#define ANL_FASTQ_H

#include "text.h"

/* A read in buffers of its own, which grow and are used again. */
typedef struct anl_raw_read {
    char *name, *comment; /* comment points behind the name, or is NULL */
    uint8_t *seq, *qual, *aux;
    size_t name_cap, seq_cap, qual_cap, aux_cap;
    int32_t len, aux_len;
    uint8_t has_qual, qc_fail, mate;
} anl_raw_read;

int anl_raw_read_reserve(anl_raw_read *r, size_t name, size_t len, size_t aux);
void anl_raw_read_free(anl_raw_read *r);

typedef struct anl_fastq anl_fastq;

/* Takes `text` on success. */
int anl_fastq_new(anl_fastq **out, anl_text *text);
void anl_fastq_free(anl_fastq *f);

/* 1, 0 at the end, ANL_EFORMAT naming file, record and read, ANL_EIO or ANL_ENOMEM. */
int anl_fastq_next(anl_fastq *f, anl_raw_read *r);

/* As anl_text_share. */
double anl_fastq_share(const anl_fastq *f);

/* Records read so far. */
int64_t anl_fastq_number(const anl_fastq *f);

#endif
