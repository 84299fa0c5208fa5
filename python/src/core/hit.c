/* One alignment of a read, with mappy's names. */
#include "core.h"

#include <stdlib.h>
#include <string.h>
#include <structmember.h>

typedef struct hit {
    PyObject_HEAD PyObject *ctg;
    long long ctg_len, r_st, r_en, blen, mlen, tlen;
    int q_st, q_en, strand, mapq, nm, score, second, read_num, flag;
    char is_primary;
    char *md, *cs;   /* "": not asked for; both behind the CIGAR */
    uint32_t *cigar; /* without clips */
    int n_cigar;
} hit;

PyTypeObject *core_hit_type;

static int is_clip(uint32_t element)
{
    return (element & 15) == 4 || (element & 15) == 5;
}

static int fill_texts(hit *h, const anl_alignment *a, const char *md, const char *cs)
{
    const int first = is_clip(a->cigar[0]), last = a->n_cigar > 1 && is_clip(a->cigar[a->n_cigar - 1]);
    const size_t md_size = strlen(md) + 1, cs_size = strlen(cs) + 1;
    h->n_cigar = a->n_cigar - first - last;
    h->cigar = malloc((size_t)h->n_cigar * sizeof *h->cigar + md_size + cs_size);
    if (!h->cigar) return -1;
    h->md = (char *)(h->cigar + h->n_cigar);
    h->cs = h->md + md_size;
    memcpy(h->cigar, a->cigar + first, (size_t)h->n_cigar * sizeof *h->cigar);
    memcpy(h->md, md, md_size);
    memcpy(h->cs, cs, cs_size);
    return 0;
}

PyObject *core_hit_new(const core_hit_request *r, const anl_alignment *a)
{
    const char *cs = "";
    const int rc = r->cs ? anl_session_cs(r->session, a, &cs) : ANL_OK;
    if (rc) return core_raise(rc);
    hit *h = (hit *)PyType_GenericAlloc(core_hit_type, 0);
    if (!h) return NULL;
    if (fill_texts(h, a, r->md ? a->md : "", cs)) {
        Py_DECREF(h);
        return PyErr_NoMemory();
    }
    Py_INCREF(r->name);
    h->ctg = r->name;
    h->ctg_len = r->ctg_len;
    h->r_st = a->pos;
    h->r_en = a->end;
    h->q_st = a->q_begin;
    h->q_en = a->q_end;
    h->strand = a->flag & 0x10 ? -1 : 1;
    h->mapq = a->mapq;
    h->nm = a->nm;
    h->blen = a->length - a->ambiguous;
    h->mlen = a->matches;
    h->score = a->score;
    h->second = a->second;
    h->tlen = a->tlen;
    h->flag = a->flag;
    h->read_num = a->mate + 1;
    h->is_primary = !(a->flag & 0x100);
    return (PyObject *)h;
}

static void hit_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    Py_XDECREF(((hit *)self)->ctg);
    free(((hit *)self)->cigar);
    release(self);
    Py_DECREF(type);
}

static PyObject *hit_refuse(PyTypeObject *type, PyObject *args, PyObject *names)
{
    (void)type, (void)args, (void)names;
    PyErr_SetString(PyExc_TypeError, "hits are made by Aligner.map and Aligner.map_batch");
    return NULL;
}

static PyObject *hit_cigar(PyObject *self, void *unused)
{
    const hit *h = (const hit *)self;
    PyObject *all = PyList_New(h->n_cigar);
    (void)unused;
    for (int i = 0; all && i < h->n_cigar; ++i) {
        PyObject *one = Py_BuildValue("[II]", h->cigar[i] >> 4, h->cigar[i] & 15);
        if (!one || PyList_SetItem(all, i, one)) Py_CLEAR(all);
    }
    return all;
}

static PyObject *hit_cigar_str(PyObject *self, void *unused)
{
    const hit *h = (const hit *)self;
    char *text = PyMem_Malloc((size_t)h->n_cigar * 12 + 1), *to = text;
    (void)unused;
    if (!text) return PyErr_NoMemory();
    for (int i = 0; i < h->n_cigar; ++i) to += sprintf(to, "%u%c", h->cigar[i] >> 4, "MIDNSHP=X"[h->cigar[i] & 15]);
    PyObject *made = PyUnicode_FromStringAndSize(text, to - text);
    PyMem_Free(text);
    return made;
}

