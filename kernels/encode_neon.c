#include "encode_plain.inc.h"

#include "panel_neon.inc.h"

typedef enum epilogue { TO_S8, TO_RELU, TO_ADD } epilogue;

/* 4 finished sums: scaled, clamped, rounded. */
static inline int32x4_t finish(epilogue what, const anl_encode_linear *l, int32x4_t acc, int32_t o)
{
    float32x4_t y = vmulq_f32(vcvtq_f32_s32(acc), vld1q_f32(l->scale + o));
    y = vaddq_f32(y, vld1q_f32(l->bias + o));
    const float low = what == TO_S8 ? -127.0f : what == TO_RELU ? 0.0f : -32767.0f;
    const float high = what == TO_S8 ? 127.0f : what == TO_RELU ? 255.0f : 32767.0f;
    return vcvtnq_s32_f32(vminq_f32(vmaxq_f32(y, vdupq_n_f32(low)), vdupq_n_f32(high)));
}

static inline void linear(epilogue what, const anl_encode_linear *l, const uint8_t *a, int32_t rows, void *out)
{
    for (int32_t o = 0; o < l->n; o += 16)
        for (int32_t r = 0; r < rows; ++r) {
            sums16 s;
            int32_t v[16];
            for (int p = 0; p < 4; ++p) s.part[p] = vld1q_s32(l->offset + o + 4 * p);
            s = panel_sums(s, a + (size_t)r * (size_t)l->k, l->weights + (size_t)o * (size_t)l->k, l->k);
            for (int p = 0; p < 4; ++p) vst1q_s32(v + 4 * p, finish(what, l, s.part[p], o + 4 * p));
            const size_t at = (size_t)r * (size_t)l->n + (size_t)o;
            for (int j = 0; j < 16; ++j) {
                if (what == TO_ADD) {
                    int16_t *x = (int16_t *)out + at + j;
                    const int32_t sum = *x + v[j];
                    *x = (int16_t)(sum < -32767 ? -32767 : sum > 32767 ? 32767 : sum);
                } else {
                    ((uint8_t *)out)[at + (size_t)j] = (uint8_t)v[j];
                }
            }
        }
}

static void linear_s8(const anl_encode_linear *l, const uint8_t *a, int32_t rows, int8_t *out)
{
    linear(TO_S8, l, a, rows, out);
}

static void linear_relu(const anl_encode_linear *l, const uint8_t *a, int32_t rows, uint8_t *out)
{
    linear(TO_RELU, l, a, rows, out);
}

static void linear_add(const anl_encode_linear *l, const uint8_t *a, int32_t rows, int16_t *x)
{
    linear(TO_ADD, l, a, rows, x);
}

void anl_encode_fill_neon(anl_encode_kernels *t)
{
    *t = (anl_encode_kernels){gather, norm, linear_s8, linear_relu, linear_add, attention, pool};
}
