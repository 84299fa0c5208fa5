/* The bound on other places: by hand, against a plain search of what the read could do, and against alignment to whole small genomes. */
#include "random.h"

#include "kernels.h"
#include "mapq.h"
#include "proof.h"
#include "sw_batch.h"

static const anl_sw_params standard = {.match = 1, .mismatch = 4, .del_open = 6, .del_extend = 1, .ins_open = 6, .ins_extend = 1};

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int has(const uint64_t *bits, int i)
{
    return (int)(bits[i / 64] >> i % 64 & 1);
}

static void put(uint64_t *bits, int i)
{
    bits[i / 64] |= (uint64_t)1 << i % 64;
}

/* ---- by hand ---- */

static int32_t bound_with(anl_proof_params p, int32_t len, int n, const int *kmers)
{
    uint64_t bits[4] = {0};
    for (int i = 0; i < n; ++i) put(bits, kmers[i]);
    return anl_proof_bound(&p, bits, len);
}

static void known_bounds(void **unused)
{
    (void)unused;
    anl_proof_params p = {.score = standard, .k = 24, .most_n = 2};
    int all[127], middle[] = {60}, two[] = {10, 34};
    for (int i = 0; i < 127; ++i) all[i] = i;
    /* Nothing known; one k-mer is broken by a mismatch, or clipped where that costs less. */
    assert_int_equal(bound_with(p, 150, 0, NULL), 150);
    assert_int_equal(bound_with(p, 150, 1, middle), 145);
    middle[0] = 2;
    assert_int_equal(bound_with(p, 150, 1, middle), 147);
    /* All unique: six mismatches, or clip seven bases and five mismatches. That gives MAPQ 60 and more than the unpaired penalty. */
    assert_int_equal(bound_with(p, 150, 127, all), 120);
    anl_evidence e = {.score = 150, .second = 120, .span = 150, .match = 1, .mismatch = 4};
    assert_int_equal(anl_mapq(&e), 60);
    assert_int_equal(bound_with(p, 144, 121, all), 118);
    /* The bonus of the other end is earned, which is the 5' end if the read lies on the other strand. Two bonuses are worth a mismatch. */
    p.clip5 = 3;
    assert_int_equal(bound_with(p, 150, 1, middle), 147 + 3);
    middle[0] = 150 - 24 - 2;
    assert_int_equal(bound_with(p, 150, 1, middle), 147 + 3);
    p.clip5 = p.clip3 = 5;
    assert_int_equal(bound_with(p, 150, 1, middle), 155);
    /* One insertion breaks two neighbours where mismatches and deletions are dear: two of its bases and its cost. */
    p = (anl_proof_params){.score = {1, 90, 90, 90, 3, 1}, .k = 24, .most_n = 24};
    assert_int_equal(bound_with(p, 150, 2, two), 150 - 7);
    /* Three N are the least that the map does not see: they cost two each. */
    p.score.ins_open = 90;
    p.most_n = 2;
    assert_int_equal(bound_with(p, 150, 2, two), 150 - 12);
    /* What costs nothing breaks for nothing, but a mismatch is never a match. */
    p.score = (anl_sw_params){.match = 1, .del_extend = 0};
    assert_int_equal(bound_with(p, 150, 127, all), 150);
    p.score = (anl_sw_params){.match = 1, .del_open = 90, .ins_open = 90};
    assert_int_equal(bound_with(p, 150, 2, two), 148);
}

