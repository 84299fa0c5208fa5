/** What a CIGAR (without clips) says of two sequences: score, MD, edit distance. Its first operation starts at query[0] and target[0]. */
#ifndef ANL_CIGAR_SCORE_H
#define ANL_CIGAR_SCORE_H

#include "cigar.h"
#include "wavefront.h"

/** Score of a base of the query on one of the target; N against anything costs 1. */
static inline int32_t anl_column_score(const anl_sw_params *s, uint8_t q, uint8_t t)
{
    return q > 3 || t > 3 ? -1 : q == t ? s->match : -s->mismatch;
}

static inline int anl_column_equal(uint8_t q, uint8_t t)
{
    return q == t && q < 4;
}

/** What an insertion or a deletion of `len` bp costs. */
int32_t anl_gap_cost(const anl_wave_params *p, anl_cigar_op op, int32_t len);

int32_t anl_cigar_score(const anl_wave_params *p, const uint32_t *cigar, int32_t n, const uint8_t *query, const uint8_t *target);

/** The farthest that the score falls below the best it had before, looked at behind every column and at the end. */
int32_t anl_cigar_fall(const anl_wave_params *p, const uint32_t *cigar, int32_t n, const uint8_t *query, const uint8_t *target);

/** Equal bases to *matches; columns, a gap counted as one, to *columns. */
void anl_cigar_count(const uint32_t *cigar, int32_t n, const uint8_t *query, const uint8_t *target, int32_t *matches, int32_t *columns);

/** Shifts gaps between two M as far left as their score allows, but leaves a base of every M. */
void anl_cigar_shift_left(uint32_t *cigar, int32_t n, const uint8_t *query, const uint8_t *target);

/** = and X for M, to `out`, which has room for the bases of the query and the operations of the CIGAR; returns how many elements that makes. */
int32_t anl_cigar_split_columns(const uint32_t *cigar, int32_t n, const uint8_t *query, const uint8_t *target, uint32_t *out);

/** Bytes that the MD of a CIGAR may need. */
size_t anl_cigar_md_size(const uint32_t *cigar, int32_t n);

/** Writes MD, NUL-terminated; returns the edit distance. N counts as a difference. */
int32_t anl_cigar_md(const uint32_t *cigar, int32_t n, const uint8_t *query, const uint8_t *target, char *md);

#endif
