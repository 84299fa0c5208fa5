#include "sw_queue.h"

#include <stdlib.h>

void anl_sw_queue_free(anl_sw_queue *queue)
{
    free(queue->list);
    free(queue->jobs);
    free(queue->results);
}

int anl_sw_queue_add(anl_sw_queue *queue, const anl_pending *what)
{
    int rc = anl_grow(&queue->list, &queue->list_cap, queue->n + 1, sizeof *queue->list);
    if (!rc) queue->list[queue->n++] = *what;
    return rc;
}

int anl_sw_queue_run(anl_sw_queue *queue, const anl_context *c, anl_scratch *s, const anl_query *queries)
{
    int rc = anl_grow(&queue->jobs, &queue->jobs_cap, queue->n, sizeof *queue->jobs);
    if (!rc) rc = anl_grow(&queue->results, &queue->results_cap, queue->n, sizeof *queue->results);
    for (size_t i = 0; i < queue->n && !rc; ++i) {
        const anl_pending *p = &queue->list[i];
        const anl_query *q = &queries[p->query];
        uint8_t *target = anl_arena_alloc(s->temporary, (size_t)(p->end - p->begin), 1);
        if (!target) return ANL_ENOMEM;
        anl_index_fetch(c->index, p->begin, p->end, target);
        queue->jobs[i] = (anl_sw_job){q->strand[p->candidate.reverse], target, q->read->len, (int32_t)(p->end - p->begin)};
    }
    return rc ? rc : anl_sw_batch_run(s->sw, &c->kernels->sw, &c->options->align.score, queue->jobs, queue->n, queue->results);
}