static void kmers_of_runs(void **unused)
{
    (void)unused;
    random_start();
    for (int trial = 0; trial < 20000; ++trial) {
        const int32_t k = 2 + (int32_t)random_below(31), len = 1 + (int32_t)random_below(300), from = (int32_t)random_below((uint32_t)len);
        const int32_t n = (int32_t)random_below((uint32_t)(len - from + 1)), at = (int32_t)random_below(200);
        const size_t words[] = {(size_t)(n + 63) / 64, (size_t)(len + 63) / 64, (size_t)(at + n + 63) / 64};
        uint64_t *differ = guarded(words[0] * 8 + 8), *kmers = guarded(words[1] * 8), *unique = guarded(words[2] * 8 + 8),
                 expected[5] = {0};
        differ += 1, unique += 1;
        for (size_t i = 0; i < words[0]; ++i) differ[i] = trial % 3 ? 0 : (uint64_t)-1; /* also beyond the run */
        for (int32_t i = 0; i < n; ++i) differ[i / 64] &= ~((uint64_t)(random_below(60) != 0) << i % 64);
        for (size_t i = 0; i < words[2]; ++i)
            unique[i] = trial & 1 ? UINT64_MAX : (uint64_t)random_below(UINT32_MAX) << 32 | random_below(UINT32_MAX);
        for (int32_t i = 0; i + k <= n; ++i) {
            int equal = 1;
            for (int32_t j = 0; j < k; ++j) equal &= !has(differ, i + j);
            if (equal && has(unique, at + i)) put(expected, from + i);
        }
        memset(kmers, 0, words[1] * 8);
        anl_proof_add(unique, k, &(anl_proof_run){differ, from, n, at}, kmers);
        assert_memory_equal(kmers, expected, words[1] * 8);
        release(differ - 1, words[0] * 8 + 8);
        release(kmers, words[1] * 8);
        release(unique - 1, words[2] * 8 + 8);
    }
}

/* ---- the read alone ---- */

/* Cost of a column that is not a match: a mismatch, or more N than the map sees. */
static int column_cost(const anl_proof_params *p)
{
    return smaller(p->score.match + p->score.mismatch, (p->most_n + 1) * (p->score.match + 1));
}

/* The best that a read can do when it may put an edit anywhere, and must not hold a k-mer whole. clean[j]: the last j bases have no edit. */
static int best_plan_one_way(const anl_proof_params *p, int first, int last, const uint64_t *kmers, int len)
{
    enum { MOST = 200, IMPOSSIBLE = INT32_MIN / 2 };
    const anl_sw_params *s = &p->score;
    int clean[MOST + 2], inserted = IMPOSSIBLE, best = 0;
    for (int j = 0; j <= len; ++j) clean[j] = IMPOSSIBLE;
    for (int i = 0; i <= len; ++i) {
        /* Boundary before base i: the read begins here, an insertion ends, or there is a deletion. */
        int before = larger(i ? 0 : first, inserted);
        clean[0] = larger(clean[0], before);
        for (int j = 0; j <= i; ++j) before = larger(before, clean[j]);
        clean[0] = larger(clean[0], before - s->del_open - s->del_extend);
        best = larger(best, before + (i == len ? last : 0));
        if (i == len) break;
        inserted = larger(inserted, before - s->ins_open) - s->ins_extend;
        for (int j = i + 1; j > 0; --j) {
            const int whole = j >= p->k && i + 1 >= p->k && has(kmers, i + 1 - p->k);
            clean[j] = whole ? IMPOSSIBLE : clean[j - 1] + s->match;
        }
        clean[0] = before + s->match - column_cost(p);
    }
    return best;
}

static int best_plan(const anl_proof_params *p, const uint64_t *kmers, int len)
{
    return larger(best_plan_one_way(p, p->clip5, p->clip3, kmers, len), best_plan_one_way(p, p->clip3, p->clip5, kmers, len));
}

/* The bound by counting: D disjoint k-mers in what is kept of the read, and the least that breaks so many, `more` of them added. With
 * `clip` 0 the whole read is kept. */
