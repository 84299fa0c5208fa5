/* Shared k-mers, written once. The including file defines equal_bases(a, b, n): bit i where bases i of a[n] and b[n], n up to 64, are equal and
 * no N; and what it includes has popcount64. Defines shared. */
static int32_t shared(const uint8_t *a, const uint8_t *b, int32_t n, uint64_t *bits)
{
    _Static_assert(ANL_KMER_K == 9, "1 + 1 + 2 + 4 + 1");
    const int32_t last = (n + 63) / 64 - 1;
    int32_t count = 0;
    uint64_t next[4] = {0}; /* of the word behind this one, after each step */
    for (int32_t word = last; word >= 0; --word) {
        const int32_t from = 64 * word, left = n - from;
        uint64_t equal = equal_bases(a + from, b + from, left < 64 ? left : 64);
#define STEP(number, by)                                                                                                                   \
    do {                                                                                                                                   \
        const uint64_t before = equal;                                                                                                     \
        equal &= equal >> (by) | next[number] << (64 - (by));                                                                              \
        next[number] = before;                                                                                                             \
    } while (0)
        STEP(0, 1);
        STEP(1, 2);
        STEP(2, 4);
        STEP(3, 1);
#undef STEP
        bits[word] = equal;
        count += popcount64(equal);
    }
    return count;
}
