/* The elementwise part of training, attention and pooling, compiled once for every instruction set by a file that includes this one
 * with TRAIN_FILL naming the function that fills a table. Sixteen floats make a vector; the compiler splits what the machine lacks. */
#include "train.h"

#include <math.h>
#include <string.h>

typedef float v16 __attribute__((vector_size(64), aligned(4), may_alias));
enum { HEAD = ANL_ENCODER_HEAD, WIDE = ANL_ENCODER_MAX_TOKENS };

static inline v16 splat(float f)
{
    return (v16){f, f, f, f, f, f, f, f, f, f, f, f, f, f, f, f};
}

static inline v16 load(const float *p)
{
    return *(const v16 *)p;
}

static inline void store(float *p, v16 v)
{
    *(v16 *)p = v;
}

typedef int32_t w16 __attribute__((vector_size(64), aligned(4), may_alias));

/* a where the mask is set, else b; the larger of both. */
static inline v16 choose(w16 mask, v16 a, v16 b)
{
    return (v16)((mask & (w16)a) | (~mask & (w16)b));
}

static inline v16 larger(v16 a, v16 b)
{
    return choose(a > b, a, b);
}

static inline float largest(v16 v)
{
    float most = v[0];
    for (int i = 1; i < 16; ++i) most = v[i] > most ? v[i] : most;
    return most;
}

static inline float sum(v16 v)
{
    float s = 0;
    for (int i = 0; i < 16; ++i) s += v[i];
    return s;
}

/* e^x, relative error 2e-7 (Cephes's polynomial); x is held to +-87. */
static inline float exponential(float x)
{
    x = x < -87 ? -87 : x > 87 ? 87 : x;
    float t = x * 1.44269504f;
    int32_t n = (int32_t)(t + (t < 0 ? -0.5f : 0.5f));
    float r = x - (float)n * 0.693359375f + (float)n * 2.12194440e-4f;
    float y = 1.9875691500e-4f;
    y = y * r + 1.3981999507e-3f;
    y = y * r + 8.3334519073e-3f;
    y = y * r + 4.1665795894e-2f;
    y = y * r + 1.6666665459e-1f;
    y = y * r + 5.0000001201e-1f;
    y = y * r * r + r + 1;
    union {
        int32_t i;
        float f;
    } power = {.i = (n + 127) << 23};
    return y * power.f;
}

/* The same of sixteen, none above 0. */
static inline v16 exponentials(v16 x)
{
    x = larger(x, splat(-87));
    w16 n = __builtin_convertvector(x * splat(1.44269504f) - splat(0.5f), w16);
    v16 whole = __builtin_convertvector(n, v16), r = x - whole * splat(0.693359375f) + whole * splat(2.12194440e-4f);
    v16 y = splat(1.9875691500e-4f);
    y = y * r + splat(1.3981999507e-3f);
    y = y * r + splat(8.3334519073e-3f);
    y = y * r + splat(4.1665795894e-2f);
    y = y * r + splat(1.6666665459e-1f);
    y = y * r + splat(5.0000001201e-1f);
    y = y * r * r + r + splat(1);
    return y * (v16)((n + 127) << 23);
}

/* ---- table ---- */

static void gather(const float *table, const uint16_t (*rows)[ANL_TOKEN_KMERS], int none, int m, int d, float *x)
{
    for (int t = 0; t < m; ++t, x += d) {
        memset(x, 0, (size_t)d * sizeof *x);
        for (int j = 0; j < ANL_TOKEN_KMERS; ++j) {
            if (rows[t][j] == none) continue;
            const float *row = table + (size_t)rows[t][j] * (size_t)d;
            for (int c = 0; c < d; c += 16) store(x + c, load(x + c) + load(row + c));
        }
    }
}

static void gather_back(const uint16_t (*rows)[ANL_TOKEN_KMERS], int none, int m, int d, const float *dx, float *d_table)
{
    for (int t = 0; t < m; ++t, dx += d)
        for (int j = 0; j < ANL_TOKEN_KMERS; ++j) {
            if (rows[t][j] == none) continue;
            float *row = d_table + (size_t)rows[t][j] * (size_t)d;
            for (int c = 0; c < d; c += 16) store(row + c, load(row + c) + load(dx + c));
        }
}

/* ---- norm ---- */

