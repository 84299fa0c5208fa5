#include "stitch.h"

#include "cigar_score.h"
#include "pieces.h"
#include "seed.h"

#include <stdlib.h>
#include <string.h>

/* Tuning. "Alike": benchmarks/vary with the values named aligns 120 simulated ONT reads of E. coli and 120 HiFi reads of human pieces to the same
 * places with the same sum of scores; then the value is the cheaper or the safer one. */
enum {
    SLACK = 64, /* bp by which a match may lie off the diagonals of the windows around it; 16 alike, 256 costs one read 2,000 of score, */
    SLACK_SHARE = 8, /* and one for every so many bp between them, for 12% more deletions than insertions or the reverse; 4, 16 alike */
    TILE = 256,      /* bp of the read looked at together, at least: a k-mer meets others by chance there in few places; 128, 1,024 alike */
    HEAD = 2000,     /* bp beyond the outermost windows where matches are looked for: windows are 640 bp apart; 500, 8,000 alike */
    FINE_GAP = 20000, /* bp that a chain of matches may leap, as chains of windows may (COARSE_GAP of long_read.c), for long deletions */
    LOOK_BACK =
        100, /* predecessors tried for each match; 400 alike, 25 costs one read 2,200 of score in a repeat. minimap2 looks at 5,000 */
    RELIABLE =
        16, /* bp of a match that an alignment may be pinned to: four more than the shortest, by chance once in 4 billion; 12, 32 alike */
    RELIABLE_TRIM = 4,    /* bp less at its ends, which a gap beside it may claim; 0 alike */
    RELIABLE_EVERY = 100, /* bp: one pin in so many, the longest; 25, 400 alike */
    REACH = 16384,        /* bp that an end is extended at most: half of ANL_WAVE_LONGEST, so that the target with its gaps fits */
    REACH_SHARE = 4,      /* one bp of target more for every so many of the query: deletions of a quarter */
    LEAST_INVERTED = 40,  /* bp of matches, chained, that show an inversion: the least score of a chain, minimap2's -m */
    KEEP = 128,           /* bp of the longer side kept beyond the length of the shorter one where a long gap is bridged; 32, 512 alike */
};

static const anl_chain_params fine_chaining = {.max_gap = FINE_GAP, .max_drift = FINE_GAP, .look_back = LOOK_BACK, .min_score = 1};

/* A match that the alignment goes through; positions in query and region. */
typedef struct pin {
    int32_t q, t, len;
} pin;

/* What lies between two pins. */
typedef struct gap {
    int32_t qbeg, qend, tbeg, tend;
} gap;

struct anl_stitcher {
    anl_wave *wave;
    anl_seeder *seeder;
    anl_seeds seeds;
    anl_columns columns; /* the alignment being put together */
    uint8_t *region, *mirror;
    pin *pins;
    gap *inverted; /* gaps that hold the opposite strand */
    size_t region_cap, mirror_cap, pins_cap, inverted_cap, n_inverted;
    int64_t begin; /* joined coordinate of region[0] */
    int32_t len;   /* of the region */
};

int anl_stitcher_new(anl_stitcher **out)
{
    anl_stitcher *s = anl_alloc(1, sizeof *s);
    if (!s) return ANL_ENOMEM;
    int rc = anl_wave_new(&s->wave);
    if (!rc) rc = anl_seeder_new(&s->seeder);
    if (rc) {
        anl_stitcher_free(s);
        return rc;
    }
    *out = s;
    return ANL_OK;
}

void anl_stitcher_free(anl_stitcher *s)
{
    if (!s) return;
    anl_wave_free(s->wave);
    anl_seeder_free(s->seeder);
    free(s->seeds.list);
    free(s->seeds.longest);
    free(s->columns.cigar.list);
    free(s->region);
    free(s->mirror);
    free(s->pins);
    free(s->inverted);
    free(s);
}

/* Fetches the part of [begin, end) that lies in the contig of base `inside`. */
static int load_region(anl_stitcher *s, const anl_index *x, int64_t inside, int64_t begin, int64_t end)
{
    anl_index_clip(x, anl_index_contig_at(x, inside), &begin, &end);
    int rc = anl_grow(&s->region, &s->region_cap, (size_t)(end - begin), 1);
    if (rc) return rc;
    anl_index_fetch(x, begin, end, s->region);
    s->begin = begin;
    s->len = (int32_t)(end - begin);
    return ANL_OK;
}

