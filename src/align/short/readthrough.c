#include "readthrough.h"

#include "align_tuning.h"
#include "base_code.h"

enum {
    SEED = 10, /* bases that match exactly, of which random reads have one in a thousand pairs */
    SEEDS = 2, /* the first ones of the read, one behind the other */
    MASK = (1 << 2 * SEED) - 1,
};

_Static_assert(SEED *SEEDS <= ANL_READTHROUGH_LEAST, "seeds lie within the shortest insert");

/* Whether what lies behind the insert begins alike in both mates, as the adapters of a library do. Two copies of a repeat that face each other in one
 * insert have different neighbours. */
static int tails_begin_alike(const uint8_t *tail, int32_t n, const uint8_t *other_reversed, int32_t other_n)
{
    int32_t differ = 0, compared = n < other_n ? n : other_n;
    if (compared < ANL_ADAPTER_ALIKE) return 0; /* too few to tell; Smith-Waterman clips them */
    compared = ANL_ADAPTER_ALIKE;
    for (int32_t i = 0; i < compared; ++i) differ += tail[i] != 3 - other_reversed[other_n - 1 - i];
    return differ <= compared / ANL_ADAPTER_ALIKE;
}

/* Whether a[n] and b[n] differ in few enough bases. */
static int alike(const uint8_t *a, const uint8_t *b, int32_t n)
{
    int32_t differ = 0;
    for (int32_t i = 0; i < n; ++i) {
        differ += a[i] != b[i] || a[i] > 3;
        if (differ * ANL_READTHROUGH_ERRORS > n) return 0;
    }
    return 1;
}

int32_t anl_readthrough(const uint8_t *first, int32_t first_len, const uint8_t *second_reversed, int32_t second_len)
{
    uint32_t seeds[SEEDS] = {0}, code = 0;
    int32_t found = 0;
    if (first_len < ANL_ENCODER_MIN_LEN || second_len < ANL_ENCODER_MIN_LEN) return 0;
    for (int32_t i = 0; i < SEED * SEEDS; ++i) seeds[i / SEED] = seeds[i / SEED] << 2 | (first[i] & 3);
    const int32_t longer = first_len > second_len ? first_len : second_len;
    for (int32_t i = 0; i < second_len; ++i) {
        code = (code << 2 | (second_reversed[i] & 3)) & MASK;
        if (code != seeds[0] && code != seeds[1]) continue;
        for (int32_t s = 0; s < SEEDS && i >= SEED - 1; ++s) {
            const int32_t at = i - (SEED - 1) - s * SEED, insert = second_len - at; /* where the insert begins in second_reversed */
            if (code != seeds[s] || at < 0 || insert < ANL_READTHROUGH_LEAST || insert > first_len || insert >= longer) continue;
            if (insert == found || !alike(first, second_reversed + at, insert)) continue;
            if (found) return 0;
            found = insert;
        }
    }
    return found && tails_begin_alike(first + found, first_len - found, second_reversed, second_len - found) ? found : 0;
}

int anl_query_cut(anl_query *q, int32_t len, anl_arena *results)
{
    const int32_t off = q->read->len - len;
    if (off <= 0) return ANL_OK;
    anl_read *read = anl_arena_alloc(results, 1, sizeof *read);
    if (!read) return ANL_ENOMEM;
    *read = *q->read;
    read->len = len;
    q->tail += off;
    q->strand[1] += off; /* the reverse complement begins with that of the tail */
    q->read = read;
    return ANL_OK;
}

int anl_readthrough_cut(anl_query pair[2], anl_arena *results)
{
    const int32_t insert = anl_readthrough(pair[0].strand[0], pair[0].read->len, pair[1].strand[1], pair[1].read->len);
    int rc = insert ? anl_query_cut(&pair[0], insert, results) : ANL_OK;
    return rc || !insert ? rc : anl_query_cut(&pair[1], insert, results);
}

int32_t anl_tail_of_g(const uint8_t *bases, int32_t len)
{
    enum { G = 2, OTHER = 4, DROP = 12 }; /* a base that is not G costs as a mismatch does by default */
    int32_t tail = 0, best = 0;
    for (int32_t n = 1, score = 0; n <= len && score > best - DROP; ++n) {
        score += bases[len - n] == G ? 1 : -OTHER;
        if (score > best) best = score, tail = n;
    }
    return best < ANL_TAIL_OF_G ? 0 : tail;
}

int anl_tail_cut(anl_query *q, anl_arena *results)
{
    const int32_t tail = anl_tail_of_g(q->strand[0], q->read->len);
    return tail ? anl_query_cut(q, q->read->len - tail, results) : ANL_OK;
}

/* Whether more than `most` of a[n] and b[n] differ; N are equal. */
static int differ_more(const uint8_t *a, const uint8_t *b, int32_t n, int32_t most)
{
    int32_t differ = 0, i = 0;
    for (; i + 8 <= n && differ <= most; i += 8) differ += anl_bases8_differ(anl_bases8(a + i), anl_bases8(b + i));
    for (; i < n && differ <= most; ++i) differ += a[i] != b[i];
    return differ > most;
}

int anl_is_one_repeat(const uint8_t *bases, int32_t n)
{
    for (int32_t period = 1; period <= ANL_REPEAT_MOTIF && period < n; ++period)
        if (!differ_more(bases + period, bases, n - period, (n - period) / ANL_READTHROUGH_ERRORS)) return 1;
    return 0;
}
