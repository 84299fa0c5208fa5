#include "sam_encode.h"

#include "base_mods.h"
#include "base_tags.h"
#include "cigar.h"
#include "cs.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_ROOM = 64 /* bytes for our own tags, so that htslib seldom moves a record; MD, SA and XA of most reads fit */ };

/* Tags that count or describe the bases of SEQ all together: base modifications, and the nanopore's moves, which cannot be cut. */
typedef struct whole_tags {
    anl_tag mm, ml; /* type 0: none */
    int64_t mn;     /* bases that MM counts, -1: it does not say */
} whole_tags;

/* Takes a tag that holds for the whole read alone: 1, or 0 when it is another one. */
static int take_whole_tag(whole_tags *t, const anl_tag *tag)
{
    if (!strcmp(tag->name, "mv")) return 1;
    if (!strcmp(tag->name, "MN"))
        t->mn = bam_aux2i(tag->value - 1);
    else if (tag->type == 'Z' && (!strcmp(tag->name, "MM") || !strcmp(tag->name, "Mm")))
        t->mm = *tag; /* Mm, Ml: before 2021 */
    else if (tag->type == 'B' && (!strcmp(tag->name, "ML") || !strcmp(tag->name, "Ml")))
        t->ml = *tag;
    else
        return 0;
    return 1;
}

static int append_value(bam1_t *b, const anl_tag *tag, const uint8_t *value, int32_t size)
{
    return bam_aux_append(b, tag->name, tag->type, size, value) ? anl_fail(ANL_ENOMEM, "out of memory") : ANL_OK;
}

/* What is left of the base modifications in a segment of the read; nothing where they do not describe the read. */
static int append_mods(anl_encoding *e, const anl_read *read, const anl_held *held, const whole_tags *t, bam1_t *b)
{
    const int32_t begin = held->reverse ? held->len - held->end : held->begin, end = begin + held->end - held->begin;
    const uint8_t *ml = t->ml.type ? t->ml.value + 5 : NULL;
    char head[5] = {'C'}; /* of ML: element type and count */
    e->mm.l = e->ml.l = 0;
    if (!t->mm.type || (ml && !strchr("cC", t->ml.value[0])) || (t->mn >= 0 && t->mn != read->len)) return ANL_OK;
    if (kputsn(head, sizeof head, &e->ml) < 0) return anl_fail(ANL_ENOMEM, "out of memory");
    const int fits = anl_base_mods_cut((const char *)t->mm.value, ml, ml ? (uint32_t)t->ml.size - 5 : 0, read->seq, read->len, begin, end,
                                       &e->mm, &e->ml);
    if (fits <= 0) return fits;
    const uint32_t n = (uint32_t)(e->ml.l - sizeof head);
    memcpy(e->ml.s + 1, &n, sizeof n);
    int rc = append_value(b, &t->mm, (const uint8_t *)ks_c_str(&e->mm), (int32_t)e->mm.l + 1);
    if (!rc && ml) rc = append_value(b, &t->ml, (const uint8_t *)e->ml.s, (int32_t)e->ml.l);
    if (!rc && t->mn >= 0 && bam_aux_update_int(b, "MN", end - begin)) rc = anl_fail(ANL_ENOMEM, "out of memory");
    return rc;
}

/* Appends the tags of aux[n] that the record does not have yet, as far as they hold for it. */
static int append_tags(anl_encoding *e, const anl_record *r, const anl_held *held, bam1_t *b, const uint8_t *aux, size_t n)
{
    const uint8_t *at = aux, *end = aux + n;
    const int no_seq = r->no_seq && !e->tags_of_whole, whole = !no_seq && held->begin == 0 && held->end == held->len;
    anl_tag tag;
    whole_tags of_whole = {.mn = -1};
    int rc = ANL_OK;
    while (!rc && anl_tag_next(&at, end, &tag) > 0) {
        if (anl_tag_of_alignment(&tag) || bam_aux_get(b, tag.name) || (!whole && take_whole_tag(&of_whole, &tag))) continue;
        if ((rc = anl_grow(&e->value, &e->value_cap, (size_t)tag.size, 1))) break;
        const int32_t size = anl_base_tag_fit(&tag, held, e->value);
        if (!size)
            rc = append_value(b, &tag, tag.value, tag.size);
        else if (!no_seq)
            rc = append_value(b, &tag, e->value, size);
    }
    return rc || no_seq ? rc : append_mods(e, r->read, held, &of_whole, b);
}

