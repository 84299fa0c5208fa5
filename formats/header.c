#include "header.h"

#include "base.h"

#include <stdio.h>
#include <string.h>

typedef struct span {
    const char *at;
    size_t n;
} span;

/* The next line of *text, without its end; n 0 and *text at its NUL when there is none. */
static span next_line(const char **text)
{
    while (**text == '\n') ++*text;
    const span line = {*text, strcspn(*text, "\n")};
    *text += line.n;
    return line;
}

static int is_kind(span line, const char *kind)
{
    return line.n > 4 && !strncmp(line.at, kind, 3) && line.at[3] == '\t';
}

/* The value of a field, "ID:" or "PP:"; at NULL: the line has none. */
static span field(span line, const char *key)
{
    for (const char *f = line.at, *end = f + line.n; (f = memchr(f, '\t', (size_t)(end - f)));) {
        ++f;
        if (end - f < 3 || strncmp(f, key, 3)) continue;
        const char *tab = memchr(f, '\t', (size_t)(end - f));
        return (span){f + 3, (size_t)((tab ? tab : end) - f - 3)};
    }
    return (span){0};
}

static int same(span a, span b)
{
    return a.n == b.n && (!a.n || !memcmp(a.at, b.at, a.n));
}

static int has_line(const char *text, span line)
{
    for (span l; (l = next_line(&text)).n;)
        if (same(l, line)) return 1;
    return 0;
}

static int has_program(const char *text, span id)
{
    for (span l; (l = next_line(&text)).n;)
        if (is_kind(l, "@PG") && same(field(l, "ID:"), id)) return 1;
    return 0;
}

/* Whether a program of `text` has the ID of another run in `kept`. */
static int programs_clash(const char *kept, const char *text)
{
    for (span l; (l = next_line(&text)).n;)
        if (is_kind(l, "@PG") && has_program(kept, field(l, "ID:")) && !has_line(kept, l)) return 1;
    return 0;
}

/* Appends an ID of `text` as it is to be beside `kept`: its own where that is free there, else with the first number that is free in both. */
static int put_id(kstring_t *out, const char *kept, const char *text, span id)
{
    const size_t begin = out->l;
    int bad = kputsn(id.at, id.n, out) < 0;
    for (int k = 2; !bad && has_program(kept, (span){out->s + begin, out->l - begin}); ++k) {
        do {
            out->l = begin + id.n;
            bad = ksprintf(out, ".%d", k) < 0;
        } while (!bad && has_program(text, (span){out->s + begin, out->l - begin}) && ++k);
    }
    return bad;
}

/* A @PG line with its ID and the one it follows renamed. */
static int put_program(kstring_t *out, const char *kept, const char *text, span line)
{
    const char *end = line.at + line.n;
    int bad = kputsn(line.at, 3, out) < 0;
    for (const char *f = line.at + 3; f < end && !bad;) {
        const char *tab = memchr(f + 1, '\t', (size_t)(end - f - 1)), *stop = tab ? tab : end;
        const int is_id = stop - f > 4 && (!strncmp(f + 1, "ID:", 3) || !strncmp(f + 1, "PP:", 3));
        bad = kputsn(f, is_id ? 4 : (size_t)(stop - f), out) < 0;
        if (is_id && !bad) bad = put_id(out, kept, text, (span){f + 4, (size_t)(stop - f - 4)});
        f = stop;
    }
    return bad;
}

int anl_header_keep(kstring_t *kept, const char *text)
{
    kstring_t added = KS_INITIALIZE;
    const char *there = kept->l ? kept->s : "";
    const int rename = programs_clash(there, text);
    int bad = 0;
    const char *at = text;
    for (span l; !bad && (l = next_line(&at)).n;) {
        const int program = is_kind(l, "@PG");
        if (!program && !is_kind(l, "@RG") && !is_kind(l, "@CO")) continue;
        if (program && rename)
            bad = put_program(&added, there, text, l);
        else if (has_line(there, l))
            continue;
        else
            bad = kputsn(l.at, l.n, &added) < 0;
        bad |= kputc('\n', &added) < 0;
    }
    bad |= added.l && kputsn(added.s, added.l, kept) < 0;
    ks_free(&added);
    return bad ? anl_fail(ANL_ENOMEM, "out of memory") : ANL_OK;
}

const char *anl_header_clash(const char *text, size_t *n)
{
    for (span l; (l = next_line(&text)).n;) {
        if (!is_kind(l, "@RG")) continue;
        const span id = field(l, "ID:");
        const char *rest = text;
        for (span m; (m = next_line(&rest)).n;)
            if (is_kind(m, "@RG") && same(field(m, "ID:"), id) && !same(l, m)) {
                *n = id.n;
                return id.at;
            }
    }
    return NULL;
}
