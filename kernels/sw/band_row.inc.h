/* One row of a banded alignment, in the compiler's own vectors of BAND_LANES cells (4, 8 or 16): a row is so short that what one step stores
 * the next must have in registers. The including file may define BAND_MOST(a, b), the larger of each two cells, where it has an instruction
 * that the compiler does not find. Defines band_row. */
#include "sw.h"

#include <string.h>

enum { CELLS = BAND_LANES };
_Static_assert(ANL_SW_BAND_BLOCK % CELLS == 0, "rooms hold whole vectors");

#pragma GCC diagnostic ignored "-Wpsabi" /* nothing here is called from elsewhere */

typedef int32_t cells __attribute__((vector_size(4 * CELLS)));
typedef uint8_t bytes __attribute__((vector_size(CELLS)));

static inline cells load(const int32_t *p)
{
    cells v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store(int32_t *p, cells v)
{
    memcpy(p, &v, sizeof v);
}

static inline cells all(int32_t value)
{
    return (cells){0} + value;
}

static inline cells choose(cells mask, cells yes, cells no)
{
    return (yes & mask) | (no & ~mask);
}

static inline cells most(cells a, cells b)
{
#ifdef BAND_MOST
    return (cells)BAND_MOST(a, b);
#else
    return choose(a > b, a, b);
#endif
}

#if BAND_LANES == 4
#define LANE 0, 1, 2, 3
#define SHIFTED 1, 2, 3, 4
#define BEFORE 3, 4, 5, 6
#define DOWN_1 0, 0, 1, 2
#define DOWN_2 0, 0, 0, 1
#elif BAND_LANES == 8
#define LANE 0, 1, 2, 3, 4, 5, 6, 7
#define SHIFTED 1, 2, 3, 4, 5, 6, 7, 8
#define BEFORE 7, 8, 9, 10, 11, 12, 13, 14
#define DOWN_1 0, 0, 1, 2, 3, 4, 5, 6
#define DOWN_2 0, 0, 0, 1, 2, 3, 4, 5
#define DOWN_4 0, 0, 0, 0, 0, 1, 2, 3
#else
#define LANE 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
#define SHIFTED 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
#define BEFORE 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
#define DOWN_1 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
#define DOWN_2 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
#define DOWN_4 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
#define DOWN_8 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7
#endif

/* The cells from the second on, and the first of the next vector. */
static inline cells next_cells(cells v, cells next)
{
    return __builtin_shufflevector(v, next, SHIFTED);
}

/* Every cell the most of those up to it. */
static inline cells most_up_to(cells v)
{
    v = most(v, __builtin_shufflevector(v, v, DOWN_1));
    v = most(v, __builtin_shufflevector(v, v, DOWN_2));
#if BAND_LANES >= 8
    v = most(v, __builtin_shufflevector(v, v, DOWN_4));
#endif
#if BAND_LANES >= 16
    v = most(v, __builtin_shufflevector(v, v, DOWN_8));
#endif
    return v;
}

/* Every cell the most of those before it, the first one the last of `before`, which has the most so far. */
static inline cells most_before(cells v, cells before)
{
    return most_up_to(__builtin_shufflevector(before, v, BEFORE));
}

static int32_t band_row(const anl_sw_params *s, const anl_sw_band *r)
{
    const int known = r->base <= 3;
    const int32_t del_first = s->del_open + s->del_extend, del_next = s->del_extend;
    const int32_t ins_first = s->ins_open + s->ins_extend, ins_next = s->ins_extend;
    const cells lane = {LANE}, nowhere = all(ANL_SW_NOWHERE), start = all(r->start);
    const cells equal = all(known ? s->match : -1), differ = all(known ? -s->mismatch : -1), one = all(1);
    cells top = nowhere, open_before = nowhere, h = load(r->h), insertion = load(r->insertion);
    for (int32_t b = 0; b < r->n; b += CELLS) {
        const cells inside = lane < all(r->n - b), next_h = load(r->h + b + CELLS), next_insertion = load(r->insertion + b + CELLS);
        bytes base;
        memcpy(&base, r->target + b, sizeof base);
        const cells t = __builtin_convertvector(base, cells);
        const cells value = most(h, start) + choose(t > 3, -one, choose(t == r->base, equal, differ)),
                    column = choose(inside, value, nowhere);
        const cells open = next_cells(h, next_h) - ins_first, go_on = next_cells(insertion, next_insertion) - ins_next;
        const cells ins = choose(inside, most(go_on, open), nowhere);
        /* A deletion opens from the best of all cells before it, less its length: to open from a deletion only costs more. */
        const cells length = (lane + b) * del_next, without = most(column, ins), opens = without + length;
        const cells furthest = most_before(opens, open_before), del = furthest - length + (del_next - del_first);
        const cells reached = most(del, column), best = most(del, without);
        const cells how = choose(ins > reached, all(ANL_SW_INSERTION), choose(del > column, all(ANL_SW_DELETION), all(ANL_SW_COLUMN))) |
                          ((go_on > open) & ANL_SW_INSERTION_GOES_ON) | ((h <= start) & ANL_SW_COLUMN_STARTS) |
                          ((del - del_next > best - del_first) & ANL_SW_DELETION_GOES_ON);
        base = __builtin_convertvector(how, bytes);
        memcpy(r->from + b, &base, sizeof base);
        store(r->column + b, column);
        store(r->insertion + b, ins);
        store(r->h + b, choose(inside, best, nowhere));
        top = most(top, column);
        open_before = most(furthest, opens);
        h = next_h;
        insertion = next_insertion;
    }
    return most_up_to(top)[CELLS - 1];
}
