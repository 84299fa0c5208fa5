/** Base-level alignment of one read at one place: banded affine-gap traceback, CIGAR, MD, NM. */
#ifndef ANL_EXTEND_H
#define ANL_EXTEND_H

#include "cigar.h"
#include "kernels.h"

/** Base codes 0-4. A band of diagonals (target position minus query position) holds the alignment. */
typedef struct anl_extend_problem {
    const uint8_t *query, *target;
    int32_t qlen, tlen; /**< bp */
    int32_t dlo, dhi;   /**< dlo <= dhi; may reach beyond the target */
    int32_t least;      /**< alignments with a lower total are not looked for: as if there were none; 0: all are */
} anl_extend_problem;

typedef struct anl_extend_params {
    anl_sw_params score;
    int32_t clip5, clip3; /**< bonus for reaching the query's first and last base; it chooses, but does not count in `score` */
    int eqx;              /**< = and X instead of M */
} anl_extend_params;

/** Ends are exclusive. Arrays belong to the scratch and live until its next use. */
typedef struct anl_extension {
    int32_t score; /**< local alignment score (tag AS); 0: nothing aligns */
    int32_t total; /**< score plus the bonuses earned */
    int32_t qbeg, qend, tbeg, tend;
    int32_t nm; /**< edit distance; N counts as a difference */
    int32_t n_cigar;
    const uint32_t *cigar; /**< BAM packing, without clips */
    const char *md;
} anl_extension;

typedef struct anl_extend_scratch anl_extend_scratch; /**< one a thread */
int anl_extend_scratch_new(anl_extend_scratch **out);
void anl_extend_scratch_free(anl_extend_scratch *s);

/** Best local alignment inside the band (Gotoh 1982, doi 10.1016/0022-2836(82)90398-9). Gaps lie as far left on the target as their
 *  score allows; of equal alignments the clipped one wins, as in bwa mem. Total 0: there is none. 0 or ANL_ENOMEM. */
int anl_extend(const anl_extend_params *p, const anl_sw_kernels *k, const anl_extend_problem *x, anl_extend_scratch *s, anl_extension *out);

/** Best local alignment without gaps of query[n] on target[n]; sets score, total and ends, nothing else. */
void anl_extend_ungapped(const anl_extend_params *p, const anl_sw_kernels *k, const uint8_t *query, const uint8_t *target, int32_t n,
                         anl_extension *out);

/** The same from what anl_sw_kernels.mismatches found to differ. */
void anl_extend_differ(const anl_extend_params *p, const uint8_t *query, const uint8_t *target, int32_t n, const uint64_t *differ,
                       anl_extension *out);

/** The whole alignment of an ungapped extension at diagonal x->dlo. 0 or ANL_ENOMEM. */
int anl_extend_ungapped_trace(const anl_extend_params *p, const anl_sw_kernels *k, const anl_extend_problem *x, anl_extend_scratch *s,
                              anl_extension *out);

#endif
