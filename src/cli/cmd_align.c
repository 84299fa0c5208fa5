#include "align_settings.h"
#include "cli.h"
#include "devices.h"
#include "hints.h"
#include "progress.h"
#include "summary.h"

#include <stdio.h>

static void show(void *data, const anl_summary *s)
{
    anl_meter_update(data, s->counts.reads, 0);
}

static int align(const cli_align_settings *s)
{
    anl_aligner *aligner = NULL;
    anl_reads *reads = NULL;
    anl_alignments *out = NULL;
    anl_summary summary = {0};
    cli_summary_file json = {0};
    anl_meter meter;
    double start = anl_now();
    anl_meter_start(&meter, "reads");
    if (s->verbosity < 2) meter.on = 0;
    int rc = anl_threads_start(s->align.threads);
    if (!rc && s->summary) rc = cli_summary_open(&json, s->summary);
    if (!rc) rc = anl_aligner_open(&aligner, s->index, s->model, &s->align);
    if (!rc && s->verbosity > 2) {
        const char *gpu = anl_aligner_gpu(aligner), *why = NULL;
        anl_device first;
        if (!gpu && s->align.device == ANL_DEVICE_AUTO && anl_devices_find(&first, 1, &why)) why = "the GPU is too old";
        fprintf(stderr, "aligning on %s%s%s\n", gpu ? gpu : "the CPU", why ? ": " : "", why ? why : "");
    }
    if (!rc) rc = anl_reads_open(&reads, &s->reads);
    if (!rc) {
        const anl_index *x = anl_aligner_index(aligner);
        anl_alignments_options output = s->output;
        output.extra_header = anl_reads_header(reads);
        rc = anl_alignments_open(&out, &output, x->contigs, x->n_contigs);
    }
    if (!rc) rc = anl_align(aligner, reads, out, s->hits_only, &summary, show, &meter);
    anl_meter_finish(&meter);
    if (!rc) rc = anl_alignments_finish(out);
    double seconds = anl_now() - start;
    const long long left_out = rc ? 0 : (long long)anl_alignments_left_out(out);
    if (!rc && s->summary) rc = cli_summary_write(&json, s->summary, &summary, seconds);
    if (!rc) {
        rc = anl_alignments_close(out);
        out = NULL;
    }
    rc = cli_summary_close(&json, s->summary, rc);
    if (!rc && left_out && s->verbosity >= 2) fprintf(stderr, "anneal: -C: %lld parts of comments are no SAM tags and were left out\n", left_out);
    if (!rc && s->verbosity >= 2) cli_summary_print(&summary, seconds);
    anl_alignments_abort(out);
    anl_reads_free(reads);
    anl_aligner_free(aligner);
    return rc ? cli_fail() : 0;
}

static int run(void *settings, const cli_call *call)
{
    cli_align_settings *s = settings;
    char command_line[4096];
    cli_command_line(call->argc, call->argv, command_line, sizeof command_line);
    s->output.command_line = command_line;
    s->output.version = ANNEAL_VERSION;
    int status = cli_align_settle(s, call);
    if (!status) status = cli_check_index(call);
    return status ? status : align(s);
}

const cli_command cmd_align = {
    .name = "align",
    .what = "align reads to an index",
    .usage = "[OPTIONS] INDEX.anl READS [MATES]",
    .about = "READS and MATES: FASTQ or FASTA, plain, gzip or bgzip; READS may be '-' (standard input), uBAM, CRAM or SAM.",
    .needs = "INDEX.anl READS [MATES]",
    .least = 2,
    .most = 3,
    .sections = {"Input and output", "Scoring", "Search"},
    .parts = {{&cli_align_files, 0}, {&anl_align_option_table, offsetof(cli_align_settings, align)}},
    .size = sizeof(cli_align_settings),
    .defaults = cli_align_defaults,
    .run = run,
};
