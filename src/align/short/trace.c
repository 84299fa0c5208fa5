#include "trace.h"

#include "align_tuning.h"
#include "cigar.h"
#include "mapq.h"
#include "readthrough.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The total that the alignment without gaps on diagonal candidate->start must have to be the one that tracing in the band would find. Where it takes
 * the whole read and has the score of Smith-Waterman, no other has as high a total with both clip bonuses. INT32_MIN: any; INT32_MAX: it need not be. */
static int32_t enough_straight(const anl_extend_params *o, const anl_candidate *candidate)
{
    if (candidate->ungapped) return INT32_MIN;
    return candidate->whole && o->clip5 > 0 && o->clip3 > 0 ? candidate->score + o->clip5 + o->clip3 : INT32_MAX;
}

/* Whether that is the one, which then is in *e. */
static int straight(const anl_context *c, anl_scratch *s, const anl_extend_params *o, const anl_candidate *candidate, anl_extend_problem p,
                    int64_t origin, anl_extension *e, int *rc)
{
    const int32_t enough = enough_straight(o, candidate);
    if (enough == INT32_MAX) return 0;
    p.dlo = p.dhi = (int32_t)(candidate->start - origin);
    *rc = anl_extend_ungapped_trace(o, &c->kernels->sw, &p, s->extend, e);
    return *rc || e->total >= enough;
}

/* The most by which gaps can move an alignment off a diagonal if it loses no more than `room` of the score of a read that matches. */
static int32_t drift_within(const anl_sw_params *s, int32_t room)
{
    const int32_t open = s->del_open < s->ins_open ? s->del_open : s->ins_open;
    const int32_t extend = s->del_extend < s->ins_extend ? s->del_extend : s->ins_extend;
    return room - open < extend ? 0 : (room - open) / extend;
}

/* Whether the narrow band in which alignments lie that take the whole read, end where Smith-Waterman ended and have its score holds one, which
 * then is in *e: the one that the whole band would give, too, as no total is higher, no equal one ends before it, and none leaves the narrow band. */
static int narrow(const anl_context *c, anl_scratch *s, const anl_extend_params *o, const anl_candidate *candidate, anl_extend_problem p,
                  int64_t origin, anl_extension *e, int *rc)
{
    const int32_t at = (int32_t)(candidate->start - origin), width = p.dhi - p.dlo;
    const int32_t drift = drift_within(&o->score, p.qlen * o->score.match - candidate->score);
    if (!candidate->whole || o->clip5 <= 0 || o->clip3 <= 0 || 2 * drift >= width) return 0;
    if (p.dlo < at - drift) p.dlo = at - drift;
    if (p.dhi > at + drift) p.dhi = at + drift;
    p.least = candidate->score + o->clip5 + o->clip3;
    *rc = anl_extend(o, &c->kernels->sw, &p, s->extend, e);
    return *rc || e->total == candidate->score + o->clip5 + o->clip3;
}

/* A total that some alignment in the band has if the candidate's score is found in it at all. */
static int32_t least_total(const anl_context *c, const anl_extend_params *o, const anl_candidate *candidate, const anl_extend_problem *p,
                           int64_t origin)
{
    const int64_t at = candidate->start - origin;
    anl_extension e;
    if (at < 0 || at + p->qlen > p->tlen || at < p->dlo || at > p->dhi) return candidate->score;
    anl_extend_ungapped(o, &c->kernels->sw, p->query, p->target + at, p->qlen, &e);
    return e.total > candidate->score ? e.total : candidate->score;
}

/* The stretch of the contig that a band of diagonals of a read of `len` bp meets. */
static void find_stretch(const anl_index *x, int32_t contig, int64_t dlo, int64_t dhi, int32_t len, int64_t *begin, int64_t *end)
{
    *begin = dlo;
    *end = dhi + len;
    anl_index_clip(x, contig, begin, end);
}

/* Whether a GPU has found what trace() would, which then is in *e. A band that does not hold the score must grow. */
static int was_asked(const anl_scratch *s, const anl_candidate *candidate, anl_extension *e, int64_t *origin)
{
    if (!candidate->traced) return 0;
    const anl_gpu_traced *t = anl_trace_batch_result(s->traces, candidate->traced);
    if (t->how == ANL_GPU_LEFT || (t->how == ANL_GPU_IN_BAND && t->total < candidate->score)) return 0;
    *e = anl_extension_of(t);
    *origin = anl_trace_batch_begin(s->traces, candidate->traced);
    return 1;
}

/* Traces the candidate in a band that grows until it holds an alignment as good as the score found without a band. *origin: joined coordinate
 * that the extension's target begins at. */
