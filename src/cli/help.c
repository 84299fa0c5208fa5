#include "help.h"

#include "cli.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 80, LETTERS = 2, NAMES = 6, TEXT = 26 };

/* Prints words from column `at` on; new lines begin in column `indent`. */
static void wrap(FILE *to, const char *text, int at, int indent)
{
    while (*text) {
        const int n = (int)strcspn(text, " ");
        if (at > indent && at + 1 + n > WIDTH) {
            fputc('\n', to);
            at = 0;
        }
        if (at < indent)
            at += fprintf(to, "%*s", indent - at, "");
        else if (at > indent)
            at += fprintf(to, " ");
        at += fprintf(to, "%.*s", n, text);
        text += n;
        while (*text == ' ') ++text;
    }
    fputc('\n', to);
}

/* Letters of bwa mem that share their help stand on one line; *w is left at the last of them. */
static void print_option(cli_walk *w, const void *settings, FILE *to)
{
    char names[160], initial[80], text[1024];
    cli_option_names(w->option, names, sizeof names);
    for (cli_walk next = *w; !w->option->name && cli_walk_next(&next) && next.option->help == w->option->help; *w = next) {
        const size_t used = strlen(names) + 2;
        strcpy(names + used - 2, ", ");
        cli_option_names(next.option, names + used, sizeof names - used);
    }
    cli_option_default(w, settings, initial, sizeof initial);
    snprintf(text, sizeof text, "%s%s%s%s", w->option->help, *initial ? " [" : "", initial, *initial ? "]" : "");
    int at = fprintf(to, "%*s%s", w->option->letter ? LETTERS : NAMES, "", names);
    if (at + 2 > TEXT) {
        fputc('\n', to);
        at = 0;
    }
    fprintf(to, "%*s", TEXT - at, "");
    wrap(to, text, TEXT, TEXT);
}

int cli_help(const cli_command *c, FILE *to)
{
    int section = -1;
    void *settings = cli_settings_new(c);
    if (!settings) return cli_fail();
    for (const char *line = c->usage; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        const int n = (int)strcspn(line, "\n");
        fprintf(to, "%s anneal %s%s%.*s\n", line == c->usage ? "usage:" : "      ", c->name, n ? " " : "", n, line);
    }
    fputc('\n', to);
    for (const char *line = c->about; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        char paragraph[1024];
        snprintf(paragraph, sizeof paragraph, "%.*s", (int)strcspn(line, "\n"), line);
        wrap(to, paragraph, 0, 0);
    }
    for (cli_walk w = {.command = c}; cli_walk_next(&w);) {
        if (w.section != section) fprintf(to, "\n%s\n", w.option->section);
        section = w.section;
        print_option(&w, settings, to);
    }
    free(settings);
    return 0;
}
