#include "sw_batch.h"

#include "base.h"

#include <stdlib.h>
#include <string.h>

enum {
    QUERY_N = 4,
    TARGET_N = 8,
    WIDE_FLAG = 0x8000,
    SPARE_SHARE = 4 /* one part in so many more than is needed, against growing often */
};

struct anl_sw_batch {
    anl_gpu_stream *stream; /* borrowed; NULL: the CPU */
    uint32_t *order;
    size_t order_cap;
    uint8_t *query, *target, *rows; /* aligned */
    size_t query_cap, target_cap, rows_cap;
    int32_t *wide;
    size_t wide_cap;
    anl_sw_job *jobs; /* of places, and their bases of the reference */
    uint8_t *bases;
    size_t jobs_cap, bases_cap;
};

int anl_sw_batch_new(anl_sw_batch **out)
{
    *out = anl_alloc(1, sizeof **out);
    return *out ? ANL_OK : ANL_ENOMEM;
}

void anl_sw_batch_use(anl_sw_batch *b, anl_gpu_stream *stream)
{
    b->stream = stream;
}

void anl_sw_batch_free(anl_sw_batch *b)
{
    if (!b) return;
    free(b->order);
    free(b->query);
    free(b->target);
    free(b->rows);
    free(b->wide);
    free(b->jobs);
    free(b->bases);
    free(b);
}

static int reserve(uint8_t **p, size_t *cap, size_t need)
{
    if (need <= *cap) return ANL_OK;
    uint8_t *grown = anl_alloc_aligned(need + need / SPARE_SHARE, 1);
    if (!grown) return ANL_ENOMEM;
    free(*p);
    *p = grown;
    *cap = need + need / SPARE_SHARE;
    return ANL_OK;
}

/* The lanes of a group have one band. Sorting by size keeps them alike, so that little is padded. */
static _Thread_local const anl_sw_job *sorting;

static int by_size(const void *x, const void *y)
{
    const uint32_t i = *(const uint32_t *)x, j = *(const uint32_t *)y;
    const anl_sw_job *a = &sorting[i], *b = &sorting[j];
    if (a->band != b->band) return a->band < b->band ? -1 : 1;
    if (a->qlen != b->qlen) return a->qlen < b->qlen ? -1 : 1;
    if (a->tlen != b->tlen) return a->tlen < b->tlen ? -1 : 1;
    return i < j ? -1 : 1;
}

/* Bases of the target before which a band that begins on diagonal 0 would begin. */
static int32_t bases_before(const anl_sw_job *j)
{
    return j->band ? -j->low : 0;
}

/* Lane `lane` of an interleaved buffer whose padding is already in place. */
static void put8(uint8_t *to, int lanes, int lane, const uint8_t *s, int32_t n, uint8_t code_n)
{
    for (int32_t i = 0; i < n; ++i) to[(size_t)i * (size_t)lanes + (size_t)lane] = s[i] > 3 ? code_n : s[i];
}

static void put16(uint16_t *to, int lanes, int lane, const uint8_t *s, int32_t n, uint16_t code_n)
{
    const uint16_t flag = code_n & WIDE_FLAG;
    for (int32_t i = 0; i < n; ++i) to[(size_t)i * (size_t)lanes + (size_t)lane] = s[i] > 3 ? code_n : (uint16_t)(s[i] | flag);
}

static int run_group(anl_sw_batch *b, const anl_sw_kernels *k, const anl_sw_params *p, const anl_sw_job *jobs, const uint32_t *which, int n,
                     int bits, uint64_t *overflow, anl_sw_result *out)
{
    int lanes = bits == 8 ? k->lanes8 : k->lanes16;
    anl_sw_group g = {.band = jobs[which[0]].band};
    for (int i = 0; i < n; ++i) {
        const int32_t tlen = bases_before(&jobs[which[i]]) + jobs[which[i]].tlen;
        if (jobs[which[i]].qlen > g.qlen) g.qlen = jobs[which[i]].qlen;
        if (tlen > g.tlen) g.tlen = tlen;
    }
    size_t element = (size_t)bits / 8, q_cells = (size_t)g.qlen * (size_t)lanes, t_cells = (size_t)g.tlen * (size_t)lanes;
    int rc = reserve(&b->query, &b->query_cap, q_cells * element);
    if (!rc) rc = reserve(&b->target, &b->target_cap, t_cells * element);
    if (!rc) rc = reserve(&b->rows, &b->rows_cap, 2 * q_cells * element);
    if (rc) return rc;
    if (bits == 8) {
        memset(b->query, QUERY_N, q_cells);
        memset(b->target, TARGET_N, t_cells);
    } else {
        for (size_t i = 0; i < q_cells; ++i) ((uint16_t *)b->query)[i] = QUERY_N | WIDE_FLAG;
        for (size_t i = 0; i < t_cells; ++i) ((uint16_t *)b->target)[i] = TARGET_N;
    }
    for (int i = 0; i < n; ++i) {
        const anl_sw_job *j = &jobs[which[i]];
        const size_t begin = (size_t)bases_before(j) * (size_t)lanes;
        if (bits == 8) {
            put8(b->query, lanes, i, j->query, j->qlen, QUERY_N);
            put8(b->target + begin, lanes, i, j->target, j->tlen, TARGET_N);
        } else {
            put16((uint16_t *)b->query, lanes, i, j->query, j->qlen, QUERY_N | WIDE_FLAG);
            put16((uint16_t *)b->target + begin, lanes, i, j->target, j->tlen, TARGET_N);
        }
    }
    g.query = b->query;
    g.target = b->target;
    g.rows = b->rows;
    *overflow = (bits == 8 ? k->score8 : k->score16)(p, &g, out);
    for (int i = 0; i < n; ++i)
        if (out[i].score) out[i].tend -= bases_before(&jobs[which[i]]);
    return ANL_OK;
}

