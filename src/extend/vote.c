#include "vote.h"

#include <stdlib.h>
#include <string.h>

/* Tuning. */
enum {
    K = ANL_VOTE_K,
    MASK = (1 << 2 * K) - 1,
    SLOT_BITS = 12,
    SLOTS = 1 << SLOT_BITS, /* twice the k-mers of the longest read and its reverse complement */
    REACH = 100,            /* bp: a gap of up to so many is looked for beside the best diagonal, as bwa mem's -w */
    SUPPORT = 3,            /* votes that make a second diagonal worth bridging to: 11 bp in a row that match */
    COPY = 3,               /* a copy shares with the best place k-mers of the read that are 1/3 of its votes */
};

/* A slot holds 1 + (code << 11 | position << 1 | it is the code of the reverse complement); 0 is empty. Every k-mer of the read is there
 * with both its codes, so that a region needs one look-up a base. */
struct anl_voter {
    uint32_t slots[SLOTS];
    uint32_t known[(MASK + 1) / 32]; /* codes that occur: nearly all k-mers of a region stop here, which a processor foresees */
    uint16_t used[SLOTS];            /* slots taken */
    int32_t n_used;
    int32_t dlo, n; /* the lowest diagonal of the region that voted last, and how many there are */
    int16_t votes[2][ANL_VOTE_MAX_REGION];
    uint8_t fours[ANL_VOTE_MAX_REGION];  /* codes of the 4-mers of a region */
    uint32_t codes[ANL_VOTE_MAX_REGION]; /* of its k-mers */
};

anl_voter *anl_voter_new(void)
{
    return anl_alloc(1, sizeof(anl_voter));
}

void anl_voter_free(anl_voter *v)
{
    free(v);
}

static inline uint32_t slot_of(uint32_t code)
{
    return code * 2654435761u >> (32 - SLOT_BITS);
}

static void add(anl_voter *v, uint32_t code, uint32_t what)
{
    uint32_t at = slot_of(code);
    v->known[code / 32] |= (uint32_t)1 << code % 32;
    while (v->slots[at]) at = (at + 1) % SLOTS;
    v->slots[at] = 1 + (code << 11 | what);
    v->used[v->n_used++] = (uint16_t)at;
}

static void clear(anl_voter *v)
{
    for (int32_t i = 0; i < v->n_used; ++i) {
        uint32_t *slot = &v->slots[v->used[i]];
        v->known[((*slot - 1) >> 11) / 32] = 0;
        *slot = 0;
    }
    v->n_used = 0;
}

void anl_voter_load(anl_voter *v, const uint8_t *read, int32_t len)
{
    clear(v);
    uint32_t forward = 0, reverse = 0;
    for (int32_t i = 0, valid = 0; i < len; ++i) {
        const uint32_t base = read[i] & 3;
        forward = (forward << 2 | base) & MASK;
        reverse = reverse >> 2 | (3 - base) << 2 * (K - 1);
        valid = read[i] > 3 ? 0 : valid + 1;
        if (valid < K) continue;
        add(v, forward, (uint32_t)(i - K + 1) << 1);
        add(v, reverse, (uint32_t)(len - 1 - i) << 1 | 1);
    }
}

/* Codes of the k-mers of region[len]; one with an N has some code that its other bases give. Simple loops, for the compiler's vectors. */
static void encode(anl_voter *v, const uint8_t *region, int32_t len)
{
    _Static_assert(K == 9, "two 4-mers and a base");
    uint8_t *fours = v->fours;
    for (int32_t j = 0; j + 4 <= len; ++j)
        fours[j] = (uint8_t)((region[j] & 3) << 6 | (region[j + 1] & 3) << 4 | (region[j + 2] & 3) << 2 | (region[j + 3] & 3));
    for (int32_t j = 0; j + K <= len; ++j) v->codes[j] = (uint32_t)fours[j] << 10 | (uint32_t)fours[j + 4] << 2 | (region[j + 8] & 3);
}

