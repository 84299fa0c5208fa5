/* The GPU as the rest of the program sees it: the CUDA module's table, with its messages recorded. */
#include "cuda/module.h"

#include "base.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_GPUS = 1024 };

static const anl_gpu_table *table; /* set by the first GPU opened; there is one module */

static int checked(int rc)
{
    return rc ? anl_fail(rc, "%s", table->error()) : ANL_OK;
}

int anl_gpu_differs(const char *what)
{
    return anl_fail(ANL_EIO, "the GPU does not %s as the CPU does: it or its driver is at fault; use --device cpu", what);
}

int anl_device_parse(const char *called, const char *text, int *device)
{
    char *end = NULL;
    if (!strcmp(text, "auto"))
        *device = ANL_DEVICE_AUTO;
    else if (!strcmp(text, "cpu"))
        *device = ANL_DEVICE_CPU;
    else if (!strcmp(text, "cuda"))
        *device = ANL_DEVICE_GPU;
    else {
        const long n = !strncmp(text, "cuda:", 5) && isdigit((unsigned char)text[5]) ? strtol(text + 5, &end, 10) : -1;
        if (n < 0 || *end || n >= MOST_GPUS) return anl_fail(ANL_EINVAL, "%s %s: must be auto, cpu, cuda or cuda:N", called, text);
        *device = ANL_DEVICE_GPU + (int)n;
    }
    return ANL_OK;
}

int anl_gpu_open(anl_gpu **out, int device)
{
    anl_device first;
    const char *why;
    *out = NULL;
    if (device == ANL_DEVICE_CPU) return ANL_OK;
    const int n = anl_devices_find(&first, 1, &why);
    if (device == ANL_DEVICE_AUTO && (n < 1 || first.major < ANL_GPU_LEAST_MAJOR)) return ANL_OK;
    const int number = device == ANL_DEVICE_AUTO ? 0 : device - ANL_DEVICE_GPU;
    if (!n) return anl_fail(ANL_EINVAL, "--device cuda: %s", why);
    if (number >= n)
        return anl_fail(ANL_EINVAL, "--device cuda:%d: there %s %d GPU%s", number, n == 1 ? "is" : "are", n, n == 1 ? "" : "s");
    table = anl_gpu_module();
    return checked(table->open(out, number));
}

void anl_gpu_free(anl_gpu *g)
{
    if (g) table->close(g);
}

const char *anl_gpu_name(const anl_gpu *g)
{
    return table->name(g);
}

void anl_gpu_times(const anl_gpu *g, char *text, size_t size)
{
    table->times(g, text, size);
}

int anl_gpu_load_model(anl_gpu *g, const anl_gpu_model *m)
{
    return checked(table->load_model(g, m));
}

int anl_gpu_load_lists(anl_gpu *g, const anl_gpu_lists *x)
{
    return checked(table->load_lists(g, x));
}

int anl_gpu_load_reference(anl_gpu *g, const anl_gpu_reference *r)
{
    return checked(table->load_reference(g, r));
}

int anl_gpu_stream_new(anl_gpu_stream **out, anl_gpu *g)
{
    return checked(table->stream_new(out, g));
}

void anl_gpu_stream_free(anl_gpu_stream *s)
{
    if (s) table->stream_free(s);
}

int anl_gpu_embed(anl_gpu_stream *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out)
{
    return checked(table->embed(s, seqs, lens, n, out));
}

int anl_gpu_embed_light(anl_gpu_stream *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out)
{
    return checked(table->embed_light(s, seqs, lens, n, out));
}

int anl_gpu_search(anl_gpu_stream *s, const anl_gpu_search_params *p, anl_gpu_query *queries, size_t n)
{
    return checked(table->search(s, p, queries, n));
}

int anl_gpu_nearest(anl_gpu_stream *s, const anl_gpu_coarse *c, const int8_t *const *vectors, size_t n, uint32_t *nearest, int32_t *far)
{
    return checked(table->nearest(s, c, vectors, n, nearest, far));
}

int anl_gpu_sw(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_job *jobs, const uint32_t *order, size_t n, anl_sw_result *results)
{
    return checked(table->sw(s, p, jobs, order, n, results));
}

int anl_gpu_sw_places(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_read *reads, const anl_sw_place *places, size_t n,
                      anl_sw_result *results)
{
    return checked(table->sw_places(s, p, reads, places, n, results));
}

int anl_gpu_vote(anl_gpu_stream *s, const anl_gpu_vote_params *p, anl_gpu_segment *segments, size_t n, anl_place *room)
{
    return checked(table->vote(s, p, segments, n, room));
}

int anl_gpu_trace(anl_gpu_stream *s, const anl_gpu_trace_params *p, const anl_sw_read *reads, const anl_gpu_trace_job *jobs, size_t n,
                  anl_gpu_traced *results)
{
    return checked(table->trace(s, p, reads, jobs, n, results));
}
