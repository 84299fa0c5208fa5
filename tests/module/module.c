/* In the place of anneal-cuda.so, to see when and from where it is loaded: one GPU of $ANNEAL_GPU_MEMORY bytes (1 GiB) that takes a model and lists
 * which fit, and then fails at the first work. */
#include "module.h"

#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char anl_cuda_version[] = ANL_CUDA_VERSION;

struct anl_gpu {
    size_t memory;
};

struct anl_gpu_stream {
    anl_gpu *gpu;
};

static char message[256];

static const char *error(void)
{
    return message;
}

static int fail(int code, const char *what)
{
    snprintf(message, sizeof message, "%s", what);
    return code;
}

static int open_gpu(anl_gpu **out, int device)
{
    const char *memory = getenv("ANNEAL_GPU_MEMORY");
    if (getenv("ANNEAL_GPU_BUSY")) return fail(ANL_EIO, "GPU: start: all devices are busy");
    (void)device;
    *out = malloc(sizeof **out);
    if (!*out) return fail(ANL_ENOMEM, "out of memory");
    (*out)->memory = memory ? strtoull(memory, NULL, 10) : (size_t)1 << 30;
    return ANL_OK;
}

static void close_gpu(anl_gpu *g)
{
    free(g);
}

static const char *name(const anl_gpu *g)
{
    (void)g;
    return "Test GPU";
}

static int take(anl_gpu *g, const char *what, size_t bytes)
{
    if (bytes <= g->memory) return ANL_OK;
    snprintf(message, sizeof message, "%s needs %zu bytes", what, bytes);
    return ANL_ENOMEM;
}

static int load_model(anl_gpu *g, const anl_gpu_model *m)
{
    return take(g, "the model", (size_t)m->none * (size_t)m->d);
}

static int load_lists(anl_gpu *g, const anl_gpu_lists *x)
{
    return take(g, "the index", x->list_begin[x->nlist] * (size_t)x->d);
}

static int load_reference(anl_gpu *g, const anl_gpu_reference *r)
{
    return take(g, "the reference", (size_t)r->contig_begin[r->n_contigs] / 8 * 3);
}

static int stream_new(anl_gpu_stream **out, anl_gpu *g)
{
    if (!(*out = malloc(sizeof **out))) return fail(ANL_ENOMEM, "out of memory");
    (*out)->gpu = g;
    return ANL_OK;
}

static void stream_free(anl_gpu_stream *s)
{
    free(s);
}

static int embed(anl_gpu_stream *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out)
{
    (void)s, (void)seqs, (void)lens, (void)n, (void)out;
    return fail(ANL_EIO, "GPU: embedding: it is none");
}

static void times(const anl_gpu *g, char *text, size_t size)
{
    (void)g;
    snprintf(text, size, "nothing\t0.000 ms\t1 times\n");
}

const anl_gpu_table *anl_cuda_gpu(void)
{
    static const anl_gpu_table table = {.error = error,
                                        .open = open_gpu,
                                        .close = close_gpu,
                                        .name = name,
                                        .load_model = load_model,
                                        .load_lists = load_lists,
                                        .load_reference = load_reference,
                                        .stream_new = stream_new,
                                        .stream_free = stream_free,
                                        .embed = embed,
                                        .embed_light = embed,
                                        .times = times};
    return &table;
}

int anl_cuda_devices(anl_device *devices, int most)
{
    if (most > 0) devices[0] = (anl_device){.name = "Test GPU", .major = 9, .memory = (size_t)1 << 30};
    return 1;
}

const anl_train_kernels *anl_cuda_train(int device, char *why, size_t size)
{
    snprintf(why, size, "device %d trains nothing", device);
    return NULL;
}
