/** What the subcommands share: how errors are printed. */
#ifndef ANL_CLI_H
#define ANL_CLI_H

#include "base.h"

/** Prints "anneal: MESSAGE" (the recorded one) and returns the exit status 1. */
int cli_fail(void);

/** Prints "anneal: ..." and returns the exit status 2 for a wrong command line. */
int cli_usage(const char *fmt, ...) ANL_PRINTF(1, 2);

/** "anneal NAME ARG ARG..." for @PG and summaries, tabs and line ends turned into spaces; to be freed. NULL (recorded) when memory is short. */
char *cli_command_line(int argc, char **argv);

#endif
