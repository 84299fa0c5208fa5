#include "trace.h"

#include "align_tuning.h"
#include "cigar.h"

#include <stdio.h>
#include <string.h>

/* Whether the alignment without gaps on diagonal candidate->start is known to be the one that tracing in the band would find, which then is in *e.
 * Where it takes the whole read and has the score of Smith-Waterman, no other has as high a total with both clip bonuses. */
static int straight(const anl_context *c, anl_scratch *s, const anl_candidate *candidate, anl_extend_problem p, int64_t origin,
                    anl_extension *e, int *rc)
{
    const anl_extend_params *o = &c->options->align;
    if (!candidate->ungapped && (!candidate->whole || o->clip5 <= 0 || o->clip3 <= 0)) return 0;
    p.dlo = p.dhi = (int32_t)(candidate->start - origin);
    *rc = anl_extend_ungapped_trace(o, &c->kernels->sw, &p, s->extend, e);
    return *rc || candidate->ungapped || e->total == candidate->score + o->clip5 + o->clip3;
}

/* Traces the candidate in a band that grows until it holds an alignment as good as the score found without a band. *origin: joined coordinate
 * that the extension's target begins at. */
static int trace(const anl_context *c, anl_scratch *s, const anl_query *q, const anl_candidate *candidate, anl_extension *e, int64_t *origin)
{
    const int32_t len = q->read->len;
    for (int32_t extra = 0;; extra = extra ? extra * 2 : ANL_BAND_GROWTH) {
        const int64_t dlo = candidate->dlo - extra, dhi = candidate->dhi + extra;
        int64_t begin = dlo, end = dhi + len;
        anl_index_clip(c->index, candidate->contig, &begin, &end);
        uint8_t *target = anl_arena_alloc(s->temporary, (size_t)(end - begin), 1);
        if (!target) return ANL_ENOMEM;
        anl_index_fetch(c->index, begin, end, target);
        *origin = begin;
        anl_extend_problem p = {.query = q->strand[candidate->reverse], .target = target, .qlen = len, .tlen = (int32_t)(end - begin),
                                .dlo = (int32_t)(dlo - begin), .dhi = (int32_t)(dhi - begin)};
        int rc = ANL_OK;
        if (!extra && straight(c, s, candidate, p, begin, e, &rc)) return rc;
        rc = anl_extend(&c->options->align, &p, s->extend, e);
        if (rc || e->total >= candidate->score || extra > len + (dhi - dlo)) return rc;
    }
}

int anl_trace_candidate(const anl_context *c, anl_scratch *s, const anl_query *q, const anl_candidate *candidate, int32_t min_score,
                        anl_arena *results, anl_read_alignment *out)
{
    anl_extension e;
    int64_t origin;
    const int32_t len = q->read->len, reverse = candidate->reverse;
    *out = (anl_read_alignment){.tid = -1, .pos = -1};
    int rc = trace(c, s, q, candidate, &e, &origin);
    if (rc || e.score < min_score) return rc;
    origin -= c->index->contig_begin[candidate->contig];
    *out = (anl_read_alignment){.tid = candidate->contig, .pos = origin + e.tbeg, .end = origin + e.tend, .score = e.score, .nm = e.nm,
                                .reverse = candidate->reverse, .qbeg = reverse ? len - e.qend : e.qbeg,
                                .qend = reverse ? len - e.qbeg : e.qend};
    rc = anl_read_alignment_keep(out, e.cigar, e.n_cigar, e.md, e.qbeg, e.qend, len, results);
    if (!rc) anl_index_spell_md(c->index, c->index->contig_begin[out->tid] + out->pos, c->index->contig_begin[out->tid] + out->end, out->md);
    return rc;
}

/* The shortest segment of the read that can have the candidate's score: the bases before the last one aligned. */
static anl_candidate shortest_segment(int32_t match, int32_t len, const anl_candidate *c)
{
    const int32_t bases = (c->score + match - 1) / match, begin = c->reverse ? len - c->last : c->last - bases;
    return (anl_candidate){.begin = begin, .end = begin + bases};
}

static int find_segment(const anl_context *c, anl_scratch *s, const anl_query *q, anl_candidate *candidate)
{
    anl_read_alignment a;
    int rc = anl_trace_candidate(c, s, q, candidate, 0, s->temporary, &a);
    if (!rc && a.tid >= 0) candidate->begin = a.qbeg, candidate->end = a.qend;
    return rc;
}

