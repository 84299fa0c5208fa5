/* The forward pass: strands, levels, batches, parity with floats. */
#include "models.h"

#include "encoder_internal.h"
#include "tokens.h"

#include <math.h>

#define COUNT(a) (int)(sizeof(a) / sizeof *(a))

static void same(const char *what, const char *level, const void *a, const void *b, size_t bytes, int d)
{
    if (memcmp(a, b, bytes)) fail_msg("%s differs at level %s, d %d", what, level, d);
}

static void reverse_complement(const uint8_t *s, int len, uint8_t *to)
{
    for (int i = 0; i < len; ++i) to[len - 1 - i] = s[i] < 4 ? (uint8_t)(3 - s[i]) : s[i];
}

typedef struct setup {
    anl_encoder *e;
    anl_encoder_scratch *s;
} setup;

static setup start(const anl_model *m, const char *level)
{
    setup t;
    anl_kernels k;
    assert_int_equal(anl_kernels_fill(&k, level), 0);
    assert_int_equal(anl_encoder_new_with(&t.e, m, &k.encode), 0);
    assert_int_equal(anl_encoder_scratch_new(&t.s, t.e), 0);
    return t;
}

static void stop(setup *t)
{
    anl_encoder_scratch_free(t->s);
    anl_encoder_free(t->e);
}

/* The full encoder and the light one: all that is said of one holds of the other. */
static anl_embed_function *const encoders[] = {anl_encoder_embed, anl_encoder_embed_light};

static void embed_one(anl_embed_function *embed, setup *t, const uint8_t *seq, int len, int8_t *out)
{
    int32_t n = len;
    assert_int_equal(embed(t->e, t->s, &seq, &n, 1, out), 0);
}

static double length(const int8_t *v, int d)
{
    double sum = 0;
    for (int c = 0; c < d; ++c) sum += v[c] * v[c];
    return sqrt(sum);
}

static void test_strands(void **unused)
{
    (void)unused;
    static const int sizes[] = {32, 128};
    for (int i = 0; i < 2; ++i) {
        anl_model *m = random_model(sizes[i], 2);
        setup t = start(m, NULL);
        for (int len = ANL_ENCODER_MIN_LEN; len <= ANL_ENCODER_MAX_LEN; ++len)
            for (int ns = 0; ns < 6; ns += 1 + ns) {
                uint8_t s[ANL_ENCODER_MAX_LEN], r[ANL_ENCODER_MAX_LEN];
                int8_t a[128], b[128];
                random_seq(s, len, ns);
                reverse_complement(s, len, r);
                for (int light = 0; light < 2; ++light) {
                    embed_one(encoders[light], &t, s, len, a);
                    embed_one(encoders[light], &t, r, len, b);
                    if (memcmp(a, b, (size_t)sizes[i])) fail_msg("strands differ: %d bp, %s", len, light ? "light" : "full");
                    if (ns == 0) assert_true(fabs(length(a, sizes[i]) - (double)m->radius) < 0.2 * (double)m->radius);
                }
            }
        stop(&t);
        anl_model_free(m);
    }
}

static void test_tokens(void **unused)
{
    (void)unused;
    uint16_t rank[ANL_KMERS], rows[ANL_TOKENS_MAX][ANL_TOKEN_KMERS];
    int uses[ANL_KMER_RANKS] = {0};
    anl_kmer_ranks(rank);
    for (int code = 0; code < ANL_KMERS; ++code) ++uses[rank[code]];
    for (int r = 0; r < ANL_KMER_RANKS; ++r) assert_in_range(uses[r], 1, 2);
    for (int len = ANL_KMER; len <= ANL_ENCODER_MAX_LEN; ++len) {
        uint8_t s[ANL_ENCODER_MAX_LEN];
        random_seq(s, len, 0);
        int n = len - ANL_KMER + 1, m = ANL_TOKEN_COUNT(len), valid = anl_tokens_make(s, len, rank, rows);
        assert_true(m <= ANL_TOKENS_MAX);
        /* Every k-mer once; the central one twice when two middle tokens share it. */
        assert_int_equal(valid, n + (n % 2 == 1 && m % 2 == 0));
        memset(s, 4, (size_t)len);
        assert_int_equal(anl_tokens_make(s, len, rank, rows), 0);
    }
}

enum { SEQS = 60 };
typedef struct batch {
    uint8_t bases[SEQS][ANL_ENCODER_MAX_LEN];
    const uint8_t *seqs[SEQS];
    int32_t lens[SEQS];
} batch;

static void random_batch(batch *b)
{
    for (int i = 0; i < SEQS; ++i) {
        b->lens[i] = i % 4 ? between(ANL_ENCODER_MIN_LEN, ANL_ENCODER_MAX_LEN) : i % 8 ? 400 : 20;
        random_seq(b->bases[i], b->lens[i], i % 3 ? 0 : between(0, 9));
        if (i == 7) memset(b->bases[i], 4, sizeof b->bases[i]);
        b->seqs[i] = b->bases[i];
    }
}

