#include "sw_check.h"

#include "base.h"
#include "rng.h"

#include <stdlib.h>
#include <string.h>

enum { JOBS = 128, SHORTEST = 30, SIDE = 40 /* bp of target on either side of the read's place */ };

typedef struct alignments {
    uint8_t query[JOBS][SHORTEST + 2 * JOBS], target[JOBS][SHORTEST + 2 * JOBS + 2 * SIDE];
    anl_sw_job jobs[JOBS];
    anl_sw_result results[2][JOBS];
} alignments;

/* Reads of growing length with a tenth of the bases changed and one base left out. */
static void make_jobs(alignments *a)
{
    uint64_t state = 1;
    for (int i = 0; i < JOBS; ++i) {
        const int qlen = SHORTEST + 2 * i, tlen = qlen + 2 * SIDE;
        anl_rng_bases(&state, a->target[i], tlen);
        for (int j = 0; j < qlen; ++j)
            a->query[i][j] = anl_rng_below(&state, 10) ? a->target[i][SIDE + j + (j > qlen / 2)] : (uint8_t)anl_rng_below(&state, 4);
        a->jobs[i] = (anl_sw_job){a->query[i], a->target[i], qlen, tlen};
    }
}

int anl_sw_check_gpu(anl_sw_batch *gpu, const anl_sw_params *p)
{
    anl_sw_batch *cpu = NULL;
    alignments *a = anl_alloc(1, sizeof *a);
    const anl_sw_kernels *k = &anl_kernels_get()->sw;
    int rc = a ? anl_sw_batch_new(&cpu) : ANL_ENOMEM;
    if (!rc) {
        make_jobs(a);
        rc = anl_sw_batch_run(cpu, k, p, a->jobs, JOBS, a->results[0]);
    }
    if (!rc) rc = anl_sw_batch_run(gpu, k, p, a->jobs, JOBS, a->results[1]);
    if (!rc && memcmp(a->results[0], a->results[1], sizeof a->results[0])) rc = anl_gpu_differs("align");
    anl_sw_batch_free(cpu);
    free(a);
    return rc;
}
