/* The index file: what is written comes back, and damaged files are refused. */
#include "index_file.h"

#include "layout.h"
#include "search.h"

#include <sys/stat.h>
#include <xxhash.h>

static void contents_come_back(void **unused)
{
    (void)unused;
    make_vectors(300);
    anl_index *x = build(300);
    assert_int_equal(x->n_contigs, 2);
    assert_string_equal(x->contigs[1].name, "chr2");
    assert_int_equal(x->contig_begin[1], CONTIG - 10);
    assert_int_equal(anl_index_contig_at(x, CONTIG - 11), 0);
    assert_int_equal(anl_index_contig_at(x, CONTIG - 10), 1);
    assert_int_equal(x->n_windows, (CONTIG - 10 - 100 + 4) / 5 + 1 + 1);
    assert_int_equal(anl_index_window_pos(x, 0), 0);
    assert_int_equal(anl_index_window_pos(x, 7), 35);
    assert_int_equal(anl_index_window_pos(x, x->n_windows - 2), CONTIG - 110); /* ends with the contig */
    assert_int_equal(anl_index_window_pos(x, x->n_windows - 1), CONTIG - 10);
    int64_t from = -5, until = CONTIG + 5;
    anl_index_clip(x, 0, &from, &until);
    assert_int_equal(from, 0);
    assert_int_equal(until, CONTIG - 10);
    until = CONTIG;
    anl_index_clip(x, 1, &from, &until);
    assert_int_equal(from, CONTIG - 10);
    assert_int_equal(until, CONTIG);
    from = 5, until = 20; /* beside the contig */
    anl_index_clip(x, 1, &from, &until);
    assert_true(from >= until);
    static uint8_t out[CONTIG];
    for (int trial = 0; trial < 300; ++trial) {
        const int64_t begin = trial < 20 ? trial : (int64_t)random_below(CONTIG),
                      end = begin + random_below((uint32_t)(CONTIG - begin + 1));
        anl_index_fetch(x, begin, end, out);
        for (int64_t i = begin; i < end; ++i) {
            const int is_n = (i >= 100 && i < 200) || i == 5000;
            assert_int_equal(out[i - begin], is_n ? 4 : bases[i / 4] >> 2 * (i % 4) & 3);
        }
    }
    anl_index_free(x);
}

static void unique_bits_come_back(void **unused)
{
    (void)unused;
    make_vectors(300);
    anl_index *x = build(300);
    assert_int_equal(x->unique_k, UNIQUE_K);
    for (int trial = 0; trial < 2000; ++trial) {
        const int most = trial % 2 ? 200 : CONTIG;
        int64_t begin = (int64_t)random_below(CONTIG + 1), end = begin + random_below((uint32_t)most);
        if (end > CONTIG || trial % 5 == 0) end = CONTIG;
        const size_t words = (size_t)(end - begin + 63) / 64;
        uint64_t *out = guarded(words * sizeof *out);
        anl_index_unique(x, begin, end, out);
        for (int64_t i = 0; i < (int64_t)words * 64; ++i) {
            const int64_t p = begin + i;
            assert_int_equal(out[i / 64] >> i % 64 & 1, p < end ? unique[p / 64] >> p % 64 & 1 : 0);
        }
        release(out, words * sizeof *out);
    }
    anl_index_free(x);
}

static void spells_as(const anl_index *x, int64_t begin, int64_t end, const char *md, const char *expected)
{
    char text[64];
    strcpy(text, md);
    anl_index_spell_md(x, begin, end, text);
    assert_string_equal(text, expected);
}

/* Letters stand at 110 (R), 112 (Y) and 5000 (B). */
static void md_has_the_letters(void **unused)
{
    (void)unused;
    make_vectors(20);
    anl_index *x = build(20);
    spells_as(x, 100, 116, "0N0N0N0N0N0N0N0N0N0N0N0N0N0N0N0N0", "0N0N0N0N0N0N0N0N0N0N0R0N0Y0N0N0N0");
    spells_as(x, 110, 120, "0N1N7", "0R1Y7");
    spells_as(x, 108, 115, "2N0A0N2", "2R0A0Y2");
    spells_as(x, 105, 115, "5^NAN2", "5^RAY2"); /* deleted */
    spells_as(x, 105, 115, "3^AC0N1N2", "3^AC0R1Y2");
    spells_as(x, 109, 112, "1N1", "1R1");
    spells_as(x, 4990, 5001, "10N0", "10B0");
    spells_as(x, 4990, 5000, "9A0", "9A0");
    spells_as(x, 300, 400, "50N49", "50N49");
    spells_as(x, 110, 111, "", "");
    anl_index_free(x);
}

