#include "extend.h"

#include "cigar.h"
#include "cigar_score.h"

#include <stdlib.h>
#include <string.h>

struct anl_extend_scratch {
    uint8_t *from;   /* [qlen][width of the band] */
    int32_t *rows;   /* those of a band */
    uint8_t *target; /* with room behind it */
    anl_cigar cigar;
    char *md;
    size_t from_cap, rows_cap, target_cap, md_cap;
};

int anl_extend_scratch_new(anl_extend_scratch **out)
{
    *out = anl_alloc(1, sizeof **out);
    return *out ? ANL_OK : ANL_ENOMEM;
}

void anl_extend_scratch_free(anl_extend_scratch *s)
{
    if (!s) return;
    free(s->from);
    free(s->rows);
    free(s->target);
    free(s->cigar.list);
    free(s->md);
    free(s);
}

/* Where the best alignment ends. */
typedef struct cell {
    int32_t total, q, b; /* b: column of the band */
} cell;

/* A band on its way from row to row. Of a row those cells matter from which an alignment with the least total can still come: the others only
 * lose wherever they meet one that matters, so it makes no difference what scores they have. As long as no alignment begins, the next row has no cell
 * that matters beyond those of this one but one more on the left, by an insertion: a deletion on the right could have come before. */
typedef struct band {
    const anl_extend_params *p;
    const anl_sw_kernels *k;
    const anl_extend_problem *x;
    const uint8_t *target; /* with room behind it */
    uint8_t *from;
    int32_t width;
    int32_t *h, *insertion, *column; /* scores of a row; h and insertion are NOWHERE beyond the band */
    int32_t begin, end;              /* columns between which those of the row lie that matter */
    cell best;
} band;

/* What a cell of row q needs to matter: what follows adds no more than a match for every base. */
static int32_t needed(const band *r, int32_t q)
{
    return r->x->least - r->p->clip3 - (r->x->qlen - 1 - q) * r->p->score.match;
}

static int32_t start_of(const band *r, int32_t q)
{
    return q ? 0 : r->p->clip5;
}

/* Whether alignments that begin in row q matter. If not, nor do those of the next one. */
static int begins(const band *r, int32_t q)
{
    return start_of(r, q) + r->p->score.match >= needed(r, q);
}

static void fill_row(band *r, int32_t q)
{
    const int32_t first = q + r->x->dlo, behind = r->x->tlen - first; /* target position of column 0; the first column behind it */
    const int32_t need = needed(r, q), bonus = q == r->x->qlen - 1 ? r->p->clip3 : 0;
    int32_t lo = first < 0 ? -first : 0, hi = behind < r->width ? behind : r->width;
    if (!begins(r, q)) {
        if (lo < r->begin - 1) lo = r->begin - 1;
        if (hi > r->end) hi = r->end;
    }
    r->begin = r->end = lo;
    if (lo >= hi) return;
    const anl_sw_band row = {.target = r->target + first + lo,
                             .n = hi - lo,
                             .base = r->x->query[q],
                             .start = start_of(r, q),
                             .h = r->h + lo,
                             .insertion = r->insertion + lo,
                             .column = r->column + lo,
                             .from = r->from + (size_t)q * (size_t)r->width + lo};
    const int32_t top = r->k->band_row(&r->p->score, &row);
    if (top + bonus > r->best.total) {
        r->best = (cell){top + bonus, q, lo};
        while (r->column[r->best.b] != top) ++r->best.b;
    }
    while (lo < hi && r->h[lo] < need) ++lo;
    while (lo < hi && r->h[hi - 1] < need) --hi;
    r->begin = lo;
    r->end = hi;
}

/* Whether behind row q one cell alone matters, which no gap can leave. */
static int is_straight(const band *r, int32_t q)
{
    const anl_sw_params *s = &r->p->score;
    if (r->end - r->begin != 1 || begins(r, q + 1)) return 0;
    const int32_t need = needed(r, q), inserted = s->ins_extend + s->match; /* a deletion would have given another cell */
    return r->h[r->begin] - s->ins_open - inserted < need && r->insertion[r->begin] - inserted < need;
}

/* Row q and those behind it, where only the diagonal of column r->begin matters. */
static void go_straight(band *r, int32_t q)
{
    const int32_t b = r->begin;
    int32_t score = r->h[b];
    for (int32_t t = q + r->x->dlo + b; q < r->x->qlen && t < r->x->tlen; ++q, ++t) {
        score += anl_column_score(&r->p->score, r->x->query[q], r->target[t]);
        if (score < needed(r, q)) return;
        r->from[(size_t)q * (size_t)r->width + (size_t)b] = ANL_SW_COLUMN;
        const int32_t total = score + (q == r->x->qlen - 1 ? r->p->clip3 : 0);
        if (total > r->best.total) r->best = (cell){total, q, b};
    }
}

