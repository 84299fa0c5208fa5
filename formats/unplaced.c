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

/* `path` with a number in place of its last %. */
static int open_numbered(anl_fastq_writer **out, const char *path, const char *percent, int number)
{
    char name[PATH_MAX];
    if (snprintf(name, sizeof name, "%.*s%d%s", (int)(percent - path), path, number, percent + 1) >= (int)sizeof name)
        return anl_fail(ANL_EINVAL, "%s: name too long", path);
    return anl_fastq_writer_open(out, name);
}

int anl_unplaced_open(anl_unplaced **out, const char *path)
{
    const char *slash = strrchr(path, '/'), *percent = strrchr(slash ? slash : path, '%');
    anl_unplaced *u = anl_alloc(1, sizeof *u);
    if (!u) return ANL_ENOMEM;
    int rc = snprintf(u->path, sizeof u->path, "%s", path) < (int)sizeof u->path ? ANL_OK : anl_fail(ANL_EINVAL, "%s: name too long", path);
    if (!rc && !percent) rc = anl_fastq_writer_open(&u->of[0], path);
    for (int i = 0; i < 2 && percent && !rc; ++i) rc = open_numbered(&u->of[i], path, percent, i + 1);
    if (rc) {
        anl_unplaced_abort(u);
        return rc;
    }
    *out = u;
    return ANL_OK;
}

int anl_unplaced_write(anl_unplaced *u, const anl_record *records, size_t n)
{
    int rc = ANL_OK;
    for (size_t i = 0; i < n && !rc; ++i) {
        const anl_record *r = &records[i];
        const int paired = r->flag & PAIRED;
        if (!(r->flag & UNMAPPED) || (paired && !(r->flag & MATE_UNMAPPED))) continue;
        if (!paired && u->of[1]) return anl_fail(ANL_EINVAL, "--un %s: read '%.100s' is single; without the %% one file takes all", u->path, r->read->name);
        rc = anl_fastq_writer_put(u->of[u->of[1] && r->read->mate == 2], r->read);
    }
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
