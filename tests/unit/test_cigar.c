/* CIGARs: making them, and what they say of two sequences. */
#include "random.h"

#include "cigar_score.h"

static anl_cigar parse(const char *text)
{
    anl_cigar c = {0};
    for (char *end; *text; text = end + 1) {
        const long len = strtol(text, &end, 10);
        assert_int_equal(anl_cigar_append(&c, (anl_cigar_op)(strchr("MIDNSHP=X", *end) - "MIDNSHP=X"), (int32_t)len), 0);
    }
    return c;
}

static void is_text(const uint32_t *cigar, int32_t n, const char *want)
{
    char text[256];
    assert_ptr_equal(anl_cigar_text(cigar, n, text), text + strlen(want));
    assert_string_equal(text, want);
}

static const uint8_t *bases(const char *letters)
{
    static uint8_t codes[4][64];
    static int next;
    uint8_t *to = codes[next++ % 4];
    for (int i = 0; letters[i]; ++i) to[i] = (uint8_t)(strchr("ACGTN", letters[i]) - "ACGTN");
    return to;
}

static void operations(void **unused)
{
    (void)unused;
    static const char letters[] = "MIDNSHP=X", query[] = "110000011", target[] = "101100011", columns[] = "100000011",
                      clips[] = "000011000";
    for (int op = ANL_CIGAR_M; op <= ANL_CIGAR_X; ++op) {
        const uint32_t element = anl_cigar_pack((anl_cigar_op)op, 268435455); /* the longest that BAM can say */
        assert_int_equal(anl_cigar_op_of(element), op);
        assert_int_equal(anl_cigar_len_of(element), 268435455);
        assert_int_equal(anl_cigar_letter((anl_cigar_op)op), letters[op]);
        assert_int_equal(anl_cigar_takes_query((anl_cigar_op)op), query[op] - '0');
        assert_int_equal(anl_cigar_takes_target((anl_cigar_op)op), target[op] - '0');
        assert_int_equal(anl_cigar_is_column((anl_cigar_op)op), columns[op] - '0');
        assert_int_equal(anl_cigar_is_clip((anl_cigar_op)op), clips[op] - '0');
        char text[ANL_CIGAR_TEXT + 1];
        assert_int_equal(anl_cigar_text(&element, 1, text) - text, ANL_CIGAR_TEXT);
    }
}

static void making(void **unused)
{
    (void)unused;
    anl_cigar c = {0};
    uint32_t clipped[8];
    assert_int_equal(anl_cigar_push(&c, ANL_CIGAR_M, 0), 0);
    assert_int_equal(c.n, 0);
    for (int i = 0; i < 100; ++i) {
        assert_int_equal(anl_cigar_push(&c, ANL_CIGAR_M, 3), 0);
        assert_int_equal(anl_cigar_push(&c, ANL_CIGAR_M, 4), 0);
        assert_int_equal(anl_cigar_push(&c, ANL_CIGAR_D, 0), 0);
        assert_int_equal(anl_cigar_push(&c, i % 2 ? ANL_CIGAR_I : ANL_CIGAR_D, i + 1), 0);
    }
    assert_int_equal(c.n, 200);
    is_text(c.list + 196, 4, "7M99D7M100I");
    anl_cigar_reverse(c.list, 3);
    is_text(c.list, 4, "7M1D7M2I");
    c.n = 3;
    is_text(clipped, anl_cigar_clip(c.list, 3, 5, 0, clipped), "5S7M1D7M");
    is_text(clipped, anl_cigar_clip(c.list, 3, 0, 9, clipped), "7M1D7M9S");
    is_text(clipped, anl_cigar_clip(c.list, 3, 1, 2, clipped), "1S7M1D7M2S");
    is_text(clipped, anl_cigar_clip(NULL, 0, 0, 0, clipped), "");
    free(c.list);
}

static void worth(void **unused)
{
    (void)unused;
    const anl_wave_params one = {.score = {.match = 2, .mismatch = 5, .del_open = 7, .del_extend = 3, .ins_open = 4, .ins_extend = 1},
                                 .long_open = -1};
    anl_wave_params two = one;
    two.long_open = 12;
    two.long_extend = 0;
    const struct {
        const char *cigar, *query, *target;
        int32_t score, score_two, fall, nm, matches, columns;
        const char *md, *eqx;
    } cases[] = {
        {"4M", "ACGT", "ACGT", 8, 8, 0, 0, 4, 4, "4", "4="},
        {"4M", "ACGT", "AGGT", 1, 1, 5, 1, 3, 4, "1G2", "1=1X2="},
        {"4M", "ANGN", "ANGT", 2, 2, 1, 2, 2, 4, "1N1T0", "1=1X1=1X"},
        {"2M3I2M", "ACTTTGT", "ACGT", 1, 1, 5, 3, 4, 5, "4", "2=3I2="},
        {"2M2D2M", "ACGT", "ACTNGT", -5, -4, 11, 2, 4, 5, "2^TN2", "2=2D2="},
        {"1M1D1M1I1M", "AGTC", "ATCC", -16, -16, 18, 3, 2, 5, "1^T0C1", "1=1D1X1I1="},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        anl_cigar c = parse(cases[i].cigar);
        const uint8_t *q = bases(cases[i].query), *t = bases(cases[i].target);
        char md[256];
        uint32_t eqx[64];
        int32_t matches, columns;
        assert_int_equal(anl_cigar_score(&one, c.list, c.n, q, t), cases[i].score);
        assert_int_equal(anl_cigar_score(&two, c.list, c.n, q, t), cases[i].score_two);
        assert_int_equal(anl_cigar_fall(&one, c.list, c.n, q, t), cases[i].fall);
        anl_cigar_count(c.list, c.n, q, t, &matches, &columns);
        assert_int_equal(matches, cases[i].matches);
        assert_int_equal(columns, cases[i].columns);
        assert_true(anl_cigar_md_size(c.list, c.n) <= sizeof md);
        assert_int_equal(anl_cigar_md(c.list, c.n, q, t, md), cases[i].nm);
        assert_string_equal(md, cases[i].md);
        const int32_t n = anl_cigar_split_columns(c.list, c.n, q, t, eqx);
        is_text(eqx, n, cases[i].eqx);
        assert_int_equal(anl_cigar_md(eqx, n, q, t, md), cases[i].nm);
        assert_string_equal(md, cases[i].md);
        free(c.list);
    }
}

