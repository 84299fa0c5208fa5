#include "split.h"

#include "align_tuning.h"
#include "mapq.h"
#include "pair.h"
#include "trace.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_BASES = ANL_ENCODER_MIN_LEN };

int32_t anl_split_min_score(const anl_align_options *o, int64_t genome)
{
    int32_t bases = ANL_SPLIT_SURPLUS;
    for (int64_t n = genome; n > 0; n /= 4) ++bases; /* log4 of the genome: the matches that two random places share */
    if (bases < LEAST_BASES) bases = LEAST_BASES;
    return o->given & ANL_GIVEN_LEAST || bases * o->align.score.match > o->min_score ? o->min_score : bases * o->align.score.match;
}

/* ---- what is left out ---- */

static int add_segment(anl_split_segments *to, const anl_query *queries, int32_t number, int32_t begin, int32_t end)
{
    const anl_read *read = queries[number].read;
    int32_t known = 0;
    for (int32_t i = begin; i < end; ++i) known += read->seq[i] < 4;
    if (known < LEAST_BASES) return ANL_OK;
    int rc = anl_grow(&to->list, &to->cap, to->n + 1, sizeof *to->list);
    if (rc) return rc;
    to->list[to->n++] = (anl_split_segment){number, begin, end, {.name = read->name, .seq = read->seq + begin, .len = end - begin}};
    return ANL_OK;
}

int anl_split_collect(anl_split_segments *to, const anl_query *queries, int32_t number)
{
    const anl_read_alignments *aligned = &queries[number].aligned;
    int32_t at = 0, len = queries[number].read->len;
    while (at < len) {
        int32_t next = len, behind = at;
        for (int32_t i = 0; i < aligned->n && aligned->list[i].kind != ANL_SECONDARY; ++i) {
            const anl_read_alignment *a = &aligned->list[i];
            if (a->qbeg <= at && a->qend > behind) behind = a->qend;
            if (a->qbeg > at && a->qbeg < next) next = a->qbeg;
        }
        if (behind > at) {
            at = behind;
            continue;
        }
        int rc = next - at >= LEAST_BASES ? add_segment(to, queries, number, at, next) : ANL_OK;
        if (rc) return rc;
        at = next;
    }
    return ANL_OK;
}

int anl_split_overlaps(const anl_read_alignments *aligned, const anl_read_alignment *a)
{
    for (int32_t i = 0; i < aligned->n && aligned->list[i].kind != ANL_SECONDARY; ++i) {
        const anl_read_alignment *b = &aligned->list[i];
        const int32_t begin = b->qbeg > a->qbeg ? b->qbeg : a->qbeg, end = b->qend < a->qend ? b->qend : a->qend;
        const int32_t shorter = b->qend - b->qbeg < a->qend - a->qbeg ? b->qend - b->qbeg : a->qend - a->qbeg;
        if (ANL_SHARED * (end - begin) > shorter) return 1;
    }
    return 0;
}

/* ---- searched and aligned ---- */

/* A segment is a query of its own; it is looked for around the primary alignment too. */
static anl_query query_of(const anl_index *x, const anl_split_segment *segment, const anl_query *whole)
{
    const anl_read_alignment *primary = &whole->aligned.list[0];
    const int64_t contig = x->contig_begin[primary->tid];
    anl_query q = {.read = &segment->read,
                   .strand = {segment->read.seq, whole->strand[1] + whole->read->len - segment->end},
                   .near_begin = contig + primary->pos - ANL_SPLIT_AROUND,
                   .near_end = contig + primary->end + ANL_SPLIT_AROUND};
    anl_index_clip(x, primary->tid, &q.near_begin, &q.near_end);
    return q;
}

/* A segment's candidate as one of the whole read, in a band that leaves room for gaps. */
static void widen_to_read(anl_candidate *c, const anl_split_segment *segment, int32_t len)
{
    const int32_t shift = c->reverse ? len - segment->end : segment->begin, room = c->ungapped ? ANL_GAP_ROOM : 0;
    c->start -= shift;
    c->dlo -= shift + room;
    c->dhi -= shift - room;
    c->begin += segment->begin;
    c->end += segment->begin;
    c->ungapped = c->whole = 0;
    c->traced = 0;
}

/* Leaves a query its candidates on ALT contigs; returns how many. */
static int32_t keep_alts(anl_query *q)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < q->n; ++i)
        if (q->candidates[i].alt) q->candidates[kept++] = q->candidates[i];
    return q->n = kept;
}

/* The whole read is aligned where its segment was found: segments end where the score says, not where the clip was. found->aligned and alts: none
 * if nothing scores enough. A place on an ALT contig serves where the best one of the primary assembly, which may be chance, does not. */
