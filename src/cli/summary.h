/** What a run of `anneal align` was and did, for people and, as JSON, for programs. */
#ifndef ANL_SUMMARY_H
#define ANL_SUMMARY_H

#include "lanes.h"
#include "output.h"

typedef struct cli_summary {
    const cli_align_settings *settings;
    const cli_lanes *lanes;
    anl_summary *of_lane; /**< of each lane */
    const char *command_line, *kernels;
    const char *device; /**< name of the GPU; NULL: the CPU */
    int contigs;        /**< of the index */
    int64_t bases;
    anl_summary done;                      /**< of all lanes */
    const anl_duplicate_counts *libraries; /**< what marking duplicates counted, of each of n_libraries; 0: none were marked */
    int n_libraries;
    anl_duplicate_counts duplicates; /**< of all of them */
    double start, seconds;           /**< wall clock; start by anl_now */
    double cpu_seconds;              /**< of all threads, in the kernel, too */
    double peak_mib;                 /**< most memory that was resident */
} cli_summary;

/** Takes what there is to know of the aligner; `start` and the names are set before. */
void cli_summary_begin(cli_summary *s, const anl_aligner *a);

/** Reads the clocks. */
void cli_summary_end(cli_summary *s);

/** Adds up the libraries. */
void cli_summary_duplicates(cli_summary *s);

/** Four lines on standard error; more with several lanes, duplicates or -v 3. */
void cli_summary_print(const cli_summary *s);

/** As JSON; finishes `to`. 0 or the first error. */
int cli_summary_write(anl_output *to, const cli_summary *s);

#endif
