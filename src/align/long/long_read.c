#include "long_read.h"

#include "align_tuning.h"
#include "anchors.h"
#include "choose.h"

#include <stdlib.h>
#include <string.h>

enum { N_OF_READ = 5 /* differs from the N of the reference, as anl_wave_problem asks */ };

/* A read on its way. */
typedef struct job {
    const anl_context *context;
    anl_scratch *scratch;
    const anl_read *read;
    anl_segments *segments; /* searched in the usual lists */
    anl_stitch_query strand[2];
    anl_long_chain *chains;
    int32_t n_chains;
    int truncated; /* chains may be missing */
    anl_long_alignment *alignments;
    int32_t n_alignments;
    size_t alignments_cap;
} job;

/* Both strands. */
static int load_strands(job *j)
{
    const int32_t len = j->read->len;
    uint8_t *forward = anl_arena_alloc(j->scratch->temporary, (size_t)len, 1),
            *reverse = anl_arena_alloc(j->scratch->temporary, (size_t)len, 1);
    if (!forward || !reverse) return ANL_ENOMEM;
    for (int32_t i = 0; i < len; ++i) {
        const uint8_t base = j->read->seq[i];
        forward[i] = base > 3 ? N_OF_READ : base;
        reverse[len - 1 - i] = base > 3 ? N_OF_READ : 3 - base;
    }
    j->strand[0] = (anl_stitch_query){forward, reverse, len};
    j->strand[1] = (anl_stitch_query){reverse, forward, len};
    return ANL_OK;
}

/* ---- chains ---- */

/* Stretches of the read that a chain covers, holes longer than `hole` left out. */
static int cover_chain(job *j, const anl_anchor *a, int32_t n, int reverse, int32_t hole, anl_cover *out)
{
    int rc = anl_cover_new(j->scratch->temporary, n, out);
    for (int32_t i = 0; i < n && !rc; ++i) anl_cover_add(out, a[i].q, a[i].q + a[i].len, hole);
    if (!rc && reverse) anl_cover_mirror(out, j->read->len);
    return rc;
}

static int find_chains(job *j)
{
    static const anl_chain_params params = {
        .max_gap = ANL_CHAIN_GAP, .max_drift = ANL_CHAIN_GAP, .look_back = ANL_CHAIN_LOOK_BACK, .min_score = ANL_CHAIN_MIN_SCORE};
    anl_arena *temporary = j->scratch->temporary;
    anl_anchors anchors;
    anl_chains chains;
    int rc = anl_anchors_find(j->context, j->scratch, j->segments, j->read->len, &anchors);
    if (!rc) rc = anl_chain_find(&params, anchors.list, anchors.n, temporary, &chains);
    if (rc) return rc;
    j->truncated = anchors.truncated;
    j->n_chains = chains.n < ANL_CHAINS_READ * ANL_CHAINS_MOST ? chains.n : ANL_CHAINS_READ * ANL_CHAINS_MOST;
    if (!(j->chains = anl_arena_alloc(temporary, (size_t)j->n_chains, sizeof *j->chains))) return ANL_ENOMEM;
    for (int32_t i = 0; i < j->n_chains && !rc; ++i) {
        const anl_chain *c = &chains.list[i];
        const anl_anchor *a = chains.anchors + c->first;
        j->chains[i] = (anl_long_chain){.coarse = a,
                                        .n_coarse = c->n,
                                        .score = c->score,
                                        .reverse = a->group & 1,
                                        .alt = (uint8_t)anl_index_is_alt(j->context->index, a->group >> 1)};
        rc = cover_chain(j, a, c->n, a->group & 1, ANL_CHAIN_HOLE * anchors.spacing, &j->chains[i].cover);
    }
    if (!rc) anl_choose_chains(j->chains, &j->n_chains, (anl_competition){ANL_CHAIN_NUM, ANL_CHAIN_DEN, ANL_CHAINS_COMPETING});
    return rc;
}

static int by_score(const void *a, const void *b)
{
    const anl_long_chain *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->coarse->group != y->coarse->group) return x->coarse->group < y->coarse->group ? -1 : 1;
    if (x->coarse->t != y->coarse->t) return x->coarse->t < y->coarse->t ? -1 : 1;
    if (x->coarse->q != y->coarse->q) return x->coarse->q < y->coarse->q ? -1 : 1;
    return x->coarse < y->coarse ? -1 : x->coarse > y->coarse; /* the chain found first: both lie in one array */
}

/* Counts exact matches along every chain: what tells near copies apart. */
static int refine_chains(job *j)
{
    const int32_t most = j->context->options->all ? ANL_ALIGNED_ALL : ANL_ALIGNED_COMPETING;
    int32_t kept = 0;
    int rc = ANL_OK;
    for (int32_t i = 0; i < j->n_chains && !rc; ++i) {
        anl_long_chain c = j->chains[i];
        rc = anl_stitch_refine(j->scratch->stitcher, j->context->index, &j->strand[c.reverse], c.coarse, c.n_coarse, j->scratch->temporary,
                               &c.fine);
        if (rc || c.fine.score < ANL_MATCHES_MIN_SCORE) continue;
        c.score = c.fine.score;
        rc = cover_chain(j, c.fine.anchors, c.fine.n, c.reverse, ANL_MATCHES_HOLE, &c.cover);
        j->chains[kept++] = c;
    }
    if (rc) return rc;
    j->n_chains = kept;
    if (kept > 1) qsort(j->chains, (size_t)kept, sizeof *j->chains, by_score);
    anl_choose_places(j->chains, &j->n_chains);
    anl_choose_chains(j->chains, &j->n_chains, (anl_competition){ANL_MATCHES_NUM, ANL_MATCHES_DEN, most});
    return ANL_OK;
}

