/* Sums of one panel on baseline ARMv8: sum[j] += a[i] * w[i / 4][j][i % 4] for 16 outputs j. */
#include <arm_neon.h>

typedef struct sums16 {
    int32x4_t part[4];
} sums16;

static inline sums16 panel_sums(sums16 s, const uint8_t *a, const int8_t *w, int32_t k)
{
    for (int32_t i = 0; i < k; i += 4, w += 64) {
        const int8x16x4_t four = vld4q_s8(w); /* input i + q of all 16 outputs */
        for (int q = 0; q < 4; ++q) {
            const int16x8_t low = vmovl_s8(vget_low_s8(four.val[q])), high = vmovl_s8(vget_high_s8(four.val[q]));
            const int16_t x = a[i + q];
            s.part[0] = vmlal_n_s16(s.part[0], vget_low_s16(low), x);
            s.part[1] = vmlal_n_s16(s.part[1], vget_high_s16(low), x);
            s.part[2] = vmlal_n_s16(s.part[2], vget_low_s16(high), x);
            s.part[3] = vmlal_n_s16(s.part[3], vget_high_s16(high), x);
        }
    }
    return s;
}
