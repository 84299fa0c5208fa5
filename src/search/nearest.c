#include "nearest.h"

#include "coarse.h"
#include "panel.h"
#include "search.h"

#include <omp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NONE ANL_COARSE_NONE

enum {
    AT_ONCE = ANL_QUERIES_AT_ONCE,
    BLOCK = ANL_COARSE_ROWS,
    LANES = 4,              /* calls of the GPU at a time: while some are packed others run */
    BLOCK_ON_GPU = 1 << 17, /* rows of a call, by which the centroids are copied once */
    FLAT = 16 * ANL_PANEL,  /* centroids of a group where all are looked into: 32 kB of d = 128, the level 1 cache */
};

/* ---- centroids in groups ---- */

static int coarse_alloc(anl_coarse **out, int32_t d, int32_t n_groups, size_t padded)
{
    anl_coarse *c = *out = anl_alloc(1, sizeof *c);
    if (!c) return ANL_ENOMEM;
    c->d = d;
    c->n_groups = n_groups;
    c->begin = anl_alloc((size_t)n_groups + 1, sizeof *c->begin);
    c->number = anl_alloc(padded, sizeof *c->number);
    c->bias = anl_alloc(padded, sizeof *c->bias);
    c->panels = anl_alloc_aligned(padded, (size_t)d);
    if (!c->begin || !c->number || !c->bias || !c->panels) return ANL_ENOMEM;
    for (size_t i = 0; i < padded; ++i) {
        c->number[i] = NONE;
        c->bias[i] = ANL_PANEL_NO_BIAS;
    }
    return ANL_OK;
}

static void put(anl_coarse *c, size_t at, uint32_t number, const int8_t *centroid)
{
    c->number[at] = number;
    c->bias[at] = anl_panel_bias(centroid, (size_t)c->d);
    anl_panel_put(c->panels, at, (size_t)c->d, centroid);
}

int anl_coarse_new(anl_coarse **out, const int8_t *centroids, int32_t n, int32_t d)
{
    const int32_t padded = (int32_t)anl_panels_padded((size_t)n), groups = (padded + FLAT - 1) / FLAT;
    int rc = coarse_alloc(out, d, groups, (size_t)padded);
    for (int32_t i = 0; i < n && !rc; ++i) put(*out, (size_t)i, (uint32_t)i, centroids + (size_t)i * (size_t)d);
    for (int32_t g = 1; g <= groups && !rc; ++g) (*out)->begin[g] = g * FLAT < padded ? g * FLAT : padded;
    if (!rc) (*out)->probes = groups;
    return rc;
}

/* Numbers the groups that have centroids, and puts these groups' own centroids together; next[]: how many centroids each has. */
static int32_t keep_filled(const anl_grouping *g, int32_t d, int32_t *next, int32_t *number, int8_t *kept)
{
    int32_t n = 0;
    for (int32_t i = 0; i < g->n; ++i) {
        number[i] = n;
        if (!next[i]) continue;
        memcpy(kept + (size_t)n * (size_t)d, g->centroids + (size_t)i * (size_t)d, (size_t)d);
        next[n++] = next[i];
    }
    return n;
}

/* A vector that looked into groups without centroids alone would find none: these are left out. */
static int make_grouped(anl_coarse **out, const int8_t *centroids, int32_t n, int32_t d, const anl_grouping *g, int32_t *next,
                        int32_t *number, int8_t *kept)
{
    size_t padded = 0;
    for (int32_t i = 0; i < n; ++i) ++next[g->group_of[i]];
    const int32_t groups = keep_filled(g, d, next, number, kept);
    for (int32_t i = 0; i < groups; ++i) padded += anl_panels_padded((size_t)next[i]);
    int rc = coarse_alloc(out, d, groups, padded);
    for (int32_t i = 0; i < groups && !rc; ++i) {
        (*out)->begin[i + 1] = (*out)->begin[i] + (int32_t)anl_panels_padded((size_t)next[i]);
        next[i] = (*out)->begin[i];
    }
    for (int32_t i = 0; i < n && !rc; ++i)
        put(*out, (size_t)next[number[g->group_of[i]]]++, (uint32_t)i, centroids + (size_t)i * (size_t)d);
    if (!rc) (*out)->probes = g->probes < groups ? g->probes : groups;
    return rc ? rc : anl_coarse_new(&(*out)->groups, kept, groups, d);
}