/* Matches of query [qbeg, qend) near the diagonals [dlo, dhi] of the region. */
static int seed_tile(anl_stitcher *s, const anl_stitch_query *q, int32_t qbeg, int32_t qend, int64_t dlo, int64_t dhi)
{
    const int32_t slack = SLACK + (qend - qbeg) / SLACK_SHARE;
    anl_seed_tile tile = {.qbeg = qbeg, .qend = qend, .dlo = (int32_t)(dlo - slack), .dhi = (int32_t)(dhi + slack)};
    tile.tbeg = qbeg + tile.dlo > 0 ? qbeg + tile.dlo : 0;
    tile.tend = qend + tile.dhi < s->len ? qend + tile.dhi : s->len;
    return tile.tbeg < tile.tend ? anl_seed_find(s->seeder, q->seq, s->region, &tile, &s->seeds) : ANL_OK;
}

static int64_t diagonal(const anl_stitcher *s, const anl_anchor *a)
{
    return a->t - s->begin - a->q;
}

static int32_t middle(const anl_anchor *a)
{
    return a->q + a->len / 2;
}

/* Tiles run from the middle of a window to the middle of another, the outermost ones to where the read ends or HEAD bp on. */
static int seed_chain(anl_stitcher *s, const anl_stitch_query *q, const anl_anchor *coarse, int32_t n)
{
    const int32_t first = middle(&coarse[0]), last = middle(&coarse[n - 1]);
    const int64_t head = diagonal(s, &coarse[0]), tail = diagonal(s, &coarse[n - 1]);
    s->seeds.n = 0;
    int rc = seed_tile(s, q, first > HEAD ? first - HEAD : 0, first, head, head);
    for (int32_t i = 0, j; i < n - 1 && !rc; i = j) {
        int64_t lo = diagonal(s, &coarse[i]), hi = lo;
        for (j = i + 1;; ++j) {
            const int64_t d = diagonal(s, &coarse[j]);
            if (d < lo) lo = d;
            if (d > hi) hi = d;
            if (j == n - 1 || middle(&coarse[j]) - middle(&coarse[i]) >= TILE) break;
        }
        rc = seed_tile(s, q, middle(&coarse[i]), middle(&coarse[j]), lo, hi);
    }
    return rc ? rc : seed_tile(s, q, last, q->len - last > HEAD ? last + HEAD : q->len, tail, tail);
}

/* Whether a chain takes half of the bases, its own or the best one's, that the best chain runs over. */
static int is_beside(const anl_anchor *best, int32_t n_best, const anl_anchor *other, int32_t n)
{
    const int32_t begin[2] = {best->q, other->q}, end[2] = {best[n_best - 1].q + best[n_best - 1].len, other[n - 1].q + other[n - 1].len};
    const int32_t from = begin[0] > begin[1] ? begin[0] : begin[1], to = end[0] < end[1] ? end[0] : end[1];
    const int32_t len[2] = {end[0] - begin[0], end[1] - begin[1]};
    return 2 * (to - from) >= (len[0] < len[1] ? len[0] : len[1]);
}

static anl_fine_chain best_chain(const anl_chains *chains)
{
    const anl_chain *best = &chains->list[0];
    anl_fine_chain out = {.anchors = chains->anchors + best->first, .n = best->n, .score = best->score};
    for (int32_t i = 1; i < chains->n && !out.beside; ++i) {
        const anl_chain *c = &chains->list[i];
        if (is_beside(out.anchors, out.n, chains->anchors + c->first, c->n)) out.beside = c->score;
    }
    return out;
}

int anl_stitch_refine(anl_stitcher *s, const anl_index *x, const anl_stitch_query *q, const anl_anchor *coarse, int32_t n, anl_arena *arena,
                      anl_fine_chain *out)
{
    const int64_t room = HEAD + HEAD / SLACK_SHARE + SLACK;
    const anl_anchor *last = &coarse[n - 1];
    anl_chains chains;
    *out = (anl_fine_chain){0};
    int rc = load_region(s, x, coarse->t, coarse->t - room, last->t + last->len + room);
    if (!rc) rc = seed_chain(s, q, coarse, n);
    if (!rc) rc = anl_chain_find(&fine_chaining, s->seeds.list, (int32_t)s->seeds.n, arena, &chains);
    if (rc || !chains.n) return rc;
    for (int32_t i = 0; i < chains.n_anchors; ++i) chains.anchors[i].t += s->begin;
    *out = best_chain(&chains);
    return ANL_OK;
}

