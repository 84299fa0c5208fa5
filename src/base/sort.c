#include "sort.h"

#include <string.h>

enum { RUN = 8 /* keys that are sorted by insertion; longer runs are merged */ };

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static void insert_all(anl_sort_key *keys, int32_t n)
{
    for (int32_t i = 1; i < n; ++i) {
        const anl_sort_key key = keys[i];
        int32_t at = i;
        for (; at && anl_sort_is_before(&key, &keys[at - 1]); --at) keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

/* from[n], of which the first `left` and the others are sorted. Which one comes next cannot be foretold, so nothing branches by it, unless all are in
 * order already. */
static void merge(const anl_sort_key *from, int32_t left, int32_t n, anl_sort_key *to)
{
    const anl_sort_key *a = from, *b = from + left, *const end[2] = {b, from + n};
    if (left == n || !anl_sort_is_before(b, b - 1)) {
        memcpy(to, from, (size_t)n * sizeof *to);
        return;
    }
    while (a < end[0] && b < end[1]) {
        const int second = anl_sort_is_before(b, a);
        *to++ = *(second ? b : a);
        b += second;
        a += !second;
    }
    memcpy(to, a, (size_t)(end[0] - a) * sizeof *to);
    memcpy(to + (end[0] - a), b, (size_t)(end[1] - b) * sizeof *to);
}

void anl_sort_keys(anl_sort_key *keys, int32_t n, anl_sort_key *room)
{
    anl_sort_key *from = keys, *to = room;
    for (int32_t i = 0; i < n; i += RUN) insert_all(keys + i, least(RUN, n - i));
    for (int32_t run = RUN; run < n; run *= 2) {
        for (int32_t i = 0; i < n; i += 2 * run) merge(from + i, least(run, n - i), least(2 * run, n - i), to + i);
        anl_sort_key *other = from;
        from = to;
        to = other;
    }
    if (from != keys) memcpy(keys, from, (size_t)n * sizeof *keys);
}
