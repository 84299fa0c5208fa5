/** Sequences to tokens: groups of 8 canonical 6-mers, laid out so that a reverse complement reverses the tokens. */
#ifndef ANL_TOKENS_H
#define ANL_TOKENS_H

#include "encoder_shape.h"

#include <stdint.h>

/** rank[code] of the canonical form of every 6-mer; A C G T are 0 1 2 3, the first base highest. */
void anl_kmer_ranks(uint16_t rank[ANL_KMERS]);

/** Fills rows[ANL_TOKEN_COUNT(len)][8] with k-mer ranks; codes above 3 spoil the k-mers that hold them. Returns the number of
 *  k-mers filled in. */
int anl_tokens_make(const uint8_t *seq, int len, const uint16_t rank[ANL_KMERS], uint16_t (*rows)[ANL_TOKEN_KMERS]);

#endif
