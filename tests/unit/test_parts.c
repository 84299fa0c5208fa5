/* Adapters by their sequence, and reads that are found by a part of them where the whole has no place. */
#include "aligner.h"

#include "adapter.h"
#include "parts.h"

enum { GENOME = 120000, COPY = 3000, FROM = 20000, TO = 80000, LEN = 150 };

static uint8_t genome[GENOME];

static int set_up(void **unused)
{
    read_model(unused);
    random_seq(genome, GENOME, 0);
    memcpy(genome + TO, genome + FROM, COPY);
    aligner_set_up(ANL_PRESET_NONE, genome, GENOME, 0);
    return 0;
}

/* ---- adapters ---- */

static const char *const truseq = "AGATCGGAAGAGCACACGTCTGAACTCCAGTCACATCACGATCTCGTATGCCGTCTTCTGCTTG",
                         *const nextera = "CTGTCTCTTATACACATCTCCGAGCCCACGAGAC";

static void put(uint8_t *to, int32_t room, const char *text)
{
    for (int32_t i = 0; i < room && text[i]; ++i) to[i] = (uint8_t)(strchr("ACGT", text[i]) - "ACGT");
}

static void adapters_are_seen_wherever_they_begin(void **unused)
{
    (void)unused;
    for (int32_t begin = 0; begin <= LEN; ++begin)
        for (int k = 0; k < 2; ++k) {
            uint8_t read[LEN];
            random_seq(read, LEN, 0);
            put(read + begin, LEN - begin, k ? nextera : truseq);
            const int32_t there = LEN - begin, seen = there < ANL_ADAPTER_KEY ? there : ANL_ADAPTER_KEY;
            const int32_t expected = there < ANL_ADAPTER_LEAST ? LEN : begin;
            assert_int_equal(anl_adapter_begin(read, LEN), expected);
            if (expected == LEN) continue;
            read[begin + (int)random_below((uint32_t)seen)] ^= 1;
            assert_int_equal(anl_adapter_begin(read, LEN), begin);
        }
}

static void two_errors_or_none_of_it_are_no_adapter(void **unused)
{
    (void)unused;
    uint8_t read[LEN];
    for (int round = 0; round < 100; ++round) {
        random_seq(read, LEN, 0);
        assert_int_equal(anl_adapter_begin(read, LEN), LEN);
        put(read + 50, LEN - 50, truseq);
        read[52] ^= 1;
        read[60] ^= 2;
        assert_int_equal(anl_adapter_begin(read, LEN), LEN);
    }
    for (int32_t len = 0; len < ANL_ADAPTER_LEAST; ++len) assert_int_equal(anl_adapter_begin(read, len), len);
}

/* ---- parts ---- */

typedef struct a_read {
    uint8_t strand[2][LEN];
    anl_read read;
    anl_query query;
} a_read;

/* Appends genome[at, at + n), or its reverse complement. */
static void add(a_read *r, int64_t at, int32_t n, int reverse)
{
    for (int32_t i = 0; i < n; ++i) r->strand[0][r->read.len++] = reverse ? (uint8_t)(3 - genome[at + n - 1 - i]) : genome[at + i];
}

static void find(a_read *r)
{
    const int32_t len = r->read.len;
    for (int32_t i = 0; i < len; ++i) r->strand[1][i] = (uint8_t)(3 - r->strand[0][len - 1 - i]);
    r->read.name = "r";
    r->read.seq = r->strand[0];
    r->query.read = &r->read;
    for (int i = 0; i < 2; ++i) r->query.strand[i] = r->strand[i];
    counts = (anl_find_counts){0};
    anl_arena_reset(scratch.temporary);
    assert_int_equal(anl_parts_find(&context, &scratch, &queue, &r->query, 1, results, &counts), 0);
}

/* No vector of the whole is near a window: a part of it is, on either strand. */
static void chimeras_are_found_by_a_part(void **unused)
{
    (void)unused;
    for (int reverse = 0; reverse < 2; ++reverse) {
        a_read r = {0};
        const int64_t from[3] = {10000, 50000, 110000};
        int64_t other = 0;
        for (int i = 0; i < 3; ++i) add(&r, from[i], ANL_PART, reverse);
        find(&r);
        assert_true(r.query.by_part);
        assert_true(r.query.n >= 1);
        assert_true(r.query.candidates[0].score >= ANL_PART);
        assert_int_equal(r.query.candidates[0].reverse, reverse);
        for (int i = 0; i < 3; ++i) {
            const int64_t start = from[i] - (reverse ? 2 - i : i) * ANL_PART;
            other += r.query.candidates[0].start == start;
        }
        assert_int_equal(other, 1);
        assert_int_equal(counts.segments, 3);
        assert_true(counts.entries > 0);
    }
}

