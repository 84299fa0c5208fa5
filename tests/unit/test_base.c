/* Allocation: arenas and arrays that grow. */
#include "random.h"

#include "base.h"

static void arena_arrays_grow(void **unused)
{
    (void)unused;
    anl_arena *a = anl_arena_new();
    assert_non_null(a);
    for (int round = 0; round < 2; ++round) {
        uint64_t *list = NULL, *first = NULL;
        size_t cap = 0, moves = 0;
        for (uint64_t n = 0; n < 5000; ++n) {
            const uint64_t *before = list;
            assert_int_equal(anl_arena_grow(a, &list, n, &cap, n + 1, sizeof *list), 0);
            assert_true(cap > n);
            moves += list != before;
            if (!first) first = list;
            list[n] = n * n;
        }
        assert_int_equal(moves, 12); /* 4, 8, ..., 8192 */
        for (uint64_t n = 0; n < 5000; ++n) assert_int_equal(list[n], n * n);
        assert_int_equal(first[3], 9); /* what was there stays until the reset */
        anl_arena_reset(a);
    }
    void *many = NULL;
    size_t cap = 0;
    assert_int_equal(anl_arena_grow(a, &many, 0, &cap, SIZE_MAX / 2, 16), ANL_ENOMEM);
    assert_int_equal(cap, 0);
    assert_null(many);
    assert_int_equal(anl_arena_grow(a, &many, 0, &cap, 1000, 1), 0);
    assert_int_equal(cap, 1000);
    anl_arena_free(a);
}

static void arrays_grow(void **unused)
{
    (void)unused;
    uint32_t *list = NULL;
    size_t cap = 0;
    for (uint32_t n = 0; n < 1000; ++n) {
        assert_int_equal(anl_grow(&list, &cap, n + 1, sizeof *list), 0);
        list[n] = n;
    }
    assert_int_equal(cap, 1024);
    for (uint32_t n = 0; n < 1000; ++n) assert_int_equal(list[n], n);
    assert_int_equal(anl_grow(&list, &cap, SIZE_MAX / 2, sizeof *list), ANL_ENOMEM);
    assert_int_equal(cap, 1024);
    assert_int_equal(list[999], 999);
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(arena_arrays_grow), cmocka_unit_test(arrays_grow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
