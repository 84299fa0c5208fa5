#include "fasta_index.h"

#include "output.h"

#include <htslib/faidx.h>
#include <htslib/hfile.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FAI, GZI, FILES };

static int is_empty(const char *path)
{
    struct stat st;
    return stat(path, &st) || !st.st_size;
}

/* Where htslib writes a file that it opens by name. */
static const char *written(const anl_output *o)
{
    const char *temporary = anl_output_temporary(o);
    return temporary ? temporary : anl_output_label(o);
}

int anl_fasta_index_make(const char *path)
{
    static const char *const endings[FILES] = {".fai", ".gzi"};
    char name[FILES][PATH_MAX];
    anl_output *to[FILES] = {NULL, NULL};
    int rc = ANL_OK;
    for (int i = 0; i < FILES && !rc; ++i)
        if (snprintf(name[i], sizeof name[i], "%s%s", path, endings[i]) >= PATH_MAX) rc = anl_fail(ANL_EINVAL, "%s: name too long", path);
    if (rc || hisremote(path) || !access(name[FAI], F_OK)) return rc;
    for (int i = 0; i < FILES && !rc; ++i) rc = anl_output_open(&to[i], name[i], ANL_OUTPUT_STREAM);
    if (!rc && fai_build3(path, written(to[FAI]), written(to[GZI]))) rc = anl_fail(ANL_EIO, "%s: cannot use as reference", path);
    for (int i = GZI; i >= FAI; --i) { /* the .fai last: it says that all is there */
        if (!rc && (i == FAI || !is_empty(written(to[i]))))
            rc = anl_output_close(to[i]);
        else
            anl_output_abort(to[i]);
    }
    return rc;
}
