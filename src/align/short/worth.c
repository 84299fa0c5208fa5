#include "worth.h"

#include "vote.h"

/* The fewest votes with `gaps` gaps, `unknown` N and as many mismatches as the score leaves room for, or none where one costs more than the
 * votes that it breaks. */
static int32_t with(const anl_sw_params *p, int32_t len, int32_t unknown, int32_t gaps, int32_t score, int32_t other)
{
    const int32_t deletion = p->del_open + p->del_extend, insertion = p->ins_open + p->ins_extend;
    const int32_t lost = gaps * (deletion < insertion ? deletion : insertion) + unknown;
    const int32_t room = (len - unknown) * p->match - lost - score;
    if (room < 0) return INT32_MAX;
    const int32_t mismatches = p->mismatch < (ANL_VOTE_K - 1) * p->match ? room / (p->match + p->mismatch) : 0;
    const int32_t matches = (score + lost + mismatches * p->mismatch + p->match - 1) / p->match;
    return matches - (ANL_VOTE_K - 1) * (mismatches + gaps + unknown + 1) - gaps * other;
}

int32_t anl_worth_votes(const anl_sw_params *p, int32_t len, int32_t unknown, int32_t score, int32_t other)
{
    int32_t least = INT32_MAX;
    for (int32_t n = 0; n <= unknown; ++n)
        for (int32_t gaps = 0;; ++gaps) {
            const int32_t votes = with(p, len, n, gaps, score, other);
            if (votes == INT32_MAX) break;
            if (votes < least) least = votes;
        }
    return least;
}