static void test_levels_and_batches(void **unused)
{
    (void)unused;
    static const int sizes[] = {32, 96, 128, 256};
    static int8_t want[SEQS * 256], got[SEQS * 256];
    for (int i = 0; i < COUNT(sizes); ++i) {
        batch b;
        int d = sizes[i];
        size_t bytes = (size_t)(SEQS * d);
        anl_model *m = random_model(d, i % 2 ? 2 : 3);
        random_batch(&b);
        for (int light = 0; light < 2; ++light) {
            for (const char *const *level = anl_kernels_levels(); *level; ++level) {
                setup t = start(m, *level);
                encoders[light](t.e, t.s, b.seqs, b.lens, SEQS, got);
                if (level == anl_kernels_levels()) memcpy(want, got, bytes);
                same("embedding", *level, want, got, bytes, d);
                memset(got, 0, bytes);
                for (int j = 0; j < SEQS; ++j) embed_one(encoders[light], &t, b.seqs[j], b.lens[j], got + j * d);
                same("embedding alone", *level, want, got, bytes, d);
                stop(&t);
            }
            assert_true(length(want + 7 * d, d) == 0); /* all N */
            assert_true(length(want, d) > 0);
        }
        anl_model_free(m);
    }
}

/* ---- a plain float forward pass of the dequantised weights ---- */

typedef struct floats {
    double x[ANL_TOKENS_MAX][256], a[ANL_TOKENS_MAX][512], b[ANL_TOKENS_MAX][768];
} floats;

static void float_norm(floats *f, int m, int d, double scale)
{
    for (int t = 0; t < m; ++t) {
        double sum = 0, squares = 0;
        for (int c = 0; c < d; ++c) sum += f->x[t][c];
        for (int c = 0; c < d; ++c) squares += (f->x[t][c] - sum / d) * (f->x[t][c] - sum / d);
        for (int c = 0; c < d; ++c) f->a[t][c] = (f->x[t][c] - sum / d) * scale / sqrt(squares / d + 1);
    }
}

static double float_linear(const anl_linear *l, const double *a, int o)
{
    double sum = 0;
    for (int i = 0; i < l->k; ++i) sum += a[i] * l->w[o * l->k + i];
    return sum * (double)l->scale[o] + (double)l->bias[o];
}

static void float_attend(floats *f, const anl_layer *l, int m, int d)
{
    for (int h = 0; h < d / 32; ++h)
        for (int i = 0; i < m; ++i) {
            double p[ANL_TOKENS_MAX], sum = 0;
            for (int j = 0; j < m; ++j) {
                double dot = 0;
                for (int c = 0; c < 32; ++c) dot += f->b[i][h * 32 + c] * f->b[j][d + h * 32 + c];
                sum += p[j] = exp(dot * (double)l->qk_scale[h] - (double)l->slope[h] * abs(i - j));
            }
            for (int c = 0; c < 32; ++c) {
                double v = 0;
                for (int j = 0; j < m; ++j) v += p[j] * f->b[j][2 * d + h * 32 + c];
                f->a[i][h * 32 + c] = v / sum;
            }
        }
}

static void float_layer(floats *f, const anl_model *model, const anl_layer *l, int m)
{
    int d = model->dim;
    float_norm(f, m, d, (double)model->norm_scale);
    for (int t = 0; t < m; ++t)
        for (int o = 0; o < 3 * d; ++o) f->b[t][o] = float_linear(&l->qkv, f->a[t], o);
    float_attend(f, l, m, d);
    for (int t = 0; t < m; ++t)
        for (int o = 0; o < d; ++o) f->x[t][o] += float_linear(&l->o, f->a[t], o);
    float_norm(f, m, d, (double)model->norm_scale);
    for (int t = 0; t < m; ++t) {
        for (int o = 0; o < 2 * d; ++o) f->b[t][o] = fmin(255, fmax(0, float_linear(&l->up, f->a[t], o)));
        for (int o = 0; o < d; ++o) f->x[t][o] += float_linear(&l->down, f->b[t], o);
    }
}

static void float_embed(const anl_model *model, const uint8_t *seq, int len, double *out)
{
    static floats f;
    uint16_t rank[ANL_KMERS], rows[ANL_TOKENS_MAX][ANL_TOKEN_KMERS];
    double p[256], squares = 0;
    int d = model->dim, m = ANL_TOKEN_COUNT(len);
    anl_kmer_ranks(rank);
    int valid = anl_tokens_make(seq, len, rank, rows);
    memset(&f, 0, sizeof f);
    for (int t = 0; t < m; ++t)
        for (int j = 0; j < ANL_TOKEN_KMERS; ++j)
            for (int c = 0; c < d && rows[t][j] < ANL_KMER_RANKS; ++c) f.x[t][c] += 16 * model->table[rows[t][j] * d + c];
    for (int i = 0; i < model->layers; ++i) float_layer(&f, model, &model->layer[i], m);
    memset(p, 0, sizeof p);
    for (int t = 0; t < m; ++t) {
        double z = 0;
        for (int c = 0; c < d; ++c) z += f.x[t][c] * model->gate[c];
        double g = 2 / (1 + exp(-2 * (z * (double)model->gate_scale + (double)model->gate_bias)));
        for (int c = 0; c < d; ++c) p[c] += g * f.x[t][c];
    }
    for (int c = 0; c < d; ++c) {
        p[c] = p[c] * ANL_TOKEN_KMERS / valid - (double)model->mean[c];
        squares += p[c] * p[c];
    }
    for (int c = 0; c < d; ++c) p[c] *= (double)model->pool_scale / sqrt(squares / d);
    for (int o = 0; o < d; ++o) out[o] = float_linear(&model->out, p, o);
}