/* The bases of every region near runs of N as anl_index_fetch has them, with the letters in their places. */
static void bases_have_the_letters(void **unused)
{
    (void)unused;
    make_vectors(20);
    anl_index *x = build(20);
    char got[128];
    uint8_t codes[128];
    for (int64_t begin = 95; begin < 215; ++begin) {
        for (int64_t end = begin; end < begin + 120; end += 7) {
            anl_index_fetch(x, begin, end, codes);
            memset(got, '#', sizeof got);
            anl_index_letters(x, begin, end, got);
            for (int64_t i = begin; i < end; ++i)
                assert_int_equal(got[i - begin], i == 110 ? 'R' : i == 112 ? 'Y' : i >= 100 && i < 200 ? 'N' : "ACGT"[codes[i - begin]]);
            assert_int_equal(got[end - begin], '#');
        }
    }
    anl_index_letters(x, 4999, 5002, got);
    assert_int_equal(got[1], 'B');
    anl_index_free(x);
}

static void window_counts(void **unused)
{
    (void)unused;
    assert_int_equal(anl_index_window_count(0, 160, 48), 0);
    assert_int_equal(anl_index_window_count(1, 160, 48), 1);
    assert_int_equal(anl_index_window_count(160, 160, 48), 1);
    assert_int_equal(anl_index_window_count(161, 160, 48), 2);
    assert_int_equal(anl_index_window_count(208, 160, 48), 2);
    assert_int_equal(anl_index_window_count(209, 160, 48), 3);
}

static uint8_t *slurp(size_t *size)
{
    struct stat st;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fstat(fileno(f), &st), 0);
    uint8_t *bytes = malloc((size_t)st.st_size);
    *size = fread(bytes, 1, (size_t)st.st_size, f);
    assert_int_equal(*size, st.st_size);
    fclose(f);
    return bytes;
}

static void spit(const uint8_t *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
}

/* As a whole: what is verified when an index is opened, and what beside the work with it, in a thread or by who asks. */
static int open_and_check(anl_index **x)
{
    int rc = anl_index_open(x, path);
    if (rc) return rc;
    if (random_below(2)) anl_index_check_begin(*x);
    if ((rc = anl_index_check(*x))) {
        assert_int_equal(anl_index_check(*x), rc);
        assert_int_equal(anl_index_unchanged(*x), rc);
        anl_index_free(*x);
        *x = NULL;
    }
    return rc;
}

static void refused(int code)
{
    anl_index *x;
    assert_int_equal(open_and_check(&x), code);
    assert_non_null(strstr(anl_error(), path));
    assert_null(strchr(anl_error(), '\n'));
}

static void damage_is_refused(void **unused)
{
    (void)unused;
    make_vectors(300);
    anl_index_free(build(300));
    size_t size;
    uint8_t *bytes = slurp(&size);
    for (int i = 0; i < 40; ++i) {
        spit(bytes, size * (size_t)i / 40);
        refused(ANL_EFORMAT);
    }
    for (int i = 0; i < 400; ++i) {
        const size_t at = i < 100 ? (size_t)i * 4 + 16 : random_below((uint32_t)size);
        const uint8_t bit = (uint8_t)(1 << random_below(8));
        bytes[at] ^= bit;
        spit(bytes, size);
        anl_index *x = NULL;
        const int rc = open_and_check(&x);
        bytes[at] ^= bit;
        if (rc) continue;
        /* Only the padding between sections is not covered by a checksum. */
        assert_int_equal(bytes[at], 0);
        anl_index_free(x);
    }
    for (int version = 1; version <= 4; version += 3) {
        bytes[8] = (uint8_t)version;
        spit(bytes, size);
        refused(ANL_EVERSION);
        assert_non_null(strstr(anl_error(), "build the index again"));
    }
    bytes[0] = 'X';
    spit(bytes, size);
    refused(ANL_EFORMAT);
    free(bytes);
}

