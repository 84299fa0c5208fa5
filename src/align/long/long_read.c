#include "long_read.h"

#include "cover.h"
#include "mapq.h"
#include "windows.h"

#include <stdlib.h>
#include <string.h>

enum {
    COARSE_GAP = 20000,    /* bp that a chain may leap, */
    COARSE_HOLE = 2,       /* and holes of more than so many window spacings in it are free for other chains */
    FINE_HOLE = 400,       /* the same for a chain of matches, bp */
    INSERTION_HOLE = 100,  /* and for an alignment */
    LEAST_COARSE = 8,
    LEAST_FINE = 40,       /* minimap2's -m */
    MOST_PLACES = 64,      /* chains looked at base by base */
    MOST_RIVALS = 24,      /* of them for one part of the read */
    MOST_ALIGNED = 5,      /* rivals aligned for one part of the read; minimap2's -N */
    MOST_ALIGNED_ALL = 50, /* the same when all places are wanted */
    SECOND_CLAIM = 2,      /* times the least score that a part of a read other than the best one needs */
    COARSE_RATIO = 2,      /* a rival has at least 1/2 of the score of the chain it rivals, */
    FINE_RATIO_10 = 8,     /* and 8/10 when matches have been counted; minimap2's -p */
};

/* A chain on its way to an alignment. */
typedef struct place {
    const anl_anchor *coarse;
    int32_t n_coarse, score;
    uint8_t reverse;
    anl_fine_chain fine;
    anl_cover cover;      /* of the read as sequenced */
    int32_t parent;       /* the better place for the same part of the read; itself when there is none */
    int32_t rivals, second; /* of a parent: how many, and the best of their scores */
} place;

typedef struct job {
    anl_worker *w;
    const anl_read *read;
    anl_stitch_query strand[2];
    place *places;
    int32_t n;
    int crowded;
} job;

/* Both strands, N as the aligner wants it in reads. */
static int load_strands(job *j)
{
    const int32_t len = j->read->len;
    uint8_t *forward = anl_arena_alloc(j->w->temporary, (size_t)len, 1), *reverse = anl_arena_alloc(j->w->temporary, (size_t)len, 1);
    if (!forward || !reverse) return ANL_ENOMEM;
    for (int32_t i = 0; i < len; ++i) {
        const uint8_t base = j->read->seq[i];
        forward[i] = base > 3 ? 5 : base;
        reverse[len - 1 - i] = base > 3 ? 5 : 3 - base;
    }
    j->strand[0] = (anl_stitch_query){forward, reverse, len};
    j->strand[1] = (anl_stitch_query){reverse, forward, len};
    return ANL_OK;
}

/* Parts of the read that a chain covers, holes longer than `hole` left out. */
static int cover_chain(job *j, const anl_anchor *a, int32_t n, int reverse, int32_t hole, anl_cover *out)
{
    const int32_t len = j->read->len;
    int rc = anl_cover_new(j->w->temporary, n, out);
    for (int32_t i = 0; i < n && !rc; ++i) anl_cover_add(out, a[i].q, a[i].q + a[i].len, hole);
    if (!rc && reverse) anl_cover_mirror(out, len);
    return rc;
}

/* Finds for every place, best first, whether a better one has its part of the read already; keeps rivals that may matter. */
static void sort_out(place *list, int32_t *n, int32_t ratio_num, int32_t ratio_den, int32_t most_rivals)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < *n && kept < MOST_PLACES; ++i) {
        place p = list[i];
        int32_t parent = -1;
        for (int32_t k = 0; k < kept && parent < 0; ++k)
            if (list[k].parent == k && anl_cover_shares_half(&list[k].cover, &p.cover)) parent = k;
        if (parent >= 0) {
            place *best = &list[parent];
            if (p.score > best->second) best->second = p.score;
            if ((int64_t)p.score * ratio_den < (int64_t)best->score * ratio_num || best->rivals >= most_rivals) continue;
            ++best->rivals;
        }
        p.parent = parent >= 0 ? parent : kept;
        p.rivals = p.second = 0;
        list[kept++] = p;
    }
    *n = kept;
}

