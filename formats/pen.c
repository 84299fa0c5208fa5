#include "pen.h"

#include "paf.h"

#include <stdlib.h>
#include <string.h>

struct anl_pen {
    anl_pen_form form;
    int paf_md;
    anl_encoding encoding;
    bam1_t *bam;
    kstring_t line; /* that htslib makes */
};

/* What goes before the data of a record; records follow each other at multiples of its alignment. */
typedef struct packed {
    bam1_core_t core;
    int64_t size; /* of the data, bytes */
} packed;

int anl_pen_make(anl_pen **out, anl_pen_form form, int paf_md, const anl_encoding *settings)
{
    anl_pen *p = anl_alloc(1, sizeof *p);
    if (!p) return ANL_ENOMEM;
    p->form = form;
    p->paf_md = paf_md;
    p->encoding = *settings;
    if (!(p->bam = bam_init1())) {
        anl_pen_free(p);
        return anl_fail(ANL_ENOMEM, "out of memory");
    }
    *out = p;
    return ANL_OK;
}

void anl_pen_free(anl_pen *p)
{
    if (!p) return;
    anl_encoding_clear(&p->encoding);
    if (p->bam) bam_destroy1(p->bam);
    ks_free(&p->line);
    free(p);
}

static int add_line(anl_pen *p, const anl_record *r, kstring_t *to)
{
    anl_encoding *e = &p->encoding;
    if (p->form == ANL_PEN_SAM && anl_sam_has_line(e, r)) return anl_sam_line(e, r, to);
    const int rc = anl_sam_encode(e, r, p->bam);
    if (rc) return rc;
    if (p->form == ANL_PEN_PAF) return anl_paf_append(to, e->header, p->bam, p->paf_md);
    if (sam_format1(e->header, p->bam, &p->line) < 0 || kputsn(p->line.s, p->line.l, to) < 0 || kputc('\n', to) < 0)
        return anl_fail(ANL_ENOMEM, "out of memory");
    return ANL_OK;
}

static int add_lines(anl_pen *p, const anl_record *records, size_t n, anl_bytes *to)
{
    kstring_t text = {to->n, to->cap, to->at};
    int rc = ANL_OK;
    for (size_t i = 0; i < n && !rc; ++i) rc = add_line(p, &records[i], &text);
    *to = (anl_bytes){text.s, text.l, text.m};
    return rc;
}

static size_t room_of(int64_t size)
{
    return sizeof(packed) + ((size_t)size + _Alignof(packed) - 1) / _Alignof(packed) * _Alignof(packed);
}

static int add_record(anl_pen *p, const anl_record *r, anl_bytes *to)
{
    int rc = anl_sam_encode(&p->encoding, r, p->bam);
    if (rc) return rc;
    const packed head = {p->bam->core, p->bam->l_data};
    if ((rc = anl_grow(&to->at, &to->cap, to->n + room_of(head.size), 1))) return rc;
    memcpy(to->at + to->n, &head, sizeof head);
    memcpy(to->at + to->n + sizeof head, p->bam->data, (size_t)head.size);
    to->n += room_of(head.size);
    return ANL_OK;
}

int anl_pen_encode(anl_pen *p, const anl_record *records, size_t n, anl_encoded *to)
{
    anl_encoding *e = &p->encoding;
    int rc = ANL_OK;
    if (p->form != ANL_PEN_RECORDS) rc = add_lines(p, records, n, &to->bytes);
    for (size_t i = 0; i < n && !rc && p->form == ANL_PEN_RECORDS; ++i) rc = add_record(p, &records[i], &to->bytes);
    to->records += (int64_t)n;
    to->left_out += e->left_out;
    to->without_umi += e->without_umi;
    e->left_out = e->without_umi = 0;
    return rc;
}

void anl_encoded_clear(anl_encoded *e)
{
    *e = (anl_encoded){.bytes = {.at = e->bytes.at, .cap = e->bytes.cap}};
}

int anl_encoded_each(const anl_encoded *e, int (*put)(void *data, bam1_t *b), void *data)
{
    int rc = ANL_OK;
    for (size_t at = 0; at < e->bytes.n && !rc;) {
        packed head;
        memcpy(&head, e->bytes.at + at, sizeof head);
        bam1_t b = {
            .core = head.core, .data = (uint8_t *)e->bytes.at + at + sizeof head, .l_data = (int)head.size, .m_data = (uint32_t)head.size};
        rc = put(data, &b);
        at += room_of(head.size);
    }
    return rc;
}
