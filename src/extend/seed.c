#include "seed.h"

#include <stdlib.h>
#include <string.h>

/* Tuning. */
enum {
    K = ANL_SEED_K,
    MASK = (1 << 2 * K) - 1,
    LONG = 64, /* bp of a match that may hide others: five times the shortest */
    DOMINANT =
        4, /* times as long as what it hides: where the lengths are closer, either may be the true one; 2 aligns alike (stitch.c), 16 a little less */
    FEWEST_BITS = 6, /* log2 of the slots of the table; it is never more than half full */
};

/* The positions of one k-mer in the query's stretch, last one first. */
typedef struct slot {
    uint32_t key; /* code + 1; 0: empty */
    int32_t count, last;
} slot;

struct anl_seeder {
    slot *slots;
    int32_t *previous; /* [position in the stretch], -1: none */
    size_t slots_cap, previous_cap;
    uint32_t bits; /* log2 of the slots in use */
};

int anl_seeder_new(anl_seeder **out)
{
    *out = anl_alloc(1, sizeof **out);
    return *out ? ANL_OK : ANL_ENOMEM;
}

void anl_seeder_free(anl_seeder *s)
{
    if (!s) return;
    free(s->slots);
    free(s->previous);
    free(s);
}

static slot *find_slot(const anl_seeder *s, uint32_t key)
{
    const uint32_t mask = (1u << s->bits) - 1;
    uint32_t at = key * 2654435761u >> (32 - s->bits);
    while (s->slots[at].key && s->slots[at].key != key) at = (at + 1) & mask;
    return &s->slots[at];
}

/* Pushes a base; whether the last K bases are free of N. */
static inline int push(uint32_t *code, int32_t *valid, uint8_t base)
{
    *code = (*code << 2 | (base & 3)) & MASK;
    *valid = base > 3 ? 0 : *valid + 1;
    return *valid >= K;
}

static int load(anl_seeder *s, const uint8_t *query, int32_t n)
{
    for (s->bits = FEWEST_BITS; (1 << s->bits) < 2 * n;) ++s->bits;
    int rc = anl_grow(&s->slots, &s->slots_cap, (size_t)1 << s->bits, sizeof *s->slots);
    if (!rc) rc = anl_grow(&s->previous, &s->previous_cap, (size_t)n, sizeof *s->previous);
    if (rc) return rc;
    memset(s->slots, 0, sizeof *s->slots << s->bits);
    uint32_t code = 0;
    for (int32_t i = 0, valid = 0; i < n; ++i) {
        if (!push(&code, &valid, query[i])) continue;
        slot *at = find_slot(s, code + 1);
        s->previous[i - K + 1] = at->key ? at->last : -1;
        at->key = code + 1;
        at->last = i - K + 1;
        ++at->count;
    }
    return ANL_OK;
}

static int add(anl_seeds *out, int32_t q, int32_t t, int32_t len)
{
    int rc = anl_grow(&out->list, &out->cap, out->n + 1, sizeof *out->list);
    if (!rc) out->list[out->n++] = (anl_anchor){.t = t, .q = q, .len = len, .weight = len};
    return rc;
}

/* In a tandem repeat a long match comes with many short ones beside it. What a far longer match contains on both sequences cannot continue
 * it and would only hide it among a chain's predecessors; where the lengths are closer, either may be the true one. */
static void drop_contained(anl_seeds *s, size_t from)
{
    size_t kept = from;
    for (size_t i = from; i < s->n; ++i) {
        const anl_anchor *a = &s->list[i];
        int contained = 0;
        for (size_t j = 0; j < s->n_long && !contained; ++j) {
            const anl_anchor *b = &s->longest[j];
            contained = b->len >= DOMINANT * a->len && b->q <= a->q && b->t <= a->t && b->q + b->len >= a->q + a->len &&
                        b->t + b->len >= a->t + a->len;
        }
        if (!contained) s->list[kept++] = *a;
    }
    s->n = kept;
}

static int find_long(anl_seeds *s, size_t from)
{
    s->n_long = 0;
    for (size_t i = from; i < s->n; ++i) {
        if (s->list[i].len < LONG) continue;
        int rc = anl_grow(&s->longest, &s->longest_cap, s->n_long + 1, sizeof *s->longest);
        if (rc) return rc;
        s->longest[s->n_long++] = s->list[i];
    }
    return ANL_OK;
}

int anl_seed_find(anl_seeder *s, const uint8_t *query, const uint8_t *target, const anl_seed_tile *tile, anl_seeds *out)
{
    if (tile->qend - tile->qbeg < K || tile->tend - tile->tbeg < K) return ANL_OK;
    int rc = load(s, query + tile->qbeg, tile->qend - tile->qbeg);
    const size_t from = out->n, most = from + (size_t)(tile->tend - tile->tbeg);
    uint32_t code = 0;
    int skipped = 0;
    for (int32_t j = tile->tbeg, valid = 0; j < tile->tend && !rc; ++j) {
        if (!push(&code, &valid, target[j])) continue;
        const slot *at = find_slot(s, code + 1);
        const int frequent = at->count > ANL_SEED_FREQUENT;
        const int32_t t = j - K + 1;
        for (int32_t i = at->key && !frequent ? at->last : -1; i >= 0 && !rc; i = s->previous[i]) {
            const int32_t q = tile->qbeg + i;
            if (t - q < tile->dlo || t - q > tile->dhi || out->n >= most) continue;
            if (!skipped && q > tile->qbeg && t > tile->tbeg && query[q - 1] == target[t - 1] && query[q - 1] < 4) continue;
            int32_t len = K;
            while (q + len < tile->qend && t + len < tile->tend && query[q + len] == target[t + len] && query[q + len] < 4) ++len;
            rc = add(out, q, t, len);
        }
        skipped = frequent;
    }
    if (!rc) rc = find_long(out, from);
    if (!rc) drop_contained(out, from);
    return rc;
}
