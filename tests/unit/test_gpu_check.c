/* What is asked of a GPU before it is relied on: an honest one passes, one that computes something else does not. Here the CPU plays both. */
#include "files.h"
#include "models.h"

#include "encoder_check.h"
#include "index_build.h"
#include "nearest_check.h"
#include "search_check.h"
#include "sw_check.h"
#include "trace_check.h"

enum { CONTIG = 60000 };

/* Other models differ in one number of one layer, of the full or of the light encoder. */
static void another_encoder_is_noticed(void **unused)
{
    (void)unused;
    anl_model *m = random_model(128, 2), *wrong;
    assert_int_equal(anl_model_save(m, in_folder("m.anm")), 0);
    assert_int_equal(anl_model_read(&wrong, in_folder("m.anm")), 0);
    float *const full = &wrong->layer[1].up.bias[77], *const light = &wrong->light->up.bias[7], right[] = {*full, *light};
    for (int other = 0; other < 3; ++other) {
        anl_encoder *e;
        anl_encoder_scratch *s;
        *full = other == 1 ? right[0] + 1e6f : right[0];
        *light = other == 2 ? right[1] + 1e6f : right[1];
        assert_int_equal(anl_encoder_new(&e, wrong), 0);
        assert_int_equal(anl_encoder_scratch_new(&s, e), 0);
        assert_int_equal(anl_encoder_check_gpu(e, s, m), other ? ANL_EIO : 0);
        anl_encoder_scratch_free(s);
        anl_encoder_free(e);
    }
    anl_model_free(wrong);
    anl_model_free(m);
}

static anl_index *index_of(const anl_model *m, const uint8_t *seq, const char *name)
{
    static uint8_t joined[CONTIG];
    anl_index_options o = anl_index_options_default();
    anl_index_builder *b;
    anl_index *x;
    const anl_contig c = {.name = "chr1", .len = CONTIG, .md5 = "0123456789abcdef0123456789abcdef"};
    memcpy(joined, seq, CONTIG);
    assert_int_equal(anl_index_builder_new(&b, &o, m), 0);
    assert_int_equal(anl_index_builder_add(b, &c, joined, NULL), 0);
    assert_int_equal(anl_index_builder_write(b, in_folder(name)), 0);
    anl_index_builder_free(b);
    assert_int_equal(anl_index_open(&x, in_folder(name)), 0);
    return x;
}

/* An index whose sequence differs in one window from the other's. */
static void another_search_is_noticed(void **unused)
{
    (void)unused;
    static uint8_t seq[CONTIG];
    anl_model *m = random_model(32, 0);
    random_seq(seq, CONTIG, 0);
    anl_index *x = index_of(m, seq, "x.anl");
    random_seq(seq + CONTIG / 2, 500, 0);
    anl_index *y = index_of(m, seq, "y.anl");
    for (int other = 0; other < 2; ++other) {
        anl_search *s;
        anl_search_scratch *scratch;
        assert_int_equal(anl_search_new(&s, other ? y : x, ANL_SEARCH_NATIVE), 0);
        anl_search_competing_only(s);
        assert_int_equal(anl_search_scratch_new(&scratch, s), 0);
        assert_int_equal(anl_search_check_gpu(s, scratch, x), other ? ANL_EIO : 0);
        anl_search_scratch_free(scratch);
        anl_search_free(s);
    }
    anl_index_free(x);
    anl_index_free(y);
    anl_model_free(m);
}

static void same_scores_pass(void **unused)
{
    (void)unused;
    static uint8_t seq[CONTIG];
    const anl_sw_params p = {1, 4, 6, 1, 6, 1};
    anl_model *m = random_model(32, 0);
    anl_sw_batch *b;
    random_seq(seq, CONTIG, 50);
    anl_index *x = index_of(m, seq, "z.anl");
    assert_int_equal(anl_sw_batch_new(&b), 0);
    assert_int_equal(anl_sw_check_gpu(b, &p, x), 0);
    anl_sw_batch_free(b);
    anl_index_free(x);
    anl_model_free(m);
}

static void same_tracebacks_pass(void **unused)
{
    (void)unused;
    static uint8_t seq[CONTIG];
    const anl_extend_params p = {.score = {1, 4, 6, 1, 6, 1}, .clip5 = 5, .clip3 = 5, .eqx = 1};
    anl_model *m = random_model(32, 0);
    anl_trace_batch *b;
    random_seq(seq, CONTIG, 50);
    anl_index *x = index_of(m, seq, "t.anl");
    assert_int_equal(anl_trace_batch_new(&b), 0);
    assert_int_equal(anl_trace_check_gpu(b, &p, x), 0);
    anl_trace_batch_free(b);
    anl_index_free(x);
    anl_model_free(m);
}

static void same_centroids_pass(void **unused)
{
    (void)unused;
    assert_int_equal(anl_nearest_check_gpu(&(anl_nearest_on){NULL, 2}, 96), 0);
}

int main(void)
{
    random_start();
    const struct CMUnitTest tests[] = {cmocka_unit_test(another_encoder_is_noticed), cmocka_unit_test(another_search_is_noticed),
                                       cmocka_unit_test(same_scores_pass), cmocka_unit_test(same_tracebacks_pass),
                                       cmocka_unit_test(same_centroids_pass)};
    return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}
