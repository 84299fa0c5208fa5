/* Where a 16-mer begins, in the compiler's own vectors of FIND16_LANES words of 32 bits. The including file has kmer.h and string.h. Defines find16. */
#pragma GCC diagnostic ignored "-Wpsabi" /* nothing here is called from elsewhere */

typedef uint32_t words __attribute__((vector_size(4 * FIND16_LANES)));
typedef uint64_t halves __attribute__((vector_size(4 * FIND16_LANES)));

/* Whether the four bytes from some byte of the vector on have the bits of the key that are in `mask`. */
static inline int may_hold(const uint8_t *bytes, words mask, words key)
{
    words equal = (words){0};
    for (int i = 0; i < 4; ++i) { /* words from byte i on */
        words w;
        memcpy(&w, bytes + i, sizeof w);
        equal |= (words)(((w ^ key) & mask) == 0);
    }
    const halves any = (halves)equal;
    uint64_t all = 0;
    for (int i = 0; i < FIND16_LANES / 2; ++i) all |= any[i];
    return all != 0;
}

static int32_t find16(const uint8_t *bytes, int32_t n, int phase, uint32_t key)
{
    enum { BYTES = 4 * FIND16_LANES };
    _Static_assert(BYTES + 4 <= ANL_KMER_FIND16_ROOM, "what is read behind the bytes");
    const words mask = (words){0} + (UINT32_MAX << 2 * phase), shifted = (words){0} + (key << 2 * phase);
    for (int32_t from = 0; from < n; from += BYTES) {
        if (!may_hold(bytes + from, mask, shifted)) continue;
        for (int32_t i = from; i < from + BYTES && i < n; ++i) {
            uint64_t five = bytes[i + 4];
            uint32_t four;
            memcpy(&four, bytes + i, sizeof four);
            five = five << 32 | four;
            if ((uint32_t)(five >> 2 * phase) == key) return i;
        }
    }
    return -1;
}
