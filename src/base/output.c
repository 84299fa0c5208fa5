#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Outputs open at once: records, their index, the summary; and as many again for programs that run several. */
enum { MOST_OPEN = 16 };

/* What a signal handler removes. Names stand here whole: nothing that it reads is ever freed. */
static struct {
    atomic_flag taken;
    atomic_int named;
    char name[PATH_MAX];
} temporaries[MOST_OPEN];

struct anl_output {
    char *path;
    int descriptor; /* -1 once it is closed */
    FILE *stream;   /* over the descriptor; NULL until it is asked for */
    int slot;       /* of `temporaries`, -1: written as it is */
    enum { OPEN, FINISHED, FAILED } state;
};

void anl_outputs_remove(void)
{
    for (int i = 0; i < MOST_OPEN; ++i)
        if (atomic_load(&temporaries[i].named)) unlink(temporaries[i].name);
}

const char *anl_output_label(const anl_output *o)
{
    return strcmp(o->path, "-") ? o->path : "standard output";
}

const char *anl_output_temporary(const anl_output *o)
{
    return o->slot < 0 ? NULL : temporaries[o->slot].name;
}

int anl_output_fail(const anl_output *o)
{
    return anl_fail(ANL_EIO, "%s: cannot write%s%s", anl_output_label(o), errno ? ": " : "", errno ? strerror(errno) : "");
}

/* ---- opening ---- */

static int take_slot(anl_output *o)
{
    for (int i = 0; i < MOST_OPEN; ++i) {
        if (atomic_flag_test_and_set(&temporaries[i].taken)) continue;
        o->slot = i;
        return ANL_OK;
    }
    return anl_fail(ANL_EINVAL, "%s: cannot write: %d files are being written already", o->path, MOST_OPEN);
}

static void give_slot_back(anl_output *o)
{
    if (o->slot < 0) return;
    atomic_store(&temporaries[o->slot].named, 0);
    atomic_flag_clear(&temporaries[o->slot].taken);
    o->slot = -1;
}

static int create_temporary(anl_output *o)
{
    int rc = take_slot(o);
    if (rc) return rc;
    char *name = temporaries[o->slot].name;
    if (snprintf(name, PATH_MAX, "%s.tmp.%ld", o->path, (long)getpid()) >= PATH_MAX) {
        give_slot_back(o);
        return anl_fail(ANL_EINVAL, "%s: name too long", o->path);
    }
    atomic_store(&temporaries[o->slot].named, 1);
    o->descriptor = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (o->descriptor >= 0) return ANL_OK;
    rc = anl_output_fail(o);
    give_slot_back(o);
    return rc;
}

/* N of /proc/self/fd/N and its like, which mean the descriptor itself and not the file that it is of; -1: no such name. */
static int descriptor_named(const char *path)
{
    static const char *const folders[] = {"/proc/self/fd/", "/dev/fd/"};
    if (!strcmp(path, "-") || !strcmp(path, "/dev/stdout")) return STDOUT_FILENO;
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

static int open_file(anl_output *o)
{
    struct stat st;
    const int named = descriptor_named(o->path);
    errno = 0;
    if (named < 0 && (stat(o->path, &st) || S_ISREG(st.st_mode))) return create_temporary(o);
    o->descriptor = named < 0 ? open(o->path, O_WRONLY | O_CLOEXEC) : fcntl(named, F_DUPFD_CLOEXEC, 0);
    return o->descriptor < 0 ? anl_output_fail(o) : ANL_OK;
}

/* Where bytes are appended whatever the position, or others came before, going back would spoil them. */
static int can_go_back(const anl_output *o)
{
    return lseek(o->descriptor, 0, SEEK_CUR) == 0 && !(fcntl(o->descriptor, F_GETFL) & O_APPEND);
}

int anl_output_open(anl_output **out, const char *path, anl_output_kind kind)
{
    *out = NULL;
    anl_output *o = anl_alloc(1, sizeof *o);
    if (!o) return ANL_ENOMEM;
    o->descriptor = o->slot = -1;
    int rc = (o->path = strdup(path)) ? open_file(o) : anl_fail(ANL_ENOMEM, "out of memory");
    if (!rc && kind == ANL_OUTPUT_SEEKS && !can_go_back(o))
        rc = anl_fail(ANL_EINVAL, "%s: cannot write: this must be a file, in which one can go back", anl_output_label(o));
    if (rc) {
        anl_output_abort(o);
        return rc;
    }
    *out = o;
    return ANL_OK;
}

FILE *anl_output_stream(anl_output *o)
{
    if (!o->stream && !(o->stream = fdopen(o->descriptor, "wb"))) anl_output_fail(o);
    return o->stream;
}

int anl_output_descriptor(const anl_output *o)
{
    const int another = fcntl(o->descriptor, F_DUPFD_CLOEXEC, 0);
    if (another < 0) anl_output_fail(o);
    return another;
}

/* ---- closing ---- */

static int close_file(anl_output *o)
{
    const int bad = o->stream ? fclose(o->stream) : o->descriptor >= 0 ? close(o->descriptor) : 0;
    o->stream = NULL;
    o->descriptor = -1;
    return bad;
}

int anl_output_finish(anl_output *o)
{
    errno = 0;
    const int written = !o->stream || (!fflush(o->stream) && !ferror(o->stream)), synced = o->slot < 0 || !written || !fsync(o->descriptor);
    int rc = written && synced ? ANL_OK : anl_output_fail(o);
    errno = 0;
    if (close_file(o) && !rc) rc = anl_output_fail(o);
    o->state = rc ? FAILED : FINISHED;
    return rc;
}

/* Without this a crash of the machine may take the new name away again. Some file systems cannot do it. */
static void sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const size_t n = slash ? (size_t)(slash - path) + 1 : 1;
    if (n >= sizeof folder) return;
    memcpy(folder, slash ? path : ".", n);
    folder[n] = 0;
    const int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    fsync(descriptor);
    close(descriptor);
}

int anl_output_close(anl_output *o)
{
    int rc = o->state == OPEN ? anl_output_finish(o) : o->state == FINISHED ? ANL_OK : ANL_EIO; /* which has its message */
    errno = 0;
    if (!rc && o->slot >= 0) {
        if (rename(temporaries[o->slot].name, o->path)) rc = anl_output_fail(o);
        else {
            give_slot_back(o); /* there is nothing to remove any more */
            sync_folder(o->path);
        }
    }
    anl_output_abort(o);
    return rc;
}

void anl_output_abort(anl_output *o)
{
    if (!o) return;
    close_file(o);
    if (o->slot >= 0) unlink(temporaries[o->slot].name);
    give_slot_back(o);
    free(o->path);
    free(o);
}

/* ---- scratch files ---- */

int anl_scratch_open(const char *prefix)
{
    char name[PATH_MAX];
    const char *folder = getenv("TMPDIR");
    const int n = prefix ? snprintf(name, sizeof name, "%s.scratch.XXXXXX", prefix)
                         : snprintf(name, sizeof name, "%s/anneal.scratch.XXXXXX", folder && *folder ? folder : P_tmpdir);
    if (n >= (int)sizeof name) {
        anl_fail(ANL_EINVAL, "%s: name too long", prefix ? prefix : folder);
        return -1;
    }
    const int descriptor = mkstemp(name);
    if (descriptor < 0) anl_fail(ANL_EIO, "%s: cannot write: %s", name, strerror(errno));
    else unlink(name);
    return descriptor;
}

void anl_scratch_name(int descriptor, char *name)
{
    snprintf(name, ANL_SCRATCH_NAME, "/proc/self/fd/%d", descriptor);
}
