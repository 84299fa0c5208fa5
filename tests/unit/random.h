/* What the unit tests share: cmocka's headers in the order it needs, and a seeded generator. */
#ifndef ANL_TEST_RANDOM_H
#define ANL_TEST_RANDOM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t random_state;

/* Starts from $ANNEAL_SEED, or 1, and prints it, so that a failure can be run again. */
static inline void random_start(void)
{
    const char *seed = getenv("ANNEAL_SEED");
    random_state = seed ? strtoull(seed, NULL, 10) : 1;
    fprintf(stderr, "seed %llu\n", (unsigned long long)random_state);
}

static inline uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 32) * n >> 32);
}

/* `size` bytes that end where a page that must not be touched begins. */
static inline void *guarded(size_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (size + page - 1) / page * page;
    uint8_t *p = mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(p != MAP_FAILED);
    assert_int_equal(mprotect(p + whole, page, PROT_NONE), 0);
    return p + whole - size;
}

static inline void release(void *p, size_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (size + page - 1) / page * page;
    munmap((uint8_t *)p + size - whole, whole + page);
}

#endif
