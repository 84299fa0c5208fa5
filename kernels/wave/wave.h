/** Kernel of the wavefront aligner: one wavefront from earlier ones. */
#ifndef ANL_KERNELS_WAVE_H
#define ANL_KERNELS_WAVE_H

#include <stdint.h>

/* The ways an alignment ends: in a column, or in an insertion or deletion of either cost. */
enum { ANL_WAVE_COLUMN, ANL_WAVE_INS, ANL_WAVE_DEL, ANL_WAVE_LONG_INS, ANL_WAVE_LONG_DEL, ANL_WAVE_ENDS };

enum {
    ANL_WAVE_BLOCK = 32,                           /**< diagonals are computed in multiples of so many */
    ANL_WAVE_NOWHERE = INT16_MIN / 2,              /**< the cell of a diagonal that is not reached */
    ANL_WAVE_LONGEST = INT16_MAX - ANL_WAVE_BLOCK, /**< longest query, bp */
    ANL_WAVE_SOURCE = 7,                           /**< bits of `from`: the end that the best alignment in a column has, */
    ANL_WAVE_GOES_ON = 8,                          /**< and, shifted left by the end less 1, whether a gap goes on */
};

/** n >= 1 diagonals (target minus query position) from `lo` on, none below -qlen or above tlen. A cell holds the farthest query position.
 *  Arrays begin at the first diagonal and have room for the next multiple of ANL_WAVE_BLOCK; what is beyond n becomes NOWHERE. No output
 *  is a source. */
typedef struct anl_wave_step {
    const uint8_t *query, *target;
    int32_t qlen, tlen, lo, n;
    const int16_t *column;                                    /**< the wavefront one mismatch ago */
    const int16_t *open[ANL_WAVE_ENDS], *more[ANL_WAVE_ENDS]; /**< [1..]: where gaps open and go on, moved by their step on the diagonals */
    int16_t *out[ANL_WAVE_ENDS];
    uint8_t *from;
} anl_wave_step;

typedef struct anl_wave_kernels {
    /** The affine recurrence of Marco-Sola et al. (2021, doi 10.1093/bioinformatics/btaa777) with two gap costs, then along equal bases.
     *  Returns the largest sum of query and target position in a column; ANL_WAVE_NOWHERE or less: none is reached. */
    int32_t (*step)(const anl_wave_step *s);
} anl_wave_kernels;

void anl_wave_fill_scalar(anl_wave_kernels *t);
void anl_wave_fill_avx2(anl_wave_kernels *t);
void anl_wave_fill_avx512(anl_wave_kernels *t);
void anl_wave_fill_neon(anl_wave_kernels *t);

#endif
