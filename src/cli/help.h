/** The text of --help, in 80 columns. */
#ifndef ANL_HELP_H
#define ANL_HELP_H

#include "command.h"

#include <stdio.h>

/** Prints the command's help; returns the exit status. */
int cli_help(const cli_command *c, FILE *to);

#endif
