#include "finish.h"

#include <stdio.h>
#include <string.h>

enum {
    PAIRED = 0x1, PROPER = 0x2, UNMAPPED = 0x4, MATE_UNMAPPED = 0x8, REVERSE = 0x10, MATE_REVERSE = 0x20,
    FIRST = 0x40, SECOND = 0x80, SECONDARY = 0x100, QC_FAIL = 0x200, SUPPLEMENTARY = 0x800,
    CIGAR_SOFT_CLIP = 4,
    WIDEN = 32, /* bp that a band too narrow for its score grows by, then twice that, ... */
};

/* A base-level alignment, contig coordinates. Arrays live in the worker's arena. */
typedef struct alignment {
    int32_t tid; /* -1: unmapped */
    int64_t pos, end;
    uint32_t *cigar;
    int32_t n_cigar, score, nm;
    const char *md;
    uint8_t reverse;
} alignment;

static int add_clips(anl_worker *w, const anl_extension *e, int32_t len, alignment *out)
{
    out->cigar = anl_arena_alloc(w->arena, (size_t)e->n_cigar + 2, sizeof *out->cigar);
    if (!out->cigar) return ANL_ENOMEM;
    int32_t n = 0;
    if (e->qbeg) out->cigar[n++] = (uint32_t)e->qbeg << 4 | CIGAR_SOFT_CLIP;
    memcpy(out->cigar + n, e->cigar, (size_t)e->n_cigar * sizeof *out->cigar);
    n += e->n_cigar;
    if (e->qend < len) out->cigar[n++] = (uint32_t)(len - e->qend) << 4 | CIGAR_SOFT_CLIP;
    out->n_cigar = n;
    char *md = anl_arena_alloc(w->arena, strlen(e->md) + 1, 1);
    if (!md) return ANL_ENOMEM;
    strcpy(md, e->md);
    out->md = md;
    return ANL_OK;
}

/* Traces the candidate in a band that grows until it holds an alignment as good as the score found without a band. */
static int trace(anl_worker *w, const anl_query *q, const anl_candidate *c, anl_extension *e, int64_t *origin)
{
    const anl_index *x = w->context->index;
    const anl_extend_params *o = &w->context->options->align;
    int32_t len = q->read->len;
    int64_t low = x->contig_begin[c->contig], high = x->contig_begin[c->contig + 1];
    for (int32_t extra = 0;; extra = extra ? extra * 2 : WIDEN) {
        int64_t dlo = c->dlo - extra, dhi = c->dhi + extra, begin = dlo, end = dhi + len;
        if (begin < low) begin = low;
        if (end > high) end = high;
        uint8_t *target = anl_arena_alloc(w->temporary, (size_t)(end - begin), 1);
        if (!target) return ANL_ENOMEM;
        anl_index_fetch(x, begin, end, target);
        *origin = begin;
        anl_extend_problem p = {.query = q->strand[c->reverse], .target = target, .qlen = len, .tlen = (int32_t)(end - begin),
                                .dlo = (int32_t)(dlo - begin), .dhi = (int32_t)(dhi - begin)};
        int rc = c->ungapped ? anl_extend_ungapped_trace(o, &w->context->kernels->sw, &p, w->extend, e) : anl_extend(o, &p, w->extend, e);
        if (rc || c->ungapped || e->total >= c->score || extra > len + (dhi - dlo)) return rc;
    }
}

static int align(anl_worker *w, const anl_query *q, int32_t candidate, alignment *out)
{
    *out = (alignment){.tid = -1, .pos = -1};
    if (candidate < 0) return ANL_OK;
    const anl_candidate *c = &q->candidates[candidate];
    anl_extension e;
    int64_t origin;
    int rc = trace(w, q, c, &e, &origin);
    if (rc || e.score < w->context->options->min_score) return rc;
    origin -= w->context->index->contig_begin[c->contig];
    out->tid = c->contig;
    out->pos = origin + e.tbeg;
    out->end = origin + e.tend;
    out->score = e.score;
    out->nm = e.nm;
    out->reverse = c->reverse;
    return add_clips(w, &e, q->read->len, out);
}

