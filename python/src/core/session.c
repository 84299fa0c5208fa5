/* A session of libanneal. One thread at a time may use one, so every call holds its lock; the GIL is released while libanneal works. */
#include "core.h"

#include <pythread.h>
#include <structmember.h>

typedef struct session {
    PyObject_HEAD anl_session *session; /* NULL: closed */
    PyThread_type_lock lock;
    unsigned long owner; /* thread that holds the lock; 0: none */
    PyObject *names;     /* tuple of the contigs' */
    int threads, dim, window;
} session;

/* ---- in and out ---- */

/* Waits for the session. 0, or -1: raised. */
static int enter(session *self)
{
    const unsigned long own = PyThread_get_thread_ident();
    if (self->owner == own) { /* a finaliser that runs while hits are made */
        PyErr_SetString(PyExc_RuntimeError, "this thread is in a call on the same Aligner already");
        return -1;
    }
    if (core_threads_check(self->threads)) return -1;
    if (!PyThread_acquire_lock(self->lock, NOWAIT_LOCK)) {
        Py_BEGIN_ALLOW_THREADS;
        PyThread_acquire_lock(self->lock, WAIT_LOCK);
        Py_END_ALLOW_THREADS;
    }
    if (!self->session) {
        PyThread_release_lock(self->lock);
        PyErr_SetString(PyExc_ValueError, "the Aligner is closed");
        return -1;
    }
    self->owner = own;
    return 0;
}

static void leave(session *self)
{
    self->owner = 0;
    PyThread_release_lock(self->lock);
}

static PyObject *names_of(const anl_session *s)
{
    const int n = anl_session_contigs(s);
    PyObject *names = PyTuple_New(n);
    for (int i = 0; names && i < n; ++i) {
        int64_t len;
        PyObject *name = PyUnicode_FromString(anl_session_contig(s, i, &len));
        if (!name || PyTuple_SetItem(names, i, name)) Py_CLEAR(names);
    }
    return names;
}

static int open_session(session *self, const char *index, const core_settings *settings)
{
    int rc;
    self->threads = settings->threads;
    if (core_threads_check(self->threads)) return -1;
    if (!(self->lock = PyThread_allocate_lock())) {
        PyErr_NoMemory();
        return -1;
    }
    Py_BEGIN_ALLOW_THREADS;
    rc = anl_session_open(&self->session, index, settings->list, settings->n);
    Py_END_ALLOW_THREADS;
    if (rc) {
        self->session = NULL;
        core_raise(rc);
        return -1;
    }
    self->dim = anl_session_dim(self->session);
    self->window = anl_session_window(self->session);
    return (self->names = names_of(self->session)) ? 0 : -1;
}

static PyObject *session_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *index = NULL, *given;
    core_settings settings = {0};
    if (keywords && PyDict_Size(keywords)) return PyErr_Format(PyExc_TypeError, "Session() takes no keywords");
    if (!PyArg_ParseTuple(args, "O&O!:Session", PyUnicode_FSConverter, &index, &PyList_Type, &given)) return NULL;
    session *self = core_settings_parse(given, &settings) ? NULL : (session *)PyType_GenericAlloc(type, 0);
    if (self && open_session(self, PyBytes_AsString(index), &settings)) Py_CLEAR(self);
    PyMem_Free(settings.list);
    Py_DECREF(index);
    return (PyObject *)self;
}

static void session_dealloc(PyObject *object)
{
    session *self = (session *)object;
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    anl_session_close(self->session);
    if (self->lock) PyThread_free_lock(self->lock);
    Py_XDECREF(self->names);
    release(object);
    Py_DECREF(type);
}

static PyObject *session_close(PyObject *object, PyObject *unused)
{
    session *self = (session *)object;
    (void)unused;
    if (!self->session) Py_RETURN_NONE;
    if (enter(self)) return NULL;
    anl_session_close(self->session);
    self->session = NULL;
    leave(self);
    Py_RETURN_NONE;
}

/* ---- reads ---- */

/* Reads for libanneal, whose letters belong to the objects in `kept`. */
typedef struct reads {
    anl_sequence *first, *second; /* second NULL: no pairs */
    PyObject *kept;
    size_t n;
} reads;

