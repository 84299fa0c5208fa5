#include "multiqc.h"

#include "json.h"

#include <limits.h>
#include <string.h>

/* ---- parts of a file ---- */

static double percent(int64_t part, int64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

/* What stands before the data of a section. */
static void begin(FILE *f, const char *id, const char *title, const char *about, const char *plot)
{
    fprintf(f,
            "{\"id\": \"anneal_%s\", \"parent_id\": \"anneal\", \"parent_name\": \"anneal\", \"parent_description\": \"aligns reads by "
            "Embed, Search, "
            "Align.\", \"section_name\": \"%s\", \"description\": \"%s\", %s, \"data\": {",
            id, title, about, plot);
}

static void begin_sample(FILE *f, const cli_multiqc *m)
{
    cli_json_string(f, m->sample);
    fputs(": {", f);
}

static void end(FILE *f)
{
    fputs("}}}\n", f);
}

static void put_count(FILE *f, const char *name, int64_t n, const char *behind)
{
    fprintf(f, "\"%s\": %lld%s", name, (long long)n, behind);
}

/* The sample's classes from the first to the last that holds anything, as pairs: MultiQC sorts names of numbers by their letters. */
static void put_classes(FILE *f, const cli_multiqc *m, const int64_t *n, int classes, int width)
{
    int low = 0, high = classes - 1;
    while (low < classes - 1 && !n[low]) ++low;
    while (high > low && !n[high]) --high;
    cli_json_string(f, m->sample);
    for (int i = low; i <= high; ++i) fprintf(f, "%s[%d, %lld]", i > low ? ", " : ": [", i * width, (long long)n[i]);
    fputs("]}}\n", f);
}

/* ---- files ---- */

static void put_column(FILE *f, const char *id, const char *title, const char *about, const char *more, const char *behind)
{
    fprintf(f, "{\"%s\": {\"title\": \"%s\", \"description\": \"%s\", %s}}%s", id, title, about, more, behind);
}

static void put_general(FILE *f, const cli_multiqc *m, const cli_summary *s)
{
    static const char SHARE[] = "\"min\": 0, \"max\": 100, \"suffix\": \"%\", \"format\": \"{:,.2f}\", \"scale\": \"RdYlGn\"";
    const anl_histograms *h = &m->histograms;
    const anl_find_counts *found = &s->done.found;
    const anl_duplicate_counts *d = &s->duplicates;
    int64_t proven = found->proven_beside_mate + found->proven_together;
    for (int w = 0; w < ANL_WAVES; ++w) proven += found->proven[w];
    fputs("{\"id\": \"anneal_general\", \"plot_type\": \"generalstats\", \"namespace\": \"anneal\", \"pconfig\": [", f);
    put_column(f, "anneal_reads", "Reads", "reads, mates counted one by one", "\"min\": 0, \"format\": \"{:,.0f}\", \"scale\": \"Blues\"",
               ", ");
    put_column(f, "anneal_mapped", "Mapped", "reads that found a place", SHARE, ", ");
    put_column(f, "anneal_proper", "Proper", "reads in proper pairs", SHARE, ", ");
    if (s->n_libraries)
        put_column(f, "anneal_duplicates", "Duplicates", "of the mapped reads",
                   "\"min\": 0, \"max\": 100, \"suffix\": \"%\", \"format\": \"{:,.2f}\", \"scale\": \"OrRd\"", ", ");
    put_column(f, "anneal_identity", "Identity", "share of all aligned columns that are matches, gaps with their length", SHARE, ", ");
    put_column(f, "anneal_proven", "Proven", "reads whose place is proven to be the only one", SHARE, "], \"data\": {");
    begin_sample(f, m);
    put_count(f, "anneal_reads", h->reads, ", ");
    fprintf(f, "\"anneal_mapped\": %.4f, \"anneal_proper\": %.4f, ", percent(h->mapped, h->reads), percent(h->proper, h->reads));
    if (s->n_libraries)
        fprintf(f, "\"anneal_duplicates\": %.4f, ", percent(d->pair_duplicates + d->single_duplicates, d->paired + d->single));
    fprintf(f, "\"anneal_identity\": %.4f, \"anneal_proven\": %.4f", percent(h->matches, h->columns), percent(proven, h->reads));
    end(f);
}

static void put_reads(FILE *f, const cli_multiqc *m, const cli_summary *s)
{
    const anl_histograms *h = &m->histograms;
    (void)s;
    begin(f, "reads", "Reads", "Mates are counted one by one.",
          "\"plot_type\": \"bargraph\", \"pconfig\": {\"id\": \"anneal_reads_plot\", \"title\": \"anneal: reads\", \"ylab\": \"reads\"}");
    begin_sample(f, m);
    put_count(f, "In proper pairs", h->proper, ", ");
    put_count(f, "Mapped otherwise", h->mapped - h->proper, ", ");
    put_count(f, "Unmapped", h->reads - h->mapped, "");
    end(f);
}

static void put_duplicates(FILE *f, const cli_multiqc *m, const cli_summary *s)
{
    const anl_duplicate_counts *d = &s->duplicates;
    const int64_t optical = d->pair_optical + d->single_optical, copies = d->pair_duplicates + d->single_duplicates;
    begin(f, "duplicates", "Duplicates", "Mapped primary records, as samtools markdup counts them.",
          "\"plot_type\": \"bargraph\", \"pconfig\": {\"id\": \"anneal_duplicates_plot\", \"title\": \"anneal: duplicates\", \"ylab\": "
          "\"reads\"}");
    begin_sample(f, m);
    put_count(f, "Unique", d->paired + d->single - copies, ", ");
    put_count(f, "Duplicates", copies - optical, ", ");
    put_count(f, "Optical duplicates", optical, "");
    end(f);
}

static void put_inserts(FILE *f, const cli_multiqc *m, const cli_summary *s)
{
    (void)s;
    begin(f, "inserts", "Insert sizes", "Of proper pairs, in classes of 10 bp; 1,990 bp and more are one.",
          "\"plot_type\": \"linegraph\", \"pconfig\": {\"id\": \"anneal_inserts_plot\", \"title\": \"anneal: insert sizes\", \"xlab\": "
          "\"bp\", \"ylab\": "
          "\"pairs\"}");
    put_classes(f, m, m->histograms.insert, ANL_HISTOGRAM_INSERTS, ANL_HISTOGRAM_INSERT);
}

static void put_mapq(FILE *f, const cli_multiqc *m, const cli_summary *s)
{
    (void)s;
    begin(f, "mapq", "MAPQ", "Of mapped reads.",
          "\"plot_type\": \"linegraph\", \"pconfig\": {\"id\": \"anneal_mapq_plot\", \"title\": \"anneal: MAPQ\", \"xlab\": \"MAPQ\", "
          "\"ylab\": \"reads\"}");
    put_classes(f, m, m->histograms.mapq, 61, 1);
}

static void put_identity(FILE *f, const cli_multiqc *m, const cli_summary *s)
{
    (void)s;
    begin(f, "identity", "Identity", "Share of an alignment's columns that are matches, in classes of 1%; clips are not part of it.",
          "\"plot_type\": \"linegraph\", \"pconfig\": {\"id\": \"anneal_identity_plot\", \"title\": \"anneal: identity\", \"xlab\": \"%\", "
          "\"ylab\": "
          "\"reads\"}");
    put_classes(f, m, m->histograms.identity, ANL_HISTOGRAM_IDENTITY + 1, 1);
}

static void put_version(FILE *f, const cli_multiqc *m, const cli_summary *s)
{
    (void)m, (void)s;
    fputs("anneal: \"" ANNEAL_VERSION "\"\n", f);
}

static const struct {
    const char *name;
    void (*put)(FILE *f, const cli_multiqc *m, const cli_summary *s);
} files[CLI_MULTIQC_FILES] = {
    {"general_mqc.json", put_general}, {"reads_mqc.json", put_reads}, {"duplicates_mqc.json", put_duplicates},
    {"inserts_mqc.json", put_inserts}, {"mapq_mqc.json", put_mapq},   {"identity_mqc.json", put_identity},
    {"mqc_versions.yml", put_version},
};

/* ---- all of them ---- */

int cli_multiqc_name(const char *prefix, int i, char *out, size_t size)
{
    const char *slash = strrchr(prefix, '/');
    if (!*(slash ? slash + 1 : prefix)) return anl_fail(ANL_EINVAL, "--multiqc %s: names no sample behind the folder", prefix);
    return snprintf(out, size, "%s.anneal_%s", prefix, files[i].name) < (int)size ? ANL_OK
                                                                                  : anl_fail(ANL_EINVAL, "%s: name too long", prefix);
}

int cli_multiqc_open(cli_multiqc *m, const char *prefix, int duplicates)
{
    char name[PATH_MAX];
    const char *slash = strrchr(prefix, '/');
    int rc = ANL_OK;
    m->sample = slash ? slash + 1 : prefix;
    for (int i = 0; i < CLI_MULTIQC_FILES && !rc; ++i) {
        if (files[i].put == put_duplicates && !duplicates) continue;
        rc = cli_multiqc_name(prefix, i, name, sizeof name);
        if (!rc) rc = anl_output_open(&m->files[i], name, ANL_OUTPUT_STREAM);
    }
    return rc;
}

int cli_multiqc_write(cli_multiqc *m, const cli_summary *s)
{
    int rc = ANL_OK;
    for (int i = 0; i < CLI_MULTIQC_FILES && !rc; ++i) {
        FILE *f = m->files[i] ? anl_output_stream(m->files[i]) : NULL;
        if (!m->files[i]) continue;
        if (!f) return ANL_EIO;
        files[i].put(f, m, s);
        rc = anl_output_finish(m->files[i]);
    }
    return rc;
}

int cli_multiqc_close(cli_multiqc *m)
{
    int rc = ANL_OK;
    for (int i = 0; i < CLI_MULTIQC_FILES && !rc; ++i) {
        if (m->files[i]) rc = anl_output_close(m->files[i]);
        m->files[i] = NULL;
    }
    return rc;
}

void cli_multiqc_abort(cli_multiqc *m)
{
    for (int i = 0; i < CLI_MULTIQC_FILES; ++i) anl_output_abort(m->files[i]);
}
