/* Allocation: arenas and arrays that grow. Base codes, many at a time. Sorting by keys. */
#include "random.h"

#include "base.h"
#include "base_code.h"
#include "sort.h"

/* What came after a mark is released, however many blocks it took; what came before stays. */
static void arenas_return_to_a_mark(void **unused)
{
    (void)unused;
    anl_arena *a = anl_arena_new();
    assert_non_null(a);
    const anl_arena_mark empty = anl_arena_now(a);
    uint8_t *kept = anl_arena_alloc(a, 1000, 1);
    memset(kept, 7, 1000);
    const anl_arena_mark mark = anl_arena_now(a);
    uint8_t *small = anl_arena_alloc(a, 100, 1), *large = anl_arena_alloc(a, 3 << 20, 1);
    memset(large, 1, 3 << 20);
    for (int round = 0; round < 3; ++round) {
        anl_arena_return(a, mark);
        assert_ptr_equal(anl_arena_alloc(a, 100, 1), small);
        assert_ptr_equal(anl_arena_alloc(a, 3 << 20, 1), large);
    }
    for (int i = 0; i < 1000; ++i) assert_int_equal(kept[i], 7);
    anl_arena_return(a, empty);
    assert_ptr_equal(anl_arena_alloc(a, 1000, 1), kept);
    anl_arena_free(a);
}

static void what_lies_behind_a_failure_is_known(void **unused)
{
    (void)unused;
    anl_failure f = {0};
    assert_false(anl_failure_is_before(&f, 7));
    anl_failure_keep(&f, anl_fail(ANL_EIO, "of 5"), 5);
    anl_failure_keep(&f, anl_fail(ANL_EINVAL, "of 6"), 6);
    for (long rank = 0; rank < 10; ++rank) assert_int_equal(anl_failure_is_before(&f, rank), rank > 5);
    assert_int_equal(anl_failure_raise(&f), ANL_EIO);
}

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

/* Of every length, at the end of what may be read. */
static void bases_turn(void **unused)
{
    (void)unused;
    for (int32_t n = 0; n <= 70; ++n) {
        uint8_t *bases = guarded((size_t)n + !n), *out = guarded((size_t)n + !n);
        for (int32_t i = 0; i < n; ++i) bases[i] = (uint8_t)random_below(5);
        anl_reverse_complement(bases, n, out);
        for (int32_t i = 0; i < n; ++i) assert_int_equal(out[i], bases[n - 1 - i] > 3 ? 4 : 3 - bases[n - 1 - i]);
        anl_bytes_reverse(bases, n, out);
        for (int32_t i = 0; i < n; ++i) assert_int_equal(out[i], bases[n - 1 - i]);
        release(bases, (size_t)n + !n);
        release(out, (size_t)n + !n);
    }
}

static void eight_bases(void **unused)
{
    (void)unused;
    for (uint8_t code = 0; code < 5; ++code) assert_int_equal(anl_base_letter(code), "ACGTN"[code]);
    for (int trial = 0; trial < 2000; ++trial) {
        uint8_t a[8], b[8];
        uint32_t packed = 0;
        int32_t differ = 0, unknown = 0;
        for (int i = 0; i < 8; ++i) {
            a[i] = (uint8_t)random_below(trial % 2 ? 4 : 5), b[i] = random_below(3) ? a[i] : (uint8_t)random_below(5);
            packed |= (uint32_t)(a[i] & 3) << 2 * i;
            differ += a[i] != b[i];
            unknown |= a[i] > 3;
        }
        assert_int_equal(anl_bases8_pack(anl_bases8(a)), packed);
        assert_int_equal(anl_bases8_differ(anl_bases8(a), anl_bases8(b)), differ);
        assert_int_equal(anl_bases8_n(anl_bases8(a)) != 0, unknown);
    }
}

/* Whatever their number and whatever order they have already. */
static void keys_are_sorted(void **unused)
{
    (void)unused;
    enum { MOST = 300 };
    anl_sort_key keys[MOST], room[MOST];
    for (int32_t n = 0; n <= MOST; ++n) {
        const uint32_t different = 1 + random_below(2 * MOST);
        for (int32_t i = 0; i < n; ++i) keys[i] = (anl_sort_key){random_below(3), random_below(different), i};
        if (n % 3 == 0) anl_sort_keys(keys, n / 2, room);
        for (int32_t i = 0; i < n; ++i) keys[i].number = i;
        anl_sort_keys(keys, n, room);
        uint8_t seen[MOST] = {0};
        for (int32_t i = 0; i < n; ++i) seen[keys[i].number] = 1;
        for (int32_t i = 0; i < n; ++i) assert_true(seen[i]);
        for (int32_t i = 1; i < n; ++i)
            assert_true(anl_sort_is_before(&keys[i - 1], &keys[i]) ||
                        (!anl_sort_is_before(&keys[i], &keys[i - 1]) && keys[i - 1].number < keys[i].number));
    }
    const int64_t ascending[] = {INT64_MIN, -7, -1, 0, 1, INT64_MAX};
    const int32_t descending[] = {INT32_MAX, 5, 0, -1, INT32_MIN};
    for (int i = 1; i < 6; ++i) assert_true(anl_sort_of_int64(ascending[i - 1]) < anl_sort_of_int64(ascending[i]));
    for (int i = 1; i < 5; ++i) assert_true(anl_sort_descending(descending[i - 1]) < anl_sort_descending(descending[i]));
}

int main(void)
{
    random_start();
    const struct CMUnitTest tests[] = {cmocka_unit_test(bases_turn),        cmocka_unit_test(what_lies_behind_a_failure_is_known),
                                       cmocka_unit_test(eight_bases),       cmocka_unit_test(keys_are_sorted),
                                       cmocka_unit_test(arena_arrays_grow), cmocka_unit_test(arenas_return_to_a_mark),
                                       cmocka_unit_test(arrays_grow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
