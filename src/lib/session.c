#include "anneal.h"

#include "align.h"
#include "base_code.h"

#include <stdlib.h>
#include <string.h>

struct anl_session {
    anl_aligner *aligner;
    anl_batch batch;
    anl_alignment *alignments;
    size_t cap;
};

int anl_session_open(anl_session **out, const char *index, const char *model, double insert_mean, double insert_sd)
{
    anl_align_options o = anl_align_options_default();
    if (insert_mean > 0) {
        o.insert_given = 1;
        anl_insert_given(&o.insert, insert_mean, insert_sd, 0, 0);
    }
    anl_session *s = anl_alloc(1, sizeof *s);
    if (!s) return ANL_ENOMEM;
    int rc = anl_batch_init(&s->batch);
    if (!rc) rc = anl_aligner_open(&s->aligner, index, model, &o);
    if (rc) {
        anl_session_close(s);
        return rc;
    }
    *out = s;
    return ANL_OK;
}

void anl_session_close(anl_session *s)
{
    if (!s) return;
    anl_aligner_free(s->aligner);
    anl_batch_free(&s->batch);
    free(s->alignments);
    free(s);
}

static int add_read(anl_batch *b, const anl_sequence *from, uint8_t mate)
{
    size_t len = strlen(from->bases);
    if (len > INT32_MAX) return anl_fail(ANL_EINVAL, "'%s': too long", from->name);
    uint8_t *seq = anl_arena_alloc(b->arena, len, 1);
    if (!seq) return ANL_ENOMEM;
    for (size_t i = 0; i < len; ++i) seq[i] = anl_base_code[(uint8_t)from->bases[i]];
    b->reads[b->n++] = (anl_read){.name = from->name, .seq = seq, .len = (int32_t)len, .mate = mate};
    return ANL_OK;
}

int anl_session_align(anl_session *s, const anl_sequence *read, const anl_sequence *mate, const anl_alignment **alignments, int *n)
{
    const anl_records *chunks;
    size_t n_chunks;
    anl_summary summary = {0};
    const anl_index *x = anl_aligner_index(s->aligner);
    s->batch.n = 0;
    anl_arena_reset(s->batch.arena);
    int rc = anl_grow(&s->batch.reads, &s->batch.cap, 2, sizeof *s->batch.reads);
    if (!rc) rc = add_read(&s->batch, read, mate ? 1 : 0);
    if (!rc && mate) rc = add_read(&s->batch, mate, 2);
    if (!rc) rc = anl_aligner_batch(s->aligner, &s->batch, &chunks, &n_chunks, &summary);
    if (!rc) rc = anl_grow(&s->alignments, &s->cap, chunks[0].n, sizeof *s->alignments);
    if (rc) return rc;
    for (size_t i = 0; i < chunks[0].n; ++i) {
        const anl_record *r = &chunks[0].records[i];
        s->alignments[i] = (anl_alignment){.contig = r->tid < 0 ? NULL : x->contigs[r->tid].name, .pos = r->pos, .flag = r->flag,
                                           .mapq = r->mapq, .cigar = r->cigar, .n_cigar = r->n_cigar,
                                           .score = r->as == INT32_MIN ? 0 : r->as, .second = r->xs == INT32_MIN ? 0 : r->xs,
                                           .nm = r->nm, .md = r->md, .mate = r->read->mate == 2, .tlen = r->tlen};
    }
    *alignments = s->alignments;
    *n = (int)chunks[0].n;
    return ANL_OK;
}

int anl_session_contigs(const anl_session *s)
{
    return anl_aligner_index(s->aligner)->n_contigs;
}

const char *anl_session_contig(const anl_session *s, int i, int64_t *len)
{
    const anl_index *x = anl_aligner_index(s->aligner);
    int inside = i >= 0 && i < x->n_contigs;
    *len = inside ? x->contigs[i].len : 0;
    return inside ? x->contigs[i].name : NULL;
}
