#include "index.h"

#include "encoder_shape.h"
#include "faiss_fail.h"
#include "panel.h"

#include <faiss/c_api/IndexFlat_c.h>
#include <faiss/c_api/IndexIVF_c.h>
#include <faiss/c_api/IndexScalarQuantizer_c.h>
#include <faiss/c_api/Index_c.h>
#include <faiss/c_api/index_io_c.h>
#include <errno.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHIFT = ANL_PANEL_OFFSET, /* FAISS's 8-bit direct codes are unsigned */
    TIES = 16,                /* neighbours asked of FAISS beyond k for ties with the k-th; if they do not suffice, */
    MORE_TIES = 4,            /* times as many */
};

static void to_floats(const int8_t *v, size_t n, float *out)
{
    for (size_t i = 0; i < n; ++i) out[i] = (float)(v[i] + SHIFT);
}

/* An empty IVF store over `centroids`; both objects are the caller's. */
static int ivf_new(FaissIndexFlatL2 **quantizer, FaissIndexIVFScalarQuantizer **ivf, const float *centroids, int32_t nlist, int32_t d)
{
    if (faiss_IndexFlatL2_new_with(quantizer, d) || faiss_Index_add((FaissIndex *)*quantizer, nlist, centroids) ||
        faiss_IndexIVFScalarQuantizer_new_with_metric(ivf, (FaissIndex *)*quantizer, (size_t)d, (size_t)nlist, QT_8bit_direct, METRIC_L2,
                                                      0))
        return faiss_fail();
    /* Nothing is left to learn, but FAISS wants to have been told so. */
    return faiss_Index_train((FaissIndex *)*ivf, nlist, centroids) ? faiss_fail() : ANL_OK;
}

struct anl_index_faiss {
    const anl_index *index;
    FaissIndexFlatL2 *quantizer;
    FaissIndexIVFScalarQuantizer *ivf;
};

/* An index's centroids as FAISS sees them. */
static void centroid_floats(const anl_index *x, float *out)
{
    const size_t d = (size_t)x->d;
    int8_t v[ANL_ENCODER_MAX_DIM];
    for (size_t l = 0; l < (size_t)x->nlist; ++l) {
        anl_panel_get(x->centroids, l, d, v);
        to_floats(v, d, out + l * d);
    }
}

int anl_index_faiss_open(anl_index_faiss **out, const anl_index *x)
{
    const size_t d = (size_t)x->d;
    anl_index_faiss *f = anl_alloc(1, sizeof *f);
    float *floats = anl_alloc((size_t)x->nlist * d, sizeof *floats), *vectors = anl_alloc((size_t)x->longest_list * d, sizeof *vectors);
    idx_t *ids = anl_alloc((size_t)x->longest_list, sizeof *ids), *lists = anl_alloc((size_t)x->longest_list, sizeof *lists);
    int rc = f && floats && vectors && ids && lists ? ANL_OK : ANL_ENOMEM;
    if (!rc) {
        f->index = x;
        centroid_floats(x, floats);
        rc = ivf_new(&f->quantizer, &f->ivf, floats, x->nlist, x->d);
    }
    if (!rc) faiss_IndexIVFScalarQuantizer_set_nprobe(f->ivf, (size_t)x->nlist);
    for (int32_t l = 0; l < x->nlist && !rc; ++l) {
        idx_t n = 0;
        for (uint64_t e = x->list_begin[l]; e < x->list_begin[l + 1]; ++e) {
            if (x->ids[e] == ANL_INDEX_NO_WINDOW) continue;
            int8_t v[ANL_ENCODER_MAX_DIM];
            anl_index_entry(x, (int64_t)e, v);
            to_floats(v, d, vectors + (size_t)n * d);
            ids[n] = x->ids[e];
            lists[n++] = l;
        }
        if (n && faiss_IndexIVFScalarQuantizer_add_core(f->ivf, n, vectors, ids, lists)) rc = faiss_fail();
    }
    free(floats);
    free(vectors);
    free(ids);
    free(lists);
    if (rc) {
        anl_index_faiss_free(f);
        return rc;
    }
    *out = f;
    return ANL_OK;
}

