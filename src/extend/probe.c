#include "probe.h"

#include "base_code.h"

#include <string.h>

enum { TILE = 128 /* bytes of the reference that are searched at a time, one phase after another */ };

int anl_probe_cut(const uint8_t *read, int32_t len, anl_probe out[ANL_PROBES])
{
    _Static_assert(ANL_PROBE_K == 16, "eight bases and eight");
    int n = 0;
    for (int i = 0; i < ANL_PROBES && len >= ANL_PROBE_K; ++i) {
        const int32_t offset = (len - ANL_PROBE_K) * (2 * i + 1) / (2 * ANL_PROBES);
        const uint64_t low = anl_bases8(read + offset), high = anl_bases8(read + offset + 8);
        if (!anl_bases8_n(low | high)) out[n++] = (anl_probe){anl_bases8_pack(low) | anl_bases8_pack(high) << 16, offset};
    }
    return n;
}

int64_t anl_probe_find(const anl_kmer_kernels *k, const uint8_t *packed, int64_t size, const anl_probe_stretch *in, uint32_t key)
{
    const int64_t end = in->from + in->n;
    uint8_t copy[TILE + ANL_KMER_FIND16_ROOM];
    for (int64_t first = in->from / 4; 4 * first < end; first += TILE) {
        const uint8_t *bytes = packed + first;
        if (size - first < (int64_t)sizeof copy) { /* behind them nothing may be read */
            memset(copy, 0, sizeof copy);
            bytes = memcpy(copy, bytes, (size_t)(size - first));
        }
        for (int phase = 0; phase < 4; ++phase) {
            /* Bytes i at which a position 4 * (first + i) + phase in [from, end) begins. */
            const int64_t left = end - 4 * first - phase;
            const int32_t skip = 4 * first + phase < in->from, n = (int32_t)(left <= 0 ? 0 : left < 4 * TILE ? (left + 3) / 4 : TILE) - skip;
            const int32_t at = n > 0 ? k->find16(bytes + skip, n, phase, key) : -1;
            if (at >= 0) return 4 * (first + skip + at) + phase;
        }
    }
    return -1;
}
