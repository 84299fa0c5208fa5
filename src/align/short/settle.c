#include "settle.h"

#include "align_tuning.h"
#include "pair.h"
#include "probe.h"

#include <stdlib.h>

anl_settler anl_settler_of(const anl_context *c, anl_scratch *s, const anl_insert_model *inserts, anl_sw_queue *queue, anl_query *queries,
                           int n, anl_arena *results, anl_find_counts *counts)
{
    anl_settler f = {.c = c,
                     .s = s,
                     .params = anl_locate_short,
                     .inserts = inserts,
                     .queue = queue,
                     .queries = queries,
                     .n = n,
                     .results = results,
                     .counts = counts};
    f.params.k *= c->options->candidates;
    queue->n = 0;
    return f;
}

static int settle(anl_settler *f, int number, const anl_place *place, const anl_proof *proof, int32_t bound)
{
    anl_query *q = &f->queries[number];
    q->settled = 1;
    q->place = *place;
    q->bound = bound;
    return anl_candidates_add_proven(f->c, f->queries, number, place, proof, f->queue, f->s->temporary); /* moved with what search finds */
}

/* ---- probes ---- */

/* The probes of a read on each strand, cut when they are needed. */
typedef struct probes {
    anl_probe list[2][ANL_PROBES];
    enum { NOT_CUT, CUT, WITH_N } state[2][ANL_PROBES];
} probes;

/* NULL: it holds an N. */
static const anl_probe *probe_of(probes *p, const anl_query *q, int reverse, int i)
{
    anl_probe *probe = &p->list[reverse][i];
    if (p->state[reverse][i] == NOT_CUT) p->state[reverse][i] = anl_probe_cut(q->strand[reverse], q->read->len, i, probe) ? CUT : WITH_N;
    return p->state[reverse][i] == CUT ? probe : NULL;
}

/* Remembers where a read that is not proven has the best score; of equal ones where others can have the least, then the first that was found. */
static void remember(anl_query *q, const anl_place *place, const anl_proof *proof)
{
    const anl_proof *known = &q->guess.proof;
    if (proof->score > known->score || (proof->score == known->score && proof->bound < known->bound))
        q->guess = (anl_guess){.place = *place, .proof = *proof};
}

/* Where base 0 of a read is looked for on one strand. */
typedef struct stretch {
    int64_t begin, end; /* joined coordinates of one contig; empty: it is not */
    int64_t tried;      /* where the last probe said that it lies, which is not proven; -1: none has */
    int32_t contig;
} stretch;

/* Of [begin, end) what lets the contig hold the whole read; nothing of an ALT contig, as it must be known what the primary assembly has. */
static stretch stretch_of(const anl_index *x, const anl_query *q, int32_t contig, int64_t begin, int64_t end)
{
    const int64_t behind_last = x->contig_begin[contig + 1] - q->read->len + 1;
    if (anl_index_is_alt(x, contig)) return (stretch){0};
    anl_index_clip(x, contig, &begin, &end);
    return (stretch){begin, end < behind_last ? end : behind_last, -1, contig};
}

/* Settles a read if that proves the place, on its diagonal or from its lowest to its highest one, and no gap beyond its band can give a better score
 * there; remembers the place if not. */
static int settle_if_proven(anl_settler *f, int number, const anl_place *place)
{
    anl_query *q = &f->queries[number];
    const anl_align_options *o = f->c->options;
    const anl_sw_params *score = &o->align.score;
    const int32_t del = score->del_open + (ANL_GAP_ROOM + 1) * score->del_extend,
                  ins = score->ins_open + (ANL_GAP_ROOM + 1) * score->ins_extend;
    const anl_proof proof = place->lo == place->hi ? anl_prove(f->c, q, place) : anl_prove_bent(f->c, q, place);
    if (q->read->len * score->match - proof.score > (del < ins ? del : ins)) return ANL_OK;
    if (anl_proof_suffices(o, q, &proof)) return settle(f, number, place, &proof, 0);
    remember(q, place, &proof);
    return ANL_OK;
}

/* Tries where a probe says that a read begins: there, and with a gap where another one has said that it begins a few bases away. */
static int try_start(anl_settler *f, int number, int reverse, stretch *s, int64_t start)
{
    anl_place place = {.contig = s->contig, .reverse = (uint8_t)reverse, .start = start};
    const int64_t before = s->tried;
    s->tried = start;
    const int rc = settle_if_proven(f, number, &place);
    if (rc || f->queries[number].settled || before < 0 || llabs(before - start) > ANL_GAP_ROOM) return rc;
    *(before < start ? &place.lo : &place.hi) = (int32_t)(before - start);
    return settle_if_proven(f, number, &place);
}

