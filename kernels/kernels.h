/** The kernel table: one set of function pointers, filled by the scalar code and overwritten level by level.
 *
 * Every level gives the same bytes as scalar. Kernels allocate nothing and never fail.
 */
#ifndef ANL_KERNELS_H
#define ANL_KERNELS_H

#include "encode.h"
#include "kmer.h"
#include "scan.h"
#include "sw.h"
#include "wave.h"

typedef struct anl_kernels {
    const char *name; /**< "scalar", "avx2", "avxvnni", "avx512", "amx", "neon", "dotprod" or "i8mm" */
    anl_encode_kernels encode;
    anl_scan_kernels scan;
    anl_sw_kernels sw;
    anl_kmer_kernels kmer;
    anl_wave_kernels wave;
} anl_kernels;

/** Names of the levels this machine can run, scalar first, best last; NULL-terminated. */
const char *const *anl_kernels_levels(void);

/** Fills *t with the best level not above `cap` (NULL: the best). 0, or ANL_EINVAL when this machine cannot run it. */
int anl_kernels_fill(anl_kernels *t, const char *cap);

/** The process-wide table: the best level, capped by $ANNEAL_KERNELS. NULL (message recorded) when that names no level
 *  of this machine. Thread-safe; chosen once. */
const anl_kernels *anl_kernels_get(void);

#endif
