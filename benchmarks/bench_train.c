/* Pairs a second of a training step, for the linear model and with its blocks.
 *
 * usage: bench_train [THREADS [PAIRS [DIM [STEPS]]]]      (default: 2 1024 128 5)
 *
 * A pair is a read of 50 to 300 bp and a window of 160 bp, both embedded and both differentiated; multiply-adds are those of the linear
 * layers, three times the forward pass. */
#include "bench.h"

#include "corpus.h"
#include "rng.h"
#include "sketch.h"
#include "trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LAYERS = 2, BASES = 4000000 };

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 2, pairs = argc > 2 ? atoi(argv[2]) : 1024, dim = argc > 3 ? atoi(argv[3]) : 128;
    int steps = argc > 4 ? atoi(argv[4]) : 5;
    anl_corpus corpus = {.bases = anl_alloc(BASES, 1), .n = BASES};
    anl_draw draw = {
        .seed = 1, .window = 160, .stride = 48, .min_length = 50, .max_length = 300, .max_substitutions = 0.2f, .max_indels = 0.05f};
    anl_trainer_options o = {
        .kernels = anl_train_cpu(0), .dim = dim, .layers = LAYERS, .pairs = pairs, .threads = threads, .apart = 300, .temperature = 0.07f};
    anl_trainer *t;
    anl_pairs *b;
    anl_model *m;
    uint64_t rng = 1;
    for (int64_t i = 0; corpus.bases && i < corpus.n; ++i) corpus.bases[i] = (uint8_t)anl_rng_below(&rng, 4);
    if (!corpus.bases || anl_sketch_new(&m, dim, LAYERS, 1) || anl_trainer_new(&t, &o) || anl_pairs_new(&b, pairs)) {
        fprintf(stderr, "bench_train: %s\n", anl_error());
        return 1;
    }
    const anl_net *net = anl_trainer_net(t);
    float *weights = anl_alloc(net->size, sizeof *weights);
    if (!weights) return 1;
    anl_net_from_model(net, m, weights);
    anl_trainer_set(t, weights, NULL, NULL);
    printf("kernels\t%s\nthreads\t%d\nlayers\tpairs/s\tG multiply-adds/s\tdrawing, share of the time\n", o.kernels->name, threads);
    for (int layers = 0; layers <= LAYERS; layers += LAYERS) {
        double start = 0, drawing = 0, tokens = 0;
        for (int i = -1; i < steps; ++i) {
            anl_train_score score;
            if (i == 0) start = now(), drawing = tokens = 0;
            double before = now();
            anl_corpus_draw(&corpus, &draw, i + 1, threads, b);
            drawing += now() - before;
            tokens += b->first[2 * pairs];
            if (anl_trainer_gradient(t, b, layers, &score)) return 1;
            anl_trainer_update(t, i + 2, 0);
        }
        double seconds = now() - start, work = tokens * layers * 8 * dim * dim + 2.0 * steps * pairs * dim * dim;
        printf("%d\t%.0f\t%.1f\t%.3f\n", layers, steps * pairs / seconds, 3 * work / seconds * 1e-9, drawing / seconds);
    }
    free(weights);
    anl_model_free(m);
    anl_pairs_free(b);
    anl_trainer_free(t);
    free(corpus.bases);
    return 0;
}
