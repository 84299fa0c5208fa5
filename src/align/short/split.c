#include "split.h"

#include "place.h"

#include <stdlib.h>
#include <string.h>

enum {
    LEAST_PART = ANL_ENCODER_MIN_LEN,
    SURPLUS = 8,        /* matches beyond those that two random places of the genome share: genomes are not random */
    AROUND = 10000,     /* bp beside the primary alignment: most rearrangements are local */
    DEEPER = 8,         /* neighbours, times those of a whole read: a short part looks less like its window */
    MOST_ROUNDS = 3,    /* a part may itself be split */
    ROOM = 20,          /* bp of gap around an ungapped part */
};

/* The least score of a part. Unless the user says, it is what chance does not give: 20 in a bacterium, 24 in a human genome. A whole read
 * needs more only because bwa mem's users expect it. */
static int32_t least_score(const anl_worker *w)
{
    const anl_align_options *o = w->context->options;
    const anl_index *x = w->context->index;
    int32_t bases = SURPLUS;
    for (int64_t n = x->contig_begin[x->n_contigs]; n > 0; n /= 4) ++bases;
    if (bases < LEAST_PART) bases = LEAST_PART;
    return o->given & ANL_GIVEN_LEAST || bases * o->align.score.match > o->min_score ? o->min_score : bases * o->align.score.match;
}

/* Bases [begin, end) of a read as it was sequenced. */
typedef struct part {
    int32_t query, begin, end;
    anl_read read;
} part;

typedef struct parts {
    part *list;
    size_t n, cap;
} parts;

static int add_part(parts *p, const anl_query *queries, int32_t number, int32_t begin, int32_t end)
{
    const anl_read *read = queries[number].read;
    int32_t known = 0;
    for (int32_t i = begin; i < end; ++i) known += read->seq[i] < 4;
    if (known < LEAST_PART) return ANL_OK;
    int rc = anl_grow(&p->list, &p->cap, p->n + 1, sizeof *p->list);
    if (rc) return rc;
    p->list[p->n++] = (part){number, begin, end, {.name = read->name, .seq = read->seq + begin, .len = end - begin}};
    return ANL_OK;
}

/* The stretches between what is aligned. */
static int collect(parts *p, const anl_query *queries, int32_t number)
{
    const anl_placements *placed = &queries[number].placed;
    int32_t at = 0, len = queries[number].read->len;
    while (at < len) {
        int32_t next = len, behind = at;
        for (int32_t i = 0; i < placed->n && placed->list[i].kind != ANL_SECONDARY; ++i) {
            const anl_placement *a = &placed->list[i];
            if (a->qbeg <= at && a->qend > behind) behind = a->qend;
            if (a->qbeg > at && a->qbeg < next) next = a->qbeg;
        }
        if (behind > at) {
            at = behind;
            continue;
        }
        int rc = next - at >= LEAST_PART ? add_part(p, queries, number, at, next) : ANL_OK;
        if (rc) return rc;
        at = next;
    }
    return ANL_OK;
}

/* A part is a query of its own; it is looked for around the primary alignment too. */
static anl_query query_of(const anl_worker *w, const part *p, const anl_query *whole)
{
    const anl_index *x = w->context->index;
    const anl_placement *primary = &whole->placed.list[0];
    const int64_t contig = x->contig_begin[primary->tid];
    anl_query q = {.read = &p->read, .strand = {p->read.seq, whole->strand[1] + whole->read->len - p->end}};
    q.near_begin = contig + primary->pos - AROUND;
    q.near_end = contig + primary->end + AROUND;
    anl_index_clip(x, primary->tid, &q.near_begin, &q.near_end);
    return q;
}

static int overlaps(const anl_placements *placed, const anl_placement *p)
{
    for (int32_t i = 0; i < placed->n && placed->list[i].kind != ANL_SECONDARY; ++i) {
        const anl_placement *a = &placed->list[i];
        int32_t begin = a->qbeg > p->qbeg ? a->qbeg : p->qbeg, end = a->qend < p->qend ? a->qend : p->qend;
        int32_t shorter = a->qend - a->qbeg < p->qend - p->qbeg ? a->qend - a->qbeg : p->qend - p->qbeg;
        if (2 * (end - begin) > shorter) return 1;
    }
    return 0;
}

/* The whole read is aligned where its part was found: parts end where the score says, not where the clip was. */
static int place_part(anl_worker *w, anl_query *q, const part *p, anl_query *found, int *added)
{
    int32_t least = least_score(w);
    anl_choice choice = anl_choose_single(w->context->options, found, least / 2); /* the rest may lie in what both parts share */
    if (choice.candidate < 0) return ANL_OK;
    choice.least = least;
    for (int32_t i = 0; i < found->n; ++i) {
        anl_candidate *c = &found->candidates[i];
        int32_t shift = c->reverse ? q->read->len - p->end : p->begin, room = c->ungapped ? ROOM : 0;
        c->start -= shift;
        c->dlo -= shift + room;
        c->dhi -= shift - room;
        c->begin = 0; /* as long as it is not looked at */
        c->end = q->read->len;
        c->ungapped = c->whole = 0;
    }
    anl_query whole = {.read = q->read, .strand = {q->strand[0], q->strand[1]}, .candidates = found->candidates, .n = found->n,
                       .cut = found->cut};
    int rc = anl_place_chosen(w, &whole, &choice);
    if (rc || !whole.placed.n || overlaps(&q->placed, &whole.placed.list[0])) return rc;
    whole.placed.list[0].kind = ANL_SUPPLEMENTARY;
    for (int32_t i = 0; i < whole.placed.n && !rc; ++i) rc = anl_placements_add(w, &q->placed, &whole.placed.list[i]);
    *added = 1;
    return rc;
}

static int search_parts(anl_worker *w, anl_query *queries, const parts *p, uint8_t *open)
{
    anl_query *found = anl_arena_alloc(w->temporary, p->n, sizeof *found);
    if (!found) return ANL_ENOMEM;
    for (size_t i = 0; i < p->n; ++i) found[i] = query_of(w, &p->list[i], &queries[p->list[i].query]);
    int rc = anl_candidates_find(w, found, (int)p->n, DEEPER * w->context->options->candidates);
    for (size_t i = 0; i < p->n && !rc; ++i) {
        int added = 0;
        rc = place_part(w, &queries[p->list[i].query], &p->list[i], &found[i], &added);
        open[p->list[i].query] |= (uint8_t)added;
    }
    return rc;
}

int anl_split(anl_worker *w, anl_query *queries, int n)
{
    parts p = {0};
    uint8_t *open = anl_arena_alloc(w->temporary, (size_t)n, 1); /* reads whose alignments changed in the last round */
    int rc = open ? ANL_OK : ANL_ENOMEM;
    for (int i = 0; i < n && !rc; ++i) open[i] = queries[i].placed.n > 0 && queries[i].strand[0]; /* a long read is split already */
    for (int round = 0; round < MOST_ROUNDS && !rc; ++round) {
        p.n = 0;
        for (int i = 0; i < n && !rc; ++i)
            if (open[i]) rc = collect(&p, queries, i);
        if (rc || !p.n) break;
        memset(open, 0, (size_t)n);
        rc = search_parts(w, queries, &p, open);
    }
    free(p.list);
    return rc;
}
