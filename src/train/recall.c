#include "recall.h"

#include "corpus.h"
#include "encoder.h"
#include "kernels.h"
#include "panel.h"
#include "rng.h"
#include "search.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 256,                    /* reads searched at once, by one thread */
    MOST = 32,                      /* neighbours looked at */
    SPAN = 2 * ANL_ENCODER_MAX_LEN, /* bp of genome that a read of deletions may use up */
    EVERY_LIST = 1 << 20,           /* times the lists of an alignment: all there are */
    FILTER_BITS = 1 << 20,          /* 128 kB, for the L2 cache; of 2,000 hashes one stretch in 500 passes by chance */
    TRIES = 1000,                   /* places drawn until one has no N */
};

/* Of the errors of simulated reads; the rest are insertions and deletions. As of Illumina reads of a diverged strain, roughly. */
static const float SUBSTITUTIONS = 0.8f, INDELS = 0.2f;

const int anl_recall_depths[ANL_RECALL_DEPTHS] = {1, 2, 10, MOST};
const int anl_recall_lists[ANL_RECALL_LISTS] = {2, 8, 32};

/* ---- exact repeats ---- */

/* Hashes of all stretches of a length, read along the genome: polynomials over random values, so that both strands can be rolled. */
typedef struct roll {
    uint64_t value[4], first[4]; /* of a base; of a base times BASE^(length - 1) */
    uint64_t forward, reverse;
} roll;

#define BASE 0x9e3779b97f4a7c15u
#define BASE_INVERSE 0xf1de83e19937733du /* BASE * BASE_INVERSE = 1 modulo 2^64 */

static uint64_t roll_hash(const roll *r)
{
    return r->forward < r->reverse ? r->forward : r->reverse;
}

/* The first stretch: forward = sum value[s_i] BASE^(length - 1 - i); reverse is the same of the reverse complement. */
static uint64_t roll_start(roll *r, const uint8_t *seq, int length)
{
    uint64_t state = 99, power = 1;
    *r = (roll){0};
    for (int i = 0; i < 4; ++i) r->value[i] = anl_rng_next(&state);
    for (int i = 0; i < length; ++i) {
        r->forward = r->forward * BASE + r->value[seq[i]];
        r->reverse = r->reverse * BASE + r->value[3 - seq[length - 1 - i]];
        if (i) power *= BASE;
    }
    for (int i = 0; i < 4; ++i) r->first[i] = r->value[i] * power;
    return roll_hash(r);
}

/* One base further. */
static uint64_t roll_on(roll *r, uint8_t in, uint8_t out)
{
    r->forward = (r->forward - r->first[out]) * BASE + r->value[in];
    r->reverse = (r->reverse - r->value[3 - out]) * BASE_INVERSE + r->first[3 - in];
    return roll_hash(r);
}

static uint64_t hash_of(const uint8_t *seq, int length)
{
    roll r;
    return roll_start(&r, seq, length);
}

typedef struct seen {
    uint64_t hash;
    int times;
} seen;

static int by_hash(const void *a, const void *b)
{
    const uint64_t x = ((const seen *)a)->hash, y = ((const seen *)b)->hash;
    return (x > y) - (x < y);
}

static seen *find(seen *s, int n, uint64_t hash)
{
    int lo = 0, hi = n;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (s[mid].hash < hash)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && s[lo].hash == hash ? &s[lo] : NULL;
}

/* Counts how often each of the sorted, distinct hashes occurs in bases[n]. A small table of bits keeps most stretches from being looked up. */
static int count(const uint8_t *bases, int64_t n, int length, seen *s, int distinct)
{
    uint8_t *filter = anl_alloc(FILTER_BITS / 8, 1);
    if (!filter) return ANL_ENOMEM;
    for (int i = 0; i < distinct; ++i) filter[s[i].hash % FILTER_BITS / 8] |= (uint8_t)(1 << s[i].hash % 8);
    roll r = {0};
    int64_t good = 0;
    for (int64_t i = 0; i < n; ++i) {
        good = bases[i] < 4 ? good + 1 : 0;
        if (good < length) continue;
        uint64_t hash = good == length ? roll_start(&r, bases + i - length + 1, length) : roll_on(&r, bases[i], bases[i - length]);
        if (!(filter[hash % FILTER_BITS / 8] >> hash % 8 & 1)) continue;
        seen *e = find(s, distinct, hash);
        if (e) ++e->times;
    }
    free(filter);
    return ANL_OK;
}

