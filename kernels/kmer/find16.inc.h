/* Where a 16-mer may begin, in the compiler's own vectors of FIND16_LANES words of 32 bits. The including file has kmer.h and string.h. Defines find16. */
#pragma GCC diagnostic ignored "-Wpsabi" /* nothing here is called from elsewhere */

typedef uint32_t words __attribute__((vector_size(4 * FIND16_LANES)));
typedef uint64_t halves __attribute__((vector_size(4 * FIND16_LANES)));

static inline uint32_t any(words w)
{
    const halves h = (halves)w;
    uint64_t all = 0;
    for (int i = 0; i < FIND16_LANES / 2; ++i) all |= h[i];
    return all != 0;
}

static uint32_t find16(const uint8_t *bytes, int32_t n, uint32_t key)
{
    enum { BYTES = 4 * FIND16_LANES, PHASES = 4 };
    _Static_assert(BYTES + 3 <= ANL_KMER_FIND16_ROOM, "what is read behind the bytes");
    words found[PHASES] = {0};
    for (int32_t from = 0; from < n; from += BYTES)
        for (int first = 0; first < 4; ++first) { /* words from that byte on */
            words w;
            memcpy(&w, bytes + from + first, sizeof w);
            for (int p = 0; p < PHASES; ++p) found[p] |= (words)(((w ^ (key << 2 * p)) & (UINT32_MAX << 2 * p)) == 0);
        }
    if (!any(found[0] | found[1] | found[2] | found[3])) return 0;
    uint32_t phases = 0;
    for (int p = 0; p < PHASES; ++p) phases |= any(found[p]) << p;
    return phases;
}
