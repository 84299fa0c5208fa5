#include "pieces.h"

#include "cigar_score.h"

/* Tuning. */
enum {
    LONG_MATCH = 16,  /* bp; random ones are rare along an alignment; 8 and 32 align alike (stitch.c) */
    GAP_SHARE = 2,    /* a gap costs at most one half of what ends a piece: a long deletion alone is no break */
    BRIDGE_SHARE = 2, /* a piece goes on through noise unless that costs one half of its worth */
};

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
    return w->recent.worth >= w->best.worth / BRIDGE_SHARE ? &w->recent : &w->best;
}

/* The operations between two points, shifted so that gaps lie as far left as their score allows. */
static int32_t copy_shifted(const anl_piece_context *c, const anl_columns *all, const walk *w, uint32_t *out)
{
    const point *end = &ending_of(w)->at;
    int32_t n = 0;
    for (int32_t i = w->begin.op; i <= end->op && i < all->cigar.n; ++i) {
        const int32_t from = i == w->begin.op ? w->begin.offset : 0;
        const int32_t to = i == end->op ? end->offset : anl_cigar_len_of(all->cigar.list[i]);
        if (to > from) out[n++] = anl_cigar_pack(anl_cigar_op_of(all->cigar.list[i]), to - from);
    }
    anl_cigar_shift_left(out, n, c->query->seq + w->begin.q, c->region + w->begin.t);
    return n;
}

static int finish_piece(const anl_piece_context *c, const anl_columns *all, const walk *w, anl_pieces *out)
{
    const uint8_t *q = c->query->seq + w->begin.q, *t = c->region + w->begin.t;
    const ending *end = ending_of(w);
    const size_t bases = (size_t)(end->at.q - w->begin.q);
    const size_t most = (size_t)(end->at.op - w->begin.op) + 1;
    uint32_t *cigar = anl_arena_alloc(c->arena, most, sizeof *cigar);
    if (!cigar || anl_arena_grow(c->arena, &out->list, (size_t)out->n, &out->cap, (size_t)out->n + 1, sizeof *out->list)) return ANL_ENOMEM;
    anl_piece *piece = &out->list[out->n++];
    *piece = (anl_piece){.tbeg = c->begin + w->begin.t,
                         .tend = c->begin + end->at.t,
                         .qbeg = w->begin.q,
                         .qend = end->at.q,
                         .cigar = cigar,
                         .worth = end->worth};
    piece->n_cigar = copy_shifted(c, all, w, cigar);
    if (c->params->eqx) {
        if (!(piece->cigar = anl_arena_alloc(c->arena, most + bases, sizeof *cigar))) return ANL_ENOMEM;
        piece->n_cigar = anl_cigar_split_columns(cigar, piece->n_cigar, q, t, piece->cigar);
    }
    piece->score = anl_cigar_score(&c->params->score, piece->cigar, piece->n_cigar, q, t);
    anl_cigar_count(piece->cigar, piece->n_cigar, q, t, &piece->matches, &piece->columns);
    char *md = anl_arena_alloc(c->arena, anl_cigar_md_size(piece->cigar, piece->n_cigar), 1);
    if (!md) return ANL_ENOMEM;
    piece->nm = anl_cigar_md(piece->cigar, piece->n_cigar, q, t, md);
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
    const anl_cigar_op op = anl_cigar_op_of(all->cigar.list[w->at.op]);
    const int32_t len = anl_cigar_len_of(all->cigar.list[w->at.op]) - w->at.offset;
    if (op == ANL_CIGAR_M) {
        const uint8_t q = c->query->seq[w->at.q], t = c->region[w->at.t];
        w->sum += anl_column_score(&p->score.score, q, t);
        w->run = anl_column_equal(q, t) ? w->run + 1 : 0;
        ++w->at.q;
        ++w->at.t;
        ++w->at.offset;
        mark_best(c, w);
        return;
    }
    const int32_t cost = anl_gap_cost(&p->score, op, len);
    w->sum -= cost < p->drop / GAP_SHARE ? cost : p->drop / GAP_SHARE;
    w->run = 0;
    w->at.offset += len;
    if (op == ANL_CIGAR_I)
        w->at.q += len;
    else
        w->at.t += len;
}

int anl_pieces_cut(const anl_piece_context *c, const anl_columns *all, anl_pieces *out)
{
    const anl_stitch_params *p = c->params;
    walk w = {.at = {.q = all->qbeg, .t = all->tbeg}};
    begin_here(p, &w);
    for (int rc;;) {
        while (w.at.op < all->cigar.n && w.at.offset == anl_cigar_len_of(all->cigar.list[w.at.op])) ++w.at.op, w.at.offset = 0;
        const int over = w.at.op == all->cigar.n;
        if (over && w.best.worth < p->min_score) return ANL_OK;
        /* A piece that pays stands until the score has fallen by `drop`; one that does not, until it is down to nothing. */
        if (over || w.recent.total - w.sum > p->drop || (w.sum < 0 && w.best.worth < p->min_score)) {
            if ((rc = close_piece(c, all, &w, out))) return rc;
            continue;
        }
        step(c, all, &w);
    }
}
