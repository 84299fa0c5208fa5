/* Adaptive search on a genome with a repeat, with and without a light encoder: what is proven, by what wave, what a mate settles, and what is
 * searched to the end. */
#include "aligner.h"

#include "align_tuning.h"
#include "pair.h"

#include <malloc.h>

enum { GENOME = 120000, COPY = 3000, FROM = 20000, TO = 80000, LEN = 150, INSERT = 400 };

static uint8_t genome[GENOME];
static anl_insert_model inserts;
static int without_light; /* the model without its light encoder: full vectors in every wave */
static anl_light *light;

/* k-mers of 16, which random sequence of this size seldom has twice. */
static void index_genome(void)
{
    use_genome(genome, GENOME, 16);
}

static int set_up(void **unused)
{
    read_model(unused);
    light = model->light;
    assert_non_null(light);
    if (without_light) model->light = NULL;
    random_seq(genome, GENOME, 0);
    memcpy(genome + TO, genome + FROM, COPY);
    aligner_set_up(ANL_PRESET_NONE, genome, GENOME, 16);
    anl_insert_given(&inserts, INSERT, 40, 0, 0);
    return 0;
}

/* A light encoder that says nothing: only full vectors find anything. */
static int set_up_blind(void **unused)
{
    read_model(unused);
    light = model->light;
    assert_int_equal(anl_model_add_light(model, light->hidden), 0); /* all zero */
    aligner_set_up(ANL_PRESET_NONE, genome, GENOME, 16);
    return 0;
}

static int tear_down(void **unused)
{
    model->light = light;
    return aligner_tear_down(unused);
}

typedef struct a_read {
    uint8_t strand[2][LEN];
    anl_read read;
} a_read;

/* Bases [at, at + LEN) of the genome, on the strand wanted, with `errors` mismatches spread over it. */
static anl_query make_read(a_read *r, int64_t at, int reverse, int errors, int mate)
{
    memcpy(r->strand[reverse], genome + at, LEN);
    for (int e = 0; e < errors; ++e) {
        uint8_t *base = &r->strand[reverse][(2 * e + 1) * LEN / (2 * errors)];
        *base = (uint8_t)((*base + 1) % 4);
    }
    for (int i = 0; i < LEN; ++i) r->strand[!reverse][i] = (uint8_t)(3 - r->strand[reverse][LEN - 1 - i]);
    r->read = (anl_read){.name = "r", .seq = r->strand[0], .len = LEN, .mate = (uint8_t)mate};
    return (anl_query){.read = &r->read, .strand = {r->strand[0], r->strand[1]}};
}

static void find(anl_query *q, int n, const anl_insert_model *m)
{
    counts = (anl_find_counts){0};
    anl_arena_reset(scratch.temporary);
    anl_arena_reset(results);
    assert_int_equal(anl_find(&context, &scratch, m, &queue, q, n, results, &counts), 0);
}

static const anl_insert_model nowhere;

enum { UNIQUE = 4 };

/* Reads with one place in the genome are proven there, with no other candidate, on either strand and with an error. */
static void prove_unique_reads(void)
{
    a_read r[UNIQUE];
    anl_query q[UNIQUE];
    for (int i = 0; i < UNIQUE; ++i) q[i] = make_read(&r[i], 5000 + 1000 * i, i % 2, i / 2, 0);
    find(q, UNIQUE, &nowhere);
    for (int i = 0; i < UNIQUE; ++i) {
        assert_true(q[i].settled);
        assert_int_equal(q[i].bound, 0);
        assert_int_equal(q[i].n, 1);
        assert_int_equal(q[i].candidates[0].start, 5000 + 1000 * i);
        assert_int_equal(q[i].candidates[0].score, LEN - 5 * (i / 2));
    }
    assert_int_equal(counts.segments, UNIQUE);
}

static void a_unique_read_is_proven_at_once(void **unused)
{
    (void)unused;
    prove_unique_reads();
    assert_int_equal(counts.proven[0], UNIQUE);
}

