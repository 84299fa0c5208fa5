#include "fastq.h"

#include "base_code.h"
#include "plain.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A read in buffers of its own, which grow with its lines and are used again. */
typedef struct raw_read {
    char *name, *comment; /* comment points behind the name, or is NULL */
    uint8_t *seq, *qual;
    size_t name_cap, seq_cap, qual_cap;
    int32_t len;
    int has_qual;
} raw_read;

struct anl_fastq {
    anl_text *text;
    int64_t number;
    char kind; /* '@' or '>', set by the first record; 0 before */
    raw_read raw;
};

int anl_fastq_new(anl_fastq **out, anl_text *text)
{
    anl_fastq *f = anl_alloc(1, sizeof *f);
    if (!f) return ANL_ENOMEM;
    f->text = text;
    *out = f;
    return ANL_OK;
}

void anl_fastq_free(anl_fastq *f)
{
    if (!f) return;
    anl_text_free(f->text);
    free(f->raw.name);
    free(f->raw.seq);
    free(f->raw.qual);
    free(f);
}

double anl_fastq_share(const anl_fastq *f)
{
    return anl_text_share(f->text);
}

int64_t anl_fastq_number(const anl_fastq *f)
{
    return f->number;
}

/* An error of record number f->number; `r` NULL before its name is known. */
static int bad(const anl_fastq *f, const raw_read *r, const char *what)
{
    if (!r) return anl_fail(ANL_EFORMAT, "%s: record %lld: %s", anl_text_name(f->text), (long long)f->number, what);
    return anl_fail(ANL_EFORMAT, "%s: record %lld '%.100s': %s", anl_text_name(f->text), (long long)f->number, r->name, what);
}

static int bad_lengths(const anl_fastq *f, const raw_read *r, size_t qualities)
{
    return anl_fail(ANL_EFORMAT, "%s: record %lld '%.100s': %d bases but %zu qualities", anl_text_name(f->text), (long long)f->number,
                    r->name, r->len, qualities);
}

/* Name, without /1 or /2, and comment from a header line behind its first character. */
static int take_header(anl_fastq *f, raw_read *r, const char *line, size_t n)
{
    size_t name = 0;
    int rc = anl_grow(&r->name, &r->name_cap, n + 2, 1);
    if (rc) return rc;
    memcpy(r->name, line, n + 1);
    while (name < n && !isspace((unsigned char)line[name])) ++name;
    if (!name) return bad(f, NULL, "no name");
    size_t comment = name;
    while (comment < n && isspace((unsigned char)line[comment])) ++comment;
    r->comment = comment < n ? r->name + comment : NULL;
    r->name[name] = 0;
    if (name > 2 && line[name - 2] == '/' && (line[name - 1] == '1' || line[name - 1] == '2')) r->name[name - 2] = 0;
    if (memchr(line, 0, n)) return bad(f, NULL, "a NUL byte in the line of the name");
    if (memchr(line, '\r', n)) return bad(f, NULL, ANL_TEXT_CR_ALONE);
    return anl_read_name_check(anl_text_name(f->text), f->number, r->name);
}

static int add_bases(anl_fastq *f, raw_read *r, const char *line, size_t n)
{
    if (!n) return ANL_OK;
    if (n > (size_t)INT32_MAX - (size_t)r->len) return bad(f, r, "too long");
    int rc = anl_grow(&r->seq, &r->seq_cap, (size_t)r->len + n, 1);
    if (rc) return rc;
    uint8_t *to = r->seq + r->len;
    r->len += (int32_t)n;
    if (anl_plain_bases(line, n, to)) return ANL_OK;
    for (size_t i = 0; i < n; ++i) {
        const uint8_t c = (uint8_t)line[i];
        to[i] = anl_base_code[c];
        if (to[i] > 3 && !isalpha(c) && c != '.' && c != '*' && c != '-') {
            char what[48] = "a character that is no base";
            if (isgraph(c)) memcpy(what, "'?' is no base", 15), what[1] = (char)c;
            return bad(f, r, what);
        }
    }
    return ANL_OK;
}

