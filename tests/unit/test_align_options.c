/* Options: the defaults are bwa mem's, every limit holds, and presets give way to what was given. */
#include "random.h"

#include "options.h"

static void defaults_are_those_of_bwa_mem(void **unused)
{
    (void)unused;
    const anl_align_options o = anl_align_options_default();
    const anl_sw_params *s = &o.align.score;
    assert_int_equal(anl_options_check(&anl_align_option_table, &o), 0);
    const int32_t scores[] = {s->match, s->mismatch, s->del_open, s->del_extend, s->ins_open, s->ins_extend}, wanted[] = {1, 4, 6, 1, 6, 1};
    assert_memory_equal(scores, wanted, sizeof wanted);
    assert_int_equal(o.align.clip5, 5);
    assert_int_equal(o.align.clip3, 5);
    assert_int_equal(o.unpaired, 17);
    assert_int_equal(o.min_score, 30);
    assert_int_equal(o.threads, 1);
    assert_int_equal(o.all | o.parts_secondary | o.parts_whole | o.insert_given | (int)o.given, 0);
}

/* Sets one field to `value`; whether the options are still allowed, or are refused by the option's name. */
static int allows(anl_align_options *o, const char *name, int32_t *field, int32_t value)
{
    const int32_t before = *field;
    *field = value;
    const int rc = anl_options_check(&anl_align_option_table, o);
    *field = before;
    if (rc) {
        assert_int_equal(rc, ANL_EINVAL);
        assert_int_equal(strncmp(anl_error(), name, strlen(name)), 0);
    }
    return !rc;
}

static void limits_hold(void **unused)
{
    (void)unused;
    anl_align_options o = anl_align_options_default();
    anl_sw_params *s = &o.align.score;
    const struct {
        const char *name;
        int32_t *field, low, high;
    } limits[] = {
        {"-t ", &o.threads, 1, 1024},    {"-A ", &s->match, 1, 100},        {"-B ", &s->mismatch, 0, 100},
        {"-O ", &s->del_open, 0, 100},   {"-O ", &s->ins_open, 0, 100},     {"-E ", &s->del_extend, 1, 100},
        {"-E ", &s->ins_extend, 1, 100}, {"-L ", &o.align.clip5, 0, 10000}, {"-L ", &o.align.clip3, 0, 10000},
        {"-U ", &o.unpaired, 0, 10000},  {"-T ", &o.min_score, 0, 1000000}, {"-k ", &o.candidates, 1, 2048},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; ++i) {
        assert_true(allows(&o, limits[i].name, limits[i].field, limits[i].low));
        assert_true(allows(&o, limits[i].name, limits[i].field, limits[i].high));
        assert_false(allows(&o, limits[i].name, limits[i].field, limits[i].low - 1));
        assert_false(allows(&o, limits[i].name, limits[i].field, limits[i].high + 1));
    }
    o.batch_bases = -1;
    assert_int_equal(anl_options_check(&anl_align_option_table, &o), ANL_EINVAL);
    o.batch_bases = INT64_C(1) << 40;
    assert_int_equal(anl_options_check(&anl_align_option_table, &o), 0);
}

static void expect_scores(const anl_align_options *o, int32_t match, int32_t mismatch, int32_t open, int32_t extend, int32_t long_open,
                          int32_t least)
{
    const anl_sw_params *s = &o->long_reads.score.score;
    assert_int_equal(s->match, match);
    assert_int_equal(s->mismatch, mismatch);
    assert_int_equal(s->del_open, open);
    assert_int_equal(s->ins_open, open);
    assert_int_equal(s->del_extend, extend);
    assert_int_equal(s->ins_extend, extend);
    assert_int_equal(o->long_reads.score.long_open, long_open);
    assert_int_equal(o->long_reads.min_score, least);
}

static void diverged_sets_scores_of_short_reads(void **unused)
{
    (void)unused;
    anl_align_options o = anl_align_options_default();
    o.preset = ANL_PRESET_DIVERGED;
    anl_align_options_resolve(&o);
    const anl_sw_params want = {2, 3, 5, 2, 5, 2};
    assert_memory_equal(&o.align.score, &want, sizeof want);
    assert_int_equal(o.min_score, 40);
    assert_int_equal(o.unpaired, 34);
    expect_scores(&o, 2, 4, 4, 2, 24, 80); /* long reads as without it */
    o = anl_align_options_default();
    o.preset = ANL_PRESET_DIVERGED;
    o.given = ANL_GIVEN_MATCH | ANL_GIVEN_OPEN | ANL_GIVEN_LEAST | ANL_GIVEN_UNPAIRED;
    anl_align_options_resolve(&o);
    const anl_sw_params mixed = {1, 3, 6, 2, 6, 2};
    assert_memory_equal(&o.align.score, &mixed, sizeof mixed);
    assert_int_equal(o.min_score, 30);
    assert_int_equal(o.unpaired, 17);
}

static void a_match_multiplies_what_is_not_given(void **unused)
{
    (void)unused;
    anl_align_options o = anl_align_options_default();
    o.given = ANL_GIVEN_MATCH | ANL_GIVEN_OPEN | ANL_GIVEN_UNPAIRED;
    o.align.score.match = 2;
    for (int again = 0; again < 2; ++again) {
        anl_align_options_resolve(&o);
        const anl_sw_params want = {2, 8, 6, 2, 6, 2};
        assert_memory_equal(&o.align.score, &want, sizeof want);
        assert_int_equal(o.align.clip5, 10);
        assert_int_equal(o.align.clip3, 10);
        assert_int_equal(o.unpaired, 17);
        assert_int_equal(o.min_score, 60);
    }
}

static void presets_give_way_to_what_was_given(void **unused)
{
    (void)unused;
    anl_align_options o = anl_align_options_default();
    anl_align_options_resolve(&o);
    expect_scores(&o, 2, 4, 4, 2, 24, 80); /* noisy reads, where nothing is said */
    o.preset = ANL_PRESET_SR;
    anl_align_options_resolve(&o);
    expect_scores(&o, 1, 4, 6, 1, -1, 30);
    o.preset = ANL_PRESET_HIFI;
    anl_align_options_resolve(&o);
    expect_scores(&o, 1, 4, 6, 2, 26, 200);
    o.given = ANL_GIVEN_MISMATCH | ANL_GIVEN_LEAST;
    o.align.score.mismatch = 3;
    o.align.score.match = 9; /* of short reads, but not given */
    o.min_score = 50;
    anl_align_options_resolve(&o);
    expect_scores(&o, 1, 3, 6, 2, 26, 50);
    o.given = ANL_GIVEN_MATCH | ANL_GIVEN_OPEN | ANL_GIVEN_EXTEND; /* a gap cost given is the only one */
    o.align.score.del_open = o.align.score.ins_open = 7;
    o.align.score.del_extend = o.align.score.ins_extend = 3;
    anl_align_options_resolve(&o);
    expect_scores(&o, 9, 4, 7, 3, -1, 200);
    o.align.clip5 = 1, o.align.clip3 = 2, o.align.eqx = 1;
    anl_align_options_resolve(&o);
    assert_int_equal(o.long_reads.clip5, 1);
    assert_int_equal(o.long_reads.clip3, 2);
    assert_int_equal(o.long_reads.eqx, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_bwa_mem),       cmocka_unit_test(limits_hold),
        cmocka_unit_test(diverged_sets_scores_of_short_reads), cmocka_unit_test(a_match_multiplies_what_is_not_given),
        cmocka_unit_test(presets_give_way_to_what_was_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
