#include "index.h"

#include "encoder_shape.h"
#include "layout.h"
#include "panel.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

struct anl_index_mapping {
    uint8_t *bytes;
    size_t size;
    anl_contig *contigs;
    int64_t *contig_begin, *window_begin;
};

static int map_file(struct anl_index_mapping *m, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st)) {
        int rc = anl_fail(ANL_EIO, "%s: %s", path, strerror(errno));
        if (fd >= 0) close(fd);
        return rc;
    }
    if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(anl_index_header)) {
        close(fd);
        return anl_fail(ANL_EFORMAT, "%s: not an anneal index", path);
    }
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    int saved = errno;
    close(fd);
    if (p == MAP_FAILED) return anl_fail(ANL_ENOMEM, "%s: cannot map: %s", path, strerror(saved));
    m->bytes = p;
    m->size = (size_t)st.st_size;
    return ANL_OK;
}

/* Header and section table; the sections' contents are checked by check_sections. */
static int check_header(const char *path, const struct anl_index_mapping *m, anl_index_header *h)
{
    memcpy(h, m->bytes, sizeof *h);
    if (memcmp(h->magic, ANL_INDEX_MAGIC, sizeof h->magic)) return anl_fail(ANL_EFORMAT, "%s: not an anneal index", path);
    if (h->version != ANL_INDEX_VERSION)
        return anl_fail(ANL_EVERSION, "%s: index version %u, this program reads %d: build the index again", path, h->version, ANL_INDEX_VERSION);
    if (XXH3_64bits(h, offsetof(anl_index_header, checksum)) != h->checksum) return anl_fail(ANL_EFORMAT, "%s: corrupt header", path);
    for (int i = 0; i < N_SECTIONS; ++i)
        if (h->section[i].offset % ANL_INDEX_ALIGN || h->section[i].offset > m->size || h->section[i].size > m->size - h->section[i].offset)
            return anl_fail(ANL_EFORMAT, "%s: truncated", path);
    const uint64_t entries = h->section[SECTION_IDS].size / sizeof(uint32_t), d = (uint64_t)h->d;
    const uint64_t centroids = anl_panels_padded((size_t)h->nlist);
    if (h->n_contigs < 1 || h->window < 1 || h->stride < 1 || h->d < ANL_ENCODER_HEAD || h->d > ANL_ENCODER_MAX_DIM || h->d % ANL_ENCODER_HEAD || h->nlist < 1 ||
        h->unique_k < ANL_UNIQUE_MIN_K || h->unique_k > ANL_UNIQUE_MAX_K ||
        h->section[SECTION_CONTIGS].size != h->n_contigs * sizeof(anl_index_contig) || h->section[SECTION_CODES].size != entries * d ||
        h->section[SECTION_BIAS].size != entries * 4 || h->section[SECTION_CENTROIDS].size != centroids * d ||
        h->section[SECTION_CENTROID_BIAS].size != centroids * 4 || h->section[SECTION_LIST_BEGIN].size != ((uint64_t)h->nlist + 1) * 8)
        return anl_fail(ANL_EFORMAT, "%s: corrupt header", path);
    return ANL_OK;
}

static int check_sections(const char *path, const struct anl_index_mapping *m, const anl_index_header *h)
{
    for (int i = 0; i < N_SECTIONS; ++i)
        if (XXH3_64bits(m->bytes + h->section[i].offset, h->section[i].size) != h->section[i].checksum)
            return anl_fail(ANL_EFORMAT, "%s: corrupt (checksum of section %d)", path, i);
    return ANL_OK;
}

/* N runs are ascending pieces of the reference. */
static int n_runs_ok(const int64_t *runs, uint64_t n, int64_t bases)
{
    int64_t end = 0;
    for (uint64_t i = 0; i < n; ++i) {
        if (runs[2 * i] < end || runs[2 * i + 1] <= runs[2 * i] || runs[2 * i + 1] > bases) return 0;
        end = runs[2 * i + 1];
    }
    return 1;
}

/* No bit where a k-mer would cross the end of a contig or of the reference. */
static int unique_ok(const uint64_t *unique, const int64_t *contig_begin, int32_t n_contigs, int32_t k)
{
    for (int32_t c = 0; c < n_contigs; ++c) {
        const int64_t begin = contig_begin[c], end = contig_begin[c + 1];
        for (int64_t p = end - begin < k ? begin : end - k + 1; p < end; ++p)
            if (unique[p / 64] >> p % 64 & 1) return 0;
    }
    const int64_t end = contig_begin[n_contigs];
    return end % 64 == 0 || unique[end / 64] >> end % 64 == 0;
}

