#include "context.h"

int anl_scratch_init(anl_scratch *s, const anl_context *context)
{
    *s = (anl_scratch){.temporary = anl_arena_new(), .voter = anl_voter_new(context->kernels)};
    int rc = s->temporary && s->voter ? ANL_OK : ANL_ENOMEM;
    if (!rc && context->gpu) rc = anl_gpu_stream_new(&s->stream, context->gpu);
    if (!rc && context->encoder) rc = anl_encoder_scratch_on(&s->encoder, context->encoder, s->stream);
    if (!rc && context->search) rc = anl_search_scratch_new(&s->search, context->search);
    if (!rc) rc = anl_extend_scratch_new(&s->extend);
    if (!rc) rc = anl_sw_batch_new(&s->sw);
    if (!rc) anl_sw_batch_use(s->sw, s->stream);
    if (!rc) rc = anl_trace_batch_new(&s->traces);
    if (!rc) anl_trace_batch_use(s->traces, s->stream);
    if (!rc) rc = anl_stitcher_new(&s->stitcher);
    return rc;
}

void anl_scratch_free(anl_scratch *s)
{
    anl_arena_free(s->temporary);
    anl_encoder_scratch_free(s->encoder);
    anl_search_scratch_free(s->search);
    anl_voter_free(s->voter);
    anl_extend_scratch_free(s->extend);
    anl_sw_batch_free(s->sw);
    anl_trace_batch_free(s->traces);
    anl_stitcher_free(s->stitcher);
    anl_gpu_stream_free(s->stream);
}
