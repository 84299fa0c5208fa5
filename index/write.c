#include "index.h"

#include "encoder_shape.h"
#include "layout.h"
#include "panel.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* A file being written, section by section. */
typedef struct writer {
    FILE *file;
    uint64_t at;
    XXH3_state_t *sum;
    anl_index_header header;
    int failed;
} writer;

static void put(writer *w, const void *bytes, size_t n)
{
    if (n && fwrite(bytes, 1, n, w->file) != n) w->failed = 1;
    w->at += n;
}

static void put_summed(writer *w, const void *bytes, size_t n)
{
    put(w, bytes, n);
    XXH3_64bits_update(w->sum, bytes, n);
}

static void section_begin(writer *w, int section)
{
    static const uint8_t zeros[ANL_INDEX_ALIGN];
    put(w, zeros, (ANL_INDEX_ALIGN - w->at % ANL_INDEX_ALIGN) % ANL_INDEX_ALIGN);
    w->header.section[section].offset = w->at;
    XXH3_64bits_reset(w->sum);
}

static void section_end(writer *w, int section)
{
    w->header.section[section].size = w->at - w->header.section[section].offset;
    w->header.section[section].checksum = XXH3_64bits_digest(w->sum);
}

static void put_section(writer *w, int section, const void *bytes, size_t n)
{
    section_begin(w, section);
    put_summed(w, bytes, n);
    section_end(w, section);
}

static void put_contigs(writer *w, const anl_index_parts *p)
{
    uint64_t name = 0;
    section_begin(w, SECTION_CONTIGS);
    for (int32_t i = 0; i < p->n_contigs; ++i) {
        anl_index_contig c = {.len = p->contigs[i].len, .name = name, .alt = p->contigs[i].alt};
        memcpy(c.md5, p->contigs[i].md5, 32);
        name += strlen(p->contigs[i].name) + 1;
        put_summed(w, &c, sizeof c);
    }
    section_end(w, SECTION_CONTIGS);
    section_begin(w, SECTION_NAMES);
    for (int32_t i = 0; i < p->n_contigs; ++i) put_summed(w, p->contigs[i].name, strlen(p->contigs[i].name) + 1);
    section_end(w, SECTION_NAMES);
}

/* Panel of up to 16 vectors; missing ones are zero. */
static void make_panel(const int8_t *const *vectors, int n, int32_t d, int8_t *panel)
{
    memset(panel, 0, (size_t)d * ANL_PANEL);
    for (int j = 0; j < n; ++j) anl_panel_put(panel, (size_t)j, (size_t)d, vectors[j]);
}

static void put_centroids(writer *w, const anl_lists *s, int32_t d)
{
    int8_t panel[ANL_ENCODER_MAX_DIM * ANL_PANEL];
    const int8_t *row[ANL_PANEL];
    for (int section = SECTION_CENTROIDS; section <= SECTION_CENTROID_BIAS; ++section) {
        section_begin(w, section);
        for (int32_t l = 0; l < s->nlist; l += ANL_PANEL) {
            int32_t bias[ANL_PANEL];
            int n = 0;
            for (; n < ANL_PANEL && l + n < s->nlist; ++n) {
                row[n] = s->centroids + (size_t)(l + n) * (size_t)d;
                bias[n] = anl_panel_bias(row[n], (size_t)d);
            }
            for (int j = n; j < ANL_PANEL; ++j) bias[j] = ANL_PANEL_NO_BIAS;
            make_panel(row, n, d, panel);
            if (section == SECTION_CENTROIDS)
                put_summed(w, panel, (size_t)d * ANL_PANEL);
            else
                put_summed(w, bias, sizeof bias);
        }
        section_end(w, section);
    }
}

enum { SECTIONS_OF_LISTS = SECTION_IDS - SECTION_CODES + 1 };

