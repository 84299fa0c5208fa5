/* The insert-size model: orientation and size against a drawing of the fragment, the estimate and the penalty against their formulas. */
#include "random.h"

#include "insert.h"

#include <math.h>

/* Two reads of one fragment [begin, begin + size): the first and the last base of it are the 5' ends. */
static void orientation_of_fragments(void **unused)
{
    (void)unused;
    random_start();
    for (int trial = 0; trial < 1000; ++trial) {
        const int64_t begin = random_below(1000), size = 1 + random_below(600), last = begin + size - 1;
        const int swap = (int)random_below(2);
        int64_t seen;
        const anl_end5 left = {begin, 0}, right = {last, 1}, outward_left = {begin, 1}, outward_right = {last, 0};
        assert_int_equal(anl_orient(swap ? right : left, swap ? left : right, &seen), ANL_FR);
        assert_int_equal(seen, size);
        assert_int_equal(anl_orient(swap ? outward_right : outward_left, swap ? outward_left : outward_right, &seen),
                         size > 1 ? ANL_RF : ANL_FR);
        assert_int_equal(seen, size);
        if (size == 1) continue;
        /* Both on one strand: FF when the first read lies upstream on its own strand. The other strand shows the same pair. */
        const anl_end5 a = {begin, 0}, b = {last, 0}, c = {begin, 1}, d = {last, 1};
        assert_int_equal(anl_orient(a, b, &seen), ANL_FF);
        assert_int_equal(anl_orient(d, c, &seen), ANL_FF);
        assert_int_equal(anl_orient(b, a, &seen), ANL_RR);
        assert_int_equal(anl_orient(c, d, &seen), ANL_RR);
        assert_int_equal(seen, size);
    }
}

/* `n` sizes of one orientation, none of the others. */
static anl_insert estimate(int32_t *sizes, size_t n)
{
    int32_t none[1];
    int32_t *all[ANL_N_ORIENTATIONS] = {sizes, none, none, none};
    const size_t counts[ANL_N_ORIENTATIONS] = {n, 0, 0, 0};
    anl_insert_model m;
    anl_insert_estimate(&m, all, counts);
    for (int o = 1; o < ANL_N_ORIENTATIONS; ++o) assert_int_equal(m.of[o].usable, 0);
    return m.of[ANL_FR];
}

/* Short ones and long ones, many of them equal. */
static void sizes_are_sorted(void **unused)
{
    (void)unused;
    enum { N = 5000 };
    static int32_t sizes[N];
    random_start();
    for (int trial = 0; trial < 40; ++trial) {
        const uint32_t most = trial % 4 == 3 ? INT32_MAX : trial % 4 == 2 ? 40000 : 400;
        const size_t n = 10 + random_below(N - 9);
        int64_t sum = 0, sorted = 0;
        for (size_t i = 0; i < n; ++i) sum += sizes[i] = 1 + (int32_t)random_below(most);
        estimate(sizes, n);
        for (size_t i = 0; i < n; ++i) {
            sorted += sizes[i];
            if (i) assert_true(sizes[i - 1] <= sizes[i]);
        }
        assert_true(sorted == sum);
    }
}