static int16_t largest(const int16_t *values, int32_t n)
{
    int16_t most = 0;
    for (int32_t i = 0; i < n; ++i) most = values[i] > most ? values[i] : most;
    return most;
}

static int32_t first_with(const int16_t *votes, int32_t n, int32_t most)
{
    int32_t i = 0;
    while (i < n && votes[i] != most) ++i;
    return i;
}

anl_vote anl_voter_count(anl_voter *v, const uint8_t *region, int32_t len, int32_t dlo, int32_t dhi)
{
    int32_t n = dhi - dlo + 1;
    anl_vote best = {0};
    v->dlo = dlo;
    v->n = n > 0 ? n : 0;
    if (n <= 0) return best;
    memset(v->votes[0], 0, (size_t)n * sizeof v->votes[0][0]);
    memset(v->votes[1], 0, (size_t)n * sizeof v->votes[1][0]);
    encode(v, region, len);
    const int has_n = len > 0 && memchr(region, 4, (size_t)len);
    for (int32_t j = 0; j + K <= len; ++j) {
        const uint32_t code = v->codes[j];
        if (!(v->known[code / 32] >> code % 32 & 1)) continue;
        for (uint32_t at = slot_of(code), s; (s = v->slots[at]) != 0; at = (at + 1) % SLOTS) {
            if ((s - 1) >> 11 != code || (has_n && memchr(region + j, 4, K))) continue;
            const int32_t start = j - (int32_t)((s - 1) >> 1 & 1023) - dlo;
            if (start >= 0 && start < n) ++v->votes[(s - 1) & 1][start];
        }
    }
    const int32_t top[2] = {largest(v->votes[0], n), largest(v->votes[1], n)};
    best.reverse = top[1] > top[0];
    if (!top[best.reverse]) return best;
    const int16_t *votes = v->votes[best.reverse];
    best.diag = first_with(votes, n, top[best.reverse]);
    const int32_t from = best.diag > K ? best.diag - K : 0, to = best.diag + K + 1 < n ? best.diag + K + 1 : n;
    for (int32_t i = from; i < to; ++i) best.votes += votes[i];
    const int16_t before = largest(votes, from), behind = largest(votes + to, n - to), turned = top[!best.reverse];
    best.other = before > behind ? before : behind;
    if (turned > best.other) best.other = turned;
    best.lo = best.diag > REACH ? best.diag - REACH : 0;
    best.hi = best.diag + REACH < n ? best.diag + REACH : n - 1;
    while (best.lo < best.diag && votes[best.lo] < SUPPORT) ++best.lo;
    while (best.hi > best.diag && votes[best.hi] < SUPPORT) --best.hi;
    best.straight = best.lo == best.hi;
    best.diag += dlo;
    best.lo += dlo;
    best.hi += dlo;
    return best;
}

int anl_voter_second(const anl_voter *v, const anl_vote *best, anl_vote *second)
{
    const int32_t kmers = v->n_used / 2;
    if (!best->votes || COPY * (best->votes + best->other - kmers) < best->votes) return 0;
    const int32_t diag = best->diag - v->dlo;
    const int32_t from = diag > K ? diag - K : 0, to = diag + K + 1 < v->n ? diag + K + 1 : v->n;
    const int16_t *same = v->votes[best->reverse], *turned = v->votes[!best->reverse];
    int32_t at = first_with(same, from, best->other);
    if (at == from) at = to + first_with(same + to, v->n - to, best->other);
    const int is_turned = at == v->n;
    if (is_turned) at = first_with(turned, v->n, best->other);
    at += v->dlo;
    *second = (anl_vote){.votes = best->other,
                         .other = same[diag],
                         .diag = at,
                         .lo = at,
                         .hi = at,
                         .reverse = (uint8_t)(is_turned ? !best->reverse : best->reverse)};
    return 1;
}
