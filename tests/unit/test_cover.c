/* Intervals of a read against a flag for every base of it. */
#include "random.h"

#include "cover.h"

enum { LEN = 300, MOST = 12 };

/* Random intervals that begin in ascending order, added to a cover and, with the holes before them that are filled, marked in `flags`. */
static void fill(anl_arena *arena, int32_t hole, anl_cover *c, uint8_t flags[LEN])
{
    int32_t begin = 0, last = -LEN;
    memset(flags, 0, LEN);
    assert_int_equal(anl_cover_new(arena, MOST, c), 0);
    for (int i = 0; i < MOST; ++i) {
        begin += (int32_t)random_below(50);
        int32_t end = begin + 1 + (int32_t)random_below(30);
        if (end > LEN) break;
        anl_cover_add(c, begin, end, hole);
        for (int32_t k = begin - last <= hole && last > 0 ? last : begin; k < end; ++k) flags[k] = 1;
        if (end > last) last = end;
    }
}

static void check_intervals(const anl_cover *c, const uint8_t flags[LEN])
{
    int64_t total = 0;
    int32_t at = 0;
    for (int32_t i = 0; i < c->n; ++i) {
        const int32_t begin = c->intervals[i][0], end = c->intervals[i][1];
        assert_true(begin < end && (i ? at < begin : at <= begin));
        while (at < begin) assert_int_equal(flags[at++], 0);
        while (at < end) assert_int_equal(flags[at++], 1);
        total += end - begin;
    }
    while (at < LEN) assert_int_equal(flags[at++], 0);
    assert_int_equal(c->total, total);
}

static void covers_what_was_added(void **unused)
{
    (void)unused;
    random_start();
    anl_arena *arena = anl_arena_new();
    assert_non_null(arena);
    for (int trial = 0; trial < 2000; ++trial) {
        anl_cover c;
        uint8_t flags[LEN], mirrored[LEN];
        fill(arena, (int32_t)random_below(25), &c, flags);
        check_intervals(&c, flags);
        anl_cover_mirror(&c, LEN);
        for (int i = 0; i < LEN; ++i) mirrored[i] = flags[LEN - 1 - i];
        check_intervals(&c, mirrored);
        anl_arena_reset(arena);
    }
    anl_arena_free(arena);
}

static void shares_half_of_the_smaller_one(void **unused)
{
    (void)unused;
    random_start();
    anl_arena *arena = anl_arena_new();
    assert_non_null(arena);
    int yes = 0;
    for (int trial = 0; trial < 5000; ++trial) {
        anl_cover a, b;
        uint8_t of_a[LEN], of_b[LEN];
        int shared = 0;
        fill(arena, (int32_t)random_below(3), &a, of_a);
        fill(arena, 0, &b, of_b);
        for (int i = 0; i < LEN; ++i) shared += of_a[i] && of_b[i];
        const int64_t smaller = a.total < b.total ? a.total : b.total;
        assert_int_equal(anl_cover_shares_half(&a, &b), 2 * shared >= smaller);
        assert_int_equal(anl_cover_shares_half(&b, &a), 2 * shared >= smaller);
        yes += 2 * shared >= smaller;
        anl_arena_reset(arena);
    }
    assert_in_range(yes, 500, 4500); /* both answers were tried */
    anl_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers_what_was_added),
        cmocka_unit_test(shares_half_of_the_smaller_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
