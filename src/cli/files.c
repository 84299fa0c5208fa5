#define _GNU_SOURCE /* asprintf */
#include "files.h"

#include "cli.h"
#include "model.h"
#include "path.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int add_name(cli_files *f, int written, const char *name)
{
    const char ***list = written ? &f->outputs : &f->inputs;
    int *n = written ? &f->n_outputs : &f->n_inputs;
    int rc = anl_grow(list, written ? &f->outputs_cap : &f->inputs_cap, (size_t)*n + 1, sizeof **list);
    if (!rc) (*list)[(*n)++] = name;
    return rc;
}

static int add_names(cli_files *f, int written, const char *path, const char *endings)
{
    int rc = path ? add_name(f, written, path) : ANL_OK;
    for (size_t n; path && !rc && *endings; endings += n + (endings[n] == ' ')) {
        char *name = NULL;
        n = strcspn(endings, " ");
        if ((rc = anl_grow(&f->names, &f->names_cap, (size_t)f->n_names + 1, sizeof *f->names))) return rc;
        if (asprintf(&name, "%s%.*s", path, (int)n, endings) < 0) return anl_fail(ANL_ENOMEM, "out of memory");
        f->names[f->n_names++] = name;
        rc = add_name(f, written, name);
    }
    return rc;
}

int cli_reads(cli_files *f, const char *path, const char *endings)
{
    return add_names(f, 0, path, endings);
}

int cli_writes(cli_files *f, const char *path, const char *endings)
{
    return add_names(f, 1, path, endings);
}

int cli_reads_model(cli_files *f, const char *path)
{
    char found[PATH_MAX];
    if (path || anl_model_find(found, sizeof found)) return cli_reads(f, path, "");
    int rc = anl_grow(&f->names, &f->names_cap, (size_t)f->n_names + 1, sizeof *f->names);
    if (rc) return rc;
    char *name = strdup(found);
    if (!name) return anl_fail(ANL_ENOMEM, "out of memory");
    f->names[f->n_names++] = name;
    return cli_reads(f, name, "");
}

int cli_files_check(cli_files *f, int rc)
{
    int status = rc ? cli_fail() : 0;
    if (!rc && anl_paths_check(f->outputs, f->n_outputs, f->inputs, f->n_inputs)) status = cli_usage("%s", anl_error());
    for (int i = 0; i < f->n_names; ++i) free(f->names[i]);
    free(f->names);
    free(f->inputs);
    free(f->outputs);
    return status;
}
