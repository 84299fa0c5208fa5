/** What `anneal align` is told: the options of the alignment and those of its files. */
#ifndef ANL_ALIGN_SETTINGS_H
#define ANL_ALIGN_SETTINGS_H

#include "align.h"
#include "command.h"

enum { CLI_READ_GROUP = 4096, CLI_MOST_HEADERS = 64, CLI_MOST_LANES = 64, CLI_IGNORED = 128 };

typedef struct cli_align_settings {
    anl_align_options align;
    anl_alignments_options output;
    const char *index, *model, *summary, *unplaced, *duplicate_stats, *multiqc;
    const char *headers[CLI_MOST_HEADERS]; /* -H */
    int n_headers;
    const char *lane_texts[CLI_MOST_LANES], *lanes_file; /* --lane and --lanes, as given */
    int n_lanes;
    int interleaved;
    char ignored[CLI_IGNORED]; /* options of bwa mem that were given and change nothing, comma-separated */
    char read_group[CLI_READ_GROUP];
    int64_t sort_memory;
    int hits_only, verbosity;
    unsigned given; /* CLI_GIVEN_* */
} cli_align_settings;

enum { CLI_GIVEN_FORMAT = 1 };

#define CLI_SECTION_FILES "Input and output"
#define CLI_SECTION_BWA "Of bwa mem"

/** Sets fields of cli_align_settings that are not those of anl_align_options. */
extern const anl_option_table cli_align_files;

void cli_align_defaults(void *settings);

/** "@RG\tID:x" with \t and \\ written out, as bwa takes it, or with real tabs, to real ones. 0, or ANL_EINVAL when it is no read group; the
 *  message begins with `called`. */
int cli_read_group_expand(const char *called, const char *line, char group[CLI_READ_GROUP]);

/** Settles what follows from several options and says what does not go together. 0, or the exit status after printing. */
int cli_align_settle(cli_align_settings *s);

/** The lines that -H gave, as one text to be freed; *out NULL: none. 0, or ANL_EIO, ANL_EINVAL or ANL_ENOMEM. */
int cli_header_lines(const cli_align_settings *s, char **out);

#endif