/* ---- reads ---- */

typedef struct sample {
    int64_t *pos;    /* [reads] of the error-free sequence */
    uint8_t *unique; /* [reads] */
    uint8_t *seq;    /* [reads][ANL_ENCODER_MAX_LEN] with errors */
    int32_t *len;
} sample;

static void free_sample(sample *s)
{
    free(s->pos);
    free(s->unique);
    free(s->seq);
    free(s->len);
}

/* Whether a stretch lies in one contig and has no N. */
static int whole(const anl_index *x, const uint8_t *bases, int64_t pos, int length)
{
    return anl_index_contig_at(x, pos) == anl_index_contig_at(x, pos + length - 1) && !memchr(bases + pos, 4, (size_t)length);
}

static int draw(const anl_index *x, const uint8_t *bases, const anl_recall_condition *c, int reads, uint64_t seed, sample *s)
{
    int64_t n = x->contig_begin[x->n_contigs];
    s->pos = anl_alloc((size_t)reads, sizeof *s->pos);
    s->unique = anl_alloc((size_t)reads, 1);
    s->seq = anl_alloc((size_t)reads, ANL_ENCODER_MAX_LEN);
    s->len = anl_alloc((size_t)reads, sizeof *s->len);
    if (!s->pos || !s->unique || !s->seq || !s->len) return ANL_ENOMEM;
    for (int i = 0; i < reads; ++i) {
        uint64_t rng = anl_rng_at(seed, (uint64_t)c->length, (uint64_t)i);
        int tries = 0;
        int64_t pos = 0, room = n - c->length;
        do {
            if (room < 1 || ++tries > TRIES) return anl_fail(ANL_EINVAL, "no stretch of %d bp without N to draw reads from", c->length);
            pos = (int64_t)anl_rng_below(&rng, (uint64_t)room);
        } while (!whole(x, bases, pos, c->length));
        int64_t end = x->contig_begin[anl_index_contig_at(x, pos) + 1];
        s->pos[i] = pos;
        uint8_t *read = s->seq + (size_t)i * ANL_ENCODER_MAX_LEN;
        s->len[i] = anl_read_mutate(bases + pos, end - pos < SPAN ? end - pos : SPAN, c->length, SUBSTITUTIONS * c->error,
                                    INDELS * c->error, &rng, read);
        if (anl_rng_next(&rng) & 1) anl_read_turn(read, s->len[i]);
    }
    return ANL_OK;
}

static int find_unique(const uint8_t *bases, int64_t n, int length, int reads, sample *s)
{
    seen *all = anl_alloc((size_t)reads, sizeof *all);
    if (!all) return ANL_ENOMEM;
    int distinct = 0;
    for (int i = 0; i < reads; ++i) all[i].hash = hash_of(bases + s->pos[i], length);
    qsort(all, (size_t)reads, sizeof *all, by_hash);
    for (int i = 0; i < reads; ++i)
        if (!distinct || all[i].hash != all[distinct - 1].hash) all[distinct++].hash = all[i].hash;
    int rc = count(bases, n, length, all, distinct);
    for (int i = 0; i < reads && !rc; ++i) s->unique[i] = find(all, distinct, hash_of(bases + s->pos[i], length))->times == 1;
    free(all);
    return rc;
}

/* ---- search ---- */

/* Whether a window shares half of the shorter of read and window. */
static int is_own(const anl_index *x, int64_t pos, int length, uint32_t w)
{
    const int shorter = length < x->window ? length : x->window;
    const int64_t window = anl_index_window_pos(x, w);
    const int64_t begin = window > pos ? window : pos, end = window + x->window < pos + length ? window + x->window : pos + length;
    return end - begin >= shorter / 2;
}

/* Rank (0 the nearest) of the first hit that is a window of the read's own; `n` when there is none. */
static int rank_of(const anl_index *x, int64_t pos, int length, const anl_hit *hits, int n)
{
    for (int i = 0; i < n; ++i)
        if (is_own(x, pos, length, hits[i].window)) return i;
    return n;
}

static void note(int *found, const int *depths, int n, int rank)
{
    for (int i = 0; i < n; ++i) found[i] += rank < depths[i];
}

/* ---- lists ---- */