static anl_record *add_record(anl_worker *w, anl_records *out)
{
    if (out->n == out->cap) {
        size_t cap = out->cap ? out->cap * 2 : 64;
        anl_record *grown = anl_arena_alloc(w->arena, cap, sizeof *grown);
        if (!grown) return NULL;
        if (out->n) memcpy(grown, out->records, out->n * sizeof *grown);
        out->records = grown;
        out->cap = cap;
    }
    return &out->records[out->n++];
}

static void fill(anl_record *r, const anl_read *read, const alignment *a, const anl_choice *c)
{
    *r = (anl_record){.read = read,
                      .flag = (uint16_t)((a->tid < 0 ? UNMAPPED : a->reverse ? REVERSE : 0) | (read->qc_fail ? QC_FAIL : 0)),
                      .tid = a->tid, .pos = a->pos, .cigar = a->cigar, .n_cigar = a->n_cigar,
                      .mate_tid = -1, .mate_pos = -1,
                      .nm = -1, .as = INT32_MIN, .xs = INT32_MIN, .mq = -1};
    if (a->tid < 0) return;
    r->mapq = c->mapq;
    r->nm = a->nm;
    r->md = a->md;
    r->as = a->score;
    r->xs = c->second;
}

/* -a: every other place that reaches the least score, without SEQ and QUAL, with the mate fields of the primary record. */
static int add_secondaries(anl_worker *w, const anl_query *q, const anl_choice *c, anl_record primary, anl_records *out)
{
    if (!w->context->options->all || c->candidate < 0) return ANL_OK;
    for (int32_t i = 0; i < q->n; ++i) {
        if (i == c->candidate || q->candidates[i].score < w->context->options->min_score) continue;
        alignment a;
        int rc = align(w, q, i, &a);
        if (rc) return rc;
        if (a.tid < 0) continue;
        anl_record *r = add_record(w, out);
        if (!r) return ANL_ENOMEM;
        fill(r, q->read, &a, &(anl_choice){0});
        r->flag |= SECONDARY | (primary.flag & (uint16_t)~(UNMAPPED | REVERSE | QC_FAIL));
        r->xs = INT32_MIN;
        r->no_seq = 1;
        r->mate_tid = primary.mate_tid;
        r->mate_pos = primary.mate_pos;
        r->mc = primary.mc;
        r->mq = primary.mq;
    }
    return ANL_OK;
}

int anl_finish_single(anl_worker *w, const anl_query *q, const anl_choice *c, anl_records *out, anl_counts *counts)
{
    alignment a;
    int rc = align(w, q, c->candidate, &a);
    if (rc) return rc;
    anl_record *r = add_record(w, out);
    if (!r) return ANL_ENOMEM;
    fill(r, q->read, &a, c);
    ++counts->reads;
    counts->mapped += a.tid >= 0;
    return add_secondaries(w, q, c, *r, out);
}

static char *put_cigar(char *to, const uint32_t *cigar, int32_t n)
{
    for (int32_t i = 0; i < n; ++i) to += sprintf(to, "%u%c", cigar[i] >> 4, "MIDNSHP=X"[cigar[i] & 15]);
    return to;
}

static const char *cigar_text(anl_worker *w, const alignment *a)
{
    char *text = anl_arena_alloc(w->arena, (size_t)a->n_cigar * 11 + 1, 1);
    if (text) *put_cigar(text, a->cigar, a->n_cigar) = 0;
    return text;
}

/* SA of record `of`: all other parts of a chimeric alignment, the primary one first. NULL when memory is short. */
static const char *other_parts(anl_worker *w, const anl_placements *p, int32_t n_parts, int32_t of)
{
    const anl_contig *contigs = w->context->index->contigs;
    size_t size = 1;
    for (int32_t i = 0; i < n_parts; ++i) size += strlen(contigs[p->list[i].tid].name) + (size_t)p->list[i].n_cigar * 11 + 64;
    char *text = anl_arena_alloc(w->arena, size, 1), *at = text;
    if (!text) return NULL;
    for (int32_t i = 0; i < n_parts; ++i) {
        const anl_placement *a = &p->list[i];
        if (i == of) continue;
        at += sprintf(at, "%s,%lld,%c,", contigs[a->tid].name, (long long)a->pos + 1, a->reverse ? '-' : '+');
        at = put_cigar(at, a->cigar, a->n_cigar);
        at += sprintf(at, ",%d,%d;", a->mapq, a->nm);
    }
    return text;
}

