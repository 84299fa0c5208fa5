#include "align_settings.h"
#include "cli.h"
#include "device.h"
#include "devices.h"
#include "duplicate_stats.h"
#include "files.h"
#include "hints.h"
#include "lanes.h"
#include "multiqc.h"
#include "progress.h"
#include "stages.h"
#include "summary.h"

#include <limits.h>
#include <stdlib.h>

static void show_sorted(void *meter, int64_t done, int64_t total)
{
    anl_meter_update(meter, "merging sorted records", "records", done, total);
}

/* A run: what is open, and what is told at its end. */
typedef struct job {
    const cli_align_settings *settings;
    const cli_lanes *lanes;
    int is_small; /* too few reads for a GPU */
    cli_summary summary;
    anl_meter meter;
    cli_stages stages;
    char stage[2][40]; /* of this lane and of the one before it */
    size_t lane;
    char *command_line, *header;
    anl_aligner *aligner;
    anl_reads **reads; /* of the lanes */
    anl_align_output to;
    anl_output *json, *duplicate_stats;
    cli_multiqc multiqc;
    int64_t left_out, without_umi;
} job;

/* What aligns, and why not a GPU where one was looked for; always where one is there and cannot do it. */
static void tell_device(const job *j)
{
    const cli_align_settings *s = j->settings;
    const char *gpu = anl_aligner_gpu(j->aligner), *refused = anl_aligner_refused(j->aligner), *why = refused;
    anl_device first;
    if (s->verbosity < (refused ? 2 : 3)) return;
    if (j->is_small)
        why = "the reads are few";
    else if (!gpu && !refused && s->align.device == ANL_DEVICE_AUTO && anl_devices_find(&first, 1, &why))
        why = "the GPU is too old";
    fprintf(stderr, "aligning on %s%s%s\n", gpu ? gpu : "the CPU", why ? ": " : "", why ? why : "");
}

/* Of the GPU, where $ANNEAL_GPU_TIMES asks for them. */
static void tell_times(const anl_aligner *a)
{
    char times[2048];
    anl_aligner_times(a, times, sizeof times);
    fputs(times, stderr);
}

/* Whether a GPU, unless it was asked for, would start longer than a CPU aligns. */
static int are_few(const cli_align_settings *s, const cli_lanes *l)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < l->n; ++i) bytes += cli_bytes(l->list[i].path) + cli_bytes(l->list[i].mates);
    return s->align.device == ANL_DEVICE_AUTO && bytes < CLI_SMALL_READS;
}

static void show_reads(void *data, int64_t done, int64_t total)
{
    job *j = data;
    anl_meter_update(&j->meter, j->stage[j->lane % 2], "reads", done, total);
}

/* All lanes are opened before the first one is read: their headers go into the output's. */
static int open_lanes(job *j)
{
    const cli_align_settings *s = j->settings;
    const cli_lanes *l = j->lanes;
    int rc = ANL_OK;
    if (!(j->reads = anl_alloc(l->n, sizeof *j->reads))) return ANL_ENOMEM;
    if (!(j->summary.of_lane = anl_alloc(l->n, sizeof *j->summary.of_lane))) return ANL_ENOMEM;
    for (size_t i = 0; i < l->n && !rc; ++i) {
        const anl_reads_options from = {l->list[i].path, l->list[i].mates, s->interleaved, s->output.reference, s->align.threads > 1};
        rc = anl_reads_open(&j->reads[i], &from);
    }
    return rc;
}

static int open_alignments(job *j)
{
    const anl_index *x = anl_aligner_index(j->aligner);
    const size_t n = j->lanes->n;
    anl_alignments_options output = j->settings->output;
    anl_lane *lanes = anl_alloc(n, sizeof *lanes);
    if (!lanes) return ANL_ENOMEM;
    for (size_t i = 0; i < n; ++i) lanes[i] = (anl_lane){j->lanes->list[i].read_group, anl_reads_header(j->reads[i])};
    output.lanes = lanes;
    output.n_lanes = (int)n;
    output.command_line = j->command_line;
    output.version = ANNEAL_VERSION;
    output.header_lines = j->header;
    output.progress = show_sorted;
    output.progress_data = &j->meter;
    int rc = anl_alignments_open(&j->to.alignments, &output, x->contigs, x->n_contigs);
    free(lanes);
    return rc;
}