/* As mappy prints one: columns 3 to 12 of PAF and tags. */
static PyObject *hit_str(PyObject *self)
{
    const hit *h = (const hit *)self;
    PyObject *cigar = hit_cigar_str(self, NULL);
    if (!cigar) return NULL;
    PyObject *made =
        PyUnicode_FromFormat("%d\t%d\t%c\t%U\t%lld\t%lld\t%lld\t%lld\t%lld\t%d\ttp:A:%c\tNM:i:%d\tcg:Z:%U%s%s%s%s", h->q_st, h->q_en,
                             h->strand > 0 ? '+' : '-', h->ctg, h->ctg_len, h->r_st, h->r_en, h->mlen, h->blen, h->mapq,
                             h->is_primary ? 'P' : 'S', h->nm, cigar, *h->cs ? "\tcs:Z:" : "", h->cs, *h->md ? "\tMD:Z:" : "", h->md);
    Py_DECREF(cigar);
    return made;
}

static PyObject *hit_repr(PyObject *self)
{
    const hit *h = (const hit *)self;
    PyObject *cigar = hit_cigar_str(self, NULL);
    if (!cigar) return NULL;
    PyObject *made = PyUnicode_FromFormat("<anneal.Hit %U:%lld-%lld %c %U mapq %d>", h->ctg, h->r_st, h->r_en, h->strand > 0 ? '+' : '-',
                                          cigar, h->mapq);
    Py_DECREF(cigar);
    return made;
}

#define MEMBER(name, type, field, text)                                                                                                    \
    {                                                                                                                                      \
        name, type, offsetof(hit, field), READONLY, text                                                                                   \
    }

static PyMemberDef members[] = {
    MEMBER("ctg", T_OBJECT, ctg, "Name of the contig."),
    MEMBER("ctg_len", T_LONGLONG, ctg_len, "Length of the contig in bp."),
    MEMBER("r_st", T_LONGLONG, r_st, "First aligned base of the contig, 0-based."),
    MEMBER("r_en", T_LONGLONG, r_en, "Behind the last aligned base of the contig."),
    MEMBER("q_st", T_INT, q_st, "First aligned base of the read as it was given, whatever the strand."),
    MEMBER("q_en", T_INT, q_en, "Behind the last aligned base of the read as it was given."),
    MEMBER("strand", T_INT, strand, "+1 or -1."),
    MEMBER("mapq", T_INT, mapq, "Mapping quality, 0 to 60."),
    MEMBER("NM", T_INT, nm, "Edit distance: mismatches (N included), inserted and deleted bases."),
    MEMBER("blen", T_LONGLONG, blen, "Columns, inserted and deleted bases, without those where read or contig is not A, C, G or T."),
    MEMBER("mlen", T_LONGLONG, mlen, "Equal bases."),
    MEMBER("is_primary", T_BOOL, is_primary,
           "False for another place of the same bases; the parts of a split read are all primary, as in mappy."),
    MEMBER("read_num", T_INT, read_num, "1: of seq; 2: of seq2."),
    MEMBER("MD", T_STRING, md, "Tag MD of SAM; '' unless it was asked for."),
    MEMBER("cs", T_STRING, cs, "Difference string of minimap2, short form; '' unless it was asked for."),
    MEMBER("AS", T_INT, score, "Alignment score. Not in mappy."),
    MEMBER("XS", T_INT, second, "Best score elsewhere; 0: none known. Not in mappy."),
    MEMBER("flag", T_INT, flag, "Flags of SAM: 0x2 proper pair, 0x800 another part of a split read, ... Not in mappy."),
    MEMBER("tlen", T_LONGLONG, tlen, "TLEN of SAM: signed length of the pair's fragment. Not in mappy."),
    {0},
};

static PyGetSetDef getters[] = {
    {"cigar", hit_cigar, NULL, "[[length, operation], ...] in the contig's direction, without clips; operations number MIDNSHP=X.", NULL},
    {"cigar_str", hit_cigar_str, NULL, "The same as text, '150M'.", NULL},
    {0},
};

static PyType_Slot slots[] = {
    {Py_tp_dealloc, hit_dealloc},
    {Py_tp_new, hit_refuse},
    {Py_tp_str, hit_str},
    {Py_tp_repr, hit_repr},
    {Py_tp_members, members},
    {Py_tp_getset, getters},
    {Py_tp_doc, "An alignment of a read. Names are those of mappy; str() gives columns 3 to 12 of PAF and tags."},
    {0, NULL},
};

PyType_Spec core_hit_spec = {.name = "anneal.Hit", .basicsize = sizeof(hit), .flags = Py_TPFLAGS_DEFAULT, .slots = slots};
