#include "probe.h"

#include "base_code.h"

#include <string.h>

enum { TILE = 128 /* bytes of the reference that are searched at a time, one phase after another */ };

int anl_probe_cut(const uint8_t *read, int32_t len, int i, anl_probe *out)
{
    _Static_assert(ANL_PROBE_K == 16, "eight bases and eight");
    if (len < ANL_PROBE_K) return 0;
    const int32_t offset = (len - ANL_PROBE_K) * (2 * i + 1) / (2 * ANL_PROBES);
    const uint64_t low = anl_bases8(read + offset), high = anl_bases8(read + offset + 8);
    *out = (anl_probe){anl_bases8_pack(low) | anl_bases8_pack(high) << 16, offset};
    return !anl_bases8_n(low | high);
}

/* The first of bytes[begin, end) in which, `phase` bases behind its first, the key begins, or -1. */
static int32_t first_of(const uint8_t *bytes, int32_t begin, int32_t end, int phase, uint32_t key)
{
    for (int32_t i = begin; i < end; ++i) {
        uint32_t four;
        memcpy(&four, bytes + i, sizeof four);
        if ((uint32_t)(((uint64_t)bytes[i + 4] << 32 | four) >> 2 * phase) == key) return i;
    }
    return -1;
}

int64_t anl_probe_find(const anl_kmer_kernels *k, const uint8_t *packed, int64_t size, const anl_probe_stretch *in, uint32_t key)
{
    const int64_t end = in->from + in->n;
    uint8_t copy[TILE + ANL_KMER_FIND16_ROOM];
    for (int64_t first = in->from / 4; 4 * first < end; first += TILE) {
        const int64_t bytes_left = (end - 4 * first + 3) / 4;
        const uint8_t *bytes = packed + first;
        if (size - first < (int64_t)sizeof copy) { /* behind them nothing may be read */
            memset(copy, 0, sizeof copy);
            bytes = memcpy(copy, bytes, (size_t)(size - first));
        }
        const uint32_t phases = k->find16(bytes, bytes_left < TILE ? (int32_t)bytes_left : TILE, key);
        for (int phase = 0; phase < 4 && phases; ++phase) {
            /* Bytes i at which a position 4 * (first + i) + phase in [from, end) begins. */
            const int64_t left = end - 4 * first - phase;
            const int32_t skip = 4 * first + phase < in->from, n = (int32_t)(left <= 0 ? 0 : left < 4 * TILE ? (left + 3) / 4 : TILE);
            const int32_t at = phases >> phase & 1 ? first_of(bytes, skip, n, phase, key) : -1;
            if (at >= 0) return 4 * (first + at) + phase;
        }
    }
    return -1;
}