/* ---- alignments ---- */

/* Stretches of the read that an alignment covers; long insertions may belong elsewhere. */
static int cover_alignment(job *j, anl_long_alignment *a)
{
    int32_t q = a->piece.qbeg;
    int rc = anl_cover_new(j->scratch->temporary, a->piece.n_cigar, &a->cover);
    for (int32_t i = 0; i < a->piece.n_cigar && !rc; ++i) {
        const int32_t len = anl_cigar_len_of(a->piece.cigar[i]);
        const anl_cigar_op op = anl_cigar_op_of(a->piece.cigar[i]);
        if (!anl_cigar_takes_query(op)) continue;
        if (anl_cigar_is_column(op)) anl_cover_add(&a->cover, q, q + len, ANL_INSERTION_HOLE);
        q += len;
    }
    if (!rc && a->reverse) anl_cover_mirror(&a->cover, j->read->len);
    return rc;
}

/* Aligns the read along chain number i. */
static int align_chain(job *j, int32_t i)
{
    const anl_long_chain *c = &j->chains[i];
    const anl_index *x = j->context->index;
    anl_pieces pieces;
    int rc = anl_stitch_align(j->scratch->stitcher, &j->context->options->long_reads, x, &j->strand[c->reverse], &c->fine,
                              j->scratch->temporary, &pieces);
    if (!rc)
        rc = anl_arena_grow(j->scratch->temporary, &j->alignments, (size_t)j->n_alignments, &j->alignments_cap,
                            (size_t)(j->n_alignments + pieces.n), sizeof *j->alignments);
    for (int32_t k = 0; !rc && k < pieces.n; ++k) {
        anl_long_alignment *a = &j->alignments[j->n_alignments++];
        *a = (anl_long_alignment){.piece = pieces.list[k],
                                  .contig = anl_index_contig_at(x, pieces.list[k].tbeg),
                                  .reverse = (uint8_t)(c->reverse ^ pieces.list[k].inverted),
                                  .alt = c->alt,
                                  .chain_score = c->score,
                                  .chain_second = c->parent == i ? c->second : c->score,
                                  .chain_beside = c->fine.beside};
        rc = cover_alignment(j, a);
    }
    return rc;
}

static int make_read_alignment(const job *j, const anl_long_alignment *a, anl_alignment_kind kind, anl_arena *results,
                               anl_read_alignment *out)
{
    const anl_piece *piece = &a->piece;
    const anl_context *c = j->context;
    const int64_t contig = c->index->contig_begin[a->contig];
    const int32_t len = j->read->len, most = piece->score > 0 ? piece->score : 0, second = a->second < most ? a->second : most;
    *out = (anl_read_alignment){.kind = kind,
                                .tid = a->contig,
                                .pos = piece->tbeg - contig,
                                .end = piece->tend - contig,
                                .qbeg = a->reverse ? len - piece->qend : piece->qbeg,
                                .qend = a->reverse ? len - piece->qbeg : piece->qend,
                                .score = piece->score,
                                .second = second,
                                .nm = piece->nm,
                                .reverse = a->reverse,
                                .alt = a->alt};
    if (kind != ANL_SECONDARY) out->mapq = anl_choose_mapq(a, c->options->long_reads.score.score.match, j->truncated);
    const int rc = anl_read_alignment_keep(out, piece->cigar, piece->n_cigar, piece->md, piece->qbeg, piece->qend, len, results);
    if (!rc) anl_index_spell_md(c->index, piece->tbeg, piece->tend, out->md);
    return rc;
}

/* The best alignment of the read is the primary one, the best of other segments are supplementary, as are better ones on ALT contigs, and with -a
 * those that compete with them secondary. */
static int report(const job *j, anl_arena *results, anl_read_alignments *out)
{
    int rc = ANL_OK;
    for (int32_t i = 0; i < j->n_alignments && !rc; ++i) {
        const int secondary = j->alignments[i].parent != i;
        anl_read_alignment a;
        if (secondary && !j->context->options->all) continue;
        rc = make_read_alignment(j, &j->alignments[i], secondary ? ANL_SECONDARY : out->n ? ANL_SUPPLEMENTARY : ANL_PRIMARY, results, &a);
        if (!rc) rc = anl_read_alignments_add(out, &a, results);
    }
    return rc;
}

static int align(job *j, anl_arena *results, anl_read_alignments *out)
{
    *out = (anl_read_alignments){0};
    int rc = load_strands(j);
    if (!rc) rc = find_chains(j);
    if (!rc) rc = refine_chains(j);
    for (int32_t i = 0; i < j->n_chains && !rc; ++i) rc = align_chain(j, i);
    if (rc || !j->n_alignments) return rc;
    anl_choose_alignments(&j->context->options->long_reads, j->alignments, &j->n_alignments);
    anl_choose_equal(j->alignments, j->n_alignments, anl_read_hash(j->read));
    return report(j, results, out);
}

int anl_long_align(const anl_context *c, anl_scratch *s, const anl_read *const *reads, int n, anl_arena *results,
                   anl_read_alignments *const *out)
{
    int rc = ANL_OK;
    for (int at = 0, taken; at < n && !rc; at += taken) {
        const anl_arena_mark before = anl_arena_now(s->temporary);
        anl_segments *segments;
        rc = anl_anchors_start(c, s, reads + at, n - at, &segments, &taken);
        for (int i = 0; i < taken && !rc; ++i) {
            const anl_arena_mark before_read = anl_arena_now(s->temporary);
            job j = {.context = c, .scratch = s, .read = reads[at + i], .segments = &segments[i]};
            rc = align(&j, results, out[at + i]);
            anl_arena_return(s->temporary, before_read);
        }
        anl_arena_return(s->temporary, before);
    }
    return rc;
}
