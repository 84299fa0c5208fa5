/* The levels that this processor can run, on one line. */
#include "kernels.h"

#include <stdio.h>

int main(void)
{
    for (const char *const *level = anl_kernels_levels(); *level; ++level) printf("%s%s", level == anl_kernels_levels() ? "" : " ", *level);
    return puts("") < 0;
}
