/** Strand and diagonal of a read in a stretch of the reference, by votes of shared k-mers. */
#ifndef ANL_VOTE_H
#define ANL_VOTE_H

#include "base.h"
#include "kernels.h"

enum {
    ANL_VOTE_K = ANL_KMER_K,    /**< random 9-mers seldom meet in a few hundred bp, yet a fifth survives 15% errors */
    ANL_VOTE_MAX_READ = 1000,   /**< bp of a read that vote */
    ANL_VOTE_MAX_REGION = 4096, /**< bp: 2,048 diagonals, which are looked through at once, and a read on the last of them */
};

/** The k-mers of one read and of its reverse complement, hashed; with room for the votes. About 125 KB; one a thread. */
typedef struct anl_voter anl_voter;

/** The kernels are borrowed. NULL when memory is short. */
anl_voter *anl_voter_new(const anl_kernels *kernels);
void anl_voter_free(anl_voter *v);

/** Takes the k-mers of read[len] (base codes 0-4; at most ANL_VOTE_MAX_READ bp). */
void anl_voter_load(anl_voter *v, const uint8_t *read, int32_t len);

/** Where the read lies: base q of the read (reverse-complemented when `reverse`) falls on base diag + q of the region. */
typedef struct anl_vote {
    int32_t votes;  /**< shared k-mers on diagonals within ANL_VOTE_K of the best */
    int32_t other;  /**< the most on a single diagonal beyond these, or on the other strand */
    int32_t diag;   /**< the diagonal with the most votes; the lowest of equals */
    int32_t lo, hi; /**< lowest and highest diagonal with support near the best one: what gaps must bridge */
    uint8_t reverse;
    uint8_t straight; /**< lo and hi are diag, and it is not another place's copy */
} anl_vote;

/** The best strand and diagonal in region[len] (at most ANL_VOTE_MAX_REGION bp) with dlo <= diag <= dhi, where
 *  dhi - dlo < ANL_VOTE_MAX_REGION. votes is 0 when no k-mer is shared. */
anl_vote anl_voter_count(anl_voter *v, const uint8_t *region, int32_t len, int32_t dlo, int32_t dhi);

/** The strongest other strand or diagonal in the region that anl_voter_count went through last, `best` being what it gave, if much of the read
 *  fits there as well as at the best one: two copies, not two halves of a read. 1, and *second without room for gaps, or 0. */
int anl_voter_second(const anl_voter *v, const anl_vote *best, anl_vote *second);

#endif
