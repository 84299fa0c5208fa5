#include "window_store.h"

#include "index_build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int anl_window_store_new(anl_index **out, const anl_model *m, const uint8_t *bases, int64_t n, int window, int stride, int threads)
{
    static const anl_contig whole = {.name = "windows", .md5 = "00000000000000000000000000000000"};
    const anl_index_options o = {.window = window, .stride = stride, .threads = threads};
    const char *folder = getenv("TMPDIR");
    char path[4096];
    anl_index_builder *b = NULL;
    anl_contig contig = whole;
    contig.len = n;
    *out = NULL;
    snprintf(path, sizeof path, "%s/anneal-windows-XXXXXX", folder && *folder ? folder : "/tmp");
    int fd = mkstemp(path);
    if (fd < 0) return anl_fail(ANL_EIO, "%s: %s", path, strerror(errno));
    int rc = anl_index_builder_new(&b, &o, m);
    if (!rc) rc = anl_index_builder_add(b, &contig, bases, NULL);
    if (!rc) rc = anl_index_builder_write(b, path);
    anl_index_builder_free(b);
    if (!rc) rc = anl_index_open(out, path);
    unlink(path);
    close(fd);
    return rc;
}
