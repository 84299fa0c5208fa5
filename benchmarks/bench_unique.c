/* The uniqueness map: its time, and what a k is worth. build/bench_unique GENOME.fa THREADS K [K...]
 * For each k: CPU nanoseconds a base, share of bases at which a unique k-mer starts, and for reads of 150, 100 and 75 bp from everywhere in the
 * genome the mean number of disjoint unique k-mers that the read matches exactly (greedy, from the left), and the share of reads for which it
 * is the number of errors + 4 or more. Errors are substitutions, none or 0.5% of the bases. */
#include "bench.h"

#include "reference.h"
#include "unique.h"

#include "rng.h"

#include <string.h>

enum { READS = 1000000, NEEDED = 4 };

typedef struct genome {
    anl_index_parts parts;
    anl_contig *contigs;
    uint8_t *bases;
    int64_t *runs;
    size_t contigs_cap, bases_cap, runs_cap;
} genome;

static int is_n(const genome *g, int64_t from, int64_t to)
{
    int64_t lo = 0, hi = g->parts.n_n_runs;
    while (lo < hi) {
        const int64_t mid = lo + (hi - lo) / 2;
        if (g->runs[2 * mid + 1] > from)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo < g->parts.n_n_runs && g->runs[2 * lo] < to;
}

static void add(genome *g, const anl_contig *contig, const uint8_t *seq)
{
    anl_index_parts *p = &g->parts;
    const int64_t begin = p->n_bases, end = begin + contig->len;
    need(!anl_grow(&g->contigs, &g->contigs_cap, (size_t)p->n_contigs + 1, sizeof *g->contigs));
    need(!anl_grow(&g->bases, &g->bases_cap, (size_t)end / 4 + 1, 1));
    g->contigs[p->n_contigs++] = *contig;
    for (int64_t i = begin; i < end; ++i) {
        const uint8_t code = seq[i - begin];
        if (i % 4 == 0) g->bases[i / 4] = 0;
        g->bases[i / 4] |= (uint8_t)((code & 3) << 2 * (i % 4));
        if (code < 4) continue;
        if (i > begin && seq[i - begin - 1] > 3) {
            g->runs[2 * p->n_n_runs - 1] = i + 1;
            continue;
        }
        need(!anl_grow(&g->runs, &g->runs_cap, 2 * (size_t)p->n_n_runs + 2, sizeof *g->runs));
        g->runs[2 * p->n_n_runs] = i;
        g->runs[2 * p->n_n_runs++ + 1] = i + 1;
    }
    p->n_bases = end;
    p->contigs = g->contigs;
    p->bases = g->bases;
    p->n_runs = g->runs;
}

/* Disjoint unique k-mers of a read without the bases in error. */
static int disjoint(const uint64_t *unique, int64_t at, int len, const char *error, int k)
{
    int n = 0;
    for (int i = 0; i + k <= len;) {
        if (unique[(at + i) / 64] >> (at + i) % 64 & 1 && !memchr(error + i, 1, (size_t)k)) {
            ++n;
            i += k;
        } else {
            ++i;
        }
    }
    return n;
}

static void show_reads(const genome *g, const uint64_t *unique, int k, int len, double rate)
{
    uint64_t rng = 1;
    double sum = 0;
    int64_t reads = 0, enough = 0;
    int32_t c = 0;
    int64_t contig_end = g->contigs[0].len;
    const double step = (double)g->parts.n_bases / READS > 1 ? (double)g->parts.n_bases / READS : 1;
    for (double x = 0; x < (double)g->parts.n_bases; x += step) {
        const int64_t at = (int64_t)x;
        char error[256] = {0};
        int errors = 0;
        while (at >= contig_end) contig_end += g->contigs[++c].len;
        if (at + len > contig_end || is_n(g, at, at + len)) continue;
        for (int i = 0; i < len && rate > 0; ++i) errors += error[i] = anl_rng_unit(&rng) < rate;
        const int n = disjoint(unique, at, len, error, k);
        ++reads;
        sum += n;
        enough += n - errors >= NEEDED;
    }
    printf("\t%.2f\t%.2f", sum / (double)reads, 100 * (double)enough / (double)reads);
}

int main(int argc, char **argv)
{
    genome g = {0};
    anl_reference *r;
    anl_contig contig;
    const uint8_t *seq;
    if (argc < 4) {
        fprintf(stderr, "usage: bench_unique GENOME.fa THREADS K [K...]\n");
        return 1;
    }
    need(!anl_reference_open(&r, argv[1]));
    int more;
    while ((more = anl_reference_next(r, &contig, &seq)) > 0) add(&g, &contig, seq);
    need(!more);
    anl_reference_free(r);
    printf("k\tCPU ns\tunique %%");
    for (int e = 0; e < 2; ++e)
        for (int len = 0; len < 3; ++len)
            printf("\tmean %s\t%%", (const char *[]){"150", "100", "75", "150 err", "100 err", "75 err"}[3 * e + len]);
    printf("\n");
    for (int i = 3; i < argc; ++i) {
        uint64_t *unique;
        int64_t ones = 0;
        g.parts.unique_k = atoi(argv[i]);
        const clock_t start = clock(); /* of all threads */
        need(!anl_unique_build(&unique, &g.parts, atoi(argv[2]), 0));
        printf("%d\t%.1f", g.parts.unique_k, (double)(clock() - start) / CLOCKS_PER_SEC * 1e9 / (double)g.parts.n_bases);
        for (int64_t w = 0; w < (g.parts.n_bases + 63) / 64; ++w) ones += __builtin_popcountll(unique[w]);
        printf("\t%.2f", 100 * (double)ones / (double)g.parts.n_bases);
        for (int e = 0; e < 2; ++e)
            for (int len = 0; len < 3; ++len) show_reads(&g, unique, g.parts.unique_k, (const int[]){150, 100, 75}[len], e * 0.005);
        printf("\n");
        fflush(stdout);
        free(unique);
    }
    return 0;
}
