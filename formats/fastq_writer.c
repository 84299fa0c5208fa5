#include "fastq_writer.h"

#include <errno.h>
#include <htslib/bgzf.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct anl_fastq_writer {
    anl_output *output;
    BGZF *file; /* NULL: closed */
    int descriptor;
};

static int open_stream(anl_fastq_writer *w, const char *path)
{
    const size_t n = strlen(path);
    const int packed = n > 3 && !strcasecmp(path + n - 3, ".gz"), descriptor = w->descriptor = anl_output_descriptor(w->output);
    if (descriptor < 0) return ANL_EIO;
    errno = 0;
    if ((w->file = bgzf_dopen(descriptor, packed ? "w" : "wu"))) return ANL_OK;
    close(descriptor);
    return anl_output_fail(w->output);
}

int anl_fastq_writer_open(anl_fastq_writer **out, const char *path)
{
    anl_fastq_writer *w = anl_alloc(1, sizeof *w);
    if (!w) return ANL_ENOMEM;
    int rc = anl_output_open(&w->output, path, ANL_OUTPUT_STREAM);
    if (!rc) rc = open_stream(w, path);
    if (rc) {
        anl_fastq_writer_abort(w);
        return rc;
    }
    *out = w;
    return ANL_OK;
}

static char *put_line(char *at, const char *text, size_t n)
{
    memcpy(at, text, n);
    at[n] = '\n';
    return at + n + 1;
}

int anl_fastq_append(anl_bytes *to, const anl_read *read)
{
    enum { MARKS = 8 /* bytes beside name, comment, bases and qualities */ };
    const size_t name = strlen(read->name), comment = read->comment ? strlen(read->comment) : 0, len = (size_t)read->len;
    int rc = anl_grow(&to->at, &to->cap, to->n + name + comment + 2 * len + MARKS, 1);
    if (rc) return rc;
    char *at = to->at + to->n;
    *at++ = read->qual ? '@' : '>';
    memcpy(at, read->name, name);
    at += name;
    if (read->comment) *at++ = ' ';
    at = put_line(at, read->comment ? read->comment : "", comment);
    for (size_t i = 0; i < len; ++i) *at++ = "ACGTN"[read->seq[i]];
    *at++ = '\n';
    if (read->qual) {
        at = put_line(at, "+", 1);
        for (size_t i = 0; i < len; ++i) *at++ = (char)(read->qual[i] + '!');
        *at++ = '\n';
    }
    to->n = (size_t)(at - to->at);
    return ANL_OK;
}

int anl_fastq_writer_put(anl_fastq_writer *w, const anl_bytes *text)
{
    errno = 0;
    return !text->n || bgzf_write(w->file, text->at, text->n) == (ssize_t)text->n ? ANL_OK : anl_output_fail(w->output);
}

int anl_fastq_writer_finish(anl_fastq_writer *w)
{
    BGZF *file = w->file;
    w->file = NULL;
    errno = 0;
    return bgzf_close(file) < 0 ? anl_output_fail(w->output) : anl_output_finish(w->output);
}

int anl_fastq_writer_close(anl_fastq_writer *w)
{
    int rc = w->file ? anl_fastq_writer_finish(w) : ANL_OK;
    if (!rc) {
        rc = anl_output_close(w->output);
        w->output = NULL;
    }
    anl_fastq_writer_abort(w);
    return rc;
}

void anl_fastq_writer_abort(anl_fastq_writer *w)
{
    if (!w) return;
    if (w->file) {
        anl_output_discard(w->descriptor);
        bgzf_close(w->file);
    }
    anl_output_abort(w->output);
    free(w);
}