/* Full vectors prove in few lists, too, and do not go on. */
static void full_vectors_prove_in_their_first_lists(void **unused)
{
    (void)unused;
    prove_unique_reads();
    assert_int_equal(counts.proven[ANL_LIGHT_WAVES], UNIQUE);
}

/* Two places: never proven, both found. */
static void a_read_of_a_repeat_is_searched_to_the_end(void **unused)
{
    (void)unused;
    a_read r;
    anl_query q = make_read(&r, FROM + 1000, 0, 0, 0);
    find(&q, 1, &nowhere);
    assert_false(q.settled);
    assert_int_equal(q.n, 2);
    assert_int_equal(q.candidates[0].start, FROM + 1000);
    assert_int_equal(q.candidates[1].start, TO + 1000);
    assert_true(counts.entries >= index_file->n_entries / 4);
}

/* A read whose errors leave few k-mers does not prove its place, and is found all the same. */
static void many_errors_prove_nothing(void **unused)
{
    (void)unused;
    a_read r;
    anl_query q = make_read(&r, 50000, 1, 6, 0);
    find(&q, 1, &nowhere);
    assert_false(q.settled);
    assert_true(q.n >= 1);
    assert_int_equal(q.candidates[0].start, 50000);
}

/* The wave that proves a read is the one that reaches the list of a window that covers it. */
static void waves_go_on_until_the_place_is_proven(void **unused)
{
    (void)unused;
    enum { N = 1600 };
    static a_read r[N];
    static anl_query q[N];
    for (int i = 0; i < N; ++i) q[i] = make_read(&r[i], 100 + 70 * i, i % 2, 3, 0);
    find(q, N, &nowhere);
    int64_t proven = 0, open = 0;
    for (int w = 0; w < ANL_WAVES; ++w) proven += counts.proven[w];
    assert_true(counts.proven[0] > 0 && counts.proven[1] > 0);
    for (int i = 0; i < N; ++i) {
        const int64_t at = 100 + 70 * i;
        const int in_copy = (at > FROM - LEN && at < FROM + COPY) || (at > TO - LEN && at < TO + COPY);
        open += !q[i].settled;
        assert_true(q[i].n >= 1);
        if (!in_copy) assert_int_equal(q[i].candidates[0].start, at);
        if (q[i].settled) assert_int_equal(q[i].n, 1);
    }
    assert_int_equal(proven + open, N);
    assert_true(proven > N * 9 / 10);
}

/* The mate of a proven read is not embedded where its place beside the read is proven, too. */
static void a_mate_is_looked_for_first(void **unused)
{
    (void)unused;
    for (int turned = 0; turned < 2; ++turned) {
        a_read r[2];
        anl_query q[2] = {make_read(&r[0], 50000 + turned * (INSERT - LEN), turned, 0, 1),
                          make_read(&r[1], 50000 + !turned * (INSERT - LEN), !turned, 1, 2)};
        find(q, 2, &inserts);
        assert_true(q[0].settled && q[1].settled);
        assert_int_equal(counts.segments, 1);
        assert_int_equal(counts.proven_beside_mate, 1);
        assert_int_equal(q[1].candidates[0].start, 50000 + !turned * (INSERT - LEN));
        find(q, 0, &inserts);
    }
}

enum { BEFORE = 60, GAP = 3 };

/* A read of the bases from `at` on that lacks GAP of them behind the first BEFORE ones, or has as many more. */
static anl_query make_gapped(a_read *r, int64_t at, int reverse, int inserted, int mate)
{
    const anl_query q = make_read(r, at, reverse, 0, mate);
    uint8_t *forward = r->strand[reverse];
    memcpy(forward + BEFORE + inserted * GAP, genome + at + BEFORE + !inserted * GAP, LEN - BEFORE - inserted * GAP);
    for (int i = 0; i < GAP && inserted; ++i) forward[BEFORE + i] = (uint8_t)(3 - genome[at + BEFORE + i]);
    for (int i = 0; i < LEN; ++i) r->strand[!reverse][i] = (uint8_t)(3 - forward[LEN - 1 - i]);
    return q;
}

