#include "sam_encode.h"

#include <ctype.h>
#include <htslib/kstring.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

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

/* Appends the tags of aux[n] that the record does not have yet. */
static int append_tags(bam1_t *b, const uint8_t *aux, int64_t n)
{
    const uint8_t *at = aux, *end = aux + n;
    while (end - at >= 4) {
        const int64_t size = value_size(at + 3, end, (char)at[2]);
        if (size < 0 || size > end - at - 3) break;
        const char tag[3] = {(char)at[0], (char)at[1], 0};
        if (!bam_aux_get(b, tag) && bam_aux_append(b, tag, (char)at[2], (int)size, at + 3)) return anl_fail(ANL_ENOMEM, "out of memory");
        at += 3 + size;
    }
    return ANL_OK;
}

/* Whether text[n] is TAG:TYPE:VALUE. htslib takes "XY:i:abc" for 0 */
static int is_tag(const char *text, size_t n)
{
    if (n < 5 || !isalpha((unsigned char)text[0]) || !isalnum((unsigned char)text[1]) || text[2] != ':' || text[4] != ':') return 0;
    const char *value = text + 5, *end = text + n;
    char *stop = NULL;
    for (const char *c = value; c < end; ++c)
        if (*c < ' ' || *c > '~') return 0;
    if (text[3] == 'i') return value < end && (strtoll(value, &stop, 10), stop == end);
    if (text[3] == 'f') return value < end && (strtod(value, &stop), stop == end);
    if (text[3] == 'A') return n == 6 && *value > ' ';
    return text[3] == 'Z' || text[3] == 'H' || text[3] == 'B'; /* H and B are checked by htslib */
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
        else if (is_tag(c, n) && sam_parse1(&line, e->header, e->comment) >= 0) rc = append_tags(b, bam_get_aux(e->comment), bam_get_l_aux(e->comment));
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

/* Tags in the order of bwa mem. */
static int append_own_tags(const anl_encoding *e, const anl_record *r, bam1_t *b)
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
    return bad ? anl_fail(ANL_ENOMEM, "out of memory") : ANL_OK;
}

/* SEQ as letters and QUAL, of read bases [begin, end) in the record's orientation. */
static int spell(anl_encoding *e, const anl_record *r, int32_t begin, int32_t end)
{
    const anl_read *read = r->read;
    const int reverse = (r->flag & BAM_FREVERSE) != 0;
    const size_t n = (size_t)(end - begin);
    int rc = anl_grow(&e->text, &e->text_cap, n + 1, 1);
    if (!rc) rc = anl_grow(&e->qual, &e->qual_cap, n + 1, 1);
    if (rc) return rc;
    if (!reverse) {
        for (size_t i = 0; i < n; ++i) e->text[i] = "ACGTN"[read->seq[(size_t)begin + i]];
        if (read->qual) memcpy(e->qual, read->qual + begin, n);
        return ANL_OK;
    }
    const uint8_t *last = read->seq + read->len - 1 - begin, *last_qual = read->qual ? read->qual + read->len - 1 - begin : NULL;
    for (size_t i = 0; i < n; ++i) e->text[i] = "TGCAN"[last[-(ptrdiff_t)i]];
    if (last_qual)
        for (size_t i = 0; i < n; ++i) e->qual[i] = last_qual[-(ptrdiff_t)i];
    return ANL_OK;
}

int anl_sam_encode(anl_encoding *e, const anl_record *r, bam1_t *b)
{
    const anl_read *read = r->read;
    int32_t begin = 0, end = r->no_seq ? 0 : read->len;
    uint32_t *cigar = NULL, hard[2];
    if (r->hard_clip && r->n_cigar > 0) { /* clips at the ends become H, and their bases are left out */
        cigar = (uint32_t *)(uintptr_t)r->cigar;
        const int last = r->n_cigar - 1;
        hard[0] = cigar[0];
        hard[1] = cigar[last];
        if (bam_cigar_op(hard[1]) == BAM_CSOFT_CLIP && last > 0) {
            if (end) end -= (int32_t)bam_cigar_oplen(hard[1]);
            cigar[last] = bam_cigar_gen(bam_cigar_oplen(hard[1]), BAM_CHARD_CLIP);
        }
        if (bam_cigar_op(hard[0]) == BAM_CSOFT_CLIP) {
            if (end) begin = (int32_t)bam_cigar_oplen(hard[0]);
            cigar[0] = bam_cigar_gen(bam_cigar_oplen(hard[0]), BAM_CHARD_CLIP);
        }
    }
    int rc = spell(e, r, begin, end);
    if (rc) return rc;
    const size_t n = (size_t)(end - begin);
    if (bam_set1(b, strlen(read->name), read->name, r->flag, r->tid, r->pos, r->mapq, (size_t)r->n_cigar, r->cigar, r->mate_tid, r->mate_pos,
                 r->tlen, n, e->text, read->qual && n ? (const char *)e->qual : NULL, 64 + (size_t)read->aux_len) < 0)
        return anl_fail(ANL_ENOMEM, "read '%.100s': cannot make a SAM record", read->name);
    rc = append_own_tags(e, r, b);
    if (!rc && read->aux_len) rc = append_tags(b, read->aux, read->aux_len);
    if (!rc && e->comment_tags && read->comment) rc = append_comment(e, read, b);
    return rc;
}
