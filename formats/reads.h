/** Reads from FASTQ or FASTA (plain, gzip, bgzip, "-" for standard input), uBAM, CRAM or SAM. */
#ifndef ANL_READS_H
#define ANL_READS_H

#include "read.h"

typedef struct anl_reads anl_reads;

typedef struct anl_reads_options {
    const char *path;      /**< reads; "-" is standard input */
    const char *mates;     /**< second file of a pair; NULL when there is none */
    int interleaved;       /**< -p: neighbours of the same name are pairs, other reads are single */
    const char *reference; /**< FASTA for CRAM input that needs one; may be NULL */
    int ahead;             /**< 1: from the first read taken on threads of their own inflate every gzip file and read the mates; no pipes */
} anl_reads_options;

/** Opens the input(s); the format is found from the content. 0, ANL_EIO, ANL_EFORMAT or ANL_ENOMEM. */
int anl_reads_open(anl_reads **out, const anl_reads_options *options);

/** Appends no more reads once `max_bases` bp are reached and never splits a pair; b->n == 0 afterwards means the end.
 *  The batch is emptied first (arena reset). Errors name file, record number and read:
 *  "r.fq: record 1201 'r1201': 150 bases but 149 qualities". */
int anl_reads_next(anl_reads *r, int64_t max_bases, anl_batch *b);

/** The share of the first input that has been read, 0 to 1, by the bytes that lie on the disk; 0 where the size is not known, as of a pipe. */
double anl_reads_share(const anl_reads *r);

/** @RG, @PG and @CO lines of SAM, BAM or CRAM inputs, newline-terminated, to be kept; NULL: there are none. Programs of the second input
 *  whose IDs stand for other runs in the first are renamed. */
const char *anl_reads_header(const anl_reads *r);

void anl_reads_free(anl_reads *r);

int anl_batch_init(anl_batch *b);
void anl_batch_free(anl_batch *b);

#endif