/* The one candidate that a settled read with a gap has, which is still to be traced. */
static void assert_gapped(const anl_query *q, int inserted)
{
    assert_true(q->settled);
    assert_int_equal(q->n, 1);
    assert_int_equal(q->candidates[0].score, LEN - 6 - GAP - inserted * GAP);
    assert_false(q->candidates[0].ungapped);
}

/* Probes on either side of a gap say where a read lies, which needs no mate. */
static void a_read_with_a_gap_is_proven_at_once(void **unused)
{
    (void)unused;
    for (int inserted = 0; inserted < 2; ++inserted)
        for (int reverse = 0; reverse < 2; ++reverse) {
            a_read r;
            anl_query q = make_gapped(&r, 50000, reverse, inserted, 0);
            find(&q, 1, &nowhere);
            assert_gapped(&q, inserted);
            assert_int_equal(q.bound, 0);
            assert_int_equal(counts.proven[0], 1);
        }
}

/* A mate with a deletion or an insertion is proven beside its mate, too: k-mers on either side of the gap say so, and it is not embedded. */
static void a_mate_with_a_gap_is_proven_beside_its_mate(void **unused)
{
    (void)unused;
    for (int inserted = 0; inserted < 2; ++inserted) {
        a_read r[2];
        anl_query q[2] = {make_read(&r[0], 50000, 0, 0, 1), make_gapped(&r[1], 50000 + INSERT - LEN, 1, inserted, 2)};
        find(q, 2, &inserts);
        assert_true(q[0].settled);
        assert_gapped(&q[1], inserted);
        assert_int_equal(q[1].bound, 0);
        assert_int_equal(counts.segments, 1);
        assert_int_equal(counts.proven_beside_mate, 1);
    }
}

/* Where many places are equally good, those that look less alike are not looked at, and the read alone has MAPQ 0. */
static void a_crowded_read_is_not_voted_on_to_the_end(void **unused)
{
    (void)unused;
    enum { COPIES = 40, PIECE = 600, N = 40 };
    static uint8_t kept[GENOME];
    a_read r[N];
    anl_query q[N];
    memcpy(kept, genome, GENOME);
    for (int i = 0; i < COPIES; ++i) memcpy(genome + 1000 + 2 * PIECE * i, genome + 100000, PIECE);
    index_genome();
    int crowded = 0;
    for (int i = 0; i < N; ++i) q[i] = make_read(&r[i], 100000 + i * (PIECE - LEN) / N, i % 2, 0, 0);
    find(q, N, &nowhere);
    for (int i = 0; i < N; ++i) {
        assert_true(q[i].n >= 7);
        assert_int_equal(anl_choose_single(&options, &q[i], 30).mapq, 0);
        assert_true(!q[i].bound || q[i].bound == q[i].candidates[0].score);
        crowded += q[i].bound > 0;
    }
    assert_true(crowded > 0);
    memcpy(genome, kept, GENOME);
    index_genome();
}

/* Of a read with hundreds of equal places only some are kept; it is remembered that there are more. */
static void places_that_are_not_kept_are_remembered(void **unused)
{
    (void)unused;
    enum { PERIOD = 170, FEW = 20 * PERIOD };
    static uint8_t kept[GENOME];
    a_read r[2];
    memcpy(kept, genome, GENOME);
    for (int many = 0; many < 2; ++many) {
        const int end = many ? GENOME : FEW;
        for (int i = PERIOD; i < end; ++i) genome[i] = genome[i - PERIOD];
        index_genome();
        anl_query q = make_read(&r[many], PERIOD + 5, 0, 0, 0);
        find(&q, 1, &nowhere);
        assert_true(q.n >= 7);
        assert_int_equal(q.missed, many ? LEN : 0);
    }
    memcpy(genome, kept, GENOME);
    index_genome();
}

