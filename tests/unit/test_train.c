/* Training: gradients of every parameter against finite differences, bf16 and the GPU against float, the step to int8. */
#include "random.h"

#include "corpus.h"
#include "encoder.h"
#include "mine.h"
#include "net.h"
#include "sketch.h"
#include "trainer.h"

#include <math.h>

enum { PAIRS = 32, DIM = 64, LAYERS = 2 };

/* Sequence like DNA and pairs from it. */
static anl_corpus *corpus(void)
{
    static uint8_t bases[400000];
    static anl_corpus c = {.bases = bases, .n = sizeof bases};
    for (int64_t i = 0; i < c.n; ++i) bases[i] = (uint8_t)random_below(4);
    return &c;
}

static const anl_draw draw = {
    .seed = 7, .window = 160, .stride = 48, .min_length = 50, .max_length = 300, .max_substitutions = 0.2f, .max_indels = 0.05f};

static anl_trainer *trainer(const anl_train_kernels *k, int threads, const float *weights)
{
    anl_trainer *t;
    anl_trainer_options o = {
        .kernels = k, .dim = DIM, .layers = LAYERS, .pairs = PAIRS, .threads = threads, .apart = 300, .temperature = 0.2f};
    assert_int_equal(anl_trainer_new(&t, &o), 0);
    anl_trainer_set(t, weights, NULL, NULL);
    return t;
}

/* The sketch with its blocks switched on, and nothing left at zero. */
static float *make_weights(const anl_net *net)
{
    anl_model *m;
    float *w = calloc(net->size, sizeof *w);
    assert_int_equal(anl_sketch_new(&m, DIM, LAYERS, 3), 0);
    anl_net_from_model(net, m, w);
    anl_model_free(m);
    for (int i = 0; i < LAYERS; ++i) {
        const anl_net_layer *l = &net->layer[i];
        const anl_net_linear *all[] = {&l->qkv, &l->o, &l->up, &l->down};
        for (int j = 0; j < 4; ++j) {
            int new = j % 2; /* o and down are zero in the sketch */
            for (int e = 0; new &&e < all[j]->n *all[j]->k; ++e) w[all[j]->w + (size_t)e] = ((float)random_below(2001) / 1000 - 1) * 0.1f;
            for (int e = 0; e < all[j]->n; ++e) w[all[j]->b + (size_t)e] = ((float)random_below(2001) / 1000 - 1) * 0.1f;
        }
    }
    for (int c = 0; c < DIM; ++c) w[net->gate + (size_t)c] = ((float)random_below(2001) / 1000 - 1) * 0.05f;
    w[net->gate_bias] = 0.1f;
    return w;
}

static double loss_at(anl_trainer *t, const anl_pairs *b, const float *weights)
{
    anl_train_score score;
    anl_trainer_set(t, weights, NULL, NULL);
    assert_int_equal(anl_trainer_gradient(t, b, LAYERS, &score), 0);
    return score.loss / b->n;
}

/* The gradient along a random direction within parameters [begin, begin + n) against the difference of losses. */
static void check_part(anl_trainer *t, const anl_pairs *b, const float *weights, const float *gradient, size_t begin, size_t n,
                       const char *what)
{
    size_t size = anl_trainer_net(t)->size;
    float *moved = malloc(size * sizeof *moved);
    double expected = 0, norm = 0, along = 0, square = 0;
    for (size_t i = begin; i < begin + n; ++i) {
        norm += (double)gradient[i] * gradient[i];
        square += (double)weights[i] * weights[i];
    }
    /* The gradient's own direction, half of it flipped at random, is the one that float differences resolve. */
    float *direction = calloc(n, sizeof *direction);
    for (size_t i = 0; i < n; ++i) {
        direction[i] = (float)(gradient[begin + i] / sqrt(norm + 1e-30)) * (random_below(4) ? 1.0f : -0.5f);
        along += (double)direction[i] * direction[i];
    }
    double h = 0.01 * sqrt(square / (double)n + 1e-4) / sqrt(along) * sqrt((double)n) * 0.5, losses[2];
    if (h > 0.02 / sqrt(norm)) h = 0.02 / sqrt(norm);
    for (int side = 0; side < 2; ++side) {
        memcpy(moved, weights, size * sizeof *moved);
        for (size_t i = 0; i < n; ++i) moved[begin + i] += (float)((side ? h : -h) * direction[i]);
        losses[side] = loss_at(t, b, moved);
    }
    for (size_t i = 0; i < n; ++i) expected += (double)direction[i] * gradient[begin + i];
    double found = (losses[1] - losses[0]) / (2 * h);
    if (fabs(found - expected) > 0.02 * fabs(expected) + 1e-4)
        fail_msg("%s: gradient %g, differences %g (step %g)", what, expected, found, h);
    assert_true(norm > 0);
    free(direction);
    free(moved);
}

