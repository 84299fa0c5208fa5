#include "sw.h"

#include <string.h>

typedef struct {
    uint8_t x[1];
} u8x1;
typedef struct {
    uint16_t x[1];
} u16x1;

static inline int lesser(int a, int b)
{
    return a < b ? a : b;
}

#define SCALAR_OPS(TYPE, ELEMENT, LIMIT, SUFFIX)                                                                                   \
    static inline TYPE load_##SUFFIX(const ELEMENT *p) { return (TYPE){{*p}}; }                                                    \
    static inline TYPE splat_##SUFFIX(ELEMENT v) { return (TYPE){{v}}; }                                                           \
    static inline TYPE xor_##SUFFIX(TYPE a, TYPE b) { return (TYPE){{(ELEMENT)(a.x[0] ^ b.x[0])}}; }                               \
    static inline TYPE adds_##SUFFIX(TYPE a, TYPE b) { return (TYPE){{(ELEMENT)lesser(a.x[0] + b.x[0], LIMIT)}}; }                 \
    static inline TYPE subs_##SUFFIX(TYPE a, TYPE b) { return (TYPE){{(ELEMENT)(a.x[0] > b.x[0] ? a.x[0] - b.x[0] : 0)}}; }        \
    static inline TYPE max_##SUFFIX(TYPE a, TYPE b) { return a.x[0] > b.x[0] ? a : b; }

SCALAR_OPS(u8x1, uint8_t, UINT8_MAX, 8)
SCALAR_OPS(u16x1, uint16_t, UINT16_MAX, 16)


#define LANES 1
#define MASK int
#define INDEXES u16x1
#define INDEX_SELECT(m, j, old) ((m) ? (u16x1){{j}} : (old))
#define GREATER(a, b) ((a).x[0] > (b).x[0])
#define SELECT(m, a, b) ((m) ? (a) : (b))
#define STORE(p, v) (*(p) = (v).x[0])

static uint8_t lookup(const uint8_t *scores, int index)
{
    return scores[index & 15];
}

/* The table stays in memory: a vector of one element cannot hold it. */
#define NAME score8
#define ELEM uint8_t
#define MAXIMUM UINT8_MAX
#define VEC u8x1
#define LOAD(p) load_8(p)
#define SPLAT(x) splat_8(x)
#define ZERO splat_8(0)
#define XOR xor_8
#define ADDS adds_8
#define SUBS subs_8
#define MAX max_8
#define TABLE(bytes) splat_8(0)
#define LOOKUP(t, v) splat_8(lookup(scores, (v).x[0]))
#include "sw_inter.inc.h"
#undef NAME
#undef ELEM
#undef MAXIMUM
#undef VEC
#undef LOAD
#undef SPLAT
#undef ZERO
#undef XOR
#undef ADDS
#undef SUBS
#undef MAX
#undef LOOKUP

#define NAME score16
#define ELEM uint16_t
#define MAXIMUM UINT16_MAX
#define VEC u16x1
#define LOAD(p) load_16(p)
#define SPLAT(x) splat_16(x)
#define ZERO splat_16(0)
#define XOR xor_16
#define ADDS adds_16
#define SUBS subs_16
#define MAX max_16
#define LOOKUP(t, v) splat_16(lookup(scores, (v).x[0]))
#undef TABLE
#define TABLE(bytes) splat_16(0)
#include "sw_inter.inc.h"

static int32_t mismatches(const uint8_t *a, const uint8_t *b, int32_t n, uint64_t *bits)
{
    int32_t count = 0;
    memset(bits, 0, (size_t)(n + 63) / 64 * sizeof *bits);
    for (int32_t i = 0; i < n; ++i)
        if (a[i] != b[i] || a[i] > 3) {
            bits[i / 64] |= (uint64_t)1 << i % 64;
            ++count;
        }
    return count;
}

void anl_sw_fill_scalar(anl_sw_kernels *t)
{
    t->lanes8 = t->lanes16 = 1;
    t->score8 = score8;
    t->score16 = score16;
    t->mismatches = mismatches;
}
