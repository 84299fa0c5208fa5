#include "summary.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void cli_summary_print(const anl_summary *s, double seconds)
{
    const anl_counts *c = &s->counts;
    fprintf(stderr, "%lld reads, %lld mapped (%.2f%%)", (long long)c->reads, (long long)c->mapped,
            c->reads ? 100.0 * (double)c->mapped / (double)c->reads : 0.0);
    if (c->pairs) fprintf(stderr, ", %lld of %lld pairs proper (%.2f%%)", (long long)c->proper, (long long)c->pairs,
                          100.0 * (double)c->proper / (double)c->pairs);
    if (s->insert.usable) fprintf(stderr, ", insert size %.1f +- %.1f", s->insert.mean, s->insert.sd);
    fprintf(stderr, ", %.0f reads/s\n", (double)c->reads / (seconds + 1e-9));
}

int cli_summary_open(cli_summary_file *f, const char *path)
{
    struct stat st;
    const int direct = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
    int rc = direct ? ANL_OK : anl_temporary_name(path, f->temporary, sizeof f->temporary);
    if (!rc && !(f->file = fopen(direct ? path : f->temporary, "w"))) rc = anl_fail(ANL_EIO, "%s: cannot write: %s", path, strerror(errno));
    return rc;
}

int cli_summary_write(cli_summary_file *out, const char *path, const anl_summary *s, double seconds)
{
    FILE *f = out->file;
    const anl_counts *c = &s->counts;
    fprintf(f, "{\"reads\": %lld, \"mapped\": %lld, \"pairs\": %lld, \"proper_pairs\": %lld, ", (long long)c->reads,
            (long long)c->mapped, (long long)c->pairs, (long long)c->proper);
    if (s->insert.usable) fprintf(f, "\"insert_size\": {\"mean\": %.2f, \"sd\": %.2f}, ", s->insert.mean, s->insert.sd);
    else fputs("\"insert_size\": null, ", f);
    fprintf(f, "\"seconds\": %.3f, \"reads_per_second\": %.1f}\n", seconds, (double)c->reads / (seconds + 1e-9));
    errno = 0;
    return fflush(f) || ferror(f) ? anl_fail(ANL_EIO, "%s: cannot write: %s", path, strerror(errno ? errno : EIO)) : ANL_OK;
}

int cli_summary_close(cli_summary_file *f, const char *path, int rc)
{
    if (!f->file) return rc;
    if (fclose(f->file) && !rc) rc = anl_fail(ANL_EIO, "%s: cannot write: %s", path, strerror(errno));
    if (*f->temporary && !rc && rename(f->temporary, path)) rc = anl_fail(ANL_EIO, "%s: cannot write: %s", path, strerror(errno));
    if (*f->temporary && rc) remove(f->temporary);
    return rc;
}
