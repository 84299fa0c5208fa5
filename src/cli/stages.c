#include "stages.h"

#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void cli_stages_start(cli_stages *s)
{
    *s = (cli_stages){.last = anl_now(), .last_cpu = cpu_now()};
}

void cli_stages_note(cli_stages *s, const char *stage)
{
    const double now = anl_now(), cpu = cpu_now();
    int i = 0;
    while (i < s->n && strcmp(s->name[i], stage)) ++i;
    if (i == s->n && s->n < CLI_MOST_STAGES) s->name[s->n++] = stage;
    if (i == s->n) return;
    s->seconds[i] += now - s->last;
    s->cpu_seconds[i] += cpu - s->last_cpu;
    s->last = now;
    s->last_cpu = cpu;
}

void cli_stages_print(const cli_stages *s)
{
    for (int i = 0; i < s->n; ++i) fprintf(stderr, "%-20s%8.1f s%8.1f CPU s\n", s->name[i], s->seconds[i], s->cpu_seconds[i]);
}