static int trace(const anl_context *c, anl_scratch *s, const anl_extend_params *o, const anl_query *q, const anl_candidate *candidate,
                 anl_extension *e, int64_t *origin)
{
    const int64_t *bounds = c->index->contig_begin + candidate->contig;
    const int32_t len = q->read->len;
    for (int32_t extra = 0;; extra = extra ? extra * 2 : ANL_BAND_GROWTH) {
        const int64_t dlo = candidate->dlo - extra, dhi = candidate->dhi + extra;
        int64_t begin, end;
        find_stretch(c->index, candidate->contig, dlo, dhi, len, &begin, &end);
        uint8_t *target = anl_arena_alloc(s->temporary, (size_t)(end - begin), 1);
        if (!target) return ANL_ENOMEM;
        anl_index_fetch(c->index, begin, end, target);
        *origin = begin;
        anl_extend_problem p = {.query = q->strand[candidate->reverse],
                                .target = target,
                                .qlen = len,
                                .tlen = (int32_t)(end - begin),
                                .dlo = (int32_t)(dlo - begin),
                                .dhi = (int32_t)(dhi - begin)};
        int rc = ANL_OK;
        if (!extra && straight(c, s, o, candidate, p, begin, e, &rc)) return rc;
        if (!extra && narrow(c, s, o, candidate, p, begin, e, &rc)) return rc;
        p.least = least_total(c, o, candidate, &p, begin);
        rc = anl_extend(o, &c->kernels->sw, &p, s->extend, e);
        if (rc || e->total >= candidate->score || (dlo + len <= bounds[0] && dhi >= bounds[1])) return rc;
    }
}

void anl_trace_prefetch(const anl_index *x, const anl_query *q)
{
    enum { LINE = 64 /* bytes of the cache */ };
    if (!q->n || anl_read_is_long(q->read)) return;
    const anl_candidate *best = &q->candidates[0];
    anl_index_prefetch(x, best->dlo, best->dhi + q->read->len);
    for (int32_t i = 0; i < q->read->len; i += LINE) __builtin_prefetch(q->strand[best->reverse] + i);
}

int anl_trace_candidate(const anl_context *c, anl_scratch *s, const anl_query *q, const anl_candidate *candidate, int32_t min_score,
                        anl_arena *results, anl_read_alignment *out)
{
    anl_extension e;
    int64_t origin;
    const int32_t len = q->read->len, reverse = candidate->reverse;
    *out = (anl_read_alignment){.tid = -1, .pos = -1};
    anl_extend_params params = c->options->align;
    int rc = was_asked(s, candidate, &e, &origin) ? ANL_OK : trace(c, s, &params, q, candidate, &e, &origin);
    if (!rc && e.score < min_score && candidate->score >= min_score) { /* a clip bonus is no reason to leave the read unplaced */
        params.clip5 = params.clip3 = 0;
        rc = trace(c, s, &params, q, candidate, &e, &origin);
    }
    if (rc || e.score < min_score) return rc;
    origin -= c->index->contig_begin[candidate->contig];
    *out = (anl_read_alignment){.tid = candidate->contig,
                                .pos = origin + e.tbeg,
                                .end = origin + e.tend,
                                .score = e.score,
                                .nm = e.nm,
                                .reverse = candidate->reverse,
                                .alt = candidate->alt,
                                .qbeg = reverse ? len - e.qend : e.qbeg,
                                .qend = reverse ? len - e.qbeg : e.qend};
    const int32_t before = reverse ? q->tail : 0;
    rc = anl_read_alignment_keep(out, e.cigar, e.n_cigar, e.md, e.qbeg + before, e.qend + before, len + q->tail, results);
    if (!rc)
        anl_index_spell_md(c->index, c->index->contig_begin[out->tid] + out->pos, c->index->contig_begin[out->tid] + out->end, out->md);
    return rc;
}

/* ---- places and segments ---- */

/* Alignments of the best candidates, as far as they have been looked at. */
typedef struct looks {
    anl_read_alignment of[ANL_TRACED_CANDIDATES];
    uint8_t known[ANL_TRACED_CANDIDATES];
} looks;

static int look(const anl_context *c, anl_scratch *s, const anl_query *q, int32_t i, looks *l)
{
    if (l->known[i]) return ANL_OK;
    l->known[i] = 1;
    return anl_trace_candidate(c, s, q, &q->candidates[i], 0, s->temporary, &l->of[i]);
}

/* The most by which gaps can move an alignment that scores so much off the diagonal on which it ends. */
static int32_t most_drift(const anl_extend_params *o, int32_t len, const anl_candidate *c)
{
    return c->ungapped ? 0 : drift_within(&o->score, len * o->score.match + o->clip5 + o->clip3 - c->score);
}

