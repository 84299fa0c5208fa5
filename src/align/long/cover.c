#include "cover.h"

int anl_cover_new(anl_arena *arena, int32_t most, anl_cover *out)
{
    *out = (anl_cover){.intervals = anl_arena_alloc(arena, (size_t)most, sizeof *out->intervals)};
    return out->intervals ? ANL_OK : ANL_ENOMEM;
}

void anl_cover_add(anl_cover *c, int32_t begin, int32_t end, int32_t hole)
{
    if (c->n && begin - c->intervals[c->n - 1][1] <= hole) {
        int32_t *last = &c->intervals[c->n - 1][1];
        if (end > *last) {
            c->total += end - *last;
            *last = end;
        }
        return;
    }
    c->intervals[c->n][0] = begin;
    c->intervals[c->n++][1] = end;
    c->total += end - begin;
}

void anl_cover_mirror(anl_cover *c, int32_t len)
{
    for (int32_t i = 0, j = c->n - 1; i <= j; ++i, --j) {
        const int32_t a[2] = {c->intervals[i][0], c->intervals[i][1]}, b[2] = {c->intervals[j][0], c->intervals[j][1]};
        c->intervals[i][0] = len - b[1];
        c->intervals[i][1] = len - b[0];
        c->intervals[j][0] = len - a[1];
        c->intervals[j][1] = len - a[0];
    }
}

int anl_cover_shares_half(const anl_cover *a, const anl_cover *b)
{
    int64_t shared = 0;
    for (int32_t i = 0, j = 0; i < a->n && j < b->n;) {
        const int32_t begin = a->intervals[i][0] > b->intervals[j][0] ? a->intervals[i][0] : b->intervals[j][0];
        const int32_t end = a->intervals[i][1] < b->intervals[j][1] ? a->intervals[i][1] : b->intervals[j][1];
        if (end > begin) shared += end - begin;
        if (a->intervals[i][1] < b->intervals[j][1])
            ++i;
        else
            ++j;
    }
    return 2 * shared >= (a->total < b->total ? a->total : b->total);
}