static int bound_by_count(const anl_proof_params *p, const uint64_t *kmers, int len, int more, int clip)
{
    enum { MOST = 64 };
    const anl_sw_params *s = &p->score;
    int loss[MOST] = {0}, best = 0, bonus = larger(p->clip5, p->clip3);
    const int one = smaller(column_cost(p), smaller(s->del_open + s->del_extend, s->ins_open + s->ins_extend + s->match));
    for (int d = 1; d < MOST; ++d) {
        loss[d] = loss[d - 1] + one;
        for (int m = 2; m <= d; ++m) {
            const int bases = (m - 2) * p->k + 2;
            loss[d] = smaller(loss[d], loss[d - m] + s->ins_open + bases * (s->ins_extend + s->match));
        }
    }
    for (int l = 0; l <= (clip ? len : 0); ++l)
        for (int r = l, d = 0, end = l; r <= len; ++r) {
            if (r - end >= p->k && has(kmers, r - p->k)) end = r, ++d;
            if (!clip && r < len) continue;
            const int bonuses = !l && r == len ? p->clip5 + p->clip3 : !l || r == len ? bonus : 0;
            best = larger(best, p->score.match * (r - l) - loss[d ? d + more : 0] + bonuses);
        }
    return best;
}

static int32_t some(int32_t low, int32_t high)
{
    return low + (int32_t)random_below((uint32_t)(high - low + 1));
}

/* bwa mem's scores, small ones where ties and odd ratios are frequent, and all that the options allow. */
static anl_proof_params random_params(int k, int most_n)
{
    const uint32_t kind = random_below(4);
    const int32_t high = kind == 2 ? 10 : 100;
    anl_proof_params p = {.score = standard, .k = k, .most_n = most_n};
    if (kind >= 2)
        p.score = (anl_sw_params){some(1, kind == 2 ? 3 : 100), some(0, high), some(0, high),
                                  some(1, kind == 2 ? 3 : 100), some(0, high), some(1, kind == 2 ? 3 : 100)};
    p.clip5 = random_below(2) ? 0 : some(0, kind == 3 ? 10000 : 10);
    p.clip3 = random_below(2) ? p.clip5 : some(0, kind == 3 ? 10000 : 10);
    return p;
}

static void bound_is_the_best_plan(void **unused)
{
    (void)unused;
    random_start();
    int better = 0;
    for (int trial = 0; trial < 20000; ++trial) {
        const int k = some(2, trial % 4 ? 8 : 32), len = some(k, trial % 4 ? 40 : 200);
        const anl_proof_params p = random_params(k, some(0, 3));
        uint64_t kmers[4] = {0};
        const uint32_t sparse = 1 + random_below(6);
        for (int i = 0; i + k <= len; ++i)
            if (!random_below(sparse)) put(kmers, i);
        const int bound = anl_proof_bound(&p, kmers, len);
        assert_int_equal(bound, best_plan(&p, kmers, len));
        if (len / k >= 64) continue;
        const int counted = bound_by_count(&p, kmers, len, 0, 1);
        assert_true(bound <= counted);
        better += bound < counted;
    }
    assert_true(better > 0); /* counting takes deletions and insertions for better than they are */
}

/* ---- whole genomes ---- */

enum {
    LANES = 16, /* cases on one genome, with reads and scores of their own; the compiler's vectors align them together */
    MOST_CONTIGS = 3,
    MOST_CONTIG = 40,
    MOST_BASES = MOST_CONTIGS * MOST_CONTIG,
    MOST_READ = 40,
    MOST_K = 8,
    NEVER = -20000, /* below all scores here, and far enough from the end of int16_t */
};
#define EACH for (int l = 0; l < LANES; ++l)

/* Contigs joined. The place P of all reads is one run on contig `home`, or two with a gap between. */
typedef struct cases {
    uint8_t base[MOST_BASES], read[LANES][MOST_READ];
    int begin[MOST_CONTIGS + 1], n_contigs, k, most_n, len, home, n_runs;
    struct {
        int from, n, diagonal; /* joined coordinate less read position */
    } run[2];
    anl_proof_params params[LANES];
    uint64_t unique[MOST_BASES / 64 + 1], kmers[LANES];
} cases;

