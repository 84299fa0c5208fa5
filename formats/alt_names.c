#include "alt_names.h"

#include "text.h"

#include <htslib/khash.h>
#include <stdlib.h>
#include <string.h>

KHASH_MAP_INIT_STR(names, int)

struct anl_alt_names {
    khash_t(names) * names; /* to 1 once found */
    int64_t found;
};

/* Keeps a copy of the name. */
static int add(anl_alt_names *a, const char *name)
{
    int absent;
    char *own = strdup(name);
    const khint_t at = own ? kh_put(names, a->names, own, &absent) : 0;
    if (!own || absent < 0) {
        free(own);
        return anl_fail(ANL_ENOMEM, "out of memory");
    }
    if (absent)
        kh_val(a->names, at) = 0;
    else
        free(own);
    return ANL_OK;
}

int anl_alt_names_open(anl_alt_names **out, const char *path)
{
    anl_alt_names *a = anl_alloc(1, sizeof *a);
    anl_text *text = NULL;
    char *line;
    size_t n;
    *out = NULL;
    if (!a) return ANL_ENOMEM;
    int rc = (a->names = kh_init(names)) ? anl_text_open(&text, path) : anl_fail(ANL_ENOMEM, "out of memory"), more = 0;
    while (!rc && (more = anl_text_line(text, &line, &n)) == 1) {
        if (*line == '@') continue;
        line[strcspn(line, "\t\r")] = 0;
        if (*line) rc = add(a, line);
    }
    if (!rc && more < 0) rc = more;
    if (!rc && !kh_size(a->names)) rc = anl_fail(ANL_EFORMAT, "%s: names no contig", path);
    anl_text_free(text);
    if (rc) {
        anl_alt_names_free(a);
        return rc;
    }
    *out = a;
    return ANL_OK;
}

int anl_alt_names_take(anl_alt_names *a, const char *name)
{
    const khint_t at = kh_get(names, a->names, name);
    if (at == kh_end(a->names)) return 0;
    a->found += !kh_val(a->names, at);
    kh_val(a->names, at) = 1;
    return 1;
}

int64_t anl_alt_names_count(const anl_alt_names *a)
{
    return kh_size(a->names);
}

int64_t anl_alt_names_found(const anl_alt_names *a)
{
    return a->found;
}

void anl_alt_names_free(anl_alt_names *a)
{
    if (!a) return;
    if (a->names) {
        for (khint_t k = kh_begin(a->names); k != kh_end(a->names); ++k)
            if (kh_exist(a->names, k)) free((char *)(uintptr_t)kh_key(a->names, k));
        kh_destroy(names, a->names);
    }
    free(a);
}
