#include "cli.h"

#include <stdarg.h>
#include <stdio.h>

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

void cli_command_line(int argc, char **argv, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "anneal");
    for (int i = 0; i < argc && used < size; ++i) {
        used += (size_t)snprintf(out + used, size - used, " %s", argv[i]);
    }
    for (char *c = out; *c; ++c)
        if (*c == '\t' || *c == '\n') *c = ' ';
}
