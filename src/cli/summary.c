#include "summary.h"

#include "json.h"
#include "kernels.h"
#include "progress.h"

#include <sys/resource.h>

void cli_summary_begin(cli_summary *s, const anl_aligner *a)
{
    const anl_index *x = anl_aligner_index(a);
    s->kernels = anl_kernels_get()->name;
    s->device = anl_aligner_gpu(a);
    s->contigs = x->n_contigs;
    s->bases = x->contig_begin[x->n_contigs];
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

void cli_summary_end(cli_summary *s)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    s->seconds = anl_now() - s->start;
    s->cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    s->peak_mib = (double)usage.ru_maxrss / 1024;
}

void cli_summary_duplicates(cli_summary *s)
{
    anl_duplicate_counts *all = &s->duplicates;
    for (int i = 0; i < s->n_libraries; ++i) {
        const anl_duplicate_counts *c = &s->libraries[i];
        all->records += c->records;
        all->excluded += c->excluded;
        all->paired += c->paired;
        all->single += c->single;
        all->pair_duplicates += c->pair_duplicates;
        all->single_duplicates += c->single_duplicates;
        all->pair_optical += c->pair_optical;
        all->single_optical += c->single_optical;
        all->without_coordinates += c->without_coordinates;
    }
}

static double rate(const cli_summary *s)
{
    return (double)s->done.counts.reads / (s->seconds + 1e-9);
}