/* Outputs are opened before there is work to lose. */
static int open_all(job *j)
{
    const cli_align_settings *s = j->settings;
    anl_align_options options = s->align;
    cli_stages_start(&j->stages);
    anl_meter_update(&j->meter, "opening the index", NULL, 0, 0);
    int rc = cli_header_lines(s, &j->header);
    if (!rc) rc = anl_threads_start(s->align.threads);
    if (!rc && s->summary) rc = anl_output_open(&j->json, s->summary, ANL_OUTPUT_STREAM);
    if (!rc && s->duplicate_stats) rc = anl_output_open(&j->duplicate_stats, s->duplicate_stats, ANL_OUTPUT_STREAM);
    if (!rc && s->multiqc) rc = cli_multiqc_open(&j->multiqc, s->multiqc, s->output.mark_duplicates);
    if (!rc && s->unplaced) rc = anl_unplaced_open(&j->to.unplaced, s->unplaced);
    if (j->is_small) options.device = ANL_DEVICE_CPU;
    if (!rc) rc = anl_aligner_open(&j->aligner, s->index, s->model, &options);
    if (!rc) tell_device(j);
    if (!rc) rc = open_lanes(j);
    if (rc) return rc;
    cli_summary_begin(&j->summary, j->aligner);
    rc = open_alignments(j);
    cli_stages_note(&j->stages, "opening");
    return rc;
}

/* One lane after another, each as a run of its own would align it. */
static int align_lanes(job *j)
{
    const size_t n = j->lanes->n;
    int rc = ANL_OK;
    for (size_t i = 0; i < n && !rc; ++i) {
        anl_summary *done = &j->summary.of_lane[i];
        j->lane = i;
        snprintf(j->stage[i % 2], sizeof j->stage[i % 2], n > 1 ? "aligning lane %zu of %zu" : "aligning", i + 1, n);
        anl_aligner_restart(j->aligner);
        anl_alignments_lane(j->to.alignments, (int)i);
        rc = anl_align(j->aligner, j->reads[i], &j->to, done, show_reads, j);
        anl_reads_free(j->reads[i]);
        j->reads[i] = NULL;
        anl_summary_add(&j->summary.done, done);
    }
    cli_stages_note(&j->stages, "aligning");
    return rc;
}

/* Closes an output that may not be there. */
static int close_output(anl_output **o)
{
    const int rc = *o ? anl_output_close(*o) : ANL_OK;
    *o = NULL;
    return rc;
}

/* All files are complete before the first one gets its name. */
static int finish_all(job *j)
{
    cli_summary *sum = &j->summary;
    int rc = anl_alignments_finish(j->to.alignments);
    if (!rc && j->to.unplaced) rc = anl_unplaced_finish(j->to.unplaced);
    anl_meter_finish(&j->meter);
    cli_summary_end(sum);
    sum->libraries = anl_alignments_duplicates(j->to.alignments, &sum->n_libraries);
    cli_summary_duplicates(sum);
    if (!rc && j->json) rc = cli_summary_write(j->json, sum);
    if (!rc && j->duplicate_stats) rc = cli_duplicate_stats_write(j->duplicate_stats, sum);
    if (!rc) rc = cli_multiqc_write(&j->multiqc, sum);
    if (rc) return rc;
    j->left_out = anl_alignments_left_out(j->to.alignments);
    j->without_umi = anl_alignments_without_umi(j->to.alignments);
    sum->libraries = NULL; /* goes with the file */
    rc = anl_alignments_close(j->to.alignments);
    j->to.alignments = NULL;
    if (!rc && j->to.unplaced) {
        rc = anl_unplaced_close(j->to.unplaced);
        j->to.unplaced = NULL;
    }
    if (!rc) rc = close_output(&j->json);
    if (!rc) rc = close_output(&j->duplicate_stats);
    if (!rc) rc = cli_multiqc_close(&j->multiqc);
    cli_stages_note(&j->stages, j->settings->output.sort ? "merging and closing" : "closing");
    return rc;
}