/* Codes, biases and ids, list by list, each list padded to whole panels. */
static void put_lists(writer *w, const anl_index_parts *p)
{
    const anl_lists *s = p->lists;
    int8_t panel[ANL_ENCODER_MAX_DIM * ANL_PANEL];
    const int8_t *row[ANL_PANEL];
    uint64_t begin = 0;
    section_begin(w, SECTION_LIST_BEGIN);
    put_summed(w, &begin, sizeof begin);
    for (int32_t l = 0; l < s->nlist; ++l) {
        begin += anl_panels_padded(s->begin[l + 1] - s->begin[l]);
        put_summed(w, &begin, sizeof begin);
    }
    section_end(w, SECTION_LIST_BEGIN);
    for (int section = SECTION_CODES; section <= SECTION_IDS; ++section) {
        section_begin(w, section);
        for (int32_t l = 0; l < s->nlist; ++l) {
            anl_index_tell(&p->watch, ANL_INDEX_WRITING, (section - SECTION_CODES) * p->n_entries + (int64_t)s->begin[l],
                           SECTIONS_OF_LISTS * p->n_entries);
            for (uint64_t e = s->begin[l]; e < s->begin[l + 1]; e += ANL_PANEL) {
                int32_t bias[ANL_PANEL];
                uint32_t ids[ANL_PANEL];
                int n = 0;
                for (; n < ANL_PANEL && e + (uint64_t)n < s->begin[l + 1]; ++n) {
                    const uint32_t entry = s->entries[e + (uint64_t)n];
                    row[n] = p->vectors + (size_t)entry * (size_t)p->d;
                    bias[n] = section == SECTION_BIAS ? anl_panel_bias(row[n], (size_t)p->d) : 0;
                    ids[n] = p->windows[entry];
                }
                for (int j = n; j < ANL_PANEL; ++j) {
                    bias[j] = ANL_PANEL_NO_BIAS;
                    ids[j] = ANL_INDEX_NO_WINDOW;
                }
                if (section == SECTION_CODES) {
                    make_panel(row, n, p->d, panel);
                    put_summed(w, panel, (size_t)p->d * ANL_PANEL);
                } else if (section == SECTION_BIAS) {
                    put_summed(w, bias, sizeof bias);
                } else {
                    put_summed(w, ids, sizeof ids);
                }
            }
        }
        section_end(w, section);
    }
}

static void put_all(writer *w, const anl_index_parts *p)
{
    anl_index_header *h = &w->header;
    memcpy(h->magic, ANL_INDEX_MAGIC, sizeof h->magic);
    h->version = ANL_INDEX_VERSION;
    for (int32_t i = 0; i < p->n_contigs; ++i)
        if (p->contigs[i].alt) h->version = ANL_INDEX_VERSION_ALT;
    h->n_contigs = (uint32_t)p->n_contigs;
    h->window = p->window;
    h->stride = p->stride;
    h->d = p->d;
    h->nlist = p->lists->nlist;
    h->n_entries = p->n_entries;
    h->unique_k = p->unique_k;
    h->model_hash = p->model_hash;
    snprintf(h->model_name, sizeof h->model_name, "%s", p->model_name);
    put(w, h, sizeof *h);
    put_contigs(w, p);
    put_section(w, SECTION_BASES, p->bases, (size_t)((p->n_bases + 3) / 4));
    put_section(w, SECTION_N_RUNS, p->n_runs, (size_t)p->n_n_runs * 2 * sizeof *p->n_runs);
    put_centroids(w, p->lists, p->d);
    put_lists(w, p);
    put_section(w, SECTION_UNIQUE, p->unique, (size_t)((p->n_bases + 63) / 64) * sizeof *p->unique);
    put_section(w, SECTION_LETTERS, p->letters, (size_t)p->n_letters * sizeof *p->letters);
    h->checksum = XXH3_64bits(h, offsetof(anl_index_header, checksum));
    if (fseek(w->file, 0, SEEK_SET)) w->failed = 1;
    put(w, h, sizeof *h);
}

int anl_index_write(anl_output *to, const anl_index_parts *parts)
{
    writer w = {.file = anl_output_stream(to), .sum = XXH3_createState()};
    int rc = !w.file ? ANL_EIO : !w.sum ? anl_fail(ANL_ENOMEM, "out of memory") : ANL_OK;
    if (!rc) {
        errno = 0;
        put_all(&w, parts);
        if (w.failed) rc = anl_output_fail(to);
    }
    XXH3_freeState(w.sum);
    return rc;
}
