/* Scan kernels at every level against scalar, with outputs that end at a guard page. */
#include "random.h"

#include "kernels.h"

static void dots_agree(void **unused)
{
    (void)unused;
    random_start();
    anl_kernels scalar, k;
    assert_int_equal(anl_kernels_fill(&scalar, "scalar"), 0);
    const int32_t dims[] = {32, 96, 128, 256}, counts[] = {1, 2, 5, 6, 7, 12, 14, 15, 16, 17, 31, 32, 33, 48, 49};
    for (size_t di = 0; di < sizeof dims / sizeof *dims; ++di)
        for (size_t ni = 0; ni < sizeof counts / sizeof *counts; ++ni)
            for (int32_t panels = 1; panels <= 9; ++panels) {
                const int32_t n = counts[ni];
                const size_t d = (size_t)dims[di], q_size = (size_t)n * d, p_size = (size_t)panels * 16 * d,
                             o_size = (size_t)(n * panels) * 16 * 4;
                uint8_t *queries = guarded(q_size);
                int8_t *entries = guarded(p_size);
                int32_t *expected = malloc(o_size), *got = guarded(o_size);
                const int extreme = panels % 3 == 0;
                for (size_t i = 0; i < q_size; ++i) queries[i] = extreme ? 255 : (uint8_t)random_below(256);
                for (size_t i = 0; i < p_size; ++i) entries[i] = extreme ? -127 : (int8_t)random_below(256);
                scalar.scan.dots(queries, n, entries, panels, dims[di], expected);
                for (const char *const *level = anl_kernels_levels(); *level; ++level) {
                    assert_int_equal(anl_kernels_fill(&k, *level), 0);
                    memset(got, 0x55, o_size);
                    k.scan.dots(queries, n, entries, panels, dims[di], got);
                    assert_memory_equal(got, expected, o_size);
                }
                release(queries, q_size);
                release(entries, p_size);
                release(got, o_size);
                free(expected);
            }
}

/* What lies in panels comes out of them, and gives its distance from a query by dot product and bias. */
static void panels_give_distances(void **unused)
{
    (void)unused;
    enum { N = 37, MOST_D = ANL_ENCODER_MAX_DIM };
    static int8_t vectors[N][MOST_D], panels[48 * MOST_D], back[MOST_D];
    static int32_t dots[48];
    anl_kernels k;
    assert_int_equal(anl_kernels_fill(&k, "scalar"), 0);
    assert_int_equal(anl_panels(0), 0);
    assert_int_equal(anl_panels(16), 1);
    assert_int_equal(anl_panels_padded(N), 48);
    for (size_t d = 32; d <= MOST_D; d += 32) {
        int8_t query[MOST_D];
        uint8_t offset[MOST_D];
        memset(panels, 0, sizeof panels);
        for (size_t c = 0; c < d; ++c) {
            query[c] = (int8_t)random_below(256);
            offset[c] = (uint8_t)(query[c] + ANL_PANEL_OFFSET);
        }
        for (size_t i = 0; i < N; ++i) {
            for (size_t c = 0; c < d; ++c) vectors[i][c] = (int8_t)random_below(256);
            anl_panel_put(panels, i, d, vectors[i]);
        }
        k.scan.dots(offset, 1, panels, 3, (int32_t)d, dots);
        for (size_t i = 0; i < N; ++i) {
            int32_t far = 0, length = 0;
            for (size_t c = 0; c < d; ++c) {
                far += (query[c] - vectors[i][c]) * (query[c] - vectors[i][c]);
                length += query[c] * query[c];
            }
            anl_panel_get(panels, i, d, back);
            assert_memory_equal(back, vectors[i], d);
            assert_int_equal(length + anl_panel_bias(vectors[i], d) - 2 * dots[i], far);
        }
        for (int i = N; i < 48; ++i) assert_int_equal(dots[i], 0);
    }
}