void anl_index_faiss_free(anl_index_faiss *f)
{
    if (!f) return;
    faiss_Index_free((FaissIndex *)f->ivf);
    faiss_Index_free((FaissIndex *)f->quantizer);
    free(f);
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* FAISS breaks ties by the order in which it meets entries. So it is asked for more than k until the last distance is beyond that of
 * the k-th: then every candidate for a tie is there, and sorting by (distance, number) is exact. `probes` NULL: the coarse step. */
static int widen_search(anl_index_faiss *f, const float *query, int64_t k, int64_t most, const idx_t *probes, const float *probe_distances,
                        uint64_t *keys, int64_t *n)
{
    for (int64_t want = k + TIES < most ? k + TIES : most;; want = want * MORE_TIES < most ? want * MORE_TIES : most) {
        float *distances = anl_alloc((size_t)want, sizeof *distances);
        idx_t *labels = anl_alloc((size_t)want, sizeof *labels);
        uint64_t *found = anl_alloc((size_t)want, sizeof *found);
        int rc = distances && labels && found ? ANL_OK : ANL_ENOMEM;
        if (!rc && (probes ? faiss_IndexIVF_search_preassigned((FaissIndexIVF *)f->ivf, 1, query, want, probes, probe_distances, distances,
                                                               labels, 0)
                           : faiss_Index_search((FaissIndex *)f->quantizer, 1, query, want, distances, labels)))
            rc = faiss_fail();
        int64_t m = 0;
        for (; !rc && m < want && labels[m] >= 0; ++m) found[m] = (uint64_t)(uint32_t)distances[m] << 32 | (uint64_t)labels[m];
        const int done = rc || m < want || want == most || distances[want - 1] > distances[k - 1];
        if (!rc && done) {
            qsort(found, (size_t)m, sizeof *found, by_value);
            *n = m < k ? m : k;
            memcpy(keys, found, (size_t)*n * sizeof *keys);
        }
        free(distances);
        free(labels);
        free(found);
        if (done) return rc;
    }
}

int anl_index_faiss_search(anl_index_faiss *f, const int8_t *query, int k, int nprobe, const uint32_t *lists, uint64_t *keys, int *n)
{
    const anl_index *x = f->index;
    float floats[ANL_ENCODER_MAX_DIM];
    int64_t found = 0, n_lists = nprobe;
    /* FAISS goes through nlist probes and passes over negative ones: nprobe belongs to the whole store, not to a call. */
    uint64_t *probes = anl_alloc((size_t)nprobe, sizeof *probes);
    idx_t *labels = anl_alloc((size_t)x->nlist, sizeof *labels);
    float *distances = anl_alloc((size_t)x->nlist, sizeof *distances);
    int rc = probes && labels && distances ? ANL_OK : ANL_ENOMEM;
    if (!rc) {
        const int threads = omp_get_max_threads();
        omp_set_num_threads(1); /* of this thread's own next regions: the caller is parallel already */
        to_floats(query, (size_t)x->d, floats);
        for (int i = 0; i < nprobe && lists; ++i) probes[i] = lists[i]; /* how far they are FAISS does not need */
        if (!lists) rc = widen_search(f, floats, nprobe, x->nlist, NULL, NULL, probes, &n_lists);
        int64_t entries = 0;
        for (int64_t i = 0; i < x->nlist; ++i) labels[i] = -1;
        for (int64_t i = 0; i < n_lists && !rc; ++i) {
            labels[i] = (idx_t)(uint32_t)probes[i];
            distances[i] = (float)(probes[i] >> 32);
            entries += (int64_t)faiss_IndexIVF_get_list_size((FaissIndexIVF *)f->ivf, (size_t)labels[i]);
        }
        if (!rc && entries) rc = widen_search(f, floats, k < entries ? k : entries, entries, labels, distances, keys, &found);
        omp_set_num_threads(threads);
    }
    *n = (int)found;
    free(probes);
    free(labels);
    free(distances);
    return rc;
}

int anl_index_faiss_export(const anl_index *x, const char *path)
{
    anl_index_faiss *f = NULL;
    anl_output *to;
    int rc = anl_output_open(&to, path, ANL_OUTPUT_STREAM);
    if (rc) return rc;
    FILE *file = anl_output_stream(to);
    rc = file ? anl_index_faiss_open(&f, x) : ANL_EIO;
    errno = 0;
    if (!rc && faiss_write_index((FaissIndex *)f->ivf, file)) rc = anl_output_fail(to);
    anl_index_faiss_free(f);
    if (!rc) return anl_output_close(to);
    anl_output_abort(to);
    return rc;
}