/* What is done wrong on purpose. */
typedef enum mistake { NONE, ONE_MORE, NO_CLIP, ONE_BIT, NO_N, ONE_STRAND, PALINDROME, MISTAKES } mistake;

static int contig_of(const cases *c, int at)
{
    int i = 0;
    while (at >= c->begin[i + 1]) ++i;
    return i;
}

/* Whether the k bases at `at` could be those at `kmer`, on the other strand if `reverse`. */
static int could_be(const cases *c, int at, int reverse, const uint8_t *kmer, int most_n)
{
    int n = 0;
    for (int j = 0; j < c->k; ++j) {
        const uint8_t b = reverse ? c->base[at + c->k - 1 - j] : c->base[at + j];
        if (b > 3 ? ++n > most_n : (reverse ? 3 - b : b) != kmer[j]) return 0;
    }
    return 1;
}

static int is_unique(const cases *c, int at, mistake wrong)
{
    const int most_n = wrong == NO_N ? 0 : c->most_n, both = wrong != ONE_STRAND;
    const uint8_t *kmer = c->base + at;
    int count = 0;
    for (int i = 0; i < c->n_contigs; ++i)
        for (int p = c->begin[i]; p + c->k <= c->begin[i + 1] && count < 2; ++p) {
            count += could_be(c, p, 0, kmer, most_n);
            if (both && (wrong != PALINDROME || p != at)) count += could_be(c, p, 1, kmer, most_n);
        }
    return count == 1;
}

static void make_map(cases *c, mistake wrong)
{
    memset(c->unique, 0, sizeof c->unique);
    int repeated[MOST_BASES], n = 0;
    for (int i = 0; i < c->n_contigs; ++i)
        for (int p = c->begin[i]; p + c->k <= c->begin[i + 1]; ++p) {
            int known = 1;
            for (int j = 0; j < c->k; ++j) known &= c->base[p + j] < 4;
            if (!known) continue;
            if (is_unique(c, p, wrong))
                put(c->unique, p);
            else if (i == c->home)
                repeated[n++] = p;
        }
    if (wrong == ONE_BIT && n) put(c->unique, repeated[random_below((uint32_t)n)]);
}

/* Part of the home contig again elsewhere, on either strand, with edits about as far apart as k-mers are long, or where they are worst. */
static void copy_part(cases *c, int from, int n)
{
    const int total = c->begin[c->n_contigs], reverse = (int)random_below(2), even = (int)random_below(2);
    const uint32_t rate = 2 + random_below((uint32_t)c->k * 3);
    int to = (int)random_below((uint32_t)total);
    uint8_t before[MOST_BASES];
    memcpy(before, c->base, sizeof before);
    for (int i = 0; i < n && to < total; ++i, ++to) {
        const int at = reverse ? from + n - 1 - i : from + i;
        const int edited = even ? (i + 1) % c->k == 0 : !random_below(rate);
        const uint32_t edit = edited ? random_below(7) : 9;
        if (at < 0 || at >= total || edit == 5) continue;
        c->base[to] = edit < 5 ? (uint8_t)edit : before[at] > 3 ? 4 : (uint8_t)(reverse ? 3 - before[at] : before[at]);
        if (edit == 6) i -= some(1, 2);
    }
}

static void make_genome(cases *c)
{
    const uint32_t letters = 2 + random_below(3), period = random_below(3) ? MOST_BASES : 1 + random_below(12);
    c->k = some(3, MOST_K);
    c->most_n = some(0, 2);
    c->n_contigs = some(1, MOST_CONTIGS);
    c->begin[0] = 0;
    for (int i = 0; i < c->n_contigs; ++i) c->begin[i + 1] = c->begin[i] + some(c->k + 4, MOST_CONTIG);
    const int total = c->begin[c->n_contigs];
    for (int i = 0; i < total; ++i)
        c->base[i] = i < (int)period || !random_below(20) ? (uint8_t)random_below(letters) : c->base[i - (int)period];
    if (random_below(3)) return;
    const int arm = some(2, smaller(MOST_K, total / 2)), centre = some(arm, total - arm);
    for (int i = 0; i < arm; ++i) c->base[centre + i] = 3 - c->base[centre - 1 - i];
}

