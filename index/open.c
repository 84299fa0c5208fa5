/* Opening an index: nothing that sizes or bounds something is used before it is known to be possible; a value that the aligner could not use,
 * whatever the checksums say, is refused, and later code relies on it. What sizes or bounds is copied, so that a file that is written over in place
 * cannot make a run leave its arrays. The large sections (bases, uniqueness map, entries) are mapped as they are: search passes over windows that
 * there are not, and check.c says whether they are intact. */
#include "mapping.h"

#include "encoder_shape.h"
#include "panel.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* ---- what a signal handler looks through ---- */

enum { MOST_MAPPED = 16 };

/* Names stand here whole: nothing that the handler reads is ever freed. */
static struct {
    atomic_flag taken;
    atomic_uintptr_t begin, end;
    char name[PATH_MAX];
} mapped[MOST_MAPPED];

const char *anl_index_mapped_at(const void *address)
{
    const uintptr_t at = (uintptr_t)address;
    for (int i = 0; i < MOST_MAPPED; ++i)
        if (at >= atomic_load(&mapped[i].begin) && at < atomic_load(&mapped[i].end)) return mapped[i].name;
    return NULL;
}

static void enter(struct anl_index_mapping *m, const char *path)
{
    for (int i = 0; i < MOST_MAPPED && m->slot < 0; ++i) {
        if (atomic_flag_test_and_set(&mapped[i].taken)) continue;
        m->slot = i;
        snprintf(mapped[i].name, sizeof mapped[i].name, "%s", path);
        atomic_store(&mapped[i].begin, (uintptr_t)m->bytes);
        atomic_store(&mapped[i].end, (uintptr_t)m->bytes + m->size);
    }
}

static void leave(struct anl_index_mapping *m)
{
    if (m->slot < 0) return;
    atomic_store(&mapped[m->slot].end, 0);
    atomic_flag_clear(&mapped[m->slot].taken);
    m->slot = -1;
}

/* ---- header and sections ---- */

static int map_file(struct anl_index_mapping *m, const char *path)
{
    struct stat st;
    if (!(m->path = strdup(path))) return anl_fail(ANL_ENOMEM, "out of memory");
    m->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (m->descriptor < 0 || fstat(m->descriptor, &st)) return anl_fail(ANL_EIO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(anl_index_header)) return anl_fail(ANL_EFORMAT, "%s: not an anneal index", path);
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, m->descriptor, 0);
    if (p == MAP_FAILED) return anl_fail(ANL_ENOMEM, "%s: cannot map: %s", path, strerror(errno));
    m->bytes = p;
    m->size = (size_t)st.st_size;
    madvise(p, m->size, MADV_HUGEPAGE); /* where files can have them */
    m->opened = m->written = st.st_mtim;
    enter(m, path);
    memcpy(&m->header, m->bytes, sizeof m->header);
    return ANL_OK;
}

/* The name is for messages of one line. */
static int is_printable(const char *text, size_t size)
{
    const size_t n = strnlen(text, size);
    for (size_t i = 0; i < n; ++i)
        if (!isgraph((unsigned char)text[i])) return 0;
    return n < size;
}

/* Windows are embedded, and places voted on around them, as index_build.c allows. */
static int check_header(const struct anl_index_mapping *m)
{
    const anl_index_header *h = &m->header;
    if (memcmp(h->magic, ANL_INDEX_MAGIC, sizeof h->magic)) return anl_fail(ANL_EFORMAT, "%s: not an anneal index", m->path);
    if (h->version != ANL_INDEX_VERSION && h->version != ANL_INDEX_VERSION_ALT)
        return anl_fail(ANL_EVERSION, "%s: index version %u, this program reads %d and %d: build the index again", m->path, h->version,
                        ANL_INDEX_VERSION, ANL_INDEX_VERSION_ALT);
    if (XXH3_64bits(h, offsetof(anl_index_header, checksum)) != h->checksum) return anl_index_corrupt(m, "header");
    for (int i = 0; i < N_SECTIONS; ++i)
        if (h->section[i].offset % ANL_INDEX_ALIGN || h->section[i].offset > m->size || h->section[i].size > m->size - h->section[i].offset)
            return anl_fail(ANL_EFORMAT, "%s: truncated", m->path);
    const int shape_ok = h->n_contigs >= 1 && h->n_contigs <= ANL_INDEX_MOST_CONTIGS && h->window >= ANL_ENCODER_MIN_LEN &&
                         h->window <= ANL_ENCODER_MAX_LEN && h->stride >= 1 && h->stride <= h->window && h->d >= ANL_ENCODER_HEAD &&
                         h->d <= ANL_ENCODER_MAX_DIM && h->d % ANL_ENCODER_HEAD == 0 && h->nlist >= 1 && h->nlist <= ANL_INDEX_MOST_LISTS &&
                         h->n_entries >= 0 && h->unique_k >= ANL_UNIQUE_MIN_K && h->unique_k <= ANL_UNIQUE_MAX_K &&
                         is_printable(h->model_name, sizeof h->model_name);
    return shape_ok ? ANL_OK : anl_index_corrupt(m, "header");
}

