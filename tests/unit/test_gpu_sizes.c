/* Calls of a GPU that are empty, larger than a part, or larger than its memory: the CPU's bytes all the same. */
#include "models.h"

#include "encoder.h"
#include "search.h"
#include "sw_batch.h"

enum { MOST = 16390 /* more than embedding, search ... */, DIM = 32, LEN = 20, JOBS = MOST /* and scoring */ };

static anl_gpu *gpu;

/* One with so many bytes of memory; NULL: all there are. Skips where there is no GPU. */
static void open_gpu(const char *memory)
{
    if (memory) setenv("ANNEAL_GPU_MEMORY", memory, 1);
    assert_int_equal(anl_gpu_open(&gpu, ANL_DEVICE_AUTO), 0);
    unsetenv("ANNEAL_GPU_MEMORY");
    if (gpu) return;
    print_message("no NVIDIA GPU\n");
    skip();
}

static int close_gpu(void **unused)
{
    (void)unused;
    anl_gpu_free(gpu);
    gpu = NULL;
    return 0;
}

static uint8_t bases[MOST][LEN];
static const uint8_t *seqs[MOST];
static int32_t lens[MOST];
static int8_t vectors[2][MOST * DIM]; /* of the CPU, of the GPU */

static void make_sequences(void)
{
    for (int i = 0; i < MOST; ++i) {
        random_seq(bases[i], LEN, i % 50 == 0);
        seqs[i] = bases[i];
        lens[i] = LEN;
    }
}

/* The code of embedding n sequences on a stream of its own, to vectors[on_gpu]. */
static int embed(const anl_model *m, int on_gpu, int n, int light)
{
    anl_encoder *e;
    anl_encoder_scratch *s;
    assert_int_equal(anl_encoder_new(&e, m), 0);
    if (on_gpu) assert_int_equal(anl_encoder_use(e, gpu), 0);
    assert_int_equal(anl_encoder_scratch_new(&s, e), 0);
    const int rc = (light ? anl_encoder_embed_light : anl_encoder_embed)(e, s, seqs, lens, n, vectors[on_gpu]);
    anl_encoder_scratch_free(s);
    anl_encoder_free(e);
    return rc;
}

static void compare_embeddings(const anl_model *m, int n)
{
    for (int light = 0; light < 2; ++light) {
        memset(vectors, 0x55, sizeof vectors);
        assert_int_equal(embed(m, 0, n, light), 0);
        assert_int_equal(embed(m, 1, n, light), 0);
        assert_memory_equal(vectors[0], vectors[1], sizeof vectors[0]);
    }
}

static void more_than_a_part(void **unused)
{
    (void)unused;
    anl_model *m = random_model(DIM, 1);
    make_sequences();
    open_gpu(NULL);
    compare_embeddings(m, MOST);
    anl_model_free(m);
}

/* 3 MiB hold the model (2,081 rows of a table and of a light one) and a share of a few hundred kB for the stream. */
static void more_than_memory(void **unused)
{
    (void)unused;
    anl_model *m = random_model(DIM, 1);
    make_sequences();
    open_gpu("3000000");
    compare_embeddings(m, MOST);
    close_gpu(NULL);
    open_gpu("100000"); /* not even the model */
    anl_encoder *e;
    assert_int_equal(anl_encoder_new(&e, m), 0);
    assert_int_equal(anl_encoder_use(e, gpu), ANL_ENOMEM);
    assert_non_null(strstr(anl_error(), "the model needs 1 MiB, and 0 MiB of the GPU are free"));
    anl_encoder_free(e);
    anl_model_free(m);
}

static void nothing(void **unused)
{
    (void)unused;
    const anl_sw_params p = {1, 4, 6, 1, 6, 1};
    anl_gpu_stream *s;
    anl_model *m = random_model(DIM, 1);
    open_gpu(NULL);
    compare_embeddings(m, 0);
    assert_int_equal(anl_gpu_stream_new(&s, gpu), 0);
    assert_int_equal(anl_gpu_sw(s, &p, NULL, NULL, 0, NULL), 0);
    anl_gpu_stream_free(s);
    anl_model_free(m);
}

/* Jobs of a part and more, on all of the memory and on little. */
static void many_scores(void **unused)
{
    (void)unused;
    enum { LONGEST = 40 };
    const anl_sw_params p = {1, 4, 6, 1, 6, 1};
    static uint8_t query[LONGEST * 2], target[LONGEST * 2];
    static anl_sw_job jobs[JOBS];
    static anl_sw_result results[2][JOBS];
    random_seq(query, 2 * LONGEST, 1);
    memcpy(target, query, sizeof target);
    target[LONGEST] ^= 1;
    for (int i = 0; i < JOBS; ++i) jobs[i] = (anl_sw_job){query + i % LONGEST, target + i / 7 % LONGEST, 1 + i % 3, 1 + i % 5, 0, 0};
    jobs[7].qlen = jobs[7].tlen = LONGEST;
    for (int small = 0; small < 2; ++small) {
        open_gpu(small ? "400000" : NULL);
        for (int on = 0; on < 2; ++on) {
            anl_sw_batch *b;
            anl_gpu_stream *stream = NULL;
            assert_int_equal(anl_sw_batch_new(&b), 0);
            if (on) assert_int_equal(anl_gpu_stream_new(&stream, gpu), 0);
            anl_sw_batch_use(b, stream);
            assert_int_equal(anl_sw_batch_run(b, &anl_kernels_get()->sw, &p, jobs, small ? 5000 : JOBS, results[on]), 0);
            anl_sw_batch_free(b);
            anl_gpu_stream_free(stream);
        }
        assert_memory_equal(results[0], results[1], sizeof results[0]);
        close_gpu(NULL);
    }
}

int main(void)
{
    random_start();
    const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(more_than_a_part, close_gpu),
                                       cmocka_unit_test_teardown(more_than_memory, close_gpu),
                                       cmocka_unit_test_teardown(nothing, close_gpu), cmocka_unit_test_teardown(many_scores, close_gpu)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
