/** What the levels of the encoder's kernels share: rounding, the exponential, the scalars of a norm. Internal to kernels/. */
#ifndef ANL_KERNELS_ENCODE_COMMON_H
#define ANL_KERNELS_ENCODE_COMMON_H

#include "encode.h"

#include <math.h>

/* 255 * 2^f on [-1/2, 1/2], relative error 3e-6, exact at 0. Least squares fit; evaluated by Horner's rule without FMA. */
#define EXP_C0 255.0f
#define EXP_C1 176.746102f
#define EXP_C2 61.2604834f
#define EXP_C3 14.258829f
#define EXP_C4 2.44810432f
#define EXP_MIN (-24.0f) /* 255 * 2^-24 rounds to 0 */

/* Round to nearest even; |v| < 2^31. The addition leaves no fraction bits; it needs no rounding mode and no libm. */
static inline int32_t rne(float v)
{
    return (int32_t)(((double)v + 0x1.8p52) - 0x1.8p52);
}

static inline int32_t clamp(int32_t v, int32_t low, int32_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* 255 * 2^t for t <= 0. */
static inline float exp2_255(float t)
{
    if (t < EXP_MIN) t = EXP_MIN;
    int32_t n = rne(t);
    float f = t - (float)n;
    float y = EXP_C4 * f;
    y = y + EXP_C3;
    y = y * f;
    y = y + EXP_C2;
    y = y * f;
    y = y + EXP_C1;
    y = y * f;
    y = y + EXP_C0;
    union {
        float f;
        int32_t i;
    } bits = {.f = y};
    bits.i += n * (1 << 23);
    return bits.f;
}

/* Mean and scale / sd of a row of d values from their exact sum and sum of squares. */
static inline void norm_factors(int32_t sum, int64_t squares, int d, float scale, float *mean, float *factor)
{
    int64_t spread = squares * d - (int64_t)sum * sum; /* d^2 times the variance; below 2^47 */
    *mean = (float)sum / (float)d;
    *factor = (float)((double)scale * d / sqrt((double)(spread + (int64_t)d * d)));
}

#endif
