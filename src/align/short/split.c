#include "split.h"

#include "align_tuning.h"
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
}

/* The whole read is aligned where its segment was found: segments end where the score says, not where the clip was. *added: 1 when the query
 * has a new alignment. */
static int align_segment(const anl_context *c, anl_scratch *s, const anl_split_segment *segment, anl_query *q, anl_query *found,
                         anl_arena *results, uint8_t *added)
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
    if (rc || !whole.aligned.n || anl_split_overlaps(&q->aligned, &whole.aligned.list[0])) return rc;
    whole.aligned.list[0].kind = ANL_SUPPLEMENTARY;
    for (int32_t i = 0; i < whole.aligned.n && !rc; ++i)
        if (!i || !anl_read_alignments_hold(&q->aligned, &whole.aligned.list[i]))
            rc = anl_read_alignments_add(&q->aligned, &whole.aligned.list[i], results);
    *added = 1;
    return rc;
}

static int search_segments(const anl_context *c, anl_scratch *s, anl_sw_queue *queue, const anl_split_segments *segments,
                           anl_query *queries, uint8_t *open, anl_arena *results)
{
    anl_query *found = anl_arena_alloc(s->temporary, segments->n, sizeof *found);
    if (!found) return ANL_ENOMEM;
    for (size_t i = 0; i < segments->n; ++i) found[i] = query_of(c->index, &segments->list[i], &queries[segments->list[i].query]);
    int rc = anl_candidates_find(c, s, &anl_locate_split, queue, found, (int)segments->n, results);
    for (size_t i = 0; i < segments->n && !rc; ++i) {
        const int32_t number = segments->list[i].query;
        rc = align_segment(c, s, &segments->list[i], &queries[number], &found[i], results, &open[number]);
    }
    return rc;
}

int anl_split(const anl_context *c, anl_scratch *s, anl_sw_queue *queue, anl_query *queries, int n, anl_arena *results)
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
    for (int i = 0; i < n && !rc; ++i)
        if (queries[i].strand[0] && !queries[i].proper) anl_read_alignments_lead_best(&queries[i].aligned);
    free(segments.list);
    return rc;
}
