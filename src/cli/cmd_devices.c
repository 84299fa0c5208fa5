#include "cli.h"
#include "devices.h"
#include "kernels.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: anneal devices\n\nPrints what this machine offers: cores and kernel levels (the last one is used; ANNEAL_KERNELS caps it), and\n"
    "NVIDIA GPUs that the program sees; anneal index and align use the first one unless --device says otherwise.\n";

int cmd_devices(int argc, char **argv)
{
    enum { MOST = 64 };
    anl_device devices[MOST];
    const char *why;
    if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
        fputs(help, stdout);
        return 0;
    }
    if (argc != 1) return cli_usage("devices: takes nothing; anneal devices --help tells more");
    if (!anl_kernels_get()) return cli_fail();
    printf("cpu\t%ld cores\tlevels", sysconf(_SC_NPROCESSORS_ONLN));
    for (const char *const *level = anl_kernels_levels(); *level; ++level) printf(" %s", *level);
    printf("\tuses %s\n", anl_kernels_get()->name);
    const int n = anl_devices_find(devices, MOST, &why);
    if (!n) printf("cuda\t%s\n", why);
    for (int i = 0; i < n && i < MOST; ++i)
        printf("cuda:%d\t%s\tsm_%d%d\t%zu MiB\t%d multiprocessors\n", i, devices[i].name, devices[i].major, devices[i].minor, devices[i].memory >> 20,
               devices[i].multiprocessors);
    return 0;
}
