/** Where a few 16-mers of a read occur in a stretch of the packed reference: the diagonal of a read with few errors for a fraction of the
 *  time that votes take. */
#ifndef ANL_PROBE_H
#define ANL_PROBE_H

#include "kmer.h"

enum {
    ANL_PROBE_K = 16, /**< bp: what four bytes hold; one that a few hundred random bp hold is rare */
    ANL_PROBES = 5,   /**< of a read: four errors leave one of them whole */
};

typedef struct anl_probe {
    uint32_t key;   /**< 2 bits a base, the first in the low bits */
    int32_t offset; /**< bp, in the read */
} anl_probe;

/** Takes probe i of ANL_PROBES, which are evenly spread, from read[len] (base codes 0-4). 1, or 0 where it holds an N or the read is too short. */
int anl_probe_cut(const uint8_t *read, int32_t len, int i, anl_probe *out);

/** Positions [from, from + n) of the reference. */
typedef struct anl_probe_stretch {
    int64_t from, n;
} anl_probe_stretch;

/** A position in the stretch at which the key begins in packed[size] (2 bits a base, four to a byte, the first in the low bits), which
 *  holds the ANL_PROBE_K - 1 bases behind it as well; of several always the same one, whatever the kernels. -1: there is none. */
int64_t anl_probe_find(const anl_kmer_kernels *k, const uint8_t *packed, int64_t size, const anl_probe_stretch *in, uint32_t key);

#endif
