/** The uniqueness map in the making: where does a k-mer start that occurs once in the whole reference? */
#ifndef ANL_UNIQUE_H
#define ANL_UNIQUE_H

#include "index.h"

/** k for a reference of `bases` bp; the table in unique.c says why. */
int32_t anl_unique_k(int64_t bases);

/** Builds the map of genome->unique_k (ANL_UNIQUE_MIN_K to ANL_UNIQUE_MAX_K); of `genome` only contigs, bases and runs of N are read.
 *
 *  Bit p, counted from the low end of 64-bit words, is 1 when the k-mer that starts at joined coordinate p lies in one contig, holds no N,
 *  is not its own reverse complement, and is met nowhere else, on neither strand. A k-mer with one or two N is met as every sequence that
 *  it could be; one with more N is passed over.
 *
 *  `*bits` gets (bases + 63) / 64 words, the caller's to free. The bits do not depend on the threads. At most `most` k-mers of 8 bytes are
 *  held at a time (0: a tenth of the bases, but at least 8 Mi), more only where so many have one hash, as copies of one k-mer have; fewer
 *  cost more passes over the bases. 0 or ANL_ENOMEM. */
int anl_unique_build(uint64_t **bits, const anl_index_parts *genome, int threads, int64_t most);

#endif
