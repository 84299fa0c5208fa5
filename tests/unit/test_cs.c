/* The tag cs: hand-made alignments, and random ones against the reference that the writer never sees. */
#include "random.h"

#include "cs.h"
#include "cs_text.h"

#include <ctype.h>
#include <htslib/sam.h>

enum { MOST = 400 };

/* "3S5M" to BAM packing; its number of operations. */
static int32_t parse(const char *text, uint32_t *cigar)
{
    int32_t n = 0;
    for (char *end; *text; text = end + 1) {
        const uint32_t len = (uint32_t)strtoul(text, &end, 10);
        cigar[n++] = len << 4 | (uint32_t)(strchr(BAM_CIGAR_STR, *end) - BAM_CIGAR_STR);
    }
    return n;
}

static int cs_of(kstring_t *out, anl_cs_form form, const char *cigar, const char *md, const char *seq)
{
    uint32_t ops[64];
    out->l = 0;
    return anl_cs_append(out, form, ops, parse(cigar, ops), md, seq);
}

static void hand_made(void **unused)
{
    (void)unused;
    static const struct {
        const char *cigar, *md, *seq, *brief, *full;
    } cases[] = {
        {"4M", "4", "ACGT", ":4", "=ACGT"},
        {"6M2I5M2D2M", "3A2C4^CC2", "ACGGGGTTACACAAA", ":3*ag:2+tt*ca:4-cc:2", "=ACG*ag=GG+tt*ca=CACA-cc=AA"},
        {"2S3M3S", "3", "TTACGGG", ":3", "=ACG"},
        {"2H3M1S", "0G2", "TTACGG", "*ga:2", "*ga=CG"}, /* hard clips, too, are in seq */
        {"2=1X2=", "2T2", "ACGTA", ":2*tg:2", "=AC*tg=TA"},
        {"3M", "0A0C0G0", "CGT", "*ac*cg*gt", "*ac*cg*gt"},
        {"3M", "1N1", "ANA", ":1*nn:1", "=A*nn=A"},                    /* N differs from everything */
        {"2M1D1M", "2^A0C0", "GGT", ":2-a*ct", "=GG-a*ct"},            /* a mismatch right behind a deletion */
        {"2M2I2D2M", "2^AC2", "GGTTCC", ":2+tt-ac:2", "=GG+tt-ac=CC"}, /* an insertion beside a deletion */
        {"2M2D2I2M", "2^AC2", "GGTTCC", ":2-ac+tt:2", "=GG-ac+tt=CC"},
        {"2M1I2M", "4", "ACTGA", ":2+t:2", "=AC+t=GA"}, /* one run in MD, two here */
        {"2M2M", "4", "ACGT", ":4", "=ACGT"},
    };
    kstring_t out = KS_INITIALIZE;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        assert_int_equal(cs_of(&out, ANL_CS_SHORT, cases[i].cigar, cases[i].md, cases[i].seq), 0);
        assert_string_equal(out.s, cases[i].brief);
        assert_int_equal(cs_of(&out, ANL_CS_LONG, cases[i].cigar, cases[i].md, cases[i].seq), 0);
        assert_string_equal(out.s, cases[i].full);
    }
    ks_free(&out);
}

static void what_does_not_fit(void **unused)
{
    (void)unused;
    static const char *const cases[][2] = {{"4M", "3"},     {"4M", "5"},        {"4M", ""},          {"2M1D2M", "4"},
                                           {"4M", "2^A2"},  {"2M2D2M", "2^A2"}, {"2M1D2M", "2^AC2"}, {"4M", "4A0"},
                                           {"2M9N2M", "4"}, {"2M1P2M", "4"},    {"4M", "2-2"}};
    kstring_t out = KS_INITIALIZE;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        assert_int_equal(cs_of(&out, ANL_CS_SHORT, cases[i][0], cases[i][1], "ACGTACGT"), ANL_EINVAL);
    assert_non_null(strstr(anl_error(), "does not fit"));
    ks_free(&out);
}

