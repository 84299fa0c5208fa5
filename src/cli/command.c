#include "command.h"

#include <stdio.h>
#include <string.h>

int cli_walk_next(cli_walk *w)
{
    const cli_command *c = w->command;
    for (; w->section < (int)(sizeof c->sections / sizeof *c->sections) && c->sections[w->section]; ++w->section, w->part = 0)
        for (; w->part < CLI_MOST_PARTS && c->parts[w->part].table; ++w->part, w->at = 0) {
            const anl_option_table *t = c->parts[w->part].table;
            while (w->at < t->n) {
                const anl_option *o = &t->list[w->at++];
                if (strcmp(o->section, c->sections[w->section])) continue;
                w->option = o;
                w->table = t;
                w->base = c->parts[w->part].at;
                return 1;
            }
        }
    return 0;
}

int cli_find(const cli_command *c, const char *name, cli_walk *w)
{
    for (int i = 0; i < CLI_MOST_PARTS && c->parts[i].table; ++i) {
        const anl_option *o = anl_option_find(c->parts[i].table, name);
        if (!o) continue;
        *w = (cli_walk){.command = c, .option = o, .table = c->parts[i].table, .base = c->parts[i].at};
        return 1;
    }
    return 0;
}

void cli_option_names(const anl_option *o, char *out, size_t size)
{
    const char letters[] = {o->letter, o->also, 0};
    size_t used = 0;
    *out = 0;
    for (const char *l = letters; *l; ++l) used += (size_t)snprintf(out + used, size - used, "%s-%c", used ? ", " : "", *l);
    if (o->name) used += (size_t)snprintf(out + used, size - used, "%s--%s", used ? ", " : "", o->name);
    if (o->arg) snprintf(out + used, size - used, "%s%s", *o->arg == '[' ? "" : " ", o->arg);
}

void cli_option_default(const cli_walk *w, const void *settings, char *out, size_t size)
{
    anl_option_show(w->option, (const char *)settings + w->base, out, size);
}

void *cli_settings_new(const cli_command *c)
{
    void *settings = anl_alloc(1, c->size);
    if (settings && c->defaults) c->defaults(settings);
    return settings;
}
