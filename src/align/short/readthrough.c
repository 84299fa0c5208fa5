#include "readthrough.h"

#include "align_tuning.h"
#include "base_code.h"

enum {
    SEED = 10,  /* bases that match exactly, of which random reads have one in a thousand pairs */
    SEEDS = 2,  /* the first ones of the read, one behind the other */
    BLOCK = 32, /* bases at which seeds are looked for at a time, */
    BEGIN = 8,  /* by so many bases of theirs: few blocks have them by chance; 6 take a third longer */
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

/* A search for the insert. */
typedef struct search {
    const uint8_t *first, *second_reversed;
    int32_t first_len, second_len;
    uint32_t seeds[SEEDS];
    int32_t found; /* an insert; 0: none yet, -1: several */
} search;

static uint32_t seed_at(const uint8_t *bases)
{
    _Static_assert(SEED == 10, "eight bases and two");
    return anl_bases8_pack(anl_bases8(bases)) | (uint32_t)(bases[8] & 3) << 16 | (uint32_t)(bases[9] & 3) << 18;
}

/* Whether BEGIN bases of a seed begin at one of bases[BLOCK], behind which some more are read: simple steps, for the compiler's vectors. */
static int may_begin(const uint8_t *bases, const uint8_t *first)
{
    uint8_t least = UINT8_MAX;
    for (int32_t i = 0; i < BLOCK; ++i) {
        uint8_t one = 0, two = 0; /* 0: all are equal */
        for (int32_t j = 0; j < BEGIN; ++j) {
            one |= bases[i + j] ^ first[j];
            two |= bases[i + j] ^ first[SEED + j];
        }
        one &= 3, two &= 3;
        one = one < two ? one : two;
        least = one < least ? one : least;
    }
    return !least;
}

/* The insert that begins where one of its seeds lies at second_reversed[at]. */
static void try_seed(search *s, int32_t at)
{
    const int32_t longer = s->first_len > s->second_len ? s->first_len : s->second_len;
    const uint32_t code = seed_at(s->second_reversed + at);
    for (int32_t i = 0; i < SEEDS && s->found >= 0; ++i) {
        const int32_t begin = at - i * SEED, insert = s->second_len - begin;
        if (code != s->seeds[i] || begin < 0 || insert < ANL_READTHROUGH_LEAST || insert > s->first_len || insert >= longer) continue;
        if (insert != s->found && alike(s->first, s->second_reversed + begin, insert)) s->found = s->found ? -1 : insert;
    }
}

int32_t anl_readthrough(const uint8_t *first, int32_t first_len, const uint8_t *second_reversed, int32_t second_len)
{
    search s = {first, second_reversed, first_len, second_len, {0}, 0};
    if (first_len < ANL_ENCODER_MIN_LEN || second_len < ANL_ENCODER_MIN_LEN) return 0;
    for (int32_t i = 0; i < SEEDS; ++i) s.seeds[i] = seed_at(first + i * SEED);
    const int32_t n = second_len - SEED + 1; /* so many seeds there are; the last block of them reaches back */
    for (int32_t block = 0; block < n && s.found >= 0; block += BLOCK) {
        const int32_t at = n >= BLOCK && block > n - BLOCK ? n - BLOCK : block, end = at + BLOCK < n ? at + BLOCK : n;
        if (end == at + BLOCK && !may_begin(second_reversed + at, first)) continue;
        for (int32_t i = at; i < end && s.found >= 0; ++i) try_seed(&s, i);
    }
    const int32_t insert = s.found;
    return insert > 0 && tails_begin_alike(first + insert, first_len - insert, second_reversed, second_len - insert) ? insert : 0;
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