/* A random alignment with its reference, MD written straight from both. */
typedef struct sample {
    uint32_t cigar[64];
    int32_t n_cigar;
    char seq[MOST * 2], ref[MOST * 2], md[MOST * 8];
} sample;

static void make_sample(sample *s)
{
    char *q = s->seq, *r = s->ref, *md = s->md;
    int equal = 0;
    s->n_cigar = 0;
    const int n = 3 + (int)random_below(10);
    for (int i = 0; i < n; ++i) {
        const uint32_t len = 1 + (uint32_t)random_below(12);
        const int op = i == 0 || i == n - 1 ? (random_below(2) ? BAM_CSOFT_CLIP : BAM_CMATCH) : (int)random_below(3);
        const int deletion = op == BAM_CDEL, column = op == BAM_CMATCH;
        s->cigar[s->n_cigar++] = len << 4 | (uint32_t)op;
        if (deletion) md += sprintf(md, "%d^", equal), equal = 0;
        for (uint32_t j = 0; j < len; ++j) {
            const char base = "ACGTN"[random_below(5)], other = "ACGTN"[random_below(5)];
            if (!deletion) *q++ = base;
            if (deletion) *md++ = *r++ = other;
            if (!column) continue;
            const char ref = random_below(3) ? base : other;
            *r++ = ref;
            if (ref == base && base != 'N')
                ++equal;
            else
                md += sprintf(md, "%d%c", equal, ref), equal = 0;
        }
    }
    sprintf(md, "%d", equal);
    *q = *r = 0;
}

/* As minimap2 makes it: from the reference, each operation on its own. */
static void expect(const sample *s, char *to)
{
    const char *q = s->seq, *r = s->ref;
    int run = 0;
    for (int32_t i = 0; i < s->n_cigar; ++i) {
        const uint32_t len = s->cigar[i] >> 4;
        const int op = s->cigar[i] & 15;
        if (op != BAM_CMATCH && run) to += sprintf(to, ":%d", run), run = 0;
        if (op == BAM_CSOFT_CLIP) q += len;
        if (op == BAM_CINS || op == BAM_CDEL) *to++ = op == BAM_CINS ? '+' : '-';
        for (uint32_t j = 0; j < len && op == BAM_CINS; ++j) *to++ = (char)tolower((unsigned char)*q++);
        for (uint32_t j = 0; j < len && op == BAM_CDEL; ++j) *to++ = (char)tolower((unsigned char)*r++);
        for (uint32_t j = 0; j < len && op == BAM_CMATCH; ++j, ++q, ++r) {
            if (*q == *r && *q != 'N') {
                ++run;
                continue;
            }
            if (run) to += sprintf(to, ":%d", run), run = 0;
            to += sprintf(to, "*%c%c", tolower((unsigned char)*r), tolower((unsigned char)*q));
        }
    }
    if (run) to += sprintf(to, ":%d", run);
    *to = 0;
}

static void random_alignments(void **unused)
{
    (void)unused;
    static sample s;
    static char want[MOST * 8];
    kstring_t out = KS_INITIALIZE;
    char *text = NULL;
    size_t cap = 0;
    random_start();
    for (int i = 0; i < 20000; ++i) {
        make_sample(&s);
        expect(&s, want);
        out.l = 0;
        assert_int_equal(anl_cs_append(&out, ANL_CS_SHORT, s.cigar, s.n_cigar, s.md, s.seq), 0);
        assert_string_equal(out.l ? out.s : "", want);
        assert_int_equal(anl_cs_text(&text, &cap, s.cigar, s.n_cigar, s.md, s.seq), 0); /* over the last one's text */
        assert_string_equal(text, want);
    }
    free(text);
    ks_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hand_made),
        cmocka_unit_test(what_does_not_fit),
        cmocka_unit_test(random_alignments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
