#define _GNU_SOURCE /* syscall */
#include "amx.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

int anl_amx_granted(anl_amx_type type)
{
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18, TILES = 1 << 24 };
    unsigned a, b, c, d = 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d & TILES) || !(d & (unsigned)type)) return 0;
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}
#endif
