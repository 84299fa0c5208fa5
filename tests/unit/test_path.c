/* What file a name means. */
#include "files.h"

#include "path.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static void descriptors(void **unused)
{
    (void)unused;
    assert_int_equal(anl_path_descriptor("/dev/stdout"), 1);
    assert_int_equal(anl_path_descriptor("/dev/stderr"), 2);
    assert_int_equal(anl_path_descriptor("/dev/fd/63"), 63);
    assert_int_equal(anl_path_descriptor("/proc/self/fd/0"), 0);
    static const char *const others[] = {
        "-", "", "/dev/fd/", "/dev/fd/1x", "/dev/fd/-1", "/dev/fd/ 1", "/dev/fd/99999999999", "dev/fd/1", "/dev/stdout2"};
    for (size_t i = 0; i < sizeof others / sizeof *others; ++i) assert_int_equal(anl_path_descriptor(others[i]), -1);
}

static void links(void **unused)
{
    (void)unused;
    char out[PATH_MAX], want[PATH_MAX];
    assert_int_equal(mkdir(in_folder("d"), 0700), 0);
    assert_int_equal(symlink("d/inner", in_folder("outer")), 0);
    assert_int_equal(symlink("../x", in_folder("d/inner")), 0);
    assert_int_equal(symlink("/dev/stdout", in_folder("out")), 0);
    assert_int_equal(symlink("round", in_folder("round")), 0);
    assert_int_equal(anl_path_resolve(in_folder("outer"), out, sizeof out), 0);
    snprintf(want, sizeof want, "%s/d/../x", test_folder);
    assert_string_equal(out, want);
    assert_int_equal(anl_path_resolve(in_folder("nothing"), out, sizeof out), 0);
    assert_string_equal(out, in_folder("nothing"));
    assert_int_equal(anl_path_resolve(in_folder("out"), out, sizeof out), 0);
    assert_int_equal(anl_path_descriptor(out), 1);
    assert_int_equal(anl_path_resolve("x", out, sizeof out), 0);
    assert_string_equal(out, "x");
    assert_int_equal(anl_path_resolve(in_folder("round"), out, sizeof out), ANL_EINVAL);
    assert_int_equal(anl_path_resolve(in_folder("outer"), out, 8), ANL_EINVAL);
    assert_int_equal(anl_path_resolve(in_folder("outer"), out, strlen(in_folder("outer")) + 1), ANL_EINVAL); /* the target is longer */
}

static void is_lost(const char *output, const char *input, const char *says)
{
    const char *outputs[] = {NULL, "/dev/null", output}, *inputs[] = {"/dev/null", NULL, input};
    assert_int_equal(anl_paths_check(outputs, 3, inputs, 3), ANL_EINVAL);
    assert_non_null(strstr(anl_error(), says));
}

static void check(void **unused)
{
    (void)unused;
    char a[256], b[256];
    strcpy(a, write_text("a", "a"));
    strcpy(b, in_folder("b"));
    assert_int_equal(link(a, b), 0);
    is_lost(a, a, "/a: is an input and would be written over");
    is_lost(b, a, "/b: is the same file as the input ");
    const char *new_one[] = {in_folder("d/../new"), NULL, "/dev/null"}, *old[] = {a, b, NULL, "/dev/null", in_folder("gone")};
    assert_int_equal(anl_paths_check(new_one, 3, old, 5), 0);
    const char *twice[] = {in_folder("new"), in_folder("d/../new")};
    assert_int_equal(anl_paths_check(twice, 2, old, 5), ANL_EINVAL);
    assert_non_null(strstr(anl_error(), "two outputs would be written to this file, the other one as "));
    const char *pipes[] = {"/dev/null", "/dev/null"}; /* both at once are all right */
    assert_int_equal(anl_paths_check(pipes, 2, old, 5), 0);
    const char *nowhere[] = {in_folder("no/x"), in_folder("no/x")}; /* opening them will say so */
    assert_int_equal(anl_paths_check(nowhere, 1, nowhere, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(descriptors), cmocka_unit_test(links), cmocka_unit_test(check)};
    return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}
