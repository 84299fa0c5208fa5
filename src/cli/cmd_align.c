#include "align_settings.h"
#include "cli.h"
#include "devices.h"
#include "hints.h"
#include "progress.h"
#include "summary.h"

#include <stdlib.h>

static void show_reads(void *meter, int64_t done, int64_t total)
{
    anl_meter_update(meter, "aligning", "reads", done, total);
}

static void show_sorted(void *meter, int64_t done, int64_t total)
{
    anl_meter_update(meter, "merging sorted records", "records", done, total);
}

/* What aligns, and why not a GPU where one was looked for. */
static void tell_device(const cli_align_settings *s, const anl_aligner *a)
{
    const char *gpu = anl_aligner_gpu(a), *why = NULL;
    anl_device first;
    if (!gpu && s->align.device == ANL_DEVICE_AUTO && anl_devices_find(&first, 1, &why)) why = "the GPU is too old";
    fprintf(stderr, "aligning on %s%s%s\n", gpu ? gpu : "the CPU", why ? ": " : "", why ? why : "");
}

/* What went well, but cannot be what was meant. */
static void warn(const cli_align_settings *s, const anl_counts *c)
{
    if (!c->reads) fprintf(stderr, "anneal: warning: %s holds no reads\n", s->reads.path);
    else if (s->reads.interleaved && !c->pairs)
        fprintf(stderr, "anneal: warning: -p: no two neighbours in %s have one name; all reads were taken as single\n", s->reads.path);
}

/* Everything that the summary then tells of. */
static int align(const cli_align_settings *s, cli_summary *summary, anl_meter *meter)
{
    anl_aligner *aligner = NULL;
    anl_reads *reads = NULL;
    anl_alignments *out = NULL;
    anl_output *json = NULL; /* opened before there is work to lose */
    anl_meter_update(meter, "opening the index", NULL, 0, 0);
    int rc = anl_threads_start(s->align.threads);
    if (!rc && s->summary) rc = anl_output_open(&json, s->summary, ANL_OUTPUT_STREAM);
    if (!rc) rc = anl_aligner_open(&aligner, s->index, s->model, &s->align);
    if (!rc && s->verbosity > 2) tell_device(s, aligner);
    if (!rc) rc = anl_reads_open(&reads, &s->reads);
    if (!rc) {
        const anl_index *x = anl_aligner_index(aligner);
        anl_alignments_options output = s->output;
        output.extra_header = anl_reads_header(reads);
        output.progress = show_sorted;
        output.progress_data = meter;
        cli_summary_begin(summary, aligner);
        rc = anl_alignments_open(&out, &output, x->contigs, x->n_contigs);
    }
    if (!rc) rc = anl_align(aligner, reads, out, s->hits_only, &summary->done, show_reads, meter);
    if (!rc) rc = anl_alignments_finish(out);
    anl_meter_finish(meter);
    cli_summary_end(summary);
    const long long left_out = rc ? 0 : (long long)anl_alignments_left_out(out);
    if (!rc && s->summary) rc = cli_summary_write(json, summary);
    if (!rc) {
        rc = anl_alignments_close(out);
        out = NULL;
    }
    if (!rc && json) {
        rc = anl_output_close(json);
        json = NULL;
    }
    if (!rc && left_out && s->verbosity >= 2) fprintf(stderr, "anneal: -C: %lld parts of comments are no SAM tags and were left out\n", left_out);
    if (!rc && s->verbosity >= 2) {
        warn(s, &summary->done.counts);
        cli_summary_print(summary);
    }
    anl_output_abort(json);
    anl_alignments_abort(out);
    anl_reads_free(reads);
    anl_aligner_free(aligner);
    return rc;
}

static int run(void *settings, const cli_call *call)
{
    cli_align_settings *s = settings;
    int status = cli_align_settle(s, call);
    if (!status) status = cli_check_index(call);
    if (status) return status;
    char *command_line = cli_command_line(call->argc, call->argv);
    if (!command_line) return cli_fail();
    s->output.command_line = command_line;
    s->output.version = ANNEAL_VERSION;
    cli_summary summary = {.settings = s, .command_line = command_line, .start = anl_now()};
    anl_meter meter;
    anl_meter_start(&meter, s->verbosity < 2 ? ANL_METER_OFF : s->verbosity < 3 ? ANL_METER_TERMINAL : ANL_METER_LINES);
    const int rc = align(s, &summary, &meter);
    free(command_line);
    return rc ? cli_fail() : 0;
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
