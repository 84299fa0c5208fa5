/* A made-up genome and reads from one, where no real ones are at hand:
 *
 *     simulate genome BASES [EVERY] >GENOME.fa                    two contigs; one base in EVERY, 10, is of a copy of another part, with differences
 *     simulate reads GENOME.fa NUMBER LENGTH ERROR >READS.fq      reads of either strand; a tenth of the errors are gaps of 1 bp
 *     simulate pairs GENOME.fa NUMBER LENGTH ERROR OUT            mates of inserts of 300 to 500 bp, to OUT_1.fq and OUT_2.fq
 *
 * The same arguments give the same bytes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COPY = 3000, COPY_DIFFERS = 30, INSERT_LEAST = 300, INSERT_RANGE = 200, LINE = 80, GAPS = 10 };

static uint64_t state = 1;

static uint64_t next(void)
{
    state += 0x9e3779b97f4a7c15u;
    uint64_t x = (state ^ state >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static int64_t below(int64_t n)
{
    return (int64_t)(next() % (uint64_t)n);
}

static int is_one_in(double share)
{
    return (double)(next() >> 11) * 0x1p-53 < share;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void *room(size_t bytes)
{
    void *p = malloc(bytes ? bytes : 1);
    if (!p) fail("memory");
    return p;
}

static char turned(char base)
{
    static const char from[] = "ACGT", to[] = "TGCA";
    const char *at = strchr(from, base);
    return at && base ? to[at - from] : 'N';
}

static void make_genome(int64_t n, int64_t every)
{
    char *g = room((size_t)n);
    for (int64_t i = 0; i < n; ++i) g[i] = "ACGT"[below(4)];
    for (int64_t at = COPY * every; at + COPY <= n; at += COPY * every) {
        const int64_t from = below(at - COPY);
        const int reverse = (int)below(2), differs = 1 + (int)below(COPY_DIFFERS);
        for (int64_t i = 0; i < COPY; ++i) {
            const char base = reverse ? turned(g[from + COPY - 1 - i]) : g[from + i];
            g[at + i] = below(1000) < differs ? "ACGT"[below(4)] : base;
        }
    }
    const int64_t ends[] = {0, n * 2 / 3, n};
    for (int c = 0; c < 2; ++c) {
        printf(">chr%d\n", c + 1);
        for (int64_t i = ends[c]; i < ends[c + 1]; i += LINE)
            printf("%.*s\n", (int)(ends[c + 1] - i < LINE ? ends[c + 1] - i : LINE), g + i);
    }
    free(g);
}

/* All contigs behind each other; their borders are no matter to who measures speed. */
static char *read_genome(const char *path, int64_t *n)
{
    FILE *f = fopen(path, "r");
    if (!f || fseek(f, 0, SEEK_END)) fail(path);
    char *g = room((size_t)ftell(f));
    rewind(f);
    *n = 0;
    for (int c, name = 0; (c = getc(f)) != EOF;) {
        if (c == '>') name = 1;
        if (!name && c > ' ') g[(*n)++] = (char)c;
        if (c == '\n') name = 0;
    }
    fclose(f);
    return g;
}

/* A read of `length` bp that begins `at` a base, or on the other strand ends there. */
static void write_read(FILE *to, const char *g, int64_t n, int64_t at, int reverse, int length, double error, long number)
{
    fprintf(to, "@r%ld\n", number);
    for (int made = 0, i = 0; made < length; ++i) {
        const int64_t p = reverse ? at - i : at + i;
        char base = p < 0 || p >= n ? 'N' : reverse ? turned(g[p]) : g[p];
        if (is_one_in(error)) {
            if (below(GAPS) == 0) {
                if (below(2)) continue; /* deleted */
                --i;                    /* inserted */
            }
            base = "ACGT"[below(4)];
        }
        putc(base, to);
        ++made;
    }
    fputs("\n+\n", to);
    for (int i = 0; i < length; ++i) putc("FFFFFFF:,#"[below(10)], to);
    putc('\n', to);
}

static void close_file(FILE *f, const char *path)
{
    if (fclose(f)) fail(path);
}

static void make_pairs(const char *g, int64_t n, long number, int length, double error, const char *out)
{
    char path[2][4096];
    FILE *to[2];
    for (int m = 0; m < 2; ++m) {
        snprintf(path[m], sizeof path[m], "%s_%d.fq", out, m + 1);
        if (!(to[m] = fopen(path[m], "w"))) fail(path[m]);
    }
    for (long i = 0; i < number; ++i) {
        const int64_t insert = INSERT_LEAST + below(INSERT_RANGE), begin = below(n - insert);
        const int first = (int)below(2);
        write_read(to[first], g, n, begin, 0, length, error, i);
        write_read(to[!first], g, n, begin + insert - 1, 1, length, error, i);
    }
    for (int m = 0; m < 2; ++m) close_file(to[m], path[m]);
}

int main(int argc, char **argv)
{
    const int pairs = argc == 7 && !strcmp(argv[1], "pairs"), reads = argc == 6 && !strcmp(argv[1], "reads");
    const int64_t every = argc > 3 ? atoll(argv[3]) : 10;
    if ((argc == 3 || argc == 4) && !strcmp(argv[1], "genome") && atoll(argv[2]) > 0 && every > 0)
        make_genome(atoll(argv[2]), every);
    else if (pairs || reads) {
        int64_t n;
        char *g = read_genome(argv[2], &n);
        const long number = atol(argv[3]);
        const int length = atoi(argv[4]);
        const double error = atof(argv[5]);
        if (length < 1 || length + INSERT_LEAST + INSERT_RANGE > n || error < 0 || error > 0.5) {
            fputs("simulate: reads do not fit the genome, or have more than half of errors\n", stderr);
            return 2;
        }
        if (pairs) make_pairs(g, n, number, length, error, argv[6]);
        for (long i = 0; i < number && reads; ++i) {
            const int reverse = (int)below(2);
            const int64_t at = below(n - length);
            write_read(stdout, g, n, reverse ? at + length - 1 : at, reverse, length, error, i);
        }
        free(g);
    } else {
        fputs("usage: simulate genome BASES [EVERY] | reads GENOME.fa NUMBER LENGTH ERROR | pairs GENOME.fa NUMBER LENGTH ERROR OUT\n",
              stderr);
        return 2;
    }
    if (fflush(stdout) || ferror(stdout)) fail("standard output");
    return 0;
}
