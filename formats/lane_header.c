#include "lane_header.h"

#include "header.h"

#include <string.h>

/* `text` without its read groups. */
static int without_groups(const char *text, kstring_t *out)
{
    int bad = 0;
    for (const char *line = text; *line && !bad;) {
        const size_t n = strcspn(line, "\n") + (line[strcspn(line, "\n")] == '\n');
        if (strncmp(line, "@RG\t", 4)) bad = kputsn(line, n, out) < 0;
        line += n;
    }
    return bad ? anl_fail(ANL_ENOMEM, "out of memory") : ANL_OK;
}

/* A read group of the lane takes the place of those of its input. */
static int keep_header(const anl_lane *lane, kstring_t *all)
{
    kstring_t rest = KS_INITIALIZE;
    int rc = lane->read_group ? without_groups(lane->header, &rest) : ANL_OK;
    if (!rc) rc = anl_header_keep(all, lane->read_group ? ks_c_str(&rest) : lane->header);
    ks_free(&rest);
    return rc;
}

int anl_lane_headers(const anl_lane *lanes, int n, kstring_t *groups, kstring_t *kept)
{
    kstring_t line = KS_INITIALIZE, all = KS_INITIALIZE;
    int rc = ANL_OK;
    for (int i = 0; i < n && !rc; ++i) {
        line.l = 0;
        if (lanes[i].read_group)
            rc = ksprintf(&line, "%s\n", lanes[i].read_group) < 0 ? anl_fail(ANL_ENOMEM, "out of memory") : anl_header_keep(groups, line.s);
    }
    if (!rc && groups->l && kputsn(groups->s, groups->l, &all) < 0) rc = anl_fail(ANL_ENOMEM, "out of memory");
    for (int i = 0; i < n && !rc; ++i)
        if (lanes[i].header) rc = keep_header(&lanes[i], &all);
    size_t clash_n;
    const char *clash = rc || !all.l ? NULL : anl_header_clash(all.s, &clash_n);
    if (clash && n > 1) rc = anl_fail(ANL_EINVAL, "two lanes have read groups '%.*s' that differ", (int)clash_n, clash);
    if (clash && n == 1)
        rc = anl_fail(ANL_EINVAL, "the input has two read groups '%.*s' that differ: give one with -R", (int)clash_n, clash);
    if (!rc && all.l > groups->l && kputsn(all.s + groups->l, all.l - groups->l, kept) < 0) rc = anl_fail(ANL_ENOMEM, "out of memory");
    ks_free(&line);
    ks_free(&all);
    return rc;
}

int anl_lane_group_id(const char *read_group, char **id)
{
    const char *found = strstr(read_group, "\tID:");
    if (!found) return anl_fail(ANL_EINVAL, "the read group has no ID");
    *id = strndup(found + 4, strcspn(found + 4, "\t\n"));
    return *id ? ANL_OK : anl_fail(ANL_ENOMEM, "out of memory");
}
