#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

double anl_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void anl_meter_start(anl_meter *m, const char *unit)
{
    *m = (anl_meter){.unit = unit, .start = anl_now(), .on = isatty(STDERR_FILENO)};
}

void anl_meter_update(anl_meter *m, int64_t done, int64_t total)
{
    double now = anl_now(), rate = (double)done / (now - m->start + 1e-9);
    if (!m->on || now - m->shown < 0.2) return;
    m->shown = now;
    fprintf(stderr, "\r%lld %s, %.0f/s", (long long)done, m->unit, rate);
    if (total > 0) fprintf(stderr, ", %d%%, %.0f s left", (int)(100 * done / total), (double)(total - done) / (rate + 1e-9));
    fputs("\033[K", stderr);
    fflush(stderr);
}

void anl_meter_finish(anl_meter *m)
{
    if (m->on && m->shown > 0) fputs("\r\033[K", stderr);
}
