/* Tags that follow the read: turned and cut as their makers have it; base modifications against a list of what is modified. */
#include "random.h"

#include "base_mods.h"
#include "base_tags.h"

enum { MOST = 60 };

/* A tag of BAM: Z from text, or B from bytes of `width` each. */
static anl_tag text_tag(const char *name, const char *text)
{
    return (anl_tag){{name[0], name[1], 0}, 'Z', (const uint8_t *)text, (int32_t)strlen(text) + 1};
}

static anl_tag array_tag(const char *name, char type, const void *values, uint32_t n, size_t width)
{
    static uint8_t bytes[5 + 4 * MOST];
    bytes[0] = (uint8_t)type;
    memcpy(bytes + 1, &n, 4);
    memcpy(bytes + 5, values, n * width);
    return (anl_tag){{name[0], name[1], 0}, 'B', bytes, (int32_t)(5 + n * width)};
}

static void fits_as(const char *name, const char *text, anl_held held, const char *expected)
{
    uint8_t to[MOST];
    const anl_tag tag = text_tag(name, text);
    const int32_t n = anl_base_tag_fit(&tag, &held, to);
    if (!expected) {
        assert_int_equal(n, 0);
        return;
    }
    assert_int_equal(n, strlen(expected) + 1);
    assert_string_equal((char *)to, expected);
}

static void text_values(void **unused)
{
    (void)unused;
    fits_as("OQ", "abcdef", (anl_held){6, 0, 6, 0}, "abcdef");
    fits_as("OQ", "abcdef", (anl_held){6, 0, 6, 1}, "fedcba");
    fits_as("OQ", "abcdef", (anl_held){6, 1, 4, 0}, "bcd");
    fits_as("OQ", "abcdef", (anl_held){6, 1, 4, 1}, "edc"); /* 2H3M1H in reverse: all but the last base and the first two */
    fits_as("U2", "abcdef", (anl_held){6, 0, 2, 1}, "fe");
    fits_as("E2", "AACGTN", (anl_held){6, 0, 6, 1}, "NACGTT");
    fits_as("E2", "RYKMac", (anl_held){6, 0, 5, 1}, "gtKMR");
    fits_as("iq", "abcdef", (anl_held){6, 0, 6, 1}, "abcdef"); /* PacBio: never turned */
    fits_as("iq", "abcdef", (anl_held){6, 1, 4, 0}, "bcd");
    fits_as("iq", "abcdef", (anl_held){6, 1, 4, 1}, "cde");
    fits_as("OQ", "abcdef", (anl_held){5, 0, 5, 1}, NULL); /* not of this read */
    fits_as("CQ", "abcdef", (anl_held){6, 0, 6, 1}, NULL); /* colours stay those of the whole read */
    fits_as("OQ", "", (anl_held){0, 0, 0, 1}, "");
    fits_as("st", "2026-11-26T09:40:20.123+00:00", (anl_held){80, 0, 50, 0}, NULL); /* dorado's start time */
}

