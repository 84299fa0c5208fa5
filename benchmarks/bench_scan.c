/* Products of vectors per second on one core, by how many queries meet a list at once, with lists in the cache and with lists read from memory:
 * build/bench_scan [GiB]. ANNEAL_KERNELS chooses the level. Entries are any bytes, lists as long as those of E. coli and of a human genome. Where the level
 * has a sieve, also the entries that it gets ready and the products that it passes over, of a block in the cache. */
#include "bench.h"

#include "kernels.h"

#include <stdio.h>
#include <stdlib.h>

enum { D = 128, MOST = 48, SHORT = 512, LONG = 3392 };

/* Goes through lists of `len` entries with n queries, for half a second; products a second, in millions. */
static double rate(const anl_scan_kernels *k, const uint8_t *queries, int32_t n, const int8_t *codes, size_t entries, int32_t len,
                   int32_t *dots)
{
    const size_t lists = entries / (size_t)len;
    const double start = now();
    double seconds, done = 0;
    size_t list = 0;
    do {
        for (int i = 0; i < 64; ++i, list = (list + 1) % lists)
            k->dots(queries, n, codes + list * (size_t)len * D, len / ANL_PANEL, D, dots);
        done += 64.0 * len * n;
    } while ((seconds = now() - start) < 0.5);
    return done / seconds / 1e6;
}

/* The same of SHORT entries that are got ready for the sieve, and of products of n queries with these of which none is near. */
static void print_sieve(const anl_scan_kernels *k, const uint8_t *queries, int32_t n, const int8_t *codes)
{
    static int8_t high[SHORT * D];
    static int32_t bias[SHORT], high_bias[SHORT], none[MOST];
    uint32_t may[MOST];
    double seconds[2] = {0}, done[2] = {0}, start;
    for (int32_t i = 0; i < MOST; ++i) none[i] = INT32_MIN;
    for (int what = 0; what < 2; ++what) {
        start = now();
        do {
            for (int i = 0; i < 64; ++i)
                if (what)
                    k->sieve(queries, none, n, high, high_bias, SHORT / ANL_PANEL, D, may);
                else
                    k->take_high(codes, bias, SHORT / ANL_PANEL, D, high, high_bias);
            done[what] += 64.0 * SHORT * (what ? n : 1);
        } while ((seconds[what] = now() - start) < 0.5);
    }
    printf("sieve, %d queries: %.0f M entries/s got ready, %.0f M products/s\n", n, done[0] / seconds[0] / 1e6, done[1] / seconds[1] / 1e6);
}

int main(int argc, char **argv)
{
    const size_t entries = (size_t)((argc > 1 ? atof(argv[1]) : 1) * (1 << 30)) / D;
    const anl_kernels *k = anl_kernels_get();
    int8_t *codes = entries >= LONG ? malloc(entries * D) : NULL;
    int32_t *dots = malloc(sizeof *dots * MOST * LONG);
    uint8_t queries[MOST * D];
    if (!k || !codes || !dots) {
        fprintf(stderr, "usage: bench_scan [GiB]\n");
        return 1;
    }
    for (size_t i = 0; i < entries * D; ++i) codes[i] = (int8_t)(i * 2654435761u >> 13);
    for (size_t i = 0; i < sizeof queries; ++i) queries[i] = (uint8_t)(i * 40503u >> 7);
    printf("entries of a list\tqueries\tin the cache, M/s\tfrom memory, M/s\tfrom memory, GB/s\n");
    for (int32_t len = SHORT; len <= LONG; len += LONG - SHORT)
        for (int32_t n = 1; n <= MOST; n = n < 32 ? 2 * n : n + 16) {
            const double hot = rate(&k->scan, queries, n, codes, (size_t)len, len, dots),
                         cold = rate(&k->scan, queries, n, codes, entries, len, dots);
            printf("%d\t%d\t%.0f\t%.0f\t%.1f\n", len, n, hot, cold, cold / n * D / 1e3);
        }
    if (k->scan.sieve) print_sieve(&k->scan, queries, MOST, codes);
    free(codes);
    free(dots);
    return 0;
}
