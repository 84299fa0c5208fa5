/* Encoder: every level equals scalar, both strands give one vector, the integer forward pass is close to a float one. */
#include "random.h"

#include "encoder.h"
#include "kernels.h"
#include "sketch.h"
#include "tokens.h"

#include <math.h>

static void fill(anl_linear *l, float scale)
{
    for (int32_t i = 0; i < l->n * l->k; ++i) l->weights[i] = (int8_t)(random_below(255) - 127);
    for (int32_t o = 0; o < l->n; ++o) {
        l->scale[o] = scale * (0.5f + (float)(random_below(1000)) / 1000.0f);
        l->bias[o] = (float)(random_below(21)) - 10.0f;
    }
}

/* A model in which every part matters. */
static anl_model *random_model(int32_t d)
{
    anl_model *m;
    assert_int_equal(anl_sketch_new(&m, d, 5), 0);
    const float unit = 1.0f / (73.0f * sqrtf((float)d));
    for (int32_t i = 0; i < m->layers; ++i) {
        fill(&m->blocks[i].qkv, unit);
        fill(&m->blocks[i].out, unit * 20);
        fill(&m->blocks[i].up, unit);
        fill(&m->blocks[i].down, unit * 10);
    }
    for (int32_t c = 0; c < d; ++c) m->gate[c] = (int8_t)(random_below(255) - 127);
    m->gate_scale = 1e-6f;
    m->gate_bias = 0.1f;
    fill(&m->out, 1.0f);
    return m;
}

static void random_sequence(uint8_t *s, int32_t n, int with_n)
{
    for (int32_t i = 0; i < n; ++i) s[i] = with_n && random_below(40) == 0 ? 4 : (uint8_t)(random_below(4));
}

static void reverse_complement(const uint8_t *s, int32_t n, uint8_t *out)
{
    for (int32_t i = 0; i < n; ++i) out[i] = s[n - 1 - i] > 3 ? 4 : (uint8_t)(3 - s[n - 1 - i]);
}

static void embed(const anl_model *m, const anl_encode_kernels *k, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out)
{
    anl_encoder *e;
    anl_encoder_scratch *s;
    assert_int_equal(anl_encoder_new_with(&e, m, k), 0);
    assert_int_equal(anl_encoder_scratch_new(&s, e), 0);
    anl_encoder_embed(e, s, seqs, lens, n, out);
    anl_encoder_scratch_free(s);
    anl_encoder_free(e);
}

static void strands_and_levels_agree(void **unused)
{
    (void)unused;
    random_start();
    enum { N = ANL_ENCODER_MAX_LEN - ANL_ENCODER_MIN_LEN + 1 };
    static uint8_t forward[N][ANL_ENCODER_MAX_LEN], backward[N][ANL_ENCODER_MAX_LEN];
    static int8_t first[2 * N * 256], other[2 * N * 256];
    const uint8_t *seqs[2 * N];
    int32_t lens[2 * N];
    const int32_t dims[] = {32, 96, 128, 256};
    for (size_t di = 0; di < sizeof dims / sizeof *dims; ++di) {
        const int32_t d = dims[di];
        const int step = d == 128 ? 1 : 13, n = (N + step - 1) / step; /* every length at the dimension that ships */
        anl_model *m = random_model(d);
        for (int i = 0; i < n; ++i) {
            lens[2 * i] = lens[2 * i + 1] = ANL_ENCODER_MIN_LEN + i * step;
            random_sequence(forward[i], lens[2 * i], i & 1);
            reverse_complement(forward[i], lens[2 * i], backward[i]);
            seqs[2 * i] = forward[i];
            seqs[2 * i + 1] = backward[i];
        }
        for (const char *const *level = anl_kernels_levels(); *level; ++level) {
            anl_kernels k;
            assert_int_equal(anl_kernels_fill(&k, *level), 0);
            int8_t *out = level == anl_kernels_levels() ? first : other;
            embed(m, &k.encode, seqs, lens, 2 * n, out);
            for (int i = 0; i < n; ++i) assert_memory_equal(out + (size_t)(2 * i * d), out + (size_t)((2 * i + 1) * d), (size_t)d);
            assert_memory_equal(out, first, (size_t)(2 * n * d));
            embed(m, &k.encode, seqs + 37, lens + 37, 1, other); /* alone as in company */
            assert_memory_equal(other, first + (size_t)(37 * d), (size_t)d);
        }
        anl_model_free(m);
    }
}

static void nothing_but_n_is_zero(void **unused)
{
    (void)unused;
    anl_model *m = random_model(128);
    anl_kernels k;
    assert_int_equal(anl_kernels_fill(&k, NULL), 0);
    uint8_t seq[150];
    memset(seq, 4, sizeof seq);
    const uint8_t *seqs[] = {seq};
    const int32_t lens[] = {150};
    int8_t out[128], zero[128] = {0};
    embed(m, &k.encode, seqs, lens, 1, out);
    assert_memory_equal(out, zero, sizeof out);
    anl_model_free(m);
}