int anl_coarse_grouped_new(anl_coarse **out, const int8_t *centroids, int32_t n, int32_t d, const anl_grouping *g)
{
    *out = NULL;
    int32_t *next = anl_alloc((size_t)g->n, sizeof *next), *number = anl_alloc((size_t)g->n, sizeof *number);
    int8_t *kept = anl_alloc((size_t)g->n, (size_t)d);
    const int rc = next && number && kept ? make_grouped(out, centroids, n, d, g, next, number, kept) : ANL_ENOMEM;
    free(next);
    free(number);
    free(kept);
    return rc;
}

uint32_t *anl_coarse_groups_of(const anl_coarse *c, int32_t n)
{
    uint32_t *group_of = anl_alloc((size_t)n, sizeof *group_of);
    for (int32_t g = 0; g < c->n_groups && group_of; ++g)
        for (int32_t i = c->begin[g]; i < c->begin[g + 1]; ++i)
            if (c->number[i] != NONE) group_of[c->number[i]] = (uint32_t)g;
    return group_of;
}

void anl_coarse_free(anl_coarse *c)
{
    if (!c) return;
    anl_coarse_free(c->groups);
    free(c->begin);
    free(c->number);
    free(c->bias);
    free(c->panels);
    free(c);
}

/* ---- a block of rows ---- */

static int32_t widest(const anl_coarse *c)
{
    int32_t most = 0;
    for (int32_t g = 0; g < c->n_groups; ++g)
        if (c->begin[g + 1] - c->begin[g] > most) most = c->begin[g + 1] - c->begin[g];
    return most;
}

void anl_coarse_block_free(anl_coarse_block *b)
{
    if (!b) return;
    free(b->rows);
    free(b->gathered);
    free(b->dots);
    free(b->value);
    free(b->which);
    free(b->start);
    free(b->member);
    free(b->probe);
    free(b);
}

anl_coarse_block *anl_coarse_block_new(const anl_coarse *c)
{
    const size_t of_groups = c->groups ? anl_panels_padded((size_t)c->n_groups) : 0, d = (size_t)c->d, probes = BLOCK * (size_t)c->probes;
    size_t width = (size_t)widest(c);
    anl_coarse_block *b = anl_alloc(1, sizeof *b);
    if (!b) return NULL;
    if (width < of_groups) width = of_groups;
    b->rows = anl_alloc_aligned(BLOCK, d);
    b->gathered = anl_alloc_aligned(AT_ONCE, d);
    b->dots = anl_alloc_aligned(AT_ONCE * width, sizeof *b->dots);
    b->value = anl_alloc(width + ANL_PANEL, sizeof *b->value);
    b->which = anl_alloc(width + ANL_PANEL, sizeof *b->which);
    b->start = anl_alloc((size_t)c->n_groups + 1, sizeof *b->start);
    b->member = anl_alloc(probes, sizeof *b->member);
    b->probe = anl_alloc(probes, sizeof *b->probe);
    if (b->rows && b->gathered && b->dots && b->value && b->which && b->start && b->member && b->probe) return b;
    anl_coarse_block_free(b);
    return NULL;
}

void anl_coarse_block_put(const anl_coarse *c, anl_coarse_block *b, int32_t row, const int8_t *vector)
{
    const size_t d = (size_t)c->d;
    for (size_t e = 0; e < d; ++e) b->rows[(size_t)row * d + e] = (uint8_t)(vector[e] + ANL_PANEL_OFFSET);
}

