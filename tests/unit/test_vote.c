/* The voter finds strand and diagonal of reads placed at random, with substitutions and a gap. */
#include "random.h"

#include "vote.h"

enum { REGION = 500, READ = 150 };

static void fill_random(uint8_t *s, int n)
{
    for (int i = 0; i < n; ++i) s[i] = (uint8_t)(random_below(4));
}

static void reverse_complement(const uint8_t *s, int n, uint8_t *out)
{
    for (int i = 0; i < n; ++i) out[i] = s[n - 1 - i] > 3 ? 4 : (uint8_t)(3 - s[n - 1 - i]);
}

static void finds_strand_and_diagonal(void **unused)
{
    (void)unused;
    anl_voter *v = anl_voter_new();
    uint8_t region[REGION], read[READ], flipped[READ];
    for (int trial = 0; trial < 500; ++trial) {
        fill_random(region, REGION);
        int at = (int)(random_below(REGION - READ)), reverse = trial & 1;
        memcpy(read, region + at, READ);
        for (int i = 0; i < READ; ++i)
            if (random_below(100) < 8) read[i] = (uint8_t)((read[i] + 1 + random_below(3)) & 3);
        reverse_complement(read, READ, flipped);
        anl_voter_load(v, reverse ? flipped : read, READ);
        anl_vote found = anl_voter_count(v, region, REGION, 0, REGION - READ);
        assert_true(found.votes >= 3);
        assert_int_equal(found.diag, at);
        assert_int_equal(found.reverse, reverse);
    }
    anl_voter_free(v);
}

static void bridges_a_gap(void **unused)
{
    (void)unused;
    anl_voter *v = anl_voter_new();
    uint8_t region[REGION], read[READ];
    fill_random(region, REGION);
    memcpy(read, region + 100, 90);
    memcpy(read + 90, region + 100 + 90 + 30, 60); /* 30 bp deleted */
    anl_voter_load(v, read, READ);
    anl_vote found = anl_voter_count(v, region, REGION, 0, REGION - READ);
    assert_int_equal(found.diag, 100);
    assert_int_equal(found.lo, 100);
    assert_int_equal(found.hi, 130);
    anl_voter_free(v);
}

/* Of a read that fits twice within a region, on one strand or on both, both places are told; of one that a deletion cuts in two, one. */
static void tells_a_copy(void **unused)
{
    (void)unused;
    anl_voter *v = anl_voter_new();
    uint8_t region[REGION], read[READ];
    for (int trial = 0; trial < 200; ++trial) {
        const int len = 50, reverse = trial & 1, first = 60 + (int)random_below(100), second = first + len + 5 + (int)random_below(100);
        anl_vote copy;
        fill_random(region, REGION);
        memcpy(read, region + first, (size_t)len);
        anl_voter_load(v, read, len);
        anl_vote best = anl_voter_count(v, region, REGION, 0, REGION - len);
        assert_int_equal(anl_voter_second(v, &best, &copy), 0);
        if (reverse)
            reverse_complement(read, len, region + second);
        else
            memcpy(region + second, read, (size_t)len);
        best = anl_voter_count(v, region, REGION, 0, REGION - len);
        assert_int_equal(best.diag, first);
        assert_int_equal(anl_voter_second(v, &best, &copy), 1);
        assert_int_equal(copy.diag, second);
        assert_int_equal(copy.reverse, reverse);
        assert_true(copy.votes >= len - ANL_VOTE_K + 1 && !copy.straight);
        fill_random(region, REGION);
        memcpy(read, region + first, 75);
        memcpy(read + 75, region + first + 75 + 60, READ - 75);
        anl_voter_load(v, read, READ);
        best = anl_voter_count(v, region, REGION, 0, REGION - READ);
        assert_int_equal(anl_voter_second(v, &best, &copy), 0);
    }
    anl_voter_free(v);
}

static void ignores_n_and_respects_limits(void **unused)
{
    (void)unused;
    anl_voter *v = anl_voter_new();
    uint8_t region[REGION], read[READ];
    memset(region, 4, REGION);
    memset(read, 4, READ);
    anl_voter_load(v, read, READ);
    assert_int_equal(anl_voter_count(v, region, REGION, 0, 100).votes, 0);
    fill_random(region, REGION);
    memcpy(read, region + 200, READ);
    anl_voter_load(v, read, READ);
    assert_int_equal(anl_voter_count(v, region, REGION, 0, 150).votes, 0); /* the true diagonal is outside */
    assert_int_equal(anl_voter_count(v, region, REGION, 150, 250).diag, 200);
    assert_int_equal(anl_voter_count(v, region + 210, REGION - 210, -50, 50).diag, -10); /* overhangs the region */
    anl_voter_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_strand_and_diagonal),
        cmocka_unit_test(bridges_a_gap),
        cmocka_unit_test(tells_a_copy),
        cmocka_unit_test(ignores_n_and_respects_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