/* Neither mate has k-mers enough that occur once, but both together have. */
static void a_pair_is_proven_together(void **unused)
{
    (void)unused;
    enum { AT = 50000, MATE = AT + INSERT - LEN };
    /* Bases of either mate that occur once; whether a copy of the rest of the first one lies beside it. */
    const struct {
        int once[2], beside, proven;
    } cases[] = {{{40, 40}, 0, 1}, {{40, 5}, 0, 1}, {{5, 40}, 0, 1}, {{24, 24}, 0, 1}, {{5, 5}, 0, 0}, {{0, 0}, 0, 0}, {{40, 40}, 1, 0}};
    static uint8_t kept[GENOME];
    memcpy(kept, genome, GENOME);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        const int *once = cases[i].once;
        memcpy(genome, kept, GENOME);
        memcpy(genome + 100000, genome + AT + once[0], (size_t)(LEN - once[0]));
        memcpy(genome + 110000, genome + MATE, (size_t)(LEN - once[1]));
        genome[100000 - 1] = (uint8_t)((genome[AT + once[0] - 1] + 1) % 4); /* the copies end there */
        genome[110000 + LEN - once[1]] = (uint8_t)((genome[MATE + LEN - once[1]] + 1) % 4);
        if (cases[i].beside) memcpy(genome + AT - LEN + once[0] - 1, genome + AT + once[0], (size_t)(LEN - once[0]));
        index_genome();
        a_read r[2];
        anl_query q[2] = {make_read(&r[0], AT, 0, 0, 1), make_read(&r[1], MATE, 1, 0, 2)};
        find(q, 2, &inserts);
        assert_int_equal(counts.proven_together, 2 * cases[i].proven);
        for (int m = 0; m < 2 && cases[i].proven; ++m) {
            assert_true(q[m].settled);
            assert_int_equal(q[m].bound, LEN - 5 * ((once[m] + 15) / 16));
            assert_int_equal(q[m].candidates[0].start, m ? MATE : AT);
        }
    }
    memcpy(genome, kept, GENOME);
    index_genome();
}

/* One mate beside the repeat, the other in it: the copy is the one beside its mate. What the other copy has bounds its MAPQ alone. */
static void a_mate_settles_the_copy_of_a_repeat(void **unused)
{
    (void)unused;
    const int64_t at[2] = {FROM, TO};
    for (int copy = 0; copy < 2; ++copy) {
        a_read r[2];
        anl_query q[2] = {make_read(&r[0], at[copy] - 200, 0, 0, 1), make_read(&r[1], at[copy] - 200 + INSERT - LEN, 1, 0, 2)};
        anl_choice chosen[2];
        find(q, 2, &inserts);
        assert_true(q[0].settled && q[1].settled);
        assert_int_equal(q[0].bound, 0);
        assert_int_equal(q[1].bound, LEN);
        assert_int_equal(counts.settled_by_mate, 1);
        assert_int_equal(q[1].n, 1);
        assert_int_equal(q[1].candidates[0].start, at[copy] - 200 + INSERT - LEN);
        anl_pair_scratch pairing = {0};
        int proper;
        assert_int_equal(anl_pair_choose(&options, &inserts, q, &pairing, chosen, &proper), 0);
        free(pairing.spots);
        assert_true(proper);
        assert_int_equal(chosen[0].mapq, 60);
        assert_in_range(chosen[1].mapq, 30, ANL_MAPQ_PAIR_GAIN);
    }
}

/* Without inserts, or where the mate lies elsewhere, nothing is settled by it. */
static void a_mate_elsewhere_settles_nothing(void **unused)
{
    (void)unused;
    a_read r[2];
    anl_query q[2] = {make_read(&r[0], 10000, 0, 0, 1), make_read(&r[1], FROM + 1000, 1, 0, 2)};
    find(q, 2, &inserts);
    assert_true(q[0].settled);
    assert_false(q[1].settled);
    assert_int_equal(q[1].n, 2);
    q[0] = make_read(&r[0], FROM - 200, 0, 0, 1);
    q[1] = make_read(&r[1], FROM + 50, 1, 0, 2);
    find(q, 2, &nowhere);
    assert_false(q[1].settled);
}

