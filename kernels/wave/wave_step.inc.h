/* The wavefront kernel, for the compiler to vectorise: every loop runs over one block. Defines `step`. A level that has a faster way to
 * follow the matches of a whole block says OWN_FOLLOW and defines follow_block behind. */
#include "wave.h"

#include <string.h>

enum { BLOCK = ANL_WAVE_BLOCK, NOWHERE = ANL_WAVE_NOWHERE };

/* How far query and target are equal from query position i on diagonal k on. */
static inline int16_t follow_matches(const anl_wave_step *s, int32_t k, int32_t i, int32_t limit)
{
    const uint8_t *q = s->query, *t = s->target + k;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (uint64_t a, b; i + 8 <= limit; i += 8) {
        memcpy(&a, q + i, 8);
        memcpy(&b, t + i, 8);
        if (a != b) return (int16_t)(i + (__builtin_ctzll(a ^ b) >> 3));
    }
#endif
    while (i < limit && q[i] == t[i]) ++i;
    return (int16_t)i;
}

/* The farthest position that diagonals i..i + BLOCK may have; -1 beyond the last one. */
static inline void find_limits(const anl_wave_step *s, int32_t i, int16_t *limit)
{
    const int32_t edge = s->tlen - s->lo - i, left = s->n - i;
    const int16_t first = (int16_t)(edge < INT16_MAX ? edge : INT16_MAX), n = (int16_t)(left < BLOCK ? left : BLOCK);
    const int16_t qlen = (int16_t)s->qlen;
    for (int16_t l = 0; l < BLOCK; ++l) {
        const int16_t here = (int16_t)(first - l), least = here < qlen ? here : qlen;
        limit[l] = l < n ? least : -1;
    }
}

/* The recurrence for one way of ending: *best and *how are those of the ways before it. */
static inline void fill_gap(const int16_t *restrict open, const int16_t *restrict more, const int16_t *restrict limit, int16_t move,
                            int end, int16_t *restrict out, int16_t *restrict best, int16_t *restrict how)
{
    for (int l = 0; l < BLOCK; ++l) {
        const int16_t o = open[l], m = more[l], on = (int16_t)(m > o ? ANL_WAVE_GOES_ON << (end - 1) : 0);
        int16_t v = (int16_t)((m > o ? m : o) + move), h = (int16_t)(how[l] | on);
        v = v > limit[l] ? NOWHERE : v;
        v = v < 0 ? NOWHERE : v;
        out[l] = v;
        how[l] = v > best[l] ? (int16_t)((h & ~ANL_WAVE_SOURCE) | end) : h;
        best[l] = v > best[l] ? v : best[l];
    }
}

static inline void fill_block(const anl_wave_step *s, int32_t i, const int16_t *restrict limit)
{
    int16_t best[BLOCK], how[BLOCK];
    const int16_t *restrict column = s->column + i;
    int16_t *restrict out = s->out[ANL_WAVE_COLUMN] + i;
    uint8_t *restrict from = s->from + i;
    for (int l = 0; l < BLOCK; ++l) {
        const int16_t v = (int16_t)(column[l] + 1);
        best[l] = v > limit[l] ? NOWHERE : v;
        how[l] = ANL_WAVE_COLUMN;
    }
    for (int end = ANL_WAVE_INS; end < ANL_WAVE_ENDS; ++end)
        fill_gap(s->open[end] + i, s->more[end] + i, limit, end == ANL_WAVE_INS || end == ANL_WAVE_LONG_INS, end, s->out[end] + i, best,
                 how);
    for (int l = 0; l < BLOCK; ++l) {
        out[l] = best[l] < 0 ? NOWHERE : best[l];
        from[l] = (uint8_t)how[l];
    }
}

static inline void follow_block(const anl_wave_step *s, int32_t lo, const int16_t *limit, int16_t *column);
#ifndef OWN_FOLLOW
static inline void follow_block(const anl_wave_step *s, int32_t lo, const int16_t *limit, int16_t *column)
{
    for (int l = 0; l < BLOCK; ++l)
        if (column[l] >= 0) column[l] = follow_matches(s, lo + l, column[l], limit[l]);
}
#endif

static int32_t step(const anl_wave_step *s)
{
    int32_t most = 2 * NOWHERE;
    for (int32_t i = 0; i < s->n; i += BLOCK) {
        const int32_t lo = s->lo + i;
        int16_t *column = s->out[ANL_WAVE_COLUMN] + i, limit[BLOCK];
        int32_t farthest = 2 * NOWHERE;
        find_limits(s, i, limit);
        fill_block(s, i, limit);
        follow_block(s, lo, limit, column);
        for (int l = 0; l < BLOCK; ++l) {
            const int32_t at = 2 * column[l] + l, here = column[l] < 0 ? 4 * NOWHERE : at;
            farthest = here > farthest ? here : farthest;
        }
        if (farthest >= 0 && farthest + lo > most) most = farthest + lo;
    }
    return most;
}
