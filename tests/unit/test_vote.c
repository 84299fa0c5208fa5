/* The voter finds strand and diagonal of reads placed at random, with substitutions and a gap. */
#include "random.h"

#include "kernels.h"
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
    anl_voter *v = anl_voter_new(anl_kernels_get());
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
    anl_voter *v = anl_voter_new(anl_kernels_get());
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
    anl_voter *v = anl_voter_new(anl_kernels_get());
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
    anl_voter *v = anl_voter_new(anl_kernels_get());
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

/* The definition: on every diagonal the k-mers that are equal, one by one. */
static anl_vote textbook(const uint8_t *const strands[2], int len, const uint8_t *region, int n, int dlo, int dhi)
{
    static int votes[2][ANL_VOTE_MAX_REGION];
    anl_vote vote = {0};
    int most[2] = {0}, at[2] = {0};
    for (int s = 0; s < 2; ++s)
        for (int d = dhi; d >= dlo; --d) {
            int *count = &votes[s][d - dlo];
            *count = 0;
            for (int q = 0; q + ANL_VOTE_K <= len; ++q) {
                int same = d + q >= 0 && d + q + ANL_VOTE_K <= n;
                for (int i = q; same && i < q + ANL_VOTE_K; ++i) same = strands[s][i] < 4 && strands[s][i] == region[d + i];
                *count += same;
            }
            if (*count >= most[s]) most[s] = *count, at[s] = d;
        }
    const int s = vote.reverse = most[1] > most[0];
    if (!most[s]) return vote;
    vote.diag = vote.lo = vote.hi = at[s];
    vote.other = most[!s];
    for (int d = dlo; d <= dhi; ++d) {
        const int off = abs(d - vote.diag), count = votes[s][d - dlo];
        if (off <= ANL_VOTE_K)
            vote.votes += count;
        else if (count > vote.other)
            vote.other = count;
        if (off > 100 || count < 3) continue;
        if (d < vote.lo) vote.lo = d;
        if (d > vote.hi) vote.hi = d;
    }
    return vote;
}

/* Reads with mismatches, gaps, N and repeats of all lengths, in regions that may not hold all of them. */
static void equals_the_textbook(void **unused)
{
    (void)unused;
    for (const char *const *level = anl_kernels_levels(); *level; ++level) {
        anl_kernels kernels;
        assert_int_equal(anl_kernels_fill(&kernels, *level), 0);
        anl_voter *v = anl_voter_new(&kernels);
        random_start();
        for (int trial = 0; trial < 400; ++trial) {
            uint8_t region[REGION], read[READ], flipped[READ];
            const int n = trial % 20 ? 200 + (int)random_below(REGION - 199) : (int)random_below(40);
            const int len = trial % 10 ? 40 + (int)random_below(READ - 39) : (int)random_below(20);
            fill_random(region, REGION);
            const int unit = 1 + (int)random_below(trial % 2 ? 170 : 12);
            for (int i = REGION / 3; i < REGION && trial % 3 == 0; ++i)
                if (random_below(50)) region[i] = region[i - unit < 0 ? 0 : i - unit];
            const int from = (int)random_below(REGION - READ), gap = (int)random_below(20);
            for (int i = 0; i < len; ++i) read[i] = region[from + i + (i > len / 2 && trial % 4 == 1 && from + i + gap < REGION ? gap : 0)];
            for (int i = 0; i < len; ++i)
                if (!random_below(30)) read[i] = (uint8_t)random_below(5);
            if (trial % 5 == 0) region[random_below(REGION)] = 4;
            reverse_complement(read, len, flipped);
            const uint8_t *const strands[2][2] = {{read, flipped}, {flipped, read}};
            const int reverse = (int)random_below(2), dlo = (int)random_below(200) - 150, dhi = dlo + (int)random_below(400);
            anl_voter_load(v, strands[reverse][0], len);
            const anl_vote got = anl_voter_count(v, region, n, dlo, dhi), expected = textbook(strands[reverse], len, region, n, dlo, dhi);
            assert_int_equal(got.votes, expected.votes);
            assert_int_equal(got.other, expected.other);
            assert_int_equal(got.reverse, expected.reverse);
            assert_int_equal(got.diag, expected.diag);
            assert_int_equal(got.lo, expected.lo);
            assert_int_equal(got.hi, expected.hi);
        }
        anl_voter_free(v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_strand_and_diagonal),     cmocka_unit_test(bridges_a_gap),       cmocka_unit_test(tells_a_copy),
        cmocka_unit_test(ignores_n_and_respects_limits), cmocka_unit_test(equals_the_textbook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
