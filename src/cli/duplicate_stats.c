#include "duplicate_stats.h"

static void put(FILE *f, const char *name, int64_t n)
{
    fprintf(f, "%s: %lld\n", name, (long long)n);
}

static void put_library(FILE *f, const anl_duplicate_counts *c)
{
    const int64_t copies = c->pair_duplicates + c->single_duplicates;
    put(f, "READ", c->records);
    put(f, "WRITTEN", c->records);
    put(f, "EXCLUDED", c->excluded);
    put(f, "EXAMINED", c->paired + c->single);
    put(f, "PAIRED", c->paired);
    put(f, "SINGLE", c->single);
    put(f, "DUPLICATE PAIR", c->pair_duplicates);
    put(f, "DUPLICATE SINGLE", c->single_duplicates);
    put(f, "DUPLICATE PAIR OPTICAL", c->pair_optical);
    put(f, "DUPLICATE SINGLE OPTICAL", c->single_optical);
    put(f, "DUPLICATE NON PRIMARY", 0);
    put(f, "DUPLICATE NON PRIMARY OPTICAL", 0);
    put(f, "DUPLICATE PRIMARY TOTAL", copies);
    put(f, "DUPLICATE TOTAL", copies);
    put(f, "ESTIMATED_LIBRARY_SIZE", anl_library_size(c));
}

int cli_duplicate_stats_write(anl_output *to, const cli_summary *s)
{
    FILE *f = anl_output_stream(to);
    if (!f) return ANL_EIO;
    int with_records = 0;
    for (int i = 0; i < s->n_libraries; ++i) with_records += s->libraries[i].records > 0;
    fprintf(f, "COMMAND: %s\n", s->command_line);
    for (int i = 0; i < s->n_libraries; ++i) {
        if (with_records && !s->libraries[i].records) continue;
        if (with_records > 1) fprintf(f, "LIBRARY: %s\n", s->libraries[i].library);
        put_library(f, &s->libraries[i]);
    }
    return anl_output_finish(to);
}
