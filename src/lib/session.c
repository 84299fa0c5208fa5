#include "session.h"

#include "base_code.h"
#include "option.h"

#include <stdlib.h>
#include <string.h>

static int apply(const anl_setting *settings, size_t n, anl_align_options *o, const char **model)
{
    int rc = ANL_OK;
    for (size_t i = 0; i < n && !rc; ++i) {
        if (!strcmp(settings[i].name, "model"))
            *model = settings[i].value;
        else
            rc = anl_options_set(&anl_align_option_table, settings[i].name, settings[i].value, o);
    }
    return rc;
}

int anl_session_open(anl_session **out, const char *index, const anl_setting *settings, size_t n)
{
    anl_align_options o = anl_align_options_default();
    const char *model = NULL;
    int rc = apply(settings, n, &o, &model);
    if (rc) return rc;
    anl_session *s = anl_alloc(1, sizeof *s);
    if (!s) return ANL_ENOMEM;
    s->threads = o.threads;
    s->caller = pthread_self();
    rc = anl_batch_init(&s->batch);
    if (!rc) rc = anl_threads_start(o.threads);
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
    anl_vectors_free(s->vectors);
    free(s->alignments);
    free(s->reference);
    free(s->letters);
    free(s->cs);
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

int anl_threads_of_session(anl_session *s)
{
    if (pthread_equal(s->caller, pthread_self())) return ANL_OK;
    const int rc = anl_threads_start(s->threads);
    if (!rc) s->caller = pthread_self();
    return rc;
}

static int fill_batch(anl_session *s, const anl_sequence *reads, const anl_sequence *mates, size_t n)
{
    s->batch.n = 0;
    s->paired = mates != NULL;
    anl_arena_reset(s->batch.arena);
    int rc = n > SIZE_MAX / 2 ? anl_fail(ANL_EINVAL, "too many reads") : ANL_OK;
    if (!rc) rc = anl_grow(&s->batch.reads, &s->batch.cap, mates ? 2 * n : n, sizeof *s->batch.reads);
    for (size_t i = 0; i < n && !rc; ++i) {
        rc = add_read(&s->batch, &reads[i], mates ? 1 : 0);
        if (!rc && mates) rc = add_read(&s->batch, &mates[i], 2);
    }
    return rc;
}

const anl_read *anl_read_of_alignment(const anl_session *s, const anl_alignment *a)
{
    return &s->batch.reads[a->read * (s->paired ? 2 : 1) + a->mate];
}

static int add_alignment(anl_session *s, const anl_record *r, anl_alignment *to)
{
    const anl_index *x = anl_aligner_index(s->aligner);
    *to = (anl_alignment){.read = (r->read - s->batch.reads) / (s->paired ? 2 : 1),
                          .contig = r->tid < 0 ? NULL : x->contigs[r->tid].name,
                          .contig_number = r->tid,
                          .pos = r->pos,
                          .end = r->pos,
                          .flag = r->flag,
                          .mapq = r->mapq,
                          .cigar = r->cigar,
                          .n_cigar = r->n_cigar,
                          .score = r->as == INT32_MIN ? 0 : r->as,
                          .second = r->xs == INT32_MIN ? 0 : r->xs,
                          .nm = r->nm,
                          .md = r->md,
                          .mate = r->read->mate == 2,
                          .tlen = r->tlen};
    return to->n_cigar ? anl_measure_alignment(s, to) : ANL_OK;
}

int anl_session_align_batch(anl_session *s, const anl_sequence *reads, const anl_sequence *mates, size_t n_reads,
                            const anl_alignment **alignments, size_t *n)
{
    const anl_records *chunks;
    size_t n_chunks = 0, total = 0, at = 0;
    anl_summary summary = {0};
    int rc = anl_threads_of_session(s);
    if (!rc) rc = fill_batch(s, reads, mates, n_reads);
    if (!rc) rc = anl_aligner_batch(s->aligner, &s->batch, &chunks, &n_chunks, &summary);
    if (!rc) rc = anl_aligner_check(s->aligner); /* what is handed out cannot be taken back */
    for (size_t i = 0; i < n_chunks && !rc; ++i) total += chunks[i].n;
    if (!rc) rc = anl_grow(&s->alignments, &s->cap, total, sizeof *s->alignments);
    for (size_t i = 0; i < n_chunks && !rc; ++i)
        for (size_t j = 0; j < chunks[i].n && !rc; ++j) rc = add_alignment(s, &chunks[i].records[j], &s->alignments[at++]);
    if (rc) return rc;
    *alignments = s->alignments;
    *n = total;
    return ANL_OK;
}

int anl_session_align(anl_session *s, const anl_sequence *read, const anl_sequence *mate, const anl_alignment **alignments, size_t *n)
{
    return anl_session_align_batch(s, read, mate, 1, alignments, n);
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

int anl_session_contig_is_alt(const anl_session *s, int i)
{
    const anl_index *x = anl_aligner_index(s->aligner);
    return i >= 0 && i < x->n_contigs && x->contigs[i].alt;
}

int anl_session_fetch(const anl_session *s, int i, int64_t begin, int64_t end, char *out)
{
    const anl_index *x = anl_aligner_index(s->aligner);
    if (i < 0 || i >= x->n_contigs) return anl_fail(ANL_EINVAL, "contig %d: there are %d", i, x->n_contigs);
    if (begin < 0 || end < begin || end > x->contigs[i].len)
        return anl_fail(ANL_EINVAL, "%s:%lld-%lld: must lie in 0-%lld", x->contigs[i].name, (long long)begin, (long long)end,
                        (long long)x->contigs[i].len);
    anl_index_letters(x, x->contig_begin[i] + begin, x->contig_begin[i] + end, out);
    return ANL_OK;
}
