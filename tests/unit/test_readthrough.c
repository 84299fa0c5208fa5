/* Read-through, tails and repeats: as their definitions say, base by base. */
#include "random.h"

#include "align_tuning.h"
#include "readthrough.h"

enum { LEN = 150 };

static void reverse_complement(const uint8_t *from, int32_t n, uint8_t *to)
{
    for (int32_t i = 0; i < n; ++i) to[i] = (uint8_t)(from[n - 1 - i] > 3 ? 4 : 3 - from[n - 1 - i]);
}

static const uint8_t adapter[8] = {0, 2, 0, 3, 1, 2, 2, 0};

/* Mates of `lens` bp of an insert of random bases, behind it adapters that begin alike, and `errors` of the first mate's insert, from its end,
 * and the first `unlike` bases of its adapter changed. */
static int32_t of_insert(int32_t insert, const int32_t lens[2], int32_t errors, int32_t unlike)
{
    uint8_t bases[2 * LEN], mates[2][LEN], reversed[LEN];
    for (int32_t i = 0; i < insert; ++i) bases[i] = (uint8_t)random_below(4);
    for (int m = 0; m < 2; ++m) {
        uint8_t turned[2 * LEN];
        reverse_complement(bases, insert, turned);
        for (int32_t i = 0; i < lens[m]; ++i)
            mates[m][i] = i < insert ? (m ? turned[i] : bases[i]) : i < insert + 8 ? adapter[i - insert] : (uint8_t)random_below(4);
    }
    for (int32_t i = 0; i < unlike && insert + i < lens[0]; ++i) mates[0][insert + i] ^= 1;
    for (int32_t i = 0; i < errors; ++i) mates[0][insert - 1 - i] ^= 1;
    reverse_complement(mates[1], lens[1], reversed);
    return anl_readthrough(mates[0], lens[0], reversed, lens[1]);
}

static void finds_every_insert(void **unused)
{
    (void)unused;
    const int32_t both[2] = {LEN, LEN}, shorter[2] = {LEN, LEN - 30}, longer[2] = {LEN - 30, LEN};
    for (int32_t insert = ANL_READTHROUGH_LEAST; insert < LEN; ++insert) {
        assert_int_equal(of_insert(insert, both, 0, 0), insert + 8 <= LEN ? insert : 0); /* too little behind it */
        assert_int_equal(of_insert(insert, both, insert / 10, 0), insert + 8 <= LEN ? insert : 0);
        assert_int_equal(of_insert(insert, both, insert / 10 + 1, 0), 0);
        assert_int_equal(of_insert(insert, both, 0, 1), insert + 8 <= LEN ? insert : 0);
        assert_int_equal(of_insert(insert, both, 0, 2), 0);
        assert_int_equal(of_insert(insert, shorter, 0, 0), insert <= LEN - 38 ? insert : 0);
        assert_int_equal(of_insert(insert, longer, 0, 0), insert <= LEN - 38 ? insert : 0);
    }
    assert_int_equal(of_insert(ANL_READTHROUGH_LEAST - 1, both, 0, 0), 0);
    assert_int_equal(of_insert(LEN, both, 0, 0), 0); /* nothing behind it */
    assert_int_equal(of_insert(LEN + 40, both, 0, 0), 0);
}

/* A repeat fits many inserts, whatever lies behind; other bases with the same tails fit one. */
static void several_inserts_are_none(void **unused)
{
    (void)unused;
    uint8_t first[60], reversed[60];
    for (int32_t i = 0; i < 60; ++i) first[i] = (uint8_t)(i % 3), reversed[i] = (uint8_t)((i + 2) % 3); /* equal from base 1 on */
    for (int32_t i = 0; i < 8; ++i) first[50 + i] = (uint8_t)(3 - reversed[9 - i]); /* a tail as the other mate has it */
    assert_int_equal(anl_readthrough(first, 60, reversed, 60), 0);
    for (int32_t i = 0; i < 50; ++i) first[i] = reversed[10 + i] = (uint8_t)random_below(4);
    assert_int_equal(anl_readthrough(first, 60, reversed, 60), 50);
}

static void cuts_both_mates(void **unused)
{
    (void)unused;
    uint8_t bases[2][40], reversed[2][40];
    anl_arena *arena = anl_arena_new();
    for (int32_t i = 0; i < 40; ++i) bases[0][i] = (uint8_t)random_below(4), bases[1][i] = (uint8_t)random_below(4);
    reverse_complement(bases[0], 30, bases[1]);
    memcpy(bases[0] + 30, adapter, sizeof adapter);
    memcpy(bases[1] + 30, adapter, sizeof adapter);
    anl_read reads[2];
    anl_query pair[2];
    for (int m = 0; m < 2; ++m) {
        reverse_complement(bases[m], 40, reversed[m]);
        reads[m] = (anl_read){.seq = bases[m], .len = 40, .mate = (uint8_t)(m + 1)};
        pair[m] = (anl_query){.read = &reads[m], .strand = {bases[m], reversed[m]}};
    }
    assert_int_equal(anl_readthrough_cut(pair, arena), ANL_OK);
    for (int m = 0; m < 2; ++m) {
        uint8_t want[30];
        reverse_complement(bases[m], 30, want);
        assert_int_equal(pair[m].read->len, 30);
        assert_int_equal(pair[m].tail, 10);
        assert_memory_equal(pair[m].strand[1], want, 30);
        assert_int_equal(reads[m].len, 40);
    }
    anl_arena_free(arena);
}

static void tails_of_g(void **unused)
{
    (void)unused;
    uint8_t bases[100];
    for (int32_t tail = 0; tail <= 100; ++tail) {
        for (int32_t i = 0; i < 100; ++i) bases[i] = i < 100 - tail ? (uint8_t)(i & 1) : 2;
        assert_int_equal(anl_tail_of_g(bases, 100), tail < ANL_TAIL_OF_G ? 0 : tail);
    }
    for (int32_t i = 40; i < 100; ++i) bases[i] = 2;
    for (int32_t i = 0; i < 40; ++i) bases[i] = 0;
    bases[70] = 1;
    assert_int_equal(anl_tail_of_g(bases, 100), 60); /* one error does not end it */
    assert_int_equal(anl_tail_of_g(bases, 0), 0);
}

static void repeats(void **unused)
{
    (void)unused;
    uint8_t bases[60];
    for (int32_t period = 1; period <= 8; ++period) {
        for (int32_t i = 0; i < 60; ++i) bases[i] = i < period ? (uint8_t)(i == period - 1) : bases[i - period];
        assert_int_equal(anl_is_one_repeat(bases, 60), period <= ANL_REPEAT_MOTIF);
        bases[30] = 3;
        assert_int_equal(anl_is_one_repeat(bases, 60), period <= ANL_REPEAT_MOTIF);
    }
    for (int n = 0; n < 1000; ++n) {
        for (int32_t i = 0; i < 60; ++i) bases[i] = (uint8_t)random_below(4);
        assert_int_equal(anl_is_one_repeat(bases, 60), 0);
    }
    assert_int_equal(anl_is_one_repeat(bases, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_insert),
        cmocka_unit_test(several_inserts_are_none),
        cmocka_unit_test(cuts_both_mates),
        cmocka_unit_test(tails_of_g),
        cmocka_unit_test(repeats),
    };
    random_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
