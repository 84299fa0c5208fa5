/* What the benchmarks share: the clock, and giving up. */
#ifndef BENCH_H
#define BENCH_H

#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Seconds. */
static inline double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline void need(int ok)
{
    if (ok) return;
    fprintf(stderr, "%s\n", anl_error());
    exit(1);
}

#endif