static void fill(band *r)
{
    for (int32_t q = 0; q < r->x->qlen; ++q) {
        fill_row(r, q);
        const int over = r->begin == r->end && !begins(r, q + 1), straight = !over && is_straight(r, q);
        if (straight) go_straight(r, q + 1);
        if (over || straight) return;
    }
}

static anl_cigar_op column_op(int eqx, uint8_t q, uint8_t t)
{
    return !eqx ? ANL_CIGAR_M : anl_column_equal(q, t) ? ANL_CIGAR_EQ : ANL_CIGAR_X;
}

/* Walks back from the best cell, whose column is a match or mismatch. A gap is entered only where it beats a column, which puts it as
 * far left as its score allows. */
static int walk_back(const anl_extend_params *p, const anl_extend_problem *x, anl_extend_scratch *s, cell at, anl_extension *out)
{
    const int32_t width = x->dhi - x->dlo + 1;
    int32_t q = at.q, b = at.b;
    int state = ANL_SW_COLUMN, rc;
    s->cigar.n = 0;
    out->qend = q + 1;
    out->tend = q + x->dlo + b + 1;
    for (;;) {
        const uint8_t how = s->from[(size_t)q * (size_t)width + (size_t)b];
        if (!state) state = how & ANL_SW_SOURCE;
        if (state == ANL_SW_COLUMN) {
            rc = anl_cigar_push(&s->cigar, column_op(p->eqx, x->query[q], x->target[q + x->dlo + b]), 1);
            if (rc || how & ANL_SW_COLUMN_STARTS) break;
            --q;
            state = 0;
        } else if (state == ANL_SW_DELETION) {
            if ((rc = anl_cigar_push(&s->cigar, ANL_CIGAR_D, 1))) break;
            --b;
            if (!(s->from[(size_t)q * (size_t)width + (size_t)b] & ANL_SW_DELETION_GOES_ON)) state = 0;
        } else {
            if ((rc = anl_cigar_push(&s->cigar, ANL_CIGAR_I, 1))) break;
            --q;
            ++b;
            if (!(how & ANL_SW_INSERTION_GOES_ON)) state = 0;
        }
    }
    out->qbeg = q;
    out->tbeg = q + x->dlo + b;
    anl_cigar_reverse(s->cigar.list, s->cigar.n);
    out->cigar = s->cigar.list;
    out->n_cigar = s->cigar.n;
    return rc;
}

/* MD and NM of a finished alignment. */
static int describe(const anl_extend_problem *x, anl_extend_scratch *s, anl_extension *out)
{
    int rc = anl_grow(&s->md, &s->md_cap, anl_cigar_md_size(out->cigar, out->n_cigar), 1);
    if (rc) return rc;
    out->nm = anl_cigar_md(out->cigar, out->n_cigar, x->query + out->qbeg, x->target + out->tbeg, s->md);
    out->md = s->md;
    return ANL_OK;
}

static void remove_bonuses(const anl_extend_params *p, int32_t qlen, anl_extension *out)
{
    out->score = out->total - (out->qbeg == 0 ? p->clip5 : 0) - (out->qend == qlen ? p->clip3 : 0);
}

int anl_extend(const anl_extend_params *p, const anl_sw_kernels *k, const anl_extend_problem *x, anl_extend_scratch *s, anl_extension *out)
{
    const size_t width = (size_t)(x->dhi - x->dlo) + 1, room = width + 2 * ANL_SW_BAND_BLOCK, tlen = (size_t)x->tlen;
    *out = (anl_extension){.md = ""};
    int rc = anl_grow(&s->rows, &s->rows_cap, 3 * room, sizeof *s->rows);
    if (!rc) rc = anl_grow(&s->from, &s->from_cap, (size_t)x->qlen * width + ANL_SW_BAND_BLOCK, 1);
    if (!rc) rc = anl_grow(&s->target, &s->target_cap, tlen + ANL_SW_BAND_BLOCK, 1);
    if (rc) return rc;
    if (tlen) memcpy(s->target, x->target, tlen);
    memset(s->target + tlen, 4, ANL_SW_BAND_BLOCK);
    for (size_t i = 0; i < 2 * room; ++i) s->rows[i] = ANL_SW_NOWHERE;
    band r = {.p = p,
              .k = k,
              .x = x,
              .target = s->target,
              .from = s->from,
              .width = (int32_t)width,
              .h = s->rows,
              .insertion = s->rows + room,
              .column = s->rows + 2 * room};
    fill(&r);
    const cell best = r.best;
    if (best.total <= 0 || best.total < x->least) return ANL_OK; /* of the latter's cells some may never have been computed */
    out->total = best.total;
    rc = walk_back(p, x, s, best, out);
    if (!rc) rc = describe(x, s, out);
    if (!rc) remove_bonuses(p, x->qlen, out);
    return rc;
}

