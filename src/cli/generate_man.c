#include "generate.h"

#include "cli.h"
#include "command.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text as roff has it: a backslash and a dash are spelled out, and no line begins with a control character. */
static void roff(const char *text, size_t n)
{
    for (size_t i = 0; i < n && text[i]; ++i) {
        if (text[i] == '\\')
            fputs("\\e", stdout);
        else if (text[i] == '-')
            fputs("\\-", stdout);
        else if (text[i] == '\'')
            fputs("\\(aq", stdout);
        else if (text[i] == '.' && (i == 0 || text[i - 1] == '\n'))
            fputs("\\&.", stdout);
        else
            putchar(text[i]);
    }
}

static void roff_all(const char *text)
{
    roff(text, strlen(text));
}

/* Letters in capitals are what the user fills in. */
static void usage(const cli_command *c)
{
    for (const char *line = c->usage; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        printf("%s.B anneal %s\n", c == cli_commands[0] && line == c->usage ? "" : ".br\n", c->name);
        if (!*line) continue;
        fputs(".I ", stdout);
        roff(line, strcspn(line, "\n"));
        putchar('\n');
    }
}

static void name_option(const anl_option *o)
{
    const char letters[] = {o->letter, o->also, 0};
    const char *between = "";
    for (const char *l = letters; *l; ++l, between = ", ") printf("%s\\fB\\-%c\\fR", between, *l);
    if (o->name) {
        printf("%s\\fB\\-\\-", between);
        roff_all(o->name);
        fputs("\\fR", stdout);
    }
    if (o->arg) {
        fputs(*o->arg == '[' ? "\\fI" : " \\fI", stdout);
        roff_all(o->arg);
        fputs("\\fR", stdout);
    }
}

/* Letters of bwa mem that share their help stand together; *w is left at the last of them. */
static void name_options(cli_walk *w)
{
    fputs(".TP\n", stdout);
    name_option(w->option);
    for (cli_walk next = *w; !w->option->name && cli_walk_next(&next) && next.option->help == w->option->help; *w = next) {
        fputs(", ", stdout);
        name_option(next.option);
    }
    putchar('\n');
}

static int options(const cli_command *c)
{
    int section = -1;
    void *settings = cli_settings_new(c);
    if (!settings) return cli_fail();
    for (cli_walk w = {.command = c}; cli_walk_next(&w);) {
        char initial[80];
        cli_option_default(&w, settings, initial, sizeof initial);
        if (section < 0) {
            fputs(".SH OPTIONS OF ", stdout);
            for (const char *l = c->name; *l; ++l) putchar(toupper((unsigned char)*l));
            putchar('\n');
        }
        if (section != w.section && c->sections[1]) printf(".SS %s\n", w.option->section);
        section = w.section;
        name_options(&w);
        roff_all(w.option->help);
        if (*initial) {
            fputs(" (", stdout);
            roff_all(initial);
            putchar(')');
        }
        if (w.option->more) {
            fputs(". ", stdout);
            roff_all(w.option->more);
        }
        putchar('\n');
    }
    free(settings);
    return 0;
}

int cli_generate_man(const char *template_path)
{
    char line[4096];
    int status = 0;
    errno = 0;
    FILE *f = fopen(template_path, "r");
    if (!f) {
        anl_fail(ANL_EIO, "%s: %s", template_path, strerror(errno));
        return cli_fail();
    }
    while (!status && fgets(line, sizeof line, f)) {
        if (!strcmp(line, ".\\\" TITLE\n"))
            puts(".TH ANNEAL 1 \"\" \"anneal " ANNEAL_VERSION "\" \"User Commands\"");
        else if (!strcmp(line, ".\\\" SYNOPSIS\n"))
            for (const cli_command *const *c = cli_commands; *c; ++c) usage(*c);
        else if (!strcmp(line, ".\\\" OPTIONS\n"))
            for (const cli_command *const *c = cli_commands; *c && !status; ++c) status = options(*c);
        else
            fputs(line, stdout);
    }
    if (!status && ferror(f)) {
        anl_fail(ANL_EIO, "%s: %s", template_path, strerror(errno ? errno : EIO));
        status = cli_fail();
    }
    fclose(f);
    return status;
}
