/* Insert sizes, mapping qualities and the choice of pairs, on cases worked out by hand. */
#include "random.h"

#include "insert.h"
#include "mapq.h"
#include "pair.h"

#include <math.h>

static void orientations(void **unused)
{
    (void)unused;
    int64_t size;
    /* A forward read whose 5' end is at 100 and a reverse read whose 5' end is at 399: 300 bp, facing each other. */
    assert_int_equal(anl_orient((anl_end5){100, 0}, (anl_end5){399, 1}, &size), ANL_FR);
    assert_int_equal(size, 300);
    assert_int_equal(anl_orient((anl_end5){399, 1}, (anl_end5){100, 0}, &size), ANL_FR);
    assert_int_equal(anl_orient((anl_end5){399, 0}, (anl_end5){100, 1}, &size), ANL_RF);
    assert_int_equal(anl_orient((anl_end5){100, 0}, (anl_end5){399, 0}, &size), ANL_FF);
    assert_int_equal(anl_orient((anl_end5){399, 1}, (anl_end5){100, 1}, &size), ANL_FF); /* the same pair from the other strand */
    assert_int_equal(anl_orient((anl_end5){399, 0}, (anl_end5){100, 0}, &size), ANL_RR);
    assert_int_equal(anl_orient((anl_end5){100, 1}, (anl_end5){399, 1}, &size), ANL_RR);
}

static void estimates_despite_chimeras(void **unused)
{
    (void)unused;
    int32_t fr[1000], none[1];
    for (int i = 0; i < 1000; ++i) fr[i] = 350 + i % 101; /* 350..450 */
    for (int i = 0; i < 20; ++i) fr[i * 50] = 9000;
    int32_t *sizes[ANL_N_ORIENTATIONS] = {fr, none, none, none};
    size_t n[ANL_N_ORIENTATIONS] = {1000, 0, 0, 0};
    anl_insert_model m;
    anl_insert_estimate(&m, sizes, n);
    assert_int_equal(m.of[ANL_FR].usable, 1);
    assert_int_equal(m.of[ANL_RF].usable, 0);
    assert_true(fabs(m.of[ANL_FR].mean - 400) < 3);
    assert_true(m.of[ANL_FR].low < 350 && m.of[ANL_FR].high > 450 && m.of[ANL_FR].high < 1000);
    n[ANL_FR] = 9;
    anl_insert_estimate(&m, sizes, n);
    assert_int_equal(m.of[ANL_FR].usable, 0);
}

static void logarithm(void **unused)
{
    (void)unused;
    for (double x = 1e-3; x < 1e6; x *= 1.37) assert_true(fabs(anl_ln(x) - log(x)) < 1e-9);
}

static void mapq_falls_with_competing_candidates(void **unused)
{
    (void)unused;
    anl_evidence e = {.score = 150, .second = 0, .span = 150, .match = 1, .mismatch = 4};
    assert_int_equal(anl_mapq(&e), 60);
    e.second = 150;
    assert_int_equal(anl_mapq(&e), 0);
    int before = 61;
    for (e.second = 130; e.second < 150; ++e.second) {
        int q = anl_mapq(&e);
        assert_true(q <= before);
        before = q;
    }
    e.second = 140;
    int alone = anl_mapq(&e);
    e.competing = 5;
    assert_true(anl_mapq(&e) < alone);
    e.truncated = 1;
    assert_true(anl_mapq(&e) <= 3);
}

static anl_query make_query(anl_read *read, anl_candidate *c, int n, uint8_t mate)
{
    static const uint8_t bases[150];
    *read = (anl_read){.name = "r", .seq = bases, .len = 150, .mate = mate};
    return (anl_query){.read = read, .candidates = c, .n = n, .cap = n};
}

static anl_candidate at(int64_t start, int reverse, int score)
{
    return (anl_candidate){.start = start, .score = score, .reverse = (uint8_t)reverse};
}

/* Whether the pair is proper. */
static int choose(const anl_align_options *o, const anl_insert_model *m, const anl_query pair[2], anl_choice chosen[2])
{
    anl_pair_scratch s = {0};
    int proper;
    assert_int_equal(anl_pair_choose(o, m, pair, &s, chosen, &proper), 0);
    free(s.spots);
    return proper;
}

