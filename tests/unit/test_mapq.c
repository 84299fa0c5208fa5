/* Mapping quality against its formula, written with libm, and what must hold whatever the formula. */
#include "random.h"

#include "mapq.h"

#include <math.h>

static anl_evidence random_evidence(void)
{
    anl_evidence e = {.match = 1 + (int32_t)random_below(5), .mismatch = (int32_t)random_below(8)};
    e.span = 1 + (int32_t)random_below(400);
    e.score = (int32_t)random_below((uint32_t)(e.span * e.match) + 1);
    e.second = (int32_t)random_below((uint32_t)e.score + 1);
    e.competing = random_below(2) ? (int32_t)random_below(200) : 0;
    return e;
}

/* docs/mapq.md. */
static double formula(const anl_evidence *e)
{
    const double second = fmax(e->second, 19 * e->match), differences = (double)(e->span * e->match - e->score) / (e->match + e->mismatch);
    const double identity = fmax(0, 1 - differences / e->span), damp = fmin(1, log(50) / log(e->span)) * identity * identity;
    return 6.02 * (e->score - second) / e->match * damp * damp - 4.343 * log(e->competing + 1);
}

static void as_documented(void **unused)
{
    (void)unused;
    random_start();
    int between = 0;
    for (int trial = 0; trial < 20000; ++trial) {
        anl_evidence e = random_evidence();
        const int q = anl_mapq(&e);
        const double wanted = fmin(ANL_MAPQ_MAX, fmax(0, formula(&e)));
        assert_true(fabs(q - wanted) < 0.52);
        between += q > 0 && q < ANL_MAPQ_MAX;
        e.truncated = 1;
        assert_int_equal(anl_mapq(&e), q < 3 ? q : 3);
    }
    assert_true(between > 1000);
}

static void never_rises_with_worse_evidence(void **unused)
{
    (void)unused;
    random_start();
    for (int trial = 0; trial < 20000; ++trial) {
        const anl_evidence e = random_evidence();
        anl_evidence other = e, more = e;
        other.second += 1 + (int32_t)random_below(20);
        more.competing += 1 + (int32_t)random_below(20);
        assert_true(anl_mapq(&other) <= anl_mapq(&e));
        assert_true(anl_mapq(&more) <= anl_mapq(&e));
    }
}

static void limits(void **unused)
{
    (void)unused;
    anl_evidence e = {.score = 150, .span = 150, .match = 1, .mismatch = 4};
    assert_int_equal(anl_mapq(&e), 60);
    e.second = 150;
    assert_int_equal(anl_mapq(&e), 0);
    e.second = 200; /* where another place is better than the one chosen */
    assert_int_equal(anl_mapq(&e), 0);
    e = (anl_evidence){.score = 19, .span = 19, .match = 1, .mismatch = 4}; /* no more than chance gives */
    assert_int_equal(anl_mapq(&e), 0);
    e.span = 0;
    assert_int_equal(anl_mapq(&e), 0);
    /* One part of 60 bp, no other place: (60 - 19) * 6.02 * (ln 50 / ln 60)^2 is far beyond 60; a lead of 5 is 27. */
    e = (anl_evidence){.score = 60, .span = 60, .match = 1, .mismatch = 4};
    assert_int_equal(anl_mapq(&e), 60);
    e.second = 55;
    assert_int_equal(anl_mapq(&e), 27);
}

static void of_a_difference(void **unused)
{
    (void)unused;
    for (int32_t match = 1; match < 5; ++match)
        for (int32_t difference = -20; difference < 60; ++difference) {
            const double wanted = fmin(ANL_MAPQ_MAX, fmax(0, 6.02 * difference / match));
            assert_true(fabs(anl_mapq_of_difference(difference, match) - wanted) < 0.52);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_documented),
        cmocka_unit_test(never_rises_with_worse_evidence),
        cmocka_unit_test(limits),
        cmocka_unit_test(of_a_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