static int may_be_same(const anl_extend_params *o, int32_t len, const anl_candidate *a, const anl_candidate *b)
{
    return a->reverse == b->reverse && a->contig == b->contig &&
           llabs(a->start - b->start) <= most_drift(o, len, a) + most_drift(o, len, b);
}

/* The least score with which a further candidate changes what is told, where the two best are known to be two places of the same bases: in MAPQ, XA or
 * a pair. Below it nobody asks whether it is a place of its own. 0: any may, with -a, and where they may be segments of a split read. */
static int32_t least_told(const anl_align_options *o, const anl_query *q)
{
    const int32_t best = q->candidates[0].score, second = q->candidates[1].score, told = best * ANL_XA_NUM / ANL_XA_DEN;
    int32_t least = second - anl_mapq_closeness(&o->align.score);
    if (q->candidates[0].alt || q->candidates[1].alt) return 0; /* neither need be what others are compared with */
    if (o->all || 2 * best + second < 2 * q->read->len * o->align.score.match) return 0;
    if (q->read->mate && best - o->unpaired < least) least = best - o->unpaired;
    return told < least ? told : least;
}

/* Drops candidates whose alignments are the same place as that of a better one. */
static int merge_same(const anl_context *c, anl_scratch *s, anl_query *q, int32_t min_score, looks *l)
{
    const int32_t most = q->n < ANL_TRACED_CANDIDATES ? q->n : ANL_TRACED_CANDIDATES, others = q->n - most;
    int32_t kept = 0;
    int rc = ANL_OK;
    for (int32_t i = 0; i < most && !rc; ++i) {
        int same = 0;
        if (kept == 2 && least_told(c->options, q) > min_score) min_score = least_told(c->options, q);
        const int looked_at = q->candidates[i].score >= min_score;
        for (int32_t k = 0; looked_at && k < kept && !same && !rc; ++k) {
            if (!may_be_same(&c->options->align, q->read->len, &q->candidates[k], &q->candidates[i])) continue;
            rc = look(c, s, q, k, l);
            if (!rc) rc = look(c, s, q, i, l);
            same = !rc && anl_read_alignment_same(&l->of[k], &l->of[i]);
        }
        if (same) continue;
        if (kept < i) {
            if ((l->known[kept] = l->known[i])) l->of[kept] = l->of[i];
            q->candidates[kept] = q->candidates[i];
        }
        ++kept;
    }
    if (rc) return rc;
    if (kept < most) {
        memset(l->known + kept, 0, (size_t)(most - kept) * sizeof *l->known); /* what stands there is of those that were dropped */
        memmove(q->candidates + kept, q->candidates + most, (size_t)others * sizeof *q->candidates);
    }
    q->n = kept + others;
    return ANL_OK;
}

/* The shortest segment of the read that can have the candidate's score: the bases before the last one aligned. */
static anl_candidate shortest_segment(int32_t match, int32_t len, const anl_candidate *c)
{
    const int32_t bases = (c->score + match - 1) / match, begin = c->reverse ? len - c->last : c->last - bases;
    return (anl_candidate){.begin = begin, .end = begin + bases};
}

int anl_trace_candidates(const anl_context *c, anl_scratch *s, anl_query *q, int32_t min_score, int segments)
{
    const int32_t match = c->options->align.score.match, len = q->read->len;
    looks l;
    if (q->n < 2) return ANL_OK;
    memset(l.known, 0, sizeof l.known);
    int rc = merge_same(c, s, q, min_score, &l);
    int32_t n = 0;
    for (; n < q->n && n < ANL_TRACED_CANDIDATES && q->candidates[n].score >= min_score; ++n) {
        const anl_candidate first = shortest_segment(match, len, &q->candidates[0]),
                            other = shortest_segment(match, len, &q->candidates[n]);
        segments |= !anl_candidates_compete(&first, &other);
    }
    for (int32_t i = 0; i < n && n > 1 && segments && !rc; ++i) {
        rc = look(c, s, q, i, &l);
        q->candidates[i].begin = l.of[i].qbeg;
        q->candidates[i].end = l.of[i].qend;
    }
    return rc;
}

/* ---- what was chosen ---- */

/* Whether candidates[i] competes with what was chosen, and is good enough. */
static int is_other(const anl_query *q, const anl_choice *chosen, int32_t i, int32_t min_score)
{
    return i != chosen->candidate && q->candidates[i].score >= min_score &&
           anl_candidates_compete(&q->candidates[chosen->candidate], &q->candidates[i]);
}

