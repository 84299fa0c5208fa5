/* Verifying an index beside the work with it: that the large sections are as they were written. */
#include "mapping.h"

#include "encoder_shape.h"
#include "panel.h"

#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

enum { PIECE = 16 << 20 /* bytes hashed before looking whether to stop */ };

static const char *const names[N_SECTIONS] = {
    [SECTION_CONTIGS] = "contigs",
    [SECTION_NAMES] = "contig names",
    [SECTION_BASES] = "bases",
    [SECTION_N_RUNS] = "runs of N",
    [SECTION_CENTROIDS] = "centroids",
    [SECTION_CENTROID_BIAS] = "biases of centroids",
    [SECTION_LIST_BEGIN] = "bounds of lists",
    [SECTION_CODES] = "vectors",
    [SECTION_BIAS] = "biases of vectors",
    [SECTION_IDS] = "windows of vectors",
    [SECTION_UNIQUE] = "uniqueness map",
    [SECTION_LETTERS] = "letters",
};

int anl_section_is_large(int i)
{
    return i == SECTION_BASES || i == SECTION_UNIQUE || i == SECTION_CODES || i == SECTION_BIAS || i == SECTION_IDS;
}

int anl_section_sum(const struct anl_index_mapping *m, int i)
{
    const uint8_t *at = anl_section(m, i);
    XXH3_state_t *sum = XXH3_createState();
    if (!sum) return anl_fail(ANL_ENOMEM, "out of memory");
    XXH3_64bits_reset(sum);
    for (uint64_t left = m->header.section[i].size; left && !atomic_load(&m->stop);) {
        const size_t n = left < PIECE ? (size_t)left : PIECE;
        XXH3_64bits_update(sum, at, n);
        at += n;
        left -= n;
    }
    const int same = XXH3_64bits_digest(sum) == m->header.section[i].checksum;
    XXH3_freeState(sum);
    if (atomic_load(&m->stop)) return ANL_EINTR;
    return same ? ANL_OK : anl_fail(ANL_EFORMAT, "%s: corrupt (checksum of the %s)", m->path, names[i]);
}

/* ---- what sections may hold ---- */

int anl_panel_is_padding(const int8_t *panels, size_t i, size_t d, int32_t bias)
{
    int8_t v[ANL_ENCODER_MAX_DIM];
    anl_panel_get(panels, i, d, v);
    for (size_t c = 0; c < d; ++c)
        if (v[c]) return 0;
    return bias == ANL_PANEL_NO_BIAS;
}

/* The entries of a list: windows ascending, with a bias that a vector can have, then what fills up the last panel. *n: how many there are. */
static int list_ok(const anl_index *x, uint64_t begin, uint64_t end, int64_t *n)
{
    const int32_t most = anl_panel_bias_most((size_t)x->d);
    uint64_t e = begin;
    for (int64_t before = -1; e < end && x->ids[e] != ANL_INDEX_NO_WINDOW; before = x->ids[e++])
        if (x->ids[e] <= before || x->ids[e] >= x->n_windows || x->bias[e] < -most || x->bias[e] > most) return 0;
    *n = (int64_t)(e - begin);
    if (end - e >= ANL_PANEL) return 0;
    for (; e < end; ++e)
        if (x->ids[e] != ANL_INDEX_NO_WINDOW || !anl_panel_is_padding(x->codes, e, (size_t)x->d, x->bias[e])) return 0;
    return 1;
}

static int check_lists(const anl_index *x, const struct anl_index_mapping *m)
{
    int64_t stored = 0;
    for (int32_t l = 0; l < x->nlist; ++l) {
        int64_t n;
        if (atomic_load(&m->stop)) return ANL_EINTR;
        if (!list_ok(x, x->list_begin[l], x->list_begin[l + 1], &n)) return anl_index_corrupt(m, "lists");
        stored += n;
    }
    return stored == x->n_entries ? ANL_OK : anl_index_corrupt(m, "number of windows");
}

/* The map's bits never belong to a k-mer that crosses the end of a contig or of the reference. */
static int check_unique(const anl_index *x, const struct anl_index_mapping *m)
{
    const int64_t bases = x->contig_begin[x->n_contigs];
    for (int32_t c = 0; c < x->n_contigs; ++c) {
        const int64_t begin = x->contig_begin[c], end = x->contig_begin[c + 1];
        for (int64_t p = end - begin < x->unique_k ? begin : end - x->unique_k + 1; p < end; ++p)
            if (x->unique[p / 64] >> p % 64 & 1) return anl_index_corrupt(m, "uniqueness map");
    }
    return bases % 64 == 0 || x->unique[bases / 64] >> bases % 64 == 0 ? ANL_OK : anl_index_corrupt(m, "uniqueness map");
}

/* ---- */

const char *anl_index_section(const anl_index *x, int i, uint64_t *bytes)
{
    if (i < 0 || i >= N_SECTIONS) return NULL;
    *bytes = x->mapping->header.section[i].size;
    return names[i];
}

int anl_index_check_section(const anl_index *x, int i)
{
    const struct anl_index_mapping *m = x->mapping;
    int rc = anl_section_sum(m, i);
    if (!rc && i == SECTION_UNIQUE) rc = check_unique(x, m);
    if (!rc && i == SECTION_IDS) rc = check_lists(x, m);
    return rc;
}

/* What is found in a file that was written over says that it was. */
static int explain(const struct anl_index_mapping *m, int rc)
{
    struct stat st;
    if (rc != ANL_EFORMAT || fstat(m->descriptor, &st)) return rc;
    if (st.st_mtim.tv_sec == m->opened.tv_sec && st.st_mtim.tv_nsec == m->opened.tv_nsec) return rc;
    return anl_fail(ANL_EIO, "%s: the index was changed while it was in use", m->path);
}

int anl_index_check(anl_index *x)
{
    struct anl_index_mapping *m = x->mapping;
    int rc = ANL_OK;
    pthread_mutex_lock(&m->lock);
    if (atomic_load(&m->state) == ANL_CHECK_OPEN) {
        for (int i = 0; i < N_SECTIONS && !rc; ++i)
            if (anl_section_is_large(i)) rc = anl_index_check_section(x, i);
        /* One that was told to end says nothing: a thread's first message takes memory, and the C library ends the process where that is short. */
        if (rc && rc != ANL_EINTR) anl_failure_keep(&m->failure, explain(m, rc), 0);
        if (rc != ANL_EINTR) atomic_store(&m->state, rc ? ANL_CHECK_FAILED : ANL_CHECK_PASSED);
    }
    pthread_mutex_unlock(&m->lock);
    return rc == ANL_EINTR ? rc : anl_failure_raise(&m->failure);
}

static void *check(void *x)
{
    anl_index_check(x);
    return NULL;
}

void anl_index_check_begin(anl_index *x)
{
    struct anl_index_mapping *m = x->mapping;
    if (!m->thread_runs) m->thread_runs = !pthread_create(&m->thread, NULL, check, x);
}

void anl_index_check_end(struct anl_index_mapping *m)
{
    atomic_store(&m->stop, 1);
    if (m->thread_runs) pthread_join(m->thread, NULL);
    m->thread_runs = 0;
}