/* All rows meet all groups. */
static void meet_all(const anl_scan_kernels *k, const anl_coarse *c, anl_coarse_block *b, int32_t n, anl_coarse_met *met, void *data)
{
    const size_t d = (size_t)c->d;
    for (int32_t row = 0; row < n; row += AT_ONCE) {
        const int32_t m = n - row < AT_ONCE ? n - row : AT_ONCE;
        for (int32_t g = 0; g < c->n_groups; ++g) {
            const int32_t first = c->begin[g], width = c->begin[g + 1] - first;
            k->dots(b->rows + (size_t)row * d, m, c->panels + (size_t)first * d, width / ANL_PANEL, c->d, b->dots);
            for (int32_t i = 0; i < m; ++i) met(data, row + i, b->dots + (size_t)i * (size_t)width, first, width);
        }
    }
}

/* The `probes` nearest groups of a row to b->probe. */
static void choose_groups(const anl_scan_kernels *k, const anl_coarse *c, anl_coarse_block *b, int32_t row, const int32_t *dots)
{
    const anl_coarse *g = c->groups;
    const int32_t padded = (int32_t)anl_panels_padded((size_t)c->n_groups);
    uint32_t *to = b->probe + (size_t)row * (size_t)c->probes;
    int32_t found = 0, n;
    for (int32_t i = 0; i < c->n_groups; ++i) b->value[i] = anl_scan_value(g->bias[i], dots[i]);
    const int32_t limit = k->limit_of_k(b->value, c->n_groups, c->probes);
    n = k->select_at_most(dots, g->bias, padded, limit, b->which, b->value);
    for (int nearer = 1; nearer >= 0; --nearer) /* those at the limit last: there may be too many of them */
        for (int32_t i = 0; i < n && found < c->probes; ++i)
            if ((b->value[i] < limit) == nearer && b->which[i] < (uint32_t)c->n_groups) to[found++] = b->which[i];
}

static void group_rows(const anl_coarse *c, anl_coarse_block *b, int32_t n)
{
    const int32_t probes = n * c->probes;
    memset(b->start, 0, ((size_t)c->n_groups + 1) * sizeof *b->start);
    for (int32_t i = 0; i < probes; ++i) ++b->start[b->probe[i] + 1];
    for (int32_t g = 0; g < c->n_groups; ++g) b->start[g + 1] += b->start[g];
    for (int32_t i = 0; i < probes; ++i) b->member[b->start[b->probe[i]]++] = i / c->probes;
    memmove(b->start + 1, b->start, (size_t)c->n_groups * sizeof *b->start);
    b->start[0] = 0;
}

static void meet_groups(const anl_scan_kernels *k, const anl_coarse *c, anl_coarse_block *b, int32_t n, anl_coarse_met *met, void *data)
{
    const size_t d = (size_t)c->d, row_of_groups = anl_panels_padded((size_t)c->n_groups);
    for (int32_t row = 0; row < n; row += AT_ONCE) {
        const int32_t m = n - row < AT_ONCE ? n - row : AT_ONCE;
        k->dots(b->rows + (size_t)row * d, m, c->groups->panels, (int32_t)(row_of_groups / ANL_PANEL), c->d, b->dots);
        for (int32_t i = 0; i < m; ++i) choose_groups(k, c, b, row + i, b->dots + (size_t)i * row_of_groups);
    }
    group_rows(c, b, n);
    for (int32_t g = 0; g < c->n_groups; ++g) {
        const int32_t first = c->begin[g], width = c->begin[g + 1] - first;
        for (int32_t at = b->start[g]; at < b->start[g + 1]; at += AT_ONCE) {
            const int32_t m = b->start[g + 1] - at < AT_ONCE ? b->start[g + 1] - at : AT_ONCE;
            for (int32_t i = 0; i < m; ++i) memcpy(b->gathered + (size_t)i * d, b->rows + (size_t)b->member[at + i] * d, d);
            k->dots(b->gathered, m, c->panels + (size_t)first * d, width / ANL_PANEL, c->d, b->dots);
            for (int32_t i = 0; i < m; ++i) met(data, b->member[at + i], b->dots + (size_t)i * (size_t)width, first, width);
        }
    }
}

void anl_coarse_meet(const anl_scan_kernels *k, const anl_coarse *c, anl_coarse_block *b, int32_t n, anl_coarse_met *met, void *data)
{
    (c->groups ? meet_groups : meet_all)(k, c, b, n, met, data);
}