/* A flipped bit in a large section does not keep an index from being opened, nor from being freed while it is checked; a check names the section. */
static void large_sections_are_checked_beside(void **unused)
{
    (void)unused;
    static const int large[] = {SECTION_BASES, SECTION_CODES, SECTION_BIAS, SECTION_IDS, SECTION_UNIQUE};
    make_vectors(5000);
    anl_index_free(build(5000));
    size_t size;
    uint8_t *bytes = slurp(&size);
    anl_index_header h;
    memcpy(&h, bytes, sizeof h);
    for (int i = 0; i < N_SECTIONS; ++i) {
        int is_large = 0, damaged = 0;
        for (size_t j = 0; j < sizeof large / sizeof *large; ++j) is_large |= i == large[j];
        const size_t at = h.section[i].offset + random_below((uint32_t)h.section[i].size);
        bytes[at] ^= 16;
        spit(bytes, size);
        bytes[at] ^= 16;
        anl_index *x;
        assert_int_equal(anl_index_open(&x, path), is_large ? 0 : ANL_EFORMAT);
        if (!is_large) continue;
        uint64_t all, n;
        const char *name = anl_index_section(x, i, &all);
        assert_int_equal(all, h.section[i].size);
        for (int j = 0; anl_index_section(x, j, &n); ++j) {
            const int rc = anl_index_check_section(x, j);
            damaged += rc != 0;
            assert_int_equal(rc, j == i                        ? ANL_EFORMAT
                                 : damaged && j == SECTION_IDS ? rc
                                                               : 0); /* lists are codes, biases and ids together */
        }
        assert_int_equal(anl_index_check(x), ANL_EFORMAT);
        assert_non_null(strstr(anl_error(), name));
        anl_index_free(x);
        assert_int_equal(anl_index_open(&x, path), 0);
        anl_index_check_begin(x);
        anl_index_free(x);
    }
    free(bytes);
}

/* A run may meet entries before it is known that they are damaged: no window comes back that there is not, and hits keep their order. */
static void damaged_entries_do_no_harm(void **unused)
{
    (void)unused;
    enum { N = 5000, Q = 60, K = 16 };
    static int8_t queries[Q][D];
    static anl_hit hits[Q * K];
    int counts[Q], multipliers[Q];
    make_vectors(N);
    anl_index_free(build(N));
    size_t size;
    uint8_t *whole = slurp(&size), *bytes = malloc(size);
    anl_index_header h;
    memcpy(&h, whole, sizeof h);
    for (int round = 0; round < 12; ++round) {
        static const int which[] = {SECTION_IDS, SECTION_BIAS, SECTION_CODES};
        static const int32_t odd[] = {INT32_MIN, INT32_MAX, -1, 0x7f7f7f7f, 0x01010101, INT32_MIN + 1};
        memcpy(bytes, whole, size);
        for (int s = 0; s < 3; ++s) {
            int32_t *words = (int32_t *)(void *)(bytes + h.section[which[s]].offset);
            for (size_t i = 0; i < h.section[which[s]].size / 4; ++i)
                if (!random_below(3))
                    words[i] = random_below(2) ? odd[random_below(6)] : (int32_t)(random_below(65536) << 16 | random_below(65536));
        }
        spit(bytes, size);
        anl_index *x;
        anl_search *s;
        anl_search_scratch *sc;
        assert_int_equal(anl_index_open(&x, path), 0);
        assert_int_equal(anl_search_new(&s, x, ANL_SEARCH_NATIVE), 0);
        if (round % 2) anl_search_competing_only(s);
        assert_int_equal(anl_search_scratch_new(&sc, s), 0);
        for (int q = 0; q < Q; ++q) memcpy(queries[q], vectors[random_below(N)], D);
        assert_int_equal(anl_search_sure(s, sc, queries[0], Q, K, hits, counts, multipliers), 0);
        for (int q = 0; q < Q; ++q)
            for (int i = 0; i < counts[q]; ++i) {
                const anl_hit *hit = &hits[q * K + i];
                assert_true(hit->window < x->n_windows && hit->dist >= 0);
                assert_true(!i || hit->dist >= hit[-1].dist);
            }
        assert_int_equal(anl_index_check(x), ANL_EFORMAT);
        anl_search_scratch_free(sc);
        anl_search_free(s);
        anl_index_free(x);
    }
    free(whole);
    free(bytes);
}