/* Where P lies. Reads may hang over either end of the contig. */
static void choose_place(cases *c)
{
    c->home = (int)random_below((uint32_t)c->n_contigs);
    c->len = some(8, MOST_READ);
    const int begin = c->begin[c->home], end = c->begin[c->home + 1];
    int start = some(begin - c->len + c->k, end - c->k);
    if (random_below(3) && end - begin >= c->len) start = some(begin, end - c->len);
    const int split = some(1, c->len - 1), gap = random_below(3) ? 0 : some(-4, 4); /* below 0: an insertion */
    c->n_runs = gap ? 2 : 1;
    for (int r = 0; r < c->n_runs; ++r) {
        int from = r ? split + (gap < 0 ? -gap : 0) : 0, to = gap && !r ? split : c->len;
        const int diagonal = r ? start + gap : start;
        from = larger(from, begin - diagonal);
        to = smaller(to, end - diagonal);
        c->run[r].from = from;
        c->run[r].n = larger(to - from, 0);
        c->run[r].diagonal = diagonal;
    }
}

static void make_reads(cases *c)
{
    EACH
    {
        const int rate = random_below(3) ? 1000 : some(3, 20);
        uint8_t *read = c->read[l];
        for (int i = 0; i < c->len; ++i) read[i] = (uint8_t)random_below(4);
        for (int r = 0; r < c->n_runs; ++r)
            for (int i = c->run[r].from; i < c->run[r].from + c->run[r].n; ++i) read[i] = c->base[i + c->run[r].diagonal];
        for (int i = 0; i < c->len; ++i)
            if (!random_below((uint32_t)rate) || read[i] > 3) read[i] = (uint8_t)random_below(random_below(4) ? 4 : 5);
        c->params[l] = random_params(c->k, c->most_n);
    }
}

static void find_kmers(cases *c, const anl_kernels *kernels)
{
    EACH
    {
        c->kmers[l] = 0;
        uint64_t expected = 0;
        for (int r = 0; r < c->n_runs; ++r) {
            uint64_t differ[1] = {0};
            const int from = c->run[r].from, n = c->run[r].n, at = from + c->run[r].diagonal;
            if (n < c->k) continue;
            kernels->sw.mismatches(c->read[l] + from, c->base + at, n, differ);
            anl_proof_add(c->unique, c->k, &(anl_proof_run){differ, from, n, at}, &c->kmers[l]);
            for (int i = 0; i + c->k <= n; ++i)
                if (has(c->unique, at + i) && !memcmp(c->read[l] + from + i, c->base + at + i, (size_t)c->k)) put(&expected, from + i);
        }
        assert_int_equal(c->kmers[l], expected);
    }
}

static void make_cases(cases *c, const anl_kernels *kernels, mistake wrong)
{
    make_genome(c);
    choose_place(c);
    for (uint32_t copies = random_below(4); copies; --copies) copy_part(c, c->run[0].diagonal, c->len);
    if (!random_below(4))
        for (uint32_t n = 1 + random_below(5); n; --n) c->base[random_below((uint32_t)c->begin[c->n_contigs])] = 4;
    make_reads(c);
    make_map(c, wrong);
    find_kmers(c, kernels);
}

/* The scores of all lanes, base codes of the read in its direction on this strand. */
typedef struct lanes {
    int16_t match[LANES], mismatch[LANES], del_first[LANES], del_next[LANES], ins_first[LANES], ins_next[LANES], clip5[LANES], clip3[LANES];
    int16_t query[MOST_READ][LANES], forbidden[MOST_READ][LANES]; /* 1: a k-mer of P ends with this base */
} lanes;

