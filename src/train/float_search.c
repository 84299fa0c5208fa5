#include "float_search.h"

#include "checkpoint.h"
#include "flat.h"
#include "trainer.h"

#include <stdlib.h>

enum { PAIRS = 512 /* of a batch of the trainer, which is all that embeds in floats */, BLOCK = 2 * PAIRS };

struct anl_float_search {
    anl_trainer *trainer;
    anl_pairs *batch;
    anl_flat *vectors;
    int64_t *windows; /* [n_entries] */
    int d, layers;
};

/* Embeds at most BLOCK sequences to out[n][d]; the batch is filled up with repeats of the last. */
static int embed(anl_float_search *f, const uint8_t *const *seqs, const int32_t *lens, int n, float *out)
{
    uint16_t rank[ANL_KMERS];
    anl_pairs *b = f->batch;
    anl_kmer_ranks(rank);
    b->first[0] = 0;
    for (int i = 0; i < BLOCK; ++i) {
        const int from = i < n ? i : n - 1, kmers = anl_tokens_make(seqs[from], lens[from], rank, b->rows + b->first[i]);
        b->first[i + 1] = b->first[i] + ANL_TOKEN_COUNT(lens[from]);
        b->share[i] = (float)ANL_TOKEN_KMERS / (float)(kmers > 0 ? kmers : 1);
    }
    return anl_trainer_embed(f->trainer, b, f->layers, n, out);
}

static int add_windows(anl_float_search *f, const anl_index *x)
{
    const int64_t entries = (int64_t)x->list_begin[x->nlist];
    uint8_t *bases = anl_alloc(BLOCK, (size_t)x->window);
    float *out = anl_alloc((size_t)BLOCK * (size_t)f->d, sizeof *out);
    const uint8_t *seqs[BLOCK];
    int32_t lens[BLOCK];
    int64_t stored = 0;
    int n = 0, rc = bases && out ? ANL_OK : ANL_ENOMEM;
    for (int64_t i = 0; i < entries && !rc; ++i) {
        if (x->ids[i] != ANL_INDEX_NO_WINDOW) {
            int64_t begin = anl_index_window_pos(x, x->ids[i]), end = x->contig_begin[anl_index_contig_at(x, begin) + 1];
            lens[n] = end - begin < x->window ? (int32_t)(end - begin) : x->window;
            seqs[n] = bases + (size_t)n * (size_t)x->window;
            anl_index_fetch(x, begin, begin + lens[n], bases + (size_t)n * (size_t)x->window);
            f->windows[stored++] = x->ids[i];
            ++n;
        }
        if (n < BLOCK && !(n && i == entries - 1)) continue;
        rc = embed(f, seqs, lens, n, out);
        if (!rc) rc = anl_flat_add(f->vectors, out, n);
        n = 0;
    }
    free(bases);
    free(out);
    return rc;
}

int anl_float_search_new(anl_float_search **out, const anl_index *x, const char *checkpoint, int layers, int threads)
{
    const anl_trainer_options o = {
        .kernels = anl_train_cpu(1), .dim = x->d, .layers = layers, .pairs = PAIRS, .threads = threads, .temperature = 1};
    anl_checkpoint *c = NULL;
    *out = NULL;
    anl_float_search *f = anl_alloc(1, sizeof *f);
    if (!f) return ANL_ENOMEM;
    f->d = x->d;
    f->layers = layers;
    int rc = anl_trainer_new(&f->trainer, &o);
    if (!rc) rc = anl_pairs_new(&f->batch, PAIRS);
    if (!rc) rc = anl_checkpoint_new(&c, anl_trainer_net(f->trainer)->size);
    if (!rc) rc = anl_checkpoint_read(c, checkpoint);
    if (!rc) anl_trainer_set(f->trainer, c->weights, NULL, NULL);
    if (!rc) rc = anl_flat_new(&f->vectors, x->d);
    if (!rc && !(f->windows = anl_alloc((size_t)x->n_entries + 1, sizeof *f->windows))) rc = ANL_ENOMEM;
    if (!rc) rc = add_windows(f, x);
    anl_checkpoint_free(c);
    if (rc) {
        anl_float_search_free(f);
        return rc;
    }
    *out = f;
    return ANL_OK;
}

void anl_float_search_free(anl_float_search *f)
{
    if (!f) return;
    anl_trainer_free(f->trainer);
    anl_pairs_free(f->batch);
    anl_flat_free(f->vectors);
    free(f->windows);
    free(f);
}

int anl_float_search_batch(anl_float_search *f, const uint8_t *const *seqs, const int32_t *lens, int n, int k, int64_t *windows)
{
    float *vectors = anl_alloc((size_t)BLOCK * (size_t)f->d, sizeof *vectors);
    int rc = vectors ? ANL_OK : ANL_ENOMEM;
    for (int begin = 0; begin < n && !rc; begin += BLOCK) {
        const int m = n - begin < BLOCK ? n - begin : BLOCK;
        int64_t *found = windows + (size_t)begin * (size_t)k;
        rc = embed(f, seqs + begin, lens + begin, m, vectors);
        if (!rc) rc = anl_flat_search(f->vectors, vectors, m, k, found);
        for (size_t i = 0; i < (size_t)m * (size_t)k && !rc; ++i) found[i] = found[i] < 0 ? -1 : f->windows[found[i]];
    }
    free(vectors);
    return rc;
}
