#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
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

char *cli_command_line(int argc, char **argv)
{
    size_t size = sizeof "anneal";
    for (int i = 0; i < argc; ++i) size += strlen(argv[i]) + 1;
    char *line = anl_alloc(size, 1), *at = line;
    if (!line) return NULL;
    at = stpcpy(at, "anneal");
    for (int i = 0; i < argc; ++i) {
        *at++ = ' ';
        at = stpcpy(at, argv[i]);
    }
    for (char *c = line; *c; ++c)
        if (*c == '\t' || *c == '\n' || *c == '\r') *c = ' ';
    return line;
}
