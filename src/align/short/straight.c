#include "straight.h"

#include "align_tuning.h"

/* Whether `n` mismatches within `bp` bases cost more than going round them with gaps that cost `gaps`. All costs are times RUN + 1. */
static int pays(const anl_sw_params *p, int32_t n, int32_t bp, int32_t gaps)
{
    const int32_t run = ANL_STRAIGHT_RUN, mismatch = p->match + p->mismatch, insertion = p->match + p->ins_extend;
    /* What does not match in the first run: a mismatch every run + 1 bases, or inserted. */
    const int32_t each = mismatch < insertion * (run + 1) ? mismatch : insertion * (run + 1);
    return n * mismatch * (run + 1) > gaps * (run + 1) + (bp > run ? (bp - run) * each : 0);
}

int anl_straight_is_best(const anl_sw_params *p, const uint64_t *differ, int32_t len)
{
    int32_t at[ANL_STRAIGHT_MISMATCHES], n = 0;
    for (int32_t word = 0; word < (len + 63) / 64; ++word)
        for (uint64_t left = differ[word]; left; left &= left - 1) {
            if (n == ANL_STRAIGHT_MISMATCHES) return 0;
            at[n++] = word * 64 + __builtin_ctzll(left);
        }
    const int32_t deletion = p->del_open + p->del_extend, insertion = p->ins_open + p->ins_extend;
    const int32_t gap = deletion < insertion ? deletion : insertion;
    if (pays(p, n, len, 0)) return 0; /* on other diagonals all the way */
    for (int32_t i = 0; i < n; ++i) {
        if (pays(p, i + 1, at[i] + 1, gap) || pays(p, n - i, len - at[i], gap)) return 0;
        for (int32_t j = i + 1; j < n; ++j)
            if (pays(p, j - i + 1, at[j] - at[i] + 1, 2 * gap)) return 0;
    }
    return 1;
}
