/* K-mer kernels: every level equals a plain look, on sizes around a vector's; some find a few more k-mers, which share their parts with the set. */
#include "random.h"

#include "kernels.h"

enum { MOST = 300, SETS = 200 };

static uint32_t code_of(const uint8_t *bases)
{
    uint32_t code = 0;
    for (int i = 0; i < ANL_KMER_K; ++i) code |= (uint32_t)(bases[i] & 3) << 2 * i;
    return code;
}

static void fill_random(uint8_t *s, int n, int with_n)
{
    for (int i = 0; i < n; ++i) s[i] = with_n && !random_below(40) ? 4 : (uint8_t)random_below(4);
}

static int bit(const uint64_t *bits, int i)
{
    return (int)(bits[i / 64] >> i % 64 & 1);
}

static void check_find(const anl_kmer_kernels *k, const anl_kmer_set *set, const uint8_t *bases, int n, int exact, int64_t *more)
{
    uint64_t bits[MOST / 64 + 1];
    uint8_t *own = guarded((size_t)n + !n);
    memcpy(own, bases, (size_t)n);
    memset(bits, 0xff, sizeof bits);
    k->find(set, own, n, bits);
    release(own, (size_t)n + !n);
    for (int i = 0; i < (n + 63) / 64 * 64; ++i) {
        const int begins = i + ANL_KMER_K <= n;
        const uint32_t code = begins ? code_of(bases + i) : 0;
        const int expected = begins && (set->codes[code / 32] >> code % 32 & 1);
        if (expected || exact || !begins)
            assert_int_equal(bit(bits, i), expected);
        else
            *more += bit(bits, i);
    }
}

static void finds_at_every_level(void **unused)
{
    (void)unused;
    for (const char *const *level = anl_kernels_levels(); *level; ++level) {
        anl_kernels k;
        int64_t looked = 0, more = 0;
        assert_int_equal(anl_kernels_fill(&k, *level), 0);
        anl_kmer_set *set = calloc(1, sizeof *set);
        assert_true(set != NULL);
        for (int trial = 0; trial < SETS; ++trial) {
            uint8_t read[150], bases[MOST];
            const int n = trial < 150 ? trial : (int)random_below(MOST + 1);
            fill_random(read, 150, 0);
            fill_random(bases, MOST, 1);
            for (int i = 0; i + ANL_KMER_K <= 150; ++i) anl_kmer_add(set, code_of(read + i));
            if (n > 20) memcpy(bases + random_below((uint32_t)n - 15), read + random_below(130), 15);
            check_find(&k.kmer, set, bases, n, level == anl_kernels_levels(), &more);
            looked += n;
            for (int i = 0; i + ANL_KMER_K <= 150; ++i) anl_kmer_drop(set, code_of(read + i));
            anl_kmer_drop_parts(set);
        }
        assert_true(more * 50 < looked);
        for (size_t i = 0; i < sizeof *set; ++i) assert_int_equal(((const uint8_t *)set)[i], 0); /* all dropped */
        free(set);
    }
}

static void shares_at_every_level(void **unused)
{
    (void)unused;
    for (const char *const *level = anl_kernels_levels(); *level; ++level) {
        anl_kernels k;
        assert_int_equal(anl_kernels_fill(&k, *level), 0);
        for (int n = 0; n <= MOST; ++n) {
            uint8_t *a = guarded((size_t)n + !n), *b = guarded((size_t)n + !n);
            uint64_t bits[MOST / 64 + 1];
            int count = 0;
            fill_random(a, n, n % 3 == 0);
            memcpy(b, a, (size_t)n);
            for (int i = 0; i < n; ++i)
                if (!random_below(25)) b[i] = (uint8_t)random_below(5);
            memset(bits, 0xff, sizeof bits);
            const int32_t got = k.kmer.shared(a, b, n, bits);
            for (int i = 0; i < (n + 63) / 64 * 64; ++i) {
                int same = i + ANL_KMER_K <= n;
                for (int j = i; same && j < i + ANL_KMER_K; ++j) same = a[j] == b[j] && a[j] < 4;
                assert_int_equal(bit(bits, i), same);
                count += same;
            }
            assert_int_equal(got, count);
            release(a, (size_t)n + !n);
            release(b, (size_t)n + !n);
        }
    }
}

/* A 16-mer at every byte and phase of stretches of every length, and just behind them; seldom, by chance, one whose whole bytes are not there. */
static void finds_16_at_every_level(void **unused)
{
    (void)unused;
    enum { BYTES = 150 };
    for (const char *const *level = anl_kernels_levels(); *level; ++level) {
        anl_kernels k;
        int found = 0, more = 0;
        assert_int_equal(anl_kernels_fill(&k, *level), 0);
        for (int trial = 0; trial < 40000; ++trial) {
            const int n = trial % BYTES, phase = (int)random_below(4), at = (int)random_below(BYTES);
            const size_t size = (size_t)n + ANL_KMER_FIND16_ROOM;
            const uint32_t key = random_below(UINT32_MAX), own = key << 2 * phase | (random_below(UINT32_MAX) & ~(UINT32_MAX << 2 * phase));
            uint8_t *bytes = guarded(size);
            for (size_t i = 0; i < size; ++i) bytes[i] = (uint8_t)random_below(256);
            if (at < n) memcpy(bytes + at, &own, sizeof own);
            const uint32_t phases = k.kmer.find16(bytes, n, key);
            assert_true(phases < 16);
            if (at < n) assert_true(phases >> phase & 1);
            found += at < n;
            more += __builtin_popcount(phases) - (at < n);
            bytes[at < n ? at + 1 + (int)random_below(2) : 0] ^= (uint8_t)(1 + random_below(255));
            more += __builtin_popcount(k.kmer.find16(bytes, n, key));
            release(bytes, size);
        }
        assert_true(found > 10000 && more * 25 < found);
    }
}

int main(void)
{
    random_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_at_every_level),
        cmocka_unit_test(shares_at_every_level),
        cmocka_unit_test(finds_16_at_every_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
