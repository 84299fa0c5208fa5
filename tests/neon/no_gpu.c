/* In the place of the GPU and of an index: nothing here opens one. */
#include "gpu.h"
#include "index.h"

#include <stdlib.h>

int anl_gpu_sw(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_job *jobs, const uint32_t *order, size_t n, anl_sw_result *results)
{
    (void)s, (void)p, (void)jobs, (void)order, (void)n, (void)results;
    abort();
}

int anl_gpu_sw_places(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_read *reads, const anl_sw_place *places, size_t n,
                      anl_sw_result *results)
{
    (void)s, (void)p, (void)reads, (void)places, (void)n, (void)results;
    abort();
}

void anl_index_fetch(const anl_index *x, int64_t begin, int64_t end, uint8_t *out)
{
    (void)x, (void)begin, (void)end, (void)out;
    abort();
}
