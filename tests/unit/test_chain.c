/* Chains: colinear, inside a group, and as good as all predecessors could make them. */
#include "random.h"

#include "chain.h"

enum { ANCHORS = 200 };

static const anl_chain_params loose = {.max_gap = 5000, .max_drift = 5000, .look_back = ANCHORS, .min_score = 1};

static void check_chains(const anl_chains *c, const anl_chain_params *p, int32_t n)
{
    int32_t used = 0;
    for (int32_t i = 0; i < c->n; ++i) {
        const anl_anchor *a = c->anchors + c->list[i].first;
        assert_true(i == 0 || c->list[i - 1].score >= c->list[i].score);
        assert_true(c->list[i].score >= p->min_score && c->list[i].n > 0);
        used += c->list[i].n;
        for (int32_t k = 1; k < c->list[i].n; ++k) {
            const int64_t dt = a[k].t - a[k - 1].t - a[k - 1].len, dq = a[k].q - a[k - 1].q - a[k - 1].len;
            assert_int_equal(a[k].group, a[k - 1].group);
            assert_true(a[k].t > a[k - 1].t && a[k].q > a[k - 1].q);
            assert_true(dt <= p->max_gap && dq <= p->max_gap && llabs(dt - dq) <= p->max_drift);
        }
    }
    assert_true(used <= n);
    assert_int_equal(used, c->n_anchors);
}

static void finds_the_line(void **unused)
{
    (void)unused;
    random_start();
    anl_arena *arena = anl_arena_new();
    for (int round = 0; round < 200; ++round) {
        anl_anchor a[ANCHORS];
        anl_chains c;
        /* 20 anchors in a line, with gaps and a change of diagonal; the rest anywhere. */
        for (int32_t i = 0; i < ANCHORS; ++i)
            a[i] = i < 20
                       ? (anl_anchor){.t = 100000 + 300 * i + (i > 10 ? 200 : 0), .q = 500 + 300 * i, .len = 50, .weight = 50, .group = 3}
                       : (anl_anchor){.t = random_below(200000),
                                      .q = (int32_t)random_below(10000),
                                      .len = 12,
                                      .weight = 12,
                                      .group = (int32_t)random_below(4)};
        assert_int_equal(anl_chain_find(&loose, a, ANCHORS, arena, &c), 0);
        check_chains(&c, &loose, ANCHORS);
        const anl_chain *best = &c.list[0];
        int32_t of_line = 0;
        for (int32_t i = 0; i < best->n; ++i) of_line += c.anchors[best->first + i].len == 50;
        assert_int_equal(of_line, 20);
        assert_true(best->score >= 20 * 50 - (200 * 3 / 20 + 3));
        anl_arena_reset(arena);
    }
    anl_arena_free(arena);
}

/* Any order of the same anchors gives the same chains. */
static void order_does_not_matter(void **unused)
{
    (void)unused;
    random_start();
    anl_arena *arena = anl_arena_new();
    for (int round = 0; round < 50; ++round) {
        anl_anchor a[ANCHORS], b[ANCHORS];
        anl_chains c, d;
        for (int32_t i = 0; i < ANCHORS; ++i)
            b[i] = a[i] = (anl_anchor){
                .t = random_below(3000), .q = (int32_t)random_below(3000), .len = 15, .weight = 15, .group = (int32_t)random_below(2)};
        for (uint32_t i = ANCHORS - 1; i > 0; --i) {
            const uint32_t k = random_below(i + 1);
            const anl_anchor swap = b[i];
            b[i] = b[k];
            b[k] = swap;
        }
        assert_int_equal(anl_chain_find(&loose, a, ANCHORS, arena, &c), 0);
        assert_int_equal(anl_chain_find(&loose, b, ANCHORS, arena, &d), 0);
        assert_int_equal(c.n, d.n);
        assert_memory_equal(c.list, d.list, (size_t)c.n * sizeof *c.list);
        assert_memory_equal(c.anchors, d.anchors, (size_t)c.n_anchors * sizeof *c.anchors);
        anl_arena_reset(arena);
    }
    anl_arena_free(arena);
}

static void groups_gaps_and_nothing(void **unused)
{
    (void)unused;
    anl_arena *arena = anl_arena_new();
    anl_chains c;
    assert_int_equal(anl_chain_find(&loose, NULL, 0, arena, &c), 0);
    assert_int_equal(c.n, 0);
    anl_anchor apart[] = {{0, 0, 20, 20, 0}, {100, 100, 20, 20, 1}, {200, 200, 20, 20, 0}, {200 + 6000, 200 + 6000, 20, 20, 0}};
    assert_int_equal(anl_chain_find(&loose, apart, 4, arena, &c), 0);
    check_chains(&c, &loose, 4);
    assert_int_equal(c.n, 3); /* the other group, and beyond the largest gap */
    assert_int_equal(c.list[0].n, 2);
    assert_int_equal(c.list[0].score, 40);
    anl_anchor overlapping[] = {{0, 0, 20, 20, 0}, {10, 10, 20, 20, 0}};
    assert_int_equal(anl_chain_find(&loose, overlapping, 2, arena, &c), 0);
    assert_int_equal(c.list[0].score, 30); /* what they share counts once */
    anl_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_line),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(groups_gaps_and_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
