/** Sequences to tokens: groups of 8 canonical 6-mers, laid out so that a reverse complement reverses the tokens. */
#ifndef ANL_TOKENS_H
#define ANL_TOKENS_H

#include <stdint.h>

enum {
    ANL_KMER = 6,
    ANL_KMERS = 4096,
    ANL_KMER_RANKS = 2080, /**< canonical 6-mers; this rank itself stands for "no k-mer" */
    ANL_TOKEN_KMERS = 8,
    ANL_TOKENS_MAX_LEN = 400, /**< bp */
    ANL_TOKENS_MAX = 50,      /**< tokens of such a sequence */
};

/** rank[code] of the canonical form of every 6-mer; A C G T are 0 1 2 3, the first base highest. */
void anl_kmer_ranks(uint16_t rank[ANL_KMERS]);

/** Tokens of a sequence of `len` bp, 6 to 400. */
static inline int anl_token_count(int len)
{
    return (len - ANL_KMER + ANL_TOKEN_KMERS) / ANL_TOKEN_KMERS;
}

/** Fills rows[anl_token_count(len)][8] with k-mer ranks; codes above 3 spoil the k-mers that hold them. Returns the number of
 *  k-mers filled in. */
int anl_tokens_make(const uint8_t *seq, int len, const uint16_t rank[ANL_KMERS], uint16_t (*rows)[ANL_TOKEN_KMERS]);

#endif