/* The list of every window, -1 for those not stored; freed by the caller. */
static int32_t *lists_of_windows(const anl_index *x)
{
    int32_t *list = anl_alloc((size_t)x->n_windows + 1, sizeof *list);
    for (int64_t w = 0; list && w < x->n_windows; ++w) list[w] = -1;
    for (int32_t l = 0; list && l < x->nlist; ++l)
        for (uint64_t i = x->list_begin[l]; i < x->list_begin[l + 1]; ++i)
            if (x->ids[i] != ANL_INDEX_NO_WINDOW) list[x->ids[i]] = l;
    return list;
}

/* Rank of the nearest list that holds a window of the read's own, from the products of the read's vector with the centroids; the number of
 * lists when there is none. */
static int list_rank(const anl_index *x, const int32_t *list_of, int64_t pos, int length, const int32_t *dots)
{
    const int32_t contig = anl_index_contig_at(x, pos);
    const int64_t first = x->window_begin[contig], end = x->window_begin[contig + 1], begin = pos - x->contig_begin[contig];
    int64_t w = first + (begin > x->window ? (begin - x->window) / x->stride : 0), near = INT64_MAX;
    for (; w < end && anl_index_window_pos(x, w) < pos + length; ++w) {
        const int32_t l = list_of[w];
        if (l < 0 || !is_own(x, pos, length, (uint32_t)w)) continue;
        const int64_t away = (int64_t)x->centroid_bias[l] - 2 * (int64_t)dots[l];
        if (away < near) near = away;
    }
    int rank = 0;
    for (int32_t l = 0; l < x->nlist; ++l) rank += (int64_t)x->centroid_bias[l] - 2 * (int64_t)dots[l] < near;
    return rank;
}

static int note_lists(const anl_index *x, const int32_t *list_of, const sample *s, int length, int first, int n, const int8_t *vectors,
                      anl_recall *out)
{
    const anl_kernels *k = anl_kernels_get();
    const size_t d = (size_t)x->d;
    const size_t padded = anl_panels_padded((size_t)x->nlist);
    uint8_t query[ANL_ENCODER_MAX_DIM];
    int32_t *dots = anl_alloc(padded, sizeof *dots);
    if (!dots) return ANL_ENOMEM;
    for (int i = 0; i < n; ++i) {
        if (!s->unique[first + i]) continue;
        for (size_t c = 0; c < d; ++c) query[c] = (uint8_t)(vectors[(size_t)i * d + c] + ANL_PANEL_OFFSET);
        k->scan.dots(query, 1, x->centroids, (int32_t)anl_panels((size_t)x->nlist), x->d, dots);
        note(out->listed, anl_recall_lists, ANL_RECALL_LISTS, list_rank(x, list_of, s->pos[first + i], length, dots));
    }
    free(dots);
    return ANL_OK;
}

/* ---- a condition ---- */

/* What all blocks of reads share. */
typedef struct searcher {
    const anl_recall_setup *setup;
    const anl_encoder *encoder;
    const anl_search *search;
    const int32_t *list_of; /* [n_windows] */
} searcher;

/* One block of reads by one thread. */
static int search_block(const searcher *by, const sample *s, int length, int first, int n, anl_recall *out)
{
    const anl_index *x = by->setup->index;
    anl_embed_function *const embed = by->setup->light ? anl_encoder_embed_light : anl_encoder_embed;
    anl_encoder_scratch *es = NULL;
    anl_search_scratch *ss = NULL;
    size_t d = (size_t)x->d;
    const uint8_t *seqs[BLOCK];
    int counts[BLOCK], multipliers[BLOCK];
    int8_t *vectors = anl_alloc(BLOCK * d, 1);
    anl_hit *hits = anl_alloc(BLOCK * MOST, sizeof *hits);
    int rc = vectors && hits ? anl_encoder_scratch_new(&es, by->encoder) : ANL_ENOMEM;
    if (!rc) rc = anl_search_scratch_new(&ss, by->search);
    for (int i = 0; i < n; ++i) seqs[i] = s->seq + (size_t)(first + i) * ANL_ENCODER_MAX_LEN;
    if (!rc) rc = embed(by->encoder, es, seqs, s->len + first, n, vectors);
    if (!rc) rc = note_lists(x, by->list_of, s, length, first, n, vectors, out);
    for (int exact = 0; exact < 2 && !rc; ++exact) {
        rc = exact ? anl_search_batch(by->search, ss, vectors, n, MOST, EVERY_LIST, hits, counts)
                   : anl_search_sure(by->search, ss, vectors, n, MOST, hits, counts, multipliers);
        for (int i = 0; i < n && !rc; ++i) {
            if (!s->unique[first + i]) continue;
            int rank = rank_of(x, s->pos[first + i], length, hits + (size_t)i * MOST, counts[i]);
            note(exact ? out->found_exact : out->found, anl_recall_depths, ANL_RECALL_DEPTHS, rank < counts[i] ? rank : MOST);
        }
    }
    anl_encoder_scratch_free(es);
    anl_search_scratch_free(ss);
    free(vectors);
    free(hits);
    return rc;
}