/* ---- the nearest ---- */

/* What a thread needs. */
typedef struct scratch {
    const anl_scan_kernels *kernels;
    const anl_coarse *coarse;
    anl_coarse_block *block;
    uint32_t best[BLOCK];
    int32_t best_value[BLOCK];
} scratch;

static void scratch_free(scratch *s)
{
    if (s) anl_coarse_block_free(s->block);
    free(s);
}

static scratch *scratch_new(const anl_scan_kernels *k, const anl_coarse *c)
{
    scratch *s = anl_alloc(1, sizeof *s);
    if (!s) return NULL;
    s->kernels = k;
    s->coarse = c;
    if ((s->block = anl_coarse_block_new(c))) return s;
    scratch_free(s);
    return NULL;
}

/* Keeps the nearer. */
static void keep_nearest(void *data, int32_t row, const int32_t *dots, int32_t first, int32_t n)
{
    scratch *s = data;
    const anl_coarse *c = s->coarse;
    const anl_coarse_block *b = s->block;
    const int32_t value = s->kernels->least(dots, c->bias + first, n);
    if (!n || value > s->best_value[row]) return;
    s->kernels->select_at_most(dots, c->bias + first, n, value, b->which, b->value);
    const uint32_t number = c->number[first + (int32_t)b->which[0]]; /* the lowest of the group: they lie in order */
    if (value < s->best_value[row] || number < s->best[row]) s->best[row] = number;
    s->best_value[row] = value;
}

static void do_block(scratch *s, const anl_rows *rows, int64_t begin, int32_t n)
{
    for (int32_t i = 0; i < n; ++i) {
        anl_coarse_block_put(s->coarse, s->block, i, anl_row(rows, begin + i));
        s->best[i] = NONE;
        s->best_value[i] = INT32_MAX;
    }
    anl_coarse_meet(s->kernels, s->coarse, s->block, n, keep_nearest, s);
}

/* What is asked for. */
typedef struct task {
    const anl_coarse *coarse;
    const anl_rows *rows;
    uint32_t *nearest;
    int32_t *far;
    anl_nearest_told *told;
    void *data;
} task;

static int64_t blocks_of(const task *t, int32_t block)
{
    return (t->rows->n + block - 1) / block;
}

static int32_t block_size(const task *t, int64_t begin, int32_t block)
{
    return (int32_t)(t->rows->n - begin < block ? t->rows->n - begin : block);
}

static void tell(const task *t, int32_t n)
{
#pragma omp critical(anl_nearest_told)
    if (t->told) t->told(t->data, n);
}

static int on_cpu(const task *t, int threads)
{
    const anl_kernels *k = anl_kernels_get();
    scratch **all = k ? anl_alloc((size_t)threads, sizeof *all) : NULL;
    int rc = !k ? ANL_EINVAL : all ? ANL_OK : ANL_ENOMEM;
    for (int i = 0; i < threads && !rc; ++i)
        if (!(all[i] = scratch_new(&k->scan, t->coarse))) rc = ANL_ENOMEM;
    const int64_t blocks = rc ? 0 : blocks_of(t, BLOCK);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int64_t b = 0; b < blocks; ++b) {
        scratch *s = all[omp_get_thread_num()];
        const int64_t begin = b * BLOCK;
        const int32_t n = block_size(t, begin, BLOCK);
        do_block(s, t->rows, begin, n);
        memcpy(t->nearest + begin, s->best, (size_t)n * sizeof *t->nearest);
        for (int32_t i = 0; i < n && t->far; ++i)
            t->far[begin + i] = s->best_value[i] + anl_squared_norm(anl_row(t->rows, begin + i), t->rows->d);
        tell(t, n);
    }
    for (int i = 0; all && i < threads; ++i) scratch_free(all[i]);
    free(all);
    return rc;
}

/* ---- on a GPU ---- */