/* The recurrence in 32 bits, for what no lane can hold. */
static int score_wide(anl_sw_batch *b, const anl_sw_params *p, const anl_sw_job *job, anl_sw_result *out)
{
    int rc = anl_grow(&b->wide, &b->wide_cap, 2 * (size_t)job->qlen, sizeof *b->wide);
    if (rc) return rc;
    int32_t *h_row = b->wide, *e_row = b->wide + job->qlen;
    memset(b->wide, 0, 2 * (size_t)job->qlen * sizeof *b->wide);
    *out = (anl_sw_result){0};
    anl_sw_rows rows = {0};
    for (int32_t j = 0; j < job->tlen; ++j) {
        const int32_t before = rows.from;
        rows = anl_sw_rows_at(job->band, job->qlen, bases_before(job) + j);
        int32_t diagonal = rows.from > before ? h_row[rows.from - 1] : 0, f = 0;
        for (int32_t i = rows.from; i < rows.to; ++i) {
            uint8_t q = job->query[i], t = job->target[j];
            int32_t h = diagonal + (q > 3 || t > 3 ? -1 : q == t ? p->match : -p->mismatch), e = e_row[i];
            diagonal = h_row[i];
            if (h < e) h = e;
            if (h < f) h = f;
            if (h < 0) h = 0;
            h_row[i] = h;
            if (h > out->score) *out = (anl_sw_result){h, i + 1, j + 1};
            int32_t open = h - p->del_open - p->del_extend;
            e_row[i] = open > e - p->del_extend ? open : e - p->del_extend;
            open = h - p->ins_open - p->ins_extend;
            f = open > f - p->ins_extend ? open : f - p->ins_extend;
        }
    }
    return ANL_OK;
}

/* Runs the jobs in order[begin..end) with elements of `bits`; what overflows is moved to the front of `order`. */
static int run_width(anl_sw_batch *b, const anl_sw_kernels *k, const anl_sw_params *p, const anl_sw_job *jobs, size_t n, int bits,
                     size_t *left, anl_sw_result *results)
{
    const int lanes = bits == 8 ? k->lanes8 : k->lanes16;
    const int32_t longest = bits == 8 ? ANL_SW_NARROW_QUERY : UINT16_MAX;
    size_t again = 0;
    for (size_t at = 0; at < n;) {
        uint32_t which[ANL_SW_MAX_LANES];
        anl_sw_result out[ANL_SW_MAX_LANES];
        int m = 0;
        while (at < n && m < lanes) {
            const anl_sw_job *j = &jobs[b->order[at]];
            if (m && j->band != jobs[which[0]].band) break;
            if (j->qlen > longest || bases_before(j) + j->tlen > UINT16_MAX)
                b->order[again++] = b->order[at++];
            else
                which[m++] = b->order[at++];
        }
        if (!m) break;
        uint64_t overflow;
        int rc = run_group(b, k, p, jobs, which, m, bits, &overflow, out);
        if (rc) return rc;
        for (int i = 0; i < m; ++i) {
            if (overflow >> i & 1)
                b->order[again++] = which[i];
            else
                results[which[i]] = out[i];
        }
    }
    *left = again;
    return ANL_OK;
}

int anl_sw_batch_run(anl_sw_batch *b, const anl_sw_kernels *k, const anl_sw_params *p, const anl_sw_job *jobs, size_t n,
                     anl_sw_result *results)
{
    size_t left = 0;
    int rc = anl_grow(&b->order, &b->order_cap, n, sizeof *b->order);
    if (rc) return rc;
    for (size_t i = 0; i < n; ++i) {
        if (jobs[i].qlen > 0 && jobs[i].tlen > 0)
            b->order[left++] = (uint32_t)i;
        else
            results[i] = (anl_sw_result){0};
    }
    if (!left) return ANL_OK;
    sorting = jobs;
    qsort(b->order, left, sizeof *b->order, by_size);
    if (b->stream) return anl_gpu_sw(b->stream, p, jobs, b->order, left, results);
    rc = run_width(b, k, p, jobs, left, 8, &left, results);
    if (!rc) rc = run_width(b, k, p, jobs, left, 16, &left, results);
    for (size_t i = 0; i < left && !rc; ++i) rc = score_wide(b, p, &jobs[b->order[i]], &results[b->order[i]]);
    return rc;
}

int anl_sw_batch_run_places(anl_sw_batch *b, const anl_sw_kernels *k, const anl_sw_params *p, const anl_sw_places *places,
                            anl_sw_result *results)
{
    size_t bases = 0, at = 0;
    if (b->stream) return anl_gpu_sw_places(b->stream, p, places->reads, places->list, places->n, results);
    for (size_t i = 0; i < places->n; ++i) bases += (size_t)places->list[i].len;
    int rc = anl_grow(&b->jobs, &b->jobs_cap, places->n, sizeof *b->jobs);
    if (!rc) rc = anl_grow(&b->bases, &b->bases_cap, bases, 1);
    if (rc) return rc;
    for (size_t i = 0; i < places->n; ++i) {
        const anl_sw_place *place = &places->list[i];
        const anl_sw_read *read = &places->reads[place->read];
        anl_index_fetch(places->index, place->begin, place->begin + place->len, b->bases + at);
        b->jobs[i] = (anl_sw_job){read->strand[place->reverse], b->bases + at, read->len, place->len, place->low, place->band};
        at += (size_t)place->len;
    }
    return anl_sw_batch_run(b, k, p, b->jobs, places->n, results);
}
