#include "trace_batch.h"

#include "base.h"

#include <stdlib.h>
#include <string.h>

struct anl_trace_batch {
    anl_gpu_stream *stream; /* borrowed; NULL: the CPU */
    anl_gpu_trace_job *jobs;
    anl_sw_read *reads; /* that of a job may be the one before */
    anl_gpu_traced *results;
    size_t n, n_reads, done, jobs_cap, reads_cap, results_cap; /* done: jobs that have results */
    anl_extend_scratch *extend;                                /* of the CPU */
    uint8_t *target;
    size_t target_cap;
};

int anl_trace_batch_new(anl_trace_batch **out)
{
    *out = anl_alloc(1, sizeof **out);
    return *out ? anl_extend_scratch_new(&(*out)->extend) : ANL_ENOMEM;
}

void anl_trace_batch_use(anl_trace_batch *b, anl_gpu_stream *stream)
{
    b->stream = stream;
}

void anl_trace_batch_free(anl_trace_batch *b)
{
    if (!b) return;
    anl_extend_scratch_free(b->extend);
    free(b->jobs);
    free(b->reads);
    free(b->results);
    free(b->target);
    free(b);
}

void anl_trace_batch_clear(anl_trace_batch *b)
{
    b->n = b->n_reads = b->done = 0;
}

int anl_trace_batch_add(anl_trace_batch *b, const anl_sw_read *read, const anl_gpu_trace_job *job, int32_t *number)
{
    int rc = anl_grow(&b->jobs, &b->jobs_cap, b->n + 1, sizeof *b->jobs);
    if (!rc) rc = anl_grow(&b->reads, &b->reads_cap, b->n_reads + 1, sizeof *b->reads);
    if (rc) return rc;
    if (!b->n_reads || b->reads[b->n_reads - 1].strand[0] != read->strand[0]) b->reads[b->n_reads++] = *read;
    b->jobs[b->n] = *job;
    b->jobs[b->n].read = (uint32_t)(b->n_reads - 1);
    *number = (int32_t)++b->n;
    return ANL_OK;
}

/* What is told of an alignment. */
static void keep(const anl_extension *e, anl_gpu_trace_end how, anl_gpu_traced *to)
{
    const size_t md = strlen(e->md) + 1;
    if (e->n_cigar > ANL_GPU_TRACE_CIGAR || md > ANL_GPU_TRACE_MD) return;
    *to = (anl_gpu_traced){.how = (int32_t)how,
                           .total = e->total,
                           .score = e->score,
                           .qbeg = e->qbeg,
                           .qend = e->qend,
                           .tbeg = e->tbeg,
                           .tend = e->tend,
                           .nm = e->nm,
                           .n_cigar = e->n_cigar};
    if (e->n_cigar) memcpy(to->cigar, e->cigar, (size_t)e->n_cigar * sizeof *to->cigar);
    memcpy(to->md, e->md, md);
}

/* One job on the CPU. */
static int trace(anl_trace_batch *b, const anl_sw_kernels *k, const anl_extend_params *p, const anl_index *x, const anl_gpu_trace_job *job,
                 anl_gpu_traced *to)
{
    const anl_sw_read *read = &b->reads[job->read];
    anl_extension e;
    *to = (anl_gpu_traced){.how = ANL_GPU_LEFT};
    int rc = anl_grow(&b->target, &b->target_cap, (size_t)job->len, 1);
    if (rc) return rc;
    anl_index_fetch(x, job->begin, job->begin + job->len, b->target);
    anl_extend_problem problem = {
        .query = read->strand[job->reverse], .target = b->target, .qlen = read->len, .tlen = job->len, .dlo = job->at, .dhi = job->at};
    if (job->enough < INT32_MAX) {
        rc = anl_extend_ungapped_trace(p, k, &problem, b->extend, &e);
        if (!rc && e.total >= job->enough) keep(&e, ANL_GPU_STRAIGHT, to);
        if (rc || e.total >= job->enough) return rc;
    }
    if (job->dhi - job->dlo >= ANL_GPU_TRACE_BAND) return ANL_OK;
    problem.dlo = job->dlo;
    problem.dhi = job->dhi;
    rc = anl_extend(p, k, &problem, b->extend, &e);
    if (!rc) keep(&e, ANL_GPU_IN_BAND, to);
    return rc;
}

int anl_trace_batch_run(anl_trace_batch *b, const anl_sw_kernels *k, const anl_extend_params *p, const anl_index *x)
{
    const size_t done = b->done;
    const anl_gpu_trace_params params = {p->score, p->clip5, p->clip3};
    int rc = anl_grow(&b->results, &b->results_cap, b->n, sizeof *b->results);
    if (rc || done == b->n) return rc;
    b->done = b->n;
    if (b->stream) return anl_gpu_trace(b->stream, &params, b->reads, b->jobs + done, b->n - done, b->results + done);
    for (size_t i = done; i < b->n && !rc; ++i) rc = trace(b, k, p, x, &b->jobs[i], &b->results[i]);
    return rc;
}

const anl_gpu_traced *anl_trace_batch_result(const anl_trace_batch *b, int32_t number)
{
    return &b->results[number - 1];
}

int64_t anl_trace_batch_begin(const anl_trace_batch *b, int32_t number)
{
    return b->jobs[number - 1].begin;
}

anl_extension anl_extension_of(const anl_gpu_traced *t)
{
    return (anl_extension){.score = t->score,
                           .total = t->total,
                           .qbeg = t->qbeg,
                           .qend = t->qend,
                           .tbeg = t->tbeg,
                           .tend = t->tend,
                           .nm = t->nm,
                           .n_cigar = t->n_cigar,
                           .cigar = t->cigar,
                           .md = t->md};
}