/* Where too many bases differ nothing is known of the place, also if every score is wanted. */
static void a_mate_settles_nothing_without_a_score(void **unused)
{
    (void)unused;
    a_read r[2];
    anl_query q[2] = {make_read(&r[0], 10000, 0, 0, 1), make_read(&r[1], 10000 + INSERT - LEN, 1, 13, 2)};
    const int32_t min_score = options.min_score;
    options.min_score = 0;
    find(q, 2, &inserts);
    options.min_score = min_score;
    assert_true(q[0].settled);
    assert_false(q[1].settled);
    assert_in_range(q[1].n, 1, 4);
    assert_int_equal(q[1].candidates[0].score, LEN - 13 * 5);
}

/* A copy of the mate within the insert's range: which one it is the pair cannot say. */
static void two_places_beside_a_mate_settle_nothing(void **unused)
{
    (void)unused;
    uint8_t kept[LEN];
    const int64_t mate = 60000 + INSERT - LEN;
    a_read r[2];
    memcpy(kept, genome + mate, LEN);
    memcpy(genome + mate, genome + mate - LEN - 1, LEN); /* a tandem copy: not in the index's windows, but in its bases */
    index_genome();
    anl_query q[2] = {make_read(&r[0], 60000 - 50, 0, 0, 1), make_read(&r[1], mate - LEN - 1, 1, 0, 2)};
    find(q, 2, &inserts);
    assert_true(q[0].settled);
    assert_false(q[1].settled);
    assert_int_equal(q[1].n, 2);
    memcpy(genome + mate, kept, LEN);
    index_genome();
}

/* Pairs of another genome are known by fewer lists than single reads, or mates of reads of this one, need. */
static void pairs_of_another_genome_are_searched_less(void **unused)
{
    (void)unused;
    enum { N = 40, ALONE = 0, PAIRED = 1, BESIDE_OWN = 2 };
    static a_read r[3][N];
    int64_t entries[3];
    for (int how = ALONE; how <= BESIDE_OWN; ++how) {
        anl_query q[N];
        for (int i = 0; i < N; ++i) {
            q[i] = make_read(&r[how][i], 5000 + 100 * i, 0, 0, how == ALONE ? 0 : 1 + i % 2);
            if (how == BESIDE_OWN && i % 2 == 0) continue;
            if (how == ALONE)
                random_seq(r[how][i].strand[0], LEN, 0);
            else
                memcpy(r[how][i].strand[0], r[ALONE][i].strand[0], LEN);
            for (int b = 0; b < LEN; ++b) r[how][i].strand[1][b] = (uint8_t)(3 - r[how][i].strand[0][LEN - 1 - b]);
        }
        find(q, N, &nowhere);
        entries[how] = counts.entries;
    }
    assert_true(entries[PAIRED] < entries[ALONE]);
    assert_true(entries[PAIRED] / N < entries[BESIDE_OWN] / (N / 2));
}

/* -a wants all places, --exhaustive all lists: nothing is proven then. */
static void all_places_and_all_lists(void **unused)
{
    (void)unused;
    a_read r;
    for (int which = 0; which < 2; ++which) {
        options.all = !which;
        options.exhaustive = which;
        anl_query q = make_read(&r, 5000, 0, 0, 0);
        find(&q, 1, &nowhere);
        assert_false(q.settled);
        assert_int_equal(q.candidates[0].start, 5000);
    }
    options.all = options.exhaustive = 0;
}