/* Settles a read where a probe says that it lies in one of two stretches, one for each strand, if that is so. Both strands by turns: the read is on one
 * of them, and its first probe is without errors most often. Where it is proven there is no other place, so that it makes no difference where it
 * is looked for first. */
static int settle_by_probes(anl_settler *f, int number, probes *p, stretch in[2])
{
    const anl_index *x = f->c->index;
    const anl_query *q = &f->queries[number];
    int rc = ANL_OK;
    for (int i = 0; i < 2 * ANL_PROBES && !q->settled && !rc; ++i) {
        const int reverse = i % 2;
        stretch *s = &in[reverse];
        const anl_probe *probe = s->begin < s->end ? probe_of(p, q, reverse, i / 2) : NULL;
        if (!probe) continue;
        const anl_probe_stretch at = {s->begin + probe->offset, s->end - s->begin};
        const int64_t found = anl_probe_find(&f->c->kernels->kmer, x->bases, anl_index_packed(x), &at, probe->key);
        if (found < 0 || found - probe->offset == s->tried) continue;
        rc = try_start(f, number, reverse, s, found - probe->offset);
    }
    return rc;
}

void anl_settle_prefetch(const anl_settler *f, const anl_segment *segment)
{
    enum { LINE = 64 /* bytes of the cache: what is unique of 512 bases */ };
    const anl_index *x = f->c->index;
    for (int32_t h = 0; h < segment->near.n && h < ANL_FETCHED; ++h) {
        const int64_t begin = anl_index_window_pos(x, segment->near.hits[h].window), end = begin + x->window;
        anl_index_prefetch(x, begin, end);
        for (int64_t at = begin / (8 * LINE); at * 8 * LINE < end; ++at) __builtin_prefetch(x->unique + at * (LINE / 8));
    }
}

int anl_settle_at_hits(anl_settler *f, const anl_segment *segment, int32_t most)
{
    const anl_index *x = f->c->index;
    const anl_query *q = &f->queries[segment->sequence];
    probes p = {.state = {{NOT_CUT}}};
    int rc = ANL_OK;
    for (int32_t h = 0; h < segment->near.n && h < most && !q->settled && !rc; ++h) {
        const int64_t pos = anl_index_window_pos(x, segment->near.hits[h].window), expected = pos + (x->window - segment->len) / 2;
        const int32_t contig = anl_index_contig_at(x, pos);
        stretch in[2];
        for (int reverse = 0; reverse < 2; ++reverse) {
            const int64_t first = expected - (reverse ? segment->sequence_len - segment->offset - segment->len : segment->offset);
            in[reverse] = stretch_of(x, q, contig, first - x->stride, first + x->stride + 1);
        }
        rc = settle_by_probes(f, segment->sequence, &p, in);
    }
    return rc;
}

/* ---- beside a mate ---- */

static anl_candidate candidate_at(const anl_place *place)
{
    return (anl_candidate){.start = place->start, .contig = place->contig, .reverse = place->reverse};
}

int anl_settle_vote_beside(anl_settler *f, const anl_query *here, const anl_place *place, const anl_query *mate, anl_places *out)
{
    const anl_candidate at = candidate_at(place);
    int rc = ANL_OK;
    for (int o = 0; o < ANL_N_ORIENTATIONS && !rc; ++o) {
        anl_mate_region region;
        if (anl_pair_region(f->inserts, (anl_orientation)o, f->c->index, here, &at, mate->read, &region))
            rc = anl_locate_region(f->c->index, f->s->voter, &f->params, mate->strand[0], mate->read->len, region.begin, region.end, out,
                                   f->s->temporary);
    }
    return rc;
}

static int probe_beside(anl_settler *f, const anl_query *here, int to)
{
    const anl_query *mate = &f->queries[to];
    const anl_candidate at = candidate_at(&here->place);
    probes p = {.state = {{NOT_CUT}}};
    int rc = ANL_OK;
    for (int o = 0; o < ANL_N_ORIENTATIONS && !rc && !mate->settled; ++o) {
        anl_mate_region region;
        stretch in[2] = {{0}};
        if (!anl_pair_region(f->inserts, (anl_orientation)o, f->c->index, here, &at, mate->read, &region)) continue;
        in[region.reverse] = stretch_of(f->c->index, mate, here->place.contig, region.begin, region.end);
        rc = settle_by_probes(f, to, &p, in);
    }
    if (mate->settled) ++f->counts->proven_beside_mate;
    return rc;
}

/* The place of `mate` with the most votes where the insert sizes put it beside `here`, which lies at `at`; no votes: there is none. *others: the most
 * votes that another place or diagonal there has. */
