/** Affine-gap alignment of two sequences that differ little: time grows with the differences, not with the area. */
#ifndef ANL_WAVEFRONT_H
#define ANL_WAVEFRONT_H

#include "kernels.h"

/** A gap of g bp costs the smaller of open + g * extend and long_open + g * long_extend. */
typedef struct anl_wave_params {
    anl_sw_params score;
    int32_t long_open; /**< -1: gaps have one cost */
    int32_t long_extend;
} anl_wave_params;

/** Base codes; a code above 3 must not occur in both sequences (callers spell N differently in each), and counts as a mismatch. */
typedef struct anl_wave_problem {
    const uint8_t *query, *target;
    int32_t qlen, tlen; /**< bp */
} anl_wave_problem;

/** Ends are exclusive. The CIGAR (M, I, D; BAM packing) belongs to the scratch and lives until its next use. Its gaps lie as far right
 *  as their score allows. */
typedef struct anl_wave_alignment {
    int32_t qend, tend;
    int32_t n_cigar;
    const uint32_t *cigar;
} anl_wave_alignment;

typedef struct anl_wave anl_wave; /**< scratch, one a thread */
int anl_wave_new(anl_wave **out); /**< 0, ANL_ENOMEM or what anl_kernels_get fails with */
void anl_wave_free(anl_wave *w);

/** Best alignment of the whole query with the whole target: wavefronts (Marco-Sola et al. 2021, doi 10.1093/bioinformatics/btaa777), with
 *  scores for matches turned into penalties (Eizenga and Paten 2022, doi 10.1101/2022.01.12.476087). As in the adaptive wavefronts of the
 *  former, diagonals on either side that lag behind the farthest one by more than 100 bp, query and target together, are given up. Keeps
 *  one byte a cell and finds the matches again while walking back. *found is 0 when that would take more than 16 MiB, or the query is longer
 *  than ANL_WAVE_LONGEST: the sequences have little in common. 0 or ANL_ENOMEM. */
int anl_wave_global(const anl_wave_params *p, const anl_wave_problem *x, anl_wave *w, anl_wave_alignment *out, int *found);

/** Best alignment of a start of the query with a start of the target. `bonus` is added where the query is used up, and chooses only.
 *  Gives up what falls more than `drop` below the best score so far (X-drop; Zhang et al. 2000, doi 10.1089/10665270050081478) or lags
 *  behind as above. The query has at most ANL_WAVE_LONGEST bp. 0 or ANL_ENOMEM. */
int anl_wave_extend(const anl_wave_params *p, const anl_wave_problem *x, int32_t bonus, int32_t drop, anl_wave *w, anl_wave_alignment *out);

#endif