/* What an entry may have at the least, by the high five bits of its elements. */
static int32_t least_by_high_bits(const uint8_t *query, const int8_t *entry, size_t d)
{
    int32_t high = 0, low = 0;
    for (size_t c = 0; c < d; ++c) {
        const int32_t l = entry[c] & 7;
        high += query[c] * ((entry[c] - l) / 8);
        low += l;
    }
    return anl_panel_bias(entry, d) - 2 * (8 * high + ANL_PANEL_OFFSET * low);
}

/* A panel is passed over only if none of its entries is near enough, whatever their low bits make of it, and always then. */
static void sieve_passes_over_nothing_near(void **unused)
{
    (void)unused;
    enum { MOST = ANL_SIEVE_PANELS, QUERIES = 7, MOST_D = ANL_ENCODER_MAX_DIM };
    static int8_t entries[16 * MOST][MOST_D];
    const int32_t dims[] = {32, 96, 128, 256};
    int tried = 0, passed = 0, held = 0;
    for (const char *const *level = anl_kernels_levels(); *level; ++level) {
        anl_kernels k;
        assert_int_equal(anl_kernels_fill(&k, *level), 0);
        if (!k.scan.sieve) continue;
        for (int round = 0; round < 60; ++round) {
            const int32_t d = dims[round % 4], panels = round % 3 ? 1 + (int32_t)random_below(MOST) : MOST, n = 16 * panels;
            const int32_t n_queries = 1 + round % QUERIES, most = round % 5 ? 1 << random_below(8) : 255;
            const size_t p_size = (size_t)n * (size_t)d, q_size = (size_t)n_queries * (size_t)d, b_size = (size_t)n * 4;
            int8_t *codes = guarded(p_size), *high = guarded(p_size);
            uint8_t *queries = guarded(q_size);
            int32_t *bias = guarded(b_size), *high_bias = guarded(b_size), *limits = guarded((size_t)n_queries * 4), dots[16 * MOST];
            uint32_t *may = guarded((size_t)n_queries * 4);
            for (size_t i = 0; i < q_size; ++i) queries[i] = round % 6 ? (uint8_t)(64 + random_below(128)) : round % 12 ? 255 : 0;
            for (int32_t i = 0; i < n; ++i) {
                for (int32_t c = 0; c < d; ++c) entries[i][c] = (int8_t)(random_below((uint32_t)most + 1) - (uint32_t)most / 2);
                for (int32_t c = 0; c < d && i == 0; ++c) /* the low bits make the most of the first query */
                    entries[i][c] = (int8_t)(queries[c] > ANL_PANEL_OFFSET ? entries[i][c] | 7 : entries[i][c] & ~7);
                anl_panel_put(codes, (size_t)i, (size_t)d, entries[i]);
                bias[i] = anl_panel_bias(entries[i], (size_t)d);
            }
            for (int32_t q = 0; q < n_queries; ++q) { /* the value of some entry, or one less */
                const uint8_t *query = queries + (size_t)q * (size_t)d;
                k.scan.dots(query, 1, codes, panels, d, dots);
                const uint32_t i = q ? random_below((uint32_t)n) : 0;
                limits[q] = anl_scan_value(bias[i], dots[i]) - (int32_t)random_below(2) + anl_sieve_slack(query, d);
            }
            k.scan.take_high(codes, bias, panels, d, high, high_bias);
            k.scan.sieve(queries, limits, n_queries, high, high_bias, panels, d, may);
            for (int32_t q = 0; q < n_queries; ++q) {
                const uint8_t *query = queries + (size_t)q * (size_t)d;
                k.scan.dots(query, 1, codes, panels, d, dots);
                for (int32_t p = 0; p < panels; ++p) {
                    int near = 0, may_be = 0;
                    for (int32_t i = 16 * p; i < 16 * p + 16; ++i) {
                        near |= anl_scan_value(bias[i], dots[i]) <= limits[q] - anl_sieve_slack(query, d);
                        may_be |= least_by_high_bits(query, entries[i], (size_t)d) <= limits[q];
                    }
                    assert_int_equal(may[q] >> p & 1, may_be);
                    assert_true(may_be || !near);
                    passed += !may_be;
                    held += near;
                }
            }
            release(codes, p_size);
            release(high, p_size);
            release(queries, q_size);
            release(bias, b_size);
            release(high_bias, b_size);
            release(limits, (size_t)n_queries * 4);
            release(may, (size_t)n_queries * 4);
            ++tried;
        }
    }
    if (tried) assert_true(passed && held);
}