static void arrays(void **unused)
{
    (void)unused;
    static const uint16_t values[6] = {1, 2, 300, 4, 5, 6};
    static const uint8_t forward[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, backward[10] = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
    uint8_t to[64];
    uint16_t got[6];
    uint32_t n;
    anl_tag tag = array_tag("cd", 'S', values, 6, 2);
    assert_int_equal(anl_base_tag_fit(&tag, &(anl_held){6, 1, 5, 1}, to), 5 + 8);
    memcpy(&n, to + 1, 4);
    memcpy(got, to + 5, 8);
    assert_true(to[0] == 'S' && n == 4 && got[0] == 5 && got[1] == 4 && got[2] == 300 && got[3] == 2);
    /* PacBio's example of kinetics clipped to [1, 4), of a forward record and of a reverse one */
    for (int reverse = 0; reverse < 2; ++reverse) {
        const anl_held held = reverse ? (anl_held){10, 6, 9, 1} : (anl_held){10, 1, 4, 0};
        tag = array_tag("fi", 'C', forward, 10, 1);
        assert_int_equal(anl_base_tag_fit(&tag, &held, to), 5 + 3);
        assert_true(to[5] == 1 && to[6] == 2 && to[7] == 3);
        tag = array_tag("ri", 'C', backward, 10, 1);
        assert_int_equal(anl_base_tag_fit(&tag, &held, to), 5 + 3);
        assert_true(to[5] == 3 && to[6] == 2 && to[7] == 1);
    }
    tag = array_tag("bc", 'S', values, 2, 2); /* barcodes of PacBio, not bases of fgbio */
    assert_int_equal(anl_base_tag_fit(&tag, &(anl_held){2, 0, 2, 1}, to), 0);
    tag = array_tag("ip", 'C', values, 0, 1);
    assert_int_equal(anl_base_tag_fit(&tag, &(anl_held){0, 0, 0, 1}, to), 5);
}

/* Turned twice, a whole read's tag is what it was. */
static void twice_is_nothing(void **unused)
{
    (void)unused;
    static const char *const names[] = {"OQ", "U2", "E2", "BI", "aq", "ac", "t0", "iq"};
    random_start();
    for (int i = 0; i < 1000; ++i) {
        char text[MOST + 1] = "", once[MOST + 1], twice[MOST + 1];
        const int32_t len = (int32_t)random_below(MOST);
        for (int32_t j = 0; j < len; ++j) text[j] = "ACGTNRYSWKMBDHVacgtnryswkmbdhv!~"[random_below(32)];
        const char *name = names[random_below(8)];
        const anl_held whole = {len, 0, len, 1};
        anl_tag tag = text_tag(name, text);
        assert_int_equal(anl_base_tag_fit(&tag, &whole, (uint8_t *)once), len + 1);
        tag = text_tag(name, once);
        assert_int_equal(anl_base_tag_fit(&tag, &whole, (uint8_t *)twice), len + 1);
        assert_string_equal(twice, text);
    }
}

static void malformed_tags(void **unused)
{
    (void)unused;
    static const struct {
        const char *bytes;
        size_t n;
        int tags;
    } cases[] = {
        {"", 0, 0},
        {"XXC\7", 4, 1},
        {"XXZab\0YYA!", 10, 2},
        {"XXBC\3\0\0\0abc", 11, 1},
        {"XXBI\0\0\0\0", 8, 1},
        {"XXC", 3, -1},
        {"XXZab", 5, -1},
        {"XXi\1\1\1", 6, -1},
        {"XXQ\1", 4, -1},
        {"XXBC\3\0\0\0ab", 10, -1},
        {"XXBQ\1\0\0\0a", 9, -1},
        {"XXBC\377\377\377\377a", 9, -1},
        {"XXZa\tb\0", 7, -1},
        {"XXZa\nb\0", 7, -1},
        {"XXA\n", 4, -1},
        {"X\tC\1", 4, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        const uint8_t *at = (const uint8_t *)cases[i].bytes, *end = at + cases[i].n;
        anl_tag tag;
        int more, n = 0;
        while ((more = anl_tag_next(&at, end, &tag)) > 0) ++n;
        if ((more < 0 ? -1 : n) != cases[i].tags) fail_msg("case %zu: %d tags, then %d", i, n, more);
    }
}

static void whose_tags(void **unused)
{
    (void)unused;
    static const char aligners[] =
        "tpA cmC s1S s2S msS nnC def rlC X0C X1C XMC XOC XGC XNC XTA YSc YTZ ZSc ZPc cgZ NMC ASi XSC XSA XAZ SAZ MDZ MCZ "
        "MQC csZ NHC HIC jMB nMC tsA MMC chA paf PGZ CGB BQZ dvf";
    static const char users[] =
        "RGZ BCZ RXZ CBZ UBZ MMZ MLB MNC OQZ tpB tsS XTC XMZ XCZ mvB nsI stZ chS qsf MIZ OXZ BXZ OAZ cDC paB XBZ ipB";
    for (int of = 0; of < 2; ++of)
        for (const char *t = of ? aligners : users;; t += 4) {
            const anl_tag tag = {{t[0], t[1], 0}, t[2], NULL, 0};
            if (anl_tag_of_alignment(&tag) != of) fail_msg("%.3s: should be %s", t, of ? "an aligner's" : "a user's");
            if (!t[3]) break;
        }
}

/* ---- base modifications ---- */

static void cut_as(const char *mm, const char *ml, const char *seq, int32_t begin, int32_t end, const char *want_mm, const char *want_ml)
{
    uint8_t codes[MOST];
    kstring_t a = KS_INITIALIZE, b = KS_INITIALIZE;
    const int32_t len = (int32_t)strlen(seq);
    for (int32_t i = 0; i < len; ++i) codes[i] = (uint8_t)(strchr("ACGTN", seq[i]) - "ACGTN");
    const int fits = anl_base_mods_cut(mm, (const uint8_t *)ml, ml ? (uint32_t)strlen(ml) : 0, codes, len, begin, end, &a, &b);
    assert_int_equal(fits, want_mm != NULL);
    if (want_mm) {
        assert_string_equal(ks_c_str(&a), want_mm);
        assert_string_equal(ks_c_str(&b), want_ml ? want_ml : "");
    }
    ks_free(&a);
    ks_free(&b);
}

static void mods_by_hand(void **unused)
{
    (void)unused;
    const char *seq = "ACCGTCNACG"; /* C at 1, 2, 5 and 8 */
    cut_as("C+m,0,1;", "ab", seq, 0, 10, "C+m,0,1;", "ab");
    cut_as("C+m,0,1;", "ab", seq, 2, 10, "C+m,1;", "b");
    cut_as("C+m,0,1;", "ab", seq, 5, 6, "C+m,0;", "b");
    cut_as("C+m,0,1;", "ab", seq, 0, 5, "C+m,0;", "a");
    cut_as("C+m?,0,1;", "ab", seq, 6, 10, "C+m?;", ""); /* none left, but what is not listed is still unknown */
    cut_as("C+m,3;", NULL, seq, 3, 10, "C+m,1;", NULL);
    cut_as("C+mh,0,1;G-76792.,1;N+n,6,0;", "abcdefg", seq, 4, 9, "C+mh,0;G-76792.;N+n,2,0;", "cdfg");
    cut_as("T+b,0;U+b,0;", "ab", seq, 4, 5, "T+b,0;U+b,0;", "ab");
    cut_as("", "", seq, 2, 4, "", "");
    cut_as("C+m,0,1;", "abc", seq, 0, 9, NULL, NULL); /* too many probabilities, too few, too many bases */
    cut_as("C+m,0,1;", "a", seq, 0, 9, NULL, NULL);
    cut_as("C+m,4;", "a", seq, 0, 9, NULL, NULL);
    for (const char *const *bad = (const char *const[]){"C", "C+", "C+m", "C+m,", "C+m,0", "C+m,x;", "C+m,-1;", "X+m,0;", "C*m,0;",
                                                        "C+m!,0;", "C+,0;", ";", NULL};
         *bad; ++bad)
        cut_as(*bad, NULL, seq, 0, 9, NULL, NULL);
}

/* Random modifications of random reads: what is left of a segment are those inside, at their places. */
static void mods_at_random(void **unused)
{
    (void)unused;
    random_start();
    kstring_t mm = KS_INITIALIZE, ml = KS_INITIALIZE, want_mm = KS_INITIALIZE, want_ml = KS_INITIALIZE, got_mm = KS_INITIALIZE,
              got_ml = KS_INITIALIZE;
    for (int round = 0; round < 5000; ++round) {
        uint8_t seq[MOST];
        const int32_t len = 1 + (int32_t)random_below(MOST), begin = (int32_t)random_below((uint32_t)len),
                      end = begin + 1 + (int32_t)random_below((uint32_t)(len - begin));
        for (int32_t i = 0; i < len; ++i) seq[i] = (uint8_t)random_below(5);
        mm.l = ml.l = want_mm.l = want_ml.l = got_mm.l = got_ml.l = 0;
        for (uint32_t group = random_below(4); group--;) {
            const int kind = (int)random_below(5), codes = 1 + (int)random_below(2);
            const char *heads[2] = {"%c+m", "%c-ah?"};
            int passed = 0, inside_passed = 0;
            ksprintf(&mm, heads[codes - 1], "ACGTN"[kind]);
            ksprintf(&want_mm, heads[codes - 1], "ACGTN"[kind]);
            for (int32_t i = 0; i < len; ++i) {
                if (kind < 4 && seq[i] != kind) continue;
                const int inside = i >= begin && i < end;
                if (random_below(3)) {
                    ++passed;
                    inside_passed += inside;
                    continue;
                }
                ksprintf(&mm, ",%d", passed);
                if (inside) ksprintf(&want_mm, ",%d", inside_passed);
                for (int c = 0; c < codes; ++c) {
                    const int p = (int)random_below(256);
                    kputc(p, &ml);
                    if (inside) kputc(p, &want_ml);
                }
                passed = 0;
                if (inside) inside_passed = 0;
            }
            kputc(';', &mm);
            kputc(';', &want_mm);
        }
        assert_int_equal(
            anl_base_mods_cut(mm.l ? mm.s : "", ml.l ? (uint8_t *)ml.s : NULL, (uint32_t)ml.l, seq, len, begin, end, &got_mm, &got_ml), 1);
        assert_string_equal(got_mm.l ? got_mm.s : "", want_mm.l ? want_mm.s : "");
        assert_int_equal(got_ml.l, want_ml.l);
        if (want_ml.l) assert_memory_equal(got_ml.s, want_ml.s, want_ml.l);
    }
    ks_free(&mm), ks_free(&ml), ks_free(&want_mm), ks_free(&want_ml), ks_free(&got_mm), ks_free(&got_ml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_values), cmocka_unit_test(arrays),       cmocka_unit_test(twice_is_nothing), cmocka_unit_test(malformed_tags),
        cmocka_unit_test(whose_tags),  cmocka_unit_test(mods_by_hand), cmocka_unit_test(mods_at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