/* All reads at once: the float encoder has threads of its own. */
static int search_floats(const anl_recall_setup *u, const sample *s, int length, anl_recall *out)
{
    const uint8_t **seqs = anl_alloc((size_t)u->reads, sizeof *seqs);
    int64_t *windows = anl_alloc((size_t)u->reads * MOST, sizeof *windows);
    int rc = seqs && windows ? ANL_OK : ANL_ENOMEM;
    for (int i = 0; i < u->reads && !rc; ++i) seqs[i] = s->seq + (size_t)i * ANL_ENCODER_MAX_LEN;
    if (!rc) rc = anl_float_search_batch(u->floats, seqs, s->len, u->reads, MOST, windows);
    for (int i = 0; i < u->reads && !rc; ++i) {
        anl_hit hits[MOST];
        int n = 0;
        for (; n < MOST && windows[i * MOST + n] >= 0; ++n) hits[n].window = (uint32_t)windows[i * MOST + n];
        if (!s->unique[i]) continue;
        int rank = rank_of(u->index, s->pos[i], length, hits, n);
        note(out->found_float, anl_recall_depths, ANL_RECALL_DEPTHS, rank < n ? rank : MOST);
    }
    free(seqs);
    free(windows);
    return rc;
}

static int measure(const searcher *by, const sample *s, int length, anl_recall *out)
{
    const anl_recall_setup *u = by->setup;
    const int reads = u->reads;
    anl_failure failure = {0};
    *out = (anl_recall){.reads = reads};
    for (int i = 0; i < reads; ++i) out->unique += s->unique[i];
#pragma omp parallel for schedule(dynamic, 1) num_threads(u->threads)
    for (int first = 0; first < reads; first += BLOCK) {
        anl_recall part = {0};
        int rc = search_block(by, s, length, first, reads - first < BLOCK ? reads - first : BLOCK, &part);
        if (rc) anl_failure_keep(&failure, rc, first);
#pragma omp critical(anl_recall_sum)
        for (int i = 0; i < ANL_RECALL_DEPTHS; ++i) {
            out->found[i] += part.found[i];
            out->found_exact[i] += part.found_exact[i];
            if (i < ANL_RECALL_LISTS) out->listed[i] += part.listed[i];
        }
    }
    int rc = anl_failure_raise(&failure);
    return rc || !u->floats ? rc : search_floats(u, s, length, out);
}

int anl_recall_measure(const anl_recall_setup *u, const anl_recall_condition *conditions, int n, anl_recall *out)
{
    const anl_index *x = u->index;
    int64_t total = x->contig_begin[x->n_contigs];
    anl_encoder *e = NULL;
    anl_search *search = NULL;
    uint8_t *bases = anl_alloc((size_t)total, 1);
    int32_t *list_of = lists_of_windows(x);
    int rc = bases && list_of ? ANL_OK : ANL_ENOMEM;
    if (!rc && x->model_hash != anl_model_hash(u->model)) rc = anl_fail(ANL_EINVAL, "the index was made with another model");
    if (!rc) rc = anl_encoder_new(&e, u->model);
    if (!rc) rc = anl_search_new(&search, x, ANL_SEARCH_NATIVE);
    if (!rc) anl_index_fetch(x, 0, total, bases);
    for (int i = 0; i < n && !rc; ++i) {
        sample s = {0};
        rc = draw(x, bases, &conditions[i], u->reads, u->seed, &s);
        if (!rc) rc = find_unique(bases, total, conditions[i].length, u->reads, &s);
        if (!rc) rc = measure(&(searcher){u, e, search, list_of}, &s, conditions[i].length, &out[i]);
        free_sample(&s);
    }
    anl_search_free(search);
    anl_encoder_free(e);
    free(bases);
    free(list_of);
    return rc;
}