/* Reads of a repeat with more copies than are fetched at first, taken few at a time or all together: the same candidates, in less memory. */
static void deep_reads_are_taken_few_at_a_time(void **unused)
{
    (void)unused;
    enum { N = 300, UNIT = 400, COPIES = 200, AT = 4000 };
    static uint8_t before[GENOME];
    static a_read r[N];
    static anl_query q[2][N];
    static anl_candidate *kept[N];
    size_t taken[2];
    memcpy(before, genome, GENOME);
    for (int i = 1; i < COPIES; ++i)
        for (int j = 0; j < UNIT; ++j) genome[AT + i * UNIT + j] = random_below(30) ? genome[AT + j] : (uint8_t)random_below(4);
    index_genome();
    for (int few = 0; few < 2; ++few) {
        anl_arena_free(scratch.temporary);
        assert_non_null(scratch.temporary = anl_arena_new());
        options.threads = few ? ANL_DEEP_HITS : 1;
        for (int i = 0; i < N; ++i) q[few][i] = make_read(&r[i], AT + 260 * i, i % 2, i % 3, 0);
        const struct mallinfo2 then = mallinfo2();
        find(q[few], N, &nowhere);
        const struct mallinfo2 now = mallinfo2();
        taken[few] = now.uordblks + now.hblkhd - then.uordblks - then.hblkhd;
        for (int i = 0; i < N && !few; ++i) {
            assert_non_null(kept[i] = malloc((size_t)q[0][i].n * sizeof *kept[i] + 1));
            memcpy(kept[i], q[0][i].candidates, (size_t)q[0][i].n * sizeof *kept[i]);
        }
    }
    int deep = 0;
    for (int i = 0; i < N; ++i) {
        deep += q[0][i].n > 100;
        assert_int_equal(q[1][i].n, q[0][i].n);
        assert_int_equal(q[1][i].truncated, q[0][i].truncated);
        for (int32_t j = 0; j < q[0][i].n; ++j) {
            const anl_candidate *one = &kept[i][j], *other = &q[1][i].candidates[j];
            assert_true(one->start == other->start && one->score == other->score && one->reverse == other->reverse);
        }
        free(kept[i]);
    }
    assert_true(deep > 10);
    assert_true(4 * taken[1] <= taken[0]); /* both 0 where a sanitizer keeps the account */
    options.threads = 1;
    memcpy(genome, before, GENOME);
    index_genome();
}

int main(void)
{
    random_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unique_read_is_proven_at_once),
        cmocka_unit_test(a_read_of_a_repeat_is_searched_to_the_end),
        cmocka_unit_test(many_errors_prove_nothing),
        cmocka_unit_test(waves_go_on_until_the_place_is_proven),
        cmocka_unit_test(a_mate_is_looked_for_first),
        cmocka_unit_test(places_that_are_not_kept_are_remembered),
        cmocka_unit_test(a_pair_is_proven_together),
        cmocka_unit_test(a_read_with_a_gap_is_proven_at_once),
        cmocka_unit_test(a_mate_with_a_gap_is_proven_beside_its_mate),
        cmocka_unit_test(a_crowded_read_is_not_voted_on_to_the_end),
        cmocka_unit_test(a_mate_settles_the_copy_of_a_repeat),
        cmocka_unit_test(a_mate_elsewhere_settles_nothing),
        cmocka_unit_test(a_mate_settles_nothing_without_a_score),
        cmocka_unit_test(two_places_beside_a_mate_settle_nothing),
        cmocka_unit_test(pairs_of_another_genome_are_searched_less),
        cmocka_unit_test(all_places_and_all_lists),
        cmocka_unit_test(deep_reads_are_taken_few_at_a_time),
    };
    int failed = 0;
    for (without_light = 0; without_light < 2; ++without_light)
        failed |= cmocka_run_group_tests_name(without_light ? "full vectors alone" : "light vectors first", tests, set_up, tear_down);
    const struct CMUnitTest blind[] = {cmocka_unit_test(full_vectors_prove_in_their_first_lists)};
    return failed | cmocka_run_group_tests_name("light vectors that say nothing", blind, set_up_blind, tear_down);
}
