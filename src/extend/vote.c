#include "vote.h"

#include "base_code.h"
#include "votes.h"

#include <stdlib.h>
#include <string.h>

/* Tuning. */
enum {
    K = ANL_VOTE_K,
    MASK = ANL_KMER_CODES - 1,
    SLOT_BITS = 12,
    SLOTS = 1 << SLOT_BITS, /* twice the k-mers of the longest read and its reverse complement */
};

enum {
    READ_WORDS = (ANL_VOTE_MAX_READ + 63) / 64, /* of a bit a base */
    REGION_WORDS = (ANL_VOTE_MAX_REGION + 63) / 64,
};

/* A diagonal that shares k-mers with the region. */
typedef struct diagonal {
    int32_t at, votes; /* at: counted from the lowest one asked for */
} diagonal;

/* A slot holds 1 + (code << 11 | position << 1 | it is the code of the reverse complement); 0 is empty. Every k-mer of the read is there
 * with both its codes, so that a region needs one look-up a base. */
struct anl_voter {
    const anl_kernels *kernels;
    anl_kmer_set set; /* of all of them */
    uint32_t slots[SLOTS];
    uint16_t used[SLOTS]; /* slots taken */
    int32_t n_used, len;
    uint8_t strands[2][ANL_VOTE_MAX_READ]; /* the read and its reverse complement, */
    uint64_t once[2][READ_WORDS + 1];      /* and where on them k-mers begin that both together hold once */
    uint64_t open[REGION_WORDS + 1];       /* where k-mers of the read begin in a region that may lie on a diagonal not counted yet */
    uint64_t counted[2][REGION_WORDS + READ_WORDS];
    int32_t dlo;                            /* the lowest diagonal asked for last, */
    diagonal found[2][ANL_VOTE_MAX_REGION]; /* and those with votes */
    int32_t n_found[2];
};

anl_voter *anl_voter_new(const anl_kernels *kernels)
{
    anl_voter *v = anl_alloc(1, sizeof(anl_voter));
    if (v) v->kernels = kernels;
    return v;
}

void anl_voter_free(anl_voter *v)
{
    free(v);
}

/* ---- the read ---- */

static inline uint32_t slot_of(uint32_t code)
{
    return code * 2654435761u >> (32 - SLOT_BITS);
}

static inline uint32_t code_in(uint32_t slot)
{
    return (slot - 1) >> 11;
}

static inline int32_t position_in(uint32_t slot)
{
    return (int32_t)((slot - 1) >> 1 & 1023);
}

static inline int strand_in(uint32_t slot)
{
    return (int)((slot - 1) & 1);
}

static inline void set_bit(uint64_t *bits, int32_t i)
{
    bits[i / 64] |= UINT64_C(1) << i % 64;
}

static void add(anl_voter *v, uint32_t code, int32_t position, int reverse)
{
    uint32_t at = slot_of(code), s;
    int again = 0;
    anl_kmer_add(&v->set, code);
    for (; (s = v->slots[at]) != 0; at = (at + 1) % SLOTS) {
        if (code_in(s) != code) continue;
        again = 1;
        v->once[strand_in(s)][position_in(s) / 64] &= ~(UINT64_C(1) << position_in(s) % 64);
    }
    if (!again) set_bit(v->once[reverse], position);
    v->slots[at] = 1 + (code << 11 | (uint32_t)position << 1 | (uint32_t)reverse);
    v->used[v->n_used++] = (uint16_t)at;
}

static void clear(anl_voter *v)
{
    for (int32_t i = 0; i < v->n_used; ++i) {
        uint32_t *slot = &v->slots[v->used[i]];
        anl_kmer_drop(&v->set, code_in(*slot));
        *slot = 0;
    }
    anl_kmer_drop_parts(&v->set);
    v->n_used = 0;
    memset(v->once, 0, sizeof v->once);
}

void anl_voter_load(anl_voter *v, const uint8_t *read, int32_t len)
{
    clear(v);
    v->len = len;
    if (len) memcpy(v->strands[0], read, (size_t)len);
    anl_reverse_complement(read, len, v->strands[1]);
    uint32_t forward = 0, reverse = 0;
    for (int32_t i = 0, valid = 0; i < len; ++i) {
        const uint32_t base = read[i] & 3;
        forward = forward >> 2 | base << 2 * (K - 1);
        reverse = (reverse << 2 | (3 - base)) & MASK;
        valid = read[i] > 3 ? 0 : valid + 1;
        if (valid < K) continue;
        add(v, forward, i - K + 1, 0);
        add(v, reverse, len - 1 - i, 1);
    }
}

/* Whether the read and its reverse complement hold the k-mer once. */
static inline int is_once(const anl_voter *v, uint32_t slot)
{
    const int32_t at = position_in(slot);
    return (int)(v->once[strand_in(slot)][at / 64] >> at % 64 & 1);
}

/* ---- the region ---- */

/* The code of the k-mer at bases[0], whatever an N counts as. */
static uint32_t code_at(const uint8_t *bases)
{
    _Static_assert(K == 9, "eight bases and one");
    return anl_bases8_pack(anl_bases8(bases)) | (uint32_t)(bases[8] & 3) << 16;
}