static int align_segment(const anl_context *c, anl_scratch *s, const anl_split_segment *segment, const anl_query *q, anl_query *found,
                         anl_arena *results)
{
    const int32_t min_score = anl_split_min_score(c->options, c->index->contig_begin[c->index->n_contigs]);
    int rc = anl_trace_candidates(c, s, found, min_score / ANL_SPLIT_FIRST_LOOK, 1);
    if (rc) return rc;
    anl_choice choice = anl_choose_single(c->options, found, min_score / ANL_SPLIT_FIRST_LOOK);
    if (choice.candidate < 0) return ANL_OK;
    choice.min_score = min_score;
    for (int32_t i = 0; i < found->n; ++i) widen_to_read(&found->candidates[i], segment, q->read->len);
    anl_query whole = {.read = q->read,
                       .tail = q->tail,
                       .strand = {q->strand[0], q->strand[1]},
                       .candidates = found->candidates,
                       .n = found->n,
                       .truncated = found->truncated};
    rc = anl_trace_chosen(c, s, &whole, &choice, results);
    if (!rc && !whole.aligned.n && !whole.candidates[choice.candidate].alt && keep_alts(&whole)) {
        choice = anl_choose_single(c->options, &whole, min_score / ANL_SPLIT_FIRST_LOOK);
        choice.min_score = min_score;
        if (choice.candidate >= 0) rc = anl_trace_chosen(c, s, &whole, &choice, results);
    }
    found->aligned = whole.aligned;
    found->alts = whole.alts;
    return rc;
}

static int find_segments(const anl_context *c, anl_scratch *s, anl_sw_queue *queue, const anl_split_segments *segments,
                         const anl_query *queries, anl_arena *results, anl_query **out)
{
    anl_query *found = anl_arena_alloc(s->temporary, segments->n, sizeof *found);
    if (!found) return ANL_ENOMEM;
    for (size_t i = 0; i < segments->n; ++i) found[i] = query_of(c->index, &segments->list[i], &queries[segments->list[i].query]);
    *out = found;
    return anl_candidates_find(c, s, &anl_locate_split, queue, found, (int)segments->n, results);
}

static int add_all(anl_read_alignments *to, const anl_read_alignments *from, anl_arena *results)
{
    int rc = ANL_OK;
    for (int32_t i = 0; i < from->n && !rc; ++i) rc = anl_read_alignments_add(to, &from->list[i], results);
    return rc;
}

static int search_segments(const anl_context *c, anl_scratch *s, anl_sw_queue *queue, const anl_split_segments *segments,
                           anl_query *queries, uint8_t *open, anl_arena *results)
{
    anl_query *found;
    int rc = find_segments(c, s, queue, segments, queries, results, &found);
    for (size_t i = 0; i < segments->n && !rc; ++i) {
        const int32_t number = segments->list[i].query;
        anl_read_alignments *aligned = &queries[number].aligned, *here = &found[i].aligned;
        rc = align_segment(c, s, &segments->list[i], &queries[number], &found[i], results);
        if (rc || !here->n || anl_split_overlaps(aligned, &here->list[0])) continue;
        here->list[0].kind = ANL_SUPPLEMENTARY;
        anl_read_alignments_give_way(aligned, &here->list[0]);
        for (int32_t j = 0; j < here->n && !rc; ++j)
            if (!j || !anl_read_alignments_hold(aligned, &here->list[j])) rc = anl_read_alignments_add(aligned, &here->list[j], results);
        if (!rc) rc = add_all(&queries[number].alts, &found[i].alts, results);
        open[number] = 1;
    }
    return rc;
}

/* ---- the primary segment ---- */

/* Whether the primary alignment is one of several segments, or of so few of the bases that their vector says little of it, or found without that. */
static int is_segment(const anl_query *q)
{
    const anl_read_alignments *a = &q->aligned;
    if (!a->n || !q->strand[0]) return 0;
    return q->by_part || (a->n > 1 && a->list[1].kind == ANL_SUPPLEMENTARY) ||
           ANL_SHARED * (a->list[0].qend - a->list[0].qbeg) < q->read->len;
}

/* Puts another alignment in the place of the primary one. */
static void replace_primary(anl_read_alignments *aligned, const anl_read_alignment *by)
{
    anl_read_alignment *own = &aligned->list[0];
    anl_read_alignments_give_way(aligned, by);
    *own = *by;
    for (int32_t i = 1; i < aligned->n; ++i) {
        const anl_read_alignment *other = &aligned->list[i];
        const int32_t score = other->score < own->score ? other->score : own->score;
        if (other->kind == ANL_SECONDARY && score > own->second && anl_read_alignment_competes(own, other)) own->second = score;
    }
}

