/** Whether a read lies at a place without gaps, told from where it differs and from votes, without Smith-Waterman. */
#ifndef ANL_STRAIGHT_H
#define ANL_STRAIGHT_H

#include "kernels.h"

/** bp of the longest run of matches that a diagonal may have which has no support: fewer votes than make anl_vote.lo and anl_vote.hi. */
enum { ANL_STRAIGHT_RUN = 10 };

/** Whether no local alignment of a read scores more than that on one diagonal, where those near it have no run of more than ANL_STRAIGHT_RUN
 *  matches. `differ`: a bit a base of the read that differs on the diagonal, [(len + 63) / 64] words. An alignment that leaves the diagonal
 *  pays for gaps, and for a mismatch every ANL_STRAIGHT_RUN bases; that must cost more than the mismatches which it goes round. */
int anl_straight_is_best(const anl_sw_params *p, const uint64_t *differ, int32_t len);

#endif
