#include "align_settings.h"
#include "cli.h"
#include "devices.h"
#include "files.h"
#include "hints.h"
#include "progress.h"
#include "summary.h"

#include <limits.h>
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

/* A run: what is open, and what is told at its end. */
typedef struct job {
    const cli_align_settings *settings;
    cli_summary summary;
    anl_meter meter;
    char *command_line, *header;
    anl_aligner *aligner;
    anl_reads *reads;
    anl_align_output to;
    anl_output *json;
    int64_t left_out, without_umi;
} job;

/* Outputs are opened before there is work to lose. */
static int open_all(job *j)
{
    const cli_align_settings *s = j->settings;
    anl_meter_update(&j->meter, "opening the index", NULL, 0, 0);
    int rc = cli_header_lines(s, &j->header);
    if (!rc) rc = anl_threads_start(s->align.threads);
    if (!rc && s->summary) rc = anl_output_open(&j->json, s->summary, ANL_OUTPUT_STREAM);
    if (!rc && s->unplaced) rc = anl_unplaced_open(&j->to.unplaced, s->unplaced);
    if (!rc) rc = anl_aligner_open(&j->aligner, s->index, s->model, &s->align);
    if (!rc && s->verbosity > 2) tell_device(s, j->aligner);
    if (!rc) rc = anl_reads_open(&j->reads, &s->reads);
    if (rc) return rc;
    const anl_index *x = anl_aligner_index(j->aligner);
    anl_alignments_options output = s->output;
    output.command_line = j->command_line;
    output.version = ANNEAL_VERSION;
    output.extra_header = anl_reads_header(j->reads);
    output.header_lines = j->header;
    output.progress = show_sorted;
    output.progress_data = &j->meter;
    cli_summary_begin(&j->summary, j->aligner);
    return anl_alignments_open(&j->to.alignments, &output, x->contigs, x->n_contigs);
}

/* All files are complete before the first one gets its name. */
static int finish_all(job *j)
{
    int rc = anl_alignments_finish(j->to.alignments);
    if (!rc && j->to.unplaced) rc = anl_unplaced_finish(j->to.unplaced);
    anl_meter_finish(&j->meter);
    cli_summary_end(&j->summary);
    if (!rc && j->json) rc = cli_summary_write(j->json, &j->summary);
    if (rc) return rc;
    j->left_out = anl_alignments_left_out(j->to.alignments);
    j->without_umi = anl_alignments_without_umi(j->to.alignments);
    rc = anl_alignments_close(j->to.alignments);
    j->to.alignments = NULL;
    if (!rc && j->to.unplaced) {
        rc = anl_unplaced_close(j->to.unplaced);
        j->to.unplaced = NULL;
    }
    if (!rc && j->json) {
        rc = anl_output_close(j->json);
        j->json = NULL;
    }
    return rc;
}

static void free_all(job *j)
{
    anl_output_abort(j->json);
    anl_unplaced_abort(j->to.unplaced);
    anl_alignments_abort(j->to.alignments);
    anl_reads_free(j->reads);
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
    const anl_counts *c = &j->summary.done.counts;
    if (*s->ignored) fprintf(stderr, "anneal: %s: of bwa mem, and without effect here\n", s->ignored);
    if (!c->reads)
        fprintf(stderr, "anneal: warning: %s holds no reads\n", s->reads.path);
    else if (s->reads.interleaved && !c->pairs)
        fprintf(stderr, "anneal: warning: -p: no two neighbours in %s have one name; all reads were taken as single\n", s->reads.path);
    if (j->left_out) fprintf(stderr, "anneal: -C: %lld parts of comments are no SAM tags and were left out\n", (long long)j->left_out);
    if (j->without_umi)
        fprintf(stderr, "anneal: --umi-from-name: %lld reads have no UMI in their name, and no tag RX\n", (long long)j->without_umi);
    warn_diverged(j);
}

static int check_files(const cli_align_settings *s)
{
    cli_files f = {0};
    char unplaced[2][PATH_MAX];
    const char *indexes = s->output.sort ? ".bai .csi .crai" : "";
    int rc = cli_reads(&f, s->index, "");
    if (!rc) rc = cli_reads(&f, s->reads.path, "");
    if (!rc) rc = cli_reads(&f, s->reads.mates, "");
    if (!rc) rc = cli_reads(&f, s->output.reference, ".fai .gzi");
    if (!rc) rc = cli_reads_model(&f, s->model);
    if (!rc) rc = cli_writes(&f, s->output.path ? s->output.path : "-", s->output.path ? indexes : "");
    if (!rc) rc = cli_writes(&f, s->summary, "");
    for (int i = 0; i < s->n_headers && !rc; ++i)
        if (*s->headers[i] != '@') rc = cli_reads(&f, s->headers[i], "");
    for (int i = 0; i < 2 && !rc && s->unplaced; ++i) {
        const int own = anl_unplaced_name(s->unplaced, i + 1, unplaced[i], sizeof unplaced[i]);
        rc = own < 0 ? own : own || !i ? cli_writes(&f, own ? unplaced[i] : s->unplaced, "") : ANL_OK;
    }
    return cli_files_check(&f, rc);
}

static int run(void *settings, const cli_call *call)
{
    cli_align_settings *s = settings;
    int status = cli_align_operands(s, call);
    if (!status) status = cli_check_index(call);
    if (!status) status = check_files(s);
    if (!status) status = cli_align_settle(s);
    if (status) return status;
    job j = {.settings = s, .command_line = cli_command_line(call->argc, call->argv), .to = {.hits_only = s->hits_only}};
    j.summary = (cli_summary){.settings = s, .command_line = j.command_line, .start = anl_now()};
    anl_meter_start(&j.meter, s->verbosity < 2 ? ANL_METER_OFF : s->verbosity < 3 ? ANL_METER_TERMINAL : ANL_METER_LINES);
    int rc = j.command_line ? open_all(&j) : ANL_ENOMEM;
    if (!rc) rc = anl_align(j.aligner, j.reads, &j.to, &j.summary.done, show_reads, &j.meter);
    if (!rc)
        rc = finish_all(&j);
    else
        anl_meter_finish(&j.meter);
    if (!rc && s->verbosity >= 2) {
        warn(&j);
        cli_summary_print(&j.summary);
    }
    free_all(&j);
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
    .sections = {CLI_SECTION_FILES, ANL_SECTION_RECORDS, ANL_SECTION_SCORES, ANL_SECTION_PAIRS, ANL_SECTION_SEARCH, CLI_SECTION_BWA},
    .parts = {{&cli_align_files, 0}, {&anl_align_option_table, offsetof(cli_align_settings, align)}},
    .size = sizeof(cli_align_settings),
    .defaults = cli_align_defaults,
    .run = run,
};