static int best_beside(anl_settler *f, const anl_query *here, const anl_place *at, const anl_query *mate, anl_place *best, int32_t *others)
{
    anl_places near = {0};
    int rc = anl_settle_vote_beside(f, here, at, mate, &near);
    int32_t first = 0;
    *best = (anl_place){.votes = 0};
    *others = 0;
    for (int32_t i = 0; i < near.n; ++i) {
        if (near.list[i].votes > near.list[first].votes) first = i;
        if (near.list[i].other > *others) *others = near.list[i].other;
    }
    for (int32_t i = 0; i < near.n; ++i)
        if (i != first && near.list[i].votes > *others) *others = near.list[i].votes;
    if (near.n) *best = near.list[first];
    return rc;
}

/* What a read has at a place that votes found, with a gap where that proves more. */
static anl_proof prove_place(const anl_settler *f, const anl_query *q, const anl_place *place)
{
    const anl_proof proof = anl_prove(f->c, q, place);
    if (place->lo == place->hi || anl_proof_suffices(f->c->options, q, &proof)) return proof;
    const anl_proof bent = anl_prove_bent(f->c, q, place);
    return bent.score - bent.bound > proof.score - proof.bound ? bent : proof;
}

/* Whether a place that stands out beside a mate may be settled by its bound: that may be of ALT contigs, which must not count. */
static int stands_out(const anl_settler *f, const anl_place *place, int32_t others)
{
    return !f->c->options->no_pairing && !f->c->index->n_alts && others * ANL_WEAK_PLACE <= place->votes;
}

int anl_settle_beside(anl_settler *f, int from)
{
    anl_query *here = &f->queries[from];
    const int to = anl_query_mate(here, from);
    anl_query *q = &f->queries[to];
    anl_place place;
    int32_t others;
    if (f->c->options->no_rescue || !here->read->mate || !here->settled || here->bound || q->settled || here->looked ||
        anl_read_is_long(q->read))
        return ANL_OK;
    here->looked = 1;
    int rc = probe_beside(f, here, to);
    if (rc || q->settled) return rc;
    rc = best_beside(f, here, &here->place, q, &place, &others);
    if (rc || !place.votes) return rc;
    const anl_proof proof = prove_place(f, q, &place);
    if (anl_proof_suffices(f->c->options, q, &proof)) {
        ++f->counts->proven_beside_mate;
        return settle(f, to, &place, &proof, 0);
    }
    const anl_candidate at = candidate_at(&here->place), there = candidate_at(&place);
    if (!stands_out(f, &place, others) || !anl_pair_settles(f->c->options, f->inserts, here, &at, q, &there, &proof)) return ANL_OK;
    ++f->counts->settled_by_mate;
    return settle(f, to, &place, &proof, proof.bound);
}

/* ---- together ---- */

/* Whether a read's place `here` stands out where the insert sizes put it beside its mate `there`. */
static int stands_out_beside(anl_settler *f, const anl_query *mate, const anl_place *there, const anl_query *q, const anl_place *here,
                             int *yes)
{
    anl_place best;
    int32_t others;
    const int rc = best_beside(f, mate, there, q, &best, &others);
    *yes = best.votes && best.contig == here->contig && best.reverse == here->reverse &&
           llabs(best.start - here->start) <= q->read->len / ANL_SAME_PLACE && stands_out(f, &best, others);
    return rc;
}

int anl_settle_together(anl_settler *f, int from)
{
    anl_query *here = &f->queries[from];
    const int to = anl_query_mate(here, from);
    const anl_query *mate = &f->queries[to];
    anl_guess *guess = &here->guess;
    anl_place place;
    int32_t others;
    int yes = 0;
    if (f->c->options->no_rescue || !here->read->mate || here->settled || mate->settled || !guess->proof.score || guess->looked ||
        anl_read_is_long(mate->read))
        return ANL_OK;
    guess->looked = 1;
    int rc = best_beside(f, here, &guess->place, mate, &place, &others);
    if (rc || !place.votes || !stands_out(f, &place, others)) return rc;
    const anl_proof proof = prove_place(f, mate, &place);
    const anl_candidate at = candidate_at(&guess->place), there = candidate_at(&place);
    if (!anl_pair_is_proven(f->c->options, f->inserts, (const anl_query *[2]){here, mate}, (const anl_candidate *[2]){&at, &there},
                            (const anl_proof *[2]){&guess->proof, &proof}))
        return ANL_OK;
    rc = stands_out_beside(f, mate, &place, here, &guess->place, &yes);
    if (rc || !yes) return rc;
    f->counts->proven_together += 2;
    rc = settle(f, from, &guess->place, &guess->proof, guess->proof.bound);
    return rc ? rc : settle(f, to, &place, &proof, proof.bound);
}
