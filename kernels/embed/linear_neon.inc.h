/* What a linear layer does with its sums, on NEON. */
#include "encode.h"

#include <arm_neon.h>

#define INLINE static inline __attribute__((always_inline))

typedef enum epilogue { TO_S8, TO_U8, TO_S32, ADD_S16 } epilogue;

INLINE int8x8_t to_s8(int16x8_t v)
{
    return vmax_s8(vqmovn_s16(v), vdup_n_s8(-127));
}

INLINE int32x4_t scaled(const anl_linear_packed *l, int o, int32x4_t acc)
{
    float32x4_t y = vmulq_f32(vcvtq_f32_s32(acc), vld1q_f32(l->scale + o));
    return vcvtnq_s32_f32(vaddq_f32(y, vld1q_f32(l->shift + o)));
}

/* The epilogue of 8 outputs from o of a row. */
INLINE void finish(const anl_linear_packed *l, int o, epilogue kind, void *out, int32x4_t a, int32x4_t b)
{
    a = scaled(l, o, a);
    b = scaled(l, o + 4, b);
    int16x8_t y = vqmovn_high_s32(vqmovn_s32(a), b);
    if (kind == TO_S32) {
        vst1q_s32((int32_t *)out + o, a);
        vst1q_s32((int32_t *)out + o + 4, b);
    } else if (kind == ADD_S16) {
        int16_t *x = (int16_t *)out + o;
        vst1q_s16(x, vqaddq_s16(vld1q_s16(x), y));
    } else if (kind == TO_U8) {
        vst1_u8((uint8_t *)out + o, vqmovun_s16(y));
    } else {
        vst1_s8((int8_t *)out + o, to_s8(y));
    }
}
