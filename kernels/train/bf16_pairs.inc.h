/* Matrices as pairs of bfloat16 in 32 bits, for the files that multiply them. */
#include "train.h"

#include <immintrin.h>

/* Rows as they are: [m][k] -> [m][k / 2] pairs. */
static inline void to_rows(const float *a, size_t count, uint32_t *to)
{
    for (size_t i = 0; i < count; i += 32)
        _mm512_storeu_si512(to + i / 2, (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(a + i + 16), _mm512_loadu_ps(a + i)));
}

/* Neighbouring rows side by side: [m][k] -> [(m + 1) / 2][k] pairs (row 2p, row 2p + 1), a missing last row being zero. */
static inline void to_pairs(const float *a, int m, int k, uint32_t *to)
{
    for (int t = 0; t < m; t += 2, a += 2 * k, to += k)
        for (int c = 0; c < k; c += 16) {
            __m512 low = _mm512_loadu_ps(a + c), high = t + 1 < m ? _mm512_loadu_ps(a + k + c) : _mm512_setzero_ps();
            __m512i l = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(low));
            __m512i h = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(high));
            _mm512_storeu_si512(to + c, _mm512_or_si512(l, _mm512_slli_epi32(h, 16)));
        }
}

static inline size_t pairs_size(int m, int k)
{
    return (size_t)(m + 1) / 2 * (size_t)k * sizeof(uint32_t);
}

/* Weights [n][k]: for the forward pass [k / 2][n] pairs along the inputs, then for the backward one [n / 2][k] pairs along the outputs. */
static size_t packed_size(int n, int k)
{
    return 2 * pairs_size(n, k);
}

static void pack(const float *w, int n, int k, void *packed)
{
    uint32_t *forward = packed, *backward = forward + (size_t)n * (size_t)k / 2;
    to_pairs(w, n, k, backward);
    for (int o = 0; o < n; ++o) {
        uint32_t row[ANL_ENCODER_MAX_DIM];
        to_rows(w + (size_t)o * (size_t)k, (size_t)k, row);
        for (int p = 0; p < k / 2; ++p) forward[(size_t)p * (size_t)n + (size_t)o] = row[p];
    }
}

static inline void sum_columns(const float *dy, int m, int n, float *db)
{
    for (int t = 0; t < m; ++t, dy += n)
        for (int o = 0; o < n; o += 16) _mm512_storeu_ps(db + o, _mm512_add_ps(_mm512_loadu_ps(db + o), _mm512_loadu_ps(dy + o)));
}
