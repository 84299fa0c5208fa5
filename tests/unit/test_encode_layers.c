/* The encoder's kernels: every level against scalar, on buffers that end at a guard page, sizes around the vector widths, random
 * and extreme values. */
#include "random.h"

#include "kernels.h"

#include <math.h>

enum { BUFFERS = 24 };
static struct {
    void *p;
    size_t size;
} buffers[BUFFERS];
static int buffer_count;

static void *guard(size_t size)
{
    assert_true(buffer_count < BUFFERS);
    buffers[buffer_count].p = guarded(size);
    buffers[buffer_count].size = size;
    return buffers[buffer_count++].p;
}

static void release_all(void)
{
    while (buffer_count) {
        --buffer_count;
        release(buffers[buffer_count].p, buffers[buffer_count].size);
    }
}

static int between(int low, int high)
{
    return low + (int)random_below((uint32_t)(high - low + 1));
}

/* Extreme 0: random over the whole range; 1: all lowest; 2: all highest; 3: lowest and highest at random. */
static int value(int low, int high, int extreme)
{
    switch (extreme) {
    case 1: return low;
    case 2: return high;
    case 3: return random_below(2) ? low : high;
    default: return between(low, high);
    }
}

static void fill8(void *p, size_t n, int low, int high, int extreme)
{
    for (size_t i = 0; i < n; ++i) ((uint8_t *)p)[i] = (uint8_t)value(low, high, extreme);
}

static void fill16(int16_t *p, size_t n, int low, int high, int extreme)
{
    for (size_t i = 0; i < n; ++i) p[i] = (int16_t)value(low, high, extreme);
}

static const int dims[] = {32, 96, 128, 256};
static const int counts[] = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 48, 49, 64};
#define COUNT(a) (int)(sizeof(a) / sizeof *(a))

static anl_encode_kernels scalar, other;
static const char *level_name;

static void each_level(void (*test)(void))
{
    anl_kernels k;
    assert_int_equal(anl_kernels_fill(&k, "scalar"), 0);
    scalar = k.encode;
    for (const char *const *level = anl_kernels_levels(); *level; ++level) {
        assert_int_equal(anl_kernels_fill(&k, *level), 0);
        other = k.encode;
        level_name = *level;
        test();
        release_all();
    }
}

static void same(const char *what, const void *a, const void *b, size_t bytes, int d, int m)
{
    if (!memcmp(a, b, bytes)) return;
    fprintf(stderr, "%s at level %s, d %d, %d rows\n", what, level_name, d, m);
    assert_memory_equal(a, b, bytes);
}

static void gather_one(int d, int m, int extreme)
{
    enum { TABLE = 40 };
    int8_t *table = guard((size_t)(TABLE * d));
    uint16_t(*rows)[ANL_TOKEN_KMERS] = guard((size_t)m * sizeof *rows);
    size_t bytes = (size_t)(m * d) * 2;
    int16_t *x = guard(bytes), *y = guard(bytes);
    fill8(table, (size_t)(TABLE * d), -128, 127, extreme);
    for (int i = 0; i < m * ANL_TOKEN_KMERS; ++i) rows[i / ANL_TOKEN_KMERS][i % ANL_TOKEN_KMERS] = (uint16_t)between(0, TABLE - 1);
    scalar.gather(table, (const uint16_t(*)[ANL_TOKEN_KMERS])rows, m, d, x);
    other.gather(table, (const uint16_t(*)[ANL_TOKEN_KMERS])rows, m, d, y);
    same("gather", x, y, bytes, d, m);
    release_all();
}

static void sum_rows_one(int d, int m, int extreme)
{
    enum { TABLE = 40 };
    int8_t *table = guard((size_t)(TABLE * d));
    uint16_t(*rows)[ANL_TOKEN_KMERS] = guard((size_t)m * sizeof *rows);
    int16_t *weight = guard((size_t)m * sizeof *weight);
    const size_t bytes = (size_t)d * 4;
    int32_t *x = guard(bytes), *y = guard(bytes);
    fill8(table, (size_t)(TABLE * d), -128, 127, extreme);
    fill16(weight, (size_t)m, -128, 127, extreme);
    for (int i = 0; i < m * ANL_TOKEN_KMERS; ++i) rows[i / ANL_TOKEN_KMERS][i % ANL_TOKEN_KMERS] = (uint16_t)between(0, TABLE - 1);
    scalar.sum_rows(table, (const uint16_t(*)[ANL_TOKEN_KMERS])rows, weight, m, d, x);
    other.sum_rows(table, (const uint16_t(*)[ANL_TOKEN_KMERS])rows, weight, m, d, y);
    same("sum_rows", x, y, bytes, d, m);
    release_all();
}

