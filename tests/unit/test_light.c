/* Training the light encoder: gradients of every parameter against finite differences, threads, the step to int8. */
#include "random.h"

#include "encoder.h"
#include "light_trainer.h"
#include "sketch.h"

#include <math.h>

enum { READS = 64, DIM = 64, HIDDEN = 96, LONGEST = 300 };

typedef struct reads {
    uint8_t bases[READS][LONGEST];
    const uint8_t *seqs[READS];
    int32_t lens[READS];
    anl_pairs *pairs;
} reads;

/* Of every kind of length, so that no weight goes unused up to the longest. */
static reads *make_reads(void)
{
    static reads r;
    uint16_t rank[ANL_KMERS];
    anl_kmer_ranks(rank);
    assert_int_equal(anl_pairs_new(&r.pairs, READS), 0);
    r.pairs->first[0] = 0;
    for (int i = 0; i < READS; ++i) {
        r.seqs[i] = r.bases[i];
        r.lens[i] = 30 + (LONGEST - 30) * i / (READS - 1);
        for (int j = 0; j < r.lens[i]; ++j) r.bases[i][j] = (uint8_t)random_below(4);
        anl_tokens_make(r.bases[i], r.lens[i], rank, r.pairs->rows + r.pairs->first[i]);
        r.pairs->first[i + 1] = r.pairs->first[i] + ANL_TOKEN_COUNT(r.lens[i]);
    }
    return &r;
}

static void random_targets(float *t)
{
    for (int i = 0; i < READS; ++i, t += DIM) {
        float squares = 0;
        for (int c = 0; c < DIM; ++c) {
            t[c] = (float)random_below(2001) / 1000 - 1;
            squares += t[c] * t[c];
        }
        for (int c = 0; c < DIM; ++c) t[c] /= sqrtf(squares);
    }
}

static anl_light_trainer *trainer(int threads)
{
    anl_light_trainer *t;
    const anl_light_trainer_options o = {.kernels = anl_train_cpu(1), .dim = DIM, .hidden = HIDDEN, .reads = READS, .threads = threads};
    assert_int_equal(anl_light_trainer_new(&t, &o), 0);
    const anl_light_net *net = anl_light_trainer_net(t);
    float *w = anl_light_trainer_state(t).weights;
    anl_light_net_start(net, 5, 176, 48, w);
    for (int i = 0; i < ANL_ENCODER_PLACES; ++i) w[net->weight + (size_t)i] = 1 - 0.02f * (float)i;
    for (int i = 0; i < HIDDEN; ++i) w[net->up.b + (size_t)i] = 0.1f * (float)(i % 5 - 2);
    return t;
}

static double loss_of(anl_light_trainer *t, const anl_pairs *b, const float *targets)
{
    double loss;
    anl_light_trainer_gradient(t, b, targets, &loss);
    return loss / READS;
}

/* Along the gradient's own direction within [begin, begin + n), some of it turned round. */
static void check_part(anl_light_trainer *t, const anl_pairs *b, const float *targets, size_t begin, size_t n, const char *what)
{
    const anl_light_state s = anl_light_trainer_state(t);
    double norm = 0, expected = 0, losses[2];
    float *kept = malloc(n * sizeof *kept), *direction = malloc(n * sizeof *direction);
    loss_of(t, b, targets);
    memcpy(kept, s.weights + begin, n * sizeof *kept);
    for (size_t i = 0; i < n; ++i) norm += (double)s.gradient[begin + i] * (double)s.gradient[begin + i];
    for (size_t i = 0; i < n; ++i) {
        direction[i] = (float)((double)s.gradient[begin + i] / sqrt(norm)) * (random_below(4) ? 1.0f : -0.5f);
        expected += (double)direction[i] * (double)s.gradient[begin + i];
    }
    const double h = 0.01 / sqrt(norm) < 0.05 ? 0.01 / sqrt(norm) : 0.05;
    for (int side = 0; side < 2; ++side) {
        for (size_t i = 0; i < n; ++i) s.weights[begin + i] = kept[i] + (float)((side ? h : -h) * (double)direction[i]);
        losses[side] = loss_of(t, b, targets);
    }
    memcpy(s.weights + begin, kept, n * sizeof *kept);
    const double found = (losses[1] - losses[0]) / (2 * h);
    if (!(norm > 0) || fabs(found - expected) > 0.02 * fabs(expected) + 1e-5)
        fail_msg("%s: gradient %g, differences %g", what, expected, found);
    free(direction);
    free(kept);
}

static void gradients_are_the_differences_of_the_loss(void **state)
{
    (void)state;
    static float targets[READS * DIM];
    reads *r = make_reads();
    anl_light_trainer *t = trainer(2);
    const anl_light_net *net = anl_light_trainer_net(t);
    random_targets(targets);
    check_part(t, r->pairs, targets, net->table, ANL_KMER_RANKS * DIM, "table");
    check_part(t, r->pairs, targets, net->weight, ANL_ENCODER_PLACES, "weight");
    check_part(t, r->pairs, targets, net->weight, 3, "weight in the middle");
    check_part(t, r->pairs, targets, net->up.w, HIDDEN * DIM, "up");
    check_part(t, r->pairs, targets, net->up.b, HIDDEN, "up bias");
    check_part(t, r->pairs, targets, net->direct.w, DIM * DIM, "direct");
    check_part(t, r->pairs, targets, net->down.w, DIM * HIDDEN, "down");
    anl_light_trainer_free(t);
    anl_pairs_free(r->pairs);
}