static void gradients_are_the_differences_of_the_loss(void **state)
{
    (void)state;
    anl_net net;
    anl_pairs *b;
    anl_train_score score;
    anl_net_init(&net, DIM, LAYERS);
    float *weights = make_weights(&net), *gradient = malloc(net.size * sizeof *gradient);
    anl_trainer *t = trainer(anl_train_cpu(1), 2, weights);
    assert_int_equal(anl_pairs_new(&b, PAIRS), 0);
    anl_corpus_draw(corpus(), &draw, 0, 1, b);
    assert_int_equal(anl_trainer_gradient(t, b, LAYERS, &score), 0);
    anl_trainer_get_gradient(t, gradient);
    size_t d = DIM;
    check_part(t, b, weights, gradient, net.table, ANL_KMER_RANKS * d, "table");
    for (int i = 0; i < LAYERS; ++i) {
        const anl_net_layer *l = &net.layer[i];
        check_part(t, b, weights, gradient, l->qkv.w, d * d, "q");
        check_part(t, b, weights, gradient, l->qkv.w + d * d, d * d, "k");
        check_part(t, b, weights, gradient, l->qkv.w + 2 * d * d, d * d, "v");
        check_part(t, b, weights, gradient, l->qkv.b, 3 * d, "qkv bias");
        check_part(t, b, weights, gradient, l->slope, d / 32, "slope");
        check_part(t, b, weights, gradient, l->o.w, d * d, "o");
        check_part(t, b, weights, gradient, l->o.b, d, "o bias");
        check_part(t, b, weights, gradient, l->up.w, 2 * d * d, "up");
        check_part(t, b, weights, gradient, l->up.b, 2 * d, "up bias");
        check_part(t, b, weights, gradient, l->down.w, 2 * d * d, "down");
        check_part(t, b, weights, gradient, l->down.b, d, "down bias");
    }
    check_part(t, b, weights, gradient, net.gate, d, "gate");
    check_part(t, b, weights, gradient, net.gate_bias, 1, "gate bias");
    check_part(t, b, weights, gradient, net.mean, d, "mean");
    check_part(t, b, weights, gradient, net.out.w, d * d, "out");
    anl_pairs_free(b);
    anl_trainer_free(t);
    free(gradient);
    free(weights);
}

/* Gradients of one batch on a table of kernels. */
static float *gradient_of(const anl_train_kernels *k, int threads, const float *weights, const anl_pairs *b, anl_train_score *score)
{
    anl_trainer *t = trainer(k, threads, weights);
    float *gradient = malloc(anl_trainer_net(t)->size * sizeof *gradient);
    assert_int_equal(anl_trainer_gradient(t, b, LAYERS, score), 0);
    anl_trainer_get_gradient(t, gradient);
    anl_trainer_free(t);
    return gradient;
}

static void compare(const anl_train_kernels *k, double tolerance)
{
    anl_net net;
    anl_pairs *b;
    anl_train_score expected_score, score;
    anl_net_init(&net, DIM, LAYERS);
    float *weights = make_weights(&net);
    assert_int_equal(anl_pairs_new(&b, PAIRS), 0);
    anl_corpus_draw(corpus(), &draw, 0, 1, b);
    float *expected = gradient_of(anl_train_cpu(1), 1, weights, b, &expected_score), *found = gradient_of(k, 2, weights, b, &score);
    double dot = 0, a = 0, c = 0;
    for (size_t i = 0; i < net.size; ++i) {
        dot += (double)expected[i] * found[i];
        a += (double)expected[i] * expected[i];
        c += (double)found[i] * found[i];
    }
    assert_true(dot / sqrt(a * c) > 1 - tolerance);
    assert_true(fabs(sqrt(c / a) - 1) < 4 * tolerance);
    assert_true(fabs(score.loss / expected_score.loss - 1) < tolerance);
    free(expected);
    free(found);
    free(weights);
    anl_pairs_free(b);
}

static void bf16_agrees_with_float(void **state)
{
    (void)state;
    if (anl_train_cpu(0) == anl_train_cpu(1) || !strcmp(anl_train_cpu(0)->name, "float")) skip();
    compare(anl_train_cpu(0), 0.005);
}

static void cuda_agrees_with_float(void **state)
{
    (void)state;
    const anl_train_kernels *k = anl_train_cuda(0);
    if (!k) skip();
    compare(k, 0.005);
}

static void threads_do_not_change_the_gradient(void **state)
{
    (void)state;
    anl_net net;
    anl_pairs *b, *again;
    anl_train_score s;
    anl_net_init(&net, DIM, LAYERS);
    float *weights = make_weights(&net);
    assert_int_equal(anl_pairs_new(&b, PAIRS), 0);
    assert_int_equal(anl_pairs_new(&again, PAIRS), 0);
    anl_corpus *c = corpus();
    anl_corpus_draw(c, &draw, 5, 1, b);
    anl_corpus_draw(c, &draw, 5, 3, again);
    assert_int_equal(b->first[2 * PAIRS], again->first[2 * PAIRS]);
    assert_memory_equal(b->rows, again->rows, (size_t)b->first[2 * PAIRS] * sizeof *b->rows);
    float *one = gradient_of(anl_train_cpu(0), 1, weights, b, &s), *three = gradient_of(anl_train_cpu(0), 3, weights, again, &s);
    assert_memory_equal(one, three, net.size * sizeof *one);
    free(one);
    free(three);
    free(weights);
    anl_pairs_free(b);
    anl_pairs_free(again);
}

