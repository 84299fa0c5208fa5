#include "tokens.h"

#include <stdlib.h>

enum { K = 6, GROUP = 8, CODES = 4096, NONE = 0xffff };

static uint32_t reverse_complement(uint32_t code)
{
    uint32_t out = 0;
    for (int i = 0; i < K; ++i, code >>= 2) out = out << 2 | (3 - (code & 3));
    return out;
}

int anl_token_map_new(anl_token_map **out)
{
    anl_token_map *m = anl_alloc(1, sizeof *m);
    if (!m) return ANL_ENOMEM;
    uint16_t rank = 0;
    for (uint32_t code = 0; code < CODES; ++code) {
        const uint32_t other = reverse_complement(code);
        m->row[code] = other < code ? m->row[other] : rank++;
    }
    *out = m;
    return ANL_OK;
}

void anl_token_map_free(anl_token_map *m)
{
    free(m);
}

int32_t anl_token_count(int32_t len)
{
    return (len - K + 1 + GROUP - 1) / GROUP;
}

void anl_token_list_clear(anl_token_list *l)
{
    l->tokens = l->sequences = 0;
    l->begin[0] = 0;
}

/* First k-mer of token t. Left of the middle the grid starts so that the padding is split evenly; right of it the grid is the mirror
 * image. With an odd number of padded places an even number of tokens shares the k-mer in the middle, an odd number has a
 * middle token one k-mer short. */
static int32_t token_begin(int32_t t, int32_t tokens, int32_t n)
{
    const int32_t shift = (GROUP * tokens - n) / 2;
    if (t * 2 <= tokens - (tokens & 1)) { /* left half, and where the middle token begins */
        if (t * 2 < tokens || (tokens & 1)) return GROUP * t - shift > 0 ? GROUP * t - shift : 0;
    }
    const int32_t end = GROUP * (tokens - t) - shift; /* of the mirrored token, counted from the right */
    return n - end;
}

static int32_t token_end(int32_t t, int32_t tokens, int32_t n)
{
    return n - token_begin(tokens - 1 - t, tokens, n);
}

void anl_token_list_add(anl_token_list *l, const anl_token_map *m, const uint8_t *seq, int32_t len)
{
    uint16_t row[512];
    const int32_t n = len - K + 1, tokens = anl_token_count(len);
    uint32_t code = 0;
    int32_t valid = 0, used = l->begin[l->tokens];
    for (int32_t i = 0; i < len; ++i) {
        valid = seq[i] > 3 ? 0 : valid + 1;
        code = (code << 2 | (seq[i] & 3)) & (CODES - 1);
        if (i >= K - 1) row[i - K + 1] = valid >= K ? m->row[code] : NONE;
    }
    l->kmers[l->sequences] = 0;
    for (int32_t i = 0; i < n; ++i) l->kmers[l->sequences] += row[i] != NONE;
    ++l->sequences;
    for (int32_t t = 0; t < tokens; ++t) {
        for (int32_t i = token_begin(t, tokens, n), end = token_end(t, tokens, n); i < end; ++i)
            if (row[i] != NONE) l->rows[used++] = row[i];
        l->begin[++l->tokens] = used;
    }
}