static void threads_do_not_change_the_gradient(void **state)
{
    (void)state;
    static float targets[READS * DIM];
    reads *r = make_reads();
    anl_light_trainer *t[2] = {trainer(1), trainer(3)};
    random_targets(targets);
    const double a = loss_of(t[0], r->pairs, targets), b = loss_of(t[1], r->pairs, targets);
    assert_true(a == b);
    assert_memory_equal(anl_light_trainer_state(t[0]).gradient, anl_light_trainer_state(t[1]).gradient,
                        anl_light_trainer_net(t[0])->size * sizeof(float));
    for (int i = 0; i < 2; ++i) anl_light_trainer_free(t[i]);
    anl_pairs_free(r->pairs);
}

/* What lies beyond the window of a long read does not count from the start, nor in the model made of it. */
static void ends_of_long_reads_count_nothing(void **state)
{
    (void)state;
    enum { LENGTH = 400, END = 80 };
    static uint8_t bases[2][LENGTH];
    static int8_t out[2 * DIM];
    const uint8_t *seqs[] = {bases[0], bases[1]};
    const int32_t lens[] = {LENGTH, LENGTH};
    anl_model *m;
    anl_encoder *e;
    anl_encoder_scratch *s;
    anl_light_trainer *t = trainer(1);
    float *w = anl_light_trainer_state(t).weights;
    anl_light_net_start(anl_light_trainer_net(t), 5, 176, 48, w);
    assert_int_equal(anl_sketch_new(&m, DIM, 0, 1), 0);
    assert_int_equal(anl_model_add_light(m, HIDDEN), 0);
    assert_int_equal(anl_light_net_to_model(anl_light_trainer_net(t), w, 5, m), 0);
    for (int i = 0; i < LENGTH; ++i) {
        bases[0][i] = bases[1][i] = (uint8_t)random_below(4);
        if (i < END || i >= LENGTH - END) bases[1][i] = (uint8_t)random_below(4);
    }
    for (int changed = 0; changed < 2; ++changed) {
        assert_int_equal(anl_encoder_new(&e, m), 0);
        assert_int_equal(anl_encoder_scratch_new(&s, e), 0);
        assert_int_equal(anl_encoder_embed_light(e, s, seqs, lens, 2, out), 0);
        assert_int_equal(memcmp(out, out + DIM, DIM) != 0, changed);
        bases[1][LENGTH / 2] ^= 1;
        anl_encoder_scratch_free(s);
        anl_encoder_free(e);
    }
    anl_model_free(m);
    anl_light_trainer_free(t);
}

/* The vectors of the int8 model serve as targets: the loss is what rounding costs. Then training on them brings what was random near. */
static void int8_is_near_the_floats(void **state)
{
    (void)state;
    static int8_t out[READS * DIM];
    static float targets[READS * DIM];
    float top;
    anl_model *m;
    anl_encoder *e;
    anl_encoder_scratch *s;
    reads *r = make_reads();
    anl_light_trainer *t = trainer(1);
    assert_int_equal(anl_sketch_new(&m, DIM, 0, 1), 0);
    assert_int_equal(anl_model_add_light(m, HIDDEN), 0);
    assert_int_equal(anl_light_trainer_range(t, r->pairs, &top), 0);
    assert_int_equal(anl_light_net_to_model(anl_light_trainer_net(t), anl_light_trainer_state(t).weights, top, m), 0);
    assert_int_equal(anl_encoder_new(&e, m), 0);
    assert_int_equal(anl_encoder_scratch_new(&s, e), 0);
    assert_int_equal(anl_encoder_embed_light(e, s, r->seqs, r->lens, READS, out), 0);
    for (int i = 0; i < READS; ++i) {
        float squares = 0;
        for (int c = 0; c < DIM; ++c) squares += (float)(out[i * DIM + c] * out[i * DIM + c]);
        for (int c = 0; c < DIM; ++c) targets[i * DIM + c] = (float)out[i * DIM + c] / sqrtf(squares);
    }
    const double rounding = loss_of(t, r->pairs, targets);
    print_message("rounding costs %.5f\n", rounding);
    assert_true(rounding > 0 && rounding < 0.003);
    anl_light_net_start(anl_light_trainer_net(t), 6, 176, 48, anl_light_trainer_state(t).weights);
    const double before = loss_of(t, r->pairs, targets);
    for (int i = 1; i <= 30; ++i) {
        anl_light_trainer_update(t, i, 0.01f);
        loss_of(t, r->pairs, targets);
    }
    assert_true(before > 0.8 && loss_of(t, r->pairs, targets) < 0.1);
    anl_encoder_scratch_free(s);
    anl_encoder_free(e);
    anl_model_free(m);
    anl_light_trainer_free(t);
    anl_pairs_free(r->pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_the_differences_of_the_loss),
        cmocka_unit_test(threads_do_not_change_the_gradient),
        cmocka_unit_test(ends_of_long_reads_count_nothing),
        cmocka_unit_test(int8_is_near_the_floats),
    };
    random_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