static void load_lanes(const cases *c, int reverse, lanes *to)
{
    EACH
    {
        const anl_proof_params *p = &c->params[l];
        to->match[l] = (int16_t)p->score.match;
        to->mismatch[l] = (int16_t)p->score.mismatch;
        to->del_next[l] = (int16_t)p->score.del_extend;
        to->del_first[l] = (int16_t)(p->score.del_open + p->score.del_extend);
        to->ins_next[l] = (int16_t)p->score.ins_extend;
        to->ins_first[l] = (int16_t)(p->score.ins_open + p->score.ins_extend);
        to->clip5[l] = (int16_t)p->clip5;
        to->clip3[l] = (int16_t)p->clip3;
        for (int i = 0; i < c->len; ++i) {
            const uint8_t b = reverse ? c->read[l][c->len - 1 - i] : c->read[l][i];
            to->query[i][l] = b > 3 ? 4 : reverse ? 3 - b : b;
            to->forbidden[i][l] = !reverse && i + 1 >= c->k && has(&c->kmers[l], i + 1 - c->k);
        }
    }
}

/* Scores of the cells of one diagonal by how many matches in a row they end with, the last count for c->k and more. */
typedef int16_t by_matches[MOST_K + 1][LANES];

/* One column of P's diagonal: as any other, but not the match that would complete a k-mer of P. Gives the best in column[]. */
static void column_of_place(int k, const int16_t *value, const int16_t *equal, const int16_t *forbidden, by_matches ends, int16_t *column)
{
    by_matches next;
    for (int j = 0; j <= k; ++j) EACH
        {
            const int before = !j ? NEVER : j < k ? ends[j - 1][l] : larger(ends[k - 1][l], ends[k][l]);
            next[j][l] = !j || !equal[l] || (j == k && forbidden[l]) ? NEVER : (int16_t)(before + value[l]);
        }
    EACH
    {
        int16_t best = NEVER;
        for (int j = 0; j <= k; ++j) best = ends[j][l] > best ? ends[j][l] : best;
        if (!equal[l]) next[0][l] = (int16_t)(best + value[l]);
        for (int j = 0; j <= k; ++j) ends[j][l] = next[j][l];
    }
    memcpy(column, ends[0], sizeof ends[0]);
    for (int j = 1; j <= k; ++j) EACH column[l] = ends[j][l] > column[l] ? ends[j][l] : column[l];
}

/* The run of P on this diagonal, or -1. */
static int run_of(const cases *c, int diagonal)
{
    for (int r = 0; r < c->n_runs; ++r)
        if (c->run[r].diagonal == diagonal) return r;
    return -1;
}

