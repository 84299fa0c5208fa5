/* Long reads: which chains and alignments are one place, which compete, and what that does to MAPQ, on cases made by hand. */
#include "random.h"

#include "choose.h"

enum { MOST = 16 };

static anl_arena *arena;

/* A cover of [begin, end). */
static anl_cover cover(int32_t begin, int32_t end)
{
    anl_cover c;
    assert_int_equal(anl_cover_new(arena, 1, &c), 0);
    anl_cover_add(&c, begin, end, 0);
    return c;
}

/* `n` matches of 20 bp, one every 30 bp from (t, q) on. */
static anl_long_chain chain(int64_t t, int32_t q, int32_t n, int32_t score, int reverse)
{
    anl_anchor *a = anl_arena_alloc(arena, (size_t)n, sizeof *a);
    assert_non_null(a);
    for (int32_t i = 0; i < n; ++i) a[i] = (anl_anchor){.t = t + 30 * i, .q = q + 30 * i, .len = 20, .weight = 20};
    return (anl_long_chain){
        .score = score, .reverse = (uint8_t)reverse, .fine = {.anchors = a, .n = n, .score = score}, .cover = cover(q, q + 30 * n)};
}

static anl_long_alignment alignment(int64_t t, int32_t q, const char *cigar, int32_t worth)
{
    uint32_t *ops = anl_arena_alloc(arena, MOST, sizeof *ops);
    assert_non_null(ops);
    anl_long_alignment a = {.piece = {.tbeg = t, .tend = t, .qbeg = q, .qend = q, .cigar = ops, .score = worth, .worth = worth},
                            .chain_score = worth / 2};
    for (char *end; *cigar; cigar = end + 1) {
        const int32_t len = (int32_t)strtol(cigar, &end, 10);
        const anl_cigar_op op = *end == 'M' ? ANL_CIGAR_M : *end == 'D' ? ANL_CIGAR_D : ANL_CIGAR_I;
        ops[a.piece.n_cigar++] = anl_cigar_pack(op, len);
        a.piece.qend += op != ANL_CIGAR_D ? len : 0;
        a.piece.tend += op != ANL_CIGAR_I ? len : 0;
        a.piece.matches += op == ANL_CIGAR_M ? len : 0;
        a.piece.columns += op == ANL_CIGAR_M ? len : 1;
    }
    a.cover = cover(q, a.piece.qend);
    return a;
}

static void chains_along_the_same_matches_are_one_place(void **unused)
{
    (void)unused;
    anl_long_chain list[] = {
        chain(1000, 0, 15, 300, 0),   chain(1000, 0, 15, 300, 0), /* found twice */
        chain(1150, 150, 10, 200, 0),                             /* a part of it */
        chain(1000, 0, 15, 300, 1),                               /* on the other strand: another place */
        chain(1040, 0, 14, 280, 0),                               /* a unit of a tandem repeat further on */
        chain(90000, 0, 14, 280, 0),                              /* a copy */
    };
    int32_t n = sizeof list / sizeof *list;
    anl_choose_places(list, &n);
    assert_int_equal(n, 4);
    assert_int_equal(list[1].reverse, 1);
    assert_int_equal(list[2].fine.anchors->t, 1040);
    assert_int_equal(list[3].fine.anchors->t, 90000);
    /* Half of the matches of the smaller one decide. */
    anl_long_chain parts[] = {chain(1000, 0, 10, 200, 0), chain(1000 + 30 * 5, 150, 10, 190, 0), chain(1000 + 30 * 11, 330, 10, 180, 0)};
    n = 3;
    anl_choose_places(parts, &n);
    assert_int_equal(n, 2);
    assert_int_equal(parts[1].score, 180);
}

static const anl_stitch_params ont = {.score = {{2, 4, 4, 2, 4, 2}, 24, 1}, .drop = 400, .drop_inverted = 200, .min_score = 80};

static void alignments_that_share_columns_are_one_place(void **unused)
{
    (void)unused;
    anl_long_alignment list[] = {
        alignment(1000, 0, "200M40D250M", 816),
        alignment(1040, 0, "450M", 800),        /* the second part of it, and 200 columns elsewhere: the same place */
        alignment(1000, 0, "450M", 700),        /* the first part, and 250 columns elsewhere: competes */
        alignment(50000, 0, "450M", 600),       /* a copy */
        alignment(1005, 5, "195M40D240M", 750), /* the same once more */
    };
    int32_t n = sizeof list / sizeof *list;
    anl_choose_alignments(&ont, list, &n);
    assert_int_equal(n, 3);
    assert_int_equal(list[0].piece.worth, 816);
    assert_int_equal(list[1].piece.worth, 700);
    assert_int_equal(list[2].piece.tbeg, 50000);
    assert_int_equal(list[0].second, 700);
    assert_int_equal(list[1].parent, 0);
}

