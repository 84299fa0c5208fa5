/* anneal._core: libanneal for the Python package. The limited API of Python 3.9, so that one build serves every later version. */
#ifndef ANNEAL_CORE_H
#define ANNEAL_CORE_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x03090000
#include <Python.h>

#include "anneal.h"

/* Types are made once, when the module is. */
extern PyType_Spec core_hit_spec, core_session_spec;
extern PyTypeObject *core_hit_type;

/* Raises what libanneal last failed with, and returns NULL. */
PyObject *core_raise(int code);

/* What of an alignment a hit is to tell. */
typedef struct core_hit_request {
    anl_session *session;
    PyObject *name;  /* of the contig */
    int64_t ctg_len; /* bp */
    int cs, md;
} core_hit_request;

/* A hit from one of the alignments that the session's last call gave. NULL: raised. */
PyObject *core_hit_new(const core_hit_request *r, const anl_alignment *a);

/* Settings from a list of pairs of bytes, the second of which may be None; they point into the list. */
typedef struct core_settings {
    anl_setting *list;
    size_t n;
    int threads;
} core_settings;

/* 0, or -1: raised. list is to be freed by PyMem_Free in either case. */
int core_settings_parse(PyObject *from, core_settings *to);

/* Letters of a read as bytes without NUL, a new reference; NULL: raised. */
PyObject *core_letters(PyObject *sequence);

/* 0, or -1 with RuntimeError: libgomp's threads do not live on in a process that is forked from one that had several. */
int core_threads_check(int threads);

#endif
