#include "libraries.h"

#include <htslib/kstring.h>
#include <stdlib.h>
#include <string.h>

static int32_t library_called(anl_libraries *l, const char *name)
{
    for (int32_t i = 0; i < l->n; ++i)
        if (!strcmp(l->names[i], name)) return i;
    if (!(l->names[l->n] = strdup(name))) return anl_fail(ANL_ENOMEM, "out of memory");
    return l->n++;
}

int anl_libraries_init(anl_libraries *l, sam_hdr_t *header)
{
    const int n = sam_hdr_count_lines(header, "RG");
    kstring_t name = KS_INITIALIZE;
    int32_t rc = ANL_OK;
    *l = (anl_libraries){0};
    if (n < 0) return anl_fail(ANL_ENOMEM, "out of memory");
    l->names = anl_alloc((size_t)n + 1, sizeof *l->names);
    l->groups = anl_alloc((size_t)n + 1, sizeof *l->groups);
    l->of = anl_alloc((size_t)n + 1, sizeof *l->of);
    if (!l->names || !l->groups || !l->of) return ANL_ENOMEM;
    rc = library_called(l, "");
    for (int i = 0; i < n && rc >= 0; ++i) {
        const char *id = sam_hdr_line_name(header, "RG", i);
        const int found = sam_hdr_find_tag_pos(header, "RG", i, "LB", &name);
        if (!id || found < -1 || !(l->groups[i] = strdup(id))) {
            rc = anl_fail(ANL_ENOMEM, "out of memory");
            break;
        }
        ++l->n_groups;
        rc = found ? 0 : library_called(l, ks_c_str(&name));
        l->of[i] = rc;
    }
    ks_free(&name);
    return rc < 0 ? rc : ANL_OK;
}

void anl_libraries_free(anl_libraries *l)
{
    for (int32_t i = 0; i < l->n; ++i) free(l->names[i]);
    for (int32_t i = 0; i < l->n_groups; ++i) free(l->groups[i]);
    free(l->names);
    free(l->groups);
    free(l->of);
}

int32_t anl_libraries_of(anl_libraries *l, const bam1_t *b)
{
    const uint8_t *tag = l->n > 1 ? bam_aux_get(b, "RG") : NULL;
    const char *id = tag ? bam_aux2Z(tag) : NULL;
    if (!id) return 0;
    for (int32_t i = 0; i < l->n_groups; ++i, l->last = (l->last + 1) % l->n_groups)
        if (!strcmp(l->groups[l->last], id)) return l->of[l->last];
    return 0;
}