/* Of the alignments told beside it none scores more than its XS; but those on ALT contigs do not count. */
static void raise_second(anl_read_alignment *own, const anl_read_alignment *other)
{
    if (other->alt && !own->alt) return;
    const int32_t score = other->score < own->score ? other->score : own->score;
    if (score > own->second) own->second = score;
}

/* Whether an alignment is told beside those of `told`, the first of which is the primary one. */
static int is_news(const anl_read_alignments *told, const anl_read_alignment *a)
{
    return a->tid >= 0 && anl_read_alignment_competes(&told->list[0], a) && !anl_read_alignments_hold(told, a);
}

static int add_secondaries(const anl_context *c, anl_scratch *s, anl_query *q, const anl_choice *chosen, anl_arena *results)
{
    for (int32_t i = 0; i < q->n; ++i) {
        anl_read_alignment a;
        if (!is_other(q, chosen, i, chosen->min_score)) continue;
        int rc = anl_trace_candidate(c, s, q, &q->candidates[i], chosen->min_score, results, &a);
        a.kind = ANL_SECONDARY;
        if (!rc && is_news(&q->aligned, &a)) {
            raise_second(&q->aligned.list[0], &a);
            rc = anl_read_alignments_add(&q->aligned, &a, results);
        }
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

/* The least score of an alignment in the XA of one that has the score `best`. */
static int32_t least_in_xa(int32_t best, int32_t min_score)
{
    return best * ANL_XA_NUM > min_score * ANL_XA_DEN ? (best * ANL_XA_NUM + ANL_XA_DEN - 1) / ANL_XA_DEN : min_score;
}

/* Whether as many alignments compete as XA may tell. */
static int fit_xa(const anl_align_options *o, const anl_query *q, const anl_choice *chosen, int32_t min_score)
{
    int32_t n[2] = {0};
    for (int32_t i = 0; i < q->n && q->candidates[i].score >= min_score; ++i)
        if (is_other(q, chosen, i, min_score)) ++n[q->candidates[i].alt];
    return n[0] + n[1] && n[0] + n[1] <= (n[1] ? o->xa_most_alt : o->xa_most);
}

/* Alignments that compete with `own`, which was chosen, as bwa mem tells them: those on ALT contigs last. */
static int add_xa(const anl_context *c, anl_scratch *s, const anl_query *q, const anl_choice *chosen, anl_read_alignment *own,
                  anl_arena *results)
{
    const int32_t min_score = least_in_xa(own->score, chosen->min_score);
    anl_read_alignments told = {0};
    xa_text xa = {0};
    if (q->truncated || !fit_xa(c->options, q, chosen, min_score)) return ANL_OK;
    int rc = anl_read_alignments_add(&told, own, s->temporary);
    for (int32_t n = 0; n < 2 * q->n && !rc; ++n) {
        anl_read_alignment a;
        const int32_t i = n % q->n;
        if (q->candidates[i].alt != (n >= q->n) || !is_other(q, chosen, i, min_score)) continue;
        rc = anl_trace_candidate(c, s, q, &q->candidates[i], min_score, s->temporary, &a);
        a.kind = ANL_SECONDARY;
        if (!rc && is_news(&told, &a)) {
            raise_second(own, &a);
            rc = anl_read_alignments_add(&told, &a, s->temporary);
            if (!rc) rc = append_xa(c->index->contigs, &a, results, &xa);
        }
    }
    own->xa = xa.text;
    return rc;
}

/* Traces what was chosen, and adds it to `to`, if it scores more than `beyond`. */
static int add_chosen(const anl_context *c, anl_scratch *s, const anl_query *q, const anl_choice *chosen, int32_t beyond,
                      anl_read_alignments *to, anl_arena *results)
{
    anl_read_alignment a;
    if (chosen->candidate < 0) return ANL_OK;
    int rc = anl_trace_candidate(c, s, q, &q->candidates[chosen->candidate], chosen->min_score, results, &a);
    if (rc || a.tid < 0 || a.score <= beyond) return rc;
    a.mapq = anl_is_one_repeat(q->strand[0] + a.qbeg, a.qend - a.qbeg) ? 0 : chosen->mapq;
    a.second = chosen->second < a.score ? chosen->second : a.score; /* candidates' scores know no clip bonus */
    return anl_read_alignments_add(to, &a, results);
}

int anl_trace_chosen(const anl_context *c, anl_scratch *s, anl_query *q, const anl_choice *chosen, anl_arena *results)
{
    q->aligned = q->alts = (anl_read_alignments){0};
    int rc = add_chosen(c, s, q, chosen, INT32_MIN, &q->aligned, results);
    if (rc || !q->aligned.n || q->n < 2) return rc;
    const anl_choice alt = anl_choose_alt(c->options, q, chosen);
    rc = add_chosen(c, s, q, &alt, q->aligned.list[0].score, &q->alts, results);
    if (rc) return rc;
    if (c->options->all) return add_secondaries(c, s, q, chosen, results);
    return q->alts.n ? add_xa(c, s, q, &alt, q->alts.list, results) : add_xa(c, s, q, chosen, q->aligned.list, results);
}

/* ---- asking for many at once ---- */

static int is_asked(const anl_context *c)
{
    return c->gpu && !c->options->align.eqx;
}

/* Asks for candidates[i], once. */
static int ask(const anl_context *c, anl_scratch *s, const anl_query *q, int32_t i)
{
    anl_candidate *candidate = &q->candidates[i];
    const int32_t len = q->read->len;
    int64_t begin, end;
    if (candidate->traced) return ANL_OK;
    find_stretch(c->index, candidate->contig, candidate->dlo, candidate->dhi, len, &begin, &end);
    const anl_gpu_trace_job job = {.begin = begin,
                                   .len = (int32_t)(end - begin),
                                   .at = (int32_t)(candidate->start - begin),
                                   .enough = enough_straight(&c->options->align, candidate),
                                   .dlo = (int32_t)(candidate->dlo - begin),
                                   .dhi = (int32_t)(candidate->dhi - begin),
                                   .reverse = candidate->reverse};
    return anl_trace_batch_add(s->traces, &(anl_sw_read){{q->strand[0], q->strand[1]}, len}, &job, &candidate->traced);
}

static int run_asked(const anl_context *c, anl_scratch *s)
{
    return anl_trace_batch_run(s->traces, &c->kernels->sw, &c->options->align, c->index);
}

/* As merge_same looks, while no two of them turn out to be the same. */
static int ask_compared(const anl_context *c, anl_scratch *s, const anl_query *q, int32_t min_score)
{
    int rc = ANL_OK;
    for (int32_t i = 1; i < q->n && i < ANL_TRACED_CANDIDATES && !rc; ++i) {
        if (i == 2 && least_told(c->options, q) > min_score) min_score = least_told(c->options, q);
        if (q->candidates[i].score < min_score) break;
        for (int32_t k = 0; k < i && !rc; ++k) {
            if (!may_be_same(&c->options->align, q->read->len, &q->candidates[k], &q->candidates[i])) continue;
            rc = ask(c, s, q, k);
            if (!rc) rc = ask(c, s, q, i);
        }
    }
    return rc;
}

int anl_trace_ask_compared(const anl_context *c, anl_scratch *s, anl_query *queries, int n, int32_t min_score)
{
    int rc = ANL_OK;
    if (!is_asked(c)) return ANL_OK;
    anl_trace_batch_clear(s->traces);
    for (int i = 0; i < n && !rc; ++i)
        if (!anl_read_is_long(queries[i].read)) rc = ask_compared(c, s, &queries[i], min_score);
    return rc ? rc : run_asked(c, s);
}

/* What was chosen, and what is told beside it if its alignment has the candidate's score. */
static int ask_chosen(const anl_context *c, anl_scratch *s, const anl_query *q, const anl_choice *chosen)
{
    if (chosen->candidate < 0) return ANL_OK;
    int rc = ask(c, s, q, chosen->candidate);
    if (rc || q->n < 2) return rc;
    const anl_choice alt = anl_choose_alt(c->options, q, chosen);
    if (alt.candidate >= 0) rc = ask(c, s, q, alt.candidate);
    if (alt.candidate >= 0 && !c->options->all) chosen = &alt;
    const int32_t least = c->options->all ? chosen->min_score : least_in_xa(q->candidates[chosen->candidate].score, chosen->min_score);
    if (!c->options->all && (q->truncated || !fit_xa(c->options, q, chosen, least))) return rc;
    for (int32_t i = 0; i < q->n && !rc; ++i)
        if (is_other(q, chosen, i, least)) rc = ask(c, s, q, i);
    return rc;
}

int anl_trace_ask_chosen(const anl_context *c, anl_scratch *s, anl_query *queries, const anl_choice *chosen, int n)
{
    int rc = ANL_OK;
    if (!is_asked(c)) return ANL_OK;
    for (int i = 0; i < n && !rc; ++i)
        if (!anl_read_is_long(queries[i].read)) rc = ask_chosen(c, s, &queries[i], &chosen[i]);
    return rc ? rc : run_asked(c, s);
}