static void norm(const float *x, int m, int d, float *a, float *inverse)
{
    for (int t = 0; t < m; ++t, x += d, a += d) {
        v16 s = splat(0), q = splat(0);
        for (int c = 0; c < d; c += 16) s += load(x + c);
        v16 mean = splat(sum(s) / (float)d);
        for (int c = 0; c < d; c += 16) q += (load(x + c) - mean) * (load(x + c) - mean);
        inverse[t] = 1 / sqrtf(sum(q) / (float)d + 1e-6f);
        for (int c = 0; c < d; c += 16) store(a + c, (load(x + c) - mean) * splat(inverse[t]));
    }
}

static void norm_back(const float *a, const float *inverse, const float *da, int m, int d, float *dx)
{
    for (int t = 0; t < m; ++t, a += d, da += d, dx += d) {
        v16 s = splat(0), q = splat(0);
        for (int c = 0; c < d; c += 16) {
            s += load(da + c);
            q += load(da + c) * load(a + c);
        }
        v16 mean = splat(sum(s) / (float)d), along = splat(sum(q) / (float)d), by = splat(inverse[t]);
        for (int c = 0; c < d; c += 16) store(dx + c, load(dx + c) + (load(da + c) - mean - load(a + c) * along) * by);
    }
}

static void relu_back(const float *y, size_t count, float *dy)
{
    for (size_t i = 0; i < count; ++i) dy[i] = y[i] > 0 ? dy[i] : 0;
}

/* ---- attention ---- */

/* A matrix whose element (i, j) is p[i * row + j * column]. */
typedef struct view {
    const float *p;
    int row, column;
} view;

/* c[i][0..32) of `rows` (4 or 1) rows from i on = sum over k of a(i, k) * b[k][0..32), times `by`. */
static inline __attribute__((always_inline)) void multiply_rows(int rows, view a, const float *b, int ldb, int k, float by, float *c,
                                                                int ldc)
{
    v16 acc[4][2];
    for (int r = 0; r < rows; ++r) acc[r][0] = acc[r][1] = splat(0);
    for (int i = 0; i < k; ++i, b += ldb) {
        v16 b0 = load(b), b1 = load(b + 16);
        for (int r = 0; r < rows; ++r) {
            v16 f = splat(a.p[r * a.row + i * a.column]);
            acc[r][0] += f * b0;
            acc[r][1] += f * b1;
        }
    }
    for (int r = 0; r < rows; ++r) {
        store(c + (size_t)r * (size_t)ldc, acc[r][0] * splat(by));
        store(c + (size_t)r * (size_t)ldc + 16, acc[r][1] * splat(by));
    }
}

/* c[m][n] = by * a[m][k] b[k][n], n a multiple of 32. */
static void multiply(view a, int m, const float *b, int ldb, int k, int n, float by, float *c, int ldc)
{
    for (int j = 0; j < n; j += 32) {
        int i = 0;
        for (; i + 4 <= m; i += 4)
            multiply_rows(4, (view){a.p + i * a.row, a.row, a.column}, b + j, ldb, k, by, c + (size_t)i * (size_t)ldc + j, ldc);
        for (; i < m; ++i)
            multiply_rows(1, (view){a.p + i * a.row, a.row, a.column}, b + j, ldb, k, by, c + (size_t)i * (size_t)ldc + j, ldc);
    }
}

/* to[channel][token], tokens padded with zeros to `wide`. */
static void transpose(const float *from, int stride, int m, int wide, float *to)
{
    for (int c = 0; c < HEAD; ++c) {
        for (int t = 0; t < m; ++t) to[c * WIDE + t] = from[(size_t)t * (size_t)stride + (size_t)c];
        for (int t = m; t < wide; ++t) to[c * WIDE + t] = 0;
    }
}

static int padded(int m)
{
    return (m + 31) & ~31;
}

