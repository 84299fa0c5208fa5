#include "sw.h"

#include <arm_neon.h>
#include <string.h>

typedef struct {
    uint16x8_t low, high;
} u16x16;

static inline u16x16 index_select16(uint8x16_t m, uint16_t j, u16x16 old)
{
    const uint16x8_t v = vdupq_n_u16(j);
    const uint16x8_t low = vreinterpretq_u16_s16(vmovl_s8(vreinterpret_s8_u8(vget_low_u8(m))));
    const uint16x8_t high = vreinterpretq_u16_s16(vmovl_s8(vreinterpret_s8_u8(vget_high_u8(m))));
    return (u16x16){vbslq_u16(low, v, old.low), vbslq_u16(high, v, old.high)};
}

/* One of 16 bytes for every 16-bit element, whose high byte is above 15 and so looks up 0. */
static inline uint16x8_t lookup16(uint8x16_t table, uint16x8_t x)
{
    return vreinterpretq_u16_u8(vqtbl1q_u8(table, vreinterpretq_u8_u16(x)));
}

#define NAME score8
#define ELEM uint8_t
#define MAXIMUM UINT8_MAX
#define LANES 16
#define VEC uint8x16_t
#define MASK uint8x16_t
#define LOAD(p) vld1q_u8(p)
#define STORE(p, v) vst1q_u8(p, v)
#define SPLAT(x) vdupq_n_u8(x)
#define ZERO vdupq_n_u8(0)
#define XOR veorq_u8
#define ADDS vqaddq_u8
#define SUBS vqsubq_u8
#define MAX vmaxq_u8
#define TABLE(bytes) vld1q_u8(bytes)
#define LOOKUP(t, x) vqtbl1q_u8(t, x)
#define GREATER vcgtq_u8
#define SELECT(m, a, b) vbslq_u8(m, a, b)
#define INDEXES u16x16
#define INDEX_SELECT index_select16
#include "sw_inter.inc.h"
#undef NAME
#undef ELEM
#undef MAXIMUM
#undef LANES
#undef VEC
#undef MASK
#undef LOAD
#undef STORE
#undef SPLAT
#undef ZERO
#undef XOR
#undef ADDS
#undef SUBS
#undef MAX
#undef TABLE
#undef LOOKUP
#undef GREATER
#undef SELECT
#undef INDEXES
#undef INDEX_SELECT

#define NAME score16
#define ELEM uint16_t
#define MAXIMUM UINT16_MAX
#define LANES 8
#define VEC uint16x8_t
#define MASK uint16x8_t
#define LOAD(p) vld1q_u16(p)
#define STORE(p, v) vst1q_u16(p, v)
#define SPLAT(x) vdupq_n_u16(x)
#define ZERO vdupq_n_u16(0)
#define XOR veorq_u16
#define ADDS vqaddq_u16
#define SUBS vqsubq_u16
#define MAX vmaxq_u16
#define TABLE(bytes) vreinterpretq_u16_u8(vld1q_u8(bytes))
#define LOOKUP(t, x) lookup16(vreinterpretq_u8_u16(t), x)
#define GREATER vcgtq_u16
#define SELECT(m, a, b) vbslq_u16(m, a, b)
#define INDEXES uint16x8_t
#define INDEX_SELECT(m, j, old) vbslq_u16(m, vdupq_n_u16(j), old)
#include "sw_inter.inc.h"

#define BAND_LANES 4
#include "band_row.inc.h"

static int32_t mismatches(const uint8_t *a, const uint8_t *b, int32_t n, uint64_t *bits)
{
    const uint8x16_t three = vdupq_n_u8(3);
    int32_t count = 0, i = 0;
    memset(bits, 0, (size_t)(n + 63) / 64 * sizeof *bits);
    for (; i + 16 <= n; i += 16) {
        const uint8x16_t x = vld1q_u8(a + i), differ = vorrq_u8(vmvnq_u8(vceqq_u8(x, vld1q_u8(b + i))), vcgtq_u8(x, three));
        if (!vmaxvq_u8(differ)) continue;
        uint8_t flags[16];
        vst1q_u8(flags, differ);
        for (int j = 0; j < 16; ++j)
            if (flags[j]) {
                bits[(i + j) / 64] |= (uint64_t)1 << (i + j) % 64;
                ++count;
            }
    }
    for (; i < n; ++i)
        if (a[i] != b[i] || a[i] > 3) {
            bits[i / 64] |= (uint64_t)1 << i % 64;
            ++count;
        }
    return count;
}

void anl_sw_fill_neon(anl_sw_kernels *t)
{
    t->lanes8 = 16;
    t->lanes16 = 8;
    t->score8 = score8;
    t->score16 = score16;
    t->mismatches = mismatches;
    t->band_row = band_row;
}
