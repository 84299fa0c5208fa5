#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const double REDRAW = 0.2, LINE = 60, SURE = 0.5; /* seconds between two showings, and until a speed means anything */

double anl_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

long anl_peak_mib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

void anl_meter_start(anl_meter *m, anl_meter_kind kind)
{
    const int terminal = isatty(STDERR_FILENO);
    *m = (anl_meter){.last = anl_now(), .terminal = kind != ANL_METER_OFF && terminal, .lines = kind == ANL_METER_LINES && !terminal};
}

/* "80 s", "12 min", "2 h 5 min" */
static void spell_time(double seconds, char *out, size_t size)
{
    const long s = seconds < 1e9 ? (long)(seconds + 0.5) : 1000000000, minutes = (s + 30) / 60;
    if (s < 120)
        snprintf(out, size, "%ld s", s);
    else if (minutes < 120)
        snprintf(out, size, "%ld min", minutes);
    else
        snprintf(out, size, "%ld h %ld min", minutes / 60, minutes % 60);
}

static void show(anl_meter *m, const char *unit, int64_t done, int64_t total)
{
    char left[40], text[200];
    const double seconds = anl_now() - m->start, rate = seconds < SURE ? 0 : (double)done / seconds;
    if (done > total && total) total = done; /* it was an estimate */
    int n = snprintf(text, sizeof text, "%s", m->stage);
    const int percent = total ? (int)(100.0 * (double)done / (double)total) : 0;
    if (percent > m->percent) m->percent = percent;
    if (total) n += snprintf(text + n, sizeof text - (size_t)n, ": %d%%", m->percent);
    if (total && rate > 0) {
        spell_time((double)(total - done) / rate, left, sizeof left);
        n += snprintf(text + n, sizeof text - (size_t)n, ", %s left", left);
    }
    if (unit && done) n += snprintf(text + n, sizeof text - (size_t)n, "%s %lld %s", total ? ";" : ":", (long long)done, unit);
    if (unit && rate > 0) n += snprintf(text + n, sizeof text - (size_t)n, ", %.0f/s", rate);
    snprintf(text + n, sizeof text - (size_t)n, "%s %ld MiB", unit && done ? "," : total ? ";" : ":", anl_peak_mib());
    fprintf(stderr, m->terminal ? "\r%s\033[K" : "%s\n", text);
    fflush(stderr);
}

void anl_meter_update(anl_meter *m, const char *stage, const char *unit, int64_t done, int64_t total)
{
    if (!m->terminal && !m->lines) return;
    const double now = anl_now();
    const int new = !m->stage || strcmp(m->stage, stage);
    if (new) {
        m->stage = stage;
        m->start = m->last;
        m->percent = 0;
    }
    m->last = now;
    if (!(new && m->terminal) && now - m->shown < (m->terminal ? REDRAW : LINE)) return;
    if (m->lines && !m->shown) { /* the first line comes after a minute, too */
        m->shown = now;
        return;
    }
    m->shown = now;
    show(m, unit, done, total);
}

void anl_meter_finish(anl_meter *m)
{
    if (m->terminal && m->shown > 0) fputs("\r\033[K", stderr);
}