static void free_all(job *j)
{
    anl_output_abort(j->json);
    anl_output_abort(j->duplicate_stats);
    cli_multiqc_abort(&j->multiqc);
    anl_unplaced_abort(j->to.unplaced);
    anl_alignments_abort(j->to.alignments);
    for (size_t i = 0; j->reads && i < j->lanes->n; ++i) anl_reads_free(j->reads[i]);
    free(j->reads);
    free(j->summary.of_lane);
    anl_aligner_free(j->aligner);
    free(j->header);
    free(j->command_line);
}

enum {
    TELLING_READS = 100, /* short reads placed that say how much reads differ */
    TELLING_DIFFER = 7,  /* % of their bases from which -x diverged finds more of them than the default: docs/diverged.md */
};

/* Reads that differ more than the scores forgive, unless scores were chosen. */
static void warn_diverged(const job *j)
{
    const anl_counts *c = &j->summary.done.counts;
    const anl_align_options *o = &j->settings->align;
    if (o->preset == ANL_PRESET_DIVERGED || o->given & (ANL_GIVEN_MATCH | ANL_GIVEN_MISMATCH)) return;
    if (c->short_mapped < TELLING_READS || c->short_differ * 100 < c->short_bases * TELLING_DIFFER) return;
    fprintf(stderr,
            "anneal: the short reads placed differ from the reference in %.1f%% of their bases, and %.1f%% found no place: "
            "-x diverged is made for such reads\n",
            100.0 * (double)c->short_differ / (double)c->short_bases,
            100.0 * (double)(c->short_reads - c->short_mapped) / (double)c->short_reads);
}

/* What went well, but may not be what was meant. */
static void warn(const job *j)
{
    const cli_align_settings *s = j->settings;
    if (*s->ignored) fprintf(stderr, "anneal: %s: of bwa mem, and without effect here\n", s->ignored);
    for (size_t i = 0; i < j->lanes->n; ++i) {
        const anl_counts *c = &j->summary.of_lane[i].counts;
        const cli_lane *lane = &j->lanes->list[i];
        if (!c->reads)
            fprintf(stderr, "anneal: warning: %s holds no reads\n", lane->path);
        else if (s->interleaved && !c->pairs)
            fprintf(stderr, "anneal: warning: -p: no two neighbours in %s have one name; all reads were taken as single\n", lane->path);
    }
    if (j->left_out) fprintf(stderr, "anneal: -C: %lld parts of comments are no SAM tags and were left out\n", (long long)j->left_out);
    if (j->without_umi)
        fprintf(stderr, "anneal: --umi-from-name: %lld reads have no UMI in their name, and no tag RX\n", (long long)j->without_umi);
    if (j->summary.duplicates.without_coordinates)
        fprintf(stderr, "anneal: --optical-distance: the names of %lld reads hold no coordinates of the flow cell\n",
                (long long)j->summary.duplicates.without_coordinates);
    warn_diverged(j);
}

