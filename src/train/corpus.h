/** Training data: genomes in memory and pairs (read, window) drawn from them. */
#ifndef ANL_CORPUS_H
#define ANL_CORPUS_H

#include "base.h"
#include "trainer.h"

enum {
    ANL_CORPUS_BLOCK = 1 << 16, /**< bp; */
    ANL_CORPUS_HELD_ASIDE = 64, /**< of so many such blocks the last is never trained on */
};

/** All contigs joined, runs of N between them. */
typedef struct anl_corpus {
    uint8_t *bases; /**< codes 0-3, 4 for N */
    int64_t n;
} anl_corpus;

/** Reads FASTA files. 0 or the first error. */
int anl_corpus_read(anl_corpus **out, char **paths, int n);
void anl_corpus_free(anl_corpus *c);

/** Copies out the blocks held aside, N between them: *bases (to be freed) and their number. */
int anl_corpus_held_aside(const anl_corpus *c, uint8_t **bases, int64_t *n);

/** A hard-negative pair: two windows that look alike and are not the same. Where they are copies of one sequence, their bases are aligned. */
typedef struct anl_hard_pair {
    int64_t a, b;
} anl_hard_pair;

/** What pairs are like. A window of `window` bp and a read whose middle lies within half a stride of the window's, from either strand, of
 *  min_length to max_length bp (the density falls with the length), with substitutions and indels at rates uniform in [0, max_...]. */
typedef struct anl_draw {
    uint64_t seed;
    int window, stride, min_length, max_length;
    float max_substitutions, max_indels;
    int even_lengths; /**< the density does not fall with the length */
    float low_errors; /**< share of the reads that have a tenth of the errors: what near-identical repeats are told apart by */
    const anl_hard_pair *hard_pairs; /**< mined */
    size_t n_hard_pairs;
    float hard_share; /**< of a batch's windows that come in hard-negative pairs, 0..1 */
} anl_draw;

/** Fills the batch that belongs to `step`; the same for any number of threads. */
void anl_corpus_draw(const anl_corpus *c, const anl_draw *d, int64_t step, int threads, anl_pairs *b);

/** A read of `length` bp from seq[room], starting at its first base: substitutions and indels (half of them insertions) at these
 *  rates a base. Fewer than `length` come out when the sequence ends; returns how many. */
int anl_read_mutate(const uint8_t *seq, int64_t room, int length, float substitutions, float indels, uint64_t *rng, uint8_t *out);

/** seq becomes its reverse complement; codes above 3 stay. */
void anl_read_turn(uint8_t *seq, int length);

#endif