/* Chooses what the alignment is pinned to; at least one, the longest match, when none is reliable. */
static int choose_pins(anl_stitcher *s, const anl_fine_chain *c, int32_t *n_pins)
{
    int32_t n = 0, end_q = 0, end_t = 0;
    const anl_anchor *longest = c->anchors;
    for (int32_t i = 0; i < c->n; ++i)
        if (c->anchors[i].len > longest->len) longest = &c->anchors[i];
    const int32_t least = longest->len < RELIABLE ? longest->len : RELIABLE;
    for (int32_t i = 0, j; i < c->n; i = j) {
        const anl_anchor *best = &c->anchors[i];
        for (j = i + 1; j < c->n && c->anchors[j].q - c->anchors[i].q < RELIABLE_EVERY; ++j)
            if (c->anchors[j].len > best->len) best = &c->anchors[j];
        const int32_t q = best->q + RELIABLE_TRIM, t = (int32_t)(best->t - s->begin) + RELIABLE_TRIM;
        if (best->len < least || q < end_q || t < end_t) continue;
        int rc = anl_grow(&s->pins, &s->pins_cap, (size_t)n + 1, sizeof *s->pins);
        if (rc) return rc;
        s->pins[n++] = (pin){q, t, best->len - 2 * RELIABLE_TRIM};
        end_q = q + best->len - 2 * RELIABLE_TRIM;
        end_t = t + best->len - 2 * RELIABLE_TRIM;
    }
    *n_pins = n;
    return ANL_OK;
}

static int push_all(anl_cigar *c, const anl_wave_alignment *a)
{
    int rc = ANL_OK;
    for (int32_t i = 0; i < a->n_cigar && !rc; ++i) rc = anl_cigar_push(c, anl_cigar_op_of(a->cigar[i]), anl_cigar_len_of(a->cigar[i]));
    return rc;
}

/* As push_all, with `cut` bp more of gap `op` where the alignment passes position `at` of the sequence that such gaps consume. */
static int push_bridged(anl_cigar *c, const anl_wave_alignment *a, anl_cigar_op op, int32_t at, int32_t cut)
{
    int32_t position = 0;
    int rc = ANL_OK;
    for (int32_t i = 0; i < a->n_cigar && !rc; ++i) {
        const anl_cigar_op kind = anl_cigar_op_of(a->cigar[i]);
        const int32_t len = anl_cigar_len_of(a->cigar[i]), moves = kind == ANL_CIGAR_M || kind == op ? len : 0;
        /* A gap may begin right at the cut; columns must pass it, lest the gap be put beside the one that follows. */
        if (cut && (kind == op ? position + moves >= at : position + moves > at)) {
            const int32_t before = kind == op ? len : at - position;
            rc = anl_cigar_push(c, kind, before);
            if (!rc) rc = anl_cigar_push(c, op, cut);
            if (!rc && len > before) rc = anl_cigar_push(c, kind, len - before);
            cut = 0;
        } else
            rc = anl_cigar_push(c, kind, len);
        position += moves;
    }
    if (!rc && cut) rc = anl_cigar_push(c, op, cut);
    return rc;
}

/* Aligns a gap. Where one side is far longer, the gap that must be there is cut out of its middle first. *fall: how far the score
 * falls inside, that long gap left out. */
