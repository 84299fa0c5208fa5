#define _GNU_SOURCE /* asprintf */
#include "cli.h"

#include "gpu.h"
#include "model.h"
#include "path.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cli_fail(void)
{
    fprintf(stderr, "anneal: %s\n", anl_error());
    return 1;
}

int cli_usage(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("anneal: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    return 2;
}

int cli_bad_option(const char *command, int c, char **argv)
{
    const char letter[] = {'-', (char)optopt, 0}, *option = optopt > 0 && optopt < 128 ? letter : argv[optind - 1];
    if (c == ':') return cli_usage("option '%s' needs a value", option);
    return cli_usage("there is no option '%s'; anneal %s --help lists them", option, command);
}

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

int cli_integer(const char *name, const char *text, int64_t low, int64_t high, int64_t *out)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno || value < low || value > high) {
        cli_usage("%s %s: must be a whole number from %lld to %lld", name, text, (long long)low, (long long)high);
        return -1;
    }
    *out = value;
    return 0;
}

int cli_number(const char *name, const char *text, double low, double high, float *out)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= low && value <= high)) {
        cli_usage("%s %s: must be a number from %g to %g", name, text, low, high);
        return -1;
    }
    *out = (float)value;
    return 0;
}

int cli_amount(const char *name, const char *text, int64_t low, int64_t *out)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10), unit = 1;
    int given = end > text;
    if (*end == 'K' || *end == 'k') unit = 1000, ++end;
    else if (*end == 'M' || *end == 'm') unit = 1000000, ++end;
    else if (*end == 'G' || *end == 'g') unit = 1000000000, ++end;
    if (!given || *end || errno || value > INT64_MAX / unit || value * unit < low) {
        cli_usage("%s %s: must be a whole number of at least %lld", name, text, (long long)low);
        return -1;
    }
    *out = value * unit;
    return 0;
}

int cli_integers(const char *name, const char *text, int n_least, int n_most, int64_t *out)
{
    int n = 0;
    const char *at = text;
    while (n < n_most) {
        char *end;
        errno = 0;
        long long value = strtoll(at, &end, 10);
        if (end == at || errno || value < 0 || value > INT32_MAX) break;
        out[n++] = value;
        at = end;
        if (*at != ',') break;
        ++at;
    }
    if (n < n_least || *at || (at > text && at[-1] == ',')) {
        cli_usage("%s %s: must be %d to %d whole numbers, comma-separated", name, text, n_least, n_most);
        return -1;
    }
    return n;
}

int cli_device(const char *text, int *device)
{
    int64_t n = 0;
    if (!strncmp(text, "cuda:", 5)) {
        if (cli_integer("--device cuda:", text + 5, 0, 1023, &n)) return -1;
        *device = ANL_DEVICE_GPU + (int)n;
    } else if (!strcmp(text, "cuda")) *device = ANL_DEVICE_GPU;
    else if (!strcmp(text, "cpu")) *device = ANL_DEVICE_CPU;
    else if (!strcmp(text, "auto")) *device = ANL_DEVICE_AUTO;
    else {
        cli_usage("--device %s: must be auto, cpu, cuda or cuda:N", text);
        return -1;
    }
    return 0;
}

void cli_command_line(int argc, char **argv, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "anneal");
    for (int i = 0; i < argc && used < size; ++i) {
        used += (size_t)snprintf(out + used, size - used, " %s", argv[i]);
    }
    for (char *c = out; *c; ++c)
        if (*c == '\t' || *c == '\n') *c = ' ';
}
