#include "wavefront.h"

#include "cigar.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A wavefront of score s holds, for every diagonal (target minus query position), the farthest query position that an alignment with
 * penalty s reaches; one for each way of ending: column, insertion and deletion of either cost. */
enum {
    COLUMN = ANL_WAVE_COLUMN,
    INS = ANL_WAVE_INS,
    DEL = ANL_WAVE_DEL,
    LONG_INS = ANL_WAVE_LONG_INS,
    LONG_DEL = ANL_WAVE_LONG_DEL,
    N_ENDS = ANL_WAVE_ENDS,
    SOURCE = ANL_WAVE_SOURCE,
    GOES_ON = ANL_WAVE_GOES_ON,
    NOWHERE = ANL_WAVE_NOWHERE,
};
enum { STEP_MISMATCH, STEP_INS, STEP_DEL, STEP_OP = 3, STEP_CLOSES = 4 /* back in a column: matches may follow */ };
/* Tuning. */
enum {
    MARGIN = 32,  /* cells kept NOWHERE on both sides of a wavefront and its last block, for wider ones that are made from it */
    BEHIND = 100, /* bp by which a diagonal may lag behind the farthest one, query and target together; 50 and 200 align alike (stitch.c) */
    MOST_CELLS = 16 << 20, /* bytes of a traceback, a cell each, where sequences have little in common: what a thread may hold */
};

/* Penalties, all divided by their common divisor `unit`. */
typedef struct costs {
    int32_t mismatch, open[N_ENDS], extend[N_ENDS], unit;
    int32_t depth; /* how far a wavefront looks back */
} costs;

typedef struct wave {
    int16_t *cells; /* [N_ENDS][width + margins] */
    size_t cap;
    int32_t lo, hi, base, stride; /* lo > hi: empty; base: diagonal of element 0 */
} wave;

/* Where the bytes of a wavefront stand. */
typedef struct row {
    size_t at;
    int32_t lo;
} row;

struct anl_wave {
    const anl_wave_kernels *kernels;
    wave *ring;
    row *rows;
    uint8_t *from, *steps;
    anl_cigar cigar;
    size_t ring_cap, rows_cap, from_cap, steps_cap;
    size_t used; /* of from */
    wave none, spare;
};

int anl_wave_new(anl_wave **out)
{
    const anl_kernels *k = anl_kernels_get();
    if (!k) return ANL_EINVAL;
    if (!(*out = anl_alloc(1, sizeof **out))) return ANL_ENOMEM;
    (*out)->kernels = &k->wave;
    return ANL_OK;
}

void anl_wave_free(anl_wave *w)
{
    if (!w) return;
    for (size_t i = 0; i < w->ring_cap; ++i) free(w->ring[i].cells);
    free(w->ring);
    free(w->rows);
    free(w->from);
    free(w->steps);
    free(w->cigar.list);
    free(w->none.cells);
    free(w->spare.cells);
    free(w);
}

