/* The best combination of two mates' candidates: what going over all of them finds, and the same for every copy of a fragment. */
#include "random.h"

#include "best_pair.h"

enum { LEN = 100, MOST = 40, CLOSE = 7 };

static anl_pair_scratch scratch;

/* A pair with random bases. */
typedef struct mates {
    uint8_t bases[2][LEN];
    anl_read reads[2];
    anl_candidate candidates[2][MOST];
    anl_query pair[2];
} mates;

static int by_score(const void *a, const void *b)
{
    const anl_candidate *x = a, *y = b;
    return x->score != y->score   ? y->score - x->score
           : x->bonus != y->bonus ? y->bonus - x->bonus
                                  : (x->start > y->start) - (x->start < y->start);
}

/* Up to `n` candidates each, near each other and many of them equal. */
static void make_mates(mates *x, uint32_t n)
{
    for (int m = 0; m < 2; ++m) {
        for (int i = 0; i < LEN; ++i) x->bases[m][i] = (uint8_t)random_below(4);
        x->reads[m] = (anl_read){.name = "r", .seq = x->bases[m], .len = LEN, .mate = (uint8_t)(m + 1)};
        x->pair[m] = (anl_query){.read = &x->reads[m], .candidates = x->candidates[m], .n = (int32_t)random_below(n + 1)};
        for (int32_t i = 0; i < x->pair[m].n; ++i) {
            const int32_t contig = (int32_t)random_below(2);
            x->candidates[m][i] = (anl_candidate){.start = 10000 * contig + (int64_t)random_below(2000),
                                                  .score = 90 + (int32_t)random_below(3) * 5,
                                                  .bonus = (int32_t)random_below(2) * 5,
                                                  .contig = contig,
                                                  .reverse = (uint8_t)random_below(2)};
        }
        qsort(x->candidates[m], (size_t)x->pair[m].n, sizeof(anl_candidate), by_score);
    }
}

static anl_insert_model make_model(void)
{
    anl_insert_model m = {0};
    for (int o = 0; o < ANL_N_ORIENTATIONS; ++o)
        if (o == ANL_FR || random_below(3) == 0) {
            const int32_t low = 1 + (int32_t)random_below(300);
            m.of[o] = (anl_insert){.usable = 1, .low = low, .high = low + (int32_t)random_below(400), .mean = low + 100, .sd = 40};
        }
    return m;
}

/* All combinations: the totals, sorted, and what the best one's candidates may be. */
static int32_t all_totals(const anl_insert_model *m, const anl_query pair[2], int32_t *totals)
{
    int32_t n = 0;
    for (int32_t i = 0; i < pair[0].n; ++i)
        for (int32_t j = 0; j < pair[1].n; ++j) {
            int64_t size;
            const anl_insert *insert = anl_pair_proper(m, pair, i, j, &size);
            if (insert) totals[n++] = pair[0].candidates[i].score + pair[1].candidates[j].score - anl_insert_penalty(insert, size, 1);
        }
    for (int32_t i = 0; i < n; ++i)
        for (int32_t j = i + 1; j < n; ++j)
            if (totals[j] > totals[i]) {
                const int32_t swap = totals[i];
                totals[i] = totals[j];
                totals[j] = swap;
            }
    return n;
}

static void finds_what_going_over_all_finds(void **unused)
{
    (void)unused;
    const anl_align_options o = anl_align_options_default();
    int with_equal = 0;
    random_start();
    for (int round = 0; round < 3000; ++round) {
        static mates x;
        static int32_t totals[MOST * MOST];
        make_mates(&x, round % 2 ? 4 : MOST);
        const anl_insert_model m = make_model();
        const int32_t n = all_totals(&m, x.pair, totals);
        anl_best_pair best;
        int64_t size;
        assert_int_equal(anl_best_pair_find(&o, &m, x.pair, CLOSE, &scratch, &best), 0);
        if (!n) {
            assert_int_equal(best.candidate[0], -1);
            continue;
        }
        const anl_insert *insert = anl_pair_proper(&m, x.pair, best.candidate[0], best.candidate[1], &size);
        const anl_candidate *a = &x.candidates[0][best.candidate[0]], *b = &x.candidates[1][best.candidate[1]];
        assert_non_null(insert);
        assert_int_equal(best.total, totals[0]);
        assert_int_equal(a->score + b->score - anl_insert_penalty(insert, size, 1), totals[0]);
        assert_int_equal(best.second, n > 1 ? totals[1] : 0);
        int32_t competing = 0;
        for (int32_t i = 2; i < n; ++i) competing += totals[i] >= totals[1] - CLOSE;
        assert_int_equal(best.competing, competing);
        with_equal += n > 1 && totals[1] == totals[0];
    }
    assert_true(with_equal > 100);
}

/* Copies of a fragment have other names, and may be sequenced from the other strand, which lets its mates change places. */
static void copies_of_a_fragment_stay_together(void **unused)
{
    (void)unused;
    const anl_align_options o = anl_align_options_default();
    anl_insert_model m;
    anl_insert_given(&m, 300, 30, 0, 0);
    int first = 0, fragments = 200;
    random_start();
    for (int round = 0; round < fragments; ++round) {
        static mates x;
        anl_best_pair best, turned;
        make_mates(&x, 0);
        for (int i = 0; i < 3; ++i) { /* three equal copies */
            x.candidates[0][i] = (anl_candidate){.start = 1000 + 5000 * i, .score = 100, .reverse = 0};
            x.candidates[1][i] = (anl_candidate){.start = 1200 + 5000 * i, .score = 100, .reverse = 1};
        }
        x.pair[0].n = x.pair[1].n = 3;
        assert_int_equal(anl_best_pair_find(&o, &m, x.pair, CLOSE, &scratch, &best), 0);
        assert_int_equal(best.candidate[0], best.candidate[1]);
        first += best.candidate[0] == 0;
        x.reads[0].name = x.reads[1].name = "another";
        const anl_query swapped[2] = {x.pair[1], x.pair[0]};
        assert_int_equal(anl_best_pair_find(&o, &m, swapped, CLOSE, &scratch, &turned), 0);
        assert_int_equal(turned.candidate[0], best.candidate[0]);
        assert_int_equal(turned.candidate[1], best.candidate[1]);
    }
    assert_in_range(first, fragments / 5, fragments / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_going_over_all_finds),
        cmocka_unit_test(copies_of_a_fragment_stay_together),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(scratch.spots);
    return failed;
}
