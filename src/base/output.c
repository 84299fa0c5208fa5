#include "output.h"

#include "path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Outputs open at once: records, their index, the summary; and as many again for programs that run several. */
enum { MOST_OPEN = 16, MOST_TRIES = 4 /* to create a file that other runs take for stale just then */ };
#define TEMPORARY ".tmp."

/* What a signal handler removes. Names stand here whole: nothing that it reads is ever freed. */
static struct {
    atomic_flag taken;
    atomic_int named;
    char name[PATH_MAX];
} temporaries[MOST_OPEN];

struct anl_output {
    char *path;     /* as it was given, */
    char *target;   /* and the file behind its symbolic links */
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

int anl_write_fail(const char *label)
{
    return anl_fail(ANL_EIO, "%s: cannot write%s%s", label, errno ? ": " : "", errno ? strerror(errno) : "");
}

int anl_output_fail(const anl_output *o)
{
    return anl_write_fail(anl_output_label(o));
}

/* ---- what runs that were killed have left ---- */

/* Removes a temporary file unless a run has it open. Whether it did. */
static int stale_remove(const char *name)
{
    const int descriptor = open(name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) return 0;
    const int removed = (!flock(descriptor, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK) && !unlink(name);
    close(descriptor);
    return removed;
}

/* The process that a temporary file of `base` is called after; 0: another file. */
static long process_of(const char *name, const char *base, size_t length)
{
    char *end;
    if (strncmp(name, base, length) || strncmp(name + length, TEMPORARY, strlen(TEMPORARY))) return 0;
    const char *digits = name + length + strlen(TEMPORARY);
    const long process = *digits >= '1' && *digits <= '9' ? strtol(digits, &end, 10) : 0;
    return process > 0 && process <= INT_MAX && !*end ? process : 0;
}

/* Removes the temporary files of `target` whose processes are gone. What cannot be looked at is left alone. */
static void stale_remove_all(const char *target)
{
    char name[PATH_MAX];
    const char *slash = strrchr(target, '/'), *base = slash ? slash + 1 : target;
    snprintf(name, sizeof name, "%.*s", slash ? (int)(slash - target) + 1 : 1, slash ? target : ".");
    DIR *folder = opendir(name);
    for (struct dirent *e; folder && (e = readdir(folder));) {
        const long process = process_of(e->d_name, base, strlen(base));
        if (!process || !kill((pid_t)process, 0) || errno != ESRCH) continue;
        if (snprintf(name, sizeof name, "%.*s%s", (int)(base - target), target, e->d_name) < (int)sizeof name) stale_remove(name);
    }
    if (folder) closedir(folder);
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

/* Creates the temporary file under its name, locked for as long as it is open: the lock tells other runs that it is in use. */
static int create(anl_output *o, const char *name, mode_t mode)
{
    for (int tries = 0; tries < MOST_TRIES; ++tries) {
        o->descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (o->descriptor < 0) {
            if (errno != EEXIST) return anl_output_fail(o);
            if (stale_remove(name)) continue;
            break;
        }
        struct stat st;
        const int locked = !flock(o->descriptor, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK; /* some file systems have no locks */
        if (locked && !fstat(o->descriptor, &st) && st.st_nlink) {
            if (mode) fchmod(o->descriptor, mode);
            return ANL_OK;
        }
        close(o->descriptor); /* another run took it for stale */
        o->descriptor = -1;
    }
    return anl_fail(ANL_EIO, "%s: cannot write: another run is writing it", o->path);
}

static int create_temporary(anl_output *o, mode_t mode)
{
    int rc = take_slot(o);
    if (rc) return rc;
    char *name = temporaries[o->slot].name;
    if (snprintf(name, PATH_MAX, "%s" TEMPORARY "%ld", o->target, (long)getpid()) >= PATH_MAX) {
        give_slot_back(o);
        return anl_fail(ANL_EINVAL, "%s: name too long", o->path);
    }
    stale_remove_all(o->target);
    rc = create(o, name, mode);
    if (rc)
        give_slot_back(o);
    else
        atomic_store(&temporaries[o->slot].named, 1);
    return rc;
}

/* What is there and may not be written is not replaced either; what replaces it may be read by as many. */
static int open_file(anl_output *o)
{
    struct stat st;
    const int named = strcmp(o->path, "-") ? anl_path_descriptor(o->target) : STDOUT_FILENO;
    errno = 0;
    if (named >= 0) {
        o->descriptor = fcntl(named, F_DUPFD_CLOEXEC, 0);
    } else if (stat(o->target, &st)) {
        return create_temporary(o, 0);
    } else if (S_ISREG(st.st_mode)) {
        return access(o->target, W_OK) ? anl_output_fail(o) : create_temporary(o, st.st_mode & 0777);
    } else {
        o->descriptor = open(o->target, O_WRONLY | O_CLOEXEC);
    }
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
    int rc = (o->path = strdup(path)) && (o->target = anl_alloc(PATH_MAX, 1)) ? ANL_OK : anl_fail(ANL_ENOMEM, "out of memory");
    if (!rc) rc = anl_path_resolve(path, o->target, PATH_MAX);
    if (!rc) rc = open_file(o);
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

static int write_all(const anl_output *o, const char *bytes, ssize_t n)
{
    for (ssize_t written; n > 0; bytes += written, n -= written)
        if ((written = write(o->descriptor, bytes, (size_t)n)) < 0) {
            if (errno != EINTR) return anl_output_fail(o);
            written = 0;
        }
    return ANL_OK;
}

int anl_output_copy(anl_output *o, int from)
{
    char piece[1 << 16];
    ssize_t n = lseek(from, 0, SEEK_SET);
    int rc = ANL_OK;
    while (!rc && n >= 0 && (n = read(from, piece, sizeof piece)) > 0) rc = write_all(o, piece, n);
    return rc || n >= 0 ? rc : anl_output_fail(o);
}

void anl_output_discard(int descriptor)
{
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0) return;
    dup2(nowhere, descriptor);
    close(nowhere);
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
        if (rename(temporaries[o->slot].name, o->target))
            rc = anl_output_fail(o);
        else {
            give_slot_back(o); /* there is nothing to remove any more */
            sync_folder(o->target);
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
    free(o->target);
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
    if (descriptor < 0)
        anl_fail(ANL_EIO, "%s: cannot write: %s", name, strerror(errno));
    else
        unlink(name);
    return descriptor;
}

void anl_scratch_name(int descriptor, char *name)
{
    snprintf(name, ANL_SCRATCH_NAME, "/proc/self/fd/%d", descriptor);
}
