#include "probe.h"

#include <string.h>

enum {
    KEY = ANL_PROBE_K / 4,
    WIDTH = 32, /* bytes that are compared at a time: the compiler makes vectors of them */
    TILE = 128, /* bytes of the reference that are searched at a time */
    ROOM = TILE + KEY + WIDTH + 8,
};

int anl_probe_cut(const uint8_t *read, int32_t len, anl_probe out[ANL_PROBES])
{
    int n = 0;
    for (int i = 0; i < ANL_PROBES && len >= ANL_PROBE_K; ++i) {
        const int32_t offset = (len - ANL_PROBE_K) * (2 * i + 1) / (2 * ANL_PROBES);
        uint32_t key = 0, seen = 0;
        for (int32_t j = 0; j < ANL_PROBE_K; ++j) {
            key |= (uint32_t)(read[offset + j] & 3) << 2 * j;
            seen |= read[offset + j];
        }
        if (seen < 4) out[n++] = (anl_probe){key, offset};
    }
    return n;
}

/* bytes[0, n + 8) less their first 2 * phase bits. */
static void shift(const uint8_t *bytes, int32_t n, int phase, uint8_t *out)
{
    for (int32_t i = 0; i < n; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, sizeof word);
        word = word >> 2 * phase | (phase ? (uint64_t)bytes[i + 8] << (64 - 2 * phase) : 0);
        memcpy(out + i, &word, sizeof word);
    }
}

/* The first of bytes[0, n) at which the key begins, or -1; some bytes behind them are read. */
static int32_t find(const uint8_t *bytes, int32_t n, const uint8_t key[KEY])
{
    for (int32_t i = 0; i < n; i += WIDTH) {
        uint8_t any = 0;
        for (int32_t j = i; j < i + WIDTH; ++j)
            any |= (uint8_t)((bytes[j] == key[0]) & (bytes[j + 1] == key[1]) & (bytes[j + 2] == key[2]) & (bytes[j + 3] == key[3]));
        if (!any) continue;
        for (int32_t j = i; j < i + WIDTH && j < n; ++j)
            if (!memcmp(bytes + j, key, KEY)) return j;
    }
    return -1;
}

int64_t anl_probe_find(const uint8_t *packed, int64_t from, int64_t n, uint32_t key)
{
    const int64_t end = from + n;
    uint8_t bytes[ROOM] = {0}, shifted[ROOM] = {0}, wanted[KEY];
    for (int i = 0; i < KEY; ++i) wanted[i] = (uint8_t)(key >> 8 * i);
    for (int64_t first = from / 4; 4 * first < end; first += TILE) {
        const int64_t last = (end - 1 + ANL_PROBE_K - 1) / 4 + 1; /* the byte behind what is looked at */
        const int32_t held = (int32_t)(last - first < TILE + KEY ? last - first : TILE + KEY);
        memcpy(bytes, packed + first, (size_t)held);
        for (int phase = 0; phase < 4; ++phase) {
            /* Bytes i at which a position 4 * (first + i) + phase in [from, end) begins. */
            const int64_t left = end - 4 * first - phase;
            const int32_t skip = 4 * first + phase < from, n_bytes = (int32_t)(left <= 0 ? 0 : left < 4 * TILE ? (left + 3) / 4 : TILE);
            if (n_bytes <= skip) continue;
            shift(bytes, n_bytes + KEY, phase, shifted);
            const int32_t at = find(shifted + skip, n_bytes - skip, wanted);
            if (at >= 0) return 4 * (first + skip + at) + phase;
        }
    }
    return -1;
}
