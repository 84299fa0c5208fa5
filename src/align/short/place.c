#include "place.h"

#include "cigar.h"

#include <stdio.h>
#include <string.h>

enum {
    WIDEN = 32,  /* bp that a band too narrow for its score grows by, then twice that, ... */
    MOST_XA = 5, /* more places than that say nothing */
    MOST_PARTS = 32, /* candidates that are aligned to see what part of the read they take; a part may be a repeat */
};

/* Whether the alignment without gaps on diagonal c->start is known to be the one that tracing in the band would find, which then is in *e.
 * Where it takes the whole read and has the score of Smith-Waterman, no other has as high a total with both clip bonuses. */
static int straight(anl_worker *w, const anl_candidate *c, anl_extend_problem p, int64_t origin, anl_extension *e, int *rc)
{
    const anl_extend_params *o = &w->context->options->align;
    if (!c->ungapped && (!c->whole || o->clip5 <= 0 || o->clip3 <= 0)) return 0;
    p.dlo = p.dhi = (int32_t)(c->start - origin);
    *rc = anl_extend_ungapped_trace(o, &w->context->kernels->sw, &p, w->extend, e);
    return *rc || c->ungapped || e->total == c->score + o->clip5 + o->clip3;
}

/* Traces the candidate in a band that grows until it holds an alignment as good as the score found without a band. */
static int trace(anl_worker *w, const anl_query *q, const anl_candidate *c, anl_extension *e, int64_t *origin)
{
    const anl_index *x = w->context->index;
    int32_t len = q->read->len;
    for (int32_t extra = 0;; extra = extra ? extra * 2 : WIDEN) {
        int64_t dlo = c->dlo - extra, dhi = c->dhi + extra, begin = dlo, end = dhi + len;
        anl_index_clip(x, c->contig, &begin, &end);
        uint8_t *target = anl_arena_alloc(w->temporary, (size_t)(end - begin), 1);
        if (!target) return ANL_ENOMEM;
        anl_index_fetch(x, begin, end, target);
        *origin = begin;
        anl_extend_problem p = {.query = q->strand[c->reverse], .target = target, .qlen = len, .tlen = (int32_t)(end - begin),
                                .dlo = (int32_t)(dlo - begin), .dhi = (int32_t)(dhi - begin)};
        int rc = ANL_OK;
        if (!extra && straight(w, c, p, begin, e, &rc)) return rc;
        rc = anl_extend(&w->context->options->align, &p, w->extend, e);
        if (rc || e->total >= c->score || extra > len + (dhi - dlo)) return rc;
    }
}

/* Copies CIGAR, with soft clips, and MD out of the scratch. */
static int keep_arrays(anl_worker *w, const anl_extension *e, int32_t len, anl_placement *out)
{
    size_t md = strlen(e->md) + 1;
    out->cigar = anl_arena_alloc(w->arena, (size_t)e->n_cigar + 2, sizeof *out->cigar);
    char *text = anl_arena_alloc(w->arena, md, 1);
    if (!out->cigar || !text) return ANL_ENOMEM;
    out->n_cigar = anl_cigar_clip(e->cigar, e->n_cigar, e->qbeg, len - e->qend, out->cigar);
    out->md = memcpy(text, e->md, md);
    return ANL_OK;
}

int anl_place_at(anl_worker *w, const anl_query *q, const anl_candidate *c, int32_t least, anl_placement *out)
{
    anl_extension e;
    int64_t origin;
    int32_t len = q->read->len;
    *out = (anl_placement){.tid = -1, .pos = -1};
    int rc = trace(w, q, c, &e, &origin);
    if (rc || e.score < least) return rc;
    origin -= w->context->index->contig_begin[c->contig];
    *out = (anl_placement){.tid = c->contig, .pos = origin + e.tbeg, .end = origin + e.tend, .score = e.score, .nm = e.nm,
                           .reverse = c->reverse, .qbeg = c->reverse ? len - e.qend : e.qbeg, .qend = c->reverse ? len - e.qbeg : e.qend};
    return keep_arrays(w, &e, len, out);
}

/* The least part of the read that can have the candidate's score: the bases before the last one aligned. */
static anl_candidate least_part(const anl_worker *w, const anl_query *q, const anl_candidate *c)
{
    const int32_t match = w->context->options->align.score.match, bases = (c->score + match - 1) / match;
    const int32_t begin = c->reverse ? q->read->len - c->last : c->last - bases;
    return (anl_candidate){.begin = begin, .end = begin + bases};
}