static int find_places(job *j)
{
    anl_window_anchors anchors;
    anl_chains chains;
    const anl_chain_params params = {.max_gap = COARSE_GAP, .max_drift = COARSE_GAP, .look_back = 100, .min_score = LEAST_COARSE};
    int rc = anl_windows_find(j->w, j->strand[0].seq, j->read->len, &anchors);
    if (!rc) rc = anl_chain_find(&params, anchors.list, anchors.n, j->w->temporary, &chains);
    if (rc) return rc;
    j->crowded = anchors.crowded * 2 > anchors.windows;
    j->n = chains.n < 4 * MOST_PLACES ? chains.n : 4 * MOST_PLACES;
    if (!(j->places = anl_arena_alloc(j->w->temporary, (size_t)j->n, sizeof *j->places))) return ANL_ENOMEM;
    for (int32_t i = 0; i < j->n && !rc; ++i) {
        const anl_chain *c = &chains.list[i];
        const anl_anchor *a = chains.anchors + c->first;
        j->places[i] = (place){.coarse = a, .n_coarse = c->n, .score = c->score, .reverse = a->group & 1};
        rc = cover_chain(j, a, c->n, a->group & 1, COARSE_HOLE * anchors.spacing, &j->places[i].cover);
    }
    if (!rc) sort_out(j->places, &j->n, 1, COARSE_RATIO, MOST_RIVALS);
    return rc;
}

static int by_score(const void *a, const void *b)
{
    const place *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->coarse->group != y->coarse->group) return x->coarse->group < y->coarse->group ? -1 : 1;
    return x->coarse->t < y->coarse->t ? -1 : x->coarse->t > y->coarse->t ? 1 : x->coarse->q - y->coarse->q;
}

/* Counts exact matches along every chain: what tells near copies apart. */
static int refine_places(job *j)
{
    int32_t kept = 0;
    int rc = ANL_OK;
    for (int32_t i = 0; i < j->n && !rc; ++i) {
        place p = j->places[i];
        rc = anl_stitch_refine(j->w->stitcher, j->w->context->index, &j->strand[p.reverse], p.coarse, p.n_coarse, j->w->temporary, &p.fine);
        if (rc || p.fine.score < LEAST_FINE) continue;
        p.score = p.fine.score;
        rc = cover_chain(j, p.fine.anchors, p.fine.n, p.reverse, FINE_HOLE, &p.cover);
        j->places[kept++] = p;
    }
    if (rc) return rc;
    j->n = kept;
    if (kept > 1) qsort(j->places, (size_t)kept, sizeof *j->places, by_score);
    sort_out(j->places, &j->n, FINE_RATIO_10, 10, j->w->context->options->all ? MOST_ALIGNED_ALL : MOST_ALIGNED);
    return ANL_OK;
}

/* An aligned piece of the read and where it comes from. */
typedef struct found {
    anl_piece piece;
    const place *from, *parent_place;
    anl_cover cover;
    int32_t contig;
    uint8_t reverse;
    int32_t parent, second, rivals;
} found;

static int by_worth(const void *a, const void *b)
{
    const found *x = a, *y = b;
    if (x->piece.worth != y->piece.worth) return x->piece.worth > y->piece.worth ? -1 : 1;
    if (x->piece.tbeg != y->piece.tbeg) return x->piece.tbeg < y->piece.tbeg ? -1 : 1;
    if (x->reverse != y->reverse) return x->reverse - y->reverse;
    return x->piece.qbeg - y->piece.qbeg;
}