/* The tab-separated fields of a comment that are SAM tags; the others are counted and left out. */
static int append_comment(anl_encoding *e, const anl_record *r, const anl_held *held, bam1_t *b)
{
    kstring_t line = KS_INITIALIZE, *found = &e->comment_tags_found;
    int rc = e->comment || (e->comment = bam_init1()) ? ANL_OK : anl_fail(ANL_ENOMEM, "out of memory");
    found->l = 0;
    for (const char *c = r->read->comment; *c && !rc;) {
        const size_t n = strcspn(c, "\t");
        line.l = 0;
        int bad = kputs("r\t4\t*\t0\t0\t*\t*\t0\t0\t*\t*\t", &line) < 0 || kputsn(c, n, &line) < 0;
        if (!bad && anl_tag_valid(c, n) && sam_parse1(&line, e->header, e->comment) >= 0)
            bad = kputsn((const char *)bam_get_aux(e->comment), (size_t)bam_get_l_aux(e->comment), found) < 0;
        else
            ++e->left_out;
        if (bad) rc = anl_fail(ANL_ENOMEM, "out of memory");
        c += n + (c[n] == '\t');
    }
    ks_free(&line);
    return rc || !found->l ? rc : append_tags(e, r, held, b, (const uint8_t *)found->s, found->l);
}

static int append_int(bam1_t *b, const char *tag, int32_t value)
{
    return bam_aux_update_int(b, tag, value);
}

/* The share that `score` has of the better one of an ALT place, to three decimals, as bwa mem writes it. */
static int append_share(bam1_t *b, int32_t score, int32_t alt)
{
    const int64_t thousandths = (INT64_C(2000) * score + alt) / (INT64_C(2) * alt);
    return bam_aux_update_float(b, "pa", (float)((double)thousandths / 1000));
}

static int append_text(bam1_t *b, const char *tag, const char *value)
{
    return bam_aux_append(b, tag, 'Z', (int)strlen(value) + 1, (const uint8_t *)value);
}

/* As samtools fixmate -m has it: the mate's qualities of 15 and more, of which BAM holds 255 where there are none. Mates are neighbours in their
 * batch. */
static int append_mate_score(const anl_record *r, bam1_t *b)
{
    enum { LEAST_QUALITY = 15, NO_QUALITY = 255 };
    const anl_read *mate = r->read->mate == 1 ? r->read + 1 : r->read - 1;
    int32_t score = mate->qual ? 0 : NO_QUALITY * mate->len;
    for (int32_t i = 0; mate->qual && i < mate->len; ++i)
        if (mate->qual[i] >= LEAST_QUALITY) score += mate->qual[i];
    return append_int(b, "ms", score);
}

/* "LANE:...:ACGT+TTAA" and "name_ACGT" end in a UMI; two of them are joined by a dash, as SAM has it. */
static int append_umi(anl_encoding *e, const anl_read *read, bam1_t *b)
{
    const char *colon = strrchr(read->name, ':'), *underline = strrchr(read->name, '_');
    const char *umi = !colon || (underline && underline > colon) ? underline : colon;
    const size_t n = umi ? strlen(++umi) : 0;
    if (!n || strspn(umi, "ACGTN+-") != n || !strchr("ACGTN", umi[0]) || !strchr("ACGTN", umi[n - 1])) {
        e->without_umi += !(b->core.flag & (BAM_FSECONDARY | BAM_FSUPPLEMENTARY));
        return 0;
    }
    if (append_text(b, "RX", umi)) return -1;
    for (char *c = bam_aux2Z(bam_aux_get(b, "RX")); *c; ++c)
        if (*c == '+') *c = '-';
    return 0;
}

/* Tags in the order of bwa mem. */
static int append_own_tags(anl_encoding *e, const anl_record *r, bam1_t *b)
{
    int bad = 0;
    if (r->nm >= 0) bad |= append_int(b, "NM", r->nm);
    if (r->md) bad |= append_text(b, "MD", r->md);
    if (r->mc) bad |= append_text(b, "MC", r->mc);
    if (r->mq >= 0) bad |= append_int(b, "MQ", r->mq);
    if (r->as != INT32_MIN) bad |= append_int(b, "AS", r->as);
    if (r->xs != INT32_MIN) bad |= append_int(b, "XS", r->xs);
    if (e->read_group_id) bad |= append_text(b, "RG", e->read_group_id);
    if (r->sa) bad |= append_text(b, "SA", r->sa);
    if (r->alt) bad |= append_share(b, r->as, r->alt);
    if (r->xa) bad |= append_text(b, "XA", r->xa);
    if (e->mate_scores && r->read->mate) bad |= append_mate_score(r, b);
    if (e->umi_from_name) bad |= append_umi(e, r->read, b);
    return bad ? anl_fail(ANL_ENOMEM, "out of memory") : ANL_OK;
}