static int check_sizes(const struct anl_index_mapping *m)
{
    const anl_index_header *h = &m->header;
    const uint64_t entries = anl_section_count(m, SECTION_IDS, sizeof(uint32_t)), d = (uint64_t)h->d,
                   centroids = anl_panels_padded((size_t)h->nlist);
    const uint64_t sizes[N_SECTIONS] = {
        [SECTION_CONTIGS] = h->n_contigs * sizeof(anl_index_contig),
        [SECTION_NAMES] = h->section[SECTION_NAMES].size,
        [SECTION_BASES] = h->section[SECTION_BASES].size, /* with the contigs */
        [SECTION_N_RUNS] = anl_section_count(m, SECTION_N_RUNS, 2 * sizeof(int64_t)) * 2 * sizeof(int64_t),
        [SECTION_CENTROIDS] = centroids * d,
        [SECTION_CENTROID_BIAS] = centroids * sizeof(int32_t),
        [SECTION_LIST_BEGIN] = ((uint64_t)h->nlist + 1) * sizeof(uint64_t),
        [SECTION_CODES] = entries * d,
        [SECTION_BIAS] = entries * sizeof(int32_t),
        [SECTION_IDS] = entries * sizeof(uint32_t),
        [SECTION_UNIQUE] = h->section[SECTION_UNIQUE].size, /* with the contigs */
        [SECTION_LETTERS] = anl_section_count(m, SECTION_LETTERS, sizeof(uint64_t)) * sizeof(uint64_t),
    };
    for (int i = 0; i < N_SECTIONS; ++i)
        if (h->section[i].size != sizes[i]) return anl_index_corrupt(m, "sizes");
    return ANL_OK;
}

static int check_sums(const struct anl_index_mapping *m, int large)
{
    int rc = ANL_OK;
    for (int i = 0; i < N_SECTIONS && !rc; ++i)
        if (large || !anl_section_is_large(i)) rc = anl_section_sum(m, i);
    return rc;
}

/* ---- the reference ---- */

typedef struct name_hash {
    uint64_t hash;
    const char *name;
} name_hash;