/* Gotoh's recurrence over the whole of one contig, with free ends, for every lane; best[] grows to the highest total. */
static void align_contig(const cases *c, const lanes *x, int contig, int place, int16_t best[LANES])
{
    static int16_t h[MOST_CONTIG + 1][LANES], ins[MOST_CONTIG + 1][LANES], del[LANES], diagonal[LANES], value[LANES], equal[LANES],
        column[LANES];
    static int16_t nothing[LANES];
    static by_matches ends[2];
    const int first = c->begin[contig], n = c->begin[contig + 1] - first;
    for (int t = 0; t <= n; ++t) EACH h[t][l] = x->clip5[l], ins[t][l] = NEVER;
    for (int i = 0; i < c->len; ++i) {
        memcpy(diagonal, h[0], sizeof diagonal);
        EACH
        {
            ins[0][l] = (int16_t)larger(h[0][l] - x->ins_first[l], ins[0][l] - x->ins_next[l]);
            h[0][l] = ins[0][l] > 0 ? ins[0][l] : 0;
            del[l] = NEVER;
        }
        for (int t = 1; t <= n; ++t) {
            const int16_t b = c->base[first + t - 1];
            EACH
            {
                const int16_t q = x->query[i][l], opened = h[t][l] - x->ins_first[l], longer = ins[t][l] - x->ins_next[l];
                const int16_t del_opened = h[t - 1][l] - x->del_first[l], del_longer = del[l] - x->del_next[l];
                equal[l] = q == b && b < 4;
                value[l] = b > 3 || q > 3 ? -1 : q == b ? x->match[l] : -x->mismatch[l];
                column[l] = diagonal[l] + value[l];
                ins[t][l] = opened > longer ? opened : longer;
                del[l] = del_opened > del_longer ? del_opened : del_longer;
                diagonal[l] = h[t][l];
            }
            const int r = place ? run_of(c, first + t - 1 - i) : -1;
            if (r >= 0) {
                const int in_run = i + 1 - c->k >= c->run[r].from && i < c->run[r].from + c->run[r].n;
                if (i == 0 || t == 1) /* where the diagonal begins */
                    for (int j = 0; j <= c->k; ++j) EACH ends[r][j][l] = j ? NEVER : (int16_t)(column[l] - value[l]);
                column_of_place(c->k, value, equal, in_run ? x->forbidden[i] : nothing, ends[r], column);
            }
            EACH
            {
                int16_t v = column[l] > ins[t][l] ? column[l] : ins[t][l];
                v = del[l] > v ? del[l] : v;
                h[t][l] = v = v > 0 ? v : 0;
                if (r >= 0) {
                    const int16_t other = larger(larger(ins[t][l], del[l]), 0);
                    ends[r][0][l] = other > ends[r][0][l] ? other : ends[r][0][l];
                }
                const int16_t total = i == c->len - 1 ? v + x->clip3[l] : v;
                best[l] = total > best[l] ? total : best[l];
            }
        }
    }
}

/* The highest total of any alignment that holds no k-mer of P where P has it. */
static void align_everywhere(const cases *c, int16_t best[LANES])
{
    static lanes x;
    memset(best, 0, LANES * sizeof *best);
    for (int reverse = 0; reverse < 2; ++reverse) {
        load_lanes(c, reverse, &x);
        for (int i = 0; i < c->n_contigs; ++i) align_contig(c, &x, i, !reverse && i == c->home, best);
    }
}

/* Without k-mers that are forbidden, the alignment of this file is Smith-Waterman as the program does it. */
static void everywhere_is_smith_waterman(void **unused)
{
    (void)unused;
    random_start();
    anl_sw_batch *b;
    anl_kernels kernels;
    static cases c;
    assert_int_equal(anl_sw_batch_new(&b), 0);
    assert_int_equal(anl_kernels_fill(&kernels, NULL), 0);
    for (int trial = 0; trial < 300; ++trial) {
        int16_t best[LANES];
        make_cases(&c, &kernels, NONE);
        EACH c.params[l].clip5 = c.params[l].clip3 = 0, c.kmers[l] = 0;
        align_everywhere(&c, best);
        EACH
        {
            int32_t expected = 0;
            uint8_t other[MOST_READ];
            for (int i = 0; i < c.len; ++i) other[i] = c.read[l][c.len - 1 - i] > 3 ? 4 : 3 - c.read[l][c.len - 1 - i];
            for (int i = 0; i < 2 * c.n_contigs; ++i) {
                const int begin = c.begin[i / 2];
                const anl_sw_job job = {i % 2 ? other : c.read[l], c.base + begin, c.len, c.begin[i / 2 + 1] - begin, 0, 0};
                anl_sw_result r;
                assert_int_equal(anl_sw_batch_run(b, &kernels.sw, &c.params[l].score, &job, 1, &r), 0);
                expected = larger(expected, r.score);
            }
            assert_int_equal(best[l], expected);
        }
    }
    anl_sw_batch_free(b);
}