static void near_agrees(void **unused)
{
    (void)unused;
    anl_kernels scalar, k;
    assert_int_equal(anl_kernels_fill(&scalar, "scalar"), 0);
    for (int32_t n = 16; n <= 160; n += 16)
        for (int round = 0; round < 20; ++round) {
            const size_t size = (size_t)n * 4, room = size + 64;
            int32_t *dot = guarded(size), *bias = guarded(size), *value = guarded(room), expected_value[176];
            uint32_t *which = guarded(room), expected[176];
            for (int32_t i = 0; i < n; ++i) {
                dot[i] = (int32_t)random_below(1000000) - 500000;
                bias[i] = random_below(8) ? (int32_t)random_below(1000000) : INT32_MAX;
                if (bias[i] == INT32_MAX) dot[i] = 0; /* as padding is */
            }
            const int32_t limit = (int32_t)random_below(2000000) - 500000;
            const int32_t found = scalar.scan.select_at_most(dot, bias, n, limit, expected, expected_value);
            for (const char *const *level = anl_kernels_levels(); *level; ++level) {
                assert_int_equal(anl_kernels_fill(&k, *level), 0);
                assert_int_equal(k.scan.select_at_most(dot, bias, n, limit, which, value), found);
                assert_memory_equal(which, expected, (size_t)found * 4);
                assert_memory_equal(value, expected_value, (size_t)found * 4);
                for (int32_t m = 0; m <= n; m += m < 40 ? 1 : 16) {
                    int32_t least = INT32_MAX;
                    for (int32_t i = 0; i < m; ++i)
                        if (bias[i] - 2 * dot[i] < least) least = bias[i] - 2 * dot[i];
                    assert_int_equal(k.scan.least(dot, bias, m), least);
                }
            }
            release(dot, size);
            release(bias, size);
            release(value, room);
            release(which, room);
        }
}

static void bound_agrees(void **unused)
{
    (void)unused;
    anl_kernels k;
    for (int32_t n = 1; n <= 200; n += n < 40 ? 1 : 13)
        for (int round = 0; round < 40; ++round) {
            const size_t size = (size_t)n * 4;
            int32_t *values = guarded(size), most = 1 + (int32_t)random_below((uint32_t)n), expected = 0;
            for (int32_t i = 0; i < n; ++i)
                values[i] = round % 2 ? (int32_t)random_below(20) - 10 : (int32_t)random_below(2000000) - 1000000;
            if (round == 4) values[0] = INT32_MAX, values[n - 1] = INT32_MIN;
            for (const char *const *level = anl_kernels_levels(); *level; ++level) {
                assert_int_equal(anl_kernels_fill(&k, *level), 0);
                const int32_t got = k.scan.limit_of_k(values, n, most);
                int32_t below = 0, within = 0;
                for (int32_t i = 0; i < n; ++i) below += values[i] < got, within += values[i] <= got;
                assert_true(within == most || (below < most && within > most));
                if (level == anl_kernels_levels()) expected = got;
                assert_int_equal(got, expected);
            }
            release(values, size);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(dots_agree), cmocka_unit_test(panels_give_distances), cmocka_unit_test(near_agrees),
                                       cmocka_unit_test(sieve_passes_over_nothing_near), cmocka_unit_test(bound_agrees)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
