/* Probes: 16-mers of a read are found wherever they lie in the packed reference, and nowhere else. */
#include "random.h"

#include "kernels.h"
#include "probe.h"

enum { BASES = 3000 };

static uint8_t bases[BASES], *packed;

static void pack(void)
{
    for (int i = 0; i < BASES; ++i) bases[i] = (uint8_t)random_below(4);
    memset(packed, 0, BASES / 4);
    for (int i = 0; i < BASES; ++i) packed[i / 4] |= (uint8_t)(bases[i] << 2 * (i % 4));
}

/* At every level the same. */
static int64_t find(int64_t from, int64_t n, uint32_t key)
{
    static anl_kernels levels[8];
    static int n_levels;
    const char *const *names = anl_kernels_levels();
    for (; names[n_levels]; ++n_levels) assert_int_equal(anl_kernels_fill(&levels[n_levels], names[n_levels]), 0);
    const anl_probe_stretch in = {from, n};
    const int64_t found = anl_probe_find(&levels[0].kmer, packed, BASES / 4, &in, key);
    for (int i = 1; i < n_levels; ++i) assert_int_equal(anl_probe_find(&levels[i].kmer, packed, BASES / 4, &in, key), found);
    return found;
}

static int holds(int64_t at, uint32_t key)
{
    for (int j = 0; j < ANL_PROBE_K; ++j)
        if (bases[at + j] != (key >> 2 * j & 3)) return 0;
    return 1;
}

/* Every position of stretches of every length and phase, and the positions just outside. The packed bases end at a guard page. */
static void finds_what_is_there(void **unused)
{
    (void)unused;
    random_start();
    packed = guarded(BASES / 4);
    pack();
    for (int trial = 0; trial < 20000; ++trial) {
        const int64_t n = 1 + random_below(trial % 10 ? 120 : 1500), from = random_below((uint32_t)(BASES - ANL_PROBE_K - n + 2));
        const int64_t at = from - 1 + random_below((uint32_t)(n + 2));
        if (at < 0 || at > BASES - ANL_PROBE_K) continue;
        uint32_t key = 0;
        for (int j = 0; j < ANL_PROBE_K; ++j) key |= (uint32_t)bases[at + j] << 2 * j;
        const int64_t found = find(from, n, key);
        if (at >= from && at < from + n)
            assert_int_equal(found, at);
        else
            assert_int_equal(found, -1);
        key ^= 1u << random_below(32);
        assert_int_equal(find(from, n, key), -1);
    }
    /* The last 16-mer of all, by itself. */
    uint32_t key = 0;
    for (int j = 0; j < ANL_PROBE_K; ++j) key |= (uint32_t)bases[BASES - ANL_PROBE_K + j] << 2 * j;
    assert_int_equal(find(BASES - ANL_PROBE_K, 1, key), BASES - ANL_PROBE_K);
    assert_int_equal(find(0, 0, key), -1);
    release(packed, BASES / 4);
}

/* Of several positions any may be told; it is one of them. */
static void a_repeat_has_its_key_somewhere(void **unused)
{
    (void)unused;
    packed = guarded(BASES / 4);
    memset(packed, 0, BASES / 4);
    memset(bases, 0, BASES);
    for (int64_t n = 1; n < 600; n += 7) {
        const int64_t found = find(5, n, 0);
        assert_true(found >= 5 && found < 5 + n && holds(found, 0));
    }
    release(packed, BASES / 4);
}

/* From the ends and the middle, on any length, without N. */
static void cuts_probes(void **unused)
{
    (void)unused;
    uint8_t read[300] = {0};
    anl_probe p[ANL_PROBES];
    for (int len = 0; len <= 300; ++len) {
        for (int i = 0; i < len; ++i) read[i] = (uint8_t)random_below(4);
        int n = 0;
        while (n < ANL_PROBES && anl_probe_cut(read, len, n, &p[n])) ++n;
        assert_int_equal(n, len < ANL_PROBE_K ? 0 : ANL_PROBES);
        for (int i = 0; i < n; ++i) {
            assert_true(p[i].offset >= 0 && p[i].offset + ANL_PROBE_K <= len && (!i || p[i].offset >= p[i - 1].offset));
            for (int j = 0; j < ANL_PROBE_K; ++j) assert_int_equal(p[i].key >> 2 * j & 3, read[p[i].offset + j]);
        }
    }
    read[75] = 4;
    int cut = 0;
    for (int i = 0; i < ANL_PROBES; ++i) {
        const int whole = anl_probe_cut(read, 150, i, &p[0]);
        assert_int_equal(whole, p[0].offset > 75 || p[0].offset + ANL_PROBE_K <= 75);
        cut += whole;
    }
    assert_int_equal(cut, ANL_PROBES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_is_there),
        cmocka_unit_test(a_repeat_has_its_key_somewhere),
        cmocka_unit_test(cuts_probes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