/* The same network in plain doubles, without any rounding to integers. */
static void layer(const anl_linear *l, const double *a, double *y)
{
    for (int32_t o = 0; o < l->n; ++o) {
        double sum = 0;
        for (int32_t i = 0; i < l->k; ++i) sum += a[i] * l->weights[o * l->k + i];
        y[o] = sum * l->scale[o] + l->bias[o];
    }
}

static void normed(const double *x, int32_t d, double scale, double *out)
{
    double mean = 0, variance = 0;
    for (int32_t c = 0; c < d; ++c) mean += x[c] / d;
    for (int32_t c = 0; c < d; ++c) variance += (x[c] - mean) * (x[c] - mean) / d;
    for (int32_t c = 0; c < d; ++c) out[c] = (x[c] - mean) / sqrt(variance) * scale;
}

static void float_forward(const anl_model *m, const uint8_t *seq, int32_t len, double *out)
{
    enum { D = 128, MOST = 64 };
    static double x[MOST][D], qkv[MOST][3 * D], attended[MOST][D];
    static anl_token_list list;
    double a[D], y[D], hidden[2 * D], pooled[D] = {0};
    anl_token_map *map;
    assert_int_equal(anl_token_map_new(&map), 0);
    anl_token_list_clear(&list);
    anl_token_list_add(&list, map, seq, len);
    for (int t = 0; t < list.tokens; ++t)
        for (int c = 0; c < D; ++c) {
            x[t][c] = 0;
            for (int32_t i = list.begin[t]; i < list.begin[t + 1]; ++i) x[t][c] += 16.0 * m->table[list.rows[i] * D + c];
        }
    for (int32_t b = 0; b < m->layers; ++b) {
        const anl_block *block = &m->blocks[b];
        for (int t = 0; t < list.tokens; ++t) {
            normed(x[t], D, m->norm_scale, a);
            layer(&block->qkv, a, qkv[t]);
        }
        for (int h = 0; h < D / 32; ++h)
            for (int i = 0; i < list.tokens; ++i) {
                double w[MOST], total = 0;
                for (int j = 0; j < list.tokens; ++j) {
                    double dot = 0;
                    for (int c = 0; c < 32; ++c) dot += qkv[i][h * 32 + c] * qkv[j][D + h * 32 + c];
                    total += w[j] = exp(dot * block->qk_scale[h] - abs(i - j) * block->slope[h]);
                }
                for (int c = 0; c < 32; ++c) {
                    attended[i][h * 32 + c] = 0;
                    for (int j = 0; j < list.tokens; ++j) attended[i][h * 32 + c] += w[j] / total * qkv[j][2 * D + h * 32 + c];
                }
            }
        for (int t = 0; t < list.tokens; ++t) {
            layer(&block->out, attended[t], y);
            for (int c = 0; c < D; ++c) x[t][c] += y[c];
            normed(x[t], D, m->norm_scale, a);
            layer(&block->up, a, hidden);
            for (int c = 0; c < 2 * D; ++c) hidden[c] = hidden[c] > 0 ? hidden[c] : 0;
            layer(&block->down, hidden, y);
            for (int c = 0; c < D; ++c) x[t][c] += y[c];
        }
    }
    for (int t = 0; t < list.tokens; ++t) {
        double dot = m->gate_bias;
        for (int c = 0; c < D; ++c) dot += x[t][c] * m->gate[c] * m->gate_scale;
        for (int c = 0; c < D; ++c) pooled[c] += (1 + tanh(dot)) * x[t][c] * 8 / list.kmers[0];
    }
    double squares = 0;
    for (int c = 0; c < D; ++c) {
        pooled[c] -= m->mean[c];
        squares += pooled[c] * pooled[c];
    }
    for (int c = 0; c < D; ++c) pooled[c] *= 32 / sqrt(squares / D);
    layer(&m->out, pooled, out);
    anl_token_map_free(map);
}

static void integers_follow_floats(void **unused)
{
    (void)unused;
    anl_model *m = random_model(128);
    anl_kernels k;
    assert_int_equal(anl_kernels_fill(&k, NULL), 0);
    double sum = 0;
    for (int trial = 0; trial < 20; ++trial) {
        uint8_t seq[150];
        int8_t vector[128];
        double expected[128], dot = 0, a = 0, b = 0;
        random_sequence(seq, 150, 0);
        const uint8_t *seqs[] = {seq};
        const int32_t lens[] = {150};
        embed(m, &k.encode, seqs, lens, 1, vector);
        float_forward(m, seq, 150, expected);
        for (int c = 0; c < 128; ++c) {
            dot += vector[c] * expected[c];
            a += vector[c] * vector[c];
            b += expected[c] * expected[c];
        }
        const double cosine = dot / sqrt(a * b);
        assert_true(cosine > 0.95); /* 8-bit activations under random weights */
        sum += cosine;
    }
    assert_true(sum / 20 > 0.985);
    anl_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strands_and_levels_agree),
        cmocka_unit_test(nothing_but_n_is_zero),
        cmocka_unit_test(integers_follow_floats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
