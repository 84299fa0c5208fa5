/** Where the time of a run went: stage by stage, for -v. */
#ifndef CLI_STAGES_H
#define CLI_STAGES_H

enum { CLI_MOST_STAGES = 8 };

typedef struct cli_stages {
    const char *name[CLI_MOST_STAGES];
    double seconds[CLI_MOST_STAGES], cpu_seconds[CLI_MOST_STAGES];
    int n;
    double last, last_cpu; /**< when time was noted last */
} cli_stages;

void cli_stages_start(cli_stages *s);

/** Adds the time since something was noted last to a stage; a new one comes behind the others. */
void cli_stages_note(cli_stages *s, const char *stage);

/** A line for each stage on standard error. */
void cli_stages_print(const cli_stages *s);

#endif