static void fill_placement(anl_record *r, const anl_read *read, const anl_placement *a)
{
    static const uint16_t flags[] = {[ANL_PRIMARY] = 0, [ANL_SUPPLEMENTARY] = SUPPLEMENTARY, [ANL_SECONDARY] = SECONDARY};
    *r = (anl_record){.read = read,
                      .flag = (uint16_t)(flags[a->kind] | (a->reverse ? REVERSE : 0) | (read->qc_fail ? QC_FAIL : 0)),
                      .mapq = a->mapq, .hard_clip = a->kind == ANL_SUPPLEMENTARY, .no_seq = a->kind == ANL_SECONDARY,
                      .tid = a->tid, .pos = a->pos, .cigar = a->cigar, .n_cigar = a->n_cigar, .mate_tid = -1, .mate_pos = -1,
                      .nm = a->nm, .as = a->score, .xs = a->kind == ANL_SECONDARY ? INT32_MIN : a->second, .mq = -1, .md = a->md,
                      .xa = a->xa};
}

int anl_finish_placements(anl_worker *w, const anl_read *read, const anl_placements *p, anl_records *out, anl_counts *counts)
{
    int32_t parts = 0;
    while (parts < p->n && p->list[parts].kind != ANL_SECONDARY) ++parts;
    ++counts->reads;
    counts->mapped += p->n > 0;
    for (int32_t i = 0; i < p->n; ++i) {
        anl_record *r = add_record(w, out);
        if (!r) return ANL_ENOMEM;
        fill_placement(r, read, &p->list[i]);
        if (i < parts && parts > 1 && !(r->sa = other_parts(w, p, parts, i))) return ANL_ENOMEM;
    }
    if (p->n) return ANL_OK;
    anl_record *r = add_record(w, out);
    if (!r) return ANL_ENOMEM;
    fill(r, read, &(alignment){.tid = -1, .pos = -1}, NULL);
    return ANL_OK;
}

/* Mate fields as bwa mem sets them: an unmapped read takes its mate's place; TLEN runs between the 5' ends. */
static int fill_mate(anl_worker *w, anl_record *r, const alignment *own, const alignment *mate, const anl_choice *mate_choice)
{
    if (mate->tid < 0) {
        r->flag |= MATE_UNMAPPED;
        if (own->tid >= 0) {
            r->mate_tid = own->tid;
            r->mate_pos = own->pos;
        }
        return ANL_OK;
    }
    if (mate->reverse) r->flag |= MATE_REVERSE;
    r->mate_tid = mate->tid;
    r->mate_pos = mate->pos;
    r->mq = mate_choice->mapq;
    if (!(r->mc = cigar_text(w, mate))) return ANL_ENOMEM;
    if (own->tid < 0) {
        r->tid = mate->tid;
        r->pos = mate->pos;
    } else if (own->tid == mate->tid) {
        int64_t here = own->reverse ? own->end - 1 : own->pos, there = mate->reverse ? mate->end - 1 : mate->pos;
        r->tlen = there - here + (there > here ? 1 : there < here ? -1 : 0);
    }
    return ANL_OK;
}

int anl_finish_pair(anl_worker *w, const anl_query pair[2], const anl_choice chosen[2], int proper, anl_records *out,
                    anl_counts *counts)
{
    alignment a[2];
    int rc = align(w, &pair[0], chosen[0].candidate, &a[0]);
    if (!rc) rc = align(w, &pair[1], chosen[1].candidate, &a[1]);
    if (rc) return rc;
    proper = proper && a[0].tid >= 0 && a[1].tid >= 0;
    for (int i = 0; i < 2; ++i) {
        anl_record *r = add_record(w, out);
        if (!r) return ANL_ENOMEM;
        fill(r, pair[i].read, &a[i], &chosen[i]);
        r->flag |= (uint16_t)(PAIRED | (i ? SECOND : FIRST) | (proper ? PROPER : 0));
        if ((rc = fill_mate(w, r, &a[i], &a[!i], &chosen[!i]))) return rc;
        if ((rc = add_secondaries(w, &pair[i], &chosen[i], *r, out))) return rc;
        counts->mapped += a[i].tid >= 0;
    }
    counts->reads += 2;
    ++counts->pairs;
    counts->proper += proper;
    return ANL_OK;
}