int anl_trace_segments(const anl_context *c, anl_scratch *s, anl_query *q)
{
    const int32_t match = c->options->align.score.match, len = q->read->len;
    int aligned = 0, rc = ANL_OK;
    for (int32_t i = 1; i < q->n && i < ANL_SEGMENT_CANDIDATES && !rc; ++i) {
        const anl_candidate first = shortest_segment(match, len, &q->candidates[0]), other = shortest_segment(match, len, &q->candidates[i]);
        if (q->candidates[i].score < c->options->min_score) break;
        if (anl_candidates_compete(&first, &other)) continue;
        if (!aligned++) rc = find_segment(c, s, q, &q->candidates[0]);
        if (!rc) rc = find_segment(c, s, q, &q->candidates[i]);
    }
    return rc;
}

/* Whether candidates[i] competes with what was chosen, and is good enough. */
static int is_other(const anl_query *q, const anl_choice *chosen, int32_t i, int32_t min_score)
{
    return i != chosen->candidate && q->candidates[i].score >= min_score &&
           anl_candidates_compete(&q->candidates[chosen->candidate], &q->candidates[i]);
}

static int add_secondaries(const anl_context *c, anl_scratch *s, anl_query *q, const anl_choice *chosen, anl_arena *results)
{
    for (int32_t i = 0; i < q->n; ++i) {
        anl_read_alignment a;
        if (!is_other(q, chosen, i, chosen->min_score)) continue;
        int rc = anl_trace_candidate(c, s, q, &q->candidates[i], chosen->min_score, results, &a);
        a.kind = ANL_SECONDARY;
        if (!rc && a.tid >= 0) rc = anl_read_alignments_add(&q->aligned, &a, results);
        if (rc) return rc;
    }
    return ANL_OK;
}

typedef struct xa_text {
    char *text; /* NULL: nothing yet */
    size_t len, cap;
} xa_text;

/* "contig,+pos,CIGAR,NM;" */
static int append_xa(const anl_contig *contigs, const anl_read_alignment *a, anl_arena *results, xa_text *to)
{
    const char *contig = contigs[a->tid].name;
    const size_t need = to->len + strlen(contig) + (size_t)a->n_cigar * ANL_CIGAR_TEXT + 48;
    int rc = anl_arena_grow(results, &to->text, to->len, &to->cap, need, 1);
    if (rc) return rc;
    char *at = to->text + to->len;
    at += sprintf(at, "%s,%c%lld,", contig, a->reverse ? '-' : '+', (long long)a->pos + 1);
    at = anl_cigar_text(a->cigar, a->n_cigar, at);
    at += sprintf(at, ",%d;", a->nm);
    to->len = (size_t)(at - to->text);
    return ANL_OK;
}

/* Competing alignments as bwa mem tells them. */
static int add_xa(const anl_context *c, anl_scratch *s, anl_query *q, const anl_choice *chosen, anl_arena *results)
{
    const int32_t best = q->aligned.list[0].score;
    int32_t min_score = chosen->min_score, others = 0;
    xa_text xa = {0};
    if (best * ANL_XA_NUM > min_score * ANL_XA_DEN) min_score = (best * ANL_XA_NUM + ANL_XA_DEN - 1) / ANL_XA_DEN;
    for (int32_t i = 0; i < q->n; ++i) others += is_other(q, chosen, i, min_score);
    if (others > c->options->xa_most || q->truncated) return ANL_OK;
    for (int32_t i = 0; i < q->n && others; ++i) {
        anl_read_alignment a;
        if (!is_other(q, chosen, i, min_score)) continue;
        int rc = anl_trace_candidate(c, s, q, &q->candidates[i], min_score, s->temporary, &a);
        if (!rc && a.tid >= 0) rc = append_xa(c->index->contigs, &a, results, &xa);
        if (rc) return rc;
    }
    q->aligned.list[0].xa = xa.text;
    return ANL_OK;
}

int anl_trace_chosen(const anl_context *c, anl_scratch *s, anl_query *q, const anl_choice *chosen, anl_arena *results)
{
    anl_read_alignment a;
    q->aligned = (anl_read_alignments){0};
    if (chosen->candidate < 0) return ANL_OK;
    int rc = anl_trace_candidate(c, s, q, &q->candidates[chosen->candidate], chosen->min_score, results, &a);
    if (rc || a.tid < 0) return rc;
    a.mapq = chosen->mapq;
    a.second = chosen->second < a.score ? chosen->second : a.score; /* candidates' scores know no clip bonus */
    rc = anl_read_alignments_add(&q->aligned, &a, results);
    if (rc || q->n < 2) return rc;
    return c->options->all ? add_secondaries(c, s, q, chosen, results) : add_xa(c, s, q, chosen, results);
}
