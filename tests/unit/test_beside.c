/* A pair of a crowd that stands out: others are looked for beside all places of either mate. */
#include "aligner.h"

#include "align_tuning.h"
#include "beside.h"
#include "pair.h"
#include "rank.h"

enum {
    GENOME = 60000,
    PIECE = 600,
    COPIES = ANL_RESCUE_FROM + 4,
    APART = 1200,      /* bp between copies */
    ELSEWHERE = 30000, /* no copies from here on */
    LEN = 150,
    INSERT = 400,
    FIRST = 100, /* where mates begin in a copy */
    SECOND = FIRST + INSERT - LEN,
    KNOWN = 5, /* the copy where the places of both are known */
    BETTER = 13
};

static uint8_t genome[GENOME];
static anl_insert_model inserts;
static anl_pair_scratch pairs;

static int64_t copy(int i)
{
    return 1000 + (int64_t)APART * i;
}

static void spoil(int64_t at)
{
    genome[at] = (uint8_t)((genome[at] + 1) % 4);
}

static int set_up(void **unused)
{
    read_model(unused);
    random_seq(genome, GENOME, 0);
    for (int i = 1; i < COPIES; ++i) memcpy(genome + copy(i), genome + copy(0), PIECE);
    aligner_set_up(ANL_PRESET_NONE, genome, GENOME, 16);
    anl_insert_given(&inserts, INSERT, 40, 0, 0);
    return 0;
}

static int tear_down(void **unused)
{
    free(pairs.spots);
    return aligner_tear_down(unused);
}

/* Two mates of a copy; of the first one all places are known, of the second one that in KNOWN alone, and others with no mate beside them. */
typedef struct a_pair {
    uint8_t strand[2][2][LEN];
    anl_read read[2];
    anl_candidate places[2][COPIES];
    anl_query query[2];
} a_pair;

static int32_t score_at(const uint8_t *bases, int64_t start)
{
    int32_t score = 0;
    for (int i = 0; i < LEN; ++i) score += bases[i] == genome[start + i] ? 1 : -4;
    return score;
}

/* Mates from there on; the second one lies reversed. They have no candidates yet. */
static void make_mates(a_pair *p, int64_t first, int64_t second)
{
    for (int m = 0; m < 2; ++m) {
        memcpy(p->strand[m][m], genome + (m ? second : first), LEN);
        for (int i = 0; i < LEN; ++i) p->strand[m][!m][i] = (uint8_t)(3 - p->strand[m][m][LEN - 1 - i]);
        p->read[m] = (anl_read){.name = "r", .seq = p->strand[m][0], .len = LEN, .mate = (uint8_t)(m + 1)};
        p->query[m] = (anl_query){.read = &p->read[m], .strand = {p->strand[m][0], p->strand[m][1]}, .candidates = p->places[m]};
    }
}

static void make_pair(a_pair *p, int from, int n_second)
{
    make_mates(p, copy(from) + FIRST, copy(from) + SECOND);
    for (int m = 0; m < 2; ++m) {
        anl_query *q = &p->query[m];
        q->n = m ? n_second : COPIES;
        for (int i = 0; i < q->n; ++i) {
            const int64_t start = !m ? copy(i) + FIRST : i ? ELSEWHERE + APART * i : copy(KNOWN) + SECOND;
            p->places[m][i] = (anl_candidate){.start = start,
                                              .dlo = start,
                                              .dhi = start,
                                              .score = m && i ? LEN : score_at(p->strand[m][m], start),
                                              .last = LEN,
                                              .end = LEN,
                                              .reverse = (uint8_t)m,
                                              .ungapped = 1};
        }
        q->cap = (size_t)q->n;
        assert_int_equal(anl_candidates_order(&context, &scratch, q), 0);
    }
}

static void look(a_pair *p)
{
    anl_arena_reset(scratch.temporary);
    assert_int_equal(anl_beside_find(&context, &scratch, &inserts, &queue, p->query, 2, &pairs, results), 0);
}

/* MAPQ of both mates; *start: where the first one lies. */
static int choose(const a_pair *p, int64_t *start)
{
    anl_choice chosen[2];
    int proper;
    assert_int_equal(anl_pair_choose(&options, &inserts, p->query, &pairs, chosen, &proper), 0);
    assert_true(proper);
    assert_int_equal(chosen[0].mapq, chosen[1].mapq);
    *start = p->query[0].candidates[chosen[0].candidate].start;
    return chosen[0].mapq;
}

