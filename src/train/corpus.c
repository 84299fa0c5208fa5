#include "corpus.h"

#include "encoder.h"
#include "reference.h"
#include "rng.h"

#include <stdlib.h>
#include <string.h>

enum {
    GAP = 1000, /* N between contigs, more than a read and its window span */
    N_CODE = 4,
    TRIES = 10000, /* places drawn until one is usable; of genomes with a usable bp in a thousand one is found all but surely */
};

/* Reads with few errors have that share of the errors of others: 1% instead of 10% substitutions on average. */
static const float LOW_ERRORS = 0.1f;

/* ---- genomes ---- */

static int append(anl_corpus *c, size_t *cap, const uint8_t *seq, int64_t len)
{
    int rc = anl_grow(&c->bases, cap, (size_t)(c->n + len + GAP), 1);
    if (rc) return rc;
    memcpy(c->bases + c->n, seq, (size_t)len);
    memset(c->bases + c->n + len, N_CODE, GAP);
    c->n += len + GAP;
    return ANL_OK;
}

static int read_file(anl_corpus *c, size_t *cap, const char *path)
{
    anl_reference *r = NULL;
    anl_contig contig;
    const uint8_t *seq;
    int rc = anl_reference_open(&r, path), more;
    while (!rc && (more = anl_reference_next(r, &contig, &seq)) != 0) rc = more < 0 ? more : append(c, cap, seq, contig.len);
    anl_reference_free(r);
    return rc;
}

int anl_corpus_read(anl_corpus **out, char **paths, int n)
{
    size_t cap = 0;
    *out = NULL;
    anl_corpus *c = anl_alloc(1, sizeof *c);
    if (!c) return ANL_ENOMEM;
    int rc = ANL_OK;
    for (int i = 0; i < n && !rc; ++i) rc = read_file(c, &cap, paths[i]);
    if (!rc && c->n < 4 * ANL_CORPUS_BLOCK) rc = anl_fail(ANL_EINVAL, "less than %d bp to train on", 4 * ANL_CORPUS_BLOCK);
    if (rc) {
        anl_corpus_free(c);
        return rc;
    }
    *out = c;
    return ANL_OK;
}

void anl_corpus_free(anl_corpus *c)
{
    if (c) free(c->bases);
    free(c);
}

static int held_aside(int64_t pos)
{
    return pos / ANL_CORPUS_BLOCK % ANL_CORPUS_HELD_ASIDE == ANL_CORPUS_HELD_ASIDE - 1;
}

int anl_corpus_held_aside(const anl_corpus *c, uint8_t **bases, int64_t *n)
{
    size_t cap = 0;
    anl_corpus held = {0};
    int rc = ANL_OK;
    for (int64_t at = 0; at < c->n && !rc; at += ANL_CORPUS_BLOCK)
        if (held_aside(at)) rc = append(&held, &cap, c->bases + at, c->n - at < ANL_CORPUS_BLOCK ? c->n - at : ANL_CORPUS_BLOCK);
    *bases = held.bases;
    *n = held.n;
    return rc;
}

/* ---- reads ---- */

int anl_read_mutate(const uint8_t *seq, int64_t room, int length, float substitutions, float indels, uint64_t *rng, uint8_t *out)
{
    int n = 0;
    for (int64_t at = 0; n < length && at < room;) {
        float u = anl_rng_unit(rng);
        if (u < indels / 2) {
            out[n++] = (uint8_t)anl_rng_below(rng, 4);
        } else if (u < indels) {
            ++at;
        } else if (u < indels + substitutions && seq[at] < N_CODE) {
            out[n++] = (uint8_t)((seq[at++] + 1 + anl_rng_below(rng, 3)) & 3);
        } else {
            out[n++] = seq[at++];
        }
    }
    return n;
}

void anl_read_turn(uint8_t *seq, int length)
{
    for (int i = 0, j = length - 1; i <= j; ++i, --j) {
        uint8_t a = seq[i], b = seq[j];
        seq[i] = b < N_CODE ? (uint8_t)(3 - b) : b;
        seq[j] = a < N_CODE ? (uint8_t)(3 - a) : a;
    }
}

/* ---- pairs ---- */

/* The stretch that a pair at window position `pos` may draw on. */
static int usable(const anl_corpus *c, int64_t pos, const anl_draw *d)
{
    int64_t margin = d->max_length, begin = pos - margin, end = pos + d->window + margin;
    return begin >= 0 && end <= c->n && !held_aside(begin) && !held_aside(end) && !memchr(c->bases + begin, N_CODE, (size_t)(end - begin));
}