static void reads_free(reads *r)
{
    PyMem_Free(r->first);
    PyMem_Free(r->second);
    Py_XDECREF(r->kept);
}

static int take_read(reads *r, PyObject *sequence, anl_sequence *to)
{
    PyObject *letters = core_letters(sequence);
    const int rc = letters ? PyList_Append(r->kept, letters) : -1;
    if (!rc) *to = (anl_sequence){"read", PyBytes_AsString(letters)};
    Py_XDECREF(letters);
    return rc;
}

/* 1: a pair; 0: a read; -1: raised. */
static int is_pair(PyObject *item)
{
    const int tuple = PyTuple_Check(item);
    if (!tuple && !PyList_Check(item)) return 0;
    if ((tuple ? PyTuple_Size(item) : PyList_Size(item)) == 2) return 1;
    PyErr_SetString(PyExc_ValueError, "a pair has two reads");
    return -1;
}

static int take_item(reads *r, PyObject *item)
{
    const int pair = is_pair(item);
    if (pair < 0) return -1;
    if (pair != (r->second != NULL)) {
        PyErr_SetString(PyExc_ValueError, "reads and pairs cannot be mapped in one call");
        return -1;
    }
    if (!pair) return take_read(r, item, &r->first[r->n++]);
    PyObject *(*const get)(PyObject *, Py_ssize_t) = PyTuple_Check(item) ? PyTuple_GetItem : PyList_GetItem;
    PyObject *first = get(item, 0), *second = get(item, 1);
    if (take_read(r, first, &r->first[r->n]) || take_read(r, second, &r->second[r->n])) return -1;
    ++r->n;
    return 0;
}

/* `items` is a list that nobody else has. */
static int reads_take(reads *r, PyObject *items)
{
    const Py_ssize_t n = PyList_Size(items);
    const int paired = n ? is_pair(PyList_GetItem(items, 0)) : 0;
    if (paired < 0 || !(r->kept = PyList_New(0))) return -1;
    r->first = PyMem_Calloc((size_t)n, sizeof *r->first);
    if (paired) r->second = PyMem_Calloc((size_t)n, sizeof *r->second);
    if (!r->first || (paired && !r->second)) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < n; ++i)
        if (take_item(r, PyList_GetItem(items, i))) return -1;
    return 0;
}

/* ---- hits ---- */

typedef struct wanted {
    int cs, md;
} wanted;

static int add_hit(const session *self, wanted w, const anl_alignment *a, PyObject *to)
{
    core_hit_request request = {.session = self->session, .cs = w.cs, .md = w.md};
    if (!a->n_cigar) return 0;
    request.name = PyTuple_GetItem(self->names, a->contig_number);
    if (!request.name) return -1;
    anl_session_contig(self->session, a->contig_number, &request.ctg_len);
    PyObject *hit = core_hit_new(&request, a);
    const int rc = hit ? PyList_Append(to, hit) : -1;
    Py_XDECREF(hit);
    return rc;
}

/* A list for each read or pair. NULL: raised. */
static PyObject *hits_of(const session *self, const reads *r, wanted w, const anl_alignment *alignments, size_t n)
{
    PyObject *all = PyList_New((Py_ssize_t)r->n);
    size_t at = 0;
    for (size_t i = 0; all && i < r->n; ++i) {
        PyObject *of_read = PyList_New(0);
        int rc = of_read ? PyList_SetItem(all, (Py_ssize_t)i, of_read) : -1;
        for (; !rc && at < n && alignments[at].read == (int64_t)i; ++at) rc = add_hit(self, w, &alignments[at], of_read);
        if (rc) Py_CLEAR(all);
    }
    return all;
}

static PyObject *map_reads(session *self, const reads *r, wanted w)
{
    const anl_alignment *alignments = NULL;
    size_t n = 0;
    int rc;
    if (enter(self)) return NULL;
    Py_BEGIN_ALLOW_THREADS;
    rc = anl_session_align_batch(self->session, r->first, r->second, r->n, &alignments, &n);
    Py_END_ALLOW_THREADS;
    PyObject *hits = rc ? core_raise(rc) : hits_of(self, r, w, alignments, n);
    leave(self);
    return hits;
}

