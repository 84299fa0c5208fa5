#include "sw_queue.h"

#include "align_tuning.h"

#include <stdlib.h>

void anl_sw_queue_free(anl_sw_queue *queue)
{
    free(queue->list);
    free(queue->jobs);
    free(queue->targets);
    free(queue->results);
}

int anl_sw_queue_add(anl_sw_queue *queue, const anl_pending *what)
{
    int rc = anl_grow(&queue->list, &queue->list_cap, queue->n + 1, sizeof *queue->list);
    if (!rc) queue->list[queue->n++] = *what;
    return rc;
}

int anl_sw_queue_is_full(const anl_sw_queue *queue)
{
    return queue->n >= ANL_SW_QUEUE;
}

int anl_sw_queue_run(anl_sw_queue *queue, const anl_context *c, anl_scratch *s, const anl_query *queries)
{
    size_t bases = 0, at = 0;
    for (size_t i = 0; i < queue->n; ++i) bases += (size_t)(queue->list[i].end - queue->list[i].begin);
    int rc = anl_grow(&queue->jobs, &queue->jobs_cap, queue->n, sizeof *queue->jobs);
    if (!rc) rc = anl_grow(&queue->results, &queue->results_cap, queue->n, sizeof *queue->results);
    if (!rc) rc = anl_grow(&queue->targets, &queue->targets_cap, bases, 1);
    if (rc) return rc;
    for (size_t i = 0; i < queue->n; ++i) {
        const anl_pending *p = &queue->list[i];
        const anl_query *q = &queries[p->query];
        const int32_t len = (int32_t)(p->end - p->begin);
        anl_index_fetch(c->index, p->begin, p->end, queue->targets + at);
        queue->jobs[i] = (anl_sw_job){q->strand[p->candidate.reverse], queue->targets + at, q->read->len, len};
        at += (size_t)len;
    }
    return anl_sw_batch_run(s->sw, &c->kernels->sw, &c->options->align.score, queue->jobs, queue->n, queue->results);
}