static int find_part(anl_worker *w, const anl_query *q, anl_candidate *c)
{
    anl_placement p;
    int rc = anl_place_at(w, q, c, 0, &p);
    if (!rc && p.tid >= 0) c->begin = p.qbeg, c->end = p.qend;
    return rc;
}

int anl_place_parts(anl_worker *w, anl_query *q)
{
    int aligned = 0, rc = ANL_OK;
    for (int32_t i = 1; i < q->n && i < MOST_PARTS && !rc; ++i) {
        const anl_candidate first = least_part(w, q, &q->candidates[0]), other = least_part(w, q, &q->candidates[i]);
        if (q->candidates[i].score < w->context->options->min_score) break;
        if (anl_candidates_rival(&first, &other)) continue;
        if (!aligned++) rc = find_part(w, q, &q->candidates[0]);
        if (!rc) rc = find_part(w, q, &q->candidates[i]);
    }
    return rc;
}

int anl_placements_add(anl_worker *w, anl_placements *to, const anl_placement *p)
{
    int32_t at = to->n;
    int rc = anl_arena_grow(w->arena, &to->list, (size_t)to->n, &to->cap, (size_t)to->n + 1, sizeof *to->list);
    if (rc) return rc;
    for (; at > 0 && to->list[at - 1].kind > p->kind; --at) to->list[at] = to->list[at - 1];
    to->list[at] = *p;
    ++to->n;
    return ANL_OK;
}

/* Whether candidates[i] is another place for what was chosen, and good enough. */
static int is_other(const anl_query *q, const anl_choice *chosen, int32_t i, int32_t least)
{
    return i != chosen->candidate && q->candidates[i].score >= least &&
           anl_candidates_rival(&q->candidates[chosen->candidate], &q->candidates[i]);
}

static int add_secondaries(anl_worker *w, anl_query *q, const anl_choice *chosen)
{
    for (int32_t i = 0; i < q->n; ++i) {
        anl_placement p;
        if (!is_other(q, chosen, i, chosen->least)) continue;
        int rc = anl_place_at(w, q, &q->candidates[i], chosen->least, &p);
        p.kind = ANL_SECONDARY;
        if (!rc && p.tid >= 0) rc = anl_placements_add(w, &q->placed, &p);
        if (rc) return rc;
    }
    return ANL_OK;
}

/* "contig,+pos,CIGAR,NM;" */
static int append_xa(anl_worker *w, const anl_placement *p, char **text)
{
    const char *contig = w->context->index->contigs[p->tid].name, *before = *text ? *text : "";
    size_t size = strlen(before) + strlen(contig) + (size_t)p->n_cigar * ANL_CIGAR_TEXT + 48;
    char *grown = anl_arena_alloc(w->arena, size, 1), *at = grown;
    if (!grown) return ANL_ENOMEM;
    at += sprintf(at, "%s%s,%c%lld,", before, contig, p->reverse ? '-' : '+', (long long)p->pos + 1);
    at = anl_cigar_text(p->cigar, p->n_cigar, at);
    sprintf(at, ",%d;", p->nm);
    *text = grown;
    return ANL_OK;
}

/* The other places of a read as bwa mem tells them. */
static int add_xa(anl_worker *w, anl_query *q, const anl_choice *chosen)
{
    int32_t least = chosen->least, others = 0;
    char *text = NULL;
    if (q->placed.list[0].score * 4 > least * 5) least = (q->placed.list[0].score * 4 + 4) / 5;
    for (int32_t i = 0; i < q->n; ++i) others += is_other(q, chosen, i, least);
    if (others > MOST_XA || q->cut) return ANL_OK;
    for (int32_t i = 0; i < q->n && others; ++i) {
        anl_placement p;
        if (!is_other(q, chosen, i, least)) continue;
        int rc = anl_place_at(w, q, &q->candidates[i], least, &p);
        if (!rc && p.tid >= 0) rc = append_xa(w, &p, &text);
        if (rc) return rc;
    }
    q->placed.list[0].xa = text;
    return ANL_OK;
}

int anl_place_chosen(anl_worker *w, anl_query *q, const anl_choice *chosen)
{
    anl_placement p;
    q->placed = (anl_placements){0};
    if (chosen->candidate < 0) return ANL_OK;
    int rc = anl_place_at(w, q, &q->candidates[chosen->candidate], chosen->least, &p);
    if (rc || p.tid < 0) return rc;
    p.mapq = chosen->mapq;
    p.second = chosen->second < p.score ? chosen->second : p.score; /* candidates' scores know no clip bonus */
    rc = anl_placements_add(w, &q->placed, &p);
    if (rc || q->n < 2) return rc;
    return w->context->options->all ? add_secondaries(w, q, chosen) : add_xa(w, q, chosen);
}
