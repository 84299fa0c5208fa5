/* More threads than there is work: a batch that kernels take at once, as those of a GPU do. */
#include "random.h"

#include "corpus.h"
#include "net.h"
#include "sketch.h"
#include "trainer.h"

enum { PAIRS = 32, DIM = 64, LAYERS = 1, TIMES = 20 };

static anl_trainer *trainer(const anl_train_kernels *k, int threads, const float *weights)
{
    anl_trainer *t;
    const anl_trainer_options o = {
        .kernels = k, .dim = DIM, .layers = LAYERS, .pairs = PAIRS, .threads = threads, .apart = 300, .temperature = 0.2f};
    assert_int_equal(anl_trainer_new(&t, &o), 0);
    anl_trainer_set(t, weights, NULL, NULL);
    return t;
}

static void batch_of_one_chunk(void **unused)
{
    (void)unused;
    static uint8_t bases[100000];
    random_state = 1;
    for (size_t i = 0; i < sizeof bases; ++i) bases[i] = (uint8_t)random_below(4);
    const anl_corpus corpus = {.bases = bases, .n = sizeof bases};
    const anl_draw draw = {.seed = 7, .window = 160, .stride = 48, .min_length = 50, .max_length = 300, .max_substitutions = 0.1f};
    anl_net net;
    anl_model *m;
    anl_pairs *b;
    anl_train_kernels k = *anl_train_cpu(1);
    k.chunk_seqs = 4 * PAIRS;
    anl_net_init(&net, DIM, LAYERS);
    float *weights = calloc(net.size, sizeof *weights), *alone = calloc(net.size, sizeof *alone),
          *together = calloc(net.size, sizeof *together);
    assert_int_equal(anl_sketch_new(&m, DIM, LAYERS, 3), 0);
    anl_net_from_model(&net, m, weights);
    assert_int_equal(anl_pairs_new(&b, PAIRS), 0);
    anl_corpus_draw(&corpus, &draw, 0, 1, b);
    anl_train_score score;
    anl_trainer *one = trainer(&k, 1, weights), *four = trainer(&k, 4, weights);
    assert_int_equal(anl_trainer_gradient(one, b, LAYERS, &score), 0);
    anl_trainer_get_gradient(one, alone);
    for (int i = 0; i < TIMES; ++i) { /* any of the threads may be the one that takes the chunk */
        assert_int_equal(anl_trainer_gradient(four, b, LAYERS, &score), 0);
        anl_trainer_get_gradient(four, together);
        assert_memory_equal(alone, together, net.size * sizeof *alone);
    }
    anl_trainer_free(one);
    anl_trainer_free(four);
    anl_pairs_free(b);
    anl_model_free(m);
    free(weights);
    free(alone);
    free(together);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(batch_of_one_chunk)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
