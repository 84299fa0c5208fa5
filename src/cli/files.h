/** No file that a command writes is one that it reads, or is written twice. */
#ifndef ANL_CLI_FILES_H
#define ANL_CLI_FILES_H

#include <stddef.h>

/** The files of a command that it reads and that it writes. */
typedef struct cli_files {
    const char **inputs, **outputs;
    int n_inputs, n_outputs;
    size_t inputs_cap, outputs_cap;
    char **names; /* made up here */
    int n_names;
    size_t names_cap;
} cli_files;

/** Adds PATH, and PATH with each of the space-separated endings. NULL is passed over. 0 or ANL_ENOMEM. */
int cli_reads(cli_files *f, const char *path, const char *endings);
int cli_writes(cli_files *f, const char *path, const char *endings);

/** Adds the model: `path`, or the one that is found. */
int cli_reads_model(cli_files *f, const char *path);

/** 0 when `rc` is 0 and no file that is written is also read or written twice; otherwise an exit status, after printing. Frees the lists. */
int cli_files_check(cli_files *f, int rc);

#endif
