/* Where no gap wins: what is known from unique k-mers, against all alignments of a read to whole small genomes. */
#include "random.h"

#include "kernels.h"
#include "proof.h"

enum { MOST_READ = 60, MOST_BASES = 140, NEVER = -20000 };

/* A genome of one contig; the read lies on one of its diagonals. */
typedef struct scene {
    uint8_t base[MOST_BASES], read[MOST_READ];
    int n, len, at;
    anl_proof_params params;
} scene;

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int some(int low, int high)
{
    return low + (int)random_below((uint32_t)(high - low + 1));
}

/* Few letters, repeats of short periods, and parts that are there twice: where a gap is most likely to win. */
static void make_scene(scene *s)
{
    const uint32_t letters = random_below(3) ? 4 : 2 + random_below(2), period = random_below(3) ? MOST_BASES : 1 + random_below(12);
    const int kind = some(0, 3);
    s->n = some(60, MOST_BASES);
    s->len = some(45, s->n < MOST_READ ? s->n : MOST_READ);
    s->at = some(0, s->n - s->len);
    for (int i = 0; i < s->n; ++i)
        s->base[i] = i < (int)period || !random_below(15) ? (uint8_t)random_below(letters) : s->base[i - (int)period];
    for (int copies = some(0, 2); copies; --copies) {
        const int from = some(0, s->n - 12), to = some(0, s->n - 12), n = some(6, 12);
        memmove(s->base + to, s->base + from, (size_t)n);
    }
    if (!random_below(8)) s->base[random_below((uint32_t)s->n)] = 4;
    memcpy(s->read, s->base + s->at, (size_t)s->len);
    for (int edits = some(0, 3); edits; --edits) {
        const int at = some(0, s->len - 1), shift = some(-2, 2), other = s->at + at + shift;
        /* A base at random, or the one that a gap would bring here. */
        s->read[at] = kind && other >= 0 && other < s->n ? s->base[other] : (uint8_t)random_below(kind ? letters : 5);
    }
    s->params = (anl_proof_params){.score = {1, 4, 6, 1, 6, 1}, .k = some(4, 8), .most_n = some(0, 2)};
    if (kind == 3) s->params.score = (anl_sw_params){some(1, 3), some(0, 6), some(0, 8), some(1, 3), some(0, 8), some(1, 3)};
    if (random_below(2)) s->params.clip5 = s->params.clip3 = some(0, 6);
}

static int could_be(const scene *s, int at, int reverse, const uint8_t *kmer)
{
    int n = 0;
    for (int j = 0; j < s->params.k; ++j) {
        const uint8_t b = reverse ? s->base[at + s->params.k - 1 - j] : s->base[at + j];
        if (b > 3 ? ++n > s->params.most_n : (reverse ? 3 - b : b) != kmer[j]) return 0;
    }
    return 1;
}

static void make_map(const scene *s, uint64_t *unique)
{
    const int k = s->params.k;
    for (int p = 0; p + k <= s->n; ++p) {
        int known = 1, count = 0;
        for (int j = 0; j < k; ++j) known &= s->base[p + j] < 4;
        for (int i = 0; i + k <= s->n; ++i) count += could_be(s, i, 0, s->base + p) + could_be(s, i, 1, s->base + p);
        if (known && count == 1) unique[p / 64] |= (uint64_t)1 << p % 64;
    }
}

static int column(const anl_sw_params *p, uint8_t a, uint8_t b)
{
    return a > 3 || b > 3 ? -1 : a == b ? p->match : -p->mismatch;
}

/* What all alignments have at the most that never leave the read's diagonal, and what all others have, of the read or its reverse complement. */
static void align(const scene *s, const uint8_t *read, int reverse, int best[2])
{
    enum { M, I, D, STATES };
    static int score[MOST_READ + 1][MOST_BASES + 1][STATES][2]; /* behind so many bases of the read and of the genome; 1: it has left */
    const anl_sw_params *p = &s->params.score;
    const int first = reverse ? s->params.clip3 : s->params.clip5, last = reverse ? s->params.clip5 : s->params.clip3;
    for (int i = 0; i <= s->len; ++i)
        for (int j = 0; j <= s->n; ++j)
            for (int left = 0; left < 2; ++left) {
                int *to[STATES] = {&score[i][j][M][left], &score[i][j][I][left], &score[i][j][D][left]};
                *to[M] = *to[I] = *to[D] = NEVER;
                const int on = !reverse && j - i == s->at, begins = left == !on ? (i == 1 ? first : 0) : NEVER;
                if (i && j) {
                    int most = begins;
                    for (int state = 0; state < STATES; ++state) most = larger(most, score[i - 1][j - 1][state][left]);
                    *to[M] = most + column(p, read[i - 1], s->base[j - 1]);
                }
                for (int from = 0; from <= left && left; ++from) { /* a gap leaves */
                    for (int state = 0; state < STATES && i; ++state)
                        *to[I] = larger(*to[I], score[i - 1][j][state][from] - p->ins_extend - (state == I ? 0 : p->ins_open));
                    for (int state = 0; state < STATES && j; ++state)
                        *to[D] = larger(*to[D], score[i][j - 1][state][from] - p->del_extend - (state == D ? 0 : p->del_open));
                }
                best[left] = larger(best[left], *to[M] + (i == s->len ? last : 0));
            }
}

