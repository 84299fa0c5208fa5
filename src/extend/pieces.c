#include "pieces.h"

#include "extend.h"

#include <string.h>

enum { CIGAR_M = 0, CIGAR_I = 1, CIGAR_D = 2, CIGAR_EQ = 7, CIGAR_X = 8 };
enum { LONG_MATCH = 16 /* bp; random ones are rare along an alignment */ };

void anl_columns_start(anl_columns *c, int32_t qbeg, int32_t tbeg)
{
    c->n = 0;
    c->qbeg = qbeg;
    c->tbeg = tbeg;
}

int anl_columns_push(anl_columns *c, uint32_t op, int32_t len)
{
    if (!len) return ANL_OK;
    if (c->n && (c->cigar[c->n - 1] & 15) == op) {
        c->cigar[c->n - 1] += (uint32_t)len << 4;
        return ANL_OK;
    }
    int rc = anl_grow(&c->cigar, &c->cap, (size_t)c->n + 1, sizeof *c->cigar);
    if (!rc) c->cigar[c->n++] = (uint32_t)len << 4 | op;
    return rc;
}

static int32_t gap_cost(const anl_wave_params *p, uint32_t op, int32_t len)
{
    const anl_sw_params *s = &p->score;
    const int32_t one = op == CIGAR_I ? s->ins_open + len * s->ins_extend : s->del_open + len * s->del_extend;
    if (p->long_open < 0) return one;
    const int32_t two = p->long_open + len * p->long_extend;
    return two < one ? two : one;
}

static inline int32_t column_score(const anl_sw_params *s, uint8_t q, uint8_t t)
{
    return q > 3 || t > 3 ? -1 : q == t ? s->match : -s->mismatch;
}

int32_t anl_columns_score(const anl_wave_params *p, const uint32_t *cigar, int32_t n, const uint8_t *q, const uint8_t *t)
{
    int32_t score = 0;
    for (int32_t i = 0; i < n; ++i) {
        const uint32_t op = cigar[i] & 15;
        const int32_t len = (int32_t)(cigar[i] >> 4);
        if (op == CIGAR_I || op == CIGAR_D) score -= gap_cost(p, op, len);
        for (int32_t j = 0; op != CIGAR_I && op != CIGAR_D && j < len; ++j) score += column_score(&p->score, q[j], t[j]);
        if (op != CIGAR_D) q += len;
        if (op != CIGAR_I) t += len;
    }
    return score;
}

int32_t anl_columns_fall(const anl_wave_params *p, const uint32_t *cigar, int32_t n, const uint8_t *q, const uint8_t *t)
{
    int32_t below = 0, most = 0; /* below: the best so far less the score now */
    for (int32_t i = 0; i < n; ++i) {
        const uint32_t op = cigar[i] & 15;
        const int32_t len = (int32_t)(cigar[i] >> 4);
        if (op == CIGAR_I || op == CIGAR_D) below += gap_cost(p, op, len);
        for (int32_t j = 0; op == CIGAR_M && j < len; ++j) {
            below -= column_score(&p->score, q[j], t[j]);
            if (below < 0) below = 0;
            if (below > most) most = below;
        }
        if (op != CIGAR_D) q += len;
        if (op != CIGAR_I) t += len;
    }
    return below > most ? below : most;
}

/* A point between two columns: `offset` bp into operation `op`, at (q, t). */
typedef struct point {
    int32_t op, offset, q, t;
} point;

/* A point at which a piece may end, and the piece's score there, with and without the bonuses. */
typedef struct ending {
    point at;
    int32_t total, worth;
} ending;

/* The walk along the columns: where the current piece begins, where it is best, and where it is best since its last long match. */
typedef struct walk {
    point at, begin;
    int32_t sum, run; /* run: equal bases in a row */
    ending best, recent;
} walk;

/* A piece that begins at the read's first base has the bonus from the start. */
static void begin_here(const anl_stitch_params *p, walk *w)
{
    w->begin = w->at;
    w->run = 0;
    w->sum = w->at.q == 0 ? p->clip5 : 0;
    w->best = w->recent = (ending){w->at, w->sum, 0};
}

