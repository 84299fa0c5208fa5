#include "nearest_check.h"

#include "rng.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 512, CENTROIDS = 300, GROUPS = 40, PROBES = 5 };

typedef struct found {
    uint32_t nearest[ROWS];
    int32_t far[ROWS];
} found;

static int same(const anl_coarse *c, const anl_rows *rows, const anl_nearest_on *on)
{
    found *f = anl_alloc(2, sizeof *f);
    int rc = f ? anl_nearest(c, rows, &(anl_nearest_on){NULL, 1}, f[0].nearest, f[0].far, NULL, NULL) : ANL_ENOMEM;
    if (!rc) rc = anl_nearest(c, rows, on, f[1].nearest, f[1].far, NULL, NULL);
    if (!rc && memcmp(&f[0], &f[1], sizeof *f)) rc = anl_gpu_differs("find nearest centroids");
    free(f);
    return rc;
}

/* Centroids are the first of the vectors. */
static int check(const anl_rows *rows, const anl_nearest_on *on, const anl_grouping *g)
{
    anl_coarse *c = NULL;
    int rc = g ? anl_coarse_grouped_new(&c, rows->vectors, CENTROIDS, rows->d, g) : anl_coarse_new(&c, rows->vectors, CENTROIDS, rows->d);
    if (!rc) rc = same(c, rows, on);
    anl_coarse_free(c);
    return rc;
}

int anl_nearest_check_gpu(const anl_nearest_on *on, int32_t d)
{
    uint64_t state = 1;
    uint32_t group_of[CENTROIDS];
    int8_t *vectors = anl_alloc(ROWS, (size_t)d);
    if (!vectors) return ANL_ENOMEM;
    for (size_t i = 0; i < ROWS * (size_t)d; ++i) vectors[i] = (int8_t)anl_rng_below(&state, 256);
    for (int i = 0; i < CENTROIDS; ++i) group_of[i] = (uint32_t)(i % GROUPS);
    const anl_rows rows = {vectors, ROWS, ROWS, d};
    int rc = check(&rows, on, NULL);
    if (!rc) rc = check(&rows, on, &(anl_grouping){group_of, vectors, GROUPS, PROBES});
    free(vectors);
    return rc;
}
