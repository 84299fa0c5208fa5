#include "library.h"

#include "align_tuning.h"
#include "candidates.h"
#include "pair.h"

#include <stdlib.h>

int anl_library_inserts(const anl_align_options *o, const anl_query *queries, size_t n, anl_arena *temporary, anl_insert_model *model,
                        size_t *most)
{
    int32_t *sizes[ANL_N_ORIENTATIONS];
    size_t found[ANL_N_ORIENTATIONS] = {0};
    *most = 0;
    for (int i = 0; i < ANL_N_ORIENTATIONS; ++i)
        if (!(sizes[i] = anl_arena_alloc(temporary, n / 2 + 1, sizeof *sizes[i]))) return ANL_ENOMEM;
    for (size_t i = 0; i < n; ++i) {
        anl_orientation way;
        int32_t size;
        if (queries[i].read->mate == 1 && anl_pair_evidence(o, &queries[i], &way, &size)) sizes[way][found[way]++] = size;
    }
    anl_insert_model now;
    anl_insert_estimate(&now, sizes, found);
    for (int i = 0; i < ANL_N_ORIENTATIONS; ++i) {
        if (now.of[i].usable) model->of[i] = now.of[i];
        if (found[i] > *most) *most = found[i];
    }
    return ANL_OK;
}

static int by_value(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Whether a read's best candidate scores what chance does not give, and another one much less. */
static int is_clear(const anl_align_options *o, const anl_query *q)
{
    int32_t competing;
    if (!q->n || anl_read_is_long(q->read) || q->candidates[0].score < ANL_DIVERGED_SURE * o->align.score.match) return 0;
    const int32_t found = anl_candidates_second(q, 0, 0, &competing), second = found > q->bound ? found : q->bound;
    return second * ANL_UNIQUE_DEN <= q->candidates[0].score * ANL_UNIQUE_NUM;
}

int anl_library_low_score(const anl_align_options *o, const anl_query *queries, size_t n, anl_arena *temporary, int32_t *score)
{
    int32_t *scores = anl_arena_alloc(temporary, n + 1, sizeof *scores);
    size_t clear = 0;
    if (!scores) return ANL_ENOMEM;
    for (size_t i = 0; i < n; ++i)
        if (is_clear(o, &queries[i])) scores[clear++] = queries[i].candidates[0].score * 100 / queries[i].read->len;
    if (clear < ANL_FIRST_ENOUGH) return ANL_OK;
    qsort(scores, clear, sizeof *scores, by_value);
    *score = scores[clear * ANL_LIBRARY_LOW / 100];
    return ANL_OK;
}
