#include "prove.h"

#include "align_tuning.h"
#include "mapq.h"
#include "proof.h"
#include "unique.h"

enum {
    WORDS = (ANL_LONG_READ + 63) / 64,
    PREFETCHED = 512, /* bp of the uniqueness map in a line of the cache */
};

/* The bases of the diagonal that base 0 of the oriented read has at `start`, whose uniqueness is asked for next; 0 where the contig does not hold
 * all of it. */
static int fetch_to_prove(const anl_index *x, int32_t contig, int64_t start, int32_t len, uint8_t target[ANL_LONG_READ])
{
    if (!anl_index_holds(x, contig, start, start + len)) return 0;
    for (int64_t at = start; at < start + len; at += PREFETCHED) __builtin_prefetch(x->unique + at / 64);
    anl_index_fetch(x, start, start + len, target);
    return 1;
}

anl_proof anl_prove(const anl_context *c, const anl_query *q, const anl_place *place)
{
    const anl_index *x = c->index;
    const int32_t len = q->read->len;
    const uint8_t *query = q->strand[place->reverse];
    uint8_t target[ANL_LONG_READ];
    uint64_t differ[WORDS], kmers[WORDS] = {0};
    if (!fetch_to_prove(x, place->contig, place->start, len, target)) return (anl_proof){0};
    anl_extend_params params = c->options->align;
    anl_extension e;
    params.clip5 = params.clip3 = 0;
    const int32_t mismatches = c->kernels->sw.mismatches(query, target, len, differ);
    if (mismatches > ANL_PROOF_MISMATCHES) return (anl_proof){0};
    anl_extend_differ(&params, query, target, len, differ, &e);
    anl_proof_add(x->unique, x->unique_k, &(anl_proof_run){differ, 0, len, place->start}, kmers);
    const anl_proof_params p = {.score = params.score, .k = x->unique_k, .most_n = ANL_UNIQUE_MOST_N};
    return (anl_proof){.score = e.score,
                       .bound = anl_proof_bound(&p, kmers, len),
                       .mismatches = mismatches,
                       .last = e.qend,
                       .straight = mismatches <= ANL_UNGAPPED_MISMATCHES || anl_proof_is_straight(&p, differ, kmers, len)};
}

/* ---- one gap ---- */

/* A read that begins on one diagonal and ends on another one. */
typedef struct bend {
    int64_t start[2];         /* of the diagonals */
    const uint8_t *target[2]; /* their bases, as many as the read has */
    int32_t at, inserted;     /* bases on the first one; bases on none, behind them */
    int32_t score;            /* 0: too many bases differ wherever it bends */
} bend;

static inline int32_t differs(const uint64_t *bits, int32_t i)
{
    return (int32_t)(bits[i / 64] >> i % 64 & 1);
}

/* Bends a read where the fewest bases differ. */
static void bend_best(const anl_context *c, const uint8_t *query, int32_t len, bend *b)
{
    const anl_sw_params *s = &c->options->align.score;
    const int32_t shift = (int32_t)(b->start[1] - b->start[0]), deleted = shift > 0 ? shift : 0, inserted = shift < 0 ? -shift : 0;
    uint64_t first[WORDS], second[WORDS];
    c->kernels->sw.mismatches(query, b->target[0], len, first);
    int32_t differ = c->kernels->sw.mismatches(query, b->target[1], len, second), least = len;
    for (int32_t i = 0; i <= inserted && i < len; ++i) differ -= differs(second, i);
    /* Bases [0, i) on the first diagonal, those from i + inserted on on the second one. */
    for (int32_t i = 1; i + inserted < len; ++i) {
        differ += differs(first, i - 1);
        if (differ < least) least = differ, b->at = i;
        differ -= differs(second, i + inserted);
    }
    b->inserted = inserted;
    b->score = least > ANL_PROOF_MISMATCHES
                   ? 0
                   : (len - inserted) * s->match - least * (s->match + s->mismatch) -
                         (deleted ? s->del_open + deleted * s->del_extend : s->ins_open + inserted * s->ins_extend);
}

/* The k-mers of both parts. */
static void add_parts(const anl_context *c, const uint8_t *query, int32_t len, const bend *b, uint64_t *kmers)
{
    const anl_index *x = c->index;
    const int32_t from[2] = {0, b->at + b->inserted}, n[2] = {b->at, len - b->at - b->inserted};
    for (int part = 0; part < 2; ++part) {
        uint64_t differ[WORDS];
        c->kernels->sw.mismatches(query + from[part], b->target[part] + from[part], n[part], differ);
        anl_proof_add(x->unique, x->unique_k, &(anl_proof_run){differ, from[part], n[part], b->start[part] + from[part]}, kmers);
    }
}

anl_proof anl_prove_bent(const anl_context *c, const anl_query *q, const anl_place *place)
{
    const anl_index *x = c->index;
    const int32_t len = q->read->len, beside[2] = {place->lo, place->hi};
    const uint8_t *query = q->strand[place->reverse];
    uint8_t targets[3][ANL_LONG_READ];
    bend best = {.score = 0};
    uint64_t kmers[WORDS] = {0};
    if (!fetch_to_prove(x, place->contig, place->start, len, targets[0])) return (anl_proof){0};
    for (int side = 0; side < 2; ++side) {
        const int64_t other = place->start + beside[side];
        if (!beside[side] || !fetch_to_prove(x, place->contig, other, len, targets[1 + side])) continue;
        for (int turned = 0; turned < 2; ++turned) {
            bend b = {.start = {place->start, other}, .target = {targets[0], targets[1 + side]}};
            if (turned) b.start[0] = other, b.start[1] = place->start, b.target[0] = targets[1 + side], b.target[1] = targets[0];
            bend_best(c, query, len, &b);
            if (b.score > best.score) best = b;
        }
    }
    if (!best.score) return (anl_proof){0};
    add_parts(c, query, len, &best, kmers);
    const anl_proof_params p = {.score = c->options->align.score, .k = x->unique_k, .most_n = ANL_UNIQUE_MOST_N};
    return (anl_proof){.score = best.score, .bound = anl_proof_bound(&p, kmers, len), .mismatches = len};
}

int anl_proof_suffices(const anl_align_options *o, const anl_query *q, const anl_proof *p)
{
    const anl_evidence best = {
        .score = p->score, .second = p->bound, .span = q->read->len, .match = o->align.score.match, .mismatch = o->align.score.mismatch};
    return (!q->read->mate || p->score - p->bound > o->unpaired) && anl_mapq(&best) == ANL_MAPQ_MAX;
}
