#include "text.h"

#include "ahead.h"

#include <errno.h>
#include <htslib/hfile.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum {
    BUFFER = 1 << 18,    /* bytes of text at first: hundreds of short reads; a longer line makes it grow */
    INPUT = 1 << 16,     /* bytes of gzip: a block of BGZF (SAM specification, 4.1) */
    GZIP_ONLY = 15 + 16, /* for zlib: the largest window, and a gzip header must be there */
};

struct anl_text {
    struct hFILE *file;
    anl_pipe *pipe; /* what is read instead; NULL: the file is */
    char *name, *buffer;
    size_t cap, begin, end; /* bytes [begin, end) of the buffer are unread */
    int64_t number, size;   /* size: bytes of the file, 0: not known */
    atomic_llong seen;      /* bytes of it read so far */
    int ended, status, may_go_ahead;
    anl_ahead *ahead; /* what inflates in a thread of its own; NULL: none does */
    /* Of who inflates. */
    z_stream gzip;
    unsigned char *input;  /* compressed bytes; NULL for plain text */
    int in_member, padded; /* padded: zeros were met behind a member */
};

/* What is compressed otherwise is named, and how to read it all the same. */
static const struct {
    const char *begin;
    size_t n;
    const char *name, *command;
} not_read[] = {
    {"BZh", 3, "bzip2", "bzip2 -dc"},   {"\3757zXZ", 6, "xz", "xz -dc"},         {"(\265/\375", 4, "zstd", "zstd -dc"},
    {"\4\"M\030", 4, "lz4", "lz4 -dc"}, {"\037\235", 2, "compress", "gzip -dc"}, {"PK\3\4", 4, "zip", "unzip -p"},
};

static int refuse_others(struct hFILE *file, const char *path)
{
    unsigned char begin[6];
    const ssize_t n = hpeek(file, begin, sizeof begin);
    for (size_t i = 0; i < sizeof not_read / sizeof *not_read; ++i) {
        if (n < (ssize_t)not_read[i].n || memcmp(begin, not_read[i].begin, not_read[i].n)) continue;
        const char *command = not_read[i].command;
        if (!strcmp(path, "-"))
            return anl_fail(ANL_EFORMAT, "standard input: compressed by %s, which is not read here: pipe it through '%s'", not_read[i].name,
                            command);
        return anl_fail(ANL_EFORMAT, "%s: compressed by %s, which is not read here: give <(%s %s) in its place, or '-' behind '%s %s |'",
                        path, not_read[i].name, command, path, command, path);
    }
    return ANL_OK;
}

int anl_text_over(anl_text **out, struct hFILE *file, const char *path)
{
    unsigned char magic[2];
    const int refused = refuse_others(file, path);
    if (refused) return refused;
    anl_text *t = anl_alloc(1, sizeof *t);
    const int is_gzip = hpeek(file, magic, 2) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
    if (t) {
        t->cap = BUFFER;
        t->name = strdup(strcmp(path, "-") ? path : "standard input");
        t->buffer = malloc(t->cap + 1);
        t->input = is_gzip ? malloc(INPUT) : NULL;
    }
    if (!t || !t->name || !t->buffer || (is_gzip && (!t->input || inflateInit2(&t->gzip, GZIP_ONLY) != Z_OK))) {
        anl_text_free(t);
        return anl_fail(ANL_ENOMEM, "%s: out of memory", path);
    }
    struct stat st;
    t->size = !strcmp(path, "-") || stat(path, &st) || !S_ISREG(st.st_mode) ? 0 : st.st_size;
    t->in_member = is_gzip;
    t->file = file;
    *out = t;
    return ANL_OK;
}

int anl_text_open(anl_text **out, const char *path)
{
    struct hFILE *file = hopen(path, "r");
    if (!file) return anl_fail(ANL_EIO, "%s: %s", path, strerror(errno));
    int rc = anl_text_over(out, file, path);
    if (rc) hclose_abruptly(file);
    return rc;
}

int anl_text_through(anl_text *t, anl_pipe *pipe)
{
    /* htslib has no call for what it holds: these are what its own hread goes by, in the header. */
    if (anl_pipe_keep(pipe, t->file->begin, (size_t)(t->file->end - t->file->begin)))
        return anl_fail(ANL_ENOMEM, "%s: out of memory", t->name);
    pipe->ended = t->file->at_eof;
    t->pipe = pipe;
    return ANL_OK;
}

double anl_text_share(const anl_text *t)
{
    return t->size ? (double)atomic_load(&t->seen) / (double)t->size : 0;
}

void anl_text_free(anl_text *t)
{
    if (!t) return;
    anl_ahead_free(t->ahead);
    if (t->file) hclose_abruptly(t->file);
    if (t->input) inflateEnd(&t->gzip);
    free(t->input);
    free(t->name);
    free(t->buffer);
    free(t);
}

/* Bytes of the file as they are: their number, 0 at the end, or ANL_EIO. hread waits until there is room for no more, or for the end. */
static ssize_t read_some(anl_text *t, void *to, size_t room)
{
    const ssize_t got = t->pipe ? anl_pipe_take(t->pipe, to, room) : hread(t->file, to, room);
    if (got < 0) return anl_fail(ANL_EIO, "%s: cannot read: %s", t->name, strerror(errno));
    atomic_fetch_add(&t->seen, got);
    return got;
}

