#include "core.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static PyObject *format_error; /* anneal.FormatError */
static pid_t parallel_process; /* that has had several of libgomp's threads; 0: none */

PyObject *core_raise(int code)
{
    PyObject *type = code == ANL_ENOMEM                            ? PyExc_MemoryError
                     : code == ANL_EIO                             ? PyExc_OSError
                     : code == ANL_EINTR                           ? PyExc_InterruptedError
                     : code == ANL_EFORMAT || code == ANL_EVERSION ? format_error
                                                                   : PyExc_ValueError;
    PyObject *message = PyUnicode_DecodeFSDefault(anl_error()); /* paths may be in it */
    if (message) PyErr_SetObject(type, message);
    Py_XDECREF(message);
    return NULL;
}

int core_threads_check(int threads)
{
    if (threads < 2) return 0;
    if (!parallel_process) parallel_process = getpid();
    if (parallel_process == getpid()) return 0;
    PyErr_SetString(PyExc_RuntimeError, "several threads do not work in a process that was forked from one that had used them: "
                                        "take n_threads=1, or multiprocessing's 'spawn' or 'forkserver'");
    return -1;
}

PyObject *core_letters(PyObject *sequence)
{
    PyObject *letters = NULL;
    if (PyUnicode_Check(sequence)) {
        letters = PyUnicode_AsASCIIString(sequence);
    } else if (PyBytes_Check(sequence)) {
        Py_INCREF(sequence);
        letters = sequence;
    } else {
        PyErr_Format(PyExc_TypeError, "a sequence must be str or bytes, not %R", Py_TYPE(sequence));
    }
    char *text;
    if (letters && PyBytes_AsStringAndSize(letters, &text, NULL)) Py_CLEAR(letters); /* holds NUL */
    return letters;
}

int core_settings_parse(PyObject *from, core_settings *to)
{
    const Py_ssize_t n = PyList_Size(from);
    if (n < 0) return -1;
    to->threads = 1;
    to->list = PyMem_Calloc((size_t)n, sizeof *to->list);
    if (!to->list) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < n; ++i) {
        PyObject *name, *value;
        char *name_text, *value_text = NULL;
        if (!PyArg_ParseTuple(PyList_GetItem(from, i), "SO", &name, &value)) return -1;
        if (PyBytes_AsStringAndSize(name, &name_text, NULL)) return -1;
        if (value != Py_None && PyBytes_AsStringAndSize(value, &value_text, NULL)) return -1;
        to->list[to->n++] = (anl_setting){name_text, value_text};
        if (value_text && !strcmp(name_text, "threads")) to->threads = atoi(value_text); /* libanneal says what is wrong with it */
    }
    return 0;
}

static PyObject *build(PyObject *module, PyObject *args)
{
    PyObject *fasta = NULL, *index = NULL, *given;
    core_settings settings = {0};
    int rc = ANL_OK;
    (void)module;
    if (!PyArg_ParseTuple(args, "O&O&O!:build", PyUnicode_FSConverter, &fasta, PyUnicode_FSConverter, &index, &PyList_Type, &given))
        return NULL;
    const int bad = core_settings_parse(given, &settings) || core_threads_check(settings.threads);
    if (!bad) {
        Py_BEGIN_ALLOW_THREADS;
        rc = anl_build(PyBytes_AsString(fasta), PyBytes_AsString(index), settings.list, settings.n);
        Py_END_ALLOW_THREADS;
    }
    if (rc) core_raise(rc);
    PyMem_Free(settings.list);
    Py_DECREF(fasta);
    Py_DECREF(index);
    if (bad || rc) return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"build", build, METH_VARARGS, "build(fasta, index, settings): builds the index of a FASTA"},
    {0},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "anneal._core", .m_doc = "libanneal.", .m_size = -1,
                                        .m_methods = functions};

static int add(PyObject *module, const char *name, PyObject *object)
{
    if (!object) return -1;
    Py_INCREF(object); /* one is the module's, one is ours */
    if (!PyModule_AddObject(module, name, object)) return 0;
    Py_DECREF(object);
    return -1;
}

PyMODINIT_FUNC PyInit__core(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (!module) return NULL;
    core_hit_type = (PyTypeObject *)PyType_FromSpec(&core_hit_spec);
    PyObject *session = PyType_FromSpec(&core_session_spec);
    format_error = PyErr_NewExceptionWithDoc("anneal.FormatError", "A file is malformed, corrupt, or of another version or model.",
                                             PyExc_ValueError, NULL);
    int rc = add(module, "Hit", (PyObject *)core_hit_type);
    if (!rc) rc = add(module, "Session", session);
    if (!rc) rc = add(module, "FormatError", format_error);
    if (!rc) rc = PyModule_AddStringConstant(module, "__version__", ANNEAL_VERSION);
    Py_XDECREF(session);
    if (rc) Py_CLEAR(module);
    return module;
}
