#include "index.h"

#include "panel.h"

#include <stdlib.h>
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
        if (begin[mid] <= value)
            lo = mid;
        else
            hi = mid;
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
    const uint8_t *packed = x->bases + i / 4;
    const int64_t bytes = i < end ? (end - i) / 4 : 0;
    for (int64_t j = 0; j < bytes; ++j) { /* a byte spread over four: simple steps, for the compiler's vectors */
        uint32_t four = packed[j];
        four = (four | four << 12) & 0x000f000f;
        four = (four | four << 6) & 0x03030303;
        memcpy(to + 4 * j, &four, sizeof four);
    }
    i += 4 * bytes;
    to += 4 * bytes;
    for (; i < end; ++i) *to++ = x->bases[i / 4] >> 2 * (i % 4) & 3;
    int64_t lo = 0, hi = x->n_n_runs; /* first run that ends behind begin */
    while (lo < hi) {
        const int64_t mid = lo + (hi - lo) / 2;
        if (x->n_runs[2 * mid + 1] > begin)
            hi = mid;
        else
            lo = mid + 1;
    }
    for (; lo < x->n_n_runs && x->n_runs[2 * lo] < end; ++lo) {
        const int64_t from = x->n_runs[2 * lo] > begin ? x->n_runs[2 * lo] : begin;
        const int64_t until = x->n_runs[2 * lo + 1] < end ? x->n_runs[2 * lo + 1] : end;
        memset(out + (from - begin), 4, (size_t)(until - from));
    }
}

void anl_index_unique(const anl_index *x, int64_t begin, int64_t end, uint64_t *out)
{
    const uint64_t *from = x->unique + begin / 64;
    const int shift = (int)(begin % 64);
    const int64_t n = end - begin, words = (n + 63) / 64, last = (end - 1) / 64 - begin / 64; /* `from` is read up to there */
    for (int64_t i = 0; i < words; ++i) out[i] = from[i] >> shift | (shift && i < last ? from[i + 1] << (64 - shift) : 0);
    if (n % 64) out[words - 1] &= (UINT64_C(1) << n % 64) - 1;
}

/* The first letter at or behind `pos`. */
static int64_t letter_from(const anl_index *x, int64_t pos)
{
    int64_t lo = 0, hi = x->n_letters;
    while (lo < hi) {
        const int64_t mid = lo + (hi - lo) / 2;
        if ((int64_t)(x->letters[mid] >> 8) >= pos)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

void anl_index_letters(const anl_index *x, int64_t begin, int64_t end, char *out)
{
    anl_index_fetch(x, begin, end, (uint8_t *)out);
    for (int64_t i = 0; i < end - begin; ++i) out[i] = "ACGTN"[(uint8_t)out[i]];
    for (int64_t i = letter_from(x, begin); i < x->n_letters && (int64_t)(x->letters[i] >> 8) < end; ++i)
        out[(int64_t)(x->letters[i] >> 8) - begin] = (char)(x->letters[i] & 255);
}

void anl_index_spell_md(const anl_index *x, int64_t begin, int64_t end, char *md)
{
    int64_t i = letter_from(x, begin), pos = begin;
    while (*md && i < x->n_letters && (int64_t)(x->letters[i] >> 8) < end) {
        if (*md >= '0' && *md <= '9') {
            pos += strtoll(md, &md, 10);
            continue;
        }
        if (*md != '^') {
            while (i < x->n_letters && (int64_t)(x->letters[i] >> 8) < pos) ++i;
            if (*md == 'N' && i < x->n_letters && (int64_t)(x->letters[i] >> 8) == pos) *md = (char)(x->letters[i] & 255);
            ++pos;
        }
        ++md;
    }
}

void anl_index_entry(const anl_index *x, int64_t entry, int8_t *out)
{
    anl_panel_get(x->codes, (size_t)entry, (size_t)x->d, out);
}
