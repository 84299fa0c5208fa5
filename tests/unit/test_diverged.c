/* Search of diverged reads on a random genome with an exact and a changed copy: who is searched, and that copies are found. */
#include "aligner.h"

#include "align_tuning.h"
#include "diverged.h"

enum {
    GENOME = 200000,
    COPY = 6000, /* bp of genome[FROM] that genome[EXACT] has, too, and genome[CHANGED] with CHANGES % other bases */
    FROM = 20000,
    EXACT = 80000,
    CHANGED = 150000,
    CHANGES = 9,
    LEN = 150,
    INSERT = 400,
    N = 200
};

static uint8_t genome[GENOME];
static anl_insert_model inserts;

static uint8_t other_base(uint8_t base)
{
    return (uint8_t)((base + 1 + random_below(3)) % 4);
}

static int set_up(void **unused)
{
    read_model(unused);
    random_start();
    for (int i = 0; i < GENOME; ++i) genome[i] = (uint8_t)random_below(4);
    memcpy(genome + EXACT, genome + FROM, COPY);
    for (int i = 0; i < COPY; ++i) genome[CHANGED + i] = random_below(100) < CHANGES ? other_base(genome[FROM + i]) : genome[FROM + i];
    aligner_set_up(ANL_PRESET_DIVERGED, genome, GENOME, 14);
    anl_insert_given(&inserts, INSERT, 40, 0, 0);
    return 0;
}

typedef struct a_read {
    uint8_t strand[2][LEN];
    anl_read read;
} a_read;

static a_read reads[2 * N];
static anl_query queries[2 * N];

/* Read `number`: bases [at, at + LEN) of the genome, `percent` of them changed. */
static void make_read(int number, int64_t at, int reverse, uint32_t percent, int mate)
{
    a_read *r = &reads[number];
    for (int i = 0; i < LEN; ++i) r->strand[reverse][i] = random_below(100) < percent ? other_base(genome[at + i]) : genome[at + i];
    for (int i = 0; i < LEN; ++i) r->strand[!reverse][i] = (uint8_t)(3 - r->strand[reverse][LEN - 1 - i]);
    r->read = (anl_read){.name = "r", .seq = r->strand[0], .len = LEN, .mate = (uint8_t)mate};
    queries[number] = (anl_query){.read = &r->read, .strand = {r->strand[0], r->strand[1]}};
}

static void find(int n)
{
    counts = (anl_find_counts){0};
    anl_arena_reset(scratch.temporary);
    anl_arena_reset(results);
    assert_int_equal(anl_find_diverged(&context, &scratch, &inserts, &queue, queries, n, results, &counts), 0);
}

/* Score of the candidate of a read that lies at `at`; 0: none does. */
static int32_t score_at(int number, int64_t at)
{
    const anl_query *q = &queries[number];
    for (int32_t i = 0; i < q->n; ++i)
        if (llabs(q->candidates[i].start - at) < LEN / 10) return q->candidates[i].score;
    return 0;
}

/* A mate is aligned beside a read that is done, and not embedded: hardly more reads are than first mates. */
static void mates_of_done_reads_are_not_searched(void **unused)
{
    (void)unused;
    for (int i = 0; i < N; ++i) {
        const int64_t at = 100000 + 200 * i;
        make_read(2 * i, at + (i % 2) * (INSERT - LEN), i % 2, 12, 1);
        make_read(2 * i + 1, at + !(i % 2) * (INSERT - LEN), !(i % 2), 12, 2);
    }
    find(2 * N);
    int right = 0;
    for (int i = 0; i < N; ++i)
        for (int m = 0; m < 2; ++m) {
            const anl_query *q = &queries[2 * i + m];
            const int64_t at = 100000 + 200 * i + (i % 2 != m) * (INSERT - LEN);
            right += q->n && llabs(q->candidates[0].start - at) < LEN / 10;
        }
    assert_true(right >= 2 * N - 4);
    assert_true(counts.segments >= N && counts.segments < N * 5 / 4);
}

/* Of a read that lies in an exact copy both places are known, though the read is so far from them that its own vector finds one of them by chance. */
static void copies_are_found_by_the_reference(void **unused)
{
    (void)unused;
    int found = 0, both = 0;
    for (int i = 0; i < N; ++i) make_read(i, FROM + 100 + i * (COPY - 400) / N, i % 2, 22, 0);
    find(N);
    for (int i = 0; i < N; ++i) {
        const int64_t at = FROM + 100 + i * (COPY - 400) / N;
        const int32_t here = score_at(i, at), there = score_at(i, at - FROM + EXACT);
        if (here < 2 * ANL_DIVERGED_SURE && there < 2 * ANL_DIVERGED_SURE) continue;
        ++found;
        both += here == there;
    }
    assert_true(found > N / 2);
    assert_int_equal(both, found);
}

/* A copy that differs in 9% of its bases is found as well, by windows that are too far from the place to compete with its own. */
static void changed_copies_are_found(void **unused)
{
    (void)unused;
    int found = 0, both = 0;
    for (int i = 0; i < N; ++i) make_read(i, CHANGED + 100 + i * (COPY - 400) / N, i % 2, 15, 0);
    find(N);
    for (int i = 0; i < N; ++i) {
        const int64_t at = CHANGED + 100 + i * (COPY - 400) / N;
        if (score_at(i, at) < 2 * ANL_DIVERGED_SURE || !anl_locate_has_copy(index_file, 0, at, LEN)) continue;
        ++found;
        both += score_at(i, at - CHANGED + FROM) > 0;
    }
    assert_true(found > N / 2);
    assert_true(both * 100 >= found * 98);
}

/* A place may have a copy where 25 bp of it are met again, and where the contig has nothing of it. */
static void has_copy(void **unused)
{
    (void)unused;
    assert_true(anl_locate_has_copy(index_file, 0, FROM, LEN));
    assert_true(anl_locate_has_copy(index_file, 0, FROM - LEN + 25, LEN));
    assert_false(anl_locate_has_copy(index_file, 0, FROM - LEN + 20, LEN));
    assert_false(anl_locate_has_copy(index_file, 0, 100000, LEN));
    assert_true(anl_locate_has_copy(index_file, 0, GENOME + 10, LEN));
}

/* A read that fits worse than nearly all others is searched in more lists, and is found as before; so is the rest. */
static void reads_that_fit_badly_are_searched_more(void **unused)
{
    (void)unused;
    for (int i = 0; i < N; ++i) make_read(i, 100000 + 200 * i, i % 2, 12, 0);
    find(N);
    const int64_t before = counts.entries;
    for (int i = 0; i < N; ++i) queries[i] = (anl_query){.read = &reads[i].read, .strand = {reads[i].strand[0], reads[i].strand[1]}};
    context.low_score = 100 * options.align.score.match;
    find(N);
    context.low_score = 0;
    assert_true(counts.entries > 2 * before);
    for (int i = 0; i < N; ++i) assert_true(queries[i].n && llabs(queries[i].candidates[0].start - (100000 + 200 * i)) < LEN / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mates_of_done_reads_are_not_searched),
        cmocka_unit_test(copies_are_found_by_the_reference),
        cmocka_unit_test(changed_copies_are_found),
        cmocka_unit_test(has_copy),
        cmocka_unit_test(reads_that_fit_badly_are_searched_more),
    };
    return cmocka_run_group_tests(tests, set_up, aligner_tear_down);
}