/* The only pair known stands out until the others are found. */
static void equal_pairs_are_found(void **unused)
{
    (void)unused;
    a_pair p;
    int64_t start;
    for (int turned = 0; turned < 2; ++turned) {
        make_pair(&p, KNOWN, COPIES);
        if (turned) { /* the second mate comes first, and so does what is known of it */
            const anl_query first = p.query[0];
            p.query[0] = p.query[1];
            p.query[1] = first;
            p.read[0].mate = 2;
            p.read[1].mate = 1;
        }
        assert_int_equal(choose(&p, &start), ANL_MAPQ_PAIR_GAIN);
        look(&p);
        assert_int_equal(p.query[turned].n, COPIES);
        assert_int_equal(p.query[!turned].n, 2 * COPIES - 1);
        assert_int_equal(choose(&p, &start), 0);
        const int32_t n = p.query[!turned].n;
        look(&p); /* nothing stands out any more */
        assert_int_equal(p.query[!turned].n, n);
    }
}

/* A better pair is found, and chosen. */
static void a_better_pair_is_found(void **unused)
{
    (void)unused;
    enum { SPOILT = SECOND + 40, FARTHER = 30 };
    a_pair p;
    int64_t start;
    for (int i = 0; i < COPIES; ++i)
        for (int e = 0; e < (i == BETTER ? 0 : i == KNOWN ? 1 : 2); ++e) spoil(copy(i) + SPOILT + FARTHER * e);
    use_genome(genome, GENOME, 16);
    make_pair(&p, BETTER, COPIES);
    assert_in_range(choose(&p, &start), 20, ANL_MAPQ_PAIR_GAIN);
    assert_int_equal(start, copy(KNOWN) + FIRST);
    look(&p);
    choose(&p, &start);
    assert_int_equal(start, copy(BETTER) + FIRST);
    for (int i = 0; i < COPIES; ++i) memcpy(genome + copy(i), genome + copy(BETTER), PIECE);
    use_genome(genome, GENOME, 16);
}

/* Beside few places mates have been looked for, unless more of them may be missing; without rescue or pairing nobody looks. */
static void nothing_is_missed_beside_few_places(void **unused)
{
    (void)unused;
    a_pair p;
    for (int how = 0; how < 4; ++how) {
        make_pair(&p, KNOWN, how < 2 ? ANL_RESCUE_FROM : COPIES);
        const int32_t n = p.query[1].n;
        if (how == 1) p.query[1].bound = LEN; /* of a crowd */
        options.no_rescue = how == 2;
        options.no_pairing = how == 3;
        look(&p);
        assert_int_equal(p.query[1].n > n, how == 1);
    }
    options.no_rescue = options.no_pairing = 0;
}

/* Beside the only place of its mate a read of a crowd, one of whose places there is known, is looked for all the same: that the pair is proper does not
 * tell that there is no other. Its mate, which lacks no place, is not looked for. */
static void a_crowd_is_looked_for_beside_a_known_mate(void **unused)
{
    (void)unused;
    enum { AT = ELSEWHERE + 20000, AGAIN = AT + LEN + 5, MATE = AGAIN + LEN + 5 };
    a_pair p;
    memcpy(genome + AGAIN, genome + AT, LEN);
    use_genome(genome, GENOME, 16);
    for (int crowded = 0; crowded < 2; ++crowded) {
        make_mates(&p, AT, MATE);
        for (int m = 0; m < 2; ++m) {
            const int64_t at = m ? MATE : AT;
            p.places[m][0] = (anl_candidate){
                .start = at, .dlo = at, .dhi = at, .score = LEN, .last = LEN, .end = LEN, .reverse = (uint8_t)m, .ungapped = 1};
            p.query[m].n = p.query[m].n_ranked = 1;
            p.query[m].cap = 1;
        }
        p.query[0].bound = crowded ? LEN : 0;
        look(&p);
        assert_int_equal(p.query[0].n, 1 + crowded);
        assert_int_equal(p.query[1].n, 1);
        anl_choice chosen[2];
        int proper;
        assert_int_equal(anl_pair_choose(&options, &inserts, p.query, &pairs, chosen, &proper), 0);
        assert_true(crowded ? chosen[0].mapq < 10 : chosen[0].mapq > 20);
    }
}

/* A mate that is aligned as a long read has its one place, and nobody looks for it. */
static void long_mates_are_not_looked_for(void **unused)
{
    (void)unused;
    a_pair p;
    for (int is_long = 0; is_long < 2; ++is_long) {
        int32_t least[2];
        make_pair(&p, KNOWN, COPIES);
        if (is_long) p.read[0].len = ANL_LONG_READ + 1;
        assert_int_equal(anl_pair_least_other(&options, &inserts, p.query, &pairs, least), 0);
        assert_int_equal(least[0] > 0, !is_long);
        assert_int_equal(least[1] > 0, !is_long);
    }
}

int main(void)
{
    random_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_pairs_are_found),
        cmocka_unit_test(a_better_pair_is_found),
        cmocka_unit_test(nothing_is_missed_beside_few_places),
        cmocka_unit_test(a_crowd_is_looked_for_beside_a_known_mate),
        cmocka_unit_test(long_mates_are_not_looked_for),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