static void mark_best(const anl_piece_context *c, walk *w)
{
    const ending here = {w->at, w->sum + (w->at.q == c->query->len ? c->params->clip3 : 0),
                         w->sum - (w->begin.q == 0 ? c->params->clip5 : 0)};
    if (here.total > w->best.total) w->best = here;
    if (here.total > w->recent.total || w->run >= LONG_MATCH) w->recent = here;
}

/* A long match shows that the noise before it was bridged rightly, so the piece goes on through it, unless that costs half of its worth. */
static const ending *ending_of(const walk *w)
{
    return w->recent.worth >= w->best.worth / 2 ? &w->recent : &w->best;
}

/* The operations between two points, shifted so that gaps lie as far left as their score allows. */
static int32_t copy_shifted(const anl_piece_context *c, const anl_columns *all, const walk *w, uint32_t *out)
{
    const point *end = &ending_of(w)->at;
    int32_t n = 0, q = w->begin.q, t = w->begin.t;
    for (int32_t i = w->begin.op; i <= end->op && i < all->n; ++i) {
        const int32_t from = i == w->begin.op ? w->begin.offset : 0;
        const int32_t to = i == end->op ? end->offset : (int32_t)(all->cigar[i] >> 4);
        if (to > from) out[n++] = (uint32_t)(to - from) << 4 | (all->cigar[i] & 15);
    }
    for (int32_t i = 0; i < n; ++i) {
        const uint32_t op = out[i] & 15;
        const int32_t len = (int32_t)(out[i] >> 4);
        if (op != CIGAR_M && i > 0 && i + 1 < n && (out[i - 1] & 15) == CIGAR_M && (out[i + 1] & 15) == CIGAR_M) {
            const uint8_t *bases = op == CIGAR_I ? c->query->seq + q : c->region + t;
            int32_t left = (int32_t)(out[i - 1] >> 4), shift = 0;
            while (shift + 1 < left && bases[-1 - shift] == bases[len - 1 - shift]) ++shift;
            out[i - 1] -= (uint32_t)shift << 4;
            out[i + 1] += (uint32_t)shift << 4;
            q -= shift;
            t -= shift;
        }
        if (op != CIGAR_D) q += len;
        if (op != CIGAR_I) t += len;
    }
    return n;
}

/* M to = and X; the CIGAR may grow to as many operations as it has bases. */
static int32_t split_matches(const uint32_t *from, int32_t n, const uint8_t *q, const uint8_t *t, uint32_t *out)
{
    int32_t made = 0;
    for (int32_t i = 0; i < n; ++i) {
        const uint32_t op = from[i] & 15;
        const int32_t len = (int32_t)(from[i] >> 4);
        if (op != CIGAR_M) out[made++] = from[i];
        for (int32_t j = 0; op == CIGAR_M && j < len; ++j) {
            const uint32_t kind = q[j] == t[j] && q[j] < 4 ? CIGAR_EQ : CIGAR_X;
            if (made && (out[made - 1] & 15) == kind) out[made - 1] += 1u << 4;
            else out[made++] = 1u << 4 | kind;
        }
        if (op != CIGAR_D) q += len;
        if (op != CIGAR_I) t += len;
    }
    return made;
}

/* Score, equal bases and columns (a gap counts as one) of a finished CIGAR. */
static void measure(const anl_piece_context *c, anl_piece *piece, const uint8_t *q, const uint8_t *t)
{
    piece->score = anl_columns_score(&c->params->score, piece->cigar, piece->n_cigar, q, t);
    for (int32_t i = 0; i < piece->n_cigar; ++i) {
        const uint32_t op = piece->cigar[i] & 15;
        const int32_t len = (int32_t)(piece->cigar[i] >> 4);
        if (op == CIGAR_I || op == CIGAR_D) {
            ++piece->columns;
            if (op == CIGAR_I) q += len;
            else t += len;
            continue;
        }
        piece->columns += len;
        for (int32_t j = 0; j < len; ++j, ++q, ++t) piece->matches += *q == *t && *q < 4;
    }
}

static anl_piece *add_piece(anl_arena *arena, anl_pieces *out)
{
    if (out->n == out->cap) {
        const int32_t cap = out->cap ? out->cap * 2 : 4;
        anl_piece *grown = anl_arena_alloc(arena, (size_t)cap, sizeof *grown);
        if (!grown) return NULL;
        if (out->n) memcpy(grown, out->list, (size_t)out->n * sizeof *grown);
        out->list = grown;
        out->cap = cap;
    }
    return &out->list[out->n++];
}