static int fill_gap(anl_stitcher *s, const anl_stitch_params *p, const anl_stitch_query *q, const gap *g, int32_t *fall, int *found)
{
    const int32_t dq = g->qend - g->qbeg, dt = g->tend - g->tbeg, shorter = dq < dt ? dq : dt, longer = dq < dt ? dt : dq;
    const int32_t keep = shorter + KEEP, cut = longer > 2 * keep ? longer - 2 * keep : 0;
    anl_wave_problem x = {.query = q->seq + g->qbeg, .target = s->region + g->tbeg, .qlen = dq, .tlen = dt};
    anl_wave_alignment a;
    int rc = ANL_OK;
    *found = 1;
    *fall = 0;
    if (!dq || !dt) return anl_cigar_push(&s->columns.cigar, dq ? ANL_CIGAR_I : ANL_CIGAR_D, longer);
    if (cut) {
        if ((rc = anl_grow(&s->mirror, &s->mirror_cap, (size_t)(2 * keep), 1))) return rc;
        const uint8_t *whole = dq < dt ? x.target : x.query;
        memcpy(s->mirror, whole, (size_t)keep);
        memcpy(s->mirror + keep, whole + longer - keep, (size_t)keep);
        if (dq < dt)
            x.target = s->mirror, x.tlen = 2 * keep;
        else
            x.query = s->mirror, x.qlen = 2 * keep;
    }
    rc = anl_wave_global(&p->score, &x, s->wave, &a, found);
    if (rc || !*found) return rc;
    *fall = anl_cigar_fall(&p->score, a.cigar, a.n_cigar, x.query, x.target);
    return push_bridged(&s->columns.cigar, &a, dq < dt ? ANL_CIGAR_D : ANL_CIGAR_I, keep, cut);
}

/* Matches of the opposite strand of the read inside a gap, chained. */
static int chain_inverted(anl_stitcher *s, const anl_stitch_query *q, const gap *g, anl_arena *arena, anl_fine_chain *out)
{
    const anl_seed_tile tile = {
        .qbeg = q->len - g->qend, .qend = q->len - g->qbeg, .tbeg = g->tbeg, .tend = g->tend, .dlo = INT32_MIN, .dhi = INT32_MAX};
    anl_chains chains;
    *out = (anl_fine_chain){0};
    s->seeds.n = 0;
    int rc = anl_seed_find(s->seeder, q->opposite, s->region, &tile, &s->seeds);
    if (!rc) rc = anl_chain_find(&fine_chaining, s->seeds.list, (int32_t)s->seeds.n, arena, &chains);
    if (rc || !chains.n || chains.list[0].score < LEAST_INVERTED) return rc;
    for (int32_t i = 0; i < chains.n_anchors; ++i) chains.anchors[i].t += s->begin;
    *out = best_chain(&chains);
    return ANL_OK;
}

/* Bridges from one pin to the next; *found is 0 where the read goes on, but not like this. */
static int bridge(anl_stitcher *s, const anl_stitch_params *p, const anl_stitch_query *q, const pin *a, const pin *b, anl_arena *arena,
                  int *found)
{
    const gap g = {a->q + a->len, b->q, a->t + a->len, b->t};
    const int32_t before = s->columns.cigar.n;
    const uint32_t last = s->columns.cigar.list[before - 1]; /* a column, which the bridge may lengthen */
    int32_t fall;
    anl_fine_chain chain;
    int rc = fill_gap(s, p, q, &g, &fall, found);
    if (rc || (*found && fall < p->drop_inverted)) return rc;
    rc = chain_inverted(s, q, &g, arena, &chain);
    if (rc || !chain.n) return rc;
    s->columns.cigar.n = before;
    s->columns.cigar.list[before - 1] = last;
    *found = 0;
    rc = anl_grow(&s->inverted, &s->inverted_cap, s->n_inverted + 1, sizeof *s->inverted);
    if (!rc) s->inverted[s->n_inverted++] = g;
    return rc;
}

static int32_t target_room(int32_t n)
{
    return n + n / REACH_SHARE + 2 * SLACK;
}

/* Extends to the left of (q, t), down to query position `least` at most; starts the columns there. */
static int extend_left(anl_stitcher *s, const anl_stitch_params *p, const anl_stitch_query *query, int32_t q, int32_t t, int32_t least)
{
    const int32_t n = q - least < REACH ? q - least : REACH, m = t < target_room(n) ? t : target_room(n);
    int rc = anl_grow(&s->mirror, &s->mirror_cap, (size_t)n + (size_t)m, 1);
    if (rc) return rc;
    for (int32_t i = 0; i < n; ++i) s->mirror[i] = query->seq[q - 1 - i];
    for (int32_t i = 0; i < m; ++i) s->mirror[n + i] = s->region[t - 1 - i];
    const anl_wave_problem x = {.query = s->mirror, .target = s->mirror + n, .qlen = n, .tlen = m};
    anl_wave_alignment a;
    if ((rc = anl_wave_extend(&p->score, &x, n == q ? p->clip5 : 0, p->drop, s->wave, &a))) return rc;
    s->columns.cigar.n = 0;
    s->columns.qbeg = q - a.qend;
    s->columns.tbeg = t - a.tend;
    for (int32_t i = a.n_cigar - 1; i >= 0 && !rc; --i)
        rc = anl_cigar_push(&s->columns.cigar, anl_cigar_op_of(a.cigar[i]), anl_cigar_len_of(a.cigar[i]));
    return rc;
}

