#include "parse.h"

#include "cli.h"
#include "help.h"
#include "near.h"

#include <stdio.h>
#include <string.h>

enum { GO_ON = -1, LONGEST_NAME = 64 };

/* Where a command line is being read. */
typedef struct reader {
    const cli_command *command;
    cli_call *call;
    void *settings;
    int next; /* number of the next word */
} reader;

static int unknown(const reader *r, const char *called, const char *name)
{
    anl_near near = {.word = name};
    for (cli_walk w = {.command = r->command}; cli_walk_next(&w);)
        if (w.option->name) anl_near_look(&near, w.option->name);
    if (near.best) return cli_usage("there is no option '%s'; did you mean --%s?", called, near.best);
    return cli_usage("there is no option '%s'; anneal %s --help lists them", called, r->command->name);
}

/* Any option that takes one of a few words tells which when it is given "list". */
static int list_words(const anl_option *o)
{
    for (const char *w = o->words, *next; *w; w = next) {
        const int n = (int)anl_word(w, &next);
        printf("%.*s\n", n, w);
    }
    return 0;
}

static int set(const reader *r, const cli_walk *w, const char *called, const char *text)
{
    if (text && w->option->words && !strcmp(text, "list")) return list_words(w->option);
    return anl_option_set(w->table, w->option, called, text, (char *)r->settings + w->base) ? cli_usage("%s", anl_error()) : GO_ON;
}

/* The value in the next word. */
static int take_value(reader *r, const cli_walk *w, const char *called, const char **text)
{
    if (r->next == r->call->argc) return cli_usage("option '%s' needs a value, %s", called, w->option->arg);
    *text = r->call->argv[r->next++];
    return GO_ON;
}

static int needs_value(const anl_option *o)
{
    return o->arg && *o->arg != '[';
}

/* --name, --name value or --name=value */
static int read_long(reader *r, const char *word)
{
    char called[LONGEST_NAME + 3];
    const char *value = strchr(word, '=');
    const size_t n = value ? (size_t)(value++ - word) : strlen(word);
    snprintf(called, sizeof called, "%.*s", (int)(n < sizeof called ? n : sizeof called - 1), word);
    if (!strcmp(called, "--help") && !value) return cli_help(r->command, stdout);
    cli_walk w;
    if (n < 4 || n >= sizeof called || !cli_find(r->command, called + 2, &w)) return unknown(r, called, called + 2);
    if (!w.option->arg && value) return cli_usage("option '%s' takes no value, but '%s' was given", called, value);
    const int status = needs_value(w.option) && !value ? take_value(r, &w, called, &value) : GO_ON;
    return status == GO_ON ? set(r, &w, called, value) : status;
}

/* -abc: letters that take nothing, the last one perhaps a value, here or in the next word. */
static int read_letters(reader *r, const char *word)
{
    int status = GO_ON;
    cli_walk name;
    if (word[2] && cli_find(r->command, word + 1, &name)) return unknown(r, word, word + 1); /* -sort */
    for (const char *c = word + 1; *c && status == GO_ON; ++c) {
        const char letter[] = {*c, 0}, called[] = {'-', *c, 0}, *value = NULL;
        cli_walk w;
        const int known = cli_find(r->command, letter, &w), last = !c[1] && r->next == r->call->argc;
        if (*c == 'h' && (!known || last)) return cli_help(r->command, stdout);
        if (!known) return unknown(r, called, letter);
        if (!needs_value(w.option)) {
            status = set(r, &w, called, NULL);
            continue;
        }
        if (c[1])
            value = c + 1;
        else
            status = take_value(r, &w, called, &value);
        return status == GO_ON ? set(r, &w, called, value) : status;
    }
    return status;
}

int cli_parse(const cli_command *c, cli_call *call, void *settings)
{
    reader r = {.command = c, .call = call, .settings = settings, .next = 1};
    int status = GO_ON, options = 1;
    call->n = 0;
    while (r.next < call->argc && status == GO_ON) {
        char *word = call->argv[r.next++];
        if (!options || word[0] != '-' || !word[1])
            call->operands[call->n++] = word;
        else if (!strcmp(word, "--"))
            options = 0;
        else
            status = word[1] == '-' ? read_long(&r, word) : read_letters(&r, word);
    }
    if (status != GO_ON || (call->n >= c->least && call->n <= c->most)) return status;
    if (!c->most) return cli_usage("%s: takes nothing; anneal %s --help tells more", c->name, c->name);
    return cli_usage("%s: needs %s; anneal %s --help tells more", c->name, c->needs, c->name);
}
