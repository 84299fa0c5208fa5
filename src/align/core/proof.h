/** The highest score that a read can have at any other place than the one found; docs/proof.md has the proof. */
#ifndef ANL_PROOF_H
#define ANL_PROOF_H

#include "sw.h"

enum { ANL_PROOF_MOST_K = 32 };

typedef struct anl_proof_params {
    anl_sw_params score;
    int32_t clip5, clip3; /**< bonuses as in anl_extend_params; 0 and 0 for the score alone (tag AS) */
    int32_t k;            /**< of the uniqueness map, bp, 2 to ANL_PROOF_MOST_K */
    int32_t most_n;       /**< the map takes a reference k-mer with up to this many N for every sequence that it could be */
} anl_proof_params;

/** A stretch of the read on one diagonal: the whole read, or one M, = or X of a CIGAR. */
typedef struct anl_proof_run {
    const uint64_t *differ; /**< [(n + 63) / 64], from anl_sw_kernels.mismatches: of read[from + i] and reference[at + i] */
    int32_t from, n;        /**< bp, on the read oriented as the reference */
    int64_t at;             /**< joined coordinate; [at, at + n) lies on one contig */
} anl_proof_run;

/** Adds to `kmers` (bit i % 64 of word i / 64) every i whose k-mer lies in the run, has no difference, and is unique where the run has it:
 *  bit p % 64 of unique[p / 64], p = at + i - from. `kmers` has (read's length + 63) / 64 words, which the caller clears
 *  before the first run. */
void anl_proof_add(const uint64_t *unique, int32_t k, const anl_proof_run *run, uint64_t *kmers);

/** Highest score, bonuses included, of any alignment of the read, on either strand and on one contig, that holds none of `kmers` where
 *  anl_proof_add found it. match >= 1, all other scores >= 0; len * match and the bonuses together are below 2^30. Time is
 *  linear in len; nothing is allocated. */
int32_t anl_proof_bound(const anl_proof_params *p, const uint64_t *kmers, int32_t len);

/** Whether no alignment with a gap, nor one on another diagonal or strand, scores as much as the read has on one diagonal, bonuses or not: docs/proof.md, "No gap
 *  wins". `differ` and `kmers` [(len + 63) / 64]: where the read differs on it, and what anl_proof_add found there alone. 0 where that is not known. */
int anl_proof_is_straight(const anl_proof_params *p, const uint64_t *differ, const uint64_t *kmers, int32_t len);

#endif
