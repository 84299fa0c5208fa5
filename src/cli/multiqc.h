/** Custom content for MultiQC: PREFIX.anneal_NAME_mqc.json, a section each, and the version. */
#ifndef ANL_MULTIQC_H
#define ANL_MULTIQC_H

#include "histograms.h"
#include "summary.h"

enum { CLI_MULTIQC_FILES = 7 };

typedef struct cli_multiqc {
    anl_output *files[CLI_MULTIQC_FILES]; /* NULL: not written */
    const char *sample;                   /* the last part of PREFIX */
    anl_histograms histograms;
} cli_multiqc;

/** Name of file `i` in out[size]. 0, or ANL_EINVAL (too long, or PREFIX has no last part). */
int cli_multiqc_name(const char *prefix, int i, char *out, size_t size);

/** Opens all files, that of duplicates where they are marked. 0 or the first error; cli_multiqc_abort in either case. */
int cli_multiqc_open(cli_multiqc *m, const char *prefix, int duplicates);

/** Writes and finishes them: complete, but under temporary names. */
int cli_multiqc_write(cli_multiqc *m, const cli_summary *s);

int cli_multiqc_close(cli_multiqc *m);
void cli_multiqc_abort(cli_multiqc *m);

#endif
