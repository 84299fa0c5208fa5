#include "lanes.h"

#include "cli.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- one lane ---- */

static char *keep_text(cli_lanes *l, const char *text)
{
    if (anl_grow(&l->texts, &l->texts_cap, l->n_texts + 1, sizeof *l->texts)) return NULL;
    char *copy = strdup(text);
    if (copy)
        l->texts[l->n_texts++] = copy;
    else
        anl_fail(ANL_ENOMEM, "out of memory");
    return copy;
}

/* `called` begins a message about the lane; read_group NULL or "": that of -R, if there is one. */
static int add_lane(cli_lanes *l, const cli_align_settings *s, const char *called, const char *path, const char *mates,
                    const char *read_group)
{
    char group[CLI_READ_GROUP];
    cli_lane lane = {path, mates && *mates ? mates : NULL, *s->read_group ? s->read_group : NULL};
    if (!*path) return anl_fail(ANL_EINVAL, "%s: names no file of reads", called);
    if (read_group && *read_group) {
        int rc = cli_read_group_expand(called, read_group, group);
        if (rc) return rc;
        if (!(lane.read_group = keep_text(l, group))) return ANL_ENOMEM;
    }
    int rc = anl_grow(&l->list, &l->cap, l->n + 1, sizeof *l->list);
    if (!rc) l->list[l->n++] = lane;
    return rc;
}

/* "R1[,R2][,@RG...]"; commas in the read group are its own. */
static int add_option(cli_lanes *l, const cli_align_settings *s, const char *text)
{
    char *copy = keep_text(l, text);
    if (!copy) return ANL_ENOMEM;
    char *group = strstr(copy, ",@RG"), *comma;
    if (group) *group++ = 0;
    if ((comma = strchr(copy, ','))) *comma++ = 0;
    if (comma && strchr(comma, ','))
        return anl_fail(ANL_EINVAL, "--lane %s: is R1, R1,R2 or R1,R2,'@RG\\tID:...'; names with commas go into a file for --lanes", text);
    return add_lane(l, s, "--lane", copy, comma, group);
}

/* R1, R2 or nothing, and the read group, which may hold tabs. */
static int add_row(cli_lanes *l, const cli_align_settings *s, const anl_text *t, const char *line)
{
    char called[512], *copy = keep_text(l, line);
    if (!copy) return ANL_ENOMEM;
    snprintf(called, sizeof called, "%s: line %lld", anl_text_name(t), (long long)anl_text_number(t));
    char *mates = strchr(copy, '\t'), *group = mates ? strchr(mates + 1, '\t') : NULL;
    if (mates) *mates++ = 0;
    if (group) *group++ = 0;
    return add_lane(l, s, called, copy, mates, group);
}

static int add_file(cli_lanes *l, const cli_align_settings *s)
{
    anl_text *t;
    char *line;
    size_t len;
    int rc = anl_text_open(&t, s->lanes_file), more;
    if (rc) return rc;
    while (!rc && (more = anl_text_line(t, &line, &len)))
        rc = more < 0               ? more
             : strlen(line) != len  ? anl_fail(ANL_EFORMAT, "%s: no text", anl_text_name(t))
             : !len || *line == '#' ? ANL_OK
                                    : add_row(l, s, t, line);
    if (!rc && !l->n) rc = anl_fail(ANL_EFORMAT, "%s: holds no lanes", anl_text_name(t));
    anl_text_free(t);
    return rc;
}

/* ---- what cannot be meant ---- */

/* Mates that are the same reads again would all be proper pairs. */
static int same_file(const char *a, const char *b)
{
    struct stat x, y;
    if (!strcmp(a, b)) return 1;
    return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int check_lane(const cli_align_settings *s, const cli_lane *lane)
{
    if (!lane->mates) return 0;
    if (s->interleaved) return cli_usage("-p: the reads are interleaved in one file, but there are two");
    if (same_file(lane->path, lane->mates))
        return cli_usage("%s and %s: READS and MATES are one file; when it holds both mates in turn, give it once, with -p", lane->path,
                         lane->mates);
    return 0;
}

typedef struct identity {
    dev_t device;
    ino_t inode;
    const char *path;
} identity;

static int by_identity(const void *a, const void *b)
{
    const identity *x = a, *y = b;
    if (x->device != y->device) return x->device < y->device ? -1 : 1;
    return (x->inode > y->inode) - (x->inode < y->inode);
}

/* A file that two lanes name would be aligned twice. */
static int check_twice(const cli_lanes *l)
{
    identity *files = anl_alloc(2 * l->n, sizeof *files);
    size_t n = 0, standard_input = 0;
    int status = files ? 0 : cli_fail();
    for (size_t i = 0; i < 2 * l->n && !status; ++i) {
        const char *path = i % 2 ? l->list[i / 2].mates : l->list[i / 2].path;
        struct stat st;
        standard_input += path && !strcmp(path, "-");
        if (path && !stat(path, &st) && S_ISREG(st.st_mode)) files[n++] = (identity){st.st_dev, st.st_ino, path};
    }
    if (n) qsort(files, n, sizeof *files, by_identity);
    for (size_t i = 1; i < n && !status; ++i)
        if (!by_identity(&files[i - 1], &files[i])) status = cli_usage("%s: is given for two lanes", files[i].path);
    if (!status && standard_input > 1) status = cli_usage("standard input is given for two lanes");
    free(files);
    return status;
}

int cli_lanes_take(cli_lanes *l, const cli_align_settings *s, const cli_call *call)
{
    const int given = s->n_lanes || s->lanes_file;
    if (given && call->n > 1)
        return cli_usage("%s: the reads come from --lane and --lanes; READS behind the index is not for both", call->operands[1]);
    if (!given && call->n < 2) return cli_usage("align: needs INDEX.anl READS [MATES]; anneal align --help tells more");
    int rc = ANL_OK, status;
    for (int i = 0; i < s->n_lanes && !rc; ++i) rc = add_option(l, s, s->lane_texts[i]);
    if (!rc && s->lanes_file) rc = add_file(l, s);
    if (!rc && !given) rc = add_lane(l, s, "READS", call->operands[1], call->n > 2 ? call->operands[2] : NULL, NULL);
    if (rc) return rc == ANL_EINVAL ? cli_usage("%s", anl_error()) : cli_fail();
    for (size_t i = 0; i < l->n; ++i)
        if ((status = check_lane(s, &l->list[i]))) return status;
    return l->n > 1 ? check_twice(l) : 0;
}

void cli_lane_print(FILE *to, const cli_lane *lane)
{
    fprintf(to, "%s%s%s", lane->path, lane->mates ? ", " : "", lane->mates ? lane->mates : "");
}

void cli_lanes_free(cli_lanes *l)
{
    for (size_t i = 0; i < l->n_texts; ++i) free(l->texts[i]);
    free(l->texts);
    free(l->list);
}
