/** K-mers that a read shares with a stretch of the reference. */
#ifndef ANL_KERNELS_KMER_H
#define ANL_KERNELS_KMER_H

#include <stdint.h>
#include <string.h>

enum {
    ANL_KMER_K = 9,
    ANL_KMER_CODES = 1 << 2 * ANL_KMER_K,
    ANL_KMER_PARTS = 4,
    ANL_KMER_FIND16_ROOM = 72, /**< bytes: a vector and a little more */
};

/** A set of k-mers by their codes: 2 bits a base, the first in the low bits. */
typedef struct anl_kmer_set {
    uint32_t codes[ANL_KMER_CODES / 32]; /**< bit code % 32 of word code / 32 */
    uint8_t parts[ANL_KMER_PARTS][128];  /**< a bit for five bases of every k-mer: 0 to 4, 4 to 8, 2 to 6; 0, 1, 6, 7 and 3: tables that fit
                                            into registers */
} anl_kmer_set;

void anl_kmer_add(anl_kmer_set *s, uint32_t code);

/** Removes the k-mer and some others with it, but not their parts: for sets that are emptied, one k-mer after another, and then their parts. */
static inline void anl_kmer_drop(anl_kmer_set *s, uint32_t code)
{
    s->codes[code / 32] = 0;
}

static inline void anl_kmer_drop_parts(anl_kmer_set *s)
{
    memset(s->parts, 0, sizeof s->parts);
}

typedef struct anl_kmer_kernels {
    /** Sets bit i % 64 of bits[i / 64] where the set has the code of the k-mer at bases[i], for all k-mers of bases[n] (codes; of an N, 4, the
     *  two low bits count), and clears the other bits of bits[(n + 63) / 64]. Some levels set a few more, of k-mers whose parts all occur in the
     *  set: whoever asks looks the k-mers up. */
    void (*find)(const anl_kmer_set *s, const uint8_t *bases, int32_t n, uint64_t *bits);
    /** Sets bit i % 64 of bits[i / 64] where a[i] and b[i] begin the same k-mer, without N, and clears the other bits of bits[(n + 63) / 64];
     *  returns how many are set. */
    int32_t (*shared)(const uint8_t *a, const uint8_t *b, int32_t n, uint64_t *bits);
    /** Bit p of what it returns is set where, p bases behind the first of one of bytes[0, n), the 16-mer `key` begins, and sometimes where it does
     *  not: only eight of its bases are compared. 2 bits a base, four to a byte, the first in the low bits. ANL_KMER_FIND16_ROOM
     *  bytes behind the n may be read, whatever they hold. */
    uint32_t (*find16)(const uint8_t *bytes, int32_t n, uint32_t key);
} anl_kmer_kernels;

void anl_kmer_fill_scalar(anl_kmer_kernels *t);
void anl_kmer_fill_avx2(anl_kmer_kernels *t);
void anl_kmer_fill_avx512(anl_kmer_kernels *t);

#endif