static void pairs_settle_repeats(void **unused)
{
    (void)unused;
    anl_align_options o = anl_align_options_default();
    anl_insert_model m;
    anl_insert_given(&m, 400, 50, 0, 0);
    anl_read reads[2];
    /* The first read fits two places equally, the second one only beside the second of them. */
    anl_candidate a[] = {at(1000, 0, 150), at(90000, 0, 150)}, b[] = {at(90250, 1, 150)};
    anl_query pair[2] = {make_query(&reads[0], a, 2, 1), make_query(&reads[1], b, 1, 2)};
    anl_choice chosen[2];
    assert_int_equal(choose(&o, &m, pair, chosen), 1);
    assert_int_equal(chosen[0].candidate, 1);
    assert_int_equal(chosen[1].candidate, 0);
    assert_int_equal(chosen[0].second, 150);
    assert_true(chosen[0].mapq >= 20);
    assert_int_equal(chosen[1].mapq, 60);
}

/* Where both mates have more places than are known, the only pair known is not the only one: another one may score what a place that is missing does. */
static void unknown_places_make_pairs_doubtful(void **unused)
{
    (void)unused;
    enum { MANY = 17 /* more than mates are looked for beside */ };
    anl_align_options o = anl_align_options_default();
    anl_insert_model m;
    anl_insert_given(&m, 400, 50, 0, 0);
    anl_read reads[2];
    anl_candidate a[MANY], b[MANY];
    for (int i = 0; i < MANY; ++i) {
        a[i] = at(10000 * (i + 1), 0, 150);
        b[i] = at(10000 * (i + 101), 1, 150);
    }
    b[3] = at(20250, 1, 150);
    enum { BEST = 150, LESS = 140, LITTLE = 133 /* just within the unpaired penalty */ };
    const struct {
        int missed[2], n[2], least, most;
    } cases[] = {
        {{0, 0}, {MANY, MANY}, 40, 60},      {{BEST, 0}, {MANY, MANY - 1}, 40, 60}, /* nobody missed what lies beside few places */
        {{BEST, 0}, {MANY, MANY}, 0, 0},     {{LESS, 0}, {MANY, MANY}, 35, 40}, /* a pair may be missed that scores 10 less, or but for its insert size 9 */
        {{LITTLE, 0}, {MANY, MANY}, 40, 60}, {{0, BEST}, {2, MANY}, 40, 60},        {{0, BEST}, {MANY, MANY}, 0, 0},
        {{LITTLE, LESS}, {2, 4}, 35, 40}};
    for (int truncated = 0; truncated < 2; ++truncated)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
            anl_query pair[2] = {make_query(&reads[0], a, cases[i].n[0], 1), make_query(&reads[1], b, cases[i].n[1], 2)};
            anl_choice chosen[2];
            int best_is_missed = 0;
            for (int j = 0; j < 2; ++j) {
                best_is_missed |= cases[i].missed[j] == BEST;
                if (truncated)
                    pair[j].truncated = cases[i].missed[j] == BEST;
                else
                    pair[j].missed = cases[i].missed[j];
            }
            if (truncated && !best_is_missed) continue;
            assert_int_equal(choose(&o, &m, pair, chosen), 1);
            assert_int_equal(chosen[0].candidate, 1);
            assert_int_equal(chosen[1].candidate, 3);
            for (int j = 0; j < 2; ++j) assert_in_range(chosen[j].mapq, cases[i].least, cases[i].most);
        }
}

/* What mates that are settled together may have elsewhere limits what the pair is worth. */
static void bounds_of_a_pair_count_together(void **unused)
{
    (void)unused;
    anl_align_options o = anl_align_options_default();
    anl_insert_model m;
    anl_insert_given(&m, 400, 50, 0, 0);
    anl_read reads[2];
    anl_candidate a[] = {at(1000, 0, 150)}, b[] = {at(1250, 1, 150)};
    int before = 61;
    for (int bound = 135; bound <= 150; ++bound) {
        anl_query pair[2] = {make_query(&reads[0], a, 1, 1), make_query(&reads[1], b, 1, 2)};
        anl_choice chosen[2];
        for (int i = 0; i < 2; ++i) pair[i].settled = 1, pair[i].bound = bound;
        assert_int_equal(choose(&o, &m, pair, chosen), 1);
        assert_int_equal(chosen[0].mapq, chosen[1].mapq);
        assert_true(chosen[0].mapq <= before);
        before = chosen[0].mapq;
        if (bound == 145) assert_in_range(before, 58, 60); /* 18 alone, and 40 that the pair adds */
    }
    assert_int_equal(before, 0);
}

