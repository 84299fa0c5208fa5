/* What the kernel tests see in the place of the machine's levels: that of AVX-VNNI, its files built for AVX-512 and their fill functions
 * renamed (CMakeLists.txt), on top of AVX2. */
#include "levels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"scalar", "avx2", "avxvnni", NULL};

const char *const *evex_levels(void)
{
    const char *const *level = anl_kernels_levels();
    while (*level && strcmp(*level, "avx512")) ++level;
    if (*level) return names;
    fputs("skipped: this machine has no AVX-512\n", stderr);
    exit(77);
}

int evex_fill(anl_kernels *t, const char *cap)
{
    const int evex = cap && !strcmp(cap, "avxvnni"), rc = anl_kernels_fill(t, evex ? "avx2" : cap);
    if (rc || !evex) return rc;
    anl_encode_fill_avxvnni(&t->encode);
    anl_scan_fill_avxvnni(&t->scan);
    return 0;
}
