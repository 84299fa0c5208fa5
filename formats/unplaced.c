#include "unplaced.h"

#include "fastq_writer.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRED = 0x1, UNMAPPED = 0x4, MATE_UNMAPPED = 0x8 };

struct anl_unplaced {
    anl_fastq_writer *of[2]; /* of second mates, too, unless there is a file for them */
    char path[PATH_MAX];     /* as it was given */
};

int anl_unplaced_name(const char *path, int number, char *out, size_t size)
{
    const char *slash = strrchr(path, '/'), *percent = strrchr(slash ? slash : path, '%');
    if (!percent) return 0;
    const int n = snprintf(out, size, "%.*s%d%s", (int)(percent - path), path, number, percent + 1);
    return n < (int)size ? 1 : anl_fail(ANL_EINVAL, "%s: name too long", path);
}

int anl_unplaced_open(anl_unplaced **out, const char *path)
{
    char name[PATH_MAX];
    anl_unplaced *u = anl_alloc(1, sizeof *u);
    if (!u) return ANL_ENOMEM;
    int rc = snprintf(u->path, sizeof u->path, "%s", path) < (int)sizeof u->path ? ANL_OK : anl_fail(ANL_EINVAL, "%s: name too long", path);
    for (int i = 0; i < 2 && !rc; ++i) {
        const int own = anl_unplaced_name(path, i + 1, name, sizeof name);
        rc = own < 0 ? own : own || !i ? anl_fastq_writer_open(&u->of[i], own ? name : path) : ANL_OK;
    }
    if (rc) {
        anl_unplaced_abort(u);
        return rc;
    }
    *out = u;
    return ANL_OK;
}

int anl_unplaced_collect(const anl_unplaced *u, const anl_record *records, size_t n, anl_bytes to[2])
{
    int rc = ANL_OK;
    for (size_t i = 0; i < n && !rc; ++i) {
        const anl_record *r = &records[i];
        const int paired = r->flag & PAIRED;
        if (!(r->flag & UNMAPPED) || (paired && !(r->flag & MATE_UNMAPPED))) continue;
        if (!paired && u->of[1])
            return anl_fail(ANL_EINVAL, "--un %s: read '%.100s' is single; without the %% one file takes all", u->path, r->read->name);
        rc = anl_fastq_append(&to[u->of[1] && r->read->mate == 2], r->read);
    }
    return rc;
}

int anl_unplaced_write(anl_unplaced *u, const anl_bytes from[2])
{
    int rc = ANL_OK;
    for (int i = 0; i < 2 && !rc; ++i)
        if (u->of[i]) rc = anl_fastq_writer_put(u->of[i], &from[i]);
    return rc;
}

int anl_unplaced_finish(anl_unplaced *u)
{
    int rc = ANL_OK;
    for (int i = 0; i < 2 && !rc; ++i)
        if (u->of[i]) rc = anl_fastq_writer_finish(u->of[i]);
    return rc;
}

int anl_unplaced_close(anl_unplaced *u)
{
    int rc = ANL_OK;
    for (int i = 0; i < 2 && !rc; ++i) {
        if (u->of[i]) rc = anl_fastq_writer_close(u->of[i]);
        u->of[i] = NULL;
    }
    anl_unplaced_abort(u);
    return rc;
}

void anl_unplaced_abort(anl_unplaced *u)
{
    if (!u) return;
    for (int i = 0; i < 2; ++i) anl_fastq_writer_abort(u->of[i]);
    free(u);
}