/* MAPQ is at most what the read has alone, or, where it lies beside its mate and the others do not, what both have together. */
static void lower_mapq(anl_read_alignment *a, int alone, int together)
{
    const int mapq = together < alone + ANL_MAPQ_PAIR_GAIN ? together : alone + ANL_MAPQ_PAIR_GAIN;
    if (mapq < a->mapq) a->mapq = (uint8_t)mapq;
}

void anl_split_judge(const anl_align_options *o, anl_query *q, const anl_read_alignment *best, int pairs)
{
    anl_read_alignment *primary = &q->aligned.list[0];
    const int apart = q->proper && !pairs;
    const int32_t lead = primary->score - best->score, match = o->align.score.match;
    if (best->alt != primary->alt || !anl_read_alignment_competes(primary, best)) return;
    if (anl_read_alignment_same(primary, best)) {
        if (!q->proper)
            lower_mapq(primary, best->mapq, best->mapq);
        else if (best->second) /* copies that were not found, but may be there, do not lie beside the mate */
            lower_mapq(primary, best->mapq, ANL_MAPQ_MAX);
        if (best->second > primary->second) primary->second = best->second < primary->score ? best->second : primary->score;
        return;
    }
    const anl_read_alignments others = {.list = q->aligned.list + 1, .n = q->aligned.n - 1};
    if (lead < 0 && !q->proper && !anl_split_overlaps(&others, best)) {
        replace_primary(&q->aligned, best);
        return;
    }
    lower_mapq(primary, anl_mapq_of_difference(lead, match), anl_mapq_of_difference(apart ? lead + o->unpaired : lead, match));
    const int32_t second = best->score < primary->score ? best->score : primary->score;
    if (second > primary->second) primary->second = second;
}

/* Whether an alignment of a read makes a proper pair with its mate's primary one. */
static int pairs_with_mate(const anl_insert_model *inserts, const anl_query *queries, int32_t number, const anl_read_alignment *a)
{
    const anl_query *q = &queries[number], *mate = &queries[anl_query_mate(q, number)];
    if (mate == q || !mate->aligned.n) return 0;
    const anl_read_alignment *other = &mate->aligned.list[0];
    return q->read->mate == 1 ? anl_pair_is_proper(inserts, a, other) : anl_pair_is_proper(inserts, other, a);
}

/* The whole read was searched by one vector, which may have passed over copies of what then was its primary segment, even better ones: that is
 * searched by its own bases. */
static int judge_primaries(const anl_context *c, anl_scratch *s, const anl_insert_model *inserts, anl_sw_queue *queue,
                           anl_split_segments *segments, anl_query *queries, int n, anl_arena *results)
{
    anl_query *found;
    int rc = ANL_OK;
    segments->n = 0;
    for (int i = 0; i < n && !rc; ++i)
        if (is_segment(&queries[i]))
            rc = add_segment(segments, queries, i, queries[i].aligned.list[0].qbeg, queries[i].aligned.list[0].qend);
    if (rc || !segments->n) return rc;
    rc = find_segments(c, s, queue, segments, queries, results, &found);
    for (size_t i = 0; i < segments->n && !rc; ++i) {
        const int32_t number = segments->list[i].query;
        anl_query *q = &queries[number];
        rc = align_segment(c, s, &segments->list[i], q, &found[i], results);
        if (!rc && found[i].aligned.n)
            anl_split_judge(c->options, q, found[i].aligned.list, pairs_with_mate(inserts, queries, number, found[i].aligned.list));
        if (!rc) rc = add_all(&q->alts, &found[i].alts, results);
    }
    return rc;
}

int anl_split(const anl_context *c, anl_scratch *s, const anl_insert_model *inserts, anl_sw_queue *queue, anl_query *queries, int n,
              anl_arena *results)
{
    anl_split_segments segments = {0};
    uint8_t *open = anl_arena_alloc(s->temporary, (size_t)n, 1); /* reads whose alignments changed in the last round */
    int rc = open ? ANL_OK : ANL_ENOMEM;
    for (int i = 0; i < n && !rc; ++i) open[i] = queries[i].aligned.n > 0 && queries[i].strand[0]; /* a long read is split already */
    for (int round = 0; round < ANL_SPLIT_ROUNDS && !rc; ++round) {
        segments.n = 0;
        for (int i = 0; i < n && !rc; ++i)
            if (open[i]) rc = anl_split_collect(&segments, queries, i);
        if (rc || !segments.n) break;
        memset(open, 0, (size_t)n);
        rc = search_segments(c, s, queue, &segments, queries, open, results);
    }
    if (!rc) rc = judge_primaries(c, s, inserts, queue, &segments, queries, n, results);
    for (int i = 0; i < n && !rc; ++i)
        if (queries[i].strand[0] && !queries[i].proper) anl_read_alignments_lead_best(&queries[i].aligned);
    free(segments.list);
    return rc;
}