/* Cut to its insert, a read is searched as what it then is: both copies are found. */
static void inserts_are_cut_and_searched(void **unused)
{
    (void)unused;
    a_read r = {0};
    add(&r, FROM + 1000, 40, 0);
    r.read.len = LEN;
    random_seq(r.strand[0] + 40, LEN - 40, 0);
    put(r.strand[0] + 40, LEN - 40, truseq);
    find(&r);
    assert_false(r.query.by_part);
    assert_int_equal(r.query.read->len, 40);
    assert_int_equal(r.query.tail, LEN - 40);
    assert_memory_equal(r.query.strand[1], r.strand[1] + LEN - 40, 40);
    assert_int_equal(r.query.n, 2);
    for (int i = 0; i < 2; ++i) {
        assert_int_equal(r.query.candidates[i].start, (i ? TO : FROM) + 1000);
        assert_int_equal(r.query.candidates[i].score, 40);
    }
}

/* Reads of which 60 bp with three differences are of this genome, so that no part may lie within them as a whole. */
static void reads_sought_widely_are_searched_by_wider_parts(void **unused)
{
    (void)unused;
    enum { READS = 60, HERE = 60 };
    int found[2] = {0};
    int64_t entries[2] = {0};
    for (int i = 0; i < READS; ++i) {
        a_read narrow = {0};
        const int64_t at = random_below(GENOME - HERE);
        random_seq(narrow.strand[0], LEN, 0);
        memcpy(narrow.strand[0] + 45, genome + at, HERE);
        for (int j = 0; j < 3; ++j) narrow.strand[0][45 + (int)random_below(HERE)] ^= 1;
        narrow.read.len = LEN;
        a_read wide = narrow;
        wide.query.sought = 1;
        a_read *both[2] = {&narrow, &wide};
        for (int sought = 0; sought < 2; ++sought) {
            find(both[sought]);
            const anl_query *q = &both[sought]->query;
            found[sought] += q->n && llabs(q->candidates[0].start + 45 - at) < 5;
            entries[sought] += counts.entries;
        }
    }
    assert_true(found[1] >= found[0] && 2 * found[1] > READS);
    assert_true(entries[1] > 4 * entries[0]);
}

/* Of a pair only the read whose mate has a place is looked for by parts. */
static void pairs_of_two_lost_reads_stay_lost(void **unused)
{
    (void)unused;
    anl_candidate candidate = {.start = 5, .score = options.min_score};
    for (int placed = 0; placed < 2; ++placed) {
        a_read r = {0};
        for (int64_t at = 10000; at <= 90000; at += 40000) add(&r, at, ANL_PART, 0);
        for (int i = 0; i < LEN; ++i) r.strand[1][i] = 3 - r.strand[0][LEN - 1 - i];
        r.read.mate = 1;
        anl_read mate = r.read;
        mate.mate = 2;
        anl_query pair[2] = {{.read = &r.read, .strand = {r.strand[0], r.strand[1]}},
                             {.read = &mate, .strand = {r.strand[0], r.strand[1]}}};
        if (placed) pair[1].candidates = &candidate, pair[1].n = pair[1].n_ranked = 1;
        counts = (anl_find_counts){0};
        assert_int_equal(anl_parts_find(&context, &scratch, &queue, pair, 2, results, &counts), 0);
        assert_int_equal(pair[0].n > 0, placed);
        assert_int_equal(counts.segments, placed ? 3 : 0);
    }
}

/* What has a place, is of nowhere, or holds too little besides the adapter stays as it is. */
static void others_stay_as_they_are(void **unused)
{
    (void)unused;
    a_read placed = {0}, foreign = {0}, dimer = {0}, brief = {0};
    anl_candidate candidate = {.start = 5, .score = options.min_score};
    add(&placed, 10000, 75, 0);
    add(&placed, 50000, 75, 0);
    placed.query.candidates = &candidate;
    placed.query.n = placed.query.n_ranked = 1;
    find(&placed);
    assert_ptr_equal(placed.query.candidates, &candidate);
    assert_int_equal(counts.segments, 0);
    foreign.read.len = LEN;
    random_seq(foreign.strand[0], LEN, 0);
    find(&foreign);
    assert_int_equal(foreign.query.n, 0);
    assert_false(foreign.query.by_part);
    add(&dimer, 10000, ANL_READTHROUGH_LEAST - 1, 0);
    dimer.read.len = ANL_READTHROUGH_LEAST + 40;
    put(dimer.strand[0] + ANL_READTHROUGH_LEAST - 1, 41, truseq);
    find(&dimer);
    assert_int_equal(dimer.query.n, 0);
    assert_int_equal(dimer.query.tail, 0);
    add(&brief, 10000, 2 * ANL_PART - 1, 0);
    find(&brief);
    assert_int_equal(brief.query.n, 0);
    assert_int_equal(counts.segments, 0);
}

int main(void)
{
    random_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adapters_are_seen_wherever_they_begin),
        cmocka_unit_test(two_errors_or_none_of_it_are_no_adapter),
        cmocka_unit_test(chimeras_are_found_by_a_part),
        cmocka_unit_test(inserts_are_cut_and_searched),
        cmocka_unit_test(reads_sought_widely_are_searched_by_wider_parts),
        cmocka_unit_test(pairs_of_two_lost_reads_stay_lost),
        cmocka_unit_test(others_stay_as_they_are),
    };
    return cmocka_run_group_tests(tests, set_up, aligner_tear_down);
}
