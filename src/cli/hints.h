/** What was meant, where what was typed cannot be: a file of another kind, another program's command. */
#ifndef ANL_HINTS_H
#define ANL_HINTS_H

#include "command.h"

/** REF.fa.gz to REF.anl, in out[size]: where `anneal index` writes unless it is told. 0, or -1 when it does not fit. */
int cli_index_name(const char *reference, char *out, size_t size);

/** Looks at the first operand, which should be an index, before it is opened. 0: nothing speaks against it; otherwise the exit status, after
 *  printing what it looks like and what to type. */
int cli_check_index(const cli_call *call);

/** Likewise at what should be the FASTA of a reference. */
int cli_check_fasta(const char *path);

/** Prints that there is no such command, and which may have been meant; returns the exit status. */
int cli_no_command(const char *name);

#endif
