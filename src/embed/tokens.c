#include "tokens.h"

#include <assert.h>

static int reverse_complement(int code)
{
    int out = 0;
    for (int i = 0; i < ANL_KMER; ++i, code >>= 2) out = out << 2 | (3 - (code & 3));
    return out;
}

void anl_kmer_ranks(uint16_t rank[ANL_KMERS])
{
    int next = 0;
    for (int code = 0; code < ANL_KMERS; ++code) {
        int other = reverse_complement(code);
        rank[code] = other < code ? rank[other] : (uint16_t)next++;
    }
    assert(next == ANL_KMER_RANKS);
}

/* ranks[n] of the k-mers in order. */
static void kmers(const uint8_t *seq, int len, const uint16_t *rank, uint16_t *ranks)
{
    unsigned code = 0;
    int good = 0; /* bases since the last one that is not A, C, G or T */
    for (int i = 0; i < len; ++i) {
        code = (code << 2 | (seq[i] & 3)) & (ANL_KMERS - 1);
        good = seq[i] < 4 ? good + 1 : 0;
        if (i >= ANL_KMER - 1) ranks[i - ANL_KMER + 1] = good >= ANL_KMER ? rank[code] : ANL_KMER_RANKS;
    }
}

static int fill(const uint16_t *ranks, int from, int to, uint16_t *row)
{
    int valid = 0;
    for (int j = 0; j < ANL_TOKEN_KMERS; ++j) {
        row[j] = from + j < to ? ranks[from + j] : ANL_KMER_RANKS;
        valid += row[j] < ANL_KMER_RANKS;
    }
    return valid;
}

/* The left half is laid out from the left, the right half is its mirror image, and a middle token, if any, holds what lies
 * between. With an odd excess and no middle token, both halves hold the central k-mer. */
int anl_tokens_make(const uint8_t *seq, int len, const uint16_t rank[ANL_KMERS], uint16_t (*rows)[ANL_TOKEN_KMERS])
{
    uint16_t ranks[ANL_ENCODER_MAX_LEN];
    int n = len - ANL_KMER + 1, m = ANL_TOKEN_COUNT(len), valid = 0;
    int shift = (ANL_TOKEN_KMERS * m - n) / 2;
    kmers(seq, len, rank, ranks);
    for (int i = 0; i < m / 2; ++i) {
        int to = ANL_TOKEN_KMERS * (i + 1) - shift, from = to - ANL_TOKEN_KMERS;
        if (from < 0) from = 0;
        valid += fill(ranks, from, to, rows[i]);
        valid += fill(ranks, n - to, n - from, rows[m - 1 - i]);
    }
    if (m % 2) {
        int from = ANL_TOKEN_KMERS * (m / 2) - shift;
        if (from < 0) from = 0;
        valid += fill(ranks, from, n - from, rows[m / 2]);
    }
    return valid;
}
