/* As much of cmocka as the kernel tests use: cmocka itself is not there for the machine that is emulated. */
#ifndef CMOCKA_H_
#define CMOCKA_H_

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **);
};

#define cmocka_unit_test(f)                                                                                                                \
    {                                                                                                                                      \
#f, f                                                                                                                              \
    }
#define assert_true(x) ((x) ? (void)0 : (fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x), abort()))
#define assert_int_equal(a, b) assert_true((a) == (b))
#define assert_memory_equal(a, b, n) assert_true(!memcmp(a, b, n))
#define skip() return

#define cmocka_run_group_tests(tests, set_up, tear_down) run_tests(tests, sizeof(tests) / sizeof *(tests))

static inline int run_tests(const struct CMUnitTest *tests, size_t n)
{
    for (size_t i = 0; i < n; ++i) {
        tests[i].run(NULL);
        fprintf(stderr, "%s passed\n", tests[i].name);
    }
    return 0;
}

#endif
