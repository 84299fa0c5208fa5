/** Letters to base codes, and many codes at a time. */
#ifndef ANL_BASE_CODE_H
#define ANL_BASE_CODE_H

#include <stdint.h>
#include <string.h>

/** A C G T U in either case: 0 1 2 3 3; every other letter: 4. */
extern const uint8_t anl_base_code[256];

/** The letter of a base code, 0 to 4: A C G T N. Simple steps, for the compiler's vectors. */
static inline uint8_t anl_base_letter(uint8_t code)
{
    const uint8_t high = code >> 1;
    return (uint8_t)('A' + 2 * code + 2 * high + (code >> 2) + (-(code & high & 1) & ('T' - 'A' - 8)));
}

/** bases[8], codes 0 to 4; that of bases[i] in byte i, from the lowest on. */
static inline uint64_t anl_bases8(const uint8_t *bases)
{
    uint64_t eight;
    memcpy(&eight, bases, sizeof eight);
    return eight;
}

/** Two bits for each of eight bases, the first in the low ones; an N counts as A. */
static inline uint32_t anl_bases8_pack(uint64_t eight)
{
    eight &= 0x0303030303030303;
    eight = (eight | eight >> 6) & 0x000f000f000f000f;
    eight = (eight | eight >> 12) & 0x000000ff000000ff;
    return (uint32_t)((eight | eight >> 24) & 0xffff);
}

/** Not 0 where one of eight bases is N. */
static inline uint64_t anl_bases8_n(uint64_t eight)
{
    return eight & 0x0404040404040404;
}

/** How many of eight bases differ from those of another eight. */
static inline int32_t anl_bases8_differ(uint64_t eight, uint64_t other)
{
    const uint64_t x = eight ^ other, some = (x | x >> 1 | x >> 2) & 0x0101010101010101;
    return (int32_t)(some * 0x0101010101010101 >> 56);
}

/** The reverse complement of bases[n], codes 0 to 4, to out[n], which is elsewhere. */
void anl_reverse_complement(const uint8_t *bases, int32_t n, uint8_t *out);

/** bytes[n] from the last to the first to out[n], which is elsewhere. */
void anl_bytes_reverse(const uint8_t *bytes, int32_t n, uint8_t *out);

#endif
