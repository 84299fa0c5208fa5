#include "sam_encode.h"

#include "cigar.h"
#include "cs.h"
#include "tags.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_ROOM = 64 /* bytes for our own tags, so that htslib seldom moves a record; MD, SA and XA of most reads fit */ };

/* Bytes of a tag's value behind its type; -1: malformed. */
static int64_t value_size(const uint8_t *value, const uint8_t *end, char type)
{
    static const char one[] = "AcC", two[] = "sS", four[] = "iIf";
    if (strchr(one, type)) return 1;
    if (strchr(two, type)) return 2;
    if (strchr(four, type)) return 4;
    if (type == 'd') return 8;
    if (type == 'Z' || type == 'H') {
        const uint8_t *nul = memchr(value, 0, (size_t)(end - value));
        return nul ? nul - value + 1 : -1;
    }
    if (type != 'B' || end - value < 5) return -1;
    uint32_t n;
    memcpy(&n, value + 1, sizeof n);
    const int64_t each = *value && strchr(one, *value) ? 1 : strchr(two, *value) ? 2 : 4;
    return 5 + each * n;
}

/* Tags of another alignment, which an aligned input brings: they say nothing of ours. */
static int is_of_alignment(const char *tag)
{
    return strstr("AS CC CG CP H0 H1 H2 HI IH MC MD MQ NH NM SA UQ XA XS cs", tag) != NULL;
}

/* Appends the tags of aux[n] that the record does not have yet. */
static int append_tags(bam1_t *b, const uint8_t *aux, int64_t n)
{
    const uint8_t *at = aux, *end = aux + n;
    while (end - at >= 4) {
        const int64_t size = value_size(at + 3, end, (char)at[2]);
        if (size < 0 || size > end - at - 3) break;
        const char tag[3] = {(char)at[0], (char)at[1], 0};
        if (!is_of_alignment(tag) && !bam_aux_get(b, tag) && bam_aux_append(b, tag, (char)at[2], (int)size, at + 3))
            return anl_fail(ANL_ENOMEM, "out of memory");
        at += 3 + size;
    }
    return ANL_OK;
}

/* The tab-separated fields of a comment that are SAM tags; the others are counted and left out. */
static int append_comment(anl_encoding *e, const anl_read *read, bam1_t *b)
{
    kstring_t line = KS_INITIALIZE;
    int rc = e->comment || (e->comment = bam_init1()) ? ANL_OK : anl_fail(ANL_ENOMEM, "out of memory");
    for (const char *c = read->comment; *c && !rc;) {
        const size_t n = strcspn(c, "\t");
        line.l = 0;
        if (kputs("r\t4\t*\t0\t0\t*\t*\t0\t0\t*\t*\t", &line) < 0 || kputsn(c, n, &line) < 0) rc = anl_fail(ANL_ENOMEM, "out of memory");
        else if (anl_tag_valid(c, n) && sam_parse1(&line, e->header, e->comment) >= 0) rc = append_tags(b, bam_get_aux(e->comment), bam_get_l_aux(e->comment));
        else ++e->left_out;
        c += n + (c[n] == '\t');
    }
    ks_free(&line);
    return rc;
}

static int append_int(bam1_t *b, const char *tag, int32_t value)
{
    return bam_aux_update_int(b, tag, value);
}

static int append_text(bam1_t *b, const char *tag, const char *value)
{
    return bam_aux_append(b, tag, 'Z', (int)strlen(value) + 1, (const uint8_t *)value);
}

/* As samtools fixmate -m has it: the mate's qualities of 15 and more. Mates are neighbours in their batch. */
static int append_mate_score(const anl_record *r, bam1_t *b)
{
    enum { LEAST_QUALITY = 15 };
    const anl_read *mate = r->read->mate == 1 ? r->read + 1 : r->read - 1;
    int32_t score = 0;
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
    if (bam_set1(b, strlen(read->name), read->name, r->flag, r->tid, r->pos, r->mapq, (size_t)r->n_cigar, cigar, r->mate_tid, r->mate_pos,
                 r->tlen, n, e->seq + begin, read->qual && n ? (const char *)e->qual + begin : NULL, TAG_ROOM + (size_t)read->aux_len) < 0)
        return anl_fail(ANL_ENOMEM, "read '%.100s': cannot make a SAM record", read->name);
    rc = append_own_tags(e, r, b);
    if (!rc && e->cs != ANL_CS_NONE && r->md) rc = append_cs(e, r, b);
    if (!rc && read->aux_len) rc = append_tags(b, read->aux, read->aux_len);
    if (!rc && e->comment_tags && read->comment) rc = append_comment(e, read, b);
    return rc;
}

void anl_encoding_clear(anl_encoding *e)
{
    free(e->seq);
    free(e->qual);
    free(e->cigar);
    ks_free(&e->cs_text);
    if (e->comment) bam_destroy1(e->comment);
}
