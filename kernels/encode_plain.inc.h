/* The encoder kernels in plain C. Every level compiles this file with its own flags and replaces what intrinsics do better. */

#include "encode.h"

#include <math.h>
#include <string.h>

/* Nearest integer, ties to even, for |v| < 2^22: adding 1.5 * 2^23 leaves no bits for a fraction. */
static inline float nearest(float v)
{
    const float big = 12582912.0f;
    return (v + big) - big;
}

static inline float clamp_float(float v, float low, float high)
{
    v = v < low ? low : v;
    return v > high ? high : v;
}

/* exp(v) for v <= 0: 2^n times a polynomial in the rest, |rest| <= 1/2. Relative error below 3e-6. */
static inline float exp_negative(float v)
{
    v = v * 1.44269504f;
    v = v < -30.0f ? -30.0f : v;
    const float n = nearest(v), r = v - n;
    float y = 0.00133335581f;
    y = y * r + 0.00961812911f;
    y = y * r + 0.0555041087f;
    y = y * r + 0.240226507f;
    y = y * r + 0.693147181f;
    y = y * r + 1.0f;
    const int32_t bits = ((int32_t)n + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return y * power;
}

static void gather(const int8_t *table, int32_t d, const uint16_t *rows, const int32_t *begin, int32_t tokens, int16_t *x)
{
    for (int32_t t = 0; t < tokens; ++t) {
        int16_t sum[ANL_ENCODE_MAX_D] = {0}; /* at most 8 rows: no overflow, and 16 times that stays below 2^14 */
        for (int32_t i = begin[t]; i < begin[t + 1]; ++i) {
            const int8_t *row = table + (size_t)rows[i] * (size_t)d;
            for (int32_t c = 0; c < d; ++c) sum[c] = (int16_t)(sum[c] + row[c]);
        }
        for (int32_t c = 0; c < d; ++c) x[(size_t)t * (size_t)d + (size_t)c] = (int16_t)(sum[c] * 16);
    }
}

static void norm(const int16_t *x, int32_t rows, int32_t d, float scale, uint8_t *out)
{
    for (int32_t r = 0; r < rows; ++r, x += d, out += d) {
        int32_t sum = 0;
        int64_t squares = 0;
        for (int32_t c = 0; c < d; ++c) sum += x[c];
        for (int32_t c = 0; c < d; c += 32) {
            int64_t part = 0;
            for (int32_t i = c; i < c + 32; ++i) part += (int64_t)(x[i] * x[i]);
            squares += part;
        }
        /* d^2 times the variance, exact. */
        const double variance = (double)(squares * d - (int64_t)sum * sum);
        const float mean = (float)sum / (float)d, inverse = variance > 0 ? (float)(scale * d / sqrt(variance)) : 0.0f;
        for (int32_t c = 0; c < d; ++c) {
            const float v = clamp_float(((float)x[c] - mean) * inverse, -127.0f, 127.0f);
            out[c] = (uint8_t)((int32_t)nearest(v) + 128);
        }
    }
}

static void attention(const int8_t *qkv, int32_t tokens, int32_t d, const float *qk_scale, const float *slope, uint8_t *out)
{
    enum { HEAD = ANL_ENCODE_HEAD };
    const size_t stride = 3 * (size_t)d;
    for (int32_t head = 0; head < d / HEAD; ++head) {
        const int8_t *query = qkv + head * HEAD, *key = query + d, *value = key + d;
        for (int32_t i = 0; i < tokens; ++i) {
            float logit[ANL_ENCODE_MAX_TOKENS], largest = -3.0e38f;
            int32_t weight[ANL_ENCODE_MAX_TOKENS], total = 0, sum[HEAD] = {0};
            for (int32_t j = 0; j < tokens; ++j) {
                int32_t dot = 0;
                for (int c = 0; c < HEAD; ++c) dot += query[(size_t)i * stride + (size_t)c] * key[(size_t)j * stride + (size_t)c];
                const int32_t distance = i < j ? j - i : i - j;
                logit[j] = (float)dot * qk_scale[head] - (float)distance * slope[head];
            }
            for (int32_t j = 0; j < tokens; ++j) largest = logit[j] > largest ? logit[j] : largest;
            for (int32_t j = 0; j < tokens; ++j) weight[j] = (int32_t)nearest(255.0f * exp_negative(logit[j] - largest));
            for (int32_t j = 0; j < tokens; ++j) {
                total += weight[j];
                for (int c = 0; c < HEAD; ++c) sum[c] += weight[j] * value[(size_t)j * stride + (size_t)c];
            }
            uint8_t *to = out + (size_t)i * (size_t)d + (size_t)(head * HEAD);
            for (int c = 0; c < HEAD; ++c) to[c] = (uint8_t)((int32_t)nearest((float)sum[c] / (float)total) + 128);
        }
    }
}

static void pool(const int16_t *x, int32_t tokens, int32_t d, const int8_t *gate, float scale, float bias, int32_t *pooled)
{
    memset(pooled, 0, (size_t)d * sizeof *pooled);
    for (int32_t t = 0; t < tokens; ++t, x += d) {
        int32_t dot = 0;
        for (int32_t c = 0; c < d; ++c) dot += x[c] * gate[c];
        const float u = 2.0f * ((float)dot * scale + bias), e = exp_negative(u < 0 ? u : -u);
        const int32_t g = (int32_t)nearest(256.0f * ((u < 0 ? e : 1.0f) / (1.0f + e)));
        for (int32_t c = 0; c < d; ++c) pooled[c] += g * x[c];
    }
}
