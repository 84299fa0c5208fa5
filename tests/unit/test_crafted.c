/* Index files that are possible as far as their checksums go: the loader refuses what the aligner cannot use, and what it accepts can be used. */
#include "files.h"

#include "crafted.h"
#include "index_build.h"
#include "panel.h"
#include "sketch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static uint8_t *whole, *bytes; /* an index as it is written; one being changed */
static size_t size;
static char index_path[128], model_path[128];

static anl_index_header *header(void)
{
    return (anl_index_header *)(void *)bytes;
}

static void *in_section(int i)
{
    return bytes + header()->section[i].offset;
}

static int set_up(void **state)
{
    static uint8_t bases[3000];
    static const anl_contig contigs[] = {{"first", 3000, "0123456789abcdef0123456789abcdef", 0}, {"second", 45, "", 0}};
    const anl_index_options o = {.window = 40, .stride = 10, .threads = 1};
    anl_index_builder *b;
    anl_model *m;
    struct stat st;
    if (folder_set_up(state)) return -1;
    strcpy(index_path, in_folder("x.anl"));
    strcpy(model_path, in_folder("m.anm"));
    random_start();
    for (size_t i = 0; i < sizeof bases; ++i) bases[i] = i >= 500 && i < 590 ? 4 : (uint8_t)random_below(4);
    memcpy(bases + 2000, bases + 100, 300); /* a repeat */
    if (anl_sketch_new(&m, 32, 1, 1) || anl_model_save(m, model_path) || anl_index_builder_new(&b, &o, m)) return -1;
    for (int i = 0; i < 2; ++i)
        if (anl_index_builder_add(b, &contigs[i], bases + 1000 * i, NULL)) return -1;
    if (anl_index_builder_write(b, index_path)) return -1;
    anl_index_builder_free(b);
    anl_model_free(m);
    const int file = open(index_path, O_RDONLY);
    if (file < 0 || fstat(file, &st) || !(whole = malloc((size_t)st.st_size)) || !(bytes = malloc((size_t)st.st_size))) return -1;
    size = (size_t)st.st_size;
    if (read(file, whole, size) != st.st_size) return -1;
    close(file);
    return 0;
}

static int tear_down(void **state)
{
    free(whole);
    free(bytes);
    return folder_tear_down(state);
}

static int try(void)
{
    mend(bytes, size);
    write_bytes("x.anl", bytes, size);
    return align_crafted(index_path, model_path);
}

static void fresh(void)
{
    memcpy(bytes, whole, size);
}

/* The loader itself, or its check, refuses what `bytes` hold now, in one line. */
static void refused(const char *what)
{
    anl_index *x;
    mend(bytes, size);
    write_bytes("x.anl", bytes, size);
    int rc = anl_index_open(&x, index_path);
    if (!rc && (rc = anl_index_check(x))) {
        anl_index_free(x);
        x = NULL;
    }
    if (rc != ANL_EFORMAT) fail_msg("%s: %d", what, rc);
    assert_null(x);
    if (!strstr(anl_error(), index_path) || !strstr(anl_error(), "corrupt") || strchr(anl_error(), '\n'))
        fail_msg("%s: said %s", what, anl_error());
    fresh();
}

static void numbers_of_the_header(void **unused)
{
    (void)unused;
    fresh();
    assert_int_equal(try(), 1);
    static const int32_t windows[] = {INT32_MIN, -1, 0, 19, 401, 5000, INT32_MAX}, strides[] = {INT32_MIN, -1, 0, 41, INT32_MAX};
    for (size_t i = 0; i < sizeof windows / sizeof *windows; ++i) {
        header()->window = windows[i];
        header()->stride = 1;
        refused("window");
    }
    for (size_t i = 0; i < sizeof strides / sizeof *strides; ++i) {
        header()->stride = strides[i];
        refused("stride");
    }
    header()->n_contigs = 0;
    refused("no contigs");
    header()->n_contigs = 1;
    refused("fewer contigs");
    header()->d = 64;
    refused("dimension");
    header()->d = 16;
    refused("dimension");
    header()->nlist = -1;
    refused("lists");
    header()->nlist = 2;
    refused("lists");
    for (int by = -1; by <= 1; by += 2) {
        header()->n_entries += by;
        refused("windows stored");
    }
    header()->n_entries = INT64_MAX;
    refused("windows stored");
    header()->n_entries = -1;
    refused("windows stored");
    memset(header()->model_name, 'x', sizeof header()->model_name);
    refused("model name without end");
    strcpy(header()->model_name, "a\nb");
    refused("model name");
    for (int i = 0; i < N_SECTIONS; ++i) {
        if (header()->section[i].size == 0) continue;
        --header()->section[i].size;
        refused("size of a section");
    }
    header()->stride = 11; /* fewer windows than entries name */
    refused("stride");
}