static PyObject *session_map(PyObject *self, PyObject *args)
{
    PyObject *first, *second;
    anl_sequence one = {0}, other = {0};
    reads r = {.first = &one, .n = 1};
    wanted w;
    if (!PyArg_ParseTuple(args, "OOpp:map", &first, &second, &w.cs, &w.md)) return NULL;
    if (second != Py_None) r.second = &other;
    int rc = (r.kept = PyList_New(0)) ? take_read(&r, first, &one) : -1;
    if (!rc && r.second) rc = take_read(&r, second, &other);
    PyObject *all = rc ? NULL : map_reads((session *)self, &r, w), *hits = all ? PyList_GetItem(all, 0) : NULL;
    Py_XINCREF(hits);
    Py_XDECREF(all);
    Py_XDECREF(r.kept);
    return hits;
}

/* A list of our own, so that nobody changes it meanwhile. */
static PyObject *own_list(PyObject *items)
{
    if (!PyUnicode_Check(items) && !PyBytes_Check(items)) return PySequence_List(items);
    PyErr_SetString(PyExc_TypeError, "a list of sequences is wanted, not one sequence");
    return NULL;
}

static PyObject *session_map_batch(PyObject *self, PyObject *args)
{
    PyObject *given, *items;
    reads r = {0};
    wanted w;
    if (!PyArg_ParseTuple(args, "Opp:map_batch", &given, &w.cs, &w.md)) return NULL;
    if (!(items = own_list(given))) return NULL;
    PyObject *hits = reads_take(&r, items) ? NULL : map_reads((session *)self, &r, w);
    Py_DECREF(items);
    reads_free(&r);
    return hits;
}

/* ---- sequence and vectors ---- */

static PyObject *session_fetch(PyObject *object, PyObject *args)
{
    session *self = (session *)object;
    int contig;
    long long begin, end;
    if (!PyArg_ParseTuple(args, "iLL:fetch", &contig, &begin, &end)) return NULL;
    if (!self->session) return PyErr_Format(PyExc_ValueError, "the Aligner is closed");
    char *letters = PyMem_Malloc(end > begin ? (size_t)(end - begin) : 1);
    if (!letters) return PyErr_NoMemory();
    const int rc = anl_session_fetch(self->session, contig, begin, end, letters);
    PyObject *made = rc ? core_raise(rc) : PyUnicode_DecodeASCII(letters, (Py_ssize_t)(end - begin), NULL);
    PyMem_Free(letters);
    return made;
}

static PyObject *session_length(PyObject *object, PyObject *args)
{
    session *self = (session *)object;
    int contig;
    int64_t len;
    if (!PyArg_ParseTuple(args, "i:length", &contig)) return NULL;
    if (!self->session) return PyErr_Format(PyExc_ValueError, "the Aligner is closed");
    anl_session_contig(self->session, contig, &len);
    return PyLong_FromLongLong(len);
}

static PyObject *session_is_alt(PyObject *object, PyObject *args)
{
    session *self = (session *)object;
    int contig;
    if (!PyArg_ParseTuple(args, "i:is_alt", &contig)) return NULL;
    if (!self->session) return PyErr_Format(PyExc_ValueError, "the Aligner is closed");
    return PyBool_FromLong(anl_session_contig_is_alt(self->session, contig));
}

/* The letters of all items as bytes, kept in the list instead of the items, and where they lie. NULL: raised. */
static const char **take_letters(PyObject *items)
{
    const Py_ssize_t n = PyList_Size(items);
    const char **texts = PyMem_Calloc((size_t)n, sizeof *texts);
    if (!texts) PyErr_NoMemory();
    for (Py_ssize_t i = 0; texts && i < n; ++i) {
        PyObject *letters = core_letters(PyList_GetItem(items, i));
        if (letters) texts[i] = PyBytes_AsString(letters);
        if (letters && !PyList_SetItem(items, i, letters)) continue;
        PyMem_Free(texts);
        texts = NULL;
    }
    return texts;
}

