/* All batches of an input: while one is read and what came of another is written, the one between them is aligned, or the two where the aligner lags. */
#include "align.h"
#include "reads.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    BATCHES = 3, /* one is filled while the others are used: one, or two where the aligner lags */
    PARCELS = 2  /* one is filled while the other is written */
};

/* Reading or writing, in the background of the alignment where there are threads. */
typedef struct task {
    int (*run)(struct task *);
    pthread_t thread;
    int in_background, running;
    anl_failure failure;
    anl_reads *in; /* of reading: */
    int64_t bases;
    anl_batch *batch;
    const anl_parcels *parcels; /* of writing */
} task;

static int read_batch(task *t)
{
    return anl_reads_next(t->in, t->bases, t->batch);
}

static int write_parcels(task *t)
{
    return anl_parcels_write(t->parcels);
}

static void *task_run(void *data)
{
    task *t = data;
    int rc = t->run(t);
    if (rc) anl_failure_keep(&t->failure, rc, 0);
    return NULL;
}

static void task_start(task *t)
{
    t->running = t->in_background && pthread_create(&t->thread, NULL, task_run, t) == 0;
    if (!t->running) task_run(t);
}

/* Waits for it, if it was started. Returns `rc`, an error before it, with its message; without one its own, if it failed. */
static int task_end(task *t, int rc)
{
    if (t->running) pthread_join(t->thread, NULL);
    t->running = 0;
    return rc ? rc : anl_failure_raise(&t->failure);
}

typedef struct stream {
    anl_batch batches[BATCHES];
    anl_parcels parcels[PARCELS];
    anl_pen **pens;
    int n_pens;
} stream;

static int stream_open(stream *s, const anl_aligner *a, const anl_align_output *out)
{
    const int n = anl_aligner_workers(a);
    int rc = (s->pens = anl_alloc((size_t)n, sizeof(anl_pen *))) ? ANL_OK : ANL_ENOMEM;
    while (!rc && s->n_pens < n) rc = anl_pen_new(&s->pens[s->n_pens++], out->alignments);
    for (int i = 0; i < PARCELS; ++i) s->parcels[i] = (anl_parcels){.out = out, .pens = s->pens, .at_once = n == 1};
    for (int i = 0; i < BATCHES && !rc; ++i) rc = anl_batch_init(&s->batches[i]);
    return rc;
}

static void stream_close(stream *s)
{
    for (int i = 0; i < BATCHES; ++i) anl_batch_free(&s->batches[i]);
    for (int i = 0; i < PARCELS; ++i) anl_parcels_free(&s->parcels[i]);
    for (int i = 0; i < s->n_pens; ++i) anl_pen_free(s->pens[i]);
    free(s->pens);
}

int anl_align(anl_aligner *a, anl_reads *in, const anl_align_output *out, anl_summary *summary, anl_progress *progress, void *data)
{
    const anl_align_options *o = anl_aligner_options(a);
    const int in_background = o->threads > 1, lags = anl_aligner_lags(a), batches = in_background ? 2 + lags : 1 + lags;
    stream s = {0};
    task reader = {.run = read_batch, .in_background = in_background, .in = in, .bases = o->batch_bases, .batch = &s.batches[0]};
    task writer = {.run = write_parcels, .in_background = in_background};
    int64_t seen = 0;
    int rc = stream_open(&s, a, out), done = 0;
    anl_aligner_watch(a, progress, data);
    if (!rc) rc = read_batch(&reader);
    for (int turn = 0; !rc && !done; ++turn) {
        const anl_batch *current = reader.batch->n ? reader.batch : NULL;
        anl_parcels *parcels = &s.parcels[turn % PARCELS];
        const double share = anl_reads_share(in);
        done = !current;
        if (done && !lags) break;
        if (current) seen += (int64_t)current->n;
        anl_aligner_expect(a, share > 0 ? (int64_t)((double)seen / share) : 0);
        reader.batch = &s.batches[(turn + 1) % batches];
        if (in_background && !done) task_start(&reader);
        rc = anl_aligner_pack(a, current, parcels, summary);
        rc = task_end(&writer, rc);
        if (!in_background && !done && !rc) task_start(&reader); /* one after the other, in the memory of one */
        rc = task_end(&reader, rc);
        if (rc) break;
        writer.parcels = parcels;
        task_start(&writer);
    }
    rc = task_end(&writer, rc);
    if (!rc) rc = anl_aligner_check(a);
    stream_close(&s);
    return rc;
}
