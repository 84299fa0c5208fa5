/* Attention on 256-bit vectors, over a level's head: pack_head, products, keep_weights, weighted; its logits are l. */

/* Logits of row i for keys j .. j + 8 * groups; groups is 1 to 4. */
INLINE __m256 logits(head *s, int i, int j, int groups, int m, float scale, const float *bias, __m256 max)
{
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i acc[4];
    products(s, i, j, groups, acc);
    for (int g = 0; g < groups; ++g) {
        int at = j + 8 * g;
        __m256 l = _mm256_mul_ps(_mm256_cvtepi32_ps(acc[g]), _mm256_set1_ps(scale));
        l = _mm256_add_ps(l, _mm256_loadu_ps(bias + at));
        __m256i live = _mm256_cmpgt_epi32(_mm256_set1_epi32(m - at), index);
        l = _mm256_blendv_ps(_mm256_set1_ps(-INFINITY), l, _mm256_castsi256_ps(live));
        _mm256_store_ps(s->l + at, l);
        max = _mm256_max_ps(max, l);
    }
    return max;
}

INLINE __m256i weight(__m256 l, __m256 max)
{
    __m256 t = _mm256_max_ps(_mm256_sub_ps(l, max), _mm256_set1_ps(EXP_MIN));
    __m256i n = _mm256_cvtps_epi32(t);
    __m256 f = _mm256_sub_ps(t, _mm256_cvtepi32_ps(n));
    __m256 y = _mm256_add_ps(_mm256_mul_ps(_mm256_set1_ps(EXP_C4), f), _mm256_set1_ps(EXP_C3));
    y = _mm256_add_ps(_mm256_mul_ps(y, f), _mm256_set1_ps(EXP_C2));
    y = _mm256_add_ps(_mm256_mul_ps(y, f), _mm256_set1_ps(EXP_C1));
    y = _mm256_add_ps(_mm256_mul_ps(y, f), _mm256_set1_ps(EXP_C0));
    return _mm256_cvtps_epi32(_mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(y), _mm256_slli_epi32(n, 23))));
}

/* Fills s->p for row i; returns the sum. */
static int32_t weigh(head *s, int i, int m, float scale, const float *bias)
{
    __m256 max = _mm256_set1_ps(-INFINITY);
    __m256i sum = _mm256_setzero_si256();
    int j = 0;
    for (; j + 24 < m; j += 32) max = logits(s, i, j, 4, m, scale, bias, max);
    for (; j + 8 < m; j += 16) max = logits(s, i, j, 2, m, scale, bias, max);
    if (j < m) max = logits(s, i, j, 1, m, scale, bias, max);
    max = _mm256_max_ps(max, _mm256_permute2f128_ps(max, max, 1));
    max = _mm256_max_ps(max, _mm256_shuffle_ps(max, max, 0x4e));
    max = _mm256_max_ps(max, _mm256_shuffle_ps(max, max, 0xb1));
    for (j = 0; j < m; j += 8) {
        __m256i p = weight(_mm256_load_ps(s->l + j), max);
        sum = _mm256_add_epi32(sum, p);
        keep_weights(s, j, p);
    }
    return sum_epi32(sum);
}

static void combine(const head *s, int m, int32_t sum, uint8_t *out)
{
    __m256 inverse = _mm256_set1_ps(1.0f / (float)sum);
    __m256i acc[4];
    weighted(s, m, acc);
    for (int g = 0; g < 4; ++g) acc[g] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_cvtepi32_ps(acc[g]), inverse));
    __m256i y = _mm256_set_m128i(to_s8(narrow(acc[2], acc[3])), to_s8(narrow(acc[0], acc[1])));
    store(out, _mm256_xor_si256(y, _mm256_set1_epi8(-128)));
}

static void attend(const anl_attention *p, const int8_t *qkv, int m, uint8_t *out)
{
    head s;
    memset(&s, 0, sizeof s); /* padding must be defined, if only to be masked */
    for (int h = 0; h < p->d / ANL_ENCODER_HEAD; ++h) {
        pack_head(&s, qkv + h * ANL_ENCODER_HEAD, p->d, m);
        for (int i = 0; i < m; ++i) {
            int32_t sum = weigh(&s, i, m, p->scale[h], p->bias[h] + ANL_ENCODER_MAX_TOKENS - i);
            combine(&s, m, sum, out + (size_t)i * p->d + h * ANL_ENCODER_HEAD);
        }
    }
}