static int32_t divisor(int32_t a, int32_t b)
{
    while (b) {
        const int32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Twice the score of an alignment that ends at (i, j) is match * (i + j) less its penalty. */
static costs make_costs(const anl_wave_params *p)
{
    const anl_sw_params *s = &p->score;
    const int two = p->long_open >= 0;
    costs c = {.mismatch = 2 * (s->match + s->mismatch)};
    c.open[INS] = 2 * s->ins_open;
    c.open[DEL] = 2 * s->del_open;
    c.extend[INS] = 2 * s->ins_extend + s->match;
    c.extend[DEL] = 2 * s->del_extend + s->match;
    c.open[LONG_INS] = two ? 2 * p->long_open : c.open[INS];
    c.open[LONG_DEL] = two ? 2 * p->long_open : c.open[DEL];
    c.extend[LONG_INS] = two ? 2 * p->long_extend + s->match : c.extend[INS];
    c.extend[LONG_DEL] = two ? 2 * p->long_extend + s->match : c.extend[DEL];
    c.unit = c.mismatch;
    for (int e = INS; e < N_ENDS; ++e) c.unit = divisor(divisor(c.unit, c.open[e]), c.extend[e]);
    c.mismatch /= c.unit;
    c.depth = c.mismatch;
    for (int e = INS; e < N_ENDS; ++e) {
        c.open[e] /= c.unit;
        c.extend[e] /= c.unit;
        if (c.open[e] + c.extend[e] > c.depth) c.depth = c.open[e] + c.extend[e];
    }
    return c;
}

/* As many diagonals as the kernels compute for n. */
static int32_t whole_blocks(int32_t n)
{
    return (n + ANL_WAVE_BLOCK - 1) / ANL_WAVE_BLOCK * ANL_WAVE_BLOCK;
}

/* Room for diagonals [lo, hi] in whole blocks and the margins: a block more on the right, which whole blocks of others may reach. */
static int wave_reserve(wave *v, int32_t lo, int32_t hi)
{
    const int32_t width = whole_blocks(hi - lo + 1), stride = MARGIN + width + ANL_WAVE_BLOCK + MARGIN;
    int rc = anl_grow(&v->cells, &v->cap, (size_t)stride * N_ENDS, sizeof *v->cells);
    v->lo = lo;
    v->hi = hi;
    v->base = lo - MARGIN;
    v->stride = stride;
    for (int e = 0; !rc && e < N_ENDS; ++e) {
        int16_t *cells = v->cells + (size_t)e * (size_t)stride;
        for (int32_t i = 0; i < MARGIN; ++i) cells[i] = NOWHERE;
        for (int32_t i = MARGIN + width; i < stride; ++i) cells[i] = NOWHERE;
    }
    return rc;
}

static inline int16_t *cell(const wave *v, int end, int32_t diagonal)
{
    return v->cells + (ptrdiff_t)end * v->stride + (diagonal - v->base);
}

/* The wavefront of penalty s; one that is not there has all its cells NOWHERE. */
static wave *wave_at(anl_wave *w, const costs *c, int32_t s)
{
    return s < 0 ? &w->none : &w->ring[s % (c->depth + 1)];
}

/* Makes diagonals [lo, hi] of a wavefront readable. */
static int wave_cover(anl_wave *w, wave *v, int32_t lo, int32_t hi)
{
    if (v->lo > v->hi || (v->base <= lo && v->base + v->stride > hi)) return ANL_OK;
    const int32_t from = v->lo, to = v->hi;
    int rc = wave_reserve(&w->spare, lo < from ? lo : from, hi > to ? hi : to);
    if (rc) return rc;
    wave *wide = &w->spare;
    for (int e = 0; e < N_ENDS; ++e) {
        int16_t *cells = cell(wide, e, wide->base);
        for (int32_t i = 0; i < wide->stride; ++i) cells[i] = NOWHERE;
        memcpy(cell(wide, e, from), cell(v, e, from), (size_t)(to - from + 1) * sizeof *cells);
    }
    const wave swap = *v;
    *v = *wide;
    v->lo = from;
    v->hi = to;
    w->spare = swap;
    return ANL_OK;
}

/* Pointers to a wavefront's cell on diagonal `lo`, or to as many NOWHEREs. */
static const int16_t *source(anl_wave *w, const costs *c, int32_t s, int end, int32_t lo)
{
    const wave *v = wave_at(w, c, s);
    return v->lo > v->hi ? w->none.cells : cell(v, end, lo);
}

static void widen(const wave *v, int32_t by, int32_t *lo, int32_t *hi)
{
    if (v->lo > v->hi) return;
    if (v->lo - by < *lo) *lo = v->lo - by;
    if (v->hi + by > *hi) *hi = v->hi + by;
}

static int none_reserve(anl_wave *w, int32_t n)
{
    size_t had = w->none.cap;
    int rc = anl_grow(&w->none.cells, &w->none.cap, (size_t)n, sizeof *w->none.cells);
    for (size_t i = had; !rc && i < w->none.cap; ++i) w->none.cells[i] = NOWHERE;
    w->none.lo = 1;
    w->none.hi = 0;
    return rc;
}

/* Diagonals that the wavefront of penalty s can reach. */
static int range(const costs *c, const anl_wave_problem *x, anl_wave *w, int32_t s, int32_t *lo, int32_t *hi)
{
    wave *from[2 * N_ENDS - 1] = {wave_at(w, c, s - c->mismatch)};
    int n = 1;
    *lo = INT32_MAX;
    *hi = INT32_MIN;
    widen(from[0], 0, lo, hi);
    for (int e = INS; e < N_ENDS; ++e) {
        widen(from[n++] = wave_at(w, c, s - c->open[e] - c->extend[e]), 1, lo, hi);
        widen(from[n++] = wave_at(w, c, s - c->extend[e]), 1, lo, hi);
    }
    if (*lo < -x->qlen) *lo = -x->qlen;
    if (*hi > x->tlen) *hi = x->tlen;
    int rc = ANL_OK;
    if (*lo > *hi) return rc;
    const int32_t width = whole_blocks(*hi - *lo + 1);
    rc = none_reserve(w, width + 2);
    for (int i = 0; i < n && !rc; ++i) rc = wave_cover(w, from[i], *lo - 1, *lo + width);
    return rc;
}

/* Makes the wavefront of penalty s from the earlier ones. *farthest: the largest sum of query and target position that it reaches. */
static int advance(const costs *c, const anl_wave_problem *x, anl_wave *w, int32_t s, int32_t *farthest)
{
    wave *now = wave_at(w, c, s);
    int32_t lo, hi;
    int rc = range(c, x, w, s, &lo, &hi);
    if (!rc) rc = anl_grow(&w->rows, &w->rows_cap, (size_t)s + 1, sizeof *w->rows);
    if (rc) return rc;
    w->rows[s] = (row){w->used, lo};
    now->lo = 1;
    now->hi = 0;
    if (lo > hi) return ANL_OK;
    anl_wave_step step = {.query = x->query, .target = x->target, .qlen = x->qlen, .tlen = x->tlen, .lo = lo, .n = hi - lo + 1};
    if ((rc = wave_reserve(now, lo, hi)) || (rc = anl_grow(&w->from, &w->from_cap, w->used + (size_t)whole_blocks(step.n), 1))) return rc;
    step.column = source(w, c, s - c->mismatch, COLUMN, lo);
    step.from = w->from + w->used;
    for (int e = COLUMN; e < N_ENDS; ++e) {
        const int32_t next_to = e == INS || e == LONG_INS ? lo + 1 : lo - 1;
        step.out[e] = cell(now, e, lo);
        if (e == COLUMN) continue;
        step.open[e] = source(w, c, s - c->open[e] - c->extend[e], COLUMN, next_to);
        step.more[e] = source(w, c, s - c->extend[e], e, next_to);
    }
    *farthest = w->kernels->step(&step);
    w->used += (size_t)step.n;
    return ANL_OK;
}

/* Takes diagonals off both sides while they reach less than `floor`, query and target position together. */
static void trim(wave *v, int32_t floor)
{
    for (int side = 0; side < 2; ++side)
        for (; v->lo <= v->hi; side ? --v->hi : ++v->lo) {
            const int32_t k = side ? v->hi : v->lo, i = *cell(v, COLUMN, k);
            if (i >= 0 && 2 * i + k >= floor) break;
            for (int e = 0; e < N_ENDS; ++e) *cell(v, e, k) = NOWHERE;
        }
}

/* The wavefront of penalty 0: the matches at the start. */
static int start(const costs *c, const anl_wave_problem *x, anl_wave *w, int32_t *farthest)
{
    const size_t had = w->ring_cap;
    int rc = anl_grow(&w->ring, &w->ring_cap, (size_t)c->depth + 1, sizeof *w->ring);
    if (!rc && w->ring_cap > had) memset(w->ring + had, 0, (w->ring_cap - had) * sizeof *w->ring);
    if (!rc) rc = wave_reserve(&w->ring[0], 0, 0);
    if (!rc) rc = anl_grow(&w->rows, &w->rows_cap, 1, sizeof *w->rows);
    if (!rc) rc = anl_grow(&w->from, &w->from_cap, 1, 1);
    if (rc) return rc;
    for (int e = 0; e < N_ENDS; ++e)
        for (int32_t k = 0; k < ANL_WAVE_BLOCK; ++k) *cell(&w->ring[0], e, k) = NOWHERE;
    int16_t i = 0;
    while (i < x->qlen && i < x->tlen && x->query[i] == x->target[i]) ++i;
    *cell(&w->ring[0], COLUMN, 0) = i;
    *farthest = 2 * i;
    w->rows[0] = (row){0, 0};
    w->used = 1;
    return ANL_OK;
}

/* The differences of the alignment that ends in a column on diagonal k with penalty s, last one first. */
static int walk_back(const costs *c, anl_wave *w, int32_t s, int32_t k, size_t *n_steps)
{
    int end = COLUMN, closes = 1;
    size_t n = 0;
    while (s > 0 || end != COLUMN) {
        const int how = w->from[w->rows[s].at + (size_t)(k - w->rows[s].lo)];
        if (end == COLUMN && (how & SOURCE)) {
            end = how & SOURCE;
            closes = 1;
            continue;
        }
        int rc = anl_grow(&w->steps, &w->steps_cap, n + 1, 1);
        if (rc) return rc;
        if (end == COLUMN) {
            w->steps[n++] = STEP_MISMATCH | STEP_CLOSES;
            s -= c->mismatch;
            continue;
        }
        const int insertion = end == INS || end == LONG_INS;
        w->steps[n++] = (uint8_t)((insertion ? STEP_INS : STEP_DEL) | (closes ? STEP_CLOSES : 0));
        closes = 0;
        k += insertion ? 1 : -1;
        s -= c->extend[end];
        if (how & GOES_ON << (end - 1)) continue;
        s -= c->open[end];
        end = COLUMN;
    }
    *n_steps = n;
    return ANL_OK;
}

/* Wavefronts follow matches as far as they go, so the differences alone tell the alignment. */
static int spell(const costs *c, const anl_wave_problem *x, anl_wave *w, int32_t s, int32_t k, anl_wave_alignment *out)
{
    size_t left;
    int32_t i = 0, j = 0, follow = 1;
    w->cigar.n = 0;
    int rc = walk_back(c, w, s, k, &left);
    while (!rc) {
        const int32_t before = i;
        while (follow && i < x->qlen && j < x->tlen && x->query[i] == x->target[j]) ++i, ++j;
        rc = anl_cigar_push(&w->cigar, ANL_CIGAR_M, i - before);
        if (rc || !left) break;
        const int step = w->steps[--left], op = step & STEP_OP;
        rc = anl_cigar_push(&w->cigar, op == STEP_MISMATCH ? ANL_CIGAR_M : op == STEP_INS ? ANL_CIGAR_I : ANL_CIGAR_D, 1);
        i += op != STEP_DEL;
        j += op != STEP_INS;
        follow = step & STEP_CLOSES;
    }
    *out = (anl_wave_alignment){.qend = i, .tend = j, .n_cigar = w->cigar.n, .cigar = w->cigar.list};
    return rc;
}

int anl_wave_global(const anl_wave_params *p, const anl_wave_problem *x, anl_wave *w, anl_wave_alignment *out, int *found)
{
    const costs c = make_costs(p);
    const int32_t last = x->tlen - x->qlen;
    int32_t farthest;
    *found = 0;
    *out = (anl_wave_alignment){0};
    if (x->qlen > ANL_WAVE_LONGEST) return ANL_OK;
    int rc = start(&c, x, w, &farthest);
    for (int32_t s = 0; !rc && w->used <= (size_t)MOST_CELLS; ++s) {
        if (s && (rc = advance(&c, x, w, s, &farthest))) break;
        wave *now = wave_at(w, &c, s);
        trim(now, farthest - BEHIND);
        if (farthest < x->qlen + x->tlen || last < now->lo || last > now->hi) continue;
        *found = 1;
        return spell(&c, x, w, s, last, out);
    }
    return rc;
}

/* The best end seen by an extension; scores are doubled, as penalties are. */
typedef struct best_end {
    int64_t total, score; /* with and without the bonus */
    int32_t s, k;
} best_end;

/* Looks for a better end. */
static void judge(const costs *c, const anl_wave_params *p, const anl_wave_problem *x, const wave *v, int32_t s, int64_t bonus,
                  best_end *best)
{
    for (int32_t k = v->lo; k <= v->hi; ++k) {
        const int32_t i = *cell(v, COLUMN, k);
        if (i < 0) continue;
        const int64_t score = (int64_t)p->score.match * (2 * (int64_t)i + k) - (int64_t)s * c->unit;
        const int64_t total = score + (i == x->qlen ? bonus : 0);
        if (score > best->score) best->score = score;
        if (total > best->total) best->total = total, best->s = s, best->k = k;
    }
}

/* A penalty s costs at least this share of s in score, whatever its differences are: as a fraction num / den. */
static void least_loss(const costs *c, const anl_wave_params *p, int64_t *num, int64_t *den)
{
    *num = c->mismatch * c->unit - 2 * p->score.match;
    *den = c->mismatch * c->unit;
    for (int e = INS; e < N_ENDS; ++e) {
        const int64_t extend = (int64_t)c->extend[e] * c->unit, loss = extend - p->score.match;
        if (loss * *den < *num * extend) *num = loss, *den = extend;
    }
}

int anl_wave_extend(const anl_wave_params *p, const anl_wave_problem *x, int32_t bonus, int32_t drop, anl_wave *w, anl_wave_alignment *out)
{
    const costs c = make_costs(p);
    const int32_t match = p->score.match;
    const int64_t most = 2 * (int64_t)match * (x->qlen < x->tlen ? x->qlen : x->tlen) + 2 * (int64_t)bonus;
    best_end best = {.total = x->qlen ? 0 : 2 * (int64_t)bonus};
    int64_t num, den;
    int32_t farthest;
    assert(x->qlen <= ANL_WAVE_LONGEST);
    least_loss(&c, p, &num, &den);
    int rc = start(&c, x, w, &farthest);
    for (int32_t s = 0, idle = 0; !rc && w->used <= (size_t)MOST_CELLS && idle <= c.depth; ++s) {
        if (most - (int64_t)s * c.unit * num / den <= best.total) break;
        if (s && (rc = advance(&c, x, w, s, &farthest))) break;
        wave *now = wave_at(w, &c, s);
        ++idle;
        if (now->lo > now->hi) continue;
        const int64_t paid = (int64_t)s * c.unit;
        if (match * (int64_t)farthest - paid + 2 * (int64_t)bonus > best.total) judge(&c, p, x, now, s, 2 * (int64_t)bonus, &best);
        const int64_t floor = (best.score - 2 * (int64_t)drop + paid) / match;
        trim(now, floor > farthest - BEHIND ? (int32_t)floor : farthest - BEHIND);
        if (now->lo <= now->hi) idle = 0;
    }
    return rc ? rc : spell(&c, x, w, best.s, best.k, out);
}