/* Largest sum over stretches of equal bases, split by the differing ones; reaching either end earns its bonus. */
typedef struct stretches {
    int32_t sum, begin, at; /* of the stretch that is open, from `begin` on, as far as `at` */
} stretches;

/* The stretch goes on to `end`; *out if that is the best. */
static void stretch_to(const anl_extend_params *p, stretches *s, int32_t end, int32_t n, anl_extension *out)
{
    s->sum += (end - s->at) * p->score.match;
    s->at = end;
    const int32_t total = s->sum + (end == n ? p->clip3 : 0);
    if (end > s->begin && total > out->total)
        *out = (anl_extension){.total = total, .qbeg = s->begin, .tbeg = s->begin, .qend = end, .tend = end, .md = ""};
}

/* Goes on over bases [from, from + m) of n, of which those differ that are set in `differ`. */
static void go_along(const anl_extend_params *p, stretches *s, const uint8_t *query, const uint8_t *target, int32_t n, int32_t from,
                     int32_t m, const uint64_t *differ, anl_extension *out)
{
    for (int32_t word = 0; word < (m + 63) / 64; ++word)
        for (uint64_t left = differ[word]; left; left &= left - 1) {
            const int32_t at = from + word * 64 + __builtin_ctzll(left);
            stretch_to(p, s, at, n, out);
            s->sum -= query[at] > 3 || target[at] > 3 ? 1 : p->score.mismatch;
            s->at = at + 1;
            if (s->sum <= 0) s->sum = 0, s->begin = s->at;
        }
}

static void end_along(const anl_extend_params *p, stretches *s, int32_t n, anl_extension *out)
{
    stretch_to(p, s, n, n, out);
    if (out->total > 0) remove_bonuses(p, n, out);
}

void anl_extend_differ(const anl_extend_params *p, const uint8_t *query, const uint8_t *target, int32_t n, const uint64_t *differ,
                       anl_extension *out)
{
    stretches s = {.sum = p->clip5};
    *out = (anl_extension){.md = ""};
    go_along(p, &s, query, target, n, 0, n, differ, out);
    end_along(p, &s, n, out);
}

void anl_extend_ungapped(const anl_extend_params *p, const anl_sw_kernels *k, const uint8_t *query, const uint8_t *target, int32_t n,
                         anl_extension *out)
{
    enum { BLOCK = 1024 };
    uint64_t differ[BLOCK / 64];
    stretches s = {.sum = p->clip5};
    *out = (anl_extension){.md = ""};
    for (int32_t from = 0; from < n; from += BLOCK) {
        const int32_t m = n - from < BLOCK ? n - from : BLOCK;
        k->mismatches(query + from, target + from, m, differ);
        go_along(p, &s, query, target, n, from, m, differ, out);
    }
    end_along(p, &s, n, out);
}

int anl_extend_ungapped_trace(const anl_extend_params *p, const anl_sw_kernels *k, const anl_extend_problem *x, anl_extend_scratch *s,
                              anl_extension *out)
{
    const uint8_t *target = x->target + x->dlo;
    anl_extend_ungapped(p, k, x->query, target, x->qlen, out);
    if (out->total <= 0) return ANL_OK;
    s->cigar.n = 0;
    int rc = p->eqx ? ANL_OK : anl_cigar_push(&s->cigar, ANL_CIGAR_M, out->qend - out->qbeg);
    for (int32_t i = out->qbeg; p->eqx && i < out->qend && !rc; ++i)
        rc = anl_cigar_push(&s->cigar, column_op(p->eqx, x->query[i], target[i]), 1);
    if (rc) return rc;
    out->n_cigar = s->cigar.n;
    out->cigar = s->cigar.list;
    out->tbeg += x->dlo;
    out->tend += x->dlo;
    return describe(x, s, out);
}