static int finish_piece(const anl_piece_context *c, const anl_columns *all, const walk *w, anl_pieces *out)
{
    const uint8_t *q = c->query->seq + w->begin.q, *t = c->region + w->begin.t;
    const ending *end = ending_of(w);
    const size_t bases = (size_t)(end->at.q - w->begin.q);
    anl_piece *piece = add_piece(c->arena, out);
    const size_t most = (size_t)(end->at.op - w->begin.op) + 1;
    uint32_t *cigar = anl_arena_alloc(c->arena, most, sizeof *cigar);
    if (!piece || !cigar) return ANL_ENOMEM;
    *piece = (anl_piece){.tbeg = c->begin + w->begin.t, .tend = c->begin + end->at.t, .qbeg = w->begin.q, .qend = end->at.q,
                         .cigar = cigar, .worth = end->worth};
    piece->n_cigar = copy_shifted(c, all, w, cigar);
    if (c->params->eqx) {
        if (!(piece->cigar = anl_arena_alloc(c->arena, most + bases, sizeof *cigar))) return ANL_ENOMEM;
        piece->n_cigar = split_matches(cigar, piece->n_cigar, q, t, piece->cigar);
    }
    measure(c, piece, q, t);
    char *md = anl_arena_alloc(c->arena, anl_cigar_md_size(piece->cigar, piece->n_cigar), 1);
    if (!md) return ANL_ENOMEM;
    piece->nm = anl_cigar_describe(piece->cigar, piece->n_cigar, q, t, md);
    piece->md = md;
    return ANL_OK;
}

/* Ends the piece at its best point, and goes on from there; from here when there was no piece. */
static int close_piece(const anl_piece_context *c, const anl_columns *all, walk *w, anl_pieces *out)
{
    if (w->best.worth < c->params->min_score) {
        begin_here(c->params, w);
        return ANL_OK;
    }
    int rc = finish_piece(c, all, w, out);
    w->at = ending_of(w)->at;
    begin_here(c->params, w);
    return rc;
}

/* Takes what is left of the operation at w->at, or a part that ends where a piece may be best or over. */
static void step(const anl_piece_context *c, const anl_columns *all, walk *w)
{
    const anl_stitch_params *p = c->params;
    const uint32_t op = all->cigar[w->at.op] & 15;
    const int32_t len = (int32_t)(all->cigar[w->at.op] >> 4) - w->at.offset;
    if (op == CIGAR_M) {
        const uint8_t q = c->query->seq[w->at.q], t = c->region[w->at.t];
        w->sum += column_score(&p->score.score, q, t);
        w->run = q == t && q < 4 ? w->run + 1 : 0;
        ++w->at.q;
        ++w->at.t;
        ++w->at.offset;
        mark_best(c, w);
        return;
    }
    const int32_t cost = gap_cost(&p->score, op, len);
    w->sum -= cost < p->drop / 2 ? cost : p->drop / 2;
    w->run = 0;
    w->at.offset += len;
    if (op == CIGAR_I) w->at.q += len;
    else w->at.t += len;
}

int anl_pieces_cut(const anl_piece_context *c, const anl_columns *all, anl_pieces *out)
{
    const anl_stitch_params *p = c->params;
    walk w = {.at = {.q = all->qbeg, .t = all->tbeg}};
    begin_here(p, &w);
    for (int rc;;) {
        while (w.at.op < all->n && w.at.offset == (int32_t)(all->cigar[w.at.op] >> 4)) ++w.at.op, w.at.offset = 0;
        const int over = w.at.op == all->n;
        if (over && w.best.worth < p->min_score) return ANL_OK;
        /* A piece that pays stands until the score has fallen by `drop`; one that does not, until it is down to nothing. */
        if (over || w.recent.total - w.sum > p->drop || (w.sum < 0 && w.best.worth < p->min_score)) {
            if ((rc = close_piece(c, all, &w, out))) return rc;
            continue;
        }
        step(c, all, &w);
    }
}
