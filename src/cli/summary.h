/** What a run of `anneal align` did, for people and, as JSON, for programs. */
#ifndef ANL_SUMMARY_H
#define ANL_SUMMARY_H

#include "align.h"

#include <stdio.h>

/** One line on standard error. */
void cli_summary_print(const anl_summary *s, double seconds);

/** The JSON file, opened before there is work to lose. A device or a pipe has no temporary name. */
typedef struct cli_summary_file {
    FILE *file;
    char temporary[4096];
} cli_summary_file;

int cli_summary_open(cli_summary_file *f, const char *path);
int cli_summary_write(cli_summary_file *out, const char *path, const anl_summary *s, double seconds);

/** Renames it into place, unless `rc` says that something failed; returns rc or what failed here. */
int cli_summary_close(cli_summary_file *f, const char *path, int rc);

#endif
