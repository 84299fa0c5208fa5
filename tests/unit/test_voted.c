/* Which of the places that votes found come first. */
#include "random.h"

#include "voted.h"

#include <stdlib.h>

enum { MOST = 60 };

static int in_order(const void *a, const void *b)
{
    const anl_voted_place *x = a, *y = b;
    if (x->alt != y->alt) return x->alt - y->alt;
    if (x->place->votes != y->place->votes) return y->place->votes - x->place->votes;
    return (x->place->start > y->place->start) - (x->place->start < y->place->start);
}

/* As if all were sorted; the others are still there. */
static void the_first_are_those_of_all_sorted(void **unused)
{
    (void)unused;
    random_start();
    for (int turn = 0; turn < 2000; ++turn) {
        const int32_t n = 1 + (int32_t)random_below(MOST), first = 1 + (int32_t)random_below((uint32_t)n);
        anl_place places[MOST];
        anl_voted_place list[MOST], sorted[MOST];
        for (int32_t i = 0; i < n; ++i) {
            places[i] = (anl_place){.start = turn % 2 ? i : n - i, .votes = (int32_t)random_below(turn % 3 ? 8 : 200)};
            list[i] = sorted[i] = (anl_voted_place){&places[i], i, (uint8_t)(random_below(4) == 0)};
        }
        qsort(sorted, (size_t)n, sizeof *sorted, in_order);
        anl_voted_put_first(list, n, first);
        for (int32_t i = 0; i < first; ++i) assert_ptr_equal(list[i].place, sorted[i].place);
        qsort(list, (size_t)n, sizeof *list, in_order);
        for (int32_t i = 0; i < n; ++i) {
            assert_ptr_equal(list[i].place, sorted[i].place);
            assert_int_equal(list[i].len, sorted[i].len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_first_are_those_of_all_sorted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
