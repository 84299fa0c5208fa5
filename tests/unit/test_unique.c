/* The uniqueness map against a count of all k-mers as strings, on genomes full of repeats, palindromes and N. */
#include "random.h"

#include "unique.h"

enum { MOST_BASES = 150000, MOST_CONTIGS = 64, MOST_RUNS = 20000 };

static char letters[MOST_BASES + 1];
static uint8_t bases[MOST_BASES / 4 + 1];
static anl_contig contigs[MOST_CONTIGS];
static int64_t runs[2 * MOST_RUNS];
static anl_index_parts genome;

static char complement(char c)
{
    return c == 'A' ? 'T' : c == 'C' ? 'G' : c == 'G' ? 'C' : c == 'T' ? 'A' : 'N';
}

/* Random letters, then copies of what is there, on either strand, with a change now and then, palindromes and letters N. */
static void make_letters(int n)
{
    for (int at = 0; at < n;) {
        const uint32_t kind = random_below(10);
        int len = 1 + (int)random_below(200), from = (int)random_below((uint32_t)at + 1);
        if (len > n - at) len = n - at;
        for (int i = 0; i < len; ++i, ++at) {
            if (kind < 3 || from == 0)
                letters[at] = "ACGT"[random_below(4)];
            else if (kind < 6)
                letters[at] = letters[from + i];
            else if (kind < 9)
                letters[at] = complement(letters[at - 1 - 2 * i]); /* its own reverse complement with what came before */
            else
                letters[at] = i < 3 ? 'N' : letters[at - 1 - (int)kind % 3];
            if (kind < 9 && at - 1 - 2 * i <= 0) break;
            if (random_below(60) == 0) letters[at] = "ACGTNN"[random_below(6)];
        }
    }
}

/* Packs the letters and cuts them into contigs, some shorter than k. */
static void make_genome(int n, int k)
{
    int32_t c = 0;
    int64_t r = 0;
    memset(bases, 0, sizeof bases);
    for (int left = n; left > 0;) {
        int len = random_below(3) ? 1 + (int)random_below(2 * (uint32_t)k) : 1 + (int)random_below((uint32_t)n / 4 + 1);
        if (len > left || c == MOST_CONTIGS - 1) len = left;
        contigs[c++] = (anl_contig){.name = "c", .len = len};
        for (int i = n - left; i < n - left + len; ++i) {
            if (letters[i] != 'N') {
                bases[i / 4] |= (uint8_t)((strchr("ACGT", letters[i]) - "ACGT") << 2 * (i % 4));
            } else if (i > n - left && letters[i - 1] == 'N') {
                runs[2 * r - 1] = i + 1;
            } else {
                assert_true(r < MOST_RUNS);
                runs[2 * r] = i;
                runs[2 * r++ + 1] = i + 1;
            }
        }
        left -= len;
    }
    genome =
        (anl_index_parts){.contigs = contigs, .n_contigs = c, .bases = bases, .n_bases = n, .n_runs = runs, .n_n_runs = r, .unique_k = k};
}

/* ---- the count ---- */

typedef struct kmer {
    char text[31];
} kmer;

static kmer *kmers;
static size_t n_kmers, kmers_cap;
static int k_of_all;

static int by_text(const void *a, const void *b)
{
    return memcmp(a, b, (size_t)k_of_all);
}

/* The smaller of a k-mer and its reverse complement; 0 when they are the same. */
static int canonical(const char *text, kmer *out)
{
    char reverse[31];
    for (int i = 0; i < k_of_all; ++i) reverse[i] = complement(text[k_of_all - 1 - i]);
    const int order = memcmp(text, reverse, (size_t)k_of_all);
    memcpy(out->text, order < 0 ? text : reverse, (size_t)k_of_all);
    return order != 0;
}

static void add_kmer(kmer x)
{
    char *n = memchr(x.text, 'N', (size_t)k_of_all);
    for (int v = 0; n && v < 4; ++v) {
        *n = "ACGT"[v];
        add_kmer(x);
    }
    if (n) return;
    assert_int_equal(anl_grow(&kmers, &kmers_cap, n_kmers + 1, sizeof *kmers), 0);
    canonical(x.text, &kmers[n_kmers++]);
}

static int count_n(const char *text)
{
    int n = 0;
    for (int i = 0; i < k_of_all; ++i) n += text[i] == 'N';
    return n;
}

/* expected[p], and the number of unique k-mers. */
static int count_all(int k, char *expected)
{
    int unique = 0;
    k_of_all = k;
    n_kmers = 0;
    for (int pass = 0; pass < 2; ++pass) {
        int64_t at = 0;
        for (int32_t c = 0; c < genome.n_contigs; at += contigs[c++].len)
            for (int64_t p = at; p < at + contigs[c].len; ++p) {
                kmer x, key;
                expected[p] = 0;
                if (p + k > at + contigs[c].len || count_n(letters + p) > (pass ? 0 : 2)) continue;
                memcpy(x.text, letters + p, (size_t)k);
                if (!pass) {
                    add_kmer(x);
                } else if (canonical(x.text, &key)) {
                    const kmer *found = bsearch(&key, kmers, n_kmers, sizeof *kmers, by_text);
                    const size_t i = (size_t)(found - kmers);
                    expected[p] = !(i > 0 && !by_text(found, found - 1)) && !(i + 1 < n_kmers && !by_text(found, found + 1));
                    unique += expected[p];
                }
            }
        if (!pass) qsort(kmers, n_kmers, sizeof *kmers, by_text);
    }
    return unique;
}

