/* What an alignment says beyond its record: where it lies in the read, what it counts, and its difference string. */
#include "session.h"

#include "cigar.h"
#include "cs_text.h"

/* The part of an alignment that is still to be walked: bases of the read in the contig's direction, bases of the contig. */
typedef struct walk {
    const anl_read *read;
    const uint8_t *reference;
    int64_t q, r;
    int reverse;
} walk;

static int read_is_ambiguous(const walk *w, int64_t i)
{
    return w->read->seq[w->reverse ? w->read->len - 1 - (w->q + i) : w->q + i] > 3;
}

static int64_t count_ambiguous(walk *w, anl_cigar_op op, int64_t n)
{
    const int of_read = anl_cigar_takes_query(op), of_contig = anl_cigar_takes_target(op);
    int64_t found = 0;
    for (int64_t i = 0; i < n; ++i) found += (of_contig && w->reference[w->r + i] > 3) || (of_read && read_is_ambiguous(w, i));
    return found;
}

static int fetch_reference(anl_session *s, const anl_alignment *a)
{
    const anl_index *x = anl_aligner_index(s->aligner);
    const int64_t begin = x->contig_begin[a->contig_number];
    int rc = anl_grow(&s->reference, &s->reference_cap, (size_t)(a->end - a->pos), 1);
    if (!rc) anl_index_fetch(x, begin + a->pos, begin + a->end, s->reference);
    return rc;
}

int anl_measure_alignment(anl_session *s, anl_alignment *a)
{
    walk w = {.read = anl_read_of_alignment(s, a), .reverse = a->flag >> 4 & 1};
    int64_t clips[2] = {0}, query = 0;
    for (int32_t i = 0; i < a->n_cigar; ++i) {
        const anl_cigar_op op = anl_cigar_op_of(a->cigar[i]);
        const int64_t n = anl_cigar_len_of(a->cigar[i]);
        if (anl_cigar_is_clip(op)) clips[i > 0] = n;
        if (anl_cigar_takes_query(op)) query += n;
        if (anl_cigar_takes_target(op)) a->end += n;
        if (!anl_cigar_is_clip(op)) a->length += n;
    }
    a->matches = a->length - a->nm;
    a->q_begin = (int32_t)clips[w.reverse];
    a->q_end = (int32_t)(a->q_begin + query);
    if (!a->nm) return ANL_OK; /* an ambiguous base is a difference */
    int rc = fetch_reference(s, a);
    if (rc) return rc;
    w.reference = s->reference;
    for (int32_t i = 0; i < a->n_cigar; ++i) {
        const anl_cigar_op op = anl_cigar_op_of(a->cigar[i]);
        const int64_t n = anl_cigar_len_of(a->cigar[i]);
        if (!anl_cigar_is_clip(op)) a->ambiguous += count_ambiguous(&w, op, n);
        if (anl_cigar_takes_query(op) || anl_cigar_is_clip(op)) w.q += n;
        if (anl_cigar_takes_target(op)) w.r += n;
    }
    return ANL_OK;
}

int anl_session_cs(anl_session *s, const anl_alignment *a, const char **cs)
{
    if (!a->n_cigar) return anl_fail(ANL_EINVAL, "an unmapped read has no difference string");
    const anl_read *read = anl_read_of_alignment(s, a);
    int rc = anl_grow(&s->letters, &s->letters_cap, (size_t)read->len, 1);
    for (int32_t i = 0; i < read->len && !rc; ++i)
        s->letters[i] = a->flag & 16 ? "TGCAN"[read->seq[read->len - 1 - i]] : "ACGTN"[read->seq[i]];
    if (!rc) rc = anl_cs_text(&s->cs, &s->cs_cap, a->cigar, a->n_cigar, a->md, s->letters);
    *cs = s->cs;
    return rc;
}