static void estimate_by_hand(void **unused)
{
    (void)unused;
    /* Quartiles 102 and 107 (elements 2 and 7 of 10 in order): 92..117 count, and all do. */
    int32_t sizes[] = {109, 100, 108, 101, 107, 102, 106, 103, 105, 104};
    anl_insert in = estimate(sizes, 10);
    assert_int_equal(in.usable, 1);
    assert_int_equal(in.n, 10);
    assert_true(fabs(in.mean - 104.5) < 1e-9 && fabs(in.sd - sqrt(8.25)) < 1e-9);
    assert_int_equal(in.low, 87); /* 102 - 3 * 5, farther than the mean less 4 deviations */
    assert_int_equal(in.high, 122);
    int32_t with_chimera[] = {109, 100, 108, 101, 107, 102, 106, 103, 105, 9000};
    in = estimate(with_chimera, 10); /* quartiles 102 and 108: the chimera is beyond 120 */
    assert_int_equal(in.n, 9);
    assert_true(fabs(in.mean - 941.0 / 9) < 1e-9);
    int32_t equal[] = {300, 300, 300, 300, 300, 300, 300, 300, 300, 300};
    in = estimate(equal, 10);
    assert_true(in.sd == 1 && in.mean == 300); /* a deviation of nothing would divide by nothing */
    int32_t tiny[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    assert_int_equal(estimate(tiny, 10).low, 1);
    assert_int_equal(estimate(tiny, 9).usable, 0);
    assert_int_equal(estimate(tiny, 0).usable, 0);
}

static void rare_orientations_do_not_count(void **unused)
{
    (void)unused;
    int32_t fr[1000], rf[50];
    int32_t *sizes[ANL_N_ORIENTATIONS] = {fr, rf, rf, rf};
    anl_insert_model m;
    for (int i = 0; i < 1000; ++i) fr[i] = 300 + i % 50;
    for (int i = 0; i < 50; ++i) rf[i] = 2000 + i;
    size_t n[ANL_N_ORIENTATIONS] = {1000, 50, 0, 0};
    anl_insert_estimate(&m, sizes, n);
    assert_int_equal(m.of[ANL_RF].usable, 1); /* a twentieth */
    n[ANL_RF] = 49;
    anl_insert_estimate(&m, sizes, n);
    assert_int_equal(m.of[ANL_RF].usable, 0);
    assert_int_equal(m.of[ANL_FR].usable, 1);
}

static void given_sizes(void **unused)
{
    (void)unused;
    anl_insert_model m;
    anl_insert_given(&m, 400, 50, 0, 0);
    const anl_insert *fr = &m.of[ANL_FR];
    assert_int_equal(fr->usable, 1);
    assert_int_equal(fr->low, 200);
    assert_int_equal(fr->high, 600);
    for (int o = 1; o < ANL_N_ORIENTATIONS; ++o) assert_int_equal(m.of[o].usable, 0);
    anl_insert_given(&m, 400, 50, 450, 390);
    assert_int_equal(fr->low, 390);
    assert_int_equal(fr->high, 450);
    anl_insert_given(&m, 100, 50, 0, 0);
    assert_int_equal(fr->low, 1);
    anl_insert_given(&m, 100, 0, 0, 0);
    assert_true(fr->sd == 1);
    anl_insert_given(&m, 1e9, 1e9, 0, 0); /* as far as -I goes */
    assert_int_equal(fr->low, 1);
    assert_int_equal(fr->high, INT32_MAX);
}

static void penalty_of_the_normal_tail(void **unused)
{
    (void)unused;
    anl_insert_model m;
    anl_insert_given(&m, 400, 50, 0, 0);
    const anl_insert *fr = &m.of[ANL_FR];
    assert_int_equal(anl_insert_penalty(fr, 400, 1), 0);
    for (int64_t size = 1; size < 1000; ++size) {
        /* ln of the density's ratio, z^2 / 2, in units of ln 4. */
        const double z = (double)(size - 400) / 50, wanted = z * z / 2 / log(4);
        for (int32_t match = 1; match < 4; ++match) {
            assert_true(fabs(anl_insert_penalty(fr, size, match) - match * wanted) <= 0.5 + 0.001 * match * wanted);
            assert_int_equal(anl_insert_penalty(fr, size, match), anl_insert_penalty(fr, 800 - size, match));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orientation_of_fragments),       cmocka_unit_test(estimate_by_hand), cmocka_unit_test(sizes_are_sorted),
        cmocka_unit_test(rare_orientations_do_not_count), cmocka_unit_test(given_sizes),      cmocka_unit_test(penalty_of_the_normal_tail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
