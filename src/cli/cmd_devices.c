#include "cli.h"
#include "command.h"
#include "devices.h"
#include "kernels.h"

#include <stdio.h>
#include <unistd.h>

static int run(void *settings, const cli_call *call)
{
    enum { MOST = 64 };
    anl_device devices[MOST];
    const char *why;
    (void)settings, (void)call;
    if (!anl_kernels_get()) return cli_fail();
    printf("cpu\t%ld cores\tlevels", sysconf(_SC_NPROCESSORS_ONLN));
    for (const char *const *level = anl_kernels_levels(); *level; ++level) printf(" %s", *level);
    printf("\tuses %s\n", anl_kernels_get()->name);
    const int n = anl_devices_find(devices, MOST, &why);
    if (!n) printf("cuda\t%s\n", why);
    for (int i = 0; i < n && i < MOST; ++i)
        printf("cuda:%d\t%s\tsm_%d%d\t%zu MiB\t%d multiprocessors\n", i, devices[i].name, devices[i].major, devices[i].minor,
               devices[i].memory >> 20, devices[i].multiprocessors);
    return 0;
}

const cli_command cmd_devices = {
    .name = "devices",
    .what = "print what this machine offers",
    .usage = "",
    .about =
        "Prints what this machine offers: cores and kernel levels (the last one is used; ANNEAL_KERNELS caps it), and NVIDIA GPUs that the "
        "program sees; anneal index and align use the first one unless --device says otherwise.",
    .run = run,
};
