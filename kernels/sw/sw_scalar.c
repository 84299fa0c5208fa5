#include "sw.h"

#include <stddef.h>
#include <string.h>

#define BAND_LANES 4
#include "band_row.inc.h"

static inline int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* The recurrence that all levels share. H and E of the previous target base are kept for every query base. E is never negative, so H
 * is not either. */
#define SCORE(NAME, ELEM, MAXIMUM)                                                                                                         \
    static uint64_t NAME(const anl_sw_params *p, const anl_sw_group *g, anl_sw_result *out)                                                \
    {                                                                                                                                      \
        const ELEM *restrict query = g->query, *restrict target = g->target;                                                               \
        ELEM *restrict h_row = g->rows, *restrict e_row = h_row + g->qlen;                                                                 \
        const int32_t del_first = p->del_open + p->del_extend, ins_first = p->ins_open + p->ins_extend;                                    \
        const int32_t del_next = p->del_extend, ins_next = p->ins_extend;                                                                  \
        int32_t scores[16]; /* by query XOR target: 0 for a match, 1-3 for a mismatch, larger when one is N */                             \
        for (int i = 0; i < 16; ++i) scores[i] = i == 0 ? p->match : i < 4 ? -p->mismatch : -1;                                            \
        memset(h_row, 0, 2 * (size_t)g->qlen * sizeof *h_row);                                                                             \
        anl_sw_result best = {0};                                                                                                          \
        anl_sw_rows rows = {0};                                                                                                            \
        for (int32_t j = 0; j < g->tlen; ++j) {                                                                                            \
            const int32_t before = rows.from;                                                                                              \
            rows = anl_sw_rows_at(g->band, g->qlen, j);                                                                                    \
            if (rows.from == rows.to) break;                                                                                               \
            int32_t diagonal = rows.from > before ? h_row[rows.from - 1] : 0, f = 0, top = best.score;                                     \
            for (int32_t i = rows.from; i < rows.to; ++i) {                                                                                \
                const int32_t e = e_row[i], h = larger(larger(diagonal + scores[(query[i] ^ target[j]) & 15], e), f);                      \
                diagonal = h_row[i];                                                                                                       \
                h_row[i] = (ELEM)h;                                                                                                        \
                top = larger(top, h);                                                                                                      \
                e_row[i] = (ELEM)larger(larger(h - del_first, e - del_next), 0);                                                           \
                f = larger(h - ins_first, f - ins_next);                                                                                   \
            }                                                                                                                              \
            if (top == best.score) continue;                                                                                               \
            best = (anl_sw_result){.score = top, .qend = rows.from, .tend = j + 1};                                                        \
            while (h_row[best.qend++] != (ELEM)top) continue;                                                                              \
        }                                                                                                                                  \
        *out = best;                                                                                                                       \
        return best.score >= MAXIMUM - larger(p->mismatch, 1);                                                                             \
    }

SCORE(score8, uint8_t, UINT8_MAX)
SCORE(score16, uint16_t, UINT16_MAX)

static int32_t mismatches(const uint8_t *a, const uint8_t *b, int32_t n, uint64_t *bits)
{
    int32_t count = 0;
    memset(bits, 0, (size_t)(n + 63) / 64 * sizeof *bits);
    for (int32_t i = 0; i < n; ++i)
        if (a[i] != b[i] || a[i] > 3) {
            bits[i / 64] |= (uint64_t)1 << i % 64;
            ++count;
        }
    return count;
}

void anl_sw_fill_scalar(anl_sw_kernels *t)
{
    t->lanes8 = t->lanes16 = 1;
    t->score8 = score8;
    t->score16 = score16;
    t->mismatches = mismatches;
    t->band_row = band_row;
}
