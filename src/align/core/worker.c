#include "worker.h"

#include <stdlib.h>
#include <string.h>

int anl_worker_init(anl_worker *w, const anl_context *context)
{
    memset(w, 0, sizeof *w);
    w->context = context;
    int rc = ANL_OK;
    for (int i = 0; i < ANL_LAPS && !rc; ++i)
        if (!(w->arenas[i] = anl_arena_new())) rc = ANL_ENOMEM;
    w->arena = w->arenas[0];
    if (!rc && (!(w->temporary = anl_arena_new()) || !(w->voter = anl_voter_new()))) rc = ANL_ENOMEM;
    if (!rc) rc = anl_encoder_scratch_new(&w->encoder, context->encoder);
    if (!rc) rc = anl_search_scratch_new(&w->search, context->search);
    if (!rc) rc = anl_extend_scratch_new(&w->extend);
    if (!rc) rc = anl_sw_batch_new(&w->sw);
    if (!rc && context->gpu) rc = anl_sw_batch_use(w->sw, context->gpu);
    if (!rc) rc = anl_stitcher_new(&w->stitcher);
    return rc;
}

void anl_worker_free(anl_worker *w)
{
    for (int i = 0; i < ANL_LAPS; ++i) anl_arena_free(w->arenas[i]);
    anl_arena_free(w->temporary);
    anl_voter_free(w->voter);
    anl_encoder_scratch_free(w->encoder);
    anl_search_scratch_free(w->search);
    anl_extend_scratch_free(w->extend);
    anl_sw_batch_free(w->sw);
    anl_stitcher_free(w->stitcher);
    free(w->jobs);
    free(w->pending);
    free(w->results);
}