static double percent(int64_t part, int64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

/* Of all reads, so that long ones count as not proven. */
static void print_search(const anl_find_counts *c, int64_t reads)
{
    fputs("proven", stderr);
    for (int w = 0; w < ANL_WAVES; ++w) fprintf(stderr, "%s %.2f%%", w ? "," : "", percent(c->proven[w], reads));
    fprintf(stderr, " by the waves, %.2f%% beside their mate, %.2f%% with it; settled by the mate %.2f%%; %lld segments embedded",
            percent(c->proven_beside_mate, reads), percent(c->proven_together, reads), percent(c->settled_by_mate, reads),
            (long long)c->segments);
    if (c->entries) fprintf(stderr, ", %.0f entries each", (double)c->entries / (double)c->segments); /* a GPU does not count them */
    fputc('\n', stderr);
}

static void print_duplicates(const cli_summary *s)
{
    const anl_duplicate_counts *c = &s->duplicates;
    const int64_t copies = c->pair_duplicates + c->single_duplicates, examined = c->paired + c->single;
    fprintf(stderr, "%lld of %lld mapped reads are duplicates (%.2f%%)", (long long)copies, (long long)examined, percent(copies, examined));
    if (s->settings->output.optical_distance) fprintf(stderr, ", %lld of them optical", (long long)(c->pair_optical + c->single_optical));
    fputc('\n', stderr);
}

static void print_counts(const anl_summary *done)
{
    const anl_counts *c = &done->counts;
    fprintf(stderr, "%lld reads, %lld mapped (%.2f%%)", (long long)c->reads, (long long)c->mapped, percent(c->mapped, c->reads));
    if (c->pairs)
        fprintf(stderr, ", %lld of %lld pairs proper (%.2f%%)", (long long)c->proper, (long long)c->pairs, percent(c->proper, c->pairs));
    if (done->insert.usable) fprintf(stderr, ", insert size %.1f +- %.1f", done->insert.mean, done->insert.sd);
}

static void print_inputs(const cli_summary *s)
{
    const cli_lanes *l = s->lanes;
    if (l->n == 1)
        cli_lane_print(stderr, l->list);
    else
        fprintf(stderr, "%zu lanes", l->n);
    fprintf(stderr, " to %s: %d contigs, %lld bp\n", s->settings->index, s->contigs, (long long)s->bases);
    for (size_t i = 0; i < l->n && l->n > 1; ++i) {
        fprintf(stderr, "lane %zu: ", i + 1);
        cli_lane_print(stderr, &l->list[i]);
        fputs(": ", stderr);
        print_counts(&s->of_lane[i]);
        fputc('\n', stderr);
    }
}

void cli_summary_print(const cli_summary *s)
{
    const cli_align_settings *o = s->settings;
    fprintf(stderr, "anneal " ANNEAL_VERSION ": %s\n", s->command_line);
    print_inputs(s);
    print_counts(s->lanes->n == 1 ? s->of_lane : &s->done);
    fprintf(stderr, ", %.0f reads/s\n", rate(s));
    if (s->n_libraries) print_duplicates(s);
    if (o->verbosity > 2) print_search(&s->done.found, s->done.counts.reads);
    fprintf(stderr, "%.1f s, %.1f CPU s, %.0f MiB, %d thread%s, %s%s%s\n", s->seconds, s->cpu_seconds, s->peak_mib, o->align.threads,
            o->align.threads == 1 ? "" : "s", s->kernels, s->device ? ", " : "", s->device ? s->device : "");
}

static void put_text(FILE *f, const char *key, const char *text)
{
    fprintf(f, "\"%s\": ", key);
    cli_json_string(f, text);
    fputs(", ", f);
}

/* What adaptive search did for short reads. */
static void put_search(FILE *f, const anl_find_counts *c)
{
    fprintf(f, "\"search\": {\"proven_in_wave\": [");
    for (int w = 0; w < ANL_WAVES; ++w) fprintf(f, "%s%lld", w ? ", " : "", (long long)c->proven[w]);
    fprintf(f,
            "], \"proven_beside_mate\": %lld, \"proven_together\": %lld, \"settled_by_mate\": %lld, \"segments_embedded\": %lld, "
            "\"entries\": %lld}, ",
            (long long)c->proven_beside_mate, (long long)c->proven_together, (long long)c->settled_by_mate, (long long)c->segments,
            (long long)c->entries);
}

static void put_counts(FILE *f, const anl_duplicate_counts *c, const char *end)
{
    const int64_t size = anl_library_size(c);
    fputs("{", f);
    put_text(f, "library", c->library);
    fprintf(f, "\"paired\": %lld, \"single\": %lld, \"excluded\": %lld, \"pair_duplicates\": %lld, \"single_duplicates\": %lld, ",
            (long long)c->paired, (long long)c->single, (long long)c->excluded, (long long)c->pair_duplicates,
            (long long)c->single_duplicates);
    fprintf(f, "\"pair_optical\": %lld, \"single_optical\": %lld, \"estimated_size\": ", (long long)c->pair_optical,
            (long long)c->single_optical);
    if (size)
        fprintf(f, "%lld}%s", (long long)size, end);
    else
        fprintf(f, "null}%s", end);
}

/* Marked by --mark-duplicates, of each library; null where nothing was looked for. */
static void put_duplicates(FILE *f, const cli_summary *s)
{
    fputs(s->n_libraries ? "\"duplicates\": [" : "\"duplicates\": null, ", f);
    for (int i = 0; i < s->n_libraries; ++i) put_counts(f, &s->libraries[i], i + 1 < s->n_libraries ? ", " : "], ");
}

static void put_inputs(FILE *f, const cli_lane *lane)
{
    cli_json_string(f, lane->path);
    if (lane->mates) fputs(", ", f), cli_json_string(f, lane->mates);
}

static void put_done(FILE *f, const anl_summary *done)
{
    const anl_counts *c = &done->counts;
    fprintf(f, "\"reads\": %lld, \"mapped\": %lld, \"pairs\": %lld, \"proper_pairs\": %lld, ", (long long)c->reads, (long long)c->mapped,
            (long long)c->pairs, (long long)c->proper);
    if (done->insert.usable)
        fprintf(f, "\"insert_size\": {\"mean\": %.2f, \"sd\": %.2f}", done->insert.mean, done->insert.sd);
    else
        fputs("\"insert_size\": null", f);
}

static void put_lanes(FILE *f, const cli_summary *s)
{
    fputs("\"lanes\": [", f);
    for (size_t i = 0; i < s->lanes->n; ++i) {
        const cli_lane *lane = &s->lanes->list[i];
        fputs(i ? ", {\"inputs\": [" : "{\"inputs\": [", f);
        put_inputs(f, lane);
        fputs("], ", f);
        if (lane->read_group)
            put_text(f, "read_group", lane->read_group);
        else
            fputs("\"read_group\": null, ", f);
        put_done(f, &s->of_lane[i]);
        fputc('}', f);
    }
    fputs("], ", f);
}

int cli_summary_write(anl_output *to, const cli_summary *s)
{
    FILE *f = anl_output_stream(to);
    if (!f) return ANL_EIO;
    const cli_align_settings *o = s->settings;
    fputc('{', f);
    put_text(f, "version", ANNEAL_VERSION);
    put_text(f, "command_line", s->command_line);
    fputs("\"inputs\": [", f);
    for (size_t i = 0; i < s->lanes->n; ++i) {
        if (i) fputs(", ", f);
        put_inputs(f, &s->lanes->list[i]);
    }
    fputs("], \"reference\": {", f);
    put_text(f, "index", o->index);
    fprintf(f, "\"contigs\": %d, \"bases\": %lld}, ", s->contigs, (long long)s->bases);
    put_done(f, s->lanes->n == 1 ? s->of_lane : &s->done);
    fputs(", ", f);
    put_lanes(f, s);
    put_duplicates(f, s);
    put_search(f, &s->done.found);
    put_text(f, "kernels", s->kernels);
    put_text(f, "device", s->device ? s->device : "cpu");
    fprintf(f, "\"threads\": %d, \"seconds\": %.3f, \"cpu_seconds\": %.3f, \"peak_memory_mib\": %.1f, \"reads_per_second\": %.1f}\n",
            o->align.threads, s->seconds, s->cpu_seconds, s->peak_mib, rate(s));
    return anl_output_finish(to);
}
