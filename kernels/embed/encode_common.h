/** The float steps of the encoder, written once for every level, the forward pass and the GPU: rounding, the exponential, the gate, the
 *  scalars of a norm. Internal to kernels/ and src/encoder.c. */
#ifndef ANL_KERNELS_ENCODE_COMMON_H
#define ANL_KERNELS_ENCODE_COMMON_H

#include "encode.h"
#include "panel.h"

#include <math.h>

/* 255 * 2^f on [-1/2, 1/2], relative error 3e-6, exact at 0. Least squares fit; evaluated by Horner's rule without FMA. */
#define EXP_C0 255.0f
#define EXP_C1 176.746102f
#define EXP_C2 61.2604834f
#define EXP_C3 14.258829f
#define EXP_C4 2.44810432f
#define EXP_MIN (-24.0f) /* 255 * 2^-24 rounds to 0 */

/* Round to nearest even; |v| < 2^31. The addition leaves no fraction bits; it needs no rounding mode and no libm. */
ANL_EVERYWHERE int32_t rne(float v)
{
#ifdef __CUDA_ARCH__
    return __float2int_rn(v); /* the same: a GPU has the instruction, and may be short of double units */
#else
    return (int32_t)(((double)v + 0x1.8p52) - 0x1.8p52);
#endif
}

ANL_EVERYWHERE int32_t clamp(int32_t v, int32_t low, int32_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* 255 * 2^t for t <= 0. */
ANL_EVERYWHERE float exp2_255(float t)
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
    } bits;
    bits.f = y;
    bits.i += n * (1 << 23);
    return bits.f;
}

/* rne(256 / (1 + e^(-2z))), 0..256. */
ANL_EVERYWHERE int32_t gate_of(float z)
{
    float t = (z < 0 ? z : -z) * 2.88539008f; /* 2 / ln 2 */
    float e = exp2_255(t) / 255.0f;
    int32_t g = rne(256.0f / (1.0f + e));
    return z < 0 ? 256 - g : g;
}

/* Mean and scale / sd of a row of d values from their exact sum and sum of squares. */
ANL_EVERYWHERE void norm_factors(int32_t sum, int64_t squares, int d, float scale, float *mean, float *factor)
{
    int64_t spread = squares * d - (int64_t)sum * sum; /* d^2 times the variance; below 2^47 */
    *mean = (float)sum / (float)d;
    *factor = (float)((double)scale * d / sqrt((double)(spread + (int64_t)d * d)));
}

/* The factor that brings `squares` (a sum of squares) to `length`; 0 for nothing. IEEE division and square root only. */
ANL_EVERYWHERE float unit(double length, int64_t squares)
{
    return squares ? (float)(length / sqrt((double)squares)) : 0;
}

/* The most of an element that a sum of squares counts. */
#define UNIT_MOST (1 << 24)

/* Rounds and limits: what follows sums its squares in 64 bits. */
ANL_EVERYWHERE int32_t to_fixed(float v)
{
    const float most = 0x1p24f;
    return rne(v < -most ? -most : v > most ? most : v);
}

ANL_EVERYWHERE int32_t to_int8(float v)
{
    return clamp(to_fixed(v), -127, 127);
}

#endif