/* Parts of the read that an alignment covers; long insertions may belong elsewhere. */
static int cover_piece(job *j, found *f)
{
    int32_t q = f->piece.qbeg;
    int rc = anl_cover_new(j->w->temporary, f->piece.n_cigar, &f->cover);
    for (int32_t i = 0; i < f->piece.n_cigar && !rc; ++i) {
        const int32_t len = anl_cigar_len_of(f->piece.cigar[i]);
        const anl_cigar_op op = anl_cigar_op_of(f->piece.cigar[i]);
        if (!anl_cigar_takes_query(op)) continue;
        if (anl_cigar_is_column(op)) anl_cover_add(&f->cover, q, q + len, INSERTION_HOLE);
        q += len;
    }
    if (!rc && f->reverse) anl_cover_mirror(&f->cover, j->read->len);
    return rc;
}

static int align_places(job *j, found **out, int32_t *n_out)
{
    anl_worker *w = j->w;
    found *list = NULL;
    int32_t n = 0;
    size_t cap = 0;
    int rc = ANL_OK;
    for (int32_t i = 0; i < j->n && !rc; ++i) {
        const place *p = &j->places[i];
        anl_pieces pieces;
        rc = anl_stitch_align(w->stitcher, &w->context->options->long_reads, w->context->index, &j->strand[p->reverse], &p->fine, w->temporary,
                              &pieces);
        if (!rc) rc = anl_arena_grow(w->temporary, &list, (size_t)n, &cap, (size_t)(n + pieces.n), sizeof *list);
        for (int32_t k = 0; k < pieces.n && !rc; ++k) {
            list[n] = (found){.piece = pieces.list[k], .from = p, .parent_place = &j->places[p->parent],
                              .contig = anl_index_contig_at(w->context->index, pieces.list[k].tbeg),
                              .reverse = (uint8_t)(p->reverse ^ pieces.list[k].inverted)};
            rc = cover_piece(j, &list[n++]);
        }
    }
    *out = list;
    *n_out = n;
    return rc;
}

/* Whether two alignments meet: on one strand, with one end or the other on the same diagonal. */
static int same_alignment(const found *a, const found *b)
{
    const anl_piece *x = &a->piece, *y = &b->piece;
    return a->reverse == b->reverse && x->tbeg < y->tend && y->tbeg < x->tend &&
           (x->tbeg - x->qbeg == y->tbeg - y->qbeg || x->tend - x->qend == y->tend - y->qend);
}

/* Drops what is there twice, and gives every other alignment the better one that has its part of the read. */
static void choose(job *j, found *list, int32_t *n)
{
    const anl_stitch_params *o = &j->w->context->options->long_reads;
    const int32_t near = o->score.score.match + o->score.score.mismatch;
    int32_t kept = 0;
    if (*n > 1) qsort(list, (size_t)*n, sizeof *list, by_worth);
    for (int32_t i = 0; i < *n; ++i) {
        if (kept && list[i].piece.worth < SECOND_CLAIM * o->min_score) continue;
        int32_t parent = -1, twice = 0;
        for (int32_t k = 0; k < kept && !twice; ++k) {
            if (!anl_cover_shares_half(&list[k].cover, &list[i].cover)) continue;
            twice = same_alignment(&list[k], &list[i]);
            if (parent < 0 && list[k].parent == k) parent = k;
        }
        if (twice) continue;
        list[kept] = list[i];
        if (parent >= 0) {
            found *best = &list[parent];
            if (list[i].piece.worth > best->second) best->second = list[i].piece.worth;
            best->rivals += list[i].piece.worth >= best->piece.worth - near;
        }
        list[kept].parent = parent >= 0 ? parent : kept;
        ++kept;
    }
    *n = kept;
}

/* Where rivals were aligned, their scores decide: the difference, damped with identity and length as bwa mem does it (Li 2013, arXiv
 * 1303.3997). Otherwise the chains do, as in minimap2 (Li 2018, doi 10.1093/bioinformatics/bty191). Few matches support little. */