/* One bit of the uniqueness map is enough; and so is what no map can hold, under a right checksum. */
static void wrong_unique_bits_are_refused(void **unused)
{
    (void)unused;
    make_vectors(300);
    anl_index_free(build(300));
    size_t size;
    uint8_t *bytes = slurp(&size);
    anl_index_header h;
    memcpy(&h, bytes, sizeof h);
    assert_int_equal(h.section[SECTION_UNIQUE].size, CONTIG / 8);
    for (int i = 0; i < 100; ++i) {
        const size_t at = h.section[SECTION_UNIQUE].offset + random_below(CONTIG / 8);
        const uint8_t bit = (uint8_t)(1 << random_below(8));
        bytes[at] ^= bit;
        spit(bytes, size);
        refused(ANL_EFORMAT);
        assert_non_null(strstr(anl_error(), "checksum"));
        bytes[at] ^= bit;
    }
    free(bytes);
    for (int i = 0; i < UNIQUE_K - 1 + 10; ++i) {
        const int at = CONTIG - 1 - i;
        unique[at / 64] ^= UINT64_C(1) << at % 64;
        write_index(300, UNIQUE_K);
        refused(ANL_EFORMAT);
        unique[at / 64] ^= UINT64_C(1) << at % 64;
    }
    for (int k = ANL_UNIQUE_MIN_K - 1; k <= ANL_UNIQUE_MAX_K + 1; k += ANL_UNIQUE_MAX_K - ANL_UNIQUE_MIN_K + 2) {
        write_index(300, k);
        refused(ANL_EFORMAT);
    }
}

/* With checksums that are right. */
static void wrong_letters_are_refused(void **unused)
{
    (void)unused;
    static const uint64_t wrong[] = {110 << 8 | 'R', 109 << 8 | 'R', (uint64_t)CONTIG << 8 | 'R', 120 << 8 | 'N', 120 << 8 | 'A', 120 << 8};
    make_vectors(20);
    const uint64_t right = letters[1];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        letters[1] = wrong[i];
        write_index(20, UNIQUE_K);
        refused(ANL_EFORMAT);
    }
    letters[1] = right;
}

/* Of an index without them the version is the one that older programs read. */
static void alt_contigs_come_back(void **unused)
{
    (void)unused;
    anl_index_header h;
    size_t size;
    make_vectors(20);
    for (int alt = 0; alt < 2; ++alt) {
        contigs[1].alt = (uint8_t)alt;
        anl_index *x = build(20);
        uint8_t *bytes = slurp(&size);
        assert_int_equal(bytes[8], alt ? ANL_INDEX_VERSION_ALT : ANL_INDEX_VERSION);
        free(bytes);
        assert_int_equal(x->n_alts, alt);
        assert_false(anl_index_is_alt(x, 0));
        assert_int_equal(anl_index_is_alt(x, 1), alt);
        anl_index_forget_alts(x);
        assert_int_equal(x->n_alts, 0);
        assert_false(anl_index_is_alt(x, 1));
        assert_int_equal(anl_index_check(x), 0);
        anl_index_free(x);
    }
    contigs[1].alt = 2; /* nothing has such contigs */
    write_index(20, UNIQUE_K);
    refused(ANL_EFORMAT);
    contigs[1].alt = 1; /* nor does version 2 have any */
    write_index(20, UNIQUE_K);
    uint8_t *bytes = slurp(&size);
    memcpy(&h, bytes, sizeof h);
    h.version = ANL_INDEX_VERSION;
    h.checksum = XXH3_64bits(&h, offsetof(anl_index_header, checksum));
    memcpy(bytes, &h, sizeof h);
    spit(bytes, size);
    free(bytes);
    refused(ANL_EFORMAT);
    contigs[1].alt = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contents_come_back),
        cmocka_unit_test(unique_bits_come_back),
        cmocka_unit_test(bases_have_the_letters),
        cmocka_unit_test(md_has_the_letters),
        cmocka_unit_test(window_counts),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(wrong_unique_bits_are_refused),
        cmocka_unit_test(wrong_letters_are_refused),
        cmocka_unit_test(large_sections_are_checked_beside),
        cmocka_unit_test(damaged_entries_do_no_harm),
        cmocka_unit_test(alt_contigs_come_back),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
