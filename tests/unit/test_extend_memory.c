/* An allocation that fails is an error, not an alignment: of a read too long for what the stack holds. */
#include "random.h"

#include "base.h"
#include "extend.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
static int failing;
enum { CAN_FAIL = 0 }; /* a sanitizer has an allocator of its own */
#else
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
static int failing;
enum { CAN_FAIL = 1 };

void *malloc(size_t n)
{
    return failing ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return failing ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return failing ? NULL : __libc_realloc(p, n);
}
#endif

enum { LEN = 3000 };

static void long_ungapped_alignment(void **unused)
{
    (void)unused;
    static uint8_t query[LEN], target[LEN];
    random_state = 1;
    for (int i = 0; i < LEN; ++i) query[i] = target[i] = (uint8_t)random_below(4);
    query[LEN / 2] ^= 1;
    const anl_extend_params p = {.score = {1, 4, 6, 1, 6, 1}, .clip5 = 5, .clip3 = 5};
    const anl_extend_problem x = {query, target, LEN, LEN, 0, 0, 0};
    anl_kernels k;
    anl_extend_scratch *s;
    anl_extension e = {0};
    assert_int_equal(anl_kernels_fill(&k, NULL), 0);
    assert_int_equal(anl_extend_scratch_new(&s), 0);
    assert_int_equal(anl_extend_ungapped_trace(&p, &k.sw, &x, s, &e), 0);
    assert_int_equal(e.score, LEN - 1 - 4);
    e = (anl_extension){.total = -1};
    failing = CAN_FAIL;
    const int rc = anl_extend_ungapped_trace(&p, &k.sw, &x, s, &e);
    failing = 0;
    if (rc)
        assert_int_equal(rc, ANL_ENOMEM);
    else
        assert_int_equal(e.score, LEN - 1 - 4); /* what needed no memory */
    anl_extend_scratch_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(long_ungapped_alignment)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
