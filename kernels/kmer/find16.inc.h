/* Where a 16-mer may begin, in the compiler's own vectors of FIND16_BYTES. The including file has kmer.h and string.h. Defines find16. */
#pragma GCC diagnostic ignored "-Wpsabi" /* nothing here is called from elsewhere */

typedef uint16_t words __attribute__((vector_size(FIND16_BYTES)));
typedef uint64_t quads __attribute__((vector_size(FIND16_BYTES)));

static inline uint32_t any(words w)
{
    const quads q = (quads)w;
    uint64_t all = 0;
    for (int i = 0; i < FIND16_BYTES / 8; ++i) all |= q[i];
    return all != 0;
}

/* Wherever in a byte the 16-mer begins, the two bytes behind that one are its own. */
static uint32_t find16(const uint8_t *bytes, int32_t n, uint32_t key)
{
    enum { PHASES = 4 };
    _Static_assert(FIND16_BYTES + 2 <= ANL_KMER_FIND16_ROOM, "what is read behind the bytes");
    words found[PHASES] = {0};
    for (int32_t from = 0; from < n; from += FIND16_BYTES)
        for (int first = 1; first < 3; ++first) { /* words from that byte on */
            words w;
            memcpy(&w, bytes + from + first, sizeof w);
            for (int p = 0; p < PHASES; ++p) found[p] |= (words)(w == (uint16_t)(key >> (8 - 2 * p)));
        }
    if (!any(found[0] | found[1] | found[2] | found[3])) return 0;
    uint32_t phases = 0;
    for (int p = 0; p < PHASES; ++p) phases |= any(found[p]) << p;
    return phases;
}
