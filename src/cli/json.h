/** JSON strings. */
#ifndef ANL_JSON_H
#define ANL_JSON_H

#include <stdio.h>

/** Writes text[n] in quotes: quotes, backslashes and control characters escaped, bytes that are no UTF-8 as U+FFFD. */
void cli_json_string(FILE *to, const char *text);

#endif