static uint8_t mapq_of(const job *j, const found *f)
{
    const int32_t match = j->w->context->options->long_reads.score.score.match;
    const anl_piece *a = &f->piece;
    const place *p = f->from;
    const double identity = (double)a->matches / a->columns, support = p->fine.score > 100 ? 1 : 0.01 * p->fine.score;
    double q;
    if (f->second > 0) {
        const double damp = a->columns < 50 ? 1 : 3.912 / anl_ln(a->columns); /* 3.912 = ln 50 */
        q = 6.02 * (a->worth - f->second) / match * identity * identity * damp * damp;
    } else {
        const int32_t second = p->parent == (int32_t)(p - j->places) ? p->second : p->fine.score;
        const double x = (double)(second > LEAST_FINE ? second : LEAST_FINE) / p->fine.score;
        q = x < 1 ? 40 * (1 - x) * identity * anl_ln((double)a->worth / match) : 0;
    }
    q = (q < ANL_MAPQ_MAX ? q : ANL_MAPQ_MAX) * support - 4.343 * anl_ln(f->rivals + 1) + 0.499;
    if (j->crowded && q > 3) q = 3;
    return q < 0 ? 0 : q > ANL_MAPQ_MAX ? ANL_MAPQ_MAX : (uint8_t)q;
}

static int make_placement(const job *j, const found *f, anl_place_kind kind, anl_placement *out)
{
    const anl_piece *a = &f->piece;
    const anl_index *x = j->w->context->index;
    const int32_t len = j->read->len;
    const size_t md_size = strlen(a->md) + 1;
    uint32_t *cigar = anl_arena_alloc(j->w->arena, (size_t)a->n_cigar + 2, sizeof *cigar);
    char *md = anl_arena_alloc(j->w->arena, md_size, 1);
    if (!cigar || !md) return ANL_ENOMEM;
    const int32_t n = anl_cigar_clip(a->cigar, a->n_cigar, a->qbeg, len - a->qend, cigar);
    memcpy(md, a->md, md_size);
    *out = (anl_placement){.kind = kind, .tid = f->contig, .pos = a->tbeg - x->contig_begin[f->contig],
                           .end = a->tend - x->contig_begin[f->contig], .qbeg = f->reverse ? len - a->qend : a->qbeg,
                           .qend = f->reverse ? len - a->qbeg : a->qend, .cigar = cigar, .n_cigar = n, .score = a->score,
                           .second = f->second, .nm = a->nm, .md = md, .reverse = f->reverse,
                           .mapq = kind == ANL_SECONDARY ? 0 : mapq_of(j, f)};
    return ANL_OK;
}

/* Equal places: any will do, but not always the first one. */
static void pick_equal(const job *j, found *list, int32_t n)
{
    int32_t equal = 1;
    while (equal < n && list[equal].piece.worth == list[0].piece.worth && list[equal].parent == 0) ++equal;
    const int32_t take = (int32_t)(anl_read_hash(j->read) % (uint32_t)equal);
    if (!take) return;
    found swap = list[0];
    list[0] = list[take];
    list[take] = swap;
    list[0].second = swap.second;
    list[0].rivals = swap.rivals;
    list[0].parent = 0;
    list[take].parent = 0;
}

int anl_long_align(anl_worker *w, const anl_read *read, anl_placements *out)
{
    job j = {.w = w, .read = read};
    found *list;
    int32_t n;
    *out = (anl_placements){0};
    anl_arena_reset(w->temporary);
    int rc = load_strands(&j);
    if (!rc) rc = find_places(&j);
    if (!rc) rc = refine_places(&j);
    if (!rc) rc = align_places(&j, &list, &n);
    if (rc || !n) return rc;
    choose(&j, list, &n);
    pick_equal(&j, list, n);
    if (!(out->list = anl_arena_alloc(w->arena, (size_t)n, sizeof *out->list))) return ANL_ENOMEM;
    for (int secondary = 0; secondary <= w->context->options->all; ++secondary)
        for (int32_t i = 0; i < n && !rc; ++i) {
            if ((list[i].parent != i) != secondary) continue;
            const anl_place_kind kind = secondary ? ANL_SECONDARY : out->n ? ANL_SUPPLEMENTARY : ANL_PRIMARY;
            rc = make_placement(&j, &list[i], kind, &out->list[out->n++]);
        }
    return rc;
}
