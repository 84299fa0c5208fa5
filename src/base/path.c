#include "path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_LINKS = 40 /* one behind the other, as the kernel has it */ };

int anl_path_descriptor(const char *path)
{
    static const char *const folders[] = {"/proc/self/fd/", "/dev/fd/"};
    if (!strcmp(path, "/dev/stdout")) return STDOUT_FILENO;
    if (!strcmp(path, "/dev/stderr")) return STDERR_FILENO;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; ++i) {
        const size_t n = strlen(folders[i]);
        if (strncmp(path, folders[i], n)) continue;
        char *end;
        const long number = strtol(path + n, &end, 10);
        if (path[n] >= '0' && path[n] <= '9' && !*end && number <= INT_MAX) return (int)number;
    }
    return -1;
}

/* Bytes of a path up to and with the last slash. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

int anl_path_resolve(const char *path, char *out, size_t size)
{
    if (snprintf(out, size, "%s", path) >= (int)size) return anl_fail(ANL_EINVAL, "%s: name too long", path);
    for (int i = 0; i < MOST_LINKS && anl_path_descriptor(out) < 0; ++i) {
        char link[PATH_MAX];
        const ssize_t n = readlink(out, link, sizeof link - 1);
        if (n < 0) return ANL_OK; /* no link, or nothing there */
        link[n] = 0;
        const size_t folder = *link == '/' ? 0 : folder_length(out);
        if (folder + (size_t)n >= size) return anl_fail(ANL_EINVAL, "%s: name too long", path);
        memcpy(out + folder, link, (size_t)n + 1);
    }
    return anl_path_descriptor(out) < 0 ? anl_fail(ANL_EINVAL, "%s: %s", path, strerror(ELOOP)) : ANL_OK;
}

/* What a name means; a file that is not there yet is known by its folder and its name. */
typedef struct identity {
    int known; /* 0: nothing that could be lost */
    dev_t device;
    ino_t inode;
    char name[NAME_MAX + 1];
} identity;

static identity identify(const char *path, int standard)
{
    identity id = {0};
    struct stat st;
    char target[PATH_MAX], folder[PATH_MAX];
    const int is_standard = !strcmp(path, "-");
    if (is_standard ? !fstat(standard, &st) : !stat(path, &st)) {
        id.known = S_ISREG(st.st_mode) || S_ISBLK(st.st_mode);
        id.device = st.st_dev;
        id.inode = st.st_ino;
        return id;
    }
    if (is_standard || anl_path_resolve(path, target, sizeof target)) return id;
    const size_t n = folder_length(target);
    snprintf(folder, sizeof folder, "%.*s", n ? (int)n : 1, n ? target : ".");
    id.known = !stat(folder, &st) && strlen(target + n) <= NAME_MAX;
    if (!id.known) return id;
    id.device = st.st_dev;
    id.inode = st.st_ino;
    strcpy(id.name, target + n);
    return id;
}

static int same(const identity *a, const identity *b)
{
    return a->known && b->known && a->device == b->device && a->inode == b->inode && !strcmp(a->name, b->name);
}

static const char *label(const char *path, const char *standard)
{
    return strcmp(path, "-") ? path : standard;
}

int anl_paths_check(const char *const *outputs, int n_outputs, const char *const *inputs, int n_inputs)
{
    for (int i = 0; i < n_outputs; ++i) {
        if (!outputs[i]) continue;
        const identity own = identify(outputs[i], STDOUT_FILENO);
        const char *name = label(outputs[i], "standard output");
        for (int j = 0; j < n_inputs; ++j) {
            const identity other = inputs[j] ? identify(inputs[j], STDIN_FILENO) : (identity){0};
            if (!same(&own, &other)) continue;
            if (!strcmp(outputs[i], inputs[j])) return anl_fail(ANL_EINVAL, "%s: is an input and would be written over", name);
            return anl_fail(ANL_EINVAL, "%s: is the same file as the input %s, which would be written over", name,
                            label(inputs[j], "standard input"));
        }
        for (int j = 0; j < i; ++j) {
            const identity other = outputs[j] ? identify(outputs[j], STDOUT_FILENO) : (identity){0};
            if (same(&own, &other))
                return anl_fail(ANL_EINVAL, "%s: two outputs would be written to this file%s%s", name,
                                strcmp(outputs[i], outputs[j]) ? ", the other one as " : "",
                                strcmp(outputs[i], outputs[j]) ? label(outputs[j], "standard output") : "");
        }
    }
    return ANL_OK;
}
