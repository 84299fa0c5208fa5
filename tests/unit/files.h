/* A temporary folder for the tests of one program, and small files in it. */
#ifndef ANL_TEST_FILES_H
#define ANL_TEST_FILES_H

#include "random.h"

#include <dirent.h>
#include <zlib.h>

static char test_folder[64];

static inline int folder_set_up(void **unused)
{
    (void)unused;
    strcpy(test_folder, "/tmp/anneal-test-XXXXXX");
    return mkdtemp(test_folder) ? 0 : -1;
}

static inline int files_in_folder(void)
{
    DIR *d = opendir(test_folder);
    int n = 0;
    for (struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static inline int folder_tear_down(void **unused)
{
    (void)unused;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", test_folder);
    return system(command);
}

/* The path of `name` in the folder; four at a time. */
static inline const char *in_folder(const char *name)
{
    static char paths[4][256];
    static int next;
    char *p = paths[next++ % 4];
    snprintf(p, sizeof paths[0], "%s/%s", test_folder, name);
    return p;
}

static inline const char *write_bytes(const char *name, const void *bytes, size_t n)
{
    const char *path = in_folder(name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    return path;
}

static inline const char *write_text(const char *name, const char *text)
{
    return write_bytes(name, text, strlen(text));
}

static inline const char *write_gzip(const char *name, const char *text, int append)
{
    const char *path = in_folder(name);
    gzFile f = gzopen(path, append ? "ab" : "wb");
    assert_non_null(f);
    assert_int_equal(gzwrite(f, text, (unsigned)strlen(text)), strlen(text));
    assert_int_equal(gzclose(f), Z_OK);
    return path;
}

#endif
