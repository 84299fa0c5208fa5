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

static void make_biases(const int8_t *const *vectors, int n, int32_t d, int32_t *bias)
{
    for (int j = 0; j < ANL_PANEL; ++j) bias[j] = j < n ? anl_panel_bias(vectors[j], (size_t)d) : ANL_PANEL_NO_BIAS;
}

static void put_centroids(writer *w, const anl_lists *s, int32_t d)
{
    int8_t panel[ANL_ENCODER_MAX_DIM * ANL_PANEL];
    int32_t bias[ANL_PANEL];
    const int8_t *row[ANL_PANEL];
    for (int section = SECTION_CENTROIDS; section <= SECTION_CENTROID_BIAS; ++section) {
        section_begin(w, section);
        for (int32_t l = 0; l < s->nlist; l += ANL_PANEL) {
            int n = 0;
            for (; n < ANL_PANEL && l + n < s->nlist; ++n) row[n] = s->centroids + (size_t)(l + n) * (size_t)d;
            if (section == SECTION_CENTROIDS) {
                make_panel(row, n, d, panel);
                put_summed(w, panel, (size_t)d * ANL_PANEL);
            } else {
                make_biases(row, n, d, bias);
                put_summed(w, bias, sizeof bias);
            }
        }
        section_end(w, section);
    }
}

/* ---- lists, each padded to whole panels ---- */

enum {
    PANELS_AT_ONCE = 1 << 11, /* made by all threads, then written: 4 MiB of d = 128 */
    SECTIONS_OF_LISTS = SECTION_IDS - SECTION_CODES + 1,
};

/* The entries of a panel, up to 16; first[l]: the first panel of list l. */
static int panel_entries(const anl_lists *s, const uint64_t *first, uint64_t panel, const uint32_t **entries)
{
    int32_t lo = 0, hi = s->nlist; /* first[lo] <= panel < first[hi] */
    while (hi - lo > 1) {
        const int32_t mid = lo + (hi - lo) / 2;
        if (first[mid] <= panel)
            lo = mid;
        else
            hi = mid;
    }
    const uint64_t e = s->begin[lo] + (panel - first[lo]) * ANL_PANEL, left = s->begin[lo + 1] - e;
    *entries = s->entries + e;
    return left < ANL_PANEL ? (int)left : ANL_PANEL;
}

static size_t panel_size(int section, int32_t d)
{
    return ANL_PANEL * (section == SECTION_CODES ? (size_t)d : section == SECTION_BIAS ? sizeof(int32_t) : sizeof(uint32_t));
}

/* What a section says of the entries of a panel. */
static void make_part(const anl_index_parts *p, int section, const uint32_t *entries, int n, void *to)
{
    const int8_t *row[ANL_PANEL];
    uint32_t *ids = to;
    for (int j = 0; j < n; ++j) row[j] = p->vectors + (size_t)entries[j] * (size_t)p->d;
    if (section == SECTION_CODES)
        make_panel(row, n, p->d, to);
    else if (section == SECTION_BIAS)
        make_biases(row, n, p->d, to);
    else
        for (int j = 0; j < ANL_PANEL; ++j) ids[j] = j < n ? p->windows[entries[j]] : ANL_INDEX_NO_WINDOW;
}

static void put_section_of_lists(writer *w, const anl_index_parts *p, int section, const uint64_t *first, int threads, char *buffer)
{
    const uint64_t total = first[p->lists->nlist];
    const size_t size = panel_size(section, p->d);
    section_begin(w, section);
    for (uint64_t at = 0; at < total; at += PANELS_AT_ONCE) {
        const int n = total - at < PANELS_AT_ONCE ? (int)(total - at) : PANELS_AT_ONCE;
        anl_index_tell(&p->watch, ANL_INDEX_WRITING, (int64_t)((uint64_t)(section - SECTION_CODES) * total + at),
                       (int64_t)(SECTIONS_OF_LISTS * total));
#pragma omp parallel for num_threads(threads)
        for (int i = 0; i < n; ++i) {
            const uint32_t *entries;
            const int m = panel_entries(p->lists, first, at + (uint64_t)i, &entries);
            make_part(p, section, entries, m, buffer + (size_t)i * size);
        }
        put_summed(w, buffer, (size_t)n * size);
    }
    section_end(w, section);
}

/* Where they begin, then codes, biases and ids. */
static int put_lists(writer *w, const anl_index_parts *p, int threads)
{
    const anl_lists *s = p->lists;
    uint64_t *first = anl_alloc((size_t)s->nlist + 1, sizeof *first);
    if (!first) return ANL_ENOMEM;
    section_begin(w, SECTION_LIST_BEGIN);
    for (int32_t l = 0; l <= s->nlist; ++l) {
        const uint64_t begin = first[l] * ANL_PANEL;
        put_summed(w, &begin, sizeof begin);
        if (l < s->nlist) first[l + 1] = first[l] + anl_panels(s->begin[l + 1] - s->begin[l]);
    }
    section_end(w, SECTION_LIST_BEGIN);
    const size_t panels = first[s->nlist] < PANELS_AT_ONCE ? (size_t)first[s->nlist] : PANELS_AT_ONCE;
    char *buffer = anl_alloc_aligned(panels, panel_size(SECTION_CODES, p->d));
    for (int section = SECTION_CODES; buffer && section <= SECTION_IDS; ++section)
        put_section_of_lists(w, p, section, first, threads, buffer);
    const int rc = buffer ? ANL_OK : ANL_ENOMEM;
    free(first);
    free(buffer);
    return rc;
}

static int put_all(writer *w, const anl_index_parts *p, int threads)
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
    const int rc = put_lists(w, p, threads);
    if (rc) return rc;
    put_section(w, SECTION_UNIQUE, p->unique, (size_t)((p->n_bases + 63) / 64) * sizeof *p->unique);
    put_section(w, SECTION_LETTERS, p->letters, (size_t)p->n_letters * sizeof *p->letters);
    h->checksum = XXH3_64bits(h, offsetof(anl_index_header, checksum));
    if (fseek(w->file, 0, SEEK_SET)) w->failed = 1;
    put(w, h, sizeof *h);
    return ANL_OK;
}

int anl_index_write(anl_output *to, const anl_index_parts *parts, int threads)
{
    writer w = {.file = anl_output_stream(to), .sum = XXH3_createState()};
    int rc = !w.file ? ANL_EIO : !w.sum ? anl_fail(ANL_ENOMEM, "out of memory") : ANL_OK;
    if (!rc) {
        errno = 0;
        rc = put_all(&w, parts, threads);
        if (!rc && w.failed) rc = anl_output_fail(to);
    }
    XXH3_freeState(w.sum);
    return rc;
}
