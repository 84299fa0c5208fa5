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

static int settle(anl_settler *f, int number, const anl_place *place, int32_t bound)
{
    anl_query *q = &f->queries[number];
    q->settled = 1;
    q->place = *place;
    q->bound = bound;
    return anl_candidates_add_place(f->c, f->queries, number, place, f->queue, f->s->temporary); /* moved with what search finds */
}

/* ---- probes ---- */

/* The probes of a read on both strands. */
typedef struct probes {
    anl_probe list[2][ANL_PROBES];
    int n[2];
} probes;

static void cut_probes(const anl_query *q, probes *out)
{
    for (int reverse = 0; reverse < 2; ++reverse) out->n[reverse] = anl_probe_cut(q->strand[reverse], q->read->len, out->list[reverse]);
}

/* Settles a read where a probe says that base 0 of it lies in [begin, end) of one contig, on that strand, if that proves the place and no gap
 * beyond the band of a place without votes can give a better score there. */
static int settle_by_probes(anl_settler *f, int number, const probes *p, int reverse, int32_t contig, int64_t begin, int64_t end)
{
    const anl_query *q = &f->queries[number];
    const anl_align_options *o = f->c->options;
    const anl_sw_params *score = &o->align.score;
    const int32_t del = score->del_open + (ANL_GAP_ROOM + 1) * score->del_extend,
                  ins = score->ins_open + (ANL_GAP_ROOM + 1) * score->ins_extend;
    if (anl_index_is_alt(f->c->index, contig)) return ANL_OK; /* it must be known what the primary assembly has */
    const int64_t behind_last = f->c->index->contig_begin[contig + 1] - q->read->len + 1; /* the contig holds the whole read */
    anl_place place = {.contig = contig, .reverse = (uint8_t)reverse, .start = -1};
    anl_index_clip(f->c->index, contig, &begin, &end);
    if (end > behind_last) end = behind_last;
    for (int i = 0; i < p->n[reverse] && begin < end; ++i) {
        const anl_probe *probe = &p->list[reverse][i];
        const anl_probe_stretch in = {begin + probe->offset, end - begin};
        const int64_t at = anl_probe_find(&f->c->kernels->kmer, f->c->index->bases, anl_index_packed(f->c->index), &in, probe->key);
        if (at < 0 || at - probe->offset == place.start) continue;
        place.start = at - probe->offset;
        const anl_proof proof = anl_prove(f->c, q, &place);
        if (q->read->len * score->match - proof.score > (del < ins ? del : ins) || !anl_proof_suffices(o, q, &proof)) continue;
        return settle(f, number, &place, 0);
    }
    return ANL_OK;
}

int anl_settle_at_hits(anl_settler *f, const anl_segment *segment)
{
    const anl_index *x = f->c->index;
    const anl_query *q = &f->queries[segment->sequence];
    probes p;
    int rc = ANL_OK;
    cut_probes(q, &p);
    for (int32_t h = 0; h < segment->near.n && h < ANL_PROBED && !q->settled && !rc; ++h) {
        const int64_t pos = anl_index_window_pos(x, segment->near.hits[h].window), expected = pos + (x->window - segment->len) / 2;
        const int32_t contig = anl_index_contig_at(x, pos);
        for (int reverse = 0; reverse < 2 && !q->settled && !rc; ++reverse) {
            const int32_t before = reverse ? segment->sequence_len - segment->offset - segment->len : segment->offset;
            rc = settle_by_probes(f, segment->sequence, &p, reverse, contig, expected - before - x->stride,
                                  expected - before + x->stride + 1);
        }
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
    probes p;
    int rc = ANL_OK;
    cut_probes(mate, &p);
    for (int o = 0; o < ANL_N_ORIENTATIONS && !rc && !mate->settled; ++o) {
        anl_mate_region region;
        if (anl_pair_region(f->inserts, (anl_orientation)o, f->c->index, here, &at, mate->read, &region))
            rc = settle_by_probes(f, to, &p, region.reverse, here->place.contig, region.begin, region.end);
    }
    if (mate->settled) ++f->counts->proven_beside_mate;
    return rc;
}

int anl_settle_beside(anl_settler *f, int from)
{
    anl_query *here = &f->queries[from];
    const int to = here->read->mate == 1 ? from + 1 : from - 1;
    anl_query *q = &f->queries[to];
    anl_places near = {0};
    if (f->c->options->no_rescue || !here->read->mate || !here->settled || here->bound || q->settled || here->looked ||
        anl_read_is_long(q->read))
        return ANL_OK;
    here->looked = 1;
    int rc = probe_beside(f, here, to);
    if (!rc && !q->settled) rc = anl_settle_vote_beside(f, here, &here->place, q, &near);
    int32_t best = 0, others = 0;
    for (int32_t i = 0; i < near.n; ++i) {
        if (near.list[i].votes > near.list[best].votes) best = i;
        if (near.list[i].other > others) others = near.list[i].other;
    }
    for (int32_t i = 0; i < near.n; ++i)
        if (i != best && near.list[i].votes > others) others = near.list[i].votes;
    if (rc || !near.n) return rc;
    const anl_place *place = &near.list[best];
    const anl_candidate at = candidate_at(&here->place), there = candidate_at(place);
    anl_proof proof = anl_prove(f->c, q, place);
    if (place->lo < place->hi && !anl_proof_suffices(f->c->options, q, &proof)) {
        const anl_proof bent = anl_prove_bent(f->c, q, place);
        if (bent.score - bent.bound > proof.score - proof.bound) proof = bent;
    }
    if (anl_proof_suffices(f->c->options, q, &proof)) {
        ++f->counts->proven_beside_mate;
        return settle(f, to, place, 0);
    }
    if (f->c->options->no_pairing || f->c->index->n_alts || /* the bound may be that of ALT contigs, which must not count */
        others * ANL_WEAK_PLACE > place->votes || !anl_pair_settles(f->c->options, f->inserts, here, &at, q, &there, &proof))
        return ANL_OK;
    ++f->counts->settled_by_mate;
    return settle(f, to, place, proof.bound);
}
