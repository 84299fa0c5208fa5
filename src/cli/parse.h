/** From a command line to settings. */
#ifndef ANL_PARSE_H
#define ANL_PARSE_H

#include "command.h"

/** Reads the options of call->argv into `settings` and the rest into call->operands[argc]. Options may stand anywhere before "--"; letters
 *  may be joined (-5SP), a value may be too (-t4, --threads=4). Returns -1 to go on; otherwise the exit status, after --help or a line
 *  that says what is wrong. */
int cli_parse(const cli_command *c, cli_call *call, void *settings);

#endif
