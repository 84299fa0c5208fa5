#include "fastq_writer.h"

#include <errno.h>
#include <htslib/bgzf.h>
#include <htslib/kstring.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct anl_fastq_writer {
    anl_output *output;
    BGZF *file; /* NULL: closed */
    int descriptor;
    kstring_t text;
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

int anl_fastq_writer_put(anl_fastq_writer *w, const anl_read *read)
{
    kstring_t *t = &w->text;
    t->l = 0;
    int bad = kputc(read->qual ? '@' : '>', t) < 0 || kputs(read->name, t) < 0;
    if (read->comment) bad |= kputc(' ', t) < 0 || kputs(read->comment, t) < 0;
    bad |= kputc('\n', t) < 0 || ks_resize(t, t->l + 2 * (size_t)read->len + 8) < 0;
    if (bad) return anl_fail(ANL_ENOMEM, "out of memory");
    for (int32_t i = 0; i < read->len; ++i) t->s[t->l++] = "ACGTN"[read->seq[i]];
    t->s[t->l++] = '\n';
    if (read->qual) {
        t->s[t->l++] = '+';
        t->s[t->l++] = '\n';
        for (int32_t i = 0; i < read->len; ++i) t->s[t->l++] = (char)(read->qual[i] + '!');
        t->s[t->l++] = '\n';
    }
    errno = 0;
    return bgzf_write(w->file, t->s, t->l) == (ssize_t)t->l ? ANL_OK : anl_output_fail(w->output);
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
    ks_free(&w->text);
    free(w);
}