/* A model and the float weights taken from it are one function, and rounding the weights again gives nearly the same vectors. */
/* Copies of 3,000 bp with a difference every 100 bp, one of them turned, at odd distances from the windows. */
static void hard_pairs_are_aligned(void **state)
{
    (void)state;
    enum { COPY = 3000, FROM = 16000, FORWARD = 100037, TURNED = 200011 };
    random_start();
    anl_corpus *c = corpus();
    for (int i = 0; i < COPY; ++i) {
        const uint8_t base = c->bases[FROM + i];
        c->bases[FORWARD + i] = i % 100 ? base : (base + 1) & 3;
        c->bases[TURNED + COPY - 1 - i] = i % 100 == 50 ? base : 3 - base;
    }
    anl_model *m;
    anl_hard_pair *hard_pairs;
    size_t n;
    int forward = 0, turned = 0, other = 0;
    assert_int_equal(anl_sketch_new(&m, 128, 0, 3), 0);
    assert_int_equal(anl_mine(c, m, draw.window, c->n, 0, 1, &hard_pairs, &n), 0);
    for (size_t i = 0; i < n; ++i) {
        const int64_t a = hard_pairs[i].a, b = hard_pairs[i].b;
        if (a < FROM || a + draw.window > FROM + COPY) continue; /* the copies' own windows have this one or each other */
        if (b == a - FROM + FORWARD)
            ++forward;
        else if (b == TURNED + COPY - (a - FROM) - draw.window)
            ++turned;
        else
            ++other;
    }
    assert_true(forward + turned >= COPY / draw.window - 2);
    assert_int_equal(other, 0);
    free(hard_pairs);
    anl_model_free(m);
}

static void int8_and_back(void **state)
{
    (void)state;
    enum { SEQS = 200, LENGTH = 150 };
    static uint8_t bases[SEQS][LENGTH];
    static int8_t vectors[2][SEQS][DIM];
    const uint8_t *seqs[SEQS];
    int32_t lens[SEQS];
    anl_net net;
    anl_pairs *b;
    anl_train_score score;
    anl_net_ranges ranges;
    anl_model *models[2] = {NULL, NULL};
    anl_net_init(&net, DIM, LAYERS);
    float *weights = make_weights(&net);
    anl_trainer *t = trainer(anl_train_cpu(1), 1, weights);
    assert_int_equal(anl_pairs_new(&b, PAIRS), 0);
    anl_corpus_draw(corpus(), &draw, 0, 1, b);
    for (int i = 0; i < SEQS; ++i) {
        for (int j = 0; j < LENGTH; ++j) bases[i][j] = (uint8_t)random_below(4);
        seqs[i] = bases[i];
        lens[i] = LENGTH;
    }
    for (int round = 0; round < 2; ++round) {
        anl_encoder *e;
        anl_encoder_scratch *sc;
        anl_trainer_set(t, weights, NULL, NULL);
        assert_int_equal(anl_trainer_gradient(t, b, LAYERS, &score), 0);
        assert_int_equal(anl_trainer_ranges(t, LAYERS, &ranges), 0);
        assert_int_equal(anl_net_to_model(&net, weights, LAYERS, &ranges, &models[round]), 0);
        assert_int_equal(anl_encoder_new(&e, models[round]), 0);
        assert_int_equal(anl_encoder_scratch_new(&sc, e), 0);
        anl_encoder_embed(e, sc, seqs, lens, SEQS, vectors[round][0]);
        anl_encoder_scratch_free(sc);
        anl_encoder_free(e);
        anl_net_from_model(&net, models[round], weights);
    }
    double worst = 1;
    for (int i = 0; i < SEQS; ++i) {
        double dot = 0, x = 0, y = 0;
        for (int c = 0; c < DIM; ++c) {
            dot += vectors[0][i][c] * vectors[1][i][c];
            x += vectors[0][i][c] * vectors[0][i][c];
            y += vectors[1][i][c] * vectors[1][i][c];
        }
        worst = fmin(worst, dot / sqrt(x * y));
    }
    assert_true(worst > 0.98);
    anl_model_free(models[0]);
    anl_model_free(models[1]);
    anl_pairs_free(b);
    anl_trainer_free(t);
    free(weights);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_the_differences_of_the_loss),
        cmocka_unit_test(bf16_agrees_with_float),
        cmocka_unit_test(cuda_agrees_with_float),
        cmocka_unit_test(threads_do_not_change_the_gradient),
        cmocka_unit_test(hard_pairs_are_aligned),
        cmocka_unit_test(int8_and_back),
    };
    random_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
