#include "sam_encode.h"

#include "base_mods.h"
#include "base_code.h"
#include "base_tags.h"
#include "cigar.h"
#include "cs.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { UMI_ROOM = 256 /* names are shorter */ };
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

/* What a record's own tags go to: a BAM record, or its line of SAM. */
typedef struct tags_to {
    bam1_t *b; /* NULL: text */
    kstring_t *text;
} tags_to;

/* "\tNM:i:" */
static int begin_text(kstring_t *to, const char *tag, char type)
{
    const char head[] = {'\t', tag[0], tag[1], ':', type, ':'};
    return kputsn(head, sizeof head, to) < 0;
}

/* In the shortest type that holds the value, as htslib's bam_aux_update_int chooses it, which looks for the tag first. */
static int append_int(const tags_to *to, const char *tag, int32_t value)
{
    if (!to->b) return begin_text(to->text, tag, 'i') || kputw(value, to->text) < 0;
    const int bytes = value < 0 ? value < INT16_MIN ? 4 : value < INT8_MIN ? 2 : 1 : value < UINT8_MAX ? 1 : value < UINT16_MAX ? 2 : 4;
    const char *types = value < 0 ? "cs i" : "CS I";
    uint8_t little[4];
    for (int i = 0; i < 4; ++i) little[i] = (uint8_t)((uint32_t)value >> 8 * i);
    return bam_aux_append(to->b, tag, types[bytes - 1], bytes, little);
}

static int append_text(const tags_to *to, const char *tag, const char *value)
{
    if (!to->b) return begin_text(to->text, tag, 'Z') || kputs(value, to->text) < 0;
    return bam_aux_append(to->b, tag, 'Z', (int)strlen(value) + 1, (const uint8_t *)value);
}

/* The share that `score` has of the better one of an ALT place, to three decimals, as bwa mem writes it. */
static int append_share(const tags_to *to, int32_t score, int32_t alt)
{
    const int64_t thousandths = (INT64_C(2000) * score + alt) / (INT64_C(2) * alt);
    const float share = (float)((double)thousandths / 1000);
    if (!to->b) return begin_text(to->text, "pa", 'f') || kputd(share, to->text) < 0;
    return bam_aux_update_float(to->b, "pa", share);
}

/* As samtools fixmate -m has it: the mate's qualities of 15 and more, of which BAM holds 255 where there are none. Mates are neighbours in their
 * batch. */
static int append_mate_score(const anl_record *r, const tags_to *to)
{
    enum { LEAST_QUALITY = 15, NO_QUALITY = 255 };
    const anl_read *mate = r->read->mate == 1 ? r->read + 1 : r->read - 1;
    int32_t score = mate->qual ? 0 : NO_QUALITY * mate->len;
    for (int32_t i = 0; mate->qual && i < mate->len; ++i)
        if (mate->qual[i] >= LEAST_QUALITY) score += mate->qual[i];
    return append_int(to, "ms", score);
}

/* "LANE:...:ACGT+TTAA" and "name_ACGT" end in a UMI; two of them are joined by a dash, as SAM has it. */
static int append_umi(anl_encoding *e, const anl_record *r, const tags_to *to)
{
    const char *name = r->read->name, *colon = strrchr(name, ':'), *underline = strrchr(name, '_');
    const char *umi = !colon || (underline && underline > colon) ? underline : colon;
    const size_t n = umi ? strlen(++umi) : 0;
    char text[UMI_ROOM];
    if (!n || n >= sizeof text || strspn(umi, "ACGTN+-") != n || !strchr("ACGTN", umi[0]) || !strchr("ACGTN", umi[n - 1])) {
        e->without_umi += !(r->flag & (BAM_FSECONDARY | BAM_FSUPPLEMENTARY));
        return 0;
    }
    for (size_t i = 0; i <= n; ++i) text[i] = umi[i] == '+' ? '-' : umi[i];
    return append_text(to, "RX", text);
}