/* p[m][WIDE] = softmax over the m keys; what lies beyond is zero. */
static void attention_weights(const float *q, const float *k, int stride, int m, float slope, float *p)
{
    static const float scale = 0.176776695f; /* 1 / sqrt(32) */
    _Static_assert(ANL_ENCODER_HEAD == 32, "scale");
    float turned[HEAD * WIDE];
    int wide = padded(m);
    transpose(k, stride, m, wide, turned);
    multiply((view){q, stride, 1}, m, turned, WIDE, HEAD, wide, scale, p, WIDE);
    static const w16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (int i = 0; i < m; ++i, p += WIDE) {
        v16 most = splat(-INFINITY), total = splat(0);
        for (int j = 0; j < wide; j += 16) {
            w16 at = lane + j;
            v16 away = __builtin_convertvector(at - i, v16);
            v16 l = load(p + j) - splat(slope) * larger(away, -away);
            l = choose(at < m, l, splat(-INFINITY));
            store(p + j, l);
            most = larger(most, l);
        }
        most = splat(largest(most));
        for (int j = 0; j < wide; j += 16) {
            v16 e = choose(lane + j < m, exponentials(load(p + j) - most), splat(0));
            store(p + j, e);
            total += e;
        }
        v16 by = splat(1 / sum(total));
        for (int j = 0; j < wide; j += 16) store(p + j, load(p + j) * by);
    }
}

static void attend(const float *qkv, const int32_t *first, int n, int d, const float *slope, float *out)
{
    float p[WIDE * WIDE];
    int stride = 3 * d;
    for (int s = 0; s < n; ++s) {
        int m = first[s + 1] - first[s];
        const float *at = qkv + (size_t)(first[s] - first[0]) * (size_t)stride;
        float *to = out + (size_t)(first[s] - first[0]) * (size_t)d;
        for (int h = 0; h < d / HEAD; ++h) {
            const float *q = at + h * HEAD, *k = q + d, *v = k + d;
            attention_weights(q, k, stride, m, slope[h], p);
            multiply((view){p, WIDE, 1}, m, v, stride, m, HEAD, 1, to + h * HEAD, d);
        }
    }
}

/* dp becomes the gradient of the logits; returns the gradient of the slope. */
static float logits_back(const float *p, float *dp, int m)
{
    float slope = 0;
    for (int i = 0; i < m; ++i, p += WIDE, dp += WIDE) {
        float along = 0;
#pragma omp simd reduction(+ : along)
        for (int j = 0; j < m; ++j) along += p[j] * dp[j];
#pragma omp simd reduction(+ : slope)
        for (int j = 0; j < m; ++j) {
            dp[j] = p[j] * (dp[j] - along);
            slope -= dp[j] * (float)(i < j ? j - i : i - j);
        }
    }
    return slope;
}

static void attend_back(const float *qkv, const int32_t *first, int n, int d, const float *slope, const float *d_out, float *d_qkv,
                        float *d_slope)
{
    static const float scale = 0.176776695f;
    float p[WIDE * WIDE], dp[WIDE * WIDE], turned[HEAD * WIDE];
    int stride = 3 * d;
    for (int s = 0; s < n; ++s) {
        int m = first[s + 1] - first[s], wide = padded(m);
        size_t begin = (size_t)(first[s] - first[0]);
        for (int h = 0; h < d / HEAD; ++h) {
            const float *q = qkv + begin * (size_t)stride + h * HEAD, *k = q + d, *v = k + d;
            const float *go = d_out + begin * (size_t)d + h * HEAD;
            float *dq = d_qkv + begin * (size_t)stride + h * HEAD, *dk = dq + d, *dv = dk + d;
            attention_weights(q, k, stride, m, slope[h], p);
            multiply((view){p, 1, WIDE}, m, go, d, m, HEAD, 1, dv, stride);
            transpose(v, stride, m, wide, turned);
            multiply((view){go, d, 1}, m, turned, WIDE, HEAD, wide, 1, dp, WIDE);
            d_slope[h] += logits_back(p, dp, m);
            multiply((view){dp, WIDE, 1}, m, k, stride, m, HEAD, scale, dq, stride);
            multiply((view){dp, 1, WIDE}, m, q, stride, m, HEAD, scale, dk, stride);
        }
    }
}

/* ---- pooling and normalisation ---- */

static inline float dot(const float *a, const float *b, int d)
{
    v16 s = splat(0);
    for (int c = 0; c < d; c += 16) s += load(a + c) * load(b + c);
    return sum(s);
}

/* 1 + tanh(z) */
static inline float gate_of(float z)
{
    return 2 / (1 + exponential(-2 * z));
}