/* What calls at a time need. */
typedef struct lanes {
    anl_gpu_stream *stream[LANES];
    const int8_t **rows[LANES]; /* [BLOCK_ON_GPU] */
    int8_t *vectors;
    int32_t *lengths;
    anl_gpu_coarse coarse;
} lanes;

static void get_rows(lanes *l, const int8_t *panels, int32_t first, int32_t n)
{
    const size_t d = (size_t)l->coarse.d;
    for (int32_t i = 0; i < n; ++i) {
        int8_t *to = l->vectors + (size_t)(first + i) * d;
        anl_panel_get(panels, (size_t)i, d, to);
        l->lengths[first + i] = anl_squared_norm(to, l->coarse.d);
    }
}

static int lay_out(lanes *l, const anl_coarse *c)
{
    const int some = c->groups && c->probes < c->n_groups;
    const int32_t centroids = c->begin[c->n_groups], rows = centroids + (some ? (int32_t)anl_panels_padded((size_t)c->n_groups) : 0);
    l->vectors = anl_alloc((size_t)rows, (size_t)c->d);
    l->lengths = anl_alloc((size_t)rows, sizeof *l->lengths);
    if (!l->vectors || !l->lengths) return ANL_ENOMEM;
    l->coarse = (anl_gpu_coarse){.d = c->d,
                                 .n_groups = c->n_groups,
                                 .probes = c->probes,
                                 .rows = rows,
                                 .vectors = l->vectors,
                                 .lengths = l->lengths,
                                 .begin = c->begin,
                                 .numbers = c->number};
    get_rows(l, c->panels, 0, centroids);
    if (some) get_rows(l, c->groups->panels, centroids, rows - centroids);
    for (int32_t i = 0; i < centroids; ++i)
        if (c->number[i] == NONE) l->lengths[i] = ANL_GPU_FAR;
    return ANL_OK;
}

static int lanes_start(lanes *l, const task *t, anl_gpu *gpu, int n)
{
    const int64_t block = t->rows->n < BLOCK_ON_GPU ? t->rows->n : BLOCK_ON_GPU;
    int rc = lay_out(l, t->coarse);
    for (int i = 0; i < n && !rc; ++i) {
        if (!(l->rows[i] = anl_alloc((size_t)block, sizeof **l->rows))) return ANL_ENOMEM;
        rc = anl_gpu_stream_new(&l->stream[i], gpu);
    }
    return rc;
}

static void lanes_end(lanes *l)
{
    for (int i = 0; i < LANES; ++i) {
        anl_gpu_stream_free(l->stream[i]);
        free(l->rows[i]);
    }
    free(l->vectors);
    free(l->lengths);
}

static int on_gpu(const task *t, anl_gpu *gpu, int threads)
{
    lanes l = {0};
    anl_failure failure = {0};
    const int n_lanes = threads < LANES ? threads : LANES;
    int rc = lanes_start(&l, t, gpu, n_lanes);
    const int64_t blocks = rc ? 0 : blocks_of(t, BLOCK_ON_GPU);
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_lanes)
    for (int64_t b = 0; b < blocks; ++b) {
        const int lane = omp_get_thread_num();
        const int64_t begin = b * BLOCK_ON_GPU;
        const int32_t n = block_size(t, begin, BLOCK_ON_GPU);
        for (int32_t i = 0; i < n; ++i) l.rows[lane][i] = anl_row(t->rows, begin + i);
        const int failed =
            anl_gpu_nearest(l.stream[lane], &l.coarse, l.rows[lane], (size_t)n, t->nearest + begin, t->far ? t->far + begin : NULL);
        if (failed) anl_failure_keep(&failure, failed, (long)b);
        tell(t, n);
    }
    lanes_end(&l);
    return rc ? rc : anl_failure_raise(&failure);
}

int anl_nearest(const anl_coarse *c, const anl_rows *rows, const anl_nearest_on *on, uint32_t *nearest, int32_t *far,
                anl_nearest_told *told, void *data)
{
    const task t = {c, rows, nearest, far, told, data};
    return on->gpu ? on_gpu(&t, on->gpu, on->threads) : on_cpu(&t, on->threads);
}
