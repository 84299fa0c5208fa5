#include "finish.h"

#include "cigar.h"

#include <stdio.h>
#include <string.h>

enum {
    PAIRED = 0x1,
    PROPER = 0x2,
    UNMAPPED = 0x4,
    MATE_UNMAPPED = 0x8,
    REVERSE = 0x10,
    MATE_REVERSE = 0x20,
    FIRST = 0x40,
    SECOND = 0x80,
    SECONDARY = 0x100,
    QC_FAIL = 0x200,
    SUPPLEMENTARY = 0x800,
};

/* What a read's records say of its mate. */
typedef struct mate_fields {
    uint16_t flags;                    /* all that both mates' records share */
    const anl_read_alignment *primary; /* NULL: unmapped */
    const char *mc;
    int paired;
} mate_fields;

static anl_record *add_record(const anl_finisher *f, anl_records *out)
{
    if (anl_arena_grow(f->results, &out->records, out->n, &out->cap, out->n + 1, sizeof *out->records)) return NULL;
    return &out->records[out->n++];
}

static const anl_read_alignment *primary_of(const anl_read_alignments *p)
{
    return p->n ? &p->list[0] : NULL;
}

/* ---- mates ---- */

static int describe_mate(const anl_finisher *f, const anl_read_alignment *mate, mate_fields *to)
{
    to->paired = 1;
    to->primary = mate;
    if (!mate) {
        to->flags |= MATE_UNMAPPED;
        return ANL_OK;
    }
    char *text = anl_arena_alloc(f->results, (size_t)mate->n_cigar * ANL_CIGAR_TEXT + 1, 1);
    if (!text) return ANL_ENOMEM;
    anl_cigar_text(mate->cigar, mate->n_cigar, text);
    to->mc = text;
    if (mate->reverse) to->flags |= MATE_REVERSE;
    return ANL_OK;
}

/* As bwa mem sets them: an unmapped read takes its mate's place; TLEN runs between the 5' ends. */
static void fill_mate(anl_record *r, const anl_read_alignment *own, const anl_read_alignment *own_primary, const mate_fields *f)
{
    const anl_read_alignment *mate = f->primary;
    r->flag |= f->flags;
    if (!mate) {
        if (own_primary) {
            r->mate_tid = own_primary->tid;
            r->mate_pos = own_primary->pos;
        }
        return;
    }
    r->mate_tid = mate->tid;
    r->mate_pos = mate->pos;
    r->mq = mate->mapq;
    r->mc = f->mc;
    if (!own) {
        r->tid = mate->tid;
        r->pos = mate->pos;
    } else if (own->tid == mate->tid) {
        int64_t here = own->reverse ? own->end - 1 : own->pos, there = mate->reverse ? mate->end - 1 : mate->pos;
        r->tlen = there - here + (there > here ? 1 : there < here ? -1 : 0);
    }
}

/* ---- split alignments ---- */

/* SA of list[of]: the other primary and supplementary alignments, "contig,pos,strand,CIGAR,mapq,NM;" each. *out NULL: there are none. */
static int other_segments(const anl_finisher *f, const anl_read_alignments *p, int32_t of, const char **out)
{
    size_t size = 1;
    *out = NULL;
    if (p->list[of].kind == ANL_SECONDARY) return ANL_OK;
    for (int32_t i = 0; i < p->n; ++i)
        if (i != of && p->list[i].kind != ANL_SECONDARY)
            size += strlen(f->contigs[p->list[i].tid].name) + (size_t)p->list[i].n_cigar * ANL_CIGAR_TEXT + 64;
    if (size == 1) return ANL_OK;
    char *text = anl_arena_alloc(f->results, size, 1), *at = text;
    if (!text) return ANL_ENOMEM;
    for (int32_t i = 0; i < p->n; ++i) {
        const anl_read_alignment *a = &p->list[i];
        if (i == of || a->kind == ANL_SECONDARY) continue;
        at += sprintf(at, "%s,%lld,%c,", f->contigs[a->tid].name, (long long)a->pos + 1, a->reverse ? '-' : '+');
        at = anl_cigar_text(a->cigar, a->n_cigar, at);
        at += sprintf(at, ",%d,%d;", a->mapq, a->nm);
    }
    *out = text;
    return ANL_OK;
}