typedef struct tally {
    int cases, above, proving, attained; /* proving: the bound is below what the read alone gives; attained: some place reaches it */
} tally;

static int wrong_bound(const cases *c, int l, mistake wrong)
{
    if (wrong == ONE_MORE) return bound_by_count(&c->params[l], &c->kmers[l], c->len, 1, 1);
    if (wrong == NO_CLIP) return bound_by_count(&c->params[l], &c->kmers[l], c->len, 0, 0);
    return anl_proof_bound(&c->params[l], &c->kmers[l], c->len);
}

static void print_case(const cases *c, int l, int bound, int best)
{
    const anl_proof_params *p = &c->params[l];
    fprintf(stderr, "%d above the bound %d: k %d, A %d B %d O %d,%d E %d,%d L %d,%d, P", best, bound, c->k, p->score.match,
            p->score.mismatch, p->score.del_open, p->score.ins_open, p->score.del_extend, p->score.ins_extend, p->clip5, p->clip3);
    for (int r = 0; r < c->n_runs; ++r) fprintf(stderr, " %d+%d at %d", c->run[r].from, c->run[r].n, c->run[r].from + c->run[r].diagonal);
    fprintf(stderr, ", k-mers %llx\n", (unsigned long long)c->kmers[l]);
    for (int i = 0; i < c->begin[c->n_contigs]; ++i)
        fprintf(stderr, "%s%c", i == c->begin[contig_of(c, i)] ? " " : "", "ACGTN"[c->base[i]]);
    fprintf(stderr, "\n ");
    for (int i = 0; i < c->len; ++i) fprintf(stderr, "%c", "ACGTN"[c->read[l][i]]);
    fprintf(stderr, "\n");
}

/* n cases; where something is done wrong, only until that is seen. */
static tally compare(int n, mistake wrong)
{
    static cases c;
    anl_kernels kernels;
    tally t = {0};
    assert_int_equal(anl_kernels_fill(&kernels, NULL), 0);
    while (t.cases < n && (wrong == NONE || !t.above)) {
        int16_t best[LANES];
        make_cases(&c, &kernels, wrong);
        align_everywhere(&c, best);
        EACH
        {
            const anl_proof_params *p = &c.params[l];
            const int bound = wrong_bound(&c, l, wrong), proving = bound < c.len * p->score.match + p->clip5 + p->clip3;
            if (best[l] > bound && wrong == NONE && !t.above) print_case(&c, l, bound, best[l]);
            ++t.cases;
            t.above += best[l] > bound;
            t.proving += proving;
            t.attained += proving && best[l] == bound;
        }
    }
    return t;
}

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { CASES = 1 << 15 };
#else
enum { CASES = 1 << 20 };
#endif

static void no_place_above_the_bound(void **unused)
{
    (void)unused;
    random_start();
    const tally t = compare(CASES, NONE);
    fprintf(stderr, "%d cases, %d proving, of these %.2f%% with a place at the bound\n", t.cases, t.proving,
            100.0 * t.attained / t.proving);
    assert_int_equal(t.above, 0);
    assert_true(t.proving > t.cases / 3);
    assert_true(t.attained > t.proving / 1000);
}

static void mistakes_are_seen(void **unused)
{
    (void)unused;
    static const char *const names[] = {"none",       "one k-mer more", "no clips", "one wrong bit", "N matches nothing",
                                        "one strand", "palindromes"};
    random_start();
    for (mistake m = ONE_MORE; m < MISTAKES; ++m) {
        const tally t = compare(1 << 18, m);
        fprintf(stderr, "%s: seen within %d cases\n", names[m], t.cases);
        assert_true(t.above > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_bounds),
        cmocka_unit_test(kmers_of_runs),
        cmocka_unit_test(bound_is_the_best_plan),
        cmocka_unit_test(everywhere_is_smith_waterman),
        cmocka_unit_test(no_place_above_the_bound),
        cmocka_unit_test(mistakes_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
