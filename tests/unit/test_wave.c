/* The wavefront kernel: every level computes the bytes that scalar computes. */
#include "random.h"

#include "kernels.h"

enum { MOST = 5 * ANL_WAVE_BLOCK, SEQUENCE = 300, SOURCES = 2 * ANL_WAVE_ENDS - 1 };

/* Cells that diagonals lo.. may hold: a block's end is the end of what may be read. */
static int16_t *random_cells(int32_t lo, int32_t size, int32_t qlen, int32_t tlen)
{
    int16_t *cells = guarded((size_t)size * sizeof *cells);
    for (int32_t i = 0; i < size; ++i) {
        const int32_t edge = tlen - lo - i, limit = edge < qlen ? edge : qlen, least = lo + i < 0 ? -lo - i : 0;
        cells[i] = limit < least || random_below(4) == 0 ? ANL_WAVE_NOWHERE
                                                         : (int16_t)(least + (int32_t)random_below((uint32_t)(limit - least + 1)));
    }
    return cells;
}

static void check_step(int32_t n, int32_t qlen, int32_t tlen, uint32_t letters)
{
    const int32_t size = (n + ANL_WAVE_BLOCK - 1) / ANL_WAVE_BLOCK * ANL_WAVE_BLOCK;
    const int32_t lo = -qlen + (int32_t)random_below((uint32_t)(qlen + tlen + 1 - n + 1));
    uint8_t *query = guarded((size_t)qlen + !qlen), *target = guarded((size_t)tlen + !tlen);
    for (int32_t i = 0; i < qlen; ++i) query[i] = random_below(50) ? (uint8_t)random_below(letters) : 5;
    for (int32_t i = 0; i < tlen; ++i) target[i] = random_below(50) ? (uint8_t)random_below(letters) : 4;
    anl_wave_step s = {.query = query, .target = target, .qlen = qlen, .tlen = tlen, .lo = lo, .n = n};
    int16_t *sources[SOURCES], *out[ANL_WAVE_ENDS];
    for (int i = 0; i < SOURCES; ++i) {
        const int end = (i + 1) / 2, insertion = end == ANL_WAVE_INS || end == ANL_WAVE_LONG_INS;
        sources[i] = random_cells(!i ? lo : insertion ? lo + 1 : lo - 1, size, qlen, tlen);
    }
    s.column = sources[0];
    for (int end = 1; end < ANL_WAVE_ENDS; ++end) s.open[end] = sources[2 * end - 1], s.more[end] = sources[2 * end];
    for (int end = 0; end < ANL_WAVE_ENDS; ++end) s.out[end] = out[end] = guarded((size_t)size * sizeof(int16_t));
    s.from = guarded((size_t)size);
    int16_t expected[ANL_WAVE_ENDS][MOST];
    uint8_t from[MOST];
    int32_t farthest = 0;
    for (const char *const *level = anl_kernels_levels(); *level; ++level) {
        anl_kernels k;
        assert_int_equal(anl_kernels_fill(&k, *level), 0);
        for (int end = 0; end < ANL_WAVE_ENDS; ++end) memset(out[end], 0x55, (size_t)size * sizeof(int16_t));
        memset(s.from, 0x55, (size_t)size);
        const int32_t got = k.wave.step(&s);
        if (level == anl_kernels_levels()) {
            farthest = got;
            memcpy(from, s.from, (size_t)size);
            for (int end = 0; end < ANL_WAVE_ENDS; ++end) {
                memcpy(expected[end], out[end], (size_t)size * sizeof(int16_t));
                for (int32_t i = n; i < size; ++i) assert_int_equal(out[end][i], ANL_WAVE_NOWHERE);
            }
        }
        assert_int_equal(got, farthest);
        assert_memory_equal(s.from, from, (size_t)size);
        for (int end = 0; end < ANL_WAVE_ENDS; ++end) assert_memory_equal(out[end], expected[end], (size_t)size * sizeof(int16_t));
    }
    for (int i = 0; i < SOURCES; ++i) release(sources[i], (size_t)size * sizeof(int16_t));
    for (int end = 0; end < ANL_WAVE_ENDS; ++end) release(out[end], (size_t)size * sizeof(int16_t));
    release(s.from, (size_t)size);
    release(query, (size_t)qlen + !qlen);
    release(target, (size_t)tlen + !tlen);
}

static void every_level_equals_scalar(void **unused)
{
    (void)unused;
    random_start();
    static const int32_t widths[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 97, 128};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; ++i)
        for (int round = 0; round < 20; ++round) {
            const int32_t n = widths[i];
            const int32_t qlen = n + (int32_t)random_below(SEQUENCE), tlen = (int32_t)random_below(SEQUENCE);
            check_step(n, qlen, tlen, round % 2 ? 4 : 1);
            check_step(n, tlen, qlen, round % 2 ? 4 : 2);
        }
}

/* Lengths near the largest position a cell holds, and targets beyond it. */
static void lengths_at_the_limit(void **unused)
{
    (void)unused;
    random_start();
    for (int round = 0; round < 20; ++round) check_step(33, ANL_WAVE_LONGEST, 30 + 5000 * round, 4 - 3 * (round % 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_equals_scalar),
        cmocka_unit_test(lengths_at_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
