#include "reference.h"

#include "base_code.h"
#include "text.h"

#include <ctype.h>
#include <htslib/hts.h>
#include <htslib/khash.h>
#include <stdlib.h>
#include <string.h>

KHASH_SET_INIT_STR(names)

struct anl_reference {
    anl_text *text;
    khash_t(names) * names;
    const char *header; /* name of the contig to come; NULL at the end */
    uint8_t *seq, *upper;
    size_t seq_cap, upper_cap, len;
    int64_t given;
    int started;
    uint8_t upper_of[256]; /* nucleotides in upper case; 0: of what is none */
};

int anl_reference_open(anl_reference **out, const char *path)
{
    anl_reference *r = anl_alloc(1, sizeof *r);
    if (!r) return ANL_ENOMEM;
    for (const char *c = "ACGTUNRYSWKMBDHV"; *c; ++c) r->upper_of[(uint8_t)*c] = r->upper_of[tolower(*c)] = (uint8_t)*c;
    int rc = anl_text_open(&r->text, path);
    if (!rc && !(r->names = kh_init(names))) rc = anl_fail(ANL_ENOMEM, "out of memory");
    if (rc) {
        anl_reference_free(r);
        return rc;
    }
    *out = r;
    return ANL_OK;
}

double anl_reference_share(const anl_reference *r)
{
    return anl_text_share(r->text);
}

void anl_reference_free(anl_reference *r)
{
    if (!r) return;
    if (r->names) {
        for (khint_t k = kh_begin(r->names); k != kh_end(r->names); ++k)
            if (kh_exist(r->names, k)) free((char *)(uintptr_t)kh_key(r->names, k));
        kh_destroy(names, r->names);
    }
    anl_text_free(r->text);
    free(r->seq);
    free(r->upper);
    free(r);
}

static int fail_name(const anl_reference *r, const char *name, const char *fault)
{
    const char *file = anl_text_name(r->text);
    const long long line = anl_text_number(r->text);
    if (!*name) return anl_fail(ANL_EFORMAT, "%s: line %lld: a contig without a name", file, line);
    return anl_fail(ANL_EFORMAT, "%s: line %lld: '%.100s' is not a legal contig name in SAM, because of '%c': rename it", file, line, name,
                    isprint((uint8_t)*fault) ? *fault : '?');
}

/* Keeps the first word of a header line as the next contig's name. */
static int take_header(anl_reference *r, const char *line)
{
    if (strchr(line, '\r')) return anl_fail(ANL_EFORMAT, "%s: " ANL_TEXT_CR_ALONE, anl_text_name(r->text));
    char *name = strndup(line + 1, strcspn(line + 1, " \t\v\f"));
    int absent;
    if (!name) return anl_fail(ANL_ENOMEM, "out of memory");
    const char *fault = anl_contig_name_fault(name);
    if (fault) {
        int rc = fail_name(r, name, fault);
        free(name);
        return rc;
    }
    kh_put(names, r->names, name, &absent);
    if (absent <= 0) {
        int rc = absent ? anl_fail(ANL_ENOMEM, "out of memory")
                        : anl_fail(ANL_EFORMAT, "%s: two contigs are called '%.100s'", anl_text_name(r->text), name);
        free(name);
        return rc;
    }
    r->header = name; /* owned by the set of names */
    return ANL_OK;
}

static int add_line(anl_reference *r, const char *line, size_t n)
{
    int rc = anl_grow(&r->seq, &r->seq_cap, r->len + n, 1);
    if (!rc) rc = anl_grow(&r->upper, &r->upper_cap, r->len + n, 1);
    if (rc) return rc;
    const uint8_t *upper_of = r->upper_of;
    uint8_t *seq = r->seq, *upper = r->upper;
    size_t len = r->len;
    for (size_t i = 0; i < n; ++i) {
        const uint8_t letter = (uint8_t)line[i], c = upper_of[letter];
        if (c) {
            seq[len] = anl_base_code[letter];
            upper[len++] = c;
        } else if (letter != ' ' && letter != '\t') {
            return anl_fail(ANL_EFORMAT, "%s: contig '%s': '%c' in line %lld is not a nucleotide", anl_text_name(r->text), r->header,
                            isprint(letter) ? toupper(letter) : '?', (long long)anl_text_number(r->text));
        }
    }
    r->len = len;
    if (r->len > INT32_MAX) return anl_fail(ANL_EFORMAT, "%s: contig '%s' is longer than BAM allows", anl_text_name(r->text), r->header);
    return ANL_OK;
}

static int make_md5(const anl_reference *r, char *hex)
{
    unsigned char digest[16];
    hts_md5_context *md5 = hts_md5_init();
    if (!md5) return anl_fail(ANL_ENOMEM, "out of memory");
    hts_md5_update(md5, r->upper, r->len);
    hts_md5_final(digest, md5);
    hts_md5_hex(hex, digest);
    hts_md5_destroy(md5);
    return ANL_OK;
}

int anl_reference_next(anl_reference *r, anl_contig *contig, const uint8_t **seq)
{
    char *line;
    size_t n;
    int rc;
    if (!r->started) {
        r->started = 1;
        while ((rc = anl_text_line(r->text, &line, &n)) == 1 && n == 0) continue;
        if (rc < 0) return rc;
        if (rc == 0) return anl_fail(ANL_EFORMAT, "%s: empty, not a FASTA file", anl_text_name(r->text));
        if (*line != '>') return anl_fail(ANL_EFORMAT, "%s: not a FASTA file: it does not start with '>'", anl_text_name(r->text));
        if ((rc = take_header(r, line))) return rc;
    }
    for (;;) { /* once for every contig without bases, which SAM cannot name */
        if (!r->header) {
            if (!r->given) return anl_fail(ANL_EFORMAT, "%s: no contig has any bases", anl_text_name(r->text));
            return 0;
        }
        const char *name = r->header;
        r->len = 0;
        int next = 0;
        while ((rc = anl_text_line(r->text, &line, &n)) == 1 && !(next = *line == '>'))
            if (*line != ';' && (rc = add_line(r, line, n))) return rc;
        if (rc < 0) return rc;
        r->header = NULL;
        *contig = (anl_contig){.name = name, .len = (int64_t)r->len};
        if (r->len && (rc = make_md5(r, contig->md5))) return rc;
        if (next && (rc = take_header(r, line))) return rc;
        if (r->len) break;
    }
    ++r->given;
    *seq = r->seq;
    return 1;
}

const uint8_t *anl_reference_letters(const anl_reference *r)
{
    return r->upper;
}
