#include "sw_queue.h"

#include "align_tuning.h"

#include <stdlib.h>

void anl_sw_queue_free(anl_sw_queue *queue)
{
    free(queue->list);
    free(queue->reads);
    free(queue->places);
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

/* What waits as places of reads; those of one query mostly follow each other and share a read. */
static void make_places(anl_sw_queue *queue, const anl_query *queries)
{
    uint32_t reads = 0;
    for (size_t i = 0; i < queue->n; ++i) {
        const anl_pending *p = &queue->list[i];
        const anl_query *q = &queries[p->query];
        if (!i || p->query != queue->list[i - 1].query) queue->reads[reads++] = (anl_sw_read){{q->strand[0], q->strand[1]}, q->read->len};
        queue->places[i] = (anl_sw_place){.begin = p->begin,
                                          .len = (int32_t)(p->end - p->begin),
                                          .read = reads - 1,
                                          .reverse = p->candidate.reverse,
                                          .low = p->band ? (int32_t)(p->candidate.dlo - p->begin) : 0,
                                          .band = p->band};
    }
}

int anl_sw_queue_run(anl_sw_queue *queue, const anl_context *c, anl_scratch *s, const anl_query *queries)
{
    int rc = anl_grow(&queue->reads, &queue->reads_cap, queue->n, sizeof *queue->reads);
    if (!rc) rc = anl_grow(&queue->places, &queue->places_cap, queue->n, sizeof *queue->places);
    if (!rc) rc = anl_grow(&queue->results, &queue->results_cap, queue->n, sizeof *queue->results);
    if (rc) return rc;
    make_places(queue, queries);
    const anl_sw_places places = {c->index, queue->reads, queue->places, queue->n};
    return anl_sw_batch_run_places(s->sw, &c->kernels->sw, &c->options->align.score, &places, queue->results);
}