/* At the end of a gzip member: 1 when another one begins, 0 when what was read is used up, or ANL_EFORMAT. Tapes and object stores fill files
 * up with zeros, which are passed over. */
static int next_member(anl_text *t)
{
    z_stream *z = &t->gzip;
    for (; z->avail_in && !*z->next_in; ++z->next_in, --z->avail_in) t->padded = 1;
    if (!z->avail_in) return 0;
    if (t->padded || *z->next_in != 0x1f) return anl_fail(ANL_EFORMAT, "%s: something else follows the gzip data", t->name);
    inflateReset(z);
    t->in_member = 1;
    return 1;
}

/* Inflates up to `room` bytes: their number, 0 at the end, ANL_EIO or ANL_EFORMAT. */
static ssize_t inflate_some(void *text, char *to, size_t room)
{
    anl_text *t = text;
    z_stream *z = &t->gzip;
    z->next_out = (unsigned char *)to;
    z->avail_out = (unsigned)(room < INT32_MAX ? room : INT32_MAX);
    const unsigned before = z->avail_out;
    while (z->avail_out == before) {
        if (z->avail_in == 0) {
            const ssize_t got = read_some(t, t->input, INPUT);
            if (got < 0) return got;
            if (got == 0) return t->in_member ? anl_fail(ANL_EFORMAT, "%s: truncated gzip", t->name) : 0;
            z->next_in = t->input;
            z->avail_in = (unsigned)got;
        }
        const int begun = t->in_member ? 1 : next_member(t);
        if (begun < 0) return begun;
        if (!begun) continue;
        const int status = inflate(z, Z_NO_FLUSH);
        if (status == Z_STREAM_END) {
            t->in_member = 0;
        } else if (status != Z_OK && status != Z_BUF_ERROR)
            return anl_fail(ANL_EFORMAT, "%s: corrupt gzip", t->name);
    }
    return (ssize_t)(before - z->avail_out);
}

/* The next bytes of text, from wherever they come; as the functions above. */
static ssize_t more(anl_text *t, char *to, size_t room)
{
    if (!t->input) return read_some(t, to, room);
    if (t->may_go_ahead) t->ahead = anl_ahead_start(inflate_some, t);
    t->may_go_ahead = 0; /* where no thread could be started, it goes on without */
    return t->ahead ? anl_ahead_take(t->ahead, to, room) : inflate_some(t, to, room);
}

int anl_text_is_file(const anl_text *t)
{
    return t->size > 0;
}

void anl_text_go_ahead(anl_text *t)
{
    t->may_go_ahead = anl_text_is_file(t);
}

/* Reads more behind what is unread. */
static int fill(anl_text *t)
{
    if (t->begin > 0) {
        memmove(t->buffer, t->buffer + t->begin, t->end - t->begin);
        t->end -= t->begin;
        t->begin = 0;
    }
    if (t->end == t->cap) {
        char *grown = t->cap > SIZE_MAX / 4 ? NULL : realloc(t->buffer, t->cap * 2 + 1);
        if (!grown) return t->status = anl_fail(ANL_ENOMEM, "%s: line %lld is too long", t->name, (long long)t->number + 1);
        t->buffer = grown;
        t->cap *= 2;
    }
    const ssize_t got = more(t, t->buffer + t->end, t->cap - t->end);
    if (got < 0) return t->status = (int)got;
    if (got == 0) t->ended = 1;
    t->end += (size_t)got;
    return ANL_OK;
}

int anl_text_peek(anl_text *t)
{
    while (t->begin == t->end && !t->ended && !t->status)
        if (fill(t)) return -1;
    return t->begin < t->end ? (unsigned char)t->buffer[t->begin] : -1;
}

int anl_text_line(anl_text *t, char **line, size_t *len)
{
    size_t looked = 0;
    for (;;) {
        if (t->status) return t->status;
        char *from = t->buffer + t->begin, *end = memchr(from + looked, '\n', t->end - t->begin - looked);
        if (end || (t->ended && t->end > t->begin)) {
            if (!end) end = t->buffer + t->end; /* the last line lacks its end; the buffer has a byte to spare */
            t->begin = (size_t)(end - t->buffer) + (end < t->buffer + t->end);
            *len = (size_t)(end - from);
            if (*len && from[*len - 1] == '\r') --*len;
            from[*len] = 0;
            if (!t->number && !strncmp(from, "\357\273\277", 3)) from += 3, *len -= 3; /* the mark that some editors put before UTF-8 */
            *line = from;
            ++t->number;
            return 1;
        }
        if (t->ended) return 0;
        looked = t->end - t->begin;
        if (fill(t)) return t->status;
    }
}

const char *anl_text_window(const anl_text *t, size_t *n)
{
    *n = t->status ? 0 : t->end - t->begin;
    return t->buffer + t->begin;
}

void anl_text_skip(anl_text *t, size_t n, int lines)
{
    t->begin += n;
    t->number += lines;
}

const char *anl_text_name(const anl_text *t)
{
    return t->name;
}

int64_t anl_text_number(const anl_text *t)
{
    return t->number;
}
