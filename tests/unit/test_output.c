/* Output files: complete or not there, in regular files, devices and pipes. */
#include "files.h"

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void is_text(const char *path, const char *text)
{
    char got[256];
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    const size_t n = fread(got, 1, sizeof got, f);
    fclose(f);
    assert_int_equal(n, strlen(text));
    assert_memory_equal(got, text, n);
}

static anl_output *begun(const char *path, const char *text)
{
    anl_output *o;
    assert_int_equal(anl_output_open(&o, path, ANL_OUTPUT_STREAM), 0);
    assert_int_equal(fputs(text, anl_output_stream(o)) < 0, 0);
    return o;
}

static void old_or_whole_new(void **unused)
{
    (void)unused;
    const char *path = write_text("x", "old");
    anl_output *o = begun(path, "new");
    is_text(path, "old");
    assert_int_equal(anl_output_finish(o), 0);
    is_text(path, "old");
    is_text(anl_output_temporary(o), "new");
    assert_int_equal(anl_output_close(o), 0);
    is_text(path, "new");
    anl_output_abort(begun(path, "never"));
    is_text(path, "new");
    assert_int_equal(files_in_folder(), 1);
    unlink(path);
}

static void signal_handler_cleans_up(void **unused)
{
    (void)unused;
    anl_output *a = begun(in_folder("a"), "a"), *b = begun(in_folder("b"), "b"), *o;
    assert_int_equal(files_in_folder(), 2);
    anl_outputs_remove();
    assert_int_equal(files_in_folder(), 0);
    errno = 0;
    assert_int_equal(anl_output_close(a), ANL_EIO);
    assert_non_null(strstr(anl_error(), "/a: cannot write: No such file"));
    anl_output_abort(b);
    /* A closed one is no business of the handler's. */
    assert_int_equal(anl_output_close(begun(in_folder("c"), "c")), 0);
    anl_outputs_remove();
    is_text(in_folder("c"), "c");
    unlink(in_folder("c"));
    /* There is room for 16 at once, and room again when they are closed. */
    for (int round = 0; round < 2; ++round) {
        anl_output *all[16];
        for (int i = 0; i < 16; ++i) {
            char name[16];
            snprintf(name, sizeof name, "%d", i);
            all[i] = begun(in_folder(name), "");
        }
        assert_int_equal(anl_output_open(&o, in_folder("more"), ANL_OUTPUT_STREAM), ANL_EINVAL);
        assert_null(o);
        for (int i = 0; i < 16; ++i) anl_output_abort(all[i]);
    }
    assert_int_equal(files_in_folder(), 0);
}

static void failures(void **unused)
{
    (void)unused;
    anl_output *o;
    char name[5000];
    assert_int_equal(anl_output_open(&o, in_folder("no/such/x"), ANL_OUTPUT_STREAM), ANL_EIO);
    assert_non_null(strstr(anl_error(), "no/such/x: cannot write: No such file"));
    assert_int_equal(anl_output_open(&o, test_folder, ANL_OUTPUT_STREAM), ANL_EIO);
    assert_non_null(strstr(anl_error(), "cannot write: Is a directory"));
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = 0;
    assert_int_equal(anl_output_open(&o, name, ANL_OUTPUT_STREAM), ANL_EINVAL);
    /* A full disk is found out at the latest when the file is closed, and then for good. */
    o = begun("/dev/full", "x");
    assert_int_equal(anl_output_finish(o), ANL_EIO);
    assert_string_equal(anl_error(), "/dev/full: cannot write: No space left on device");
    assert_int_equal(anl_output_close(o), ANL_EIO);
    const char *path = write_text("x", "old");
    struct rlimit unlimited, limit;
    getrlimit(RLIMIT_FSIZE, &unlimited);
    limit = unlimited;
    limit.rlim_cur = 2;
    signal(SIGXFSZ, SIG_IGN);
    o = begun(path, "longer than that");
    setrlimit(RLIMIT_FSIZE, &limit);
    assert_int_equal(anl_output_close(o), ANL_EIO);
    setrlimit(RLIMIT_FSIZE, &unlimited);
    assert_non_null(strstr(anl_error(), "/x: cannot write: File too large"));
    is_text(path, "old");
    unlink(path);
    assert_int_equal(files_in_folder(), 0);
}

static void devices_and_pipes(void **unused)
{
    (void)unused;
    anl_output *o = begun("/dev/null", "x");
    assert_null(anl_output_temporary(o));
    assert_int_equal(anl_output_close(o), 0);
    struct stat st;
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    const char *fifo = in_folder("fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    const pid_t child = fork();
    if (!child) _exit(anl_output_close(begun(fifo, "through")) ? 1 : 0);
    is_text(fifo, "through");
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(anl_output_open(&o, "/dev/null", ANL_OUTPUT_SEEKS), 0);
    anl_output_abort(o);
    const int open_end = open(fifo, O_RDWR);
    assert_int_equal(anl_output_open(&o, fifo, ANL_OUTPUT_SEEKS), ANL_EINVAL);
    assert_non_null(strstr(anl_error(), "must be a file, in which one can go back"));
    close(open_end);
    unlink(fifo);
    assert_int_equal(files_in_folder(), 0);
}

/* A name of a descriptor is that descriptor: what others wrote there before stays. */
static void named_descriptors(void **unused)
{
    (void)unused;
    char name[64];
    const char *path = write_text("x", "first, ");
    const int file = open(path, O_WRONLY | O_APPEND);
    snprintf(name, sizeof name, "/dev/fd/%d", file);
    assert_int_equal(anl_output_close(begun(name, "second")), 0);
    is_text(path, "first, second");
    anl_output *o;
    assert_int_equal(anl_output_open(&o, name, ANL_OUTPUT_SEEKS), ANL_EINVAL);
    close(file);
    assert_int_equal(anl_output_open(&o, name, ANL_OUTPUT_STREAM), ANL_EIO);
    unlink(path);
    assert_int_equal(files_in_folder(), 0);
}

static void scratch_files(void **unused)
{
    (void)unused;
    char name[ANL_SCRATCH_NAME];
    const char *of_user = getenv("TMPDIR");
    for (int beside = 0; beside < 2; ++beside) {
        setenv("TMPDIR", beside ? "/nonexistent" : test_folder, 1);
        const int file = anl_scratch_open(beside ? in_folder("x") : NULL);
        assert_true(file >= 0);
        assert_int_equal(files_in_folder(), 0);
        anl_scratch_name(file, name);
        anl_output *o;
        assert_int_equal(anl_output_open(&o, name, ANL_OUTPUT_SEEKS), 0);
        fputs("text", anl_output_stream(o));
        assert_int_equal(anl_output_close(o), 0);
        is_text(name, "text");
        close(file);
    }
    assert_int_equal(anl_scratch_open(NULL), -1);
    assert_non_null(strstr(anl_error(), "/nonexistent/anneal"));
    if (of_user)
        setenv("TMPDIR", of_user, 1);
    else
        unsetenv("TMPDIR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_or_whole_new),  cmocka_unit_test(signal_handler_cleans_up), cmocka_unit_test(failures),
        cmocka_unit_test(devices_and_pipes), cmocka_unit_test(named_descriptors),        cmocka_unit_test(scratch_files),
    };
    return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}
