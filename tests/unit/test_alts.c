/* Which alignments on ALT contigs are reported, and what the others know of them. */
#include "random.h"

#include "alts.h"

static anl_arena *arena;

static anl_read_alignment on(int32_t tid, int32_t qbeg, int32_t qend, int32_t score, int alt)
{
    uint32_t *cigar = anl_arena_alloc(arena, 1, sizeof *cigar);
    assert_non_null(cigar);
    *cigar = (uint32_t)(qend - qbeg) << 4;
    return (anl_read_alignment){.tid = tid,
                                .pos = 1000 + qbeg,
                                .end = 1000 + qend,
                                .qbeg = qbeg,
                                .qend = qend,
                                .score = score,
                                .alt = (uint8_t)alt,
                                .mapq = 60,
                                .cigar = cigar,
                                .n_cigar = 1};
}

static anl_query make(const anl_read_alignment *aligned, int n, const anl_read_alignment *alts, int n_alts)
{
    anl_query q = {0};
    for (int i = 0; i < n; ++i) assert_int_equal(anl_read_alignments_add(&q.aligned, &aligned[i], arena), 0);
    for (int i = 0; i < n_alts; ++i) assert_int_equal(anl_read_alignments_add(&q.alts, &alts[i], arena), 0);
    assert_int_equal(anl_alts_report(&q, arena), 0);
    return q;
}

static void a_better_one_is_supplementary(void **unused)
{
    (void)unused;
    const anl_read_alignment own = on(0, 0, 150, 120, 0), alts[] = {on(2, 0, 150, 130, 1), on(1, 0, 150, 145, 1), on(3, 0, 150, 120, 1)};
    const anl_query q = make(&own, 1, alts, 3);
    assert_int_equal(q.aligned.n, 2); /* the second best competes with the best, the last one is no better than the primary one */
    assert_int_equal(q.aligned.list[0].tid, 0);
    assert_int_equal(q.aligned.list[0].alt_score, 145);
    assert_int_equal(q.aligned.list[0].mapq, 60);
    assert_int_equal(q.aligned.list[1].tid, 1);
    assert_int_equal(q.aligned.list[1].kind, ANL_SUPPLEMENTARY);
    assert_int_equal(q.aligned.list[1].alt_score, 0);
}

static void each_segment_has_its_own(void **unused)
{
    (void)unused;
    anl_read_alignment own[] = {on(0, 0, 80, 70, 0), on(1, 80, 150, 60, 0)};
    own[1].kind = ANL_SUPPLEMENTARY;
    const anl_read_alignment alts[] = {on(2, 0, 80, 75, 1), on(3, 75, 150, 65, 1), on(4, 60, 150, 64, 1)};
    const anl_query q = make(own, 2, alts, 3);
    assert_int_equal(q.aligned.n, 4);
    assert_int_equal(q.aligned.list[0].alt_score, 75);
    assert_int_equal(q.aligned.list[1].alt_score, 65);
    assert_int_equal(q.aligned.list[2].tid, 2);
    assert_int_equal(q.aligned.list[3].tid, 3);
}

/* A split read's segments on an ALT contig are there already; the primary assembly leads, whatever was found first. */
static void the_primary_assembly_leads(void **unused)
{
    (void)unused;
    anl_read_alignment own[] = {on(5, 0, 80, 80, 1), on(1, 80, 150, 60, 0), on(6, 90, 150, 55, 0)};
    own[1].kind = own[2].kind = ANL_SUPPLEMENTARY;
    const anl_query q = make(own, 3, NULL, 0);
    assert_int_equal(q.aligned.list[0].tid, 1);
    assert_int_equal(q.aligned.list[0].kind, ANL_PRIMARY);
    assert_int_equal(q.aligned.list[1].tid, 5);
    assert_int_equal(q.aligned.list[1].kind, ANL_SUPPLEMENTARY);
    assert_int_equal(q.aligned.list[0].alt_score, 0); /* they do not compete */
    const anl_query alone = make(own, 1, NULL, 0), none = make(NULL, 0, NULL, 0);
    assert_int_equal(alone.aligned.n, 1);
    assert_int_equal(alone.aligned.list[0].kind, ANL_PRIMARY);
    assert_int_equal(none.aligned.n, 0);
}

/* With -5 the first segment of the primary assembly leads. */
static void the_first_segment_that_leads_is_no_alt(void **unused)
{
    (void)unused;
    anl_read_alignment own[] = {on(1, 80, 150, 60, 0), on(5, 0, 80, 80, 1), on(2, 40, 80, 35, 0)};
    own[1].kind = own[2].kind = ANL_SUPPLEMENTARY;
    anl_query q = make(own, 3, NULL, 0);
    assert_int_equal(anl_read_alignments_lead_leftmost(&q.aligned), 1);
    assert_int_equal(q.aligned.list[0].tid, 2);
}

/* With -a what competes is secondary; a place that is supplementary is not told once more. */
static void no_place_is_told_twice(void **unused)
{
    (void)unused;
    anl_read_alignment own[] = {on(0, 0, 150, 120, 0), on(1, 0, 150, 145, 1), on(2, 0, 150, 110, 1)};
    own[1].kind = own[2].kind = ANL_SECONDARY;
    const anl_query q = make(own, 3, &own[1], 1);
    assert_int_equal(q.aligned.n, 3);
    assert_int_equal(q.aligned.list[1].tid, 1);
    assert_int_equal(q.aligned.list[1].kind, ANL_SUPPLEMENTARY);
    assert_int_equal(q.aligned.list[2].tid, 2);
    assert_int_equal(q.aligned.list[2].kind, ANL_SECONDARY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_better_one_is_supplementary), cmocka_unit_test(each_segment_has_its_own),
        cmocka_unit_test(the_primary_assembly_leads),    cmocka_unit_test(the_first_segment_that_leads_is_no_alt),
        cmocka_unit_test(no_place_is_told_twice),
    };
    if (!(arena = anl_arena_new())) return 1;
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    anl_arena_free(arena);
    return failed;
}
