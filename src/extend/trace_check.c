#include "trace_check.h"

#include "base.h"
#include "base_code.h"
#include "rng.h"

#include <stdlib.h>
#include <string.h>

enum { READS = 24, SHORTEST = 30, EACH = 4 /* bp that a read is longer than the one before */, LONGEST = SHORTEST + EACH * READS };

typedef struct made_up {
    uint8_t forward[READS][LONGEST], reverse[READS][LONGEST];
} made_up;

/* A read from anywhere with some bases changed, and of two out of three one left out or put in; how long it is. Nothing, where the contig is too short. */
static int32_t make_read(const anl_index *x, int i, uint64_t *state, made_up *m, anl_gpu_trace_job *job)
{
    const int64_t at = (int64_t)anl_rng_below(state, (uint64_t)x->contig_begin[x->n_contigs]);
    const int32_t contig = anl_index_contig_at(x, at), width = i % 4 == 3 ? ANL_GPU_TRACE_BAND : 1 + i, gap = i % 3 - 1;
    int64_t begin = at, end = at + SHORTEST + EACH * i, low = begin - width, high = end + width;
    uint8_t bases[LONGEST], *to = m->forward[i];
    anl_index_clip(x, contig, &begin, &end);
    anl_index_clip(x, contig, &low, &high);
    const int32_t len = (int32_t)(end - begin) - (gap > 0);
    if (len < SHORTEST / 2) return 0;
    anl_index_fetch(x, begin, end, bases);
    for (int32_t j = 0; j < len; ++j) {
        to[j] = bases[j + (j > len / 3 ? gap : 0)];
        if (!anl_rng_below(state, 25)) to[j] = (uint8_t)anl_rng_below(state, 5);
    }
    anl_reverse_complement(to, len, m->reverse[i]);
    const int32_t on = (int32_t)(begin - low), lowest = on - width / 2;
    *job = (anl_gpu_trace_job){.begin = low,
                               .len = (int32_t)(high - low),
                               .at = on,
                               .enough = gap     ? INT32_MAX
                                         : i % 2 ? INT32_MIN
                                                 : len / 2,
                               .dlo = lowest,
                               .dhi = lowest + width - 1,
                               .reverse = i / 2 % 2};
    return len;
}

/* The same jobs for both. */
static int add_jobs(anl_trace_batch *const batches[2], const anl_index *x, made_up *m, int32_t *n)
{
    uint64_t state = 4;
    int rc = ANL_OK;
    *n = 0;
    for (int i = 0; i < READS && !rc; ++i) {
        anl_gpu_trace_job job;
        const int32_t len = make_read(x, i, &state, m, &job);
        if (!len) continue;
        const uint8_t *const own = m->forward[i], *const other = m->reverse[i];
        const anl_sw_read read = {{job.reverse ? other : own, job.reverse ? own : other}, len};
        for (int b = 0; b < 2 && !rc; ++b) rc = anl_trace_batch_add(batches[b], &read, &job, n);
    }
    return rc;
}

int anl_trace_check_gpu(anl_trace_batch *gpu, const anl_extend_params *p, const anl_index *x)
{
    anl_trace_batch *cpu = NULL;
    made_up *m = anl_alloc(1, sizeof *m);
    anl_extend_params params = *p;
    int32_t n = 0;
    params.eqx = 0;
    int rc = m ? anl_trace_batch_new(&cpu) : ANL_ENOMEM;
    anl_trace_batch *const batches[2] = {cpu, gpu};
    anl_trace_batch_clear(gpu);
    if (!rc && x->contig_begin[x->n_contigs]) rc = add_jobs(batches, x, m, &n);
    for (int b = 0; b < 2 && !rc; ++b) rc = anl_trace_batch_run(batches[b], &anl_kernels_get()->sw, &params, x);
    if (!rc && n && memcmp(anl_trace_batch_result(cpu, 1), anl_trace_batch_result(gpu, 1), (size_t)n * sizeof(anl_gpu_traced)))
        rc = anl_gpu_differs("trace");
    anl_trace_batch_clear(gpu);
    anl_trace_batch_free(cpu);
    free(m);
    return rc;
}