static int64_t draw_place(const anl_corpus *c, const anl_draw *d, uint64_t *rng)
{
    int64_t pos = 0;
    for (int i = 0; i < TRIES; ++i) {
        pos = (int64_t)anl_rng_below(rng, (uint64_t)c->n);
        if (usable(c, pos, d)) break;
    }
    return pos;
}

/* Of something within half a stride. */
static int64_t draw_shift(const anl_draw *d, uint64_t *rng)
{
    return (int64_t)anl_rng_below(rng, (uint64_t)d->stride + 1) - d->stride / 2;
}

/* Windows of the batch: hard-negative pairs first, then from anywhere. */
static void draw_places(const anl_corpus *c, const anl_draw *d, int64_t step, anl_pairs *b)
{
    uint64_t rng = anl_rng_at(d->seed, (uint64_t)step, UINT64_MAX);
    int i = 0, hard_pairs = d->n_hard_pairs ? (int)(d->hard_share * (float)b->n) / 2 * 2 : 0;
    for (; i < hard_pairs; i += 2) {
        const anl_hard_pair *t = &d->hard_pairs[anl_rng_below(&rng, d->n_hard_pairs)];
        b->place[i] = t->a + draw_shift(d, &rng);
        b->place[i + 1] = t->b + draw_shift(d, &rng);
        if (!usable(c, b->place[i], d) || !usable(c, b->place[i + 1], d))
            b->place[i] = draw_place(c, d, &rng), b->place[i + 1] = draw_place(c, d, &rng);
    }
    for (; i < b->n; ++i) b->place[i] = draw_place(c, d, &rng);
}

static int draw_read(const anl_corpus *c, const anl_draw *d, int64_t window, uint64_t *rng, uint8_t *out)
{
    float u = anl_rng_unit(rng);
    int length = d->min_length + (int)((d->even_lengths ? u : u * u) * (float)(d->max_length - d->min_length) + 0.5f);
    int64_t begin = window + (d->window - length) / 2 + draw_shift(d, rng);
    float substitutions = anl_rng_unit(rng) * d->max_substitutions, indels = anl_rng_unit(rng) * d->max_indels;
    if (d->low_errors > 0 && anl_rng_unit(rng) < d->low_errors) substitutions *= LOW_ERRORS, indels *= LOW_ERRORS;
    if (begin < 0) begin = 0;
    int n = anl_read_mutate(c->bases + begin, c->n - begin, length, substitutions, indels, rng, out);
    if (anl_rng_next(rng) & 1) anl_read_turn(out, n);
    return n;
}

void anl_corpus_draw(const anl_corpus *c, const anl_draw *d, int64_t step, int threads, anl_pairs *b)
{
    uint16_t rank[ANL_KMERS];
    int n = b->n, window_tokens = ANL_TOKEN_COUNT(d->window);
    anl_kmer_ranks(rank);
    draw_places(c, d, step, b);
    /* Each read is made twice: once for its length, which says where its tokens go. */
    b->first[0] = 0;
    for (int pass = 0; pass < 2; ++pass) {
#pragma omp parallel for schedule(static) num_threads(threads)
        for (int i = 0; i < n; ++i) {
            uint64_t rng = anl_rng_at(d->seed, (uint64_t)step, (uint64_t)i);
            uint8_t read[ANL_ENCODER_MAX_LEN];
            int length = draw_read(c, d, b->place[i], &rng, read);
            if (pass == 0) {
                b->first[i + 1] = ANL_TOKEN_COUNT(length);
                continue;
            }
            const uint8_t *window = c->bases + b->place[i];
            int reads = anl_tokens_make(read, length, rank, b->rows + b->first[i]);
            int windows = anl_tokens_make(window, d->window, rank, b->rows + b->first[n + i]);
            b->share[i] = (float)ANL_TOKEN_KMERS / (float)(reads > 0 ? reads : 1);
            b->share[n + i] = (float)ANL_TOKEN_KMERS / (float)(windows > 0 ? windows : 1);
        }
        if (pass) break;
        for (int i = 0; i < n; ++i) b->first[i + 1] += b->first[i];
        for (int i = n; i < 2 * n; ++i) b->first[i + 1] = b->first[i] + window_tokens;
    }
}