/* Lists are whole panels, one behind the other, of windows that there are. */
static int lists_ok(const uint64_t *begin, int32_t nlist, const uint32_t *ids, uint64_t entries, int64_t windows)
{
    if (begin[0] != 0 || begin[nlist] != entries) return 0;
    for (int32_t l = 0; l < nlist; ++l)
        if (begin[l] % ANL_PANEL || begin[l + 1] < begin[l]) return 0;
    for (uint64_t e = 0; e < entries; ++e)
        if (ids[e] >= windows && ids[e] != ANL_INDEX_NO_WINDOW) return 0;
    return entries % ANL_PANEL == 0;
}

int64_t anl_index_window_count(int64_t len, int32_t window, int32_t stride)
{
    return len <= 0 ? 0 : len <= window ? 1 : (len - window + stride - 1) / stride + 1;
}

static int make_tables(const char *path, anl_index *x, const anl_index_header *h)
{
    struct anl_index_mapping *m = x->mapping;
    const anl_index_contig *from = (const void *)(m->bytes + h->section[SECTION_CONTIGS].offset);
    const char *names = (const char *)m->bytes + h->section[SECTION_NAMES].offset;
    const uint64_t names_size = h->section[SECTION_NAMES].size;
    m->contigs = anl_alloc(h->n_contigs, sizeof *m->contigs);
    m->contig_begin = anl_alloc((size_t)h->n_contigs + 1, sizeof *m->contig_begin);
    m->window_begin = anl_alloc((size_t)h->n_contigs + 1, sizeof *m->window_begin);
    if (!m->contigs || !m->contig_begin || !m->window_begin) return ANL_ENOMEM;
    if (!names_size || names[names_size - 1]) return anl_fail(ANL_EFORMAT, "%s: corrupt contig names", path);
    for (uint32_t i = 0; i < h->n_contigs; ++i) {
        if (from[i].name >= names_size || from[i].len < 1 || from[i].len > INT32_MAX) return anl_fail(ANL_EFORMAT, "%s: corrupt contig table", path);
        m->contigs[i] = (anl_contig){.name = names + from[i].name, .len = from[i].len};
        memcpy(m->contigs[i].md5, from[i].md5, 32);
        m->contig_begin[i + 1] = m->contig_begin[i] + from[i].len;
        m->window_begin[i + 1] = m->window_begin[i] + anl_index_window_count(from[i].len, h->window, h->stride);
    }
    const int64_t bases = m->contig_begin[h->n_contigs], windows = m->window_begin[h->n_contigs];
    const uint64_t n_n_runs = h->section[SECTION_N_RUNS].size / (2 * sizeof(int64_t)), entries = h->section[SECTION_IDS].size / sizeof(uint32_t);
    if (h->section[SECTION_BASES].size != ((uint64_t)bases + 3) / 4 || windows >= ANL_INDEX_NO_WINDOW ||
        !n_runs_ok((const void *)(m->bytes + h->section[SECTION_N_RUNS].offset), n_n_runs, bases) ||
        !lists_ok((const void *)(m->bytes + h->section[SECTION_LIST_BEGIN].offset), h->nlist, (const void *)(m->bytes + h->section[SECTION_IDS].offset),
                  entries, windows) ||
        h->section[SECTION_UNIQUE].size != ((uint64_t)bases + 63) / 64 * 8 ||
        !unique_ok((const void *)(m->bytes + h->section[SECTION_UNIQUE].offset), m->contig_begin, (int32_t)h->n_contigs, h->unique_k))
        return anl_fail(ANL_EFORMAT, "%s: corrupt", path);
    return ANL_OK;
}

int anl_index_open(anl_index **out, const char *path)
{
    anl_index_header h;
    anl_index *x = anl_alloc(1, sizeof *x);
    if (!x || !(x->mapping = anl_alloc(1, sizeof *x->mapping))) {
        free(x);
        return ANL_ENOMEM;
    }
    struct anl_index_mapping *m = x->mapping;
    int rc = map_file(m, path);
    if (!rc) rc = check_header(path, m, &h);
    if (!rc) rc = check_sections(path, m, &h);
    if (!rc) rc = make_tables(path, x, &h);
    if (rc) {
        anl_index_free(x);
        return rc;
    }
#define SECTION(s) ((const void *)(m->bytes + h.section[s].offset))
    x->n_contigs = (int32_t)h.n_contigs;
    x->contigs = m->contigs;
    x->contig_begin = m->contig_begin;
    x->window_begin = m->window_begin;
    x->n_windows = m->window_begin[h.n_contigs];
    x->bases = SECTION(SECTION_BASES);
    x->n_runs = SECTION(SECTION_N_RUNS);
    x->n_n_runs = (int64_t)(h.section[SECTION_N_RUNS].size / (2 * sizeof(int64_t)));
    x->unique_k = h.unique_k;
    x->unique = SECTION(SECTION_UNIQUE);
    x->window = h.window;
    x->stride = h.stride;
    x->n_entries = h.n_entries;
    x->d = h.d;
    x->nlist = h.nlist;
    x->centroids = SECTION(SECTION_CENTROIDS);
    x->centroid_bias = SECTION(SECTION_CENTROID_BIAS);
    x->list_begin = SECTION(SECTION_LIST_BEGIN);
    x->codes = SECTION(SECTION_CODES);
    x->bias = SECTION(SECTION_BIAS);
    x->ids = SECTION(SECTION_IDS);
#undef SECTION
    x->model_hash = h.model_hash;
    memcpy(x->model_name, h.model_name, sizeof x->model_name - 1);
    for (int32_t l = 0; l < x->nlist; ++l) {
        const int64_t entries = (int64_t)(x->list_begin[l + 1] - x->list_begin[l]);
        if (entries > x->longest_list) x->longest_list = entries;
    }
    *out = x;
    return ANL_OK;
}

