/* Attention on NEON, over a level's head: pack_head, products, keep_weights, weighted; its logits are l. */

INLINE int32x4_t weight(float32x4_t l, float max)
{
    float32x4_t t = vmaxq_f32(vsubq_f32(l, vdupq_n_f32(max)), vdupq_n_f32(EXP_MIN));
    int32x4_t n = vcvtnq_s32_f32(t);
    float32x4_t f = vsubq_f32(t, vcvtq_f32_s32(n));
    float32x4_t y = vaddq_f32(vmulq_f32(vdupq_n_f32(EXP_C4), f), vdupq_n_f32(EXP_C3));
    y = vaddq_f32(vmulq_f32(y, f), vdupq_n_f32(EXP_C2));
    y = vaddq_f32(vmulq_f32(y, f), vdupq_n_f32(EXP_C1));
    y = vaddq_f32(vmulq_f32(y, f), vdupq_n_f32(EXP_C0));
    return vcvtnq_s32_f32(vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(y), vshlq_n_s32(n, 23))));
}

INLINE float32x4_t logit(int32x4_t acc, float scale, const float *bias)
{
    return vaddq_f32(vmulq_n_f32(vcvtq_f32_s32(acc), scale), vld1q_f32(bias));
}

/* Fills s->p for a query; returns the sum. */
static int32_t weigh(head *s, const int8_t *q, int m, float scale, const float *bias)
{
    float32x4_t most = vdupq_n_f32(-INFINITY);
    int32x4_t sum = vdupq_n_s32(0), acc[2];
    const int padded = (m + 7) / 8 * 8;
    for (int j = 0; j < m; j += 8) {
        products(s, q, j, acc);
        vst1q_f32(s->l + j, logit(acc[0], scale, bias + j));
        vst1q_f32(s->l + j + 4, logit(acc[1], scale, bias + j + 4));
    }
    for (int j = m; j < padded; ++j) s->l[j] = -INFINITY;
    for (int j = 0; j < m; j += 4) most = vmaxq_f32(most, vld1q_f32(s->l + j));
    const float max = vmaxvq_f32(most);
    for (int j = 0; j < m; j += 4) {
        const int32x4_t p = weight(vld1q_f32(s->l + j), max);
        sum = vaddq_s32(sum, p);
        keep_weights(s, j, p);
    }
    return vaddvq_s32(sum);
}

static void combine(const head *s, int m, int32_t sum, uint8_t *out)
{
    const float inverse = 1.0f / (float)sum;
    for (int c = 0; c < ANL_ENCODER_HEAD; c += 8) {
        int32x4_t acc[2];
        weighted(s, m, c, acc);
        acc[0] = vcvtnq_s32_f32(vmulq_n_f32(vcvtq_f32_s32(acc[0]), inverse));
        acc[1] = vcvtnq_s32_f32(vmulq_n_f32(vcvtq_f32_s32(acc[1]), inverse));
        const int8x8_t y = vqmovn_s16(vqmovn_high_s32(vqmovn_s32(acc[0]), acc[1]));
        vst1_u8(out + c, veor_u8(vreinterpret_u8_s8(y), vdup_n_u8(128)));
    }
}

static void attend(const anl_attention *p, const int8_t *qkv, int m, uint8_t *out)
{
    head s;
    memset(&s, 0, sizeof s); /* padding must be defined, if only to be masked */
    for (int h = 0; h < p->d / ANL_ENCODER_HEAD; ++h) {
        const int8_t *from = qkv + h * ANL_ENCODER_HEAD;
        pack_head(&s, from, p->d, m);
        for (int i = 0; i < m; ++i) {
            int32_t sum = weigh(&s, from + (size_t)i * 3 * p->d, m, p->scale[h], p->bias[h] + ANL_ENCODER_MAX_TOKENS - i);
            combine(&s, m, sum, out + (size_t)i * p->d + h * ANL_ENCODER_HEAD);
        }
    }
}