static void same_as_expected(const char *expected, int threads, int64_t most)
{
    uint64_t *bits;
    assert_int_equal(anl_unique_build(&bits, &genome, threads, most), 0);
    for (int64_t p = 0; p < (genome.n_bases + 63) / 64 * 64; ++p) {
        const int bit = bits[p / 64] >> p % 64 & 1, want = p < genome.n_bases && expected[p];
        if (bit != want)
            fail_msg("k %d, %d threads, %d held: base %d of %d is %d", genome.unique_k, threads, (int)most, (int)p, (int)genome.n_bases,
                     bit);
    }
    free(bits);
}

static void map_is_that_of_a_count(void **unused)
{
    (void)unused;
    static char expected[MOST_BASES];
    double unique = 0, all = 0;
    random_start();
    for (int trial = 0; trial < 90; ++trial) {
        const int k = ANL_UNIQUE_MIN_K + trial % (ANL_UNIQUE_MAX_K - ANL_UNIQUE_MIN_K + 1),
                  n = 1 + (int)random_below(trial % 5 ? 3000 : 200);
        make_letters(n);
        make_genome(n, k);
        unique += count_all(k, expected);
        all += n;
        same_as_expected(expected, 1 + trial % 3, trial % 4 ? 0 : 1 + random_below(500));
    }
    assert_true(unique > 0.1 * all && unique < 0.6 * all);
}

/* Many partitions, in one group and in several; tables that grow. */
static void large_map_is_that_of_a_count(void **unused)
{
    (void)unused;
    static char expected[MOST_BASES];
    random_start();
    make_letters(MOST_BASES);
    make_genome(MOST_BASES, 20);
    count_all(20, expected);
    for (int threads = 1; threads <= 3; ++threads) same_as_expected(expected, threads, (int[]){0, 30000, 1}[threads - 1]);
}

/* By hand: k = 14. */
static void map_of_few(void **unused)
{
    (void)unused;
    static const struct {
        const char *contigs, *unique; /* contigs apart by a blank */
    } cases[] = {
        {"ACGTACCGTTAGCA", "10000000000000"},
        {"ACGTACCGTTAGC", "0000000000000"},                                 /* shorter than k */
        {"ACGTACCGTTAGC A", "0000000000000 0"},                             /* not across the end of a contig */
        {"ACGTACCGTTAGCA TGCTAACGGTACGT", "00000000000000 00000000000000"}, /* the other strand */
        {"AACGTACGTACGTT", "00000000000000"},                               /* a palindrome */
        {"ACGTACCGTTAGCA ACGTACCGTTAGCN", "00000000000000 00000000000000"}, /* N could be A */
        {"ACGTACCGTTAGCA ACGTACCNNTAGCA", "00000000000000 00000000000000"},
        {"ACGTACCGTTAGCA TGCTAACGNTACGT", "00000000000000 00000000000000"},
        {"ACGTACCGTTAGCA NCGTACCGTTAGNN", "10000000000000 00000000000000"}, /* of three N nothing is asked */
        {"ACGTACCGTTAGCA ACGTACCNNTTGCA", "10000000000000 00000000000000"},
        {"AAAAAAAAAAAAAAN", "000000000000000"},
        {"AAAAAAAAAAAAAACNNNN", "1100000000000000000"}, /* what reaches into the N has the C before it */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        char expected[64];
        int n = 0;
        const char *s = cases[i].contigs;
        genome = (anl_index_parts){.contigs = contigs, .n_contigs = 1, .bases = bases, .n_runs = runs, .unique_k = 14};
        contigs[0].len = 0;
        memset(bases, 0, 64);
        for (int at = 0; s[at]; ++at) {
            if (s[at] == ' ') {
                contigs[genome.n_contigs++].len = 0;
                continue;
            }
            ++contigs[genome.n_contigs - 1].len;
            expected[n] = cases[i].unique[at] == '1';
            if (s[at] == 'N') {
                runs[2 * genome.n_n_runs] = n;
                runs[2 * genome.n_n_runs++ + 1] = n + 1;
            } else {
                bases[n / 4] |= (uint8_t)((strchr("ACGT", s[at]) - "ACGT") << 2 * (n % 4));
            }
            ++n;
        }
        genome.n_bases = n;
        same_as_expected(expected, 1, 0);
    }
}

/* k grows with the genome and stays within its limits. */
static void k_goes_by_size(void **unused)
{
    (void)unused;
    assert_int_equal(anl_unique_k(5500000), 14);
    assert_int_equal(anl_unique_k(100000000), 16);
    assert_int_equal(anl_unique_k(3100000000), 18);
    int32_t last = ANL_UNIQUE_MIN_K;
    for (int64_t bases_of = 1; bases_of < (int64_t)1 << 40; bases_of = bases_of * 3 / 2 + 1) {
        const int32_t k = anl_unique_k(bases_of);
        assert_in_range(k, last, ANL_UNIQUE_MAX_K);
        last = k;
    }
    assert_true(last > ANL_UNIQUE_MIN_K);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_of_few),
        cmocka_unit_test(map_is_that_of_a_count),
        cmocka_unit_test(large_map_is_that_of_a_count),
        cmocka_unit_test(k_goes_by_size),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(kmers);
    return failed;
}
