#include "vote.h"

#include <stdlib.h>
#include <string.h>

enum {
    K = ANL_VOTE_K,
    MASK = (1 << 2 * K) - 1,
    SLOTS = 2048,
    REACH = 100, /* a gap of up to this many bp is looked for beside the best diagonal */
    SUPPORT = 3, /* votes that make a second diagonal worth bridging to */
};

/* A slot holds 1 + (canonical code << 11 | position << 1 | the read has the reverse complement of the code); 0 is empty. */
struct anl_voter {
    uint32_t slots[SLOTS];
    int32_t len;
    uint16_t votes[2][ANL_VOTE_MAX_REGION];
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
    return code * 2654435761u >> 21;
}

/* Both strands' codes of the k-mer that ends with the base just pushed. */
typedef struct roll {
    uint32_t forward, reverse;
    int32_t valid; /* bases since the last N */
} roll;

static inline int roll_push(roll *r, uint8_t base)
{
    if (base > 3) {
        r->valid = 0;
        return 0;
    }
    r->forward = (r->forward << 2 | base) & MASK;
    r->reverse = r->reverse >> 2 | (uint32_t)(3 - base) << 2 * (K - 1);
    return ++r->valid >= K;
}

void anl_voter_load(anl_voter *v, const uint8_t *read, int32_t len)
{
    memset(v->slots, 0, sizeof v->slots);
    v->len = len;
    roll r = {0};
    for (int32_t i = 0; i < len; ++i) {
        if (!roll_push(&r, read[i])) continue;
        uint32_t flipped = r.reverse < r.forward, code = flipped ? r.reverse : r.forward, at = slot_of(code);
        while (v->slots[at]) at = (at + 1) % SLOTS;
        v->slots[at] = 1 + (code << 11 | (uint32_t)(i - K + 1) << 1 | flipped);
    }
}

anl_vote anl_voter_count(anl_voter *v, const uint8_t *region, int32_t len, int32_t dlo, int32_t dhi)
{
    int32_t n = dhi - dlo + 1;
    anl_vote best = {0};
    if (n <= 0) return best;
    memset(v->votes[0], 0, (size_t)n * sizeof v->votes[0][0]);
    memset(v->votes[1], 0, (size_t)n * sizeof v->votes[1][0]);
    roll r = {0};
    for (int32_t j = 0; j < len; ++j) {
        if (!roll_push(&r, region[j])) continue;
        uint32_t flipped = r.reverse < r.forward, code = flipped ? r.reverse : r.forward;
        for (uint32_t at = slot_of(code), s; (s = v->slots[at]) != 0; at = (at + 1) % SLOTS) {
            if ((s - 1) >> 11 != code) continue;
            int32_t pos = (int32_t)((s - 1) >> 1 & 1023);
            uint32_t reverse = ((s - 1) & 1) ^ flipped;
            int32_t start = j - K + 1 - (reverse ? v->len - K - pos : pos) - dlo;
            if (start >= 0 && start < n) ++v->votes[reverse][start];
        }
    }
    int32_t top = 0;
    for (int s = 0; s < 2; ++s)
        for (int32_t i = 0; i < n; ++i)
            if (v->votes[s][i] > top) {
                top = v->votes[s][i];
                best.diag = i;
                best.reverse = (uint8_t)s;
            }
    if (!top) return best;
    const uint16_t *votes = v->votes[best.reverse];
    int32_t from = best.diag > REACH ? best.diag - REACH : 0, to = best.diag + REACH < n ? best.diag + REACH : n - 1;
    best.lo = best.hi = best.diag;
    for (int32_t i = from; i <= to; ++i) {
        if (abs(i - best.diag) <= K) best.votes += votes[i];
        if (votes[i] >= SUPPORT) {
            if (i < best.lo) best.lo = i;
            if (i > best.hi) best.hi = i;
        }
    }
    best.diag += dlo;
    best.lo += dlo;
    best.hi += dlo;
    return best;
}