static PyObject *session_embed(PyObject *object, PyObject *given)
{
    session *self = (session *)object;
    PyObject *items = own_list(given), *vectors = NULL;
    const char **texts = items ? take_letters(items) : NULL;
    const Py_ssize_t n = texts ? PyList_Size(items) : 0;
    if (texts) vectors = PyByteArray_FromStringAndSize(NULL, n * self->dim);
    if (vectors && enter(self)) Py_CLEAR(vectors);
    if (vectors) {
        int8_t *out = (int8_t *)PyByteArray_AsString(vectors);
        int rc;
        Py_BEGIN_ALLOW_THREADS;
        rc = anl_session_embed(self->session, texts, (size_t)n, out);
        Py_END_ALLOW_THREADS;
        leave(self);
        if (rc) {
            Py_CLEAR(vectors);
            core_raise(rc);
        }
    }
    PyMem_Free(texts);
    Py_XDECREF(items);
    return vectors;
}

static PyObject *session_search(PyObject *object, PyObject *args)
{
    session *self = (session *)object;
    PyObject *given;
    int k, nprobe, rc;
    if (!PyArg_ParseTuple(args, "Sii:search", &given, &k, &nprobe)) return NULL;
    const Py_ssize_t n = PyBytes_Size(given) / self->dim;
    const int8_t *vectors = (const int8_t *)PyBytes_AsString(given);
    if (k < 1 || k > ANL_MOST_NEIGHBOURS || n > PY_SSIZE_T_MAX / k / (Py_ssize_t)sizeof(anl_neighbour))
        return PyErr_Format(PyExc_ValueError, "k %d: must be 1 to %d", k, (int)ANL_MOST_NEIGHBOURS);
    PyObject *found = PyByteArray_FromStringAndSize(NULL, n * k * (Py_ssize_t)sizeof(anl_neighbour));
    if (!found || enter(self)) {
        Py_XDECREF(found);
        return NULL;
    }
    anl_neighbour *out = (anl_neighbour *)PyByteArray_AsString(found);
    Py_BEGIN_ALLOW_THREADS;
    rc = anl_session_search(self->session, vectors, (size_t)n, k, nprobe, out);
    Py_END_ALLOW_THREADS;
    leave(self);
    if (!rc) return found;
    Py_DECREF(found);
    return core_raise(rc);
}

static PyMethodDef methods[] = {
    {"map", session_map, METH_VARARGS, "map(seq, seq2 or None, cs, MD): list of hits"},
    {"map_batch", session_map_batch, METH_VARARGS, "map_batch(reads or pairs, cs, MD): list of lists of hits"},
    {"fetch", session_fetch, METH_VARARGS, "fetch(contig's number, begin, end): bases"},
    {"length", session_length, METH_VARARGS, "length(contig's number): bp"},
    {"is_alt", session_is_alt, METH_VARARGS, "is_alt(contig's number): whether it is an ALT contig"},
    {"embed", session_embed, METH_O, "embed(sequences): bytearray of int8 [n][dim]"},
    {"search", session_search, METH_VARARGS,
     "search(bytes of int8 [n][dim], k, nprobe): bytearray of (pos int64, contig int32, distance int32) [n][k]"},
    {"close", session_close, METH_NOARGS, "close(): frees the index; calls fail from here on"},
    {0},
};

static PyMemberDef members[] = {
    {"names", T_OBJECT, offsetof(session, names), READONLY, "Names of the contigs."},
    {"dim", T_INT, offsetof(session, dim), READONLY, "Elements of a vector."},
    {"window", T_INT, offsetof(session, window), READONLY, "bp of a window."},
    {"threads", T_INT, offsetof(session, threads), READONLY, "Threads that libanneal uses."},
    {0},
};

static PyType_Slot slots[] = {
    {Py_tp_new, session_new},
    {Py_tp_dealloc, session_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {Py_tp_doc, "Session(index, settings): an index, open; settings are pairs of bytes, or bytes and None."},
    {0, NULL},
};

PyType_Spec core_session_spec = {.name = "anneal._core.Session", .basicsize = sizeof(session), .flags = Py_TPFLAGS_DEFAULT, .slots = slots};
