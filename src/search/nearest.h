/** The nearest centroid of many vectors, by the scan kernels or a GPU: exact integers, the same for any number of threads and any kernel level. */
#ifndef ANL_NEAREST_H
#define ANL_NEAREST_H

#include "gpu.h"
#include "index.h"
#include "kernels.h"

/** Centroids as kernels read them. */
typedef struct anl_coarse anl_coarse;

/** Near centroids put together. */
typedef struct anl_grouping {
    const uint32_t *group_of; /**< [centroids] below n */
    const int8_t *centroids;  /**< [n][d] of the groups */
    int32_t n, probes;        /**< groups, and into how many of them a vector looks */
} anl_grouping;

/** Every vector meets all of centroids[n][d], or those of its nearest groups only. 0 or ANL_ENOMEM; *out is freed by the caller in either case. */
int anl_coarse_new(anl_coarse **out, const int8_t *centroids, int32_t n, int32_t d);
int anl_coarse_grouped_new(anl_coarse **out, const int8_t *centroids, int32_t n, int32_t d, const anl_grouping *g);
void anl_coarse_free(anl_coarse *c);

/** Rows of vectors: row i of n is vector i * of / n of vectors[of][d]. */
typedef struct anl_rows {
    const int8_t *vectors;
    int64_t of, n;
    int32_t d;
} anl_rows;

static inline const int8_t *anl_row(const anl_rows *r, int64_t i)
{
    return r->vectors + (size_t)(r->n == r->of ? i : (int64_t)((__int128)i * r->of / r->n)) * (size_t)r->d;
}

/** So many more rows are done. */
typedef void anl_nearest_told(void *data, int64_t n);

/** Who looks. */
typedef struct anl_nearest_on {
    anl_gpu *gpu; /**< NULL: the CPU */
    int threads;
} anl_nearest_on;

/** The number of the nearest centroid of each row (of equally near ones the lowest) among those that it meets to nearest[n], its squared distance
 *  to far[n] unless that is NULL. `told`, unless NULL, hears of every block of rows, by one thread at a time. 0, ANL_ENOMEM or what
 *  anl_kernels_get or the GPU fails with. */
int anl_nearest(const anl_coarse *c, const anl_rows *rows, const anl_nearest_on *on, uint32_t *nearest, int32_t *far,
                anl_nearest_told *told, void *data);

#endif
