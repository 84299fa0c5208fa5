/* Queries per second through an index on one core, our scan beside FAISS's own search, for multipliers of the usual number of lists: build/bench_search INDEX.anl
 * Queries are the index's own vectors with noise. */
#include "bench.h"

#include "search.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { QUERIES = 512, NEIGHBOURS = 64 };

int main(int argc, char **argv)
{
    anl_index *x;
    if (argc != 2 || anl_index_open(&x, argv[1])) {
        fprintf(stderr, "%s\n", argc == 2 ? anl_error() : "usage: bench_search INDEX.anl");
        return 1;
    }
    omp_set_num_threads(1);
    int8_t *queries = malloc((size_t)QUERIES * (size_t)x->d);
    anl_hit *hits = malloc(sizeof *hits * QUERIES * NEIGHBOURS);
    int counts[QUERIES];
    if (!queries || !hits) return 1;
    for (int i = 0; i < QUERIES; ++i) {
        int8_t *q = queries + (size_t)i * (size_t)x->d;
        anl_index_entry(x, rand() % (int64_t)x->list_begin[x->nlist], q);
        for (int c = 0; c < x->d; ++c) q[c] = (int8_t)(q[c] / 2 + rand() % 41 - 20);
    }
    printf("path\tmultiplier\tlists\tqueries/s\n");
    for (int path = ANL_SEARCH_NATIVE; path <= ANL_SEARCH_FAISS; ++path) {
        anl_search *s;
        anl_search_scratch *sc;
        if (anl_search_new(&s, x, (anl_search_path)path) || anl_search_scratch_new(&sc, s)) return 1;
        for (int multiplier = 1; multiplier <= ANL_SEARCH_MOST; multiplier *= ANL_SEARCH_MORE) {
            double start = now(), seconds;
            long done = 0;
            do {
                if (anl_search_batch(s, sc, queries, QUERIES, NEIGHBOURS, multiplier, hits, counts)) return 1;
                done += QUERIES;
            } while ((seconds = now() - start) < 0.5);
            printf("%s\t%d\t%d\t%.0f\n", path == ANL_SEARCH_FAISS ? "faiss" : "native", multiplier, anl_search_nprobe(x, multiplier),
                   (double)done / seconds);
        }
        anl_search_scratch_free(sc);
        anl_search_free(s);
    }
    free(queries);
    free(hits);
    anl_index_free(x);
    return 0;
}
