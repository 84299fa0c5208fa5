/** What `anneal align` is told: the options of the alignment and those of its files. */
#ifndef ANL_ALIGN_SETTINGS_H
#define ANL_ALIGN_SETTINGS_H

#include "align.h"
#include "command.h"

enum { CLI_READ_GROUP = 4096 };

typedef struct cli_align_settings {
    anl_align_options align;
    anl_reads_options reads;
    anl_alignments_options output;
    const char *index, *model, *summary;
    char read_group[CLI_READ_GROUP];
    int hits_only, verbosity;
    unsigned given; /* CLI_GIVEN_* */
} cli_align_settings;

enum { CLI_GIVEN_FORMAT = 1 };

/** Sets fields of cli_align_settings that are not those of anl_align_options. */
extern const anl_option_table cli_align_files;

void cli_align_defaults(void *settings);

/** Takes the operands, settles what follows from several options and says what does not go together. 0, or the exit status after
 *  printing. */
int cli_align_settle(cli_align_settings *s, const cli_call *call);

#endif
