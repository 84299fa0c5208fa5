#include "insert.h"

#include "align_tuning.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

anl_orientation anl_orient(anl_end5 first, anl_end5 second, int64_t *size)
{
    int64_t d = second.pos - first.pos;
    *size = (d < 0 ? -d : d) + 1;
    if (first.reverse != second.reverse) {
        int64_t inward = first.reverse ? -d : d; /* from the forward read's 5' end to the reverse read's */
        return inward >= 0 ? ANL_FR : ANL_RF;
    }
    return (first.reverse ? d <= 0 : d >= 0) ? ANL_FF : ANL_RR;
}

static int by_size(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Ascending. Nearly all are short, so they are counted. */
static void sort_sizes(int32_t *sizes, size_t n)
{
    enum { NEAR = 1 << 14 /* bp */ };
    uint32_t counts[NEAR] = {0};
    size_t far = 0, at = 0;
    for (size_t i = 0; i < n; ++i) {
        if (sizes[i] < NEAR)
            ++counts[sizes[i]];
        else
            sizes[far++] = sizes[i];
    }
    qsort(sizes, far, sizeof *sizes, by_size);
    memmove(sizes + (n - far), sizes, far * sizeof *sizes);
    for (int32_t size = 0; size < NEAR; ++size)
        for (; counts[size]; --counts[size]) sizes[at++] = size;
}

/* Quartiles set the range inside which mean and deviation are taken, so that chimeras do not count. */
static void estimate(anl_insert *out, int32_t *sizes, size_t n)
{
    sort_sizes(sizes, n);
    double q1 = sizes[n / 4], q3 = sizes[n * 3 / 4], iqr = q3 - q1;
    double low = q1 - ANL_INSERT_OUTLIER * iqr, high = q3 + ANL_INSERT_OUTLIER * iqr, sum = 0, squares = 0;
    int64_t kept = 0;
    for (size_t i = 0; i < n; ++i)
        if (sizes[i] >= low && sizes[i] <= high) {
            sum += sizes[i];
            ++kept;
        }
    out->mean = sum / (double)kept;
    for (size_t i = 0; i < n; ++i)
        if (sizes[i] >= low && sizes[i] <= high) squares += (sizes[i] - out->mean) * (sizes[i] - out->mean);
    out->sd = sqrt(squares / (double)kept);
    low = q1 - ANL_INSERT_BOUND * iqr;
    high = q3 + ANL_INSERT_BOUND * iqr;
    if (low > out->mean - ANL_INSERT_SD * out->sd) low = out->mean - ANL_INSERT_SD * out->sd;
    if (high < out->mean + ANL_INSERT_SD * out->sd) high = out->mean + ANL_INSERT_SD * out->sd;
    out->low = low < 1 ? 1 : (int32_t)low;
    out->high = (int32_t)high;
    out->n = kept;
    out->usable = 1;
    if (out->sd < 1) out->sd = 1;
}

void anl_insert_estimate(anl_insert_model *m, int32_t *const sizes[ANL_N_ORIENTATIONS], const size_t n[ANL_N_ORIENTATIONS])
{
    size_t most = 0;
    for (int o = 0; o < ANL_N_ORIENTATIONS; ++o)
        if (n[o] > most) most = n[o];
    for (int o = 0; o < ANL_N_ORIENTATIONS; ++o) {
        m->of[o] = (anl_insert){0};
        if (n[o] >= ANL_INSERT_PAIRS && n[o] >= most / ANL_INSERT_RARE) estimate(&m->of[o], sizes[o], n[o]);
    }
}

/* A size of at least 1, as far as int32_t goes. */
static int32_t whole_size(double bp)
{
    return bp < 1 ? 1 : bp < INT32_MAX ? (int32_t)bp : INT32_MAX;
}

void anl_insert_given(anl_insert_model *m, double mean, double sd, int32_t high, int32_t low)
{
    *m = (anl_insert_model){0};
    anl_insert *fr = &m->of[ANL_FR];
    fr->usable = 1;
    fr->mean = mean;
    fr->sd = sd < 1 ? 1 : sd;
    fr->high = high > 0 ? high : whole_size(mean + ANL_INSERT_SD * fr->sd);
    fr->low = low > 0 ? low : whole_size(mean - ANL_INSERT_SD * fr->sd);
}

int32_t anl_insert_penalty(const anl_insert *i, int64_t size, int32_t match)
{
    const double z = ((double)size - i->mean) / i->sd;
    const double penalty = ANL_INSERT_LOG_ODDS * match * z * z / 2 + 0.5; /* the normal density falls by z^2 / 2 */
    return penalty < ANL_INSERT_MOST_PENALTY ? (int32_t)penalty : ANL_INSERT_MOST_PENALTY;
}