/* The '+' line: bare, or repeating the name. */
static int check_plus(anl_fastq *f, const raw_read *r, const char *line, size_t n)
{
    const size_t name = strlen(r->name);
    if (n == 1) return ANL_OK;
    if (n - 1 >= name && !memcmp(line + 1, r->name, name)) {
        const char *rest = line + 1 + name;
        if (*rest == '/' && (rest[1] == '1' || rest[1] == '2')) rest += 2;
        if (!*rest || isspace((unsigned char)*rest)) return ANL_OK;
    }
    return bad(f, r, "the '+' line repeats another name");
}

/* Quality lines up to the length of the sequence. A line that starts with '@' and is too long is the next record's. */
static int take_qualities(anl_fastq *f, raw_read *r)
{
    char *line;
    size_t n, have = 0;
    int rc = anl_grow(&r->qual, &r->qual_cap, (size_t)r->len + 1, 1); /* also where there are none */
    if (rc) return rc;
    r->has_qual = 1;
    if (!r->len && anl_text_peek(f->text) == f->kind) return ANL_OK; /* an empty line may be missing */
    do {
        rc = anl_text_line(f->text, &line, &n);
        if (rc < 0) return rc;
        if (rc == 0) return r->len ? bad_lengths(f, r, have) : ANL_OK;
        if (!have && n == 1 && *line == '*' && r->len != 1) {
            r->has_qual = 0;
            return ANL_OK;
        }
        if (n > (size_t)r->len - have) return bad_lengths(f, r, have && *line == '@' ? have : have + n);
        if (!anl_plain_qualities(line, n, r->qual + have)) return bad(f, r, "a quality outside '!' to '~'");
        have += n;
    } while (have < (size_t)r->len);
    return ANL_OK;
}

/* Sequence lines up to `stop`, which is left unread. */
static int take_sequence(anl_fastq *f, raw_read *r, int stop)
{
    char *line;
    size_t n;
    while (anl_text_peek(f->text) != stop) {
        int rc = anl_text_line(f->text, &line, &n);
        if (rc == 1)
            rc = add_bases(f, r, line, n);
        else
            return rc;
        if (rc) return rc;
    }
    return ANL_OK;
}

/* As anl_fastq_next, line by line. */
static int next_raw(anl_fastq *f, raw_read *r)
{
    char *line;
    size_t n;
    int rc;
    do { /* empty lines between records */
        rc = anl_text_line(f->text, &line, &n);
        if (rc <= 0) return rc;
    } while (strspn(line, " \t") == n);
    ++f->number;
    if (!f->kind && (*line == '@' || *line == '>')) f->kind = *line;
    if (!f->kind || *line != f->kind)
        return bad(f, NULL,
                   !f->kind         ? "neither FASTQ nor FASTA: it does not start with '@' or '>'"
                   : f->kind == '@' ? "it does not start with '@'"
                                    : "it does not start with '>'");
    r->len = r->has_qual = 0;
    if ((rc = take_header(f, r, line + 1, n - 1))) return rc;
    if ((rc = take_sequence(f, r, f->kind == '@' ? '+' : '>'))) return rc;
    if (f->kind == '>') return 1;
    rc = anl_text_line(f->text, &line, &n);
    if (rc < 0) return rc;
    if (rc == 0) return bad(f, r, "truncated: no '+' line");
    if ((rc = check_plus(f, r, line, n)) || (rc = take_qualities(f, r))) return rc;
    return 1;
}

int anl_fastq_next(anl_fastq *f, anl_arena *arena, anl_read *to)
{
    size_t n;
    const char *text = anl_text_window(f->text, &n);
    const int64_t plain = f->kind == '@' ? anl_plain_record(text, n, arena, to) : 0;
    if (plain < 0) return (int)plain;
    if (plain) {
        anl_text_skip(f->text, (size_t)plain, ANL_PLAIN_LINES);
        ++f->number;
        return 1;
    }
    const raw_read *r = &f->raw;
    int rc = next_raw(f, &f->raw);
    if (rc <= 0) return rc;
    const anl_read read = {.name = r->name, .comment = r->comment, .seq = r->seq, .qual = r->has_qual ? r->qual : NULL, .len = r->len};
    return (rc = anl_read_copy(&read, arena, to)) ? rc : 1;
}
