#include "cli.h"
#include "command.h"
#include "device.h"
#include "files.h"
#include "gpu.h"
#include "hints.h"
#include "index.h"
#include "index_build.h"
#include "progress.h"
#include "stages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_PATH = 4096 };

typedef struct settings {
    anl_index_options o;
    int verbose;
} settings;

static const char *const stages[ANL_INDEX_WRITING + 1] = {"reading",    "counting k-mers",    "embedding",
                                                          "clustering", "assigning to lists", "writing"};

/* What is shown as it goes, and where the time went. */
typedef struct progress {
    anl_meter meter;
    cli_stages stages;
} progress;

static void show(void *data, anl_index_stage stage, int64_t done, int64_t total)
{
    progress *p = data;
    const int windows = stage == ANL_INDEX_EMBEDDING || stage == ANL_INDEX_ASSIGNING;
    cli_stages_note(&p->stages, stages[stage]); /* what is told has been done since something was told last */
    anl_meter_update(&p->meter, stages[stage], windows ? "windows" : stage == ANL_INDEX_READING ? "bp" : NULL, done, total);
}

static int build(const anl_index_options *o, int verbose)
{
    anl_index_report r;
    const double start = anl_now();
    progress p;
    cli_stages_start(&p.stages);
    anl_meter_start(&p.meter, verbose ? ANL_METER_LINES : ANL_METER_TERMINAL);
    int rc = anl_threads_start(o->threads);
    if (!rc) rc = anl_index_build(o, &(anl_index_watch){show, &p}, &r);
    anl_meter_finish(&p.meter);
    if (rc) return cli_fail();
    cli_stages_note(&p.stages, stages[ANL_INDEX_WRITING]);
    if (verbose) cli_stages_print(&p.stages);
    if ((verbose || p.meter.terminal) && o->alt)
        fprintf(stderr, "%s: %lld of %lld names are ALT contigs here\n", o->alt, (long long)r.alts, (long long)r.alt_names);
    if (*r.semicolon)
        fprintf(stderr, "anneal: warning: %s: the contig name '%.100s' has a ';', at which programs split the tags SA and XA: rename it\n",
                o->reference, r.semicolon);
    if (verbose || p.meter.terminal)
        fprintf(stderr, "%s: %lld contigs, %lld bp, %lld windows; %.1f s, %ld MiB; embedded on %s\n", o->output, (long long)r.contigs,
                (long long)r.bases, (long long)r.windows, anl_now() - start, anl_peak_mib(), *r.gpu ? r.gpu : "the CPU");
    return 0;
}

static int run(void *data, const cli_call *call)
{
    settings *s = data;
    char output[LONGEST_PATH];
    s->o.reference = call->operands[0];
    if (!s->o.output) {
        if (cli_index_name(s->o.reference, output, sizeof output)) return cli_usage("%s: name too long", s->o.reference);
        s->o.output = output;
    }
    if (s->o.device == ANL_DEVICE_AUTO && cli_bytes(s->o.reference) < CLI_SMALL_REFERENCE) s->o.device = ANL_DEVICE_CPU;
    cli_files f = {0};
    int rc = cli_reads(&f, s->o.reference, "");
    if (!rc) rc = cli_reads(&f, s->o.alt, "");
    if (!rc) rc = cli_reads_model(&f, s->o.model);
    if (!rc) rc = cli_writes(&f, s->o.output, "");
    int status = cli_files_check(&f, rc);
    if (!status) status = cli_check_fasta(s->o.reference);
    return status ? status : build(&s->o, s->verbose);
}

static void defaults(void *data)
{
    settings *s = data;
    s->o = anl_index_options_default();
    s->o.device = ANL_DEVICE_AUTO;
}

#define AT(field) offsetof(settings, field)

static const char OPTIONS[] = ANL_SECTION_INDEX;

static const anl_option list[] = {
    {OPTIONS, .letter = 'o', .name = "output", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(o.output), .initial = "REF.anl",
     .help = "the index"},
    {OPTIONS, .letter = 'v', .name = "verbose", .field = AT(verbose),
     .help = "tell what was built, the time of every stage, memory, and on what"},
};

static const anl_option_table table = {list, sizeof list / sizeof *list, 0};

const cli_command cmd_index = {
    .name = "index",
    .what = "build the index of a reference genome",
    .usage = "[OPTIONS] REF.fa[.gz]",
    .about = "Cuts a FASTA into overlapping windows, turns each into a vector and writes vectors and sequence to one file.",
    .needs = "one FASTA file",
    .least = 1,
    .most = 1,
    .sections = {ANL_SECTION_INDEX},
    .parts = {{&table, 0}, {&anl_index_option_table, AT(o)}},
    .size = sizeof(settings),
    .defaults = defaults,
    .run = run,
};