/* The light encoder. */
static void float_light(const anl_model *model, const uint8_t *seq, int len, double *out)
{
    const anl_light *l = model->light;
    uint16_t rank[ANL_KMERS], rows[ANL_TOKENS_MAX][ANL_TOKEN_KMERS];
    double a[256 + 512] = {0}, squares = 0;
    const int d = model->dim, m = ANL_TOKEN_COUNT(len);
    anl_kmer_ranks(rank);
    anl_tokens_make(seq, len, rank, rows);
    for (int t = 0; t < m; ++t)
        for (int j = 0; j < ANL_TOKEN_KMERS; ++j)
            for (int c = 0; c < d && rows[t][j] < ANL_KMER_RANKS; ++c) a[c] += l->weight[abs(2 * t - m + 1)] * l->table[rows[t][j] * d + c];
    for (int c = 0; c < d; ++c) squares += a[c] * a[c];
    for (int c = 0; c < d; ++c) a[c] *= (double)l->pool_scale / sqrt(squares / d);
    for (int o = 0; o < l->hidden; ++o) a[d + o] = fmin(255, fmax(0, float_linear(&l->up, a, o)));
    for (int o = 0; o < d; ++o) out[o] = float_linear(&l->out, a, o);
}

static void parity(const anl_model *m, int light)
{
    setup t = start(m, NULL);
    double worst = 1;
    for (int i = 0; i < 40; ++i) {
        uint8_t s[ANL_ENCODER_MAX_LEN];
        int8_t got[128];
        double want[128], dot = 0, squares = 0;
        int len = between(50, 300);
        random_seq(s, len, i % 5 ? 0 : 2);
        embed_one(encoders[light], &t, s, len, got);
        (light ? float_light : float_embed)(m, s, len, want);
        for (int c = 0; c < 128; ++c) {
            dot += want[c] * got[c];
            squares += want[c] * want[c];
        }
        double cosine = dot / sqrt(squares) / length(got, 128);
        if (cosine < worst) worst = cosine;
    }
    print_message("parity with floats: cosine at least %.5f\n", worst);
    assert_true(worst > 0.99);
    stop(&t);
}

static void test_parity(void **unused)
{
    (void)unused;
    random_state = 1; /* the bound is for typical weights; a draw whose gated mean nearly cancels loses more */
    anl_model *m = random_model(128, 2);
    parity(m, 0);
    parity(m, 1);
    anl_model_free(m);
}

static void test_without_light(void **unused)
{
    (void)unused;
    anl_model *m;
    uint8_t s[150];
    int8_t out[128];
    const uint8_t *seq = s;
    const int32_t len = 150;
    random_seq(s, len, 0);
    assert_int_equal(anl_sketch_new(&m, 128, 0, 1), 0);
    for (int light = 0; light < 2; ++light) {
        if (light) random_light(m, 32);
        setup t = start(m, NULL);
        assert_int_equal(anl_encoder_has_light(t.e), light);
        assert_int_equal(anl_encoder_embed_light(t.e, t.s, &seq, &len, 1, out), light ? 0 : ANL_EINVAL);
        if (!light) assert_non_null(strstr(anl_error(), "--light"));
        stop(&t);
    }
    anl_model_free(m);
}

/* The sketch of a read is near that of the read with a few errors and far from others. */
static void test_sketch(void **unused)
{
    (void)unused;
    anl_model *m;
    assert_int_equal(anl_sketch_new(&m, 128, 2, 1), 0);
    setup t = start(m, NULL);
    uint8_t s[150];
    int8_t a[128], b[128], c[128];
    int near = 0, far = 0;
    random_seq(s, 150, 0);
    embed_one(anl_encoder_embed, &t, s, 150, a);
    for (int i = 10; i < 150; i += 50) s[i] ^= 1;
    embed_one(anl_encoder_embed, &t, s, 150, b);
    random_seq(s, 150, 0);
    embed_one(anl_encoder_embed, &t, s, 150, c);
    for (int i = 0; i < 128; ++i) {
        near += (a[i] - b[i]) * (a[i] - b[i]);
        far += (a[i] - c[i]) * (a[i] - c[i]);
    }
    assert_true(2 * near < far);
    stop(&t);
    anl_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens), cmocka_unit_test(test_strands),       cmocka_unit_test(test_levels_and_batches),
        cmocka_unit_test(test_parity), cmocka_unit_test(test_without_light), cmocka_unit_test(test_sketch)};
    random_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