/* Rows of all sizes, the largest beyond what the sum of squares counts. */
static void unit_one(int d, int m, int extreme)
{
    int32_t *x = guard((size_t)d * 4);
    int8_t *a = guard((size_t)d), *b = guard((size_t)d);
    const int most = m == 1 ? 0 : m < 31 ? 1 << m : INT32_MAX;
    for (int c = 0; c < d; ++c)
        x[c] = extreme == 0           ? (int)((int64_t)between(-1000, 1000) * most / 1000)
               : extreme == 3 && c    ? 0
               : value(0, 1, extreme) ? most
                                      : -most;
    for (double length = 1; length < 4096; length *= 3) {
        scalar.unit_s8(x, d, length, a);
        other.unit_s8(x, d, length, b);
        same("unit_s8", a, b, (size_t)d, d, m);
        if (m == 1) assert_true(a[0] == 0 && a[d - 1] == 0);
        other.unit_u8(x, d, length, (uint8_t *)b);
        for (int c = 0; c < d; ++c) assert_int_equal((uint8_t)b[c], a[c] + 128);
    }
    release_all();
}

static void norm_one(int d, int m, int extreme)
{
    size_t n = (size_t)(m * d);
    int16_t *x = guard(2 * n);
    uint8_t *a = guard(n), *b = guard(n);
    fill16(x, n, -32768, 32767, extreme);
    if (extreme == 0 && m > 1) fill16(x, (size_t)d, -3, 3, 0);
    for (float scale = 1; scale < 128; scale += 31.5f) {
        scalar.norm(x, m, d, scale, a);
        other.norm(x, m, d, scale, b);
        same("norm", a, b, n, d, m);
    }
    release_all();
}

static void pool_one(int d, int m, int extreme)
{
    size_t n = (size_t)(m * d);
    int16_t *x = guard(2 * n), *w = guard((size_t)d * 2), *g = guard((size_t)m * 2);
    int32_t *a = guard(4 * n), *b = guard(4 * n);
    fill16(x, n, -32768, 32767, extreme);
    fill16(w, (size_t)d, -128, 127, extreme);
    fill16(g, (size_t)m, 0, 256, extreme == 1 ? 2 : extreme);
    scalar.dot(x, w, m, d, a);
    other.dot(x, w, m, d, b);
    same("dot", a, b, (size_t)m * 4, d, m);
    scalar.pool(x, g, m, d, a);
    other.pool(x, g, m, d, b);
    same("pool", a, b, (size_t)d * 4, d, m);
    release_all();
}

static void attend_one(int d, int m, int extreme)
{
    size_t n = (size_t)(m * d), heads = (size_t)d / 32;
    int8_t *qkv = guard(3 * n);
    uint8_t *a = guard(n), *b = guard(n);
    float *scale = guard(heads * sizeof *scale), (*bias)[128] = guard(heads * sizeof *bias);
    fill8(qkv, 3 * n, -127, 127, extreme);
    for (size_t h = 0; h < heads; ++h) {
        scale[h] = (float)between(-1000, 1000) * (random_below(2) ? 1e-7f : 3e-2f);
        float slope = (float)between(0, 1000) * (random_below(2) ? 1e-3f : 1e3f);
        for (int i = 0; i < 128; ++i) bias[h][i] = -slope * (float)abs(i - 64);
    }
    anl_attention p = {.d = d, .scale = scale, .bias = (const float(*)[128])bias};
    scalar.attend(&p, qkv, m, a);
    other.attend(&p, qkv, m, b);
    same("attend", a, b, n, d, m);
    release_all();
}