static void pool(const float *x, const int32_t *first, const float *share, int n, int d, const float *gate, const float *bias,
                 const float *mean, float *c)
{
    for (int s = 0; s < n; ++s, c += d) {
        for (int i = 0; i < d; i += 16) store(c + i, splat(0) - load(mean + i));
        for (int t = first[s]; t < first[s + 1]; ++t, x += d) {
            v16 g = splat(gate_of(dot(x, gate, d) + *bias) * share[s]);
            for (int i = 0; i < d; i += 16) store(c + i, load(c + i) + g * load(x + i));
        }
    }
}

static void pool_back(const float *x, const int32_t *first, const float *share, int n, int d, const float *gate, const float *bias,
                      const float *dc, float *dx, float *d_gate, float *d_bias, float *d_mean)
{
    for (int s = 0; s < n; ++s, dc += d) {
        for (int i = 0; i < d; i += 16) store(d_mean + i, load(d_mean + i) - load(dc + i));
        for (int t = first[s]; t < first[s + 1]; ++t, x += d, dx += d) {
            float g = gate_of(dot(x, gate, d) + *bias);
            float dz = dot(x, dc, d) * share[s] * g * (2 - g);
            v16 by = splat(g * share[s]), z = splat(dz);
            for (int i = 0; i < d; i += 16) {
                store(dx + i, by * load(dc + i) + z * load(gate + i));
                store(d_gate + i, load(d_gate + i) + z * load(x + i));
            }
            *d_bias += dz;
        }
    }
}

static void unit(const float *y, int n, int d, float *e, float *inverse)
{
    for (int i = 0; i < n; ++i, y += d, e += d) {
        inverse[i] = 1 / sqrtf(dot(y, y, d) + 1e-12f);
        for (int c = 0; c < d; c += 16) store(e + c, load(y + c) * splat(inverse[i]));
    }
}

static void unit_back(const float *e, const float *inverse, const float *de, int n, int d, float *dy)
{
    for (int i = 0; i < n; ++i, e += d, de += d, dy += d) {
        v16 along = splat(dot(e, de, d)), by = splat(inverse[i]);
        for (int c = 0; c < d; c += 16) store(dy + c, (load(de + c) - load(e + c) * along) * by);
    }
}

/* ---- loss: the elementwise part ---- */

/* Row i of the logits becomes e^((l - 1) / temperature), 0 for other pairs of the same place; returns the sum of the row. */
static float contrast_row(const anl_train_contrast *c, int i, float *row)
{
    float total = 0, by = c->inverse_temperature;
    int64_t here = c->place[i];
#pragma omp simd reduction(+ : total)
    for (int j = 0; j < c->n; ++j) {
        int64_t away = c->place[j] - here;
        float v = exponential((row[j] - 1) * by);
        row[j] = away > -c->apart && away < c->apart && j != i ? 0 : v;
        total += row[j];
    }
    return total;
}

/* Row i of the gradient of the mean loss by the logits, from e^..., the inverse sum of the row and those of the columns. */
static void contrast_row_back(const anl_train_contrast *c, int i, float inverse, const float *inverses, float *row)
{
    float by = c->inverse_temperature / (float)c->n;
    for (int j = 0; j < c->n; ++j) row[j] *= 0.5f * (inverse + inverses[j]) * by;
    row[i] -= by;
}

static void add(float *to, const float *from, size_t count)
{
    for (size_t i = 0; i < count; ++i) to[i] += from[i];
}

static void adam(const anl_train_step *s, size_t count, const float *gradient, float *weight, float *first, float *second)
{
    for (size_t i = 0; i < count; ++i) {
        float g = gradient[i];
        first[i] = s->beta1 * first[i] + (1 - s->beta1) * g;
        second[i] = s->beta2 * second[i] + (1 - s->beta2) * g * g;
        weight[i] -= s->rate * (first[i] * s->correct1) / (sqrtf(second[i] * s->correct2) + s->epsilon);
    }
}

void TRAIN_FILL(anl_train_kernels *t, anl_train_rows *r)
{
    t->gather = gather;
    t->gather_back = gather_back;
    t->norm = norm;
    t->norm_back = norm_back;
    t->relu_back = relu_back;
    t->attend = attend;
    t->attend_back = attend_back;
    t->pool = pool;
    t->pool_back = pool_back;
    t->unit = unit;
    t->unit_back = unit_back;
    t->add = add;
    t->adam = adam;
    r->row = contrast_row;
    r->row_back = contrast_row_back;
}