/* Counts the votes of a diagonal, all at once. A k-mer of the region that votes here and that the read holds once votes nowhere else. */
static int32_t count_diagonal(anl_voter *v, const uint8_t *region, int32_t len, int32_t diag, int reverse)
{
    const int32_t begin = diag < 0 ? -diag : 0, end = v->len < len - diag ? v->len : len - diag, words = (end - begin + 63) / 64;
    const int32_t from = begin / 64, to = (diag + begin) / 64, shift = begin % 64, move = (diag + begin) % 64;
    uint64_t runs[READ_WORDS];
    const int32_t votes = v->kernels->kmer.shared(v->strands[reverse] + begin, region + diag + begin, end - begin, runs);
    for (int32_t i = 0; i < words; ++i) {
        const uint64_t *once = &v->once[reverse][from + i];
        const uint64_t closed = runs[i] & (once[0] >> shift | (shift ? once[1] << (64 - shift) : 0));
        v->open[to + i] &= ~(closed << move);
        if (move) v->open[to + i + 1] &= ~(closed >> (64 - move));
    }
    return votes;
}

/* Counts the diagonals on which the read shares k-mers with region[len]. Of those beyond dlo + [0, n) nothing is kept: one is
 * counted only for the k-mers which then need no second look, and by a k-mer of many diagonals, as in a tandem repeat, not even so. */
static void count_diagonals(anl_voter *v, const uint8_t *region, int32_t len, int32_t dlo, int32_t n)
{
    for (int strand = 0; strand < 2; ++strand) {
        memset(v->counted[strand], 0, (size_t)(len + v->len + 63) / 64 * sizeof v->counted[strand][0]);
        v->n_found[strand] = 0;
    }
    v->kernels->kmer.find(&v->set, region, len, v->open);
    for (int32_t word = 0; 64 * word < len; ++word)
        for (uint64_t left = v->open[word]; left; left &= left - 1, left &= v->open[word]) {
            const int32_t j = 64 * word + __builtin_ctzll(left);
            const uint32_t code = code_at(region + j);
            for (uint32_t slot = slot_of(code), s; (s = v->slots[slot]) != 0; slot = (slot + 1) % SLOTS) {
                const int32_t diag = j - position_in(s), number = diag + v->len, strand = strand_in(s), at = diag - dlo;
                if (code_in(s) != code || v->counted[strand][number / 64] >> number % 64 & 1) continue;
                set_bit(v->counted[strand], number);
                if ((at < 0 || at >= n) && !is_once(v, s)) continue;
                const int32_t votes = count_diagonal(v, region, len, diag, strand);
                if (votes && at >= 0 && at < n) v->found[strand][v->n_found[strand]++] = (diagonal){at, votes};
            }
        }
}

/* The diagonal with the most votes, the lowest of equals; no votes: none. */
static diagonal best_of(const diagonal *list, int32_t n)
{
    diagonal best = {0};
    for (int32_t i = 0; i < n; ++i)
        if (list[i].votes > best.votes || (list[i].votes == best.votes && list[i].at < best.at)) best = list[i];
    return best;
}

anl_vote anl_voter_count(anl_voter *v, const uint8_t *region, int32_t len, int32_t dlo, int32_t dhi)
{
    anl_vote vote = {0};
    v->dlo = dlo;
    v->n_found[0] = v->n_found[1] = 0;
    if (dhi < dlo) return vote;
    count_diagonals(v, region, len, dlo, dhi - dlo + 1);
    const diagonal top[2] = {best_of(v->found[0], v->n_found[0]), best_of(v->found[1], v->n_found[1])};
    vote.reverse = top[1].votes > top[0].votes;
    const diagonal best = top[vote.reverse], *list = v->found[vote.reverse];
    if (!best.votes) return vote;
    vote.lo = vote.hi = best.at;
    vote.other = top[!vote.reverse].votes;
    for (int32_t i = 0; i < v->n_found[vote.reverse]; ++i) {
        const int32_t at = list[i].at, votes = list[i].votes, off = at < best.at ? best.at - at : at - best.at;
        if (off <= K)
            vote.votes += votes;
        else if (votes > vote.other)
            vote.other = votes;
        if (votes < ANL_VOTES_SUPPORT || off > ANL_VOTES_REACH) continue;
        if (at < vote.lo) vote.lo = at;
        if (at > vote.hi) vote.hi = at;
    }
    vote.straight = vote.lo == vote.hi;
    vote.diag = best.at + dlo;
    vote.lo += dlo;
    vote.hi += dlo;
    return vote;
}

int anl_voter_second(const anl_voter *v, const anl_vote *best, anl_vote *second)
{
    const int32_t kmers = v->n_used / 2;
    if (!best->other || ANL_VOTES_COPY * (best->votes + best->other - kmers) < best->votes) return 0;
    *second = (anl_vote){.votes = best->other};
    for (int turned = 0, known = 0; turned < 2 && !known; ++turned) {
        const int strand = turned ? !best->reverse : best->reverse;
        for (int32_t i = 0; i < v->n_found[strand]; ++i) {
            const diagonal *d = &v->found[strand][i];
            const int32_t at = d->at + v->dlo, off = at < best->diag ? best->diag - at : at - best->diag;
            if (!turned && !off) second->other = d->votes;
            if (d->votes != best->other || (!turned && off <= K) || (known && at > second->diag)) continue;
            second->diag = second->lo = second->hi = at;
            second->reverse = (uint8_t)strand;
            known = 1;
        }
    }
    return 1;
}