/* The read's letters and qualities in the record's orientation. */
static int spell(anl_encoding *e, const anl_record *r)
{
    const anl_read *read = r->read;
    const size_t n = (size_t)read->len;
    int rc = anl_grow(&e->seq, &e->seq_cap, n + 1, 1);
    if (!rc) rc = anl_grow(&e->qual, &e->qual_cap, n + 1, 1);
    if (rc) return rc;
    if (!(r->flag & BAM_FREVERSE)) {
        for (size_t i = 0; i < n; ++i) e->seq[i] = "ACGTN"[read->seq[i]];
        if (read->qual) memcpy(e->qual, read->qual, n);
        return ANL_OK;
    }
    for (size_t i = 0; i < n; ++i) e->seq[i] = "TGCAN"[read->seq[n - 1 - i]];
    if (read->qual)
        for (size_t i = 0; i < n; ++i) e->qual[i] = read->qual[n - 1 - i];
    return ANL_OK;
}

/* The CIGAR with H for S at its ends, in *cigar; the bases that are left are [*begin, *end). */
static int clip_hard(anl_encoding *e, const anl_record *r, const uint32_t **cigar, int32_t *begin, int32_t *end)
{
    const size_t n = (size_t)r->n_cigar;
    int rc = anl_grow(&e->cigar, &e->cigar_cap, n, sizeof *e->cigar);
    if (rc) return rc;
    memcpy(e->cigar, r->cigar, n * sizeof *e->cigar);
    uint32_t *first = e->cigar, *last = e->cigar + n - 1;
    if (anl_cigar_op_of(*first) == ANL_CIGAR_S) {
        *begin += anl_cigar_len_of(*first);
        *first = anl_cigar_pack(ANL_CIGAR_H, anl_cigar_len_of(*first));
    }
    if (anl_cigar_op_of(*last) == ANL_CIGAR_S) {
        *end -= anl_cigar_len_of(*last);
        *last = anl_cigar_pack(ANL_CIGAR_H, anl_cigar_len_of(*last));
    }
    *cigar = e->cigar;
    return ANL_OK;
}

static int append_cs(anl_encoding *e, const anl_record *r, bam1_t *b)
{
    e->cs_text.l = 0;
    int rc = anl_cs_append(&e->cs_text, e->cs, r->cigar, r->n_cigar, r->md, e->seq);
    if (!rc && append_text(b, "cs", ks_c_str(&e->cs_text))) rc = anl_fail(ANL_ENOMEM, "out of memory");
    return rc;
}

int anl_sam_encode(anl_encoding *e, const anl_record *r, bam1_t *b)
{
    const anl_read *read = r->read;
    const uint32_t *cigar = r->cigar;
    int32_t begin = 0, end = read->len;
    int rc = spell(e, r);
    if (!rc && r->hard_clip && r->n_cigar > 0) rc = clip_hard(e, r, &cigar, &begin, &end);
    if (rc) return rc;
    const size_t n = r->no_seq ? 0 : (size_t)(end - begin);
    const anl_held held =
        e->tags_of_whole ? (anl_held){read->len, 0, read->len, 0} : (anl_held){read->len, begin, end, (r->flag & BAM_FREVERSE) != 0};
    if (bam_set1(b, strlen(read->name), read->name, r->flag, r->tid, r->pos, r->mapq, (size_t)r->n_cigar, cigar, r->mate_tid, r->mate_pos,
                 r->tlen, n, e->seq + begin, read->qual && n ? (const char *)e->qual + begin : NULL, TAG_ROOM + (size_t)read->aux_len) < 0)
        return anl_fail(ANL_ENOMEM, "read '%.100s': cannot make a SAM record", read->name);
    rc = append_own_tags(e, r, b);
    if (!rc && e->cs != ANL_CS_NONE && r->md) rc = append_cs(e, r, b);
    if (!rc && read->aux_len) rc = append_tags(e, r, &held, b, read->aux, (size_t)read->aux_len);
    if (!rc && e->comment_tags && read->comment) rc = append_comment(e, r, &held, b);
    return rc;
}

void anl_encoding_clear(anl_encoding *e)
{
    free(e->seq);
    free(e->qual);
    free(e->value);
    free(e->cigar);
    ks_free(&e->cs_text);
    ks_free(&e->mm);
    ks_free(&e->ml);
    ks_free(&e->comment_tags_found);
    if (e->comment) bam_destroy1(e->comment);
}
