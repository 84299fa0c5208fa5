/* Reads as FASTQ; FASTA where they have no qualities. */
#ifndef ANL_FASTQ_WRITER_H
#define ANL_FASTQ_WRITER_H

#include "bytes.h"
#include "output.h"
#include "read.h"

typedef struct anl_fastq_writer anl_fastq_writer;

/* A name that ends in .gz is compressed by blocks, as bgzip does it. */
int anl_fastq_writer_open(anl_fastq_writer **out, const char *path);

/* Appends a read's lines: name, comment, bases (anything but A C G T is N) and qualities, as the input had them. 0 or ANL_ENOMEM. */
int anl_fastq_append(anl_bytes *to, const anl_read *read);

int anl_fastq_writer_put(anl_fastq_writer *w, const anl_bytes *text);

/* As anl_output_finish, anl_output_close and anl_output_abort. */
int anl_fastq_writer_finish(anl_fastq_writer *w);
int anl_fastq_writer_close(anl_fastq_writer *w);
void anl_fastq_writer_abort(anl_fastq_writer *w);

#endif
