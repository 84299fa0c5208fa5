/* Stitching on a made-up reference: pieces are what their CIGAR, MD and score say, at least as good as the truth, and end where the read
 * leaves its place. */
#include "random.h"

#include "cigar_score.h"
#include "stitch.h"

enum { CONTIG = 12000, READ = 6000, WINDOW = 160, EVERY = 640 };

static const anl_stitch_params noisy = {
    .score = {{2, 4, 4, 2, 4, 2}, 24, 1}, .clip5 = 5, .clip3 = 5, .drop = 400, .drop_inverted = 200, .min_score = 80};

/* Two contigs of random bases, 2 bits each. */
static uint8_t packed[2 * CONTIG / 4], bases[2 * CONTIG];
static const int64_t contig_begin[] = {0, CONTIG, 2 * CONTIG};

static anl_index make_index(void)
{
    memset(packed, 0, sizeof packed);
    for (int i = 0; i < 2 * CONTIG; ++i) {
        bases[i] = (uint8_t)random_below(4);
        packed[i / 4] |= (uint8_t)(bases[i] << i % 4 * 2);
    }
    return (anl_index){.n_contigs = 2, .contig_begin = contig_begin, .bases = packed};
}

/* A read under construction, the true CIGAR of it, and the windows that would be found. */
typedef struct sample {
    uint8_t seq[2 * READ], opposite[2 * READ];
    int32_t len;
    anl_cigar truth;
    anl_anchor coarse[64];
    int32_t n_coarse;
} sample;

static void append(sample *s, int64_t begin, int64_t end, uint32_t percent)
{
    int32_t next = s->len;
    for (int64_t t = begin; t < end; ++t) {
        if (s->len >= next && end - t > WINDOW + 40) {
            s->coarse[s->n_coarse++] =
                (anl_anchor){.t = t == begin ? t : t + (int64_t)random_below(5) - 2, .q = s->len, .len = WINDOW, .weight = 100};
            next += EVERY;
        }
        const uint32_t kind = random_below(100) < percent ? random_below(3) : 9;
        if (kind == 0) { /* deletion */
            anl_cigar_push(&s->truth, ANL_CIGAR_D, 1);
            continue;
        }
        if (kind == 1) { /* insertion */
            anl_cigar_push(&s->truth, ANL_CIGAR_I, 1);
            s->seq[s->len++] = (uint8_t)random_below(4);
        }
        anl_cigar_push(&s->truth, ANL_CIGAR_M, 1);
        s->seq[s->len++] = kind == 2 ? (uint8_t)random_below(4) : bases[t];
    }
}

static void complete(sample *s)
{
    for (int32_t i = 0; i < s->len; ++i) s->opposite[s->len - 1 - i] = s->seq[i] > 3 ? s->seq[i] : 3 - s->seq[i];
}

static void check_piece(const anl_piece *p, const uint8_t *seq)
{
    int32_t q = 0, t = 0;
    const uint8_t *query = seq + p->qbeg, *target = bases + p->tbeg;
    for (int32_t i = 0; i < p->n_cigar; ++i) {
        const int32_t len = (int32_t)(p->cigar[i] >> 4);
        assert_true(i == 0 || (p->cigar[i] & 15) != (p->cigar[i - 1] & 15));
        q += (p->cigar[i] & 15) != 2 ? len : 0;
        t += (p->cigar[i] & 15) != 1 ? len : 0;
    }
    assert_int_equal(q, p->qend - p->qbeg);
    assert_int_equal(t, p->tend - p->tbeg);
    assert_int_equal(anl_cigar_score(&noisy.score, p->cigar, p->n_cigar, query, target), p->score);
    char *md = malloc(anl_cigar_md_size(p->cigar, p->n_cigar));
    assert_int_equal(anl_cigar_md(p->cigar, p->n_cigar, query, target, md), p->nm);
    assert_string_equal(md, p->md);
    free(md);
    assert_true(p->tbeg / CONTIG == (p->tend - 1) / CONTIG);
}

static void align(anl_stitcher *s, const anl_index *x, sample *r, anl_arena *arena, anl_pieces *out)
{
    const anl_stitch_query q = {r->seq, r->opposite, r->len};
    anl_fine_chain chain;
    complete(r);
    assert_int_equal(anl_stitch_refine(s, x, &q, r->coarse, r->n_coarse, arena, &chain), 0);
    assert_true(chain.n > 0 && chain.score > 0);
    assert_int_equal(anl_stitch_align(s, &noisy, x, &q, &chain, arena, out), 0);
    for (int32_t i = 0; i < out->n; ++i) check_piece(&out->list[i], out->list[i].inverted ? r->opposite : r->seq);
}

static sample *fresh(void)
{
    static sample r;
    free(r.truth.list);
    memset(&r, 0, sizeof r);
    return &r;
}

static anl_stitcher *stitcher;
static anl_arena *arena;