/* ---- records ---- */

static void fill_alignment(const anl_align_options *o, anl_record *r, const anl_read_alignment *a)
{
    int supplementary = a->kind == ANL_SUPPLEMENTARY, secondary = a->kind == ANL_SECONDARY;
    r->flag |= (uint16_t)((a->reverse ? REVERSE : 0) | (secondary || (supplementary && o->parts_secondary) ? SECONDARY : 0) |
                          (supplementary && !o->parts_secondary ? SUPPLEMENTARY : 0));
    r->tid = a->tid;
    r->pos = a->pos;
    r->cigar = a->cigar;
    r->n_cigar = a->n_cigar;
    r->mapq = secondary ? 0 : a->mapq;
    r->nm = a->nm;
    r->md = a->md;
    r->as = a->score;
    r->xs = secondary ? INT32_MIN : a->second;
    r->alt = secondary ? 0 : a->alt_score;
    r->xa = a->xa;
    r->no_seq = (uint8_t)secondary;
    r->hard_clip = (uint8_t)(supplementary && !o->parts_whole && !a->alt);
}

/* All records of one read. */
static int add_records(const anl_finisher *f, const anl_read *read, const anl_read_alignments *p, const mate_fields *mate, anl_records *out)
{
    int32_t i = 0;
    do {
        const anl_read_alignment *a = p->n ? &p->list[i] : NULL;
        anl_record *r = add_record(f, out);
        if (!r) return ANL_ENOMEM;
        *r = (anl_record){.read = read,
                          .flag = (uint16_t)((a ? 0 : UNMAPPED) | (read->qc_fail ? QC_FAIL : 0)),
                          .tid = -1,
                          .pos = -1,
                          .mate_tid = -1,
                          .mate_pos = -1,
                          .nm = -1,
                          .as = INT32_MIN,
                          .xs = INT32_MIN,
                          .mq = -1};
        if (a) fill_alignment(f->options, r, a);
        if (mate->paired) fill_mate(r, a, primary_of(p), mate);
        int rc = a ? other_segments(f, p, i, &r->sa) : ANL_OK;
        if (rc) return rc;
    } while (++i < p->n);
    return ANL_OK;
}

static void count(anl_counts *c, const anl_read *read, const anl_read_alignments *p)
{
    ++c->reads;
    c->mapped += p->n > 0;
    if (anl_read_is_long(read)) return;
    ++c->short_reads;
    if (!p->n) return;
    ++c->short_mapped;
    c->short_bases += p->list[0].qend - p->list[0].qbeg;
    c->short_differ += p->list[0].nm;
}

int anl_finish_single(const anl_finisher *f, const anl_read *read, const anl_read_alignments *p, anl_records *out)
{
    count(&out->counts, read, p);
    return add_records(f, read, p, &(mate_fields){0}, out);
}

int anl_finish_pair(const anl_finisher *f, const anl_read *const reads[2], const anl_read_alignments placed[2], int proper,
                    anl_records *out)
{
    proper = proper && placed[0].n && placed[1].n;
    for (int i = 0; i < 2; ++i) {
        mate_fields mate = {.flags = (uint16_t)(PAIRED | (i ? SECOND : FIRST) | (proper ? PROPER : 0))};
        int rc = describe_mate(f, primary_of(&placed[!i]), &mate);
        if (!rc) rc = add_records(f, reads[i], &placed[i], &mate, out);
        if (rc) return rc;
        count(&out->counts, reads[i], &placed[i]);
    }
    ++out->counts.pairs;
    out->counts.proper += proper;
    return ANL_OK;
}
