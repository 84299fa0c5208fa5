/* Encoder kernels, one by one, at every level against scalar. */
#include "random.h"

#include "kernels.h"

/* Each layer kernel on buffers that end at a guard page, with extreme weights. */
static void layers_stay_inside(void **unused)
{
    (void)unused;
    anl_kernels scalar, k;
    assert_int_equal(anl_kernels_fill(&scalar, "scalar"), 0);
    const int32_t shapes[][2] = {{96, 32}, {32, 64}, {384, 128}, {128, 256}, {16, 4}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; ++s)
        for (int32_t rows = 1; rows <= 13; ++rows) {
            const int32_t n = shapes[s][0], depth = shapes[s][1];
            const size_t w_size = (size_t)(n * depth), a_size = (size_t)(rows * depth), o_size = (size_t)(rows * n);
            int8_t *weights = guarded(w_size);
            uint8_t *a = guarded(a_size), *got = guarded(o_size), *expected = malloc(o_size);
            int32_t *offset = guarded((size_t)n * 4);
            float *scale = guarded((size_t)n * 4), *bias = guarded((size_t)n * 4);
            int16_t *x = guarded(o_size * 2), *y = malloc(o_size * 2);
            for (size_t i = 0; i < w_size; ++i) weights[i] = rows & 1 ? (int8_t)(random_below(255) - 127) : -127;
            for (size_t i = 0; i < a_size; ++i) a[i] = rows & 1 ? (uint8_t)random_below(256) : 255;
            for (int32_t o = 0; o < n; ++o) {
                offset[o] = (int32_t)random_below(100000) - 50000;
                scale[o] = 0.001f * (float)random_below(100);
                bias[o] = (float)random_below(50);
            }
            const anl_encode_linear l = {n, depth, weights, offset, scale, bias};
            for (const char *const *level = anl_kernels_levels(); *level; ++level) {
                assert_int_equal(anl_kernels_fill(&k, *level), 0);
                scalar.encode.linear_s8(&l, a, rows, (int8_t *)expected);
                k.encode.linear_s8(&l, a, rows, (int8_t *)got);
                assert_memory_equal(got, expected, o_size);
                scalar.encode.linear_relu(&l, a, rows, expected);
                k.encode.linear_relu(&l, a, rows, got);
                assert_memory_equal(got, expected, o_size);
                for (size_t i = 0; i < o_size; ++i) x[i] = y[i] = (int16_t)(random_below(65535) - 32767);
                scalar.encode.linear_add(&l, a, rows, y);
                k.encode.linear_add(&l, a, rows, x);
                assert_memory_equal(x, y, o_size * 2);
            }
            release(weights, w_size);
            release(a, a_size);
            release(got, o_size);
            release(offset, (size_t)n * 4);
            release(scale, (size_t)n * 4);
            release(bias, (size_t)n * 4);
            release(x, o_size * 2);
            free(expected);
            free(y);
        }
}

static void attention_agrees(void **unused)
{
    (void)unused;
    anl_kernels scalar, k;
    assert_int_equal(anl_kernels_fill(&scalar, "scalar"), 0);
    for (int32_t tokens = 1; tokens <= 50; ++tokens) {
        const int32_t d = tokens % 2 ? 64 : 128;
        const size_t in = (size_t)(tokens * 3 * d), out = (size_t)(tokens * d);
        int8_t *qkv = guarded(in);
        uint8_t *expected = malloc(out), *got = guarded(out);
        float scale[4], slope[4];
        for (size_t i = 0; i < in; ++i) qkv[i] = (int8_t)(random_below(255) - 127);
        for (int h = 0; h < 4; ++h) {
            scale[h] = 0.0001f * (float)random_below(20);
            slope[h] = 0.1f * (float)random_below(10);
        }
        scalar.encode.attention(qkv, tokens, d, scale, slope, expected);
        for (const char *const *level = anl_kernels_levels(); *level; ++level) {
            assert_int_equal(anl_kernels_fill(&k, *level), 0);
            memset(got, 0, out);
            k.encode.attention(qkv, tokens, d, scale, slope, got);
            assert_memory_equal(got, expected, out);
        }
        release(qkv, in);
        release(got, out);
        free(expected);
    }
}

/* Gather, norm and pool on one random sequence. */
static void the_rest_agrees(void **unused)
{
    (void)unused;
    enum { D = 96, TOKENS = 20, ROWS = 300 };
    static int8_t table[ROWS * D], gate[D];
    uint16_t rows[TOKENS * 8];
    int32_t begin[TOKENS + 1] = {0};
    anl_kernels scalar, k;
    assert_int_equal(anl_kernels_fill(&scalar, "scalar"), 0);
    for (int i = 0; i < ROWS * D; ++i) table[i] = (int8_t)(random_below(255) - 127);
    for (int i = 0; i < D; ++i) gate[i] = (int8_t)(random_below(255) - 127);
    for (int i = 0; i < TOKENS * 8; ++i) rows[i] = (uint16_t)random_below(ROWS);
    for (int t = 0; t < TOKENS; ++t) begin[t + 1] = begin[t] + (int32_t)random_below(9);
    int16_t x[TOKENS * D], y[TOKENS * D];
    uint8_t a[TOKENS * D], b[TOKENS * D];
    int32_t p[D], q[D];
    scalar.encode.gather(table, D, rows, begin, TOKENS, x);
    for (int c = 0; c < D; ++c) x[3 * D + c] = 7; /* a constant row */
    scalar.encode.norm(x, TOKENS, D, 32.0f, a);
    scalar.encode.pool(x, TOKENS, D, gate, 1e-6f, 0.2f, p);
    for (const char *const *level = anl_kernels_levels(); *level; ++level) {
        assert_int_equal(anl_kernels_fill(&k, *level), 0);
        k.encode.gather(table, D, rows, begin, TOKENS, y);
        for (int c = 0; c < D; ++c) y[3 * D + c] = 7;
        assert_memory_equal(x, y, sizeof x);
        k.encode.norm(x, TOKENS, D, 32.0f, b);
        assert_memory_equal(a, b, sizeof a);
        for (int c = 0; c < D; ++c) assert_int_equal(b[3 * D + c], 128);
        k.encode.pool(x, TOKENS, D, gate, 1e-6f, 0.2f, q);
        assert_memory_equal(p, q, sizeof p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_stay_inside),
        cmocka_unit_test(attention_agrees),
        cmocka_unit_test(the_rest_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