static int extend_right(anl_stitcher *s, const anl_stitch_params *p, const anl_stitch_query *query, int32_t q, int32_t t, int32_t most)
{
    const int32_t n = most - q < REACH ? most - q : REACH, room = s->len - t;
    const anl_wave_problem x = {
        .query = query->seq + q, .target = s->region + t, .qlen = n, .tlen = room < target_room(n) ? room : target_room(n)};
    anl_wave_alignment a;
    int rc = anl_wave_extend(&p->score, &x, q + n == query->len ? p->clip3 : 0, p->drop, s->wave, &a);
    return rc ? rc : push_all(&s->columns.cigar, &a);
}

/* Aligns from pin *from on until the last one, or until one that cannot be reached, and leaves *from there. The ends are extended inside
 * query [least, most). */
static int align_run(anl_stitcher *s, const anl_stitch_params *p, const anl_stitch_query *q, int32_t least, int32_t most, int32_t n_pins,
                     anl_arena *arena, int32_t *from)
{
    const pin *pins = s->pins;
    int32_t i = *from;
    if (i) least = pins[i - 1].q + pins[i - 1].len;
    int found = 1, rc = extend_left(s, p, q, pins[i].q, pins[i].t, least);
    if (!rc) rc = anl_cigar_push(&s->columns.cigar, ANL_CIGAR_M, pins[i].len);
    for (++i; i < n_pins && !rc; ++i) {
        rc = bridge(s, p, q, &pins[i - 1], &pins[i], arena, &found);
        if (rc || !found) break;
        rc = anl_cigar_push(&s->columns.cigar, ANL_CIGAR_M, pins[i].len);
    }
    *from = i;
    const pin *last = &pins[i - 1];
    return rc ? rc : extend_right(s, p, q, last->q + last->len, last->t + last->len, i < n_pins ? pins[i].q : most);
}

/* All pieces along a chain in the loaded region. */
static int align_chain(anl_stitcher *s, const anl_piece_context *c, const anl_fine_chain *chain, int32_t least, int32_t most,
                       anl_pieces *out)
{
    int32_t n_pins = 0;
    int rc = choose_pins(s, chain, &n_pins);
    for (int32_t i = 0; i < n_pins && !rc;) {
        rc = align_run(s, c->params, c->query, least, most, n_pins, c->arena, &i);
        if (!rc) rc = anl_pieces_cut(c, &s->columns, out);
    }
    return rc;
}

static int64_t reach(int32_t n)
{
    return target_room(n < REACH ? n : REACH);
}

int anl_stitch_align(anl_stitcher *s, const anl_stitch_params *p, const anl_index *x, const anl_stitch_query *q,
                     const anl_fine_chain *chain, anl_arena *arena, anl_pieces *out)
{
    *out = (anl_pieces){0};
    if (!chain->n) return ANL_OK;
    const anl_anchor *first = &chain->anchors[0], *last = &chain->anchors[chain->n - 1];
    int rc = load_region(s, x, first->t, first->t - reach(first->q), last->t + last->len + reach(q->len - last->q - last->len));
    if (rc) return rc;
    anl_piece_context context = {p, q, s->region, s->begin, arena};
    s->n_inverted = 0;
    if ((rc = align_chain(s, &context, chain, 0, q->len, out))) return rc;
    const anl_stitch_query opposite = {q->opposite, q->seq, q->len};
    const size_t n_inverted = s->n_inverted; /* what an inversion holds inside is left at that */
    context.query = &opposite;
    for (size_t i = 0; i < n_inverted && !rc; ++i) {
        const gap g = s->inverted[i];
        const int32_t before = out->n;
        anl_fine_chain inside;
        rc = chain_inverted(s, q, &g, arena, &inside);
        if (!rc) rc = align_chain(s, &context, &inside, q->len - g.qend, q->len - g.qbeg, out);
        for (int32_t k = before; k < out->n && !rc; ++k) out->list[k].inverted = 1;
    }
    return rc;
}
