/* Reads as FASTQ; FASTA where they have no qualities. */
#ifndef ANL_FASTQ_WRITER_H
#define ANL_FASTQ_WRITER_H

#include "output.h"
#include "read.h"

typedef struct anl_fastq_writer anl_fastq_writer;

/* A name that ends in .gz is compressed by blocks, as bgzip does it. */
int anl_fastq_writer_open(anl_fastq_writer **out, const char *path);

/* Name, comment, bases (anything but A C G T is N) and qualities, as the input had them. */
int anl_fastq_writer_put(anl_fastq_writer *w, const anl_read *read);

/* As anl_output_finish, anl_output_close and anl_output_abort. */
int anl_fastq_writer_finish(anl_fastq_writer *w);
int anl_fastq_writer_close(anl_fastq_writer *w);
void anl_fastq_writer_abort(anl_fastq_writer *w);

#endif