static void linear_one(int n, int k, int m, int extreme)
{
    anl_linear_packed l = {.n = n, .k = k};
    size_t in = (size_t)(m * k), out = (size_t)(m * n);
    int8_t *w = guard((size_t)(n * k));
    uint8_t *a = guard(in);
    int32_t *init = guard((size_t)n * 4), *y = guard(4 * out), *z = guard(4 * out);
    float *scale = guard((size_t)n * 4), *shift = guard((size_t)n * 4);
    int16_t *x1 = guard(2 * out), *x2 = guard(2 * out);
    uint8_t *b1 = guard(out), *b2 = guard(out);
    void *packed = guard(scalar.pack_size(n, k)), *packed2 = guard(other.pack_size(n, k));
    fill8(w, (size_t)(n * k), -128, 127, extreme);
    fill8(a, in, 0, 255, extreme == 1 ? 2 : extreme);
    float limit = extreme == 0 ? 0.001f : extreme == 3 ? 32.0f : 1.0f;
    for (int o = 0; o < n; ++o) {
        init[o] = extreme ? between(-1, 1) * (1 << 24) : between(-1000000, 1000000);
        scale[o] = limit * (float)between(-1000, 1000) / 1000;
        shift[o] = (float)between(-1000, 1000) * (extreme == 3 ? 268435.0f : 0.25f);
    }
    fill16(x1, out, -32768, 32767, extreme);
    memcpy(x2, x1, 2 * out);
    scalar.pack(w, n, k, packed);
    other.pack(w, n, k, packed2);
    anl_linear_packed l1 = l, l2 = l;
    l1.init = l2.init = init;
    l1.scale = l2.scale = scale;
    l1.shift = l2.shift = shift;
    l1.w = packed;
    l2.w = packed2;
    scalar.linear_s32(&l1, a, m, y);
    other.linear_s32(&l2, a, m, z);
    same("linear_s32", y, z, 4 * out, n, m);
    scalar.linear_u8(&l1, a, m, b1);
    other.linear_u8(&l2, a, m, b2);
    same("linear_u8", b1, b2, out, n, m);
    scalar.linear_s8(&l1, a, m, (int8_t *)b1);
    other.linear_s8(&l2, a, m, (int8_t *)b2);
    same("linear_s8", b1, b2, out, n, m);
    scalar.linear_add(&l1, a, m, x1);
    other.linear_add(&l2, a, m, x2);
    same("linear_add", x1, x2, 2 * out, n, m);
    release_all();
}

static void vary(void (*one)(int d, int m, int extreme))
{
    for (int d = 0; d < COUNT(dims); ++d)
        for (int m = 0; m < COUNT(counts); ++m)
            for (int extreme = 0; extreme < 4; ++extreme) one(dims[d], counts[m], extreme);
}

static void check_small(void)
{
    vary(gather_one);
    vary(sum_rows_one);
    vary(unit_one);
    vary(norm_one);
    vary(pool_one);
    vary(attend_one);
}

static void check_linear(void)
{
    static const int shapes[][2] = {{32, 32}, {96, 32}, {64, 64}, {96, 96}, {288, 96}, {128, 256}, {384, 128}, {160, 320}, {256, 512}};
    for (int i = 0; i < COUNT(shapes); ++i)
        for (int m = 1; m < 15; ++m)
            for (int extreme = 0; extreme < 4; ++extreme) linear_one(shapes[i][0], shapes[i][1], m, extreme);
}

static void test_kernels(void **unused)
{
    (void)unused;
    each_level(check_small);
}

static void test_linear(void **unused)
{
    (void)unused;
    each_level(check_linear);
}

static void test_gate(void **unused)
{
    (void)unused;
    assert_int_equal(anl_encode_gate(0), 128);
    for (int i = -3000; i <= 3000; ++i) {
        float z = (float)i / 300;
        int g = anl_encode_gate(z);
        assert_int_equal(g + anl_encode_gate(-z), 256);
        assert_true(fabs(g - 256 / (1 + exp(-2 * (double)z))) <= 0.501);
    }
    assert_int_equal(anl_encode_gate(1e30f), 256);
    assert_int_equal(anl_encode_gate(-1e30f), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kernels), cmocka_unit_test(test_linear), cmocka_unit_test(test_gate)};
    random_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
