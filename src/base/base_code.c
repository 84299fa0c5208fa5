#include "base_code.h"

#define ROW 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4
#define UPPER 4, 0, 4, 1, 4, 4, 4, 2, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4
const uint8_t anl_base_code[256] = {ROW, ROW, ROW, ROW, UPPER, UPPER, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW};

static inline uint64_t complement8(uint64_t eight)
{
    const uint64_t n = anl_bases8_n(eight) >> 2;
    return eight ^ 0x0303030303030303 ^ (n | n << 1);
}

void anl_reverse_complement(const uint8_t *bases, int32_t n, uint8_t *out)
{
    int32_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const uint64_t eight = complement8(__builtin_bswap64(anl_bases8(bases + n - 8 - i)));
        memcpy(out + i, &eight, sizeof eight);
    }
    for (; i < n; ++i) out[i] = bases[n - 1 - i] > 3 ? 4 : 3 - bases[n - 1 - i];
}

void anl_bytes_reverse(const uint8_t *bytes, int32_t n, uint8_t *out)
{
    int32_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const uint64_t eight = __builtin_bswap64(anl_bases8(bytes + n - 8 - i));
        memcpy(out + i, &eight, sizeof eight);
    }
    for (; i < n; ++i) out[i] = bytes[n - 1 - i];
}