static int check_files(const cli_align_settings *s, const cli_lanes *l)
{
    cli_files f = {0};
    char unplaced[2][PATH_MAX], multiqc[CLI_MULTIQC_FILES][PATH_MAX];
    const char *indexes = s->output.sort ? ".bai .csi .crai" : "";
    int rc = cli_reads(&f, s->index, "");
    if (!rc) rc = cli_reads(&f, s->lanes_file, "");
    for (size_t i = 0; i < l->n && !rc; ++i)
        if (!(rc = cli_reads(&f, l->list[i].path, ""))) rc = cli_reads(&f, l->list[i].mates, "");
    if (!rc) rc = cli_reads(&f, s->output.reference, ".fai .gzi");
    if (!rc) rc = cli_reads_model(&f, s->model);
    if (!rc) rc = cli_writes(&f, s->output.path ? s->output.path : "-", s->output.path ? indexes : "");
    if (!rc) rc = cli_writes(&f, s->summary, "");
    if (!rc) rc = cli_writes(&f, s->duplicate_stats, "");
    for (int i = 0; i < s->n_headers && !rc; ++i)
        if (*s->headers[i] != '@') rc = cli_reads(&f, s->headers[i], "");
    for (int i = 0; i < CLI_MULTIQC_FILES && !rc && s->multiqc; ++i)
        if (!(rc = cli_multiqc_name(s->multiqc, i, multiqc[i], sizeof multiqc[i]))) rc = cli_writes(&f, multiqc[i], "");
    for (int i = 0; i < 2 && !rc && s->unplaced; ++i) {
        const int own = anl_unplaced_name(s->unplaced, i + 1, unplaced[i], sizeof unplaced[i]);
        rc = own < 0 ? own : own || !i ? cli_writes(&f, own ? unplaced[i] : s->unplaced, "") : ANL_OK;
    }
    return cli_files_check(&f, rc);
}

static int run_lanes(cli_align_settings *s, const cli_call *call, const cli_lanes *lanes)
{
    int status = cli_check_index(call);
    if (!status) status = check_files(s, lanes);
    if (!status) status = cli_align_settle(s);
    if (status) return status;
    job j = {.settings = s, .lanes = lanes, .command_line = cli_command_line(call->argc, call->argv), .to = {.hits_only = s->hits_only}};
    j.is_small = are_few(s, lanes);
    j.summary = (cli_summary){.settings = s, .lanes = lanes, .command_line = j.command_line, .start = anl_now()};
    if (s->multiqc) j.to.histograms = &j.multiqc.histograms;
    anl_meter_start(&j.meter, s->verbosity < 2 ? ANL_METER_OFF : s->verbosity < 3 ? ANL_METER_TERMINAL : ANL_METER_LINES);
    int rc = j.command_line ? open_all(&j) : ANL_ENOMEM;
    if (!rc) rc = align_lanes(&j);
    if (!rc)
        rc = finish_all(&j);
    else
        anl_meter_finish(&j.meter);
    if (!rc) tell_times(j.aligner);
    if (!rc && s->verbosity >= 2) {
        warn(&j);
        if (s->verbosity > 2) cli_stages_print(&j.stages);
        cli_summary_print(&j.summary);
    }
    free_all(&j);
    return rc ? cli_fail() : 0;
}

static int run(void *settings, const cli_call *call)
{
    cli_align_settings *s = settings;
    cli_lanes lanes = {0};
    s->index = call->operands[0];
    int status = cli_lanes_take(&lanes, s, call);
    if (!status) status = run_lanes(s, call, &lanes);
    cli_lanes_free(&lanes);
    return status;
}

const cli_command cmd_align = {
    .name = "align",
    .what = "align reads to an index",
    .usage = "[OPTIONS] INDEX.anl READS [MATES]\n[OPTIONS] INDEX.anl --lane R1,R2,RG [--lane R1,R2,RG ...]",
    .about =
        "READS and MATES: FASTQ or FASTA, plain, gzip or bgzip; READS may also be '-' (standard input), or BAM, CRAM or SAM, unaligned or "
        "aligned.",
    .needs = "INDEX.anl READS [MATES]",
    .least = 1,
    .most = 3,
    .sections = {CLI_SECTION_FILES, ANL_SECTION_RECORDS, ANL_SECTION_SCORES, ANL_SECTION_PAIRS, ANL_SECTION_SEARCH, CLI_SECTION_BWA},
    .parts = {{&cli_align_files, 0}, {&anl_align_option_table, offsetof(cli_align_settings, align)}},
    .size = sizeof(cli_align_settings),
    .defaults = cli_align_defaults,
    .run = run,
};
