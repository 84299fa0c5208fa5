/** What a place can score at most, from its votes: many places of a repeat need no Smith-Waterman. */
#ifndef ANL_WORTH_H
#define ANL_WORTH_H

#include "kernels.h"

/** The fewest votes (anl_vote.votes) that `len` bp, `unknown` of them N, have at a place where their local alignment scores `score` or more,
 *  if no other diagonal has more than `other` votes. Every mismatch, gap and N breaks a run of matches, and a run is ANL_VOTE_K - 1 bp longer
 *  than it has votes; what a gap leads to lies on the place's diagonals or on another one. INT32_MAX: they cannot score that much anywhere.
 *  Reference letters other than A, C, G and T count as mismatches. */
int32_t anl_worth_votes(const anl_sw_params *p, int32_t len, int32_t unknown, int32_t score, int32_t other);

#endif
