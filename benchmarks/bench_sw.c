/* Smith-Waterman scores on one core, in billions of cells per second, for every kernel level, and parasail's best beside them:
 * build/bench_sw. 150-bp reads against 250 bp of reference, as when candidates are verified. */
#include "bench.h"

#include "sw_batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef HAVE_PARASAIL
#include <parasail.h>
#endif

enum { JOBS = 1024, QUERY = 150, TARGET = 250 };

static uint8_t query[JOBS][QUERY], target[JOBS][TARGET];

static double rate(double jobs, double seconds)
{
    return jobs * QUERY * TARGET / seconds * 1e-9;
}

#ifdef HAVE_PARASAIL
static double time_parasail(parasail_function_t *f, const parasail_matrix_t *matrix)
{
    static char q[JOBS][QUERY], t[JOBS][TARGET];
    for (int i = 0; i < JOBS; ++i) {
        for (int j = 0; j < QUERY; ++j) q[i][j] = "ACGT"[query[i][j]];
        for (int j = 0; j < TARGET; ++j) t[i][j] = "ACGT"[target[i][j]];
    }
    double start = now(), seconds;
    long done = 0;
    do {
        for (int i = 0; i < JOBS; ++i) parasail_result_free(f(q[i], QUERY, t[i], TARGET, 7, 1, matrix));
        done += JOBS;
    } while ((seconds = now() - start) < 0.5);
    return rate((double)done, seconds);
}

static void run_parasail(void)
{
    static const char *const names[] = {"sw",
                                        "sw_striped_sse41_128_8",
                                        "sw_striped_sse41_128_16",
                                        "sw_striped_avx2_256_8",
                                        "sw_striped_avx2_256_16",
                                        "sw_scan_avx2_256_8",
                                        "sw_scan_avx2_256_16",
                                        "sw_diag_avx2_256_8",
                                        "sw_diag_avx2_256_16"};
    parasail_matrix_t *matrix = parasail_matrix_create("ACGT", 1, -4);
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        parasail_function_t *f = parasail_lookup_function(names[i]);
        if (f) printf("parasail %s\t%.2f\n", names[i], time_parasail(f, matrix));
    }
    parasail_matrix_free(matrix);
}
#endif

int main(void)
{
    const anl_sw_params p = {.match = 1, .mismatch = 4, .del_open = 6, .del_extend = 1, .ins_open = 6, .ins_extend = 1};
    static anl_sw_job jobs[JOBS];
    static anl_sw_result results[JOBS];
    anl_sw_batch *b;
    if (anl_sw_batch_new(&b)) return 1;
    for (int i = 0; i < JOBS; ++i) {
        for (int j = 0; j < TARGET; ++j) target[i][j] = (uint8_t)(rand() & 3);
        memcpy(query[i], target[i] + 50, QUERY);
        for (int j = 0; j < QUERY; ++j)
            if (rand() % 20 == 0) query[i][j] = (uint8_t)(rand() & 3);
        jobs[i] = (anl_sw_job){query[i], target[i], QUERY, TARGET, 0, 0};
    }
    printf("kernel\tGCUPS\n");
    for (const char *const *level = anl_kernels_levels(); *level; ++level) {
        anl_kernels k;
        if (anl_kernels_fill(&k, *level)) return 1;
        double start = now(), seconds;
        long done = 0;
        do {
            if (anl_sw_batch_run(b, &k.sw, &p, jobs, JOBS, results)) return 1;
            done += JOBS;
        } while ((seconds = now() - start) < 0.5);
        printf("anneal %s\t%.2f\n", *level, rate((double)done, seconds));
    }
    anl_sw_batch_free(b);
#ifdef HAVE_PARASAIL
    run_parasail();
#else
    puts("parasail\tnot installed");
#endif
    return 0;
}
