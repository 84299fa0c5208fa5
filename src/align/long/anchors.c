#include "anchors.h"

#include "align_tuning.h"

#include <string.h>

static int32_t segments_of(int32_t len, int32_t size)
{
    const int32_t room = len - size, few = room / ANL_LONG_CLOSEST < ANL_LONG_FEW ? room / ANL_LONG_CLOSEST : ANL_LONG_FEW;
    const int32_t gaps = room / ANL_LONG_SPACING > few ? room / ANL_LONG_SPACING : few;
    return gaps + 1 < ANL_LONG_MOST ? gaps + 1 : ANL_LONG_MOST;
}

/* Lets the hits of all segments vote; *strong: segments that many k-mers place. */
static int vote(const anl_context *c, anl_scratch *s, anl_segments *segments, int32_t *strong)
{
    *strong = 0;
    for (int32_t i = 0; i < segments->n; ++i) anl_locate_forget(&segments->list[i]);
    int rc = anl_locate_vote_ahead(c, s, &anl_locate_long, segments->list, segments->n);
    for (int32_t i = 0; i < segments->n && !rc; ++i) {
        anl_segment *segment = &segments->list[i];
        int32_t most = 0;
        rc = anl_locate_vote(c->index, s->voter, &anl_locate_long, segment, s->temporary);
        for (int32_t j = 0; j < segment->places.n; ++j)
            if (segment->places.list[j].votes > most) most = segment->places.list[j].votes;
        *strong += most >= ANL_LONG_STRONG;
    }
    return rc;
}

/* A segment where a place puts it, cut to its contig. */
static anl_anchor make_anchor(const anl_index *x, const anl_segment *segment, const anl_place *place)
{
    const int64_t at = anl_locate_at(segment, place);
    int64_t begin = at, end = at + segment->len;
    anl_index_clip(x, place->contig, &begin, &end);
    return (anl_anchor){.t = begin,
                        .q = (int32_t)(begin - place->start),
                        .len = (int32_t)(end - begin),
                        .weight = place->votes,
                        .group = 2 * place->contig + place->reverse};
}

static int make_anchors(const anl_index *x, const anl_segments *segments, anl_arena *arena, anl_anchors *out)
{
    int32_t n = 0;
    for (int32_t i = 0; i < segments->n; ++i) n += segments->list[i].places.n;
    if (!(out->list = anl_arena_alloc(arena, (size_t)n, sizeof *out->list))) return ANL_ENOMEM;
    for (int32_t i = 0; i < segments->n; ++i)
        for (int32_t j = 0; j < segments->list[i].places.n; ++j)
            out->list[out->n++] = make_anchor(x, &segments->list[i], &segments->list[i].places.list[j]);
    return ANL_OK;
}

/* The segments of all of of[n]. */
static anl_segment **all_of(const anl_segments *of, int n, anl_arena *arena, int32_t *count)
{
    *count = 0;
    for (int i = 0; i < n; ++i) *count += of[i].n;
    anl_segment **all = anl_arena_alloc(arena, (size_t)*count, sizeof(anl_segment *)), **to = all;
    for (int i = 0; i < n && all; ++i)
        for (int32_t j = 0; j < of[i].n; ++j) *to++ = &of[i].list[j];
    return all;
}

int anl_anchors_start(const anl_context *c, anl_scratch *s, const anl_read *const *reads, int n, anl_segments **out, int *taken)
{
    const int32_t window = c->index->window;
    int32_t count = 0;
    anl_segments *of = anl_arena_alloc(s->temporary, (size_t)n, sizeof *of);
    int rc = of ? ANL_OK : ANL_ENOMEM;
    for (*taken = 0; !rc && *taken < n && count < ANL_LONG_TOGETHER; ++*taken) {
        const anl_read *r = reads[*taken];
        const int32_t size = r->len < window ? r->len : window, segments = segments_of(r->len, size);
        of[*taken] = (anl_segments){0};
        rc = anl_locate_cut(&of[*taken], 0, r->seq, r->len, size, segments, s->temporary);
        count += segments;
    }
    anl_segment **all = rc ? NULL : all_of(of, *taken, s->temporary, &count);
    if (!rc && !all) rc = ANL_ENOMEM;
    if (!rc) rc = anl_locate_embed(c, s, anl_encoder_embed, all, count);
    if (!rc && !c->options->exhaustive) rc = anl_locate_usual(c, s, &anl_locate_long, all, count);
    *out = of;
    return rc;
}

int anl_anchors_find(const anl_context *c, anl_scratch *s, anl_segments *segments, int32_t len, anl_anchors *out)
{
    int32_t strong = 0, saturated = 0;
    int rc = ANL_OK;
    /* A long read has segments to spare: only where few are found is it worth going through more of the index. */
    const anl_effort first = c->options->exhaustive ? ANL_EFFORT_ALL : ANL_EFFORT_USUAL, last = first + (first == ANL_EFFORT_USUAL);
    for (anl_effort effort = first; effort <= last && !rc && strong * ANL_LONG_STRONG_SHARE < segments->n; ++effort) {
        rc = anl_locate_search(c, s, &anl_locate_long, segments, effort, &saturated);
        if (!rc) rc = vote(c, s, segments, &strong);
    }
    *out = (anl_anchors){.spacing = segments->n > 1 ? segments->list[1].offset - segments->list[0].offset : len,
                         .truncated = 2 * saturated > segments->n};
    return rc ? rc : make_anchors(c->index, segments, s->temporary, out);
}
