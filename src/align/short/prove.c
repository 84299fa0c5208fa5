#include "prove.h"

#include "align_tuning.h"
#include "mapq.h"
#include "proof.h"
#include "unique.h"

enum {
    WORDS = (ANL_LONG_READ + 63) / 64,
    PREFETCHED = 512, /* bp of the uniqueness map in a line of the cache */
};

anl_proof anl_prove(const anl_context *c, const anl_query *q, const anl_place *place)
{
    const anl_index *x = c->index;
    const int32_t len = q->read->len;
    const uint8_t *query = q->strand[place->reverse];
    uint8_t target[ANL_LONG_READ];
    uint64_t differ[WORDS], kmers[WORDS] = {0};
    int64_t begin = place->start, end = place->start + len;
    anl_index_clip(x, place->contig, &begin, &end);
    if (end - begin != len) return (anl_proof){0};
    for (int64_t at = begin; at < end; at += PREFETCHED) __builtin_prefetch(x->unique + at / 64);
    anl_index_fetch(x, begin, end, target);
    anl_extend_params params = c->options->align;
    anl_extension e;
    params.clip5 = params.clip3 = 0;
    const int32_t mismatches = c->kernels->sw.mismatches(query, target, len, differ);
    if (mismatches > ANL_PROOF_MISMATCHES) return (anl_proof){0};
    anl_extend_differ(&params, query, target, len, differ, &e);
    anl_proof_add(x->unique, x->unique_k, &(anl_proof_run){differ, 0, len, begin}, kmers);
    const anl_proof_params p = {.score = params.score, .k = x->unique_k, .most_n = ANL_UNIQUE_MOST_N};
    return (anl_proof){e.score, anl_proof_bound(&p, kmers, len), mismatches, e.qend};
}

int anl_proof_suffices(const anl_align_options *o, const anl_query *q, const anl_proof *p)
{
    const anl_evidence best = {
        .score = p->score, .second = p->bound, .span = q->read->len, .match = o->align.score.match, .mismatch = o->align.score.mismatch};
    return (!q->read->mate || p->score - p->bound > o->unpaired) && anl_mapq(&best) == ANL_MAPQ_MAX;
}