static void contigs_and_runs(void **unused)
{
    (void)unused;
    fresh();
    static const char *const names[] = {"fi\nst", "fi\tst", "*irst", "=irst", "fi,st", "fi st", "fi\x7fst"};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        memcpy(in_section(SECTION_NAMES), names[i], 5);
        refused("name");
    }
    *(char *)in_section(SECTION_NAMES) = 0;
    refused("empty name");
    ((char *)in_section(SECTION_NAMES))[header()->section[SECTION_NAMES].size - 1] = 'x';
    refused("name without end");
    anl_index_contig *c = in_section(SECTION_CONTIGS);
    c[1].name = 0;
    refused("two of one name");
    c[1].name = header()->section[SECTION_NAMES].size;
    refused("name beyond the names");
    c[0].len = -5, c[1].len = 3050;
    refused("negative length");
    c[0].len = 0, c[1].len = 3045;
    refused("no length");
    c[0].md5[3] = '\t';
    refused("M5");
    c[0].md5[31] = 0;
    refused("short M5");
    int64_t *runs = in_section(SECTION_N_RUNS);
    assert_int_equal(header()->section[SECTION_N_RUNS].size, 16);
    assert_int_equal(runs[0], 500);
    runs[0] = -1;
    refused("run before the start");
    runs[0] = 590;
    refused("empty run");
    runs[1] = 3046;
    refused("run beyond the end");
}

static void lists(void **unused)
{
    (void)unused;
    fresh();
    uint32_t *ids = in_section(SECTION_IDS);
    int32_t *bias = in_section(SECTION_BIAS), *centroid_bias = in_section(SECTION_CENTROID_BIAS);
    int8_t *codes = in_section(SECTION_CODES), *centroids = in_section(SECTION_CENTROIDS);
    uint64_t *begin = in_section(SECTION_LIST_BEGIN);
    const size_t entries = header()->section[SECTION_IDS].size / sizeof *ids;
    assert_int_equal(header()->nlist, 1);
    assert_int_equal(ids[entries - 1], ANL_INDEX_NO_WINDOW);
    ids[3] = ids[4];
    refused("a window twice");
    ids[3] = (uint32_t)header()->n_entries + 1000;
    refused("a window that there is not");
    ids[3] = ANL_INDEX_NO_WINDOW;
    refused("a hole");
    ids[entries - 1] = (uint32_t)header()->n_entries - 1;
    refused("padding with a window");
    bias[3] = INT32_MAX;
    refused("bias");
    bias[3] = INT32_MIN;
    refused("bias");
    bias[3] = anl_panel_bias_most(32) + 1;
    refused("bias");
    bias[entries - 1] = 0;
    refused("bias of padding");
    codes[anl_panel_at(entries - 1, 31, 32)] = 1;
    refused("code of padding");
    centroid_bias[0] += 1;
    refused("bias of a centroid");
    centroids[0] ^= 1;
    refused("centroid");
    centroid_bias[15] = 0;
    refused("bias of no centroid");
    centroids[anl_panel_at(15, 0, 32)] = 1;
    refused("code of no centroid");
    begin[0] = ANL_PANEL;
    refused("beginning of the lists");
    begin[1] -= ANL_PANEL;
    refused("end of the lists");
}

/* The index of another model, but with this one's hash: only the aligner can see it. */
static void dimension_of_the_model(void **unused)
{
    (void)unused;
    anl_model *m;
    anl_aligner *a;
    const anl_align_options o = anl_align_options_default();
    fresh();
    assert_int_equal(anl_sketch_new(&m, 64, 1, 1), 0);
    assert_int_equal(anl_model_save(m, in_folder("wide.anm")), 0);
    header()->model_hash = anl_model_hash(m);
    anl_model_free(m);
    mend(bytes, size);
    write_bytes("x.anl", bytes, size);
    assert_int_equal(anl_aligner_open(&a, index_path, in_folder("wide.anm"), &o), ANL_EFORMAT);
    assert_non_null(strstr(anl_error(), "x.anl: corrupt"));
}

/* Changes anywhere, in header and sections: refused, or good for aligning. */
static void accepted_means_usable(void **unused)
{
    (void)unused;
    int accepted = 0;
    for (int round = 0; round < 200; ++round) {
        fresh();
        for (int changes = 1 + (int)random_below(3); changes > 0; --changes) {
            const int i = (int)random_below(N_SECTIONS + 2);
            uint8_t *at = i < N_SECTIONS ? in_section(i) : bytes + 8;
            const uint64_t room = i < N_SECTIONS ? header()->section[i].size : 40;
            if (!room || room > size) continue;
            at += random_below((uint32_t)room);
            switch (random_below(3)) {
            case 0: *at ^= (uint8_t)(1 << random_below(8)); break;
            case 1: *at = (uint8_t)random_below(256); break;
            default: *at = random_below(2) ? 0 : 255;
            }
        }
        accepted += try();
    }
    assert_in_range(accepted, 20, 199);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_of_the_header), cmocka_unit_test(contigs_and_runs), cmocka_unit_test(lists),
                                       cmocka_unit_test(dimension_of_the_model), cmocka_unit_test(accepted_means_usable)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