/* What both mates read twice is evidence once: mates that overlap by half have 3/4 of what they have apart, those of one short insert half of it. */
static void shared_bases_prove_a_pair_once(void **unused)
{
    (void)unused;
    const struct {
        int64_t mate; /* where the second one begins */
        int32_t bound[2];
        int proven;
    } cases[] = {{1200, {141, 142}, 1}, {1200, {142, 142}, 0}, {1150, {141, 142}, 1}, {1075, {141, 142}, 0}, {1075, {140, 136}, 1},
                 {1075, {140, 139}, 0}, {1000, {134, 134}, 0}, {1000, {133, 134}, 1}, {1000, {134, 133}, 1}, {925, {141, 142}, 0}};
    anl_align_options o = anl_align_options_default();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        anl_read reads[2];
        anl_candidate c[2] = {{.start = 1000}, {.start = cases[i].mate, .reverse = 1}};
        const anl_query q[2] = {make_query(&reads[0], c, 1, 1), make_query(&reads[1], c + 1, 1, 2)};
        const anl_proof proofs[2] = {{.score = 150, .bound = cases[i].bound[0]}, {.score = 150, .bound = cases[i].bound[1]}};
        anl_insert_model m;
        anl_insert_given(&m, (double)(cases[i].mate + 150 - 1000), 50, 0, 0); /* it costs nothing */
        for (int turned = 0; turned < 2; ++turned) {
            const anl_query *mates[2] = {&q[turned], &q[!turned]};
            const anl_candidate *at[2] = {&c[turned], &c[!turned]};
            const anl_proof *of[2] = {&proofs[turned], &proofs[!turned]};
            assert_int_equal(anl_pair_is_proven(&o, &m, mates, at, of), cases[i].proven);
        }
    }
}

static void pairs_keep_far_better_places(void **unused)
{
    (void)unused;
    anl_align_options o = anl_align_options_default();
    anl_insert_model m;
    anl_insert_given(&m, 400, 50, 0, 0);
    anl_read reads[2];
    /* A proper combination that costs more than -U is not taken. */
    anl_candidate a[] = {at(1000, 0, 150)}, b[] = {at(500000, 1, 150), at(1250, 1, 100)};
    anl_query pair[2] = {make_query(&reads[0], a, 1, 1), make_query(&reads[1], b, 2, 2)};
    anl_choice chosen[2];
    assert_int_equal(choose(&o, &m, pair, chosen), 0);
    assert_int_equal(chosen[1].candidate, 0);
    b[1].score = 140; /* costs less than -U */
    assert_int_equal(choose(&o, &m, pair, chosen), 1);
    assert_int_equal(chosen[1].candidate, 1);
    assert_true(chosen[1].mapq < 60);
}

/* A mate that is aligned already stands in a pair with its primary alignment: 5' ends count with what is clipped. */
static void aligned_mates_stand_in(void **unused)
{
    (void)unused;
    static const int64_t contig_begin[] = {0, 50000, 200000};
    const anl_index x = {.n_contigs = 2, .contig_begin = contig_begin};
    anl_align_options o = anl_align_options_default();
    anl_insert_model m;
    anl_insert_given(&m, 2000, 100, 0, 0);
    anl_arena *results = anl_arena_new();
    for (int reverse = 0; reverse < 2; ++reverse) {
        anl_read reads[2];
        /* The long mate has 30 bases clipped before the others, and 10 bp deleted. */
        anl_read_alignment primary = {
            .tid = 1, .pos = 10030, .end = 11010, .qbeg = 30, .qend = 1000, .score = 900, .mapq = 60, .reverse = (uint8_t)reverse};
        anl_candidate a[] = {at(150000, 0, 150), at(0, !reverse, 145)};
        anl_query pair[2] = {make_query(&reads[0], NULL, 0, 1), make_query(&reads[1], a, 2, 2)};
        reads[0].len = 1000;
        a[0].contig = a[1].contig = 1;
        a[1].start = 50000 + (reverse ? 11040 - 2000 : 10000 + 2000 - 150);
        pair[0].aligned = (anl_read_alignments){.list = &primary, .n = 1, .cap = 1};
        assert_int_equal(anl_pair_stand_in(&x, &pair[0], results), 0);
        assert_int_equal(pair[0].n, 1);
        anl_choice chosen[2];
        assert_int_equal(choose(&o, &m, pair, chosen), 1);
        assert_int_equal(chosen[1].candidate, 1);
        /* It tells of insert sizes when its MAPQ says that it lies there. */
        anl_orientation orientation;
        int32_t size;
        pair[1].candidates = &a[1];
        pair[1].n = 1;
        assert_int_equal(anl_pair_evidence(&o, pair, &orientation, &size), 1);
        assert_int_equal(orientation, ANL_FR);
        assert_int_equal(size, 2000);
        primary.mapq = 3;
        assert_int_equal(anl_pair_evidence(&o, pair, &orientation, &size), 0);
        /* The short mate is looked for beside it, and never the other way round. */
        anl_sw_queue queue = {0};
        pair[1].n = 0;
        assert_int_equal(anl_pair_rescue(&o, &m, &x, pair, 0, &queue), 0);
        assert_int_equal(queue.n, 1);
        assert_int_equal(queue.list[0].query, 1);
        assert_int_equal(queue.list[0].candidate.reverse, !reverse);
        assert_true(queue.list[0].begin <= a[1].start && queue.list[0].end >= a[1].start + 150);
        queue.n = 0;
        pair[1].n = 1;
        a[1].start += 20000;
        assert_int_equal(anl_pair_rescue(&o, &m, &x, pair, 0, &queue), 0);
        assert_int_equal(queue.n, 1);
        anl_sw_queue_free(&queue);
    }
    anl_arena_free(results);
}

