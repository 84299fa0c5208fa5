/** What the subcommands share: how errors are printed and arguments are read. */
#ifndef ANL_CLI_H
#define ANL_CLI_H

#include "base.h"

/** Prints "anneal: MESSAGE" (the recorded one) and returns the exit status 1. */
int cli_fail(void);

/** Prints "anneal: ..." and returns the exit status 2 for a wrong command line. */
int cli_usage(const char *fmt, ...) ANL_PRINTF(1, 2);

/** What getopt_long found wrong (it returned '?' or ':'), as the exit status 2 after printing. */
int cli_bad_option(const char *command, int c, char **argv);

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

/** Reads a whole number in [low, high] from `text`; 0, or -1 after printing what is wrong with option `name`. */
int cli_integer(const char *name, const char *text, int64_t low, int64_t high, int64_t *out);

/** Reads a number in [low, high]; 0, or -1 after printing. */
int cli_number(const char *name, const char *text, double low, double high, float *out);

/** Reads a whole number >= low that K, M or G (thousands, millions, billions) may follow; 0, or -1 after printing. */
int cli_amount(const char *name, const char *text, int64_t low, int64_t *out);

/** Reads `n_least` to `n_most` comma-separated whole numbers >= 0; returns how many, or -1 after printing. */
int cli_integers(const char *name, const char *text, int n_least, int n_most, int64_t *out);

/** Reads a --device: auto, cpu, cuda or cuda:N, as anl_gpu_open takes it; 0, or -1 after printing. */
int cli_device(const char *text, int *device);

/** "NAME ARG ARG..." for @PG, in `out[size]`, cut where it does not fit. */
void cli_command_line(int argc, char **argv, char *out, size_t size);

int cmd_align(int argc, char **argv);
int cmd_index(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_export_faiss(int argc, char **argv);
int cmd_train(int argc, char **argv);
int cmd_recall(int argc, char **argv);
int cmd_devices(int argc, char **argv);

#endif
