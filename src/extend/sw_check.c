#include "sw_check.h"

#include "base.h"
#include "base_code.h"
#include "rng.h"

#include <stdlib.h>
#include <string.h>

enum { JOBS = 128, PLACES = 32, SHORTEST = 30, SIDE = 40 /* bp of target on either side of the read's place */ };

typedef struct alignments {
    uint8_t query[JOBS][SHORTEST + 2 * JOBS], reverse[PLACES][SHORTEST + 2 * JOBS], target[JOBS][SHORTEST + 2 * JOBS + 2 * SIDE];
    anl_sw_job jobs[JOBS];
    anl_sw_read reads[PLACES];
    anl_sw_place places[PLACES];
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
        a->jobs[i] = (anl_sw_job){a->query[i], a->target[i], qlen, tlen, 0, 0};
    }
}

/* Reads of lengths as far apart from anywhere in a reference, every other one on the other strand; the first from its very beginning, the last from its
 * end. What does not fit into a contig is cut off. */
static void make_places(alignments *a, const anl_index *x)
{
    const int64_t bases = x->contig_begin[x->n_contigs];
    uint64_t state = 2;
    for (int i = 0; i < PLACES; ++i) {
        const int64_t at = i == PLACES - 1 ? bases - 1 : i ? (int64_t)anl_rng_below(&state, (uint64_t)bases) : 0;
        const int32_t contig = anl_index_contig_at(x, at), most = SHORTEST + 2 * i * JOBS / PLACES;
        int64_t begin = at - most / 2, end = begin + most, low = begin - SIDE, high = end + SIDE;
        anl_index_clip(x, contig, &begin, &end);
        anl_index_clip(x, contig, &low, &high);
        const int32_t len = (int32_t)(end - begin);
        anl_index_fetch(x, begin, end, a->query[i]);
        for (int32_t j = 0; j < len; ++j)
            if (!anl_rng_below(&state, 10)) a->query[i][j] = (uint8_t)anl_rng_below(&state, 5);
        anl_reverse_complement(a->query[i], len, a->reverse[i]);
        const uint8_t *strand[2] = {a->query[i], a->reverse[i]};
        a->reads[i] = (anl_sw_read){{strand[i % 2], strand[!(i % 2)]}, len};
        a->places[i] = (anl_sw_place){low, (int32_t)(high - low), (uint32_t)i, i % 2, (int32_t)(begin - SIDE - low), i % 3 ? 2 * SIDE : 0};
    }
}

/* Compares what both say of n, if both said it. */
static int compare(const alignments *a, size_t n, int rc)
{
    return !rc && memcmp(a->results[0], a->results[1], n * sizeof *a->results[0]) ? anl_gpu_differs("align") : rc;
}

int anl_sw_check_gpu(anl_sw_batch *gpu, const anl_sw_params *p, const anl_index *x)
{
    anl_sw_batch *cpu = NULL;
    alignments *a = anl_alloc(1, sizeof *a);
    const anl_sw_kernels *k = &anl_kernels_get()->sw;
    int rc = a ? anl_sw_batch_new(&cpu) : ANL_ENOMEM;
    if (!rc) {
        make_jobs(a);
        rc = anl_sw_batch_run(cpu, k, p, a->jobs, JOBS, a->results[0]);
    }
    if (!rc) rc = compare(a, JOBS, anl_sw_batch_run(gpu, k, p, a->jobs, JOBS, a->results[1]));
    if (!rc && x->contig_begin[x->n_contigs]) {
        make_places(a, x);
        const anl_sw_places places = {x, a->reads, a->places, PLACES};
        rc = anl_sw_batch_run_places(cpu, k, p, &places, a->results[0]);
        if (!rc) rc = compare(a, PLACES, anl_sw_batch_run_places(gpu, k, p, &places, a->results[1]));
    }
    anl_sw_batch_free(cpu);
    free(a);
    return rc;
}