static void at_least_as_good_as_the_truth(void **unused)
{
    (void)unused;
    random_start();
    for (int round = 0; round < 60; ++round) {
        const anl_index x = make_index();
        const uint32_t percent = (uint32_t)round % 3 * 6;
        sample *r = fresh();
        const int64_t begin = round % 2 ? CONTIG : random_below(CONTIG - READ); /* at a contig's start, too */
        append(r, begin, begin + READ, percent);
        anl_pieces p;
        align(stitcher, &x, r, arena, &p);
        assert_int_equal(p.n, 1);
        assert_true(p.list[0].score + 10 >= anl_cigar_score(&noisy.score, r->truth.list, r->truth.n, r->seq, bases + begin));
        assert_true(p.list[0].qend - p.list[0].qbeg > r->len - 40);
        anl_arena_reset(arena);
    }
}

/* Inside a tandem repeat of equal units a chain beside the best one takes nearly as much of the read; in sequence of one kind nothing does. */
static void tells_of_chains_beside(void **unused)
{
    (void)unused;
    random_start();
    const anl_index x = make_index();
    for (int unit = 20; unit <= 60; unit += 20) {
        for (int i = unit; i < 3000; ++i) bases[5000 + i] = bases[5000 + i - unit];
        memset(packed, 0, sizeof packed);
        for (int i = 0; i < 2 * CONTIG; ++i) packed[i / 4] |= (uint8_t)(bases[i] << i % 4 * 2);
        for (int inside = 0; inside < 2; ++inside) {
            anl_fine_chain chain;
            sample *r = fresh();
            append(r, inside ? 5500 : 1000, inside ? 6500 : 2000, 0);
            complete(r);
            const anl_stitch_query q = {r->seq, r->opposite, r->len};
            assert_int_equal(anl_stitch_refine(stitcher, &x, &q, r->coarse, r->n_coarse, arena, &chain), 0);
            assert_true(chain.score > (inside ? 300 : 900)); /* k-mers that are too frequent in the repeat are passed over */
            assert_true(inside ? 10 * chain.beside > 8 * chain.score : 10 * chain.beside < chain.score);
            anl_arena_reset(arena);
        }
    }
}

static void bridges_a_deletion_and_an_insertion(void **unused)
{
    (void)unused;
    random_start();
    const anl_index x = make_index();
    anl_pieces p;
    sample *r = fresh();
    append(r, 100, 3000, 3);
    append(r, 7000, 10000, 3);
    align(stitcher, &x, r, arena, &p);
    assert_int_equal(p.n, 1);
    int deleted = 0;
    for (int32_t i = 0; i < p.list[0].n_cigar; ++i)
        deleted += (p.list[0].cigar[i] & 15) == 2 && abs((int32_t)(p.list[0].cigar[i] >> 4) - 4000) < 10;
    assert_int_equal(deleted, 1);
    r = fresh();
    append(r, 100, 3000, 3);
    for (int i = 0; i < 2000; ++i) r->seq[r->len++] = (uint8_t)random_below(4);
    append(r, 3000, 6000, 3);
    align(stitcher, &x, r, arena, &p);
    assert_int_equal(p.n, 1);
    assert_true(p.list[0].qend - p.list[0].qbeg > r->len - 40);
    anl_arena_reset(arena);
}

static void cuts_out_an_inversion(void **unused)
{
    (void)unused;
    random_start();
    const anl_index x = make_index();
    anl_pieces p;
    sample *r = fresh();
    append(r, 1000, 4000, 2);
    const int32_t begin = r->len;
    for (int i = 0; i < 400; ++i) r->seq[r->len++] = 3 - bases[4399 - i];
    append(r, 4400, 7000, 2);
    align(stitcher, &x, r, arena, &p);
    assert_int_equal(p.n, 3);
    int inverted = 0;
    for (int i = 0; i < 3; ++i) {
        if (!p.list[i].inverted) continue;
        ++inverted;
        assert_true(llabs(p.list[i].tbeg - 4000) < 10 && llabs(p.list[i].tend - 4400) < 10);
        assert_true(abs(r->len - p.list[i].qend - begin) < 10);
    }
    assert_int_equal(inverted, 1);
    anl_arena_reset(arena);
}

static void clips_what_does_not_belong(void **unused)
{
    (void)unused;
    random_start();
    const anl_index x = make_index();
    anl_pieces p;
    sample *r = fresh();
    for (int i = 0; i < 1500; ++i) r->seq[r->len++] = (uint8_t)random_below(4);
    append(r, 2000, 5000, 1);
    const int32_t end = r->len;
    for (int i = 0; i < 1500; ++i) r->seq[r->len++] = i % 7 ? (uint8_t)random_below(4) : 5;
    align(stitcher, &x, r, arena, &p);
    assert_int_equal(p.n, 1);
    assert_true(abs(p.list[0].qbeg - 1500) < 20 && abs(p.list[0].qend - end) < 20);
    anl_arena_reset(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_least_as_good_as_the_truth),       cmocka_unit_test(tells_of_chains_beside),
        cmocka_unit_test(bridges_a_deletion_and_an_insertion), cmocka_unit_test(cuts_out_an_inversion),
        cmocka_unit_test(clips_what_does_not_belong),
    };
    if (anl_stitcher_new(&stitcher) || !(arena = anl_arena_new())) return 1;
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    anl_stitcher_free(stitcher);
    anl_arena_free(arena);
    free(fresh()->truth.list);
    return failed;
}