static void gaps_move_left(void **unused)
{
    (void)unused;
    const struct {
        const char *cigar, *query, *target, *want;
    } cases[] = {
        {"5M1D3M", "GAAAATCC", "GAAAAATCC", "1M1D7M"}, /* but a base stays in front */
        {"4M2I2M", "CATATAGG", "CATAGG", "1M2I5M"},
        {"3M1I1M1D2M", "ACCCTGG", "ACCTTGG", "1M1I2M1D3M"}, /* the second into what the first has left */
        {"4M1D4M", "ACGTACGT", "ACGTCACGT", "4M1D4M"},
        {"2I6M", "TTACGTAC", "ACGTAC", "2I6M"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        anl_cigar c = parse(cases[i].cigar);
        anl_cigar_shift_left(c.list, c.n, bases(cases[i].query), bases(cases[i].target));
        is_text(c.list, c.n, cases[i].want);
        free(c.list);
    }
}

/* Columns in common, counted base by base. */
static int64_t shared_slowly(const anl_cigar *a, int64_t ta, const anl_cigar *b, int64_t tb)
{
    int64_t at[2][4096], shared = 0;
    memset(at, -1, sizeof at);
    for (int i = 0; i < 2; ++i) {
        const anl_cigar *c = i ? b : a;
        int64_t q = 0, t = i ? tb : ta;
        for (int32_t k = 0; k < c->n; ++k)
            for (int32_t j = 0; j < anl_cigar_len_of(c->list[k]); ++j) {
                const anl_cigar_op op = anl_cigar_op_of(c->list[k]);
                if (anl_cigar_is_column(op)) at[i][q] = t;
                q += anl_cigar_takes_query(op) || op == ANL_CIGAR_S;
                t += anl_cigar_takes_target(op);
            }
    }
    for (int q = 0; q < 4096; ++q) shared += at[0][q] >= 0 && at[0][q] == at[1][q];
    return shared;
}

static void columns_in_common(void **unused)
{
    (void)unused;
    static const struct {
        const char *a;
        int64_t ta;
        const char *b;
        int64_t tb, shared;
    } cases[] = {
        {"150M", 1000, "150M", 1000, 150},       {"150M", 1000, "150M", 1001, 0},
        {"91M50D59M", 1000, "93M57S", 1000, 91}, /* one side of a deletion, ... */
        {"91M50D59M", 1000, "91S59M", 1141, 59}, /* ... and the other */
        {"91M50D59M", 1000, "91S59M", 1091, 0},  /* on a diagonal that the other one leaves there */
        {"70M10I70M", 1000, "70M80S", 1000, 70}, {"10=5X10=", 50, "25M", 50, 25},
        {"40M110S", 7, "60S90M", 67, 0},         {"20M2D20M2I20M", 100, "62M", 100, 40},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        anl_cigar a = parse(cases[i].a), b = parse(cases[i].b);
        assert_int_equal(shared_slowly(&a, cases[i].ta, &b, cases[i].tb), cases[i].shared);
        assert_int_equal(anl_cigar_shared((anl_cigar_path){a.list, a.n, 0, cases[i].ta}, (anl_cigar_path){b.list, b.n, 0, cases[i].tb}),
                         cases[i].shared);
        free(a.list);
        free(b.list);
    }
    random_start();
    for (int i = 0; i < 2000; ++i) {
        anl_cigar c[2] = {{0}, {0}};
        const int64_t t[2] = {100 + random_below(8), 100 + random_below(8)};
        for (int k = 0; k < 2; ++k)
            for (uint32_t j = 1 + random_below(12); j--;)
                assert_int_equal(anl_cigar_push(&c[k], "\0\0\1\2\4\7\10"[random_below(7)], (int32_t)random_below(9)), 0);
        const anl_cigar_path a = {c[0].list, c[0].n, 0, t[0]}, b = {c[1].list, c[1].n, 0, t[1]};
        assert_int_equal(anl_cigar_shared(a, b), shared_slowly(&c[0], t[0], &c[1], t[1]));
        assert_int_equal(anl_cigar_shared(a, b), anl_cigar_shared(b, a));
        assert_int_equal(anl_cigar_columns(c[0].list, c[0].n), anl_cigar_shared(a, a));
        free(c[0].list);
        free(c[1].list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(operations), cmocka_unit_test(making), cmocka_unit_test(worth),
                                       cmocka_unit_test(gaps_move_left), cmocka_unit_test(columns_in_common)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
