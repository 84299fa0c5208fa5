#include "window_store.h"

#include "index_build.h"

#include <unistd.h>

int anl_window_store_new(anl_index **out, const anl_model *m, const uint8_t *bases, int64_t n, int window, int stride, int threads)
{
    static const anl_contig whole = {.name = "windows", .md5 = "00000000000000000000000000000000"};
    const anl_index_options o = {.window = window, .stride = stride, .threads = threads};
    char path[ANL_SCRATCH_NAME];
    anl_index_builder *b = NULL;
    anl_contig contig = whole;
    contig.len = n;
    *out = NULL;
    const int file = anl_scratch_open(NULL);
    if (file < 0) return ANL_EIO;
    anl_scratch_name(file, path);
    int rc = anl_index_builder_new(&b, &o, m);
    if (!rc) rc = anl_index_builder_add(b, &contig, bases, NULL);
    if (!rc) rc = anl_index_builder_write(b, path);
    anl_index_builder_free(b);
    if (!rc) rc = anl_index_open(out, path);
    if (!rc) rc = anl_index_check(*out);
    close(file);
    return rc;
}