/* Whatever order they come in. */
static void the_order_is_total(void **unused)
{
    (void)unused;
    random_start();
    const anl_long_alignment made[] = {alignment(1000, 0, "450M", 700),        alignment(1000, 0, "220M10D230M", 700),
                                       alignment(1000, 0, "225M10D225M", 700), alignment(1000, 10, "440M", 700),
                                       alignment(5000, 0, "450M", 700),        alignment(900, 0, "450M", 700)};
    enum { N = sizeof made / sizeof *made };
    uint32_t kept[N];
    int32_t n_kept = 0;
    for (int round = 0; round < 200; ++round) {
        anl_long_alignment list[N];
        int32_t n = N;
        memcpy(list, made, sizeof list);
        for (uint32_t i = N; i-- > 1;) {
            const uint32_t j = random_below(i + 1);
            const anl_long_alignment swap = list[i];
            list[i] = list[j];
            list[j] = swap;
        }
        anl_choose_alignments(&ont, list, &n);
        if (round) assert_int_equal(n, n_kept);
        for (int32_t i = 0; i < n; ++i) {
            const uint32_t what = (uint32_t)list[i].piece.tbeg ^ *list[i].piece.cigar << 8 ^ (uint32_t)list[i].piece.n_cigar << 28;
            if (round) assert_int_equal(what, kept[i]);
            kept[i] = what;
        }
        n_kept = n;
    }
}

static void chains_nearby_lower_mapq(void **unused)
{
    (void)unused;
    anl_long_alignment a = alignment(1000, 0, "450M", 900);
    a.chain_score = 450;
    assert_int_equal(anl_choose_mapq(&a, 2, 0), 60);
    a.chain_beside = 150; /* a third of the read lies in a tandem repeat */
    assert_int_equal(anl_choose_mapq(&a, 2, 0), 60);
    a.chain_beside = 450; /* all of it does */
    assert_int_equal(anl_choose_mapq(&a, 2, 0), 0);
    a.second = 300; /* a copy that is less like it does not make that certain */
    assert_int_equal(anl_choose_mapq(&a, 2, 0), 0);
    a.chain_beside = 0;
    assert_int_equal(anl_choose_mapq(&a, 2, 0), 60);
    a.second = 900;
    assert_int_equal(anl_choose_mapq(&a, 2, 0), 0);
}

static anl_long_alignment alt_alignment(int64_t t, int32_t q, const char *cigar, int32_t worth)
{
    anl_long_alignment a = alignment(t, q, cigar, worth);
    a.alt = 1;
    return a;
}

/* ALT contigs have parents on the primary assembly, but are none to it. */
static void chains_on_alt_contigs(void **unused)
{
    (void)unused;
    anl_long_chain list[] = {chain(90000, 0, 15, 300, 0), chain(1000, 0, 13, 260, 0), chain(95000, 0, 12, 240, 0),
                             chain(5000, 0, 6, 110, 0)};
    list[0].alt = list[2].alt = 1;
    int32_t n = 4;
    anl_choose_chains(list, &n, (anl_competition){1, 2, 5});
    assert_int_equal(n, 3); /* the last one has less than half of its parent's score */
    assert_int_equal(list[0].parent, 0);
    assert_int_equal(list[0].second, 240);
    assert_int_equal(list[1].parent, 1);
    assert_int_equal(list[1].second, 110);
    assert_int_equal(list[2].parent, 0);
    /* As many as may compete do so on either side. */
    anl_long_chain many[] = {chain(1000, 0, 15, 300, 0), chain(90000, 0, 15, 299, 0), chain(95000, 0, 15, 298, 0),
                             chain(5000, 0, 15, 297, 0)};
    many[1].alt = many[2].alt = 1;
    n = 4;
    anl_choose_chains(many, &n, (anl_competition){1, 2, 1});
    assert_int_equal(n, 3);
    assert_int_equal(many[0].second, 297);
    assert_int_equal(many[1].alt, 1);
    assert_int_equal(many[2].alt, 0);
}

/* Those of the primary assembly come first, as if there were no others; a better one on an ALT contig stands beside them. */
static void alignments_on_alt_contigs(void **unused)
{
    (void)unused;
    anl_long_alignment list[] = {alt_alignment(90000, 0, "450M", 900), alignment(1000, 0, "450M", 700),
                                 alt_alignment(95000, 0, "450M", 600), alt_alignment(99000, 0, "450M", 850),
                                 alignment(5000, 500, "300M", 500)};
    int32_t n = 5;
    anl_choose_alignments(&ont, list, &n);
    assert_int_equal(n, 5);
    assert_int_equal(list[0].piece.worth, 700);
    assert_int_equal(list[0].parent, 0);
    assert_int_equal(list[0].second, 0);
    assert_int_equal(list[0].competing, 0);
    assert_int_equal(list[1].piece.worth, 500);
    assert_int_equal(list[1].parent, 1);
    assert_int_equal(list[2].piece.worth, 900);
    assert_int_equal(list[2].parent, 2);
    assert_int_equal(list[2].second, 850);
    assert_int_equal(list[3].parent, 2);
    assert_int_equal(list[4].parent, 0);
    anl_choose_equal(list, n, 1);
    assert_int_equal(list[0].piece.worth, 700);
    anl_long_alignment equal[] = {alignment(1000, 0, "450M", 700), alt_alignment(90000, 0, "450M", 700)};
    n = 2;
    anl_choose_alignments(&ont, equal, &n);
    assert_int_equal(equal[1].parent, 0);
    assert_int_equal(equal[0].second, 0);
    anl_choose_equal(equal, n, 1); /* does not change places */
    assert_int_equal(equal[0].alt, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_along_the_same_matches_are_one_place),
        cmocka_unit_test(alignments_that_share_columns_are_one_place),
        cmocka_unit_test(the_order_is_total),
        cmocka_unit_test(chains_nearby_lower_mapq),
        cmocka_unit_test(chains_on_alt_contigs),
        cmocka_unit_test(alignments_on_alt_contigs),
    };
    if (!(arena = anl_arena_new())) return 1;
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    anl_arena_free(arena);
    return failed;
}
