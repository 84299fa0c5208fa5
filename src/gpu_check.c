#include "gpu_check.h"

#include "rng.h"

#include <stdlib.h>
#include <string.h>

static int differs(const char *what)
{
    return anl_fail(ANL_EIO, "the GPU does not %s as the CPU does: it or its driver is at fault; use --device cpu", what);
}

/* One base in 100 is N. */
static void random_bases(uint64_t *state, uint8_t *seq, int n)
{
    for (int i = 0; i < n; ++i) seq[i] = anl_rng_below(state, 100) ? (uint8_t)anl_rng_below(state, 4) : 4;
}

/* ---- embedding ---- */

enum { SEQS = 256 };

typedef struct sequences {
    uint8_t bases[SEQS][ANL_ENCODER_MAX_LEN];
    const uint8_t *seq[SEQS];
    int32_t len[SEQS];
} sequences;

static void make_sequences(sequences *s)
{
    uint64_t state = 1;
    const int range = ANL_ENCODER_MAX_LEN - ANL_ENCODER_MIN_LEN;
    for (int i = 0; i < SEQS; ++i) {
        s->len[i] = ANL_ENCODER_MIN_LEN + range * i / (SEQS - 1);
        s->seq[i] = s->bases[i];
        random_bases(&state, s->bases[i], s->len[i]);
    }
}

static int embed(const anl_encoder *e, const sequences *s, int8_t *out)
{
    anl_encoder_scratch *scratch = NULL;
    int rc = anl_encoder_scratch_new(&scratch, e);
    if (!rc) rc = anl_encoder_embed(e, scratch, s->seq, s->len, SEQS, out);
    anl_encoder_scratch_free(scratch);
    return rc;
}

int anl_gpu_check_encoder(const anl_encoder *gpu, const anl_model *m)
{
    const size_t bytes = SEQS * (size_t)m->dim;
    anl_encoder *cpu = NULL;
    sequences *s = anl_alloc(1, sizeof *s);
    int8_t *out = anl_alloc(2 * bytes, 1);
    int rc = s && out ? anl_encoder_new(&cpu, m) : ANL_ENOMEM;
    if (!rc) {
        make_sequences(s);
        rc = embed(cpu, s, out);
    }
    if (!rc) rc = embed(gpu, s, out + bytes);
    if (!rc && memcmp(out, out + bytes, bytes)) rc = differs("embed");
    anl_encoder_free(cpu);
    free(s);
    free(out);
    return rc;
}

/* ---- search ---- */

enum { QUERIES = 128, K = 64 };

typedef struct found {
    anl_hit hits[QUERIES * K];
    int counts[QUERIES], efforts[QUERIES];
} found;

/* Entries changed more and more, so that the search widens for the last ones. */
static void make_queries(const anl_index *x, int8_t *queries)
{
    uint64_t state = 1;
    for (int i = 0; i < QUERIES; ++i) {
        int8_t *q = queries + i * x->d;
        const int change = 1 + i * 3 / 4;
        anl_index_entry(x, (int64_t)anl_rng_below(&state, (uint64_t)x->n_entries), q);
        for (int c = 0; c < x->d; ++c) {
            const int v = q[c] + (int)anl_rng_below(&state, (uint64_t)(2 * change + 1)) - change;
            q[c] = (int8_t)(v < -127 ? -127 : v > 127 ? 127 : v);
        }
    }
}

static int find(const anl_search *s, const int8_t *queries, found *f)
{
    anl_search_scratch *scratch = NULL;
    int rc = anl_search_scratch_new(&scratch, s);
    if (!rc) rc = anl_search_sure(s, scratch, queries, QUERIES, K, f->hits, f->counts, f->efforts);
    anl_search_scratch_free(scratch);
    return rc;
}

static int same(const found *a, const found *b)
{
    if (memcmp(a->counts, b->counts, sizeof a->counts) || memcmp(a->efforts, b->efforts, sizeof a->efforts)) return 0;
    for (int i = 0; i < QUERIES; ++i)
        if (memcmp(a->hits + i * K, b->hits + i * K, (size_t)a->counts[i] * sizeof *a->hits)) return 0;
    return 1;
}

int anl_gpu_check_search(const anl_search *gpu, const anl_index *x)
{
    if (!x->n_entries) return ANL_OK;
    anl_search *cpu = NULL;
    found *f = anl_alloc(2, sizeof *f);
    int8_t *queries = anl_alloc(QUERIES * (size_t)x->d, 1);
    int rc = f && queries ? anl_search_new(&cpu, x, ANL_SEARCH_NATIVE) : ANL_ENOMEM;
    if (!rc) {
        anl_search_rivals_only(cpu);
        make_queries(x, queries);
        rc = find(cpu, queries, &f[0]);
    }
    if (!rc) rc = find(gpu, queries, &f[1]);
    if (!rc && !same(&f[0], &f[1])) rc = differs("search");
    anl_search_free(cpu);
    free(f);
    free(queries);
    return rc;
}

/* ---- Smith-Waterman ---- */

enum { JOBS = 128, SHORTEST = 30, SIDE = 40 /* bp of target on either side of the read's place */ };

typedef struct alignments {
    uint8_t query[JOBS][SHORTEST + 2 * JOBS], target[JOBS][SHORTEST + 2 * JOBS + 2 * SIDE];
    anl_sw_job jobs[JOBS];
    anl_sw_result results[2][JOBS];
} alignments;

/* Reads of growing length with a tenth of the bases changed and one base left out. */
static void make_jobs(alignments *a)
{
    uint64_t state = 1;
    for (int i = 0; i < JOBS; ++i) {
        const int qlen = SHORTEST + 2 * i, tlen = qlen + 2 * SIDE;
        random_bases(&state, a->target[i], tlen);
        for (int j = 0; j < qlen; ++j)
            a->query[i][j] = anl_rng_below(&state, 10) ? a->target[i][SIDE + j + (j > qlen / 2)] : (uint8_t)anl_rng_below(&state, 4);
        a->jobs[i] = (anl_sw_job){a->query[i], a->target[i], qlen, tlen};
    }
}

int anl_gpu_check_sw(anl_sw_batch *gpu, const anl_sw_params *p)
{
    anl_sw_batch *cpu = NULL;
    alignments *a = anl_alloc(1, sizeof *a);
    const anl_sw_kernels *k = &anl_kernels_get()->sw;
    int rc = a ? anl_sw_batch_new(&cpu) : ANL_ENOMEM;
    if (!rc) {
        make_jobs(a);
        rc = anl_sw_batch_run(cpu, k, p, a->jobs, JOBS, a->results[0]);
    }
    if (!rc) rc = anl_sw_batch_run(gpu, k, p, a->jobs, JOBS, a->results[1]);
    if (!rc && memcmp(a->results[0], a->results[1], sizeof a->results[0])) rc = differs("align");
    anl_sw_batch_free(cpu);
    free(a);
    return rc;
}