/* Whether it is. */
static int is_best(const scene *s)
{
    uint8_t reversed[MOST_READ];
    int best[2] = {0};
    for (int i = 0; i < s->len; ++i) reversed[i] = s->read[s->len - 1 - i] > 3 ? 4 : 3 - s->read[s->len - 1 - i];
    align(s, s->read, 0, best);
    align(s, reversed, 1, best);
    return best[0] > best[1];
}

/* Whether it is said to be, with the map as it is or one that says that all is unique. */
static int is_said(const anl_kernels *k, const scene *s, int all_unique)
{
    uint64_t unique[MOST_BASES / 64 + 2] = {0}, differ[1] = {0}, kmers[1] = {0};
    make_map(s, unique);
    if (all_unique) memset(unique, 0xff, sizeof unique);
    k->sw.mismatches(s->read, s->base + s->at, s->len, differ);
    anl_proof_add(unique, s->params.k, &(anl_proof_run){differ, 0, s->len, s->at}, kmers);
    return anl_proof_is_straight(&s->params, differ, kmers, s->len);
}

static void straight_is_best(void **unused)
{
    (void)unused;
    random_start();
    int said = 0, of = 0, with_mismatches = 0, wrong = 0;
    anl_kernels k;
    assert_int_equal(anl_kernels_fill(&k, "scalar"), 0);
    for (int trial = 0; trial < 4000; ++trial) {
        scene s;
        int mismatches = 0;
        make_scene(&s);
        const int is = is_best(&s);
        for (int i = 0; i < s.len; ++i) mismatches += s.read[i] != s.base[s.at + i] || s.read[i] > 3;
        if (is_said(&k, &s, 0)) {
            if (!is) fail_msg("trial %d: a gap or another place is as good", trial);
            ++said;
            with_mismatches += mismatches > 1;
        }
        of += is;
        wrong += !is && is_said(&k, &s, 1);
    }
    assert_true(said * 6 > of && with_mismatches > 50);
    assert_true(wrong > 15); /* it depends on what is unique */
}

/* By hand: two mismatches of a read of 150 bp, one unique k-mer or more on either side and between. */
static void known_cases(void **unused)
{
    (void)unused;
    const anl_proof_params p = {.score = {1, 4, 6, 1, 6, 1}, .k = 20, .most_n = 2};
    uint64_t kmers[3] = {0}, differ[3] = {0}, none[3] = {0};
    for (int i = 0; i < 131; ++i) kmers[i / 64] |= (uint64_t)1 << i % 64;
    assert_true(anl_proof_is_straight(&p, none, kmers, 150));
    assert_false(anl_proof_is_straight(&p, none, none, 150)); /* any other place may be as good */
    differ[0] = (uint64_t)1 << 60;
    differ[1] = (uint64_t)1 << 36;
    memset(kmers, 0, sizeof kmers);
    for (int i = 0; i < 131; ++i)
        if (i + 20 <= 60 || (i > 60 && i + 20 <= 100) || i > 100) kmers[i / 64] |= (uint64_t)1 << i % 64;
    assert_true(anl_proof_is_straight(&p, differ, kmers, 150));
    differ[1] = (uint64_t)1 << 4; /* at 60 and 68: a gap before them, at the cost of two k-mers: an insertion and the first base, 8 + 1 */
    memset(kmers, 0, sizeof kmers);
    for (int i = 0; i < 131; ++i)
        if (i + 20 <= 60 || i > 68) kmers[i / 64] |= (uint64_t)1 << i % 64;
    assert_true(anl_proof_is_straight(&p, differ, kmers, 150));
    for (int i = 0; i + 20 <= 22; ++i) kmers[0] &= ~((uint64_t)1 << i); /* two are left there */
    assert_false(anl_proof_is_straight(&p, differ, kmers, 150));
    anl_proof_params free_gaps = p; /* a gap that costs less than a mismatch */
    free_gaps.score.del_open = 0;
    assert_false(anl_proof_is_straight(&free_gaps, none, kmers, 150));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(straight_is_best),
        cmocka_unit_test(known_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
