/* Embeddings per second of 150-bp reads on one core, for every kernel level: build/bench_encode [MODEL.anm] */
#include "encoder.h"
#include "kernels.h"
#include "sketch.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { READS = 2048, LEN = 150 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Multiply-adds of one read: the layers of every token, attention, the output layer. */
static double work_of(const anl_model *m)
{
    const double tokens = (LEN - 5 + 7) / 8, d = m->d;
    return m->layers * (tokens * (3 + 1 + 2 + 2) * d * d + 2 * tokens * tokens * d) + d * d;
}

int main(int argc, char **argv)
{
    anl_model *m = NULL;
    if (argc > 1 ? anl_model_read(&m, argv[1]) : anl_sketch_new(&m, 128, 1)) {
        fprintf(stderr, "%s\n", anl_error());
        return 1;
    }
    static uint8_t bases[READS][LEN];
    static int32_t lens[READS];
    const uint8_t *seqs[READS];
    int8_t *out = malloc((size_t)READS * (size_t)m->d);
    for (int i = 0; i < READS; ++i) {
        for (int j = 0; j < LEN; ++j) bases[i][j] = (uint8_t)(rand() & 3);
        seqs[i] = bases[i];
        lens[i] = LEN;
    }
    printf("level\tembeddings/s\tGMAC/s\n");
    for (const char *const *level = anl_kernels_levels(); out && *level; ++level) {
        anl_kernels k;
        anl_encoder *e;
        anl_encoder_scratch *s;
        if (anl_kernels_fill(&k, *level) || anl_encoder_new_with(&e, m, &k.encode) || anl_encoder_scratch_new(&s, e)) return 1;
        double start = now(), seconds;
        long done = 0;
        do {
            anl_encoder_embed(e, s, seqs, lens, READS / 8, out);
            done += READS / 8;
        } while ((seconds = now() - start) < 1);
        printf("%s\t%.0f\t%.1f\n", *level, (double)done / seconds, (double)done / seconds * work_of(m) * 1e-9);
        anl_encoder_scratch_free(s);
        anl_encoder_free(e);
    }
    free(out);
    anl_model_free(m);
    return 0;
}
