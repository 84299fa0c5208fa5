#include "flat.h"

#include "faiss_fail.h"

#include <faiss/c_api/IndexFlat_c.h>
#include <faiss/c_api/Index_c.h>
#include <stdlib.h>

struct anl_flat {
    FaissIndexFlatL2 *index;
};

int anl_flat_new(anl_flat **out, int32_t d)
{
    *out = NULL;
    anl_flat *f = anl_alloc(1, sizeof *f);
    if (!f) return ANL_ENOMEM;
    if (faiss_IndexFlatL2_new_with(&f->index, d)) {
        free(f);
        return faiss_fail();
    }
    *out = f;
    return ANL_OK;
}

void anl_flat_free(anl_flat *f)
{
    if (f) faiss_Index_free((FaissIndex *)f->index);
    free(f);
}

int anl_flat_add(anl_flat *f, const float *vectors, int64_t n)
{
    return faiss_Index_add((FaissIndex *)f->index, n, vectors) ? faiss_fail() : ANL_OK;
}

int anl_flat_search(const anl_flat *f, const float *queries, int64_t n, int k, int64_t *numbers)
{
    float *distances = anl_alloc((size_t)n * (size_t)k, sizeof *distances);
    if (!distances) return ANL_ENOMEM;
    int rc = faiss_Index_search((const FaissIndex *)f->index, n, queries, k, distances, (idx_t *)numbers) ? faiss_fail() : ANL_OK;
    free(distances);
    return rc;
}
