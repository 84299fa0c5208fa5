/** What the votes of a read's k-mers on the diagonals of a stretch of the reference say: the numbers that the CPU (src/extend/vote.c) and the GPU
 *  (cuda/vote.cu) go by. */
#ifndef ANL_KERNELS_VOTES_H
#define ANL_KERNELS_VOTES_H

#include "kmer.h"

enum {
    ANL_VOTES_REACH = 100, /**< bp: a gap of up to so many is looked for beside the best diagonal, as bwa mem's -w */
    ANL_VOTES_SUPPORT = 3, /**< votes that make a second diagonal worth bridging to: 11 bp in a row that match */
    ANL_VOTES_COPY = 3,    /**< a copy shares with the best place k-mers of the read that are 1/3 of its votes */
};

#endif