static int by_hash(const void *a, const void *b)
{
    const name_hash *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* SAM cannot tell two contigs of one name apart. 0, ANL_EFORMAT or ANL_ENOMEM. */
static int check_names(const struct anl_index_mapping *m, const anl_contig *contigs)
{
    const size_t n = m->header.n_contigs;
    name_hash *all = anl_alloc(n, sizeof *all);
    int rc = all ? ANL_OK : ANL_ENOMEM;
    for (size_t i = 0; i < n && !rc; ++i) {
        all[i] = (name_hash){XXH3_64bits(contigs[i].name, strlen(contigs[i].name)), contigs[i].name};
        if (anl_contig_name_fault(contigs[i].name)) rc = anl_index_corrupt(m, "contig names");
    }
    if (!rc) qsort(all, n, sizeof *all, by_hash);
    for (size_t i = 1; i < n && !rc; ++i)
        if (!strcmp(all[i - 1].name, all[i].name)) rc = anl_index_corrupt(m, "contig names");
    free(all);
    return rc;
}

/* 32 hexadecimal digits, or nothing. */
static int is_md5(const char *text)
{
    size_t n = 0;
    while (n < 32 && isxdigit((unsigned char)text[n])) ++n;
    return n == 32 || !*text;
}

static void *copy_section(const struct anl_index_mapping *m, int i)
{
    const size_t size = m->header.section[i].size;
    void *p = anl_arena_alloc(m->arena, size + !size, 1);
    if (p) memcpy(p, anl_section(m, i), size);
    return p;
}

static int take_contigs(anl_index *x, struct anl_index_mapping *m)
{
    const size_t n = m->header.n_contigs, names_size = m->header.section[SECTION_NAMES].size;
    const anl_index_contig *from = anl_section(m, SECTION_CONTIGS);
    anl_contig *contigs = anl_arena_alloc(m->arena, n, sizeof *contigs);
    int64_t *begin = anl_arena_alloc(m->arena, n + 1, sizeof *begin),
            *window_begin = anl_arena_alloc(m->arena, n + 1, sizeof *window_begin);
    char *names = copy_section(m, SECTION_NAMES);
    const uint32_t most_alt = m->header.version == ANL_INDEX_VERSION_ALT;
    if (!contigs || !begin || !window_begin || !names) return ANL_ENOMEM;
    if (!names_size || names[names_size - 1]) return anl_index_corrupt(m, "contig names");
    begin[0] = window_begin[0] = 0;
    for (size_t i = 0; i < n; ++i) {
        if (from[i].name >= names_size || from[i].len < 1 || from[i].len > INT32_MAX || !is_md5(from[i].md5) || from[i].alt > most_alt)
            return anl_index_corrupt(m, "contigs");
        contigs[i] = (anl_contig){.name = names + from[i].name, .len = from[i].len, .alt = (uint8_t)from[i].alt};
        x->n_alts += contigs[i].alt;
        memcpy(contigs[i].md5, from[i].md5, 32);
        begin[i + 1] = begin[i] + contigs[i].len;
        window_begin[i + 1] = window_begin[i] + anl_index_window_count(contigs[i].len, x->window, x->stride);
    }
    x->n_contigs = (int32_t)n;
    x->contigs = m->contigs = contigs;
    x->contig_begin = begin;
    x->window_begin = window_begin;
    x->n_windows = window_begin[n];
    if (m->header.section[SECTION_BASES].size != ((uint64_t)begin[n] + 3) / 4 || x->n_windows >= ANL_INDEX_NO_WINDOW)
        return anl_index_corrupt(m, "contigs");
    return check_names(m, contigs);
}

/* N runs are ascending pieces of the reference. */
static int take_n_runs(anl_index *x, const struct anl_index_mapping *m)
{
    const int64_t *runs = copy_section(m, SECTION_N_RUNS), bases = x->contig_begin[x->n_contigs];
    int64_t end = 0;
    if (!runs) return ANL_ENOMEM;
    x->n_runs = runs;
    x->n_n_runs = (int64_t)anl_section_count(m, SECTION_N_RUNS, 2 * sizeof *runs);
    for (int64_t i = 0; i < x->n_n_runs; ++i) {
        if (runs[2 * i] < end || runs[2 * i + 1] <= runs[2 * i] || runs[2 * i + 1] > bases) return anl_index_corrupt(m, "runs of N");
        end = runs[2 * i + 1];
    }
    return ANL_OK;
}

static int take_unique(anl_index *x, const struct anl_index_mapping *m)
{
    const int64_t bases = x->contig_begin[x->n_contigs];
    x->unique_k = m->header.unique_k;
    x->unique = anl_section(m, SECTION_UNIQUE);
    return m->header.section[SECTION_UNIQUE].size == ((uint64_t)bases + 63) / 64 * 8 ? ANL_OK : anl_index_corrupt(m, "uniqueness map");
}

static int take_letters(anl_index *x, const struct anl_index_mapping *m)
{
    const uint64_t *letters = copy_section(m, SECTION_LETTERS), bases = (uint64_t)x->contig_begin[x->n_contigs];
    if (!letters) return ANL_ENOMEM;
    x->letters = letters;
    x->n_letters = (int64_t)anl_section_count(m, SECTION_LETTERS, sizeof *letters);
    for (int64_t i = 0; i < x->n_letters; ++i)
        if ((i && letters[i] >> 8 <= letters[i - 1] >> 8) || letters[i] >> 8 >= bases || !(letters[i] & 255) ||
            !strchr("RYSWKMBDHV", (int)(letters[i] & 255)))
            return anl_index_corrupt(m, "letters");
    return ANL_OK;
}

/* ---- the lists ---- */

static int take_centroids(anl_index *x, const struct anl_index_mapping *m)
{
    const size_t d = (size_t)x->d, lists = (size_t)x->nlist, padded = anl_panels_padded(lists);
    const int32_t *bias = copy_section(m, SECTION_CENTROID_BIAS);
    if (!bias) return ANL_ENOMEM;
    x->centroids = anl_section(m, SECTION_CENTROIDS);
    x->centroid_bias = bias;
    for (size_t l = 0; l < padded; ++l) {
        int8_t v[ANL_ENCODER_MAX_DIM];
        anl_panel_get(x->centroids, l, d, v);
        if (l < lists ? bias[l] != anl_panel_bias(v, d) : !anl_panel_is_padding(x->centroids, l, d, bias[l]))
            return anl_index_corrupt(m, "centroids");
    }
    return ANL_OK;
}

static int take_lists(anl_index *x, const struct anl_index_mapping *m)
{
    const uint64_t entries = anl_section_count(m, SECTION_IDS, sizeof *x->ids), *begin = copy_section(m, SECTION_LIST_BEGIN);
    if (!begin) return ANL_ENOMEM;
    x->list_begin = begin;
    x->codes = anl_section(m, SECTION_CODES);
    x->bias = anl_section(m, SECTION_BIAS);
    x->ids = anl_section(m, SECTION_IDS);
    if (begin[0] || begin[x->nlist] != entries) return anl_index_corrupt(m, "lists");
    for (int32_t l = 0; l < x->nlist; ++l)
        if (begin[l] % ANL_PANEL || begin[l + 1] % ANL_PANEL || begin[l + 1] < begin[l] || begin[l + 1] > entries ||
            begin[l + 1] - begin[l] > INT32_MAX)
            return anl_index_corrupt(m, "lists");
    for (int32_t l = 0; l < x->nlist; ++l)
        if ((int64_t)(begin[l + 1] - begin[l]) > x->longest_list) x->longest_list = (int64_t)(begin[l + 1] - begin[l]);
    const uint64_t stored = (uint64_t)x->n_entries; /* beside them stands the padding of every list's last panel */
    const int possible = stored <= entries && entries - stored < (uint64_t)x->nlist * ANL_PANEL && x->n_entries <= x->n_windows;
    return possible ? ANL_OK : anl_index_corrupt(m, "number of windows");
}

/* ---- */

static int take_all(anl_index *x, struct anl_index_mapping *m)
{
    const anl_index_header *h = &m->header;
    x->window = h->window;
    x->stride = h->stride;
    x->n_entries = h->n_entries;
    x->d = h->d;
    x->nlist = h->nlist;
    x->bases = anl_section(m, SECTION_BASES);
    x->model_hash = h->model_hash;
    memcpy(x->model_name, h->model_name, sizeof x->model_name);
    int rc = take_contigs(x, m);
    if (!rc) rc = take_n_runs(x, m);
    if (!rc) rc = take_unique(x, m);
    if (!rc) rc = take_letters(x, m);
    if (!rc) rc = take_centroids(x, m);
    return rc ? rc : take_lists(x, m);
}

int anl_index_open(anl_index **out, const char *path)
{
    *out = NULL;
    anl_index *x = anl_alloc(1, sizeof *x);
    struct anl_index_mapping *m = x ? x->mapping = anl_alloc(1, sizeof *m) : NULL;
    if (!m) {
        free(x);
        return ANL_ENOMEM;
    }
    m->descriptor = m->slot = -1;
    pthread_mutex_init(&m->lock, NULL);
    int rc = (m->arena = anl_arena_new()) ? map_file(m, path) : ANL_ENOMEM;
    if (!rc) rc = check_header(m);
    if (!rc) rc = check_sizes(m);
    if (!rc) rc = check_sums(m, 0);
    if (!rc) rc = take_all(x, m);
    if (rc) {
        anl_index_free(x);
        return rc;
    }
    *out = x;
    return ANL_OK;
}

int anl_index_unchanged(const anl_index *x)
{
    struct anl_index_mapping *m = x->mapping;
    struct stat st;
    if (atomic_load(&m->state) == ANL_CHECK_FAILED) return anl_failure_raise(&m->failure);
    if (fstat(m->descriptor, &st)) return anl_fail(ANL_EIO, "%s: %s", m->path, strerror(errno));
    if (st.st_mtim.tv_sec == m->written.tv_sec && st.st_mtim.tv_nsec == m->written.tv_nsec && (size_t)st.st_size == m->size) return ANL_OK;
    if ((size_t)st.st_size < m->size || memcmp(m->bytes, &m->header, sizeof m->header) || check_sums(m, 1))
        return anl_fail(ANL_EIO, "%s: the index was changed while it was in use", m->path);
    m->written = st.st_mtim;
    return ANL_OK;
}

void anl_index_forget_alts(anl_index *x)
{
    for (int32_t i = 0; i < x->n_contigs; ++i) x->mapping->contigs[i].alt = 0;
    x->n_alts = 0;
}

void anl_index_free(anl_index *x)
{
    if (!x) return;
    struct anl_index_mapping *m = x->mapping;
    anl_index_check_end(m);
    leave(m);
    if (m->bytes) munmap(m->bytes, m->size);
    if (m->descriptor >= 0) close(m->descriptor);
    anl_arena_free(m->arena);
    pthread_mutex_destroy(&m->lock);
    free(m->path);
    free(m);
    free(x);
}