void anl_index_free(anl_index *x)
{
    if (!x) return;
    if (x->mapping->bytes) munmap(x->mapping->bytes, x->mapping->size);
    free(x->mapping->contigs);
    free(x->mapping->contig_begin);
    free(x->mapping->window_begin);
    free(x->mapping);
    free(x);
}

/* The last i with begin[i] <= value, among n + 1 ascending bounds, skipping empty ranges. */
static int32_t range_of(const int64_t *begin, int32_t n, int64_t value)
{
    int32_t lo = 0, hi = n;
    while (hi - lo > 1) {
        const int32_t mid = lo + (hi - lo) / 2;
        if (begin[mid] <= value) lo = mid;
        else hi = mid;
    }
    return lo;
}

int64_t anl_index_window_pos(const anl_index *x, int64_t w)
{
    const int32_t c = range_of(x->window_begin, x->n_contigs, w);
    const int64_t last = x->contigs[c].len > x->window ? x->contigs[c].len - x->window : 0;
    const int64_t pos = (w - x->window_begin[c]) * x->stride;
    return x->contig_begin[c] + (pos < last ? pos : last);
}

int32_t anl_index_contig_at(const anl_index *x, int64_t pos)
{
    return range_of(x->contig_begin, x->n_contigs, pos);
}

void anl_index_fetch(const anl_index *x, int64_t begin, int64_t end, uint8_t *out)
{
    int64_t i = begin;
    uint8_t *to = out;
    for (; i < end && i % 4; ++i) *to++ = x->bases[i / 4] >> 2 * (i % 4) & 3;
    for (; i + 8 <= end; i += 8, to += 8) { /* 16 bits spread over 8 bytes */
        uint64_t eight = x->bases[i / 4] | (uint64_t)x->bases[i / 4 + 1] << 32;
        eight = (eight | eight << 12) & 0x000f000f000f000f;
        eight = (eight | eight << 6) & 0x0303030303030303;
        memcpy(to, &eight, sizeof eight);
    }
    for (; i < end; ++i) *to++ = x->bases[i / 4] >> 2 * (i % 4) & 3;
    int64_t lo = 0, hi = x->n_n_runs; /* first run that ends behind begin */
    while (lo < hi) {
        const int64_t mid = lo + (hi - lo) / 2;
        if (x->n_runs[2 * mid + 1] > begin) hi = mid;
        else lo = mid + 1;
    }
    for (; lo < x->n_n_runs && x->n_runs[2 * lo] < end; ++lo) {
        const int64_t from = x->n_runs[2 * lo] > begin ? x->n_runs[2 * lo] : begin;
        const int64_t until = x->n_runs[2 * lo + 1] < end ? x->n_runs[2 * lo + 1] : end;
        memset(out + (from - begin), 4, (size_t)(until - from));
    }
}

void anl_index_unique(const anl_index *x, int64_t begin, int64_t end, uint64_t *out)
{
    const uint64_t *from = x->unique + begin / 64;
    const int shift = (int)(begin % 64);
    const int64_t n = end - begin, words = (n + 63) / 64, last = (end - 1) / 64 - begin / 64; /* `from` is read up to there */
    for (int64_t i = 0; i < words; ++i) out[i] = from[i] >> shift | (shift && i < last ? from[i + 1] << (64 - shift) : 0);
    if (n % 64) out[words - 1] &= (UINT64_C(1) << n % 64) - 1;
}

void anl_index_entry(const anl_index *x, int64_t entry, int8_t *out)
{
    anl_panel_get(x->codes, (size_t)entry, (size_t)x->d, out);
}
