/* Embeddings per second and multiply-adds per second of each kernel level, one thread: the encoder and the light encoder.
 * usage: bench_encode [DIM [LENGTH [SECONDS]]] */
#include "bench.h"

#include "encoder_internal.h"
#include "sketch.h"
#include "tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Multiply-adds of one sequence in linear layers and attention. */
static double work(const anl_model *m, int len)
{
    double d = m->dim, tokens = ANL_TOKEN_COUNT(len);
    return m->layers * (tokens * 8 * d * d + 2 * tokens * tokens * d) + d * d;
}

static double light_work(const anl_model *m)
{
    const double d = m->dim, hidden = m->light->hidden;
    return hidden * d + d * (d + hidden);
}

static int run(const anl_model *m, const char *level, int len, double seconds, int light)
{
    anl_embed_function *const embed = light ? anl_encoder_embed_light : anl_encoder_embed;
    enum { N = 512 };
    anl_kernels kernels;
    anl_encoder *e = NULL;
    anl_encoder_scratch *s = NULL;
    uint8_t *bases = malloc((size_t)N * (size_t)len);
    int8_t *out = malloc((size_t)N * (size_t)m->dim);
    const uint8_t *seqs[N];
    int32_t lens[N];
    if (!bases || !out || anl_kernels_fill(&kernels, level) || anl_encoder_new_with(&e, m, &kernels.encode) ||
        anl_encoder_scratch_new(&s, e))
        return fprintf(stderr, "bench_encode: %s\n", anl_error()), 1;
    srand(1);
    for (int i = 0; i < N * len; ++i) bases[i] = (uint8_t)(rand() >> 8 & 3);
    for (int i = 0; i < N; ++i) {
        seqs[i] = bases + (size_t)i * (size_t)len;
        lens[i] = len;
    }
    embed(e, s, seqs, lens, N, out); /* warm up */
    double best = 0, start = now();
    do {
        double t = now();
        embed(e, s, seqs, lens, N, out);
        t = N / (now() - t);
        if (t > best) best = t;
    } while (now() - start < seconds);
    printf("%-8s %-5s d=%d %d bp  %9.0f embeddings/s  %7.2f us  %6.1f G MAC/s\n", level, light ? "light" : "full", m->dim, len, best,
           1e6 / best, best * (light ? light_work(m) : work(m, len)) * 1e-9);
    anl_encoder_scratch_free(s);
    anl_encoder_free(e);
    free(out);
    free(bases);
    return 0;
}

int main(int argc, char **argv)
{
    int dim = argc > 1 ? atoi(argv[1]) : 128, len = argc > 2 ? atoi(argv[2]) : 150, rc = 0;
    double seconds = argc > 3 ? atof(argv[3]) : 1;
    anl_model *m;
    if (len < ANL_ENCODER_MIN_LEN || len > ANL_ENCODER_MAX_LEN) return fprintf(stderr, "bench_encode: LENGTH is 20 to 400\n"), 1;
    if (anl_sketch_new(&m, dim, 2, 1) ||
        anl_model_add_light(m, 2 * dim <= ANL_ENCODER_MAX_INPUTS - dim ? 2 * dim : ANL_ENCODER_MAX_INPUTS - dim))
        return fprintf(stderr, "bench_encode: %s\n", anl_error()), 1;
    for (const char *const *level = anl_kernels_levels(); *level && !rc; ++level)
        for (int light = 0; light < 2 && !rc; ++light) rc = run(m, *level, len, seconds, light);
    anl_model_free(m);
    return rc;
}
