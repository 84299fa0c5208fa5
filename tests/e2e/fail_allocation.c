/* Preloaded: allocation number $FAIL_AT of the process fails, all others do not; or, where the process calls fail_allocation(N), number N from
 * there on, -1: none. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_long seen;
static long at = -1;

__attribute__((constructor)) static void begin(void)
{
    const char *n = getenv("FAIL_AT");
    if (n) at = atol(n);
}

void fail_allocation(long n)
{
    atomic_store(&seen, 0);
    at = n;
}

static int fails(void)
{
    return at >= 0 && atomic_fetch_add(&seen, 1) == at && (errno = ENOMEM);
}

void *malloc(size_t n)
{
    return fails() ? NULL : __libc_malloc(n);
}
void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}
void *realloc(void *p, size_t n)
{
    return fails() ? NULL : __libc_realloc(p, n);
}
void *aligned_alloc(size_t align, size_t n)
{
    return fails() ? NULL : __libc_memalign(align, n);
}
