#include "proof.h"

enum {
    MOST_MISMATCHES = 8, /* of a read that is asked whether it is straight: with more a gap may win nearly always */
    LEVELS = 5,          /* doublings from 1 to ANL_PROOF_MOST_K */
    RING = 64,           /* a power of 2 above ANL_PROOF_MOST_K */
};
#define NEVER (INT32_MIN / 2)

static inline int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* Bits of `equal` that begin k set ones. Words come from the last to the first; above[] keeps what the doublings made of the one before. */
static inline uint64_t begin_equal(uint64_t equal, int32_t k, uint64_t above[LEVELS])
{
    for (int32_t have = 1, step, level = 0; have < k; have += step, ++level) {
        step = have < k - have ? have : k - have;
        const uint64_t next = above[level];
        above[level] = equal;
        equal &= equal >> step | next << (64 - step);
    }
    return equal;
}

void anl_proof_add(const uint64_t *unique, int32_t k, const anl_proof_run *run, uint64_t *kmers)
{
    uint64_t above[LEVELS] = {0};
    for (int32_t i = (run->n - 1) / 64 * 64; i >= 0 && run->n >= k; i -= 64) {
        const uint64_t inside = run->n - i < 64 ? ((uint64_t)1 << (run->n - i)) - 1 : UINT64_MAX;
        uint64_t found = begin_equal(~run->differ[i / 64] & inside, k, above);
        if (!found) continue;
        const int64_t p = run->at + i, to = (int64_t)run->from + i;
        const int shift = (int)(p % 64), move = (int)(to % 64);
        /* The next word is read only where it has bits of the reference, and written only where it has bits of the read. */
        uint64_t once = unique[p / 64] >> shift;
        if (shift && found >> (64 - shift)) once |= unique[p / 64 + 1] << (64 - shift);
        found &= once;
        kmers[to / 64] |= found << move;
        if (move && found >> (64 - move)) kmers[to / 64 + 1] |= found >> (64 - move);
    }
}

/* What breaks a k-mer at the least. */
static int32_t column_cost(const anl_proof_params *p)
{
    const int32_t mismatch = p->score.match + p->score.mismatch, unknown = (p->most_n + 1) * (p->score.match + 1);
    return mismatch < unknown ? mismatch : unknown;
}

/* `first` and `last`: bonuses for the first and the last base. From the last base to the first, `most` is the highest total of a read that
 * matches up to base i, which no k-mer reaches across: W(i) of docs/proof.md. */
static int32_t highest(const anl_proof_params *p, int32_t first, int32_t last, const uint64_t *kmers, int32_t len)
{
    const anl_sw_params *s = &p->score;
    const int32_t match = s->match, column = column_cost(p), deletion = s->del_open + s->del_extend;
    const int32_t ins_open = s->ins_open, ins_next = s->ins_extend + match, k = p->k;
    int32_t broken[RING] = {0}; /* [i % RING]: the same for a k-mer that ends before base i and is broken at its last base */
    int32_t most = len * match + last, inserted = NEVER, best = 0;
    for (int32_t i = len - 1, score = i * match; i >= 0; --i, score -= match) { /* score: of the bases before i */
        const int32_t next = most;
        if (kmers[(uint32_t)i / 64] >> (uint32_t)i % 64 & 1) most = broken[(uint32_t)(i + k) % RING];
        inserted = larger(inserted, next) - ins_next;
        /* The read ends here, or its base is a mismatch or N, or a deletion comes before it, or an insertion begins with it. */
        broken[(uint32_t)(i + 1) % RING] = larger(larger(score, next - column), larger(most - deletion, inserted - ins_open));
        best = larger(best, most - score);
    }
    return larger(best, most + first);
}

/* ---- where edits are dear ---- */

/* Whether nothing breaks k-mers for less than a mismatch each does, and a k-mer is worth two ("The short way" in docs/proof.md). */
static int mismatch_is_best(const anl_proof_params *p)
{
    const anl_sw_params *s = &p->score;
    const int32_t column = column_cost(p), inserted = s->ins_extend + s->match;
    return s->del_open + s->del_extend >= column && s->ins_open + 2 * inserted >= 2 * column && p->k * s->match >= 2 * column;
}

/* The first k-mer at or behind base `from`; `len`: there is none. */
static int32_t next_kmer(const uint64_t *kmers, int32_t from, int32_t len)
{
    for (uint32_t i = (uint32_t)from; i < (uint32_t)len; i = (i / 64 + 1) * 64) {
        const uint64_t left = kmers[i / 64] >> i % 64;
        if (left) return (int32_t)i + __builtin_ctzll(left);
    }
    return len;
}

