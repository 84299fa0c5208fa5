/** A command as a row of words and tables: parsing, --help, the man page and completions are made from it. */
#ifndef ANL_COMMAND_H
#define ANL_COMMAND_H

#include "option.h"

/** What a command was given. */
typedef struct cli_call {
    int argc;
    char **argv;     /**< the command's name and all that followed */
    char **operands; /**< what is no option, in order */
    int n;
} cli_call;

/** A table of options, and where in the command's settings those lie that it sets. */
typedef struct cli_part {
    const anl_option_table *table;
    size_t at;
} cli_part;

enum { CLI_MOST_PARTS = 3 };

typedef struct cli_command {
    const char *name, *what; /**< what: half a line for `anneal --help` */
    const char *usage;       /**< behind "anneal NAME "; a line for each way of calling it */
    const char *about;       /**< paragraphs for --help and the man page, '\n' between them */
    const char *needs;       /**< the operands, as a message calls them */
    int least, most;         /**< how many */
    const char *sections[8]; /**< headings of the options in order */
    cli_part parts[CLI_MOST_PARTS];
    size_t size; /**< bytes of the settings, zeroed before */
    void (*defaults)(void *settings);
    int (*run)(void *settings, const cli_call *call); /**< returns the exit status */
} cli_command;

/** All of them in the order of `anneal --help`, then NULL. */
extern const cli_command *const cli_commands[];

/** A command's options one after another, a section at a time. Begin with {.command = c}. */
typedef struct cli_walk {
    const cli_command *command;
    int section, part, at;
    const anl_option *option;      /**< the one that was reached, */
    const anl_option_table *table; /**< its table */
    size_t base;                   /**< and where in the settings that begins */
} cli_walk;

/** Goes to the next one; 0 at the end. */
int cli_walk_next(cli_walk *w);

/** The option with that long name (a letter: short name), its table and base in *w; 0: there is none. */
int cli_find(const cli_command *c, const char *name, cli_walk *w);

/** Its names and what it takes: "-t, -@, --threads N", in out[size]. */
void cli_option_names(const anl_option *o, char *out, size_t size);

/** Its default as cli_command.defaults sets it, in out[size]; "" where there is nothing to tell. `settings` hold the defaults. */
void cli_option_default(const cli_walk *w, const void *settings, char *out, size_t size);

/** Settings of a command with its defaults, to be freed; NULL (recorded) when memory is short. */
void *cli_settings_new(const cli_command *c);

#endif
