#include "index.h"

#include "panel.h"

#include <string.h>

int64_t anl_index_window_count(int64_t len, int32_t window, int32_t stride)
{
    return len <= 0 ? 0 : len <= window ? 1 : (len - window + stride - 1) / stride + 1;
}

/* The last i with begin[i] <= value, among n + 1 ascending bounds, skipping empty ranges. */
static int32_t range_of(const int64_t *begin, int32_t n, int64_t value)
{
    int32_t lo = 0, hi = n;
    while (hi - lo > 1) {
        const int32_t mid = lo + (hi - lo) / 2;
        if (begin[mid] <= value) lo = mid;
        else hi = mid;
    }
    return lo;
}

int64_t anl_index_window_pos(const anl_index *x, int64_t w)
{
    const int32_t c = range_of(x->window_begin, x->n_contigs, w);
    const int64_t last = x->contigs[c].len > x->window ? x->contigs[c].len - x->window : 0;
    const int64_t pos = (w - x->window_begin[c]) * x->stride;
    return x->contig_begin[c] + (pos < last ? pos : last);
}

int32_t anl_index_contig_at(const anl_index *x, int64_t pos)
{
    return range_of(x->contig_begin, x->n_contigs, pos);
}

void anl_index_fetch(const anl_index *x, int64_t begin, int64_t end, uint8_t *out)
{
    int64_t i = begin;
    uint8_t *to = out;
    for (; i < end && i % 4; ++i) *to++ = x->bases[i / 4] >> 2 * (i % 4) & 3;
    for (; i + 8 <= end; i += 8, to += 8) { /* 16 bits spread over 8 bytes */
        uint64_t eight = x->bases[i / 4] | (uint64_t)x->bases[i / 4 + 1] << 32;
        eight = (eight | eight << 12) & 0x000f000f000f000f;
        eight = (eight | eight << 6) & 0x0303030303030303;
        memcpy(to, &eight, sizeof eight);
    }
    for (; i < end; ++i) *to++ = x->bases[i / 4] >> 2 * (i % 4) & 3;
    int64_t lo = 0, hi = x->n_n_runs; /* first run that ends behind begin */
    while (lo < hi) {
        const int64_t mid = lo + (hi - lo) / 2;
        if (x->n_runs[2 * mid + 1] > begin) hi = mid;
        else lo = mid + 1;
    }
    for (; lo < x->n_n_runs && x->n_runs[2 * lo] < end; ++lo) {
        const int64_t from = x->n_runs[2 * lo] > begin ? x->n_runs[2 * lo] : begin;
        const int64_t until = x->n_runs[2 * lo + 1] < end ? x->n_runs[2 * lo + 1] : end;
        memset(out + (from - begin), 4, (size_t)(until - from));
    }
}

void anl_index_entry(const anl_index *x, int64_t entry, int8_t *out)
{
    anl_panel_get(x->codes, (size_t)entry, (size_t)x->d, out);
}