/* W(from): the disjoint k-mers from there on have a mismatch each, or the read is clipped before the end of the last one. */
static int32_t most_from(const anl_proof_params *p, int32_t top, const uint64_t *kmers, int32_t from, int32_t len)
{
    int32_t n = 0, end = from;
    for (int32_t at; (at = next_kmer(kmers, end, len)) < len; end = at + p->k) ++n;
    const int32_t column = column_cost(p);
    return n ? larger(top, (end - 1) * p->score.match + column) - n * column : top;
}

/* What `highest` gives. A read that begins later than at the first bases never has more, nor one where no k-mer is left behind. */
static int32_t highest_by_mismatches(const anl_proof_params *p, int32_t first, int32_t last, const uint64_t *kmers, int32_t len)
{
    const int32_t match = p->score.match, column = column_cost(p), top = len * match + last;
    const int32_t whole = most_from(p, top, kmers, 0, len), begins = (column - 1) / match < len ? (column - 1) / match : len - 1;
    int32_t best = whole + first;
    if (begins < 1 || most_from(p, top, kmers, begins, len) == whole) return best; /* W grows with i: it is the same in between */
    for (int32_t i = 1; i <= begins; ++i)
        if (kmers[(i - 1) / 64] >> (i - 1) % 64 & 1) best = larger(best, most_from(p, top, kmers, i, len) - i * match);
    return best;
}

int32_t anl_proof_bound(const anl_proof_params *p, const uint64_t *kmers, int32_t len)
{
    int32_t (*const way)(const anl_proof_params *, int32_t, int32_t, const uint64_t *, int32_t) =
        mismatch_is_best(p) ? highest_by_mismatches : highest;
    const int32_t bound = way(p, p->clip5, p->clip3, kmers, len);
    if (p->clip5 == p->clip3) return bound;
    return larger(bound, way(p, p->clip3, p->clip5, kmers, len)); /* on the other strand clip5 rewards the other end */
}

/* ---- without gaps ---- */

/* Disjoint k-mers inside [begin, end). */
static int32_t count_disjoint(const uint64_t *kmers, int32_t k, int32_t begin, int32_t end)
{
    int32_t n = 0;
    for (int32_t at; (at = next_kmer(kmers, begin, end)) + k <= end; begin = at + k) ++n;
    return n;
}

/* The least that bases with so many disjoint k-mers cost which do not stand on the diagonal, but between `gaps` gaps and `ends` ends of the read, where
 * they may be clipped. */
static int32_t least_cost(const anl_proof_params *p, int32_t disjoint, int gaps, int ends)
{
    const anl_sw_params *s = &p->score;
    const int32_t deletion = s->del_open + s->del_extend, insertion = s->ins_open + s->ins_extend + s->match;
    int32_t least = INT32_MAX;
    for (int ins = gaps == 2; ins <= (gaps > 0); ++ins) /* between two gaps that lead back one is an insertion, one a deletion */
        for (int clips = 0; clips <= ends; ++clips) {
            const int32_t left = disjoint - ins - clips; /* an insertion or a clip breaks a k-mer at its own cost */
            const int32_t cost = ins * insertion + (gaps - ins) * deletion + clips * s->match + (left > 0 ? left : 0) * column_cost(p);
            least = cost < least ? cost : least;
        }
    return least;
}

int anl_proof_is_straight(const anl_proof_params *p, const uint64_t *differ, const uint64_t *kmers, int32_t len)
{
    const int32_t mismatch = p->score.match + p->score.mismatch, k = p->k;
    int32_t at[MOST_MISMATCHES], n = 0;
    if (!mismatch_is_best(p)) return 0;
    for (int32_t word = 0; word < (len + 63) / 64; ++word)
        for (uint64_t left = differ[word]; left; left &= left - 1) {
            if (n == MOST_MISMATCHES) return 0;
            at[n++] = word * 64 + __builtin_ctzll(left);
        }
    if (least_cost(p, count_disjoint(kmers, k, 0, len), 0, 2) <= n * mismatch) return 0;
    for (int32_t i = 0; i < n; ++i) {
        if (least_cost(p, count_disjoint(kmers, k, 0, at[i]), 1, 1) <= (i + 1) * mismatch) return 0;
        if (least_cost(p, count_disjoint(kmers, k, at[i], len), 1, 1) <= (n - i) * mismatch) return 0;
        for (int32_t j = i; j < n; ++j)
            if (least_cost(p, count_disjoint(kmers, k, at[i], at[j]), 2, 0) <= (j - i + 1) * mismatch) return 0;
    }
    return 1;
}