/* Tags in the order of bwa mem. */
static int append_own_tags(anl_encoding *e, const anl_record *r, const tags_to *to)
{
    int bad = 0;
    if (r->nm >= 0) bad |= append_int(to, "NM", r->nm);
    if (r->md) bad |= append_text(to, "MD", r->md);
    if (r->mc) bad |= append_text(to, "MC", r->mc);
    if (r->mq >= 0) bad |= append_int(to, "MQ", r->mq);
    if (r->as != INT32_MIN) bad |= append_int(to, "AS", r->as);
    if (r->xs != INT32_MIN) bad |= append_int(to, "XS", r->xs);
    if (e->read_group_id) bad |= append_text(to, "RG", e->read_group_id);
    if (r->sa) bad |= append_text(to, "SA", r->sa);
    if (r->alt) bad |= append_share(to, r->as, r->alt);
    if (r->xa) bad |= append_text(to, "XA", r->xa);
    if (e->mate_scores && r->read->mate) bad |= append_mate_score(r, to);
    if (e->umi_from_name) bad |= append_umi(e, r, to);
    if (!bad && e->cs != ANL_CS_NONE && r->md) {
        e->cs_text.l = 0;
        const int rc = anl_cs_append(&e->cs_text, e->cs, r->cigar, r->n_cigar, r->md, e->seq);
        if (rc) return rc;
        bad = append_text(to, "cs", ks_c_str(&e->cs_text));
    }
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
    const int reverse = (r->flag & BAM_FREVERSE) != 0;
    const uint8_t *codes = read->seq;
    uint8_t *letters = (uint8_t *)e->seq;
    if (reverse) {
        anl_reverse_complement(read->seq, read->len, letters);
        codes = letters;
    }
    for (size_t i = 0; i < n; ++i) letters[i] = anl_base_letter(codes[i]);
    if (read->qual && reverse)
        anl_bytes_reverse(read->qual, read->len, e->qual);
    else if (read->qual && n)
        memcpy(e->qual, read->qual, n);
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

/* What a record shows of its read. */
typedef struct shown {
    const uint32_t *cigar;
    int32_t begin, end; /* bases that are not clipped hard */
    size_t n;           /* of SEQ */
} shown;

static int show(anl_encoding *e, const anl_record *r, shown *s)
{
    *s = (shown){r->cigar, 0, r->read->len, 0};
    int rc = spell(e, r);
    if (!rc && r->hard_clip && r->n_cigar > 0) rc = clip_hard(e, r, &s->cigar, &s->begin, &s->end);
    s->n = r->no_seq ? 0 : (size_t)(s->end - s->begin);
    return rc;
}

int anl_sam_encode(anl_encoding *e, const anl_record *r, bam1_t *b)
{
    const anl_read *read = r->read;
    const tags_to to = {.b = b};
    shown s;
    int rc = show(e, r, &s);
    if (rc) return rc;
    const anl_held held =
        e->tags_of_whole ? (anl_held){read->len, 0, read->len, 0} : (anl_held){read->len, s.begin, s.end, (r->flag & BAM_FREVERSE) != 0};
    if (bam_set1(b, strlen(read->name), read->name, r->flag, r->tid, r->pos, r->mapq, (size_t)r->n_cigar, s.cigar, r->mate_tid, r->mate_pos,
                 r->tlen, s.n, e->seq + s.begin, read->qual && s.n ? (const char *)e->qual + s.begin : NULL,
                 TAG_ROOM + (size_t)read->aux_len) < 0)
        return anl_fail(ANL_ENOMEM, "read '%.100s': cannot make a SAM record", read->name);
    rc = append_own_tags(e, r, &to);
    if (!rc && read->aux_len) rc = append_tags(e, r, &held, b, read->aux, (size_t)read->aux_len);
    if (!rc && e->comment_tags && read->comment) rc = append_comment(e, r, &held, b);
    return rc;
}

/* ---- a line ---- */

static char *put_tab(char *at)
{
    *at = '\t';
    return at + 1;
}

static char *put_name(char *at, const char *name)
{
    const size_t n = strlen(name);
    memcpy(at, name, n);
    return put_tab(at + n);
}

static char *put_number(char *at, int64_t value)
{
    if (value < 0) *at++ = '-';
    return put_tab(anl_cigar_number(at, (int32_t)(value < 0 ? -value : value)));
}

/* SEQ and QUAL. */
static char *put_read(char *at, const anl_encoding *e, const shown *s, int has_qual)
{
    if (s->n) memcpy(at, e->seq + s->begin, s->n);
    if (!s->n) *at = '*';
    at = put_tab(at + (s->n ? s->n : 1));
    if (!s->n || !has_qual) {
        *at = '*';
        return at + 1;
    }
    const uint8_t *qual = e->qual + s->begin;
    for (size_t i = 0; i < s->n; ++i) at[i] = (char)(qual[i] + '!');
    return at + s->n;
}

int anl_sam_line(anl_encoding *e, const anl_record *r, kstring_t *to)
{
    enum { NUMBERS = 128 /* bytes that numbers, tabs and asterisks take together */ };
    const anl_read *read = r->read;
    const char *contig = r->tid < 0 ? "*" : sam_hdr_tid2name(e->header, r->tid);
    const char *mate = r->mate_tid < 0 ? "*" : r->mate_tid == r->tid ? "=" : sam_hdr_tid2name(e->header, r->mate_tid);
    shown s;
    int rc = show(e, r, &s);
    if (rc) return rc;
    const size_t room = strlen(read->name) + strlen(contig) + strlen(mate) + (size_t)r->n_cigar * ANL_CIGAR_TEXT + 2 * s.n + NUMBERS;
    if (ks_resize(to, to->l + room) < 0) return anl_fail(ANL_ENOMEM, "out of memory");
    char *at = put_name(to->s + to->l, read->name);
    at = put_number(at, r->flag);
    at = put_name(at, contig);
    at = put_number(at, r->pos + 1);
    at = put_number(at, r->mapq);
    at = r->n_cigar ? put_tab(anl_cigar_text(s.cigar, r->n_cigar, at)) : put_name(at, "*");
    at = put_name(at, mate);
    at = put_number(at, r->mate_pos + 1);
    at = put_number(at, r->tlen);
    at = put_read(at, e, &s, read->qual != NULL);
    to->l = (size_t)(at - to->s);
    rc = append_own_tags(e, r, &(tags_to){.text = to});
    return rc || kputc('\n', to) >= 0 ? rc : anl_fail(ANL_ENOMEM, "out of memory");
}

int anl_sam_has_line(const anl_encoding *e, const anl_record *r)
{
    return !r->read->aux_len && !(e->comment_tags && r->read->comment);
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
