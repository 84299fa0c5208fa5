#include "generate.h"

#include "cli.h"
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The ways to write an option, between each of which `between` is printed. */
static void names(const anl_option *o, const char *between)
{
    const char letters[] = {o->letter, o->also, 0}, *before = "";
    for (const char *l = letters; *l; ++l, before = between) printf("%s-%c", before, *l);
    if (o->name) printf("%s--%s", before, o->name);
}

static int takes_value(const anl_option *o)
{
    return o->arg && *o->arg != '[';
}

/* ---- bash ---- */

static void bash_command(const cli_command *c)
{
    printf("    %s)\n        case $prev in\n", c->name);
    for (cli_walk w = {.command = c}; cli_walk_next(&w);) {
        const anl_option *o = w.option;
        if (!o->arg || o->kind == ANL_OPTION_FILE) continue; /* files are what is completed anyway */
        printf("        ");
        names(o, "|");
        if (!o->words)
            printf(") compopt +o default +o bashdefault; return ;;\n"); /* a number or a text: nothing to offer */
        else if (takes_value(o))
            printf(") words='%s' ;;\n", o->words);
        else
            printf(") [[ $equals ]] && words='%s' ;;\n", o->words);
    }
    printf("        esac\n        options='--help");
    for (cli_walk w = {.command = c}; cli_walk_next(&w);) {
        putchar(' ');
        names(w.option, " ");
    }
    printf("' ;;\n");
}

int cli_generate_bash(void)
{
    printf("# bash completion of anneal %s, made by: anneal completions bash\n"
           "_anneal()\n{\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} equals= words= options=\n"
           "    COMPREPLY=()\n"
           "    if [[ $cur == = ]]; then cur= equals=1; fi\n"
           "    if [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]} equals=1; fi\n"
           "    if (( COMP_CWORD == 1 )); then\n"
           "        COMPREPLY=($(compgen -W '--help --version",
           ANNEAL_VERSION);
    for (const cli_command *const *c = cli_commands; *c; ++c) printf(" %s", (*c)->name);
    printf("' -- \"$cur\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n");
    for (const cli_command *const *c = cli_commands; *c; ++c) bash_command(*c);
    printf("    esac\n"
           "    if [[ $words ]]; then COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
           "    elif [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
           "    fi\n}\n"
           "complete -o bashdefault -o default -F _anneal anneal\n");
    return 0;
}

/* ---- zsh ---- */

/* Text inside [...] of a specification, which stands in single quotes. */
static void zsh_text(const char *text)
{
    for (const char *c = text; *c; ++c) {
        if (*c == '\'')
            fputs("'\\''", stdout);
        else if (strchr("[]:\\", *c))
            printf("\\%c", *c);
        else
            putchar(*c);
    }
}

/* What stands behind the description: what the value is, and how to complete it. */
static void zsh_value(const anl_option *o)
{
    if (!o->arg) return;
    fputs(takes_value(o) ? ":" : "::", stdout);
    zsh_text(o->arg);
    if (o->words)
        printf(":(%s)", o->words);
    else
        fputs(o->kind == ANL_OPTION_FILE ? ":_files" : ": ", stdout);
}

/* One specification for each way to write the option; each but one that may be repeated excludes the others. */
static void zsh_option(const anl_option *o)
{
    const char letters[] = {o->letter, o->also, 0};
    for (const char *l = letters; *l || o->name; ++l) {
        printf(" \\\n        '%s", o->repeats ? "*" : "(");
        if (!o->repeats) names(o, " ");
        if (!o->repeats) putchar(')');
        if (*l)
            printf("-%c%s", *l, takes_value(o) ? "+" : "");
        else
            printf("--%s%s", o->name, !o->arg ? "" : takes_value(o) ? "=" : "=-");
        putchar('[');
        zsh_text(o->help);
        putchar(']');
        zsh_value(o);
        putchar('\'');
        if (!*l) break;
    }
}

int cli_generate_zsh(void)
{
    printf("#compdef anneal\n# zsh completion of anneal %s, made by: anneal completions zsh\n"
           "_anneal() {\n    local -a commands=(",
           ANNEAL_VERSION);
    for (const cli_command *const *c = cli_commands; *c; ++c) {
        printf("\n        '%s:", (*c)->name);
        zsh_text((*c)->what);
        putchar('\'');
    }
    printf(")\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi\n"
           "    shift words\n    (( CURRENT-- ))\n    case $words[1] in\n");
    for (const cli_command *const *c = cli_commands; *c; ++c) {
        printf("    %s) _arguments -s -S", (*c)->name);
        for (cli_walk w = {.command = *c}; cli_walk_next(&w);) zsh_option(w.option);
        printf(" \\\n        '--help[tell how to use it]' '*: :_files' ;;\n");
    }
    printf("    esac\n}\nif [[ $funcstack[1] == _anneal ]]; then _anneal \"$@\"; else compdef _anneal anneal; fi\n");
    return 0;
}

/* ---- table ---- */

static const char *const kinds[] = {[ANL_OPTION_FLAG] = "flag",     [ANL_OPTION_INT] = "whole", [ANL_OPTION_SIZE] = "size",
                                    [ANL_OPTION_NUMBER] = "number", [ANL_OPTION_TWO] = "two",   [ANL_OPTION_WORD] = "word",
                                    [ANL_OPTION_TEXT] = "text",     [ANL_OPTION_FILE] = "file", [ANL_OPTION_SET] = "other"};

int cli_generate_table(void)
{
    printf("command\tletters\tname\targument\tkind\tleast\tmost\twords\tdefault\thelp\n");
    for (const cli_command *const *c = cli_commands; *c; ++c) {
        void *settings = cli_settings_new(*c);
        if (!settings) return cli_fail();
        for (cli_walk w = {.command = *c}; cli_walk_next(&w);) {
            const anl_option *o = w.option;
            const char letters[] = {o->letter, o->also, 0};
            char initial[80];
            cli_option_default(&w, settings, initial, sizeof initial);
            printf("%s\t%s\t%s\t%s\t%s\t%.17g\t%.17g\t%s\t%s\t%s\n", (*c)->name, letters, o->name ? o->name : "", o->arg ? o->arg : "",
                   kinds[o->kind], o->low, o->high, o->words ? o->words : "", initial, o->help);
        }
        free(settings);
    }
    return 0;
}