static void low_scores_are_unmapped(void **unused)
{
    (void)unused;
    anl_align_options o = anl_align_options_default();
    anl_read read;
    anl_candidate a[] = {at(1000, 0, 29)};
    anl_query q = make_query(&read, a, 1, 0);
    assert_int_equal(anl_choose_single(&o, &q, o.min_score).candidate, -1);
    a[0].score = 30;
    assert_int_equal(anl_choose_single(&o, &q, o.min_score).candidate, 0);
}

/* Two mates in proper places need half as much again as a read alone, by bases of their own, and none of them less than chance gives; with -T one needs that. */
static void weak_mates_hold_each_other(void **unused)
{
    (void)unused;
    anl_align_options o = anl_align_options_default();
    anl_insert_model m;
    anl_read reads[2];
    anl_insert_given(&m, 250, 40, 0, 0);
    const struct {
        int score[2], overlap, given, reported;
    } cases[] = {{{25, 25}, 0, 0, 1}, {{25, 25}, 1, 0, 0}, {{22, 22}, 0, 0, 0}, {{25, 25}, 0, 1, 0},
                 {{29, 16}, 0, 0, 1}, {{29, 15}, 0, 0, 0}, {{90, 16}, 1, 1, 1}, {{90, 15}, 0, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        anl_candidate first = at(1000, 0, cases[i].score[0]), second = at(1100, 1, cases[i].score[1]);
        const anl_query pair[2] = {make_query(&reads[0], &first, 1, 1), make_query(&reads[1], &second, 1, 2)};
        anl_choice chosen[2];
        first.last = cases[i].overlap ? 149 : 100; /* the last bases before 1149 or 1100 */
        second.last = cases[i].overlap ? 25 : 150; /* before 1125 or 1250 */
        o.given = cases[i].given ? ANL_GIVEN_LEAST : 0;
        assert_int_equal(choose(&o, &m, pair, chosen), cases[i].reported);
        assert_int_equal(chosen[1].candidate, cases[i].reported - 1);
    }
}

static void mates_on_their_own(void **unused)
{
    (void)unused;
    anl_align_options o = anl_align_options_default();
    anl_insert_model m;
    anl_insert_given(&m, 400, 50, 0, 0);
    anl_read reads[2];
    /* Pairing would take the second place of the second mate. */
    anl_candidate a[] = {at(1000, 0, 150)}, b[] = {at(500000, 1, 150), at(1250, 1, 140)};
    anl_query pair[2] = {make_query(&reads[0], a, 1, 1), make_query(&reads[1], b, 2, 2)};
    anl_choice chosen[2];
    o.no_pairing = 1;
    assert_int_equal(choose(&o, &m, pair, chosen), 0);
    assert_int_equal(chosen[1].candidate, 0);
    a[0].start = 499750; /* proper by chance: not called so */
    assert_int_equal(choose(&o, &m, pair, chosen), 0);
    anl_sw_queue queue = {0};
    int64_t begin[] = {0, 1000000};
    const anl_index x = {.contig_begin = begin, .n_contigs = 1};
    pair[1].n = 0;
    o.no_rescue = 1;
    assert_int_equal(anl_pair_rescue(&o, &m, &x, pair, 0, &queue), ANL_OK);
    assert_int_equal(queue.n, 0);
    o.no_rescue = 0;
    assert_int_equal(anl_pair_rescue(&o, &m, &x, pair, 0, &queue), ANL_OK);
    assert_int_equal(queue.n, 1);
    anl_sw_queue_free(&queue);
}

static void the_first_segment_leads(void **unused)
{
    (void)unused;
    anl_read_alignment list[] = {{.kind = ANL_PRIMARY, .qbeg = 50, .qend = 150, .pos = 1},
                                 {.kind = ANL_SUPPLEMENTARY, .qbeg = 50, .qend = 100, .pos = 2},
                                 {.kind = ANL_SUPPLEMENTARY, .qbeg = 0, .qend = 50, .pos = 3},
                                 {.kind = ANL_SECONDARY, .qbeg = 0, .qend = 150, .pos = 4}};
    anl_read_alignments a = {.list = list, .n = 4};
    assert_int_equal(anl_read_alignments_lead_leftmost(&a), 1);
    assert_true(list[0].pos == 3 && list[0].kind == ANL_PRIMARY);
    assert_true(list[2].pos == 1 && list[2].kind == ANL_SUPPLEMENTARY);
    assert_true(list[1].pos == 2 && list[3].pos == 4 && list[3].kind == ANL_SECONDARY);
    assert_int_equal(anl_read_alignments_lead_leftmost(&a), 0);
    list[1].qbeg = 0; /* as early: the better one, which comes first, stays */
    assert_int_equal(anl_read_alignments_lead_leftmost(&a), 0);
    a.n = 0;
    assert_int_equal(anl_read_alignments_lead_leftmost(&a), 0);
}

static void proper_by_alignments(void **unused)
{
    (void)unused;
    anl_insert_model m;
    anl_insert_given(&m, 400, 50, 0, 0);
    /* 5' ends at 1000 and 1399; clipped bases count. */
    anl_read_alignment first = {.tid = 1, .pos = 1020, .end = 1150, .qbeg = 20, .qend = 150},
                       second = {.tid = 1, .pos = 1250, .end = 1390, .qbeg = 10, .qend = 150, .reverse = 1};
    assert_int_equal(anl_pair_is_proper(&m, &first, &second), 1);
    assert_int_equal(anl_pair_is_proper(&m, &second, &first), 1);
    second.pos += 300, second.end += 300; /* 700 bp */
    assert_int_equal(anl_pair_is_proper(&m, &first, &second), 0);
    second.pos -= 300, second.end -= 300, second.reverse = 0;
    assert_int_equal(anl_pair_is_proper(&m, &first, &second), 0);
    second.reverse = 1, second.tid = 2;
    assert_int_equal(anl_pair_is_proper(&m, &first, &second), 0);
}

static anl_candidate alt_at(int64_t start, int reverse, int score)
{
    anl_candidate c = at(start, reverse, score);
    c.alt = 1;
    c.end = 150;
    return c;
}

/* Candidates on ALT contigs neither lower the MAPQ of one on the primary assembly, nor are they chosen in its place, however good they are. */
static void alt_contigs_do_not_count(void **unused)
{
    (void)unused;
    const anl_align_options o = anl_align_options_default();
    anl_read read;
    anl_candidate equal[] = {at(1000, 0, 150), alt_at(90000, 0, 150)},
                  better[] = {alt_at(90000, 0, 150), alt_at(95000, 0, 145), at(1000, 0, 120)},
                  copies[] = {alt_at(90000, 0, 150), at(1000, 0, 120), at(5000, 0, 120)},
                  alone[] = {alt_at(90000, 0, 150), at(1000, 0, 29)};
    anl_query q = make_query(&read, equal, 2, 0);
    anl_choice c = anl_choose_single(&o, &q, o.min_score);
    assert_int_equal(c.candidate, 0);
    assert_int_equal(c.mapq, 60);
    assert_int_equal(c.second, 0);
    assert_int_equal(anl_choose_alt(&o, &q, &c).candidate, -1); /* none is better */
    q = make_query(&read, better, 3, 0);
    c = anl_choose_single(&o, &q, o.min_score);
    assert_int_equal(c.candidate, 2);
    assert_int_equal(c.mapq, 60);
    assert_int_equal(c.second, 0);
    c = anl_choose_alt(&o, &q, &c);
    assert_int_equal(c.candidate, 0);
    assert_int_equal(c.second, 145); /* to it they all count */
    assert_in_range(c.mapq, 1, 59);
    q = make_query(&read, copies, 3, 0);
    c = anl_choose_single(&o, &q, o.min_score);
    assert_in_range(c.candidate, 1, 2);
    assert_int_equal(c.mapq, 0); /* the primary assembly has it twice */
    q = make_query(&read, alone, 2, 0);
    c = anl_choose_single(&o, &q, o.min_score);
    assert_int_equal(c.candidate, 0);
    assert_int_equal(c.mapq, 60);
    assert_int_equal(anl_choose_alt(&o, &q, &c).candidate, -1); /* it is chosen already */
}

/* One that takes another segment of the read does not compete, and one is no better than none beside as good a one of the primary assembly. */
static void the_alt_contig_must_be_best(void **unused)
{
    (void)unused;
    const anl_align_options o = anl_align_options_default();
    anl_read read;
    anl_candidate list[] = {at(1000, 0, 140), alt_at(90000, 0, 130), at(5000, 0, 60)};
    list[0].end = 150, list[2].end = 150;
    anl_query q = make_query(&read, list, 3, 0);
    assert_int_equal(anl_choose_alt(&o, &q, &(anl_choice){.candidate = 2, .min_score = 30}).candidate, -1);
    list[0].end = 70;
    list[1].begin = 80;
    assert_int_equal(anl_choose_alt(&o, &q, &(anl_choice){.candidate = 0, .min_score = 30}).candidate, -1);
    assert_int_equal(anl_choose_alt(&o, &q, &(anl_choice){.candidate = 2, .min_score = 30}).candidate, 1);
}

/* Pairs are made on the primary assembly, or, where neither mate has a place there, on an ALT contig. */
static void pairs_on_alt_contigs(void **unused)
{
    (void)unused;
    const anl_align_options o = anl_align_options_default();
    anl_insert_model m;
    anl_insert_given(&m, 400, 50, 0, 0);
    anl_read reads[2];
    anl_candidate a[] = {alt_at(90000, 0, 150), at(1000, 0, 130)}, b[] = {alt_at(90250, 1, 150), at(1250, 1, 130)};
    anl_query pair[2] = {make_query(&reads[0], a, 2, 1), make_query(&reads[1], b, 2, 2)};
    anl_choice chosen[2];
    assert_int_equal(choose(&o, &m, pair, chosen), 1);
    for (int i = 0; i < 2; ++i) {
        assert_int_equal(chosen[i].candidate, 1);
        assert_int_equal(chosen[i].mapq, 60);
    }
    pair[0].n = 1; /* one mate on the primary assembly alone, one on the ALT contig alone */
    assert_int_equal(choose(&o, &m, pair, chosen), 0);
    assert_int_equal(chosen[0].candidate, 0);
    assert_int_equal(chosen[1].candidate, 1);
    pair[1].n = 1;
    assert_int_equal(choose(&o, &m, pair, chosen), 1);
    assert_int_equal(chosen[0].candidate, 0);
    assert_int_equal(chosen[1].candidate, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orientations),
        cmocka_unit_test(estimates_despite_chimeras),
        cmocka_unit_test(logarithm),
        cmocka_unit_test(mapq_falls_with_competing_candidates),
        cmocka_unit_test(pairs_settle_repeats),
        cmocka_unit_test(unknown_places_make_pairs_doubtful),
        cmocka_unit_test(bounds_of_a_pair_count_together),
        cmocka_unit_test(shared_bases_prove_a_pair_once),
        cmocka_unit_test(pairs_keep_far_better_places),
        cmocka_unit_test(aligned_mates_stand_in),
        cmocka_unit_test(low_scores_are_unmapped),
        cmocka_unit_test(weak_mates_hold_each_other),
        cmocka_unit_test(mates_on_their_own),
        cmocka_unit_test(the_first_segment_leads),
        cmocka_unit_test(proper_by_alignments),
        cmocka_unit_test(alt_contigs_do_not_count),
        cmocka_unit_test(the_alt_contig_must_be_best),
        cmocka_unit_test(pairs_on_alt_contigs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
