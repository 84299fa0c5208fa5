/** Streams the contigs of a FASTA file (plain, gzip or bgzip). */
#ifndef ANL_REFERENCE_H
#define ANL_REFERENCE_H

#include "base.h"

typedef struct anl_reference anl_reference;

/** 0, ANL_EIO, ANL_EFORMAT (compressed otherwise) or ANL_ENOMEM. */
int anl_reference_open(anl_reference **out, const char *path);

/** Next contig (contigs without bases are passed over: SAM cannot name them): *seq has contig->len base codes (A C G T U = 0-3 in either case, other IUPAC letters 4), contig->md5 the M5 of
 *  the upper-case letters; *seq is valid until the next call, the name as long as the reader. Returns 1, 0 at the end, or ANL_EFORMAT (not a FASTA, no
 *  contig at all, protein letters, a name duplicated or illegal in SAM), ANL_EIO (truncated gzip) or ANL_ENOMEM. */
int anl_reference_next(anl_reference *r, anl_contig *contig, const uint8_t **seq);

/** The share of the file that has been read, 0 to 1; 0 where its size is not known. */
double anl_reference_share(const anl_reference *r);
/** Upper-case letters of the contig last given, as long as its sequence. */
const uint8_t *anl_reference_letters(const anl_reference *r);

void anl_reference_free(anl_reference *r);

#endif
