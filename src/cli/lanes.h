/** Where the reads of `anneal align` come from: READS [MATES], or the lanes of --lane and --lanes. */
#ifndef ANL_CLI_LANES_H
#define ANL_CLI_LANES_H

#include "align_settings.h"

typedef struct cli_lane {
    const char *path, *mates; /* mates NULL: one file */
    const char *read_group;   /* with real tabs; NULL: none */
} cli_lane;

typedef struct cli_lanes {
    cli_lane *list;
    size_t n, cap;
    char **texts; /* what the lanes point to */
    size_t n_texts, texts_cap;
} cli_lanes;

/** Takes the operands and the options about lanes. 0, or the exit status after printing that they cannot be what was meant. */
int cli_lanes_take(cli_lanes *l, const cli_align_settings *s, const cli_call *call);

/** The lane as messages call it: "R1, R2". */
void cli_lane_print(FILE *to, const cli_lane *lane);

void cli_lanes_free(cli_lanes *l);

#endif
