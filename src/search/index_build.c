#include "index_build.h"

#include "cluster.h"
#include "encoder.h"
#include "encoder_check.h"
#include "index.h"
#include "model.h"
#include "reference.h"
#include "search_tuning.h"
#include "unique.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

anl_index_options anl_index_options_default(void)
{
    return (anl_index_options){.window = ANL_WINDOW, .stride = ANL_STRIDE, .threads = 1};
}

/* The reference grows contig by contig; its windows are embedded when it is whole, and its k-mers counted before there are vectors, so that the
 * memory of both is not needed at once. */
struct anl_index_builder {
    const anl_index_options *options;
    const anl_model *model;
    anl_gpu *gpu; /* NULL: the CPU */
    anl_encoder *encoder;
    anl_encoder_scratch **scratch; /* one a thread */
    uint8_t **spans;               /* one a thread: the bases of a block of windows */
    int64_t block;                 /* windows that a thread embeds at a time */
    anl_contig *contigs;
    uint8_t *bases;
    int64_t *runs;
    uint64_t *letters;
    size_t n_contigs, contigs_cap, bases_cap, n_runs, runs_cap, n_letters, letters_cap;
    int64_t n_bases, n_windows;
    anl_index_watch watch;
};

/* What embedding makes: the vectors of the windows that have one. */
typedef struct embedded {
    int8_t *vectors;
    uint32_t *windows;
    int64_t n;
} embedded;

/* A base that is none of A C G T U. */
static int add_letter(anl_index_builder *b, int64_t at, uint8_t letter)
{
    if (letter == 'N') return ANL_OK;
    int rc = anl_grow(&b->letters, &b->letters_cap, b->n_letters + 1, sizeof *b->letters);
    if (!rc) b->letters[b->n_letters++] = (uint64_t)at << 8 | letter;
    return rc;
}

static int add_bases(anl_index_builder *b, const uint8_t *seq, const uint8_t *letters, int64_t len)
{
    const size_t bytes = (size_t)(b->n_bases + len + 3) / 4, used = (size_t)(b->n_bases + 3) / 4;
    int rc = anl_grow(&b->bases, &b->bases_cap, bytes, 1);
    if (rc) return rc;
    memset(b->bases + used, 0, bytes - used);
    for (int64_t i = 0; i < len; ++i) {
        const int64_t at = b->n_bases + i;
        if (seq[i] > 3 && letters && (rc = add_letter(b, at, letters[i]))) return rc;
        if (seq[i] < 4) {
            b->bases[at / 4] |= (uint8_t)(seq[i] << 2 * (at % 4));
        } else if (i && seq[i - 1] > 3) {
            b->runs[2 * b->n_runs - 1] = at + 1;
        } else {
            if ((rc = anl_grow(&b->runs, &b->runs_cap, 2 * b->n_runs + 2, sizeof *b->runs))) return rc;
            b->runs[2 * b->n_runs] = at;
            b->runs[2 * b->n_runs++ + 1] = at + 1;
        }
    }
    b->n_bases += len;
    return ANL_OK;
}

static int all_n(const uint8_t *seq, int32_t len)
{
    int32_t i = 0;
    while (i < len && seq[i] > 3) ++i;
    return i == len;
}

/* Embeds windows [first, first + n) of a contig of `len` bp, `seq` its bases from `from` on. The vector of a window of nothing but N is zero, and costs nothing. */
static int embed_block(const anl_index_builder *b, const uint8_t *seq, int64_t from, int64_t len, int64_t first, int n, int8_t *out)
{
    const uint8_t *seqs[ANL_EMBED_BLOCK_ON_GPU];
    int32_t lens[ANL_EMBED_BLOCK_ON_GPU], which[ANL_EMBED_BLOCK_ON_GPU];
    const size_t d = (size_t)anl_encoder_dim(b->encoder);
    const int64_t window = b->options->window, last = len > window ? len - window : 0;
    const int32_t size = (int32_t)(len < window ? len : window);
    int m = 0;
    for (int i = 0; i < n; ++i) {
        const int64_t pos = (first + i) * b->options->stride;
        const uint8_t *at = seq + ((pos < last ? pos : last) - from);
        if (all_n(at, size)) continue;
        seqs[m] = at;
        lens[m] = size;
        which[m++] = i;
    }
    int rc = m ? anl_encoder_embed(b->encoder, b->scratch[omp_get_thread_num()], seqs, lens, m, out) : ANL_OK;
    for (int i = n - 1; i >= m && !rc; --i) { /* to their own rows, last first; the first m rows are in place once i reaches them */
        int8_t *row = out + (size_t)i * d;
        if (m && which[m - 1] == i)
            memcpy(row, out + (size_t)--m * d, d);
        else
            memset(row, 0, d);
    }
    return rc;
}

static int is_zero(const int8_t *v, size_t d)
{
    for (size_t c = 0; c < d; ++c)
        if (v[c]) return 0;
    return 1;
}

/* A block of windows of one contig. */
typedef struct window_block {
    int64_t begin, len; /* of the contig, joined */
    int64_t first, n;   /* its windows */
    int64_t window;     /* number of the first one */
} window_block;

/* The bases that the block spans, then their vectors. */
static int embed_windows(const anl_index_builder *b, const window_block *w, int8_t *vectors)
{
    const anl_index joined = {.bases = b->bases, .n_runs = b->runs, .n_n_runs = (int64_t)b->n_runs};
    const int64_t window = b->options->window, stride = b->options->stride, last = w->len > window ? w->len - window : 0;
    const int64_t from = w->first * stride < last ? w->first * stride : last, end = (w->first + w->n - 1) * stride + window;
    const int thread = omp_get_thread_num();
    anl_index_fetch(&joined, w->begin + from, w->begin + (end < w->len ? end : w->len), b->spans[thread]);
    return embed_block(b, b->spans[thread], from, w->len, w->first, (int)w->n, vectors);
}

/* The blocks of all contigs in order; contigs that are too short to be embedded have none. Their number; blocks NULL: they are only counted. */
static int64_t cut_blocks(const anl_index_builder *b, window_block *blocks)
{
    int64_t n = 0, begin = 0, window = 0;
    for (size_t c = 0; c < b->n_contigs; ++c) {
        const int64_t len = b->contigs[c].len, windows = anl_index_window_count(len, b->options->window, b->options->stride);
        for (int64_t first = 0; first < windows && len >= ANL_ENCODER_MIN_LEN; first += b->block, ++n)
            if (blocks)
                blocks[n] = (window_block){begin, len, first, windows - first < b->block ? windows - first : b->block, window + first};
        begin += len;
        window += windows;
    }
    return n;
}

static int embed_blocks(const anl_index_builder *b, const window_block *blocks, int64_t n, int8_t *vectors)
{
    const size_t d = (size_t)anl_encoder_dim(b->encoder);
    int64_t done = 0;
    anl_failure failure = {0};
#pragma omp parallel for schedule(dynamic, 1) num_threads(b->options->threads)
    for (int64_t i = 0; i < n; ++i) {
        const int failed = embed_windows(b, &blocks[i], vectors + (size_t)blocks[i].window * d);
        if (failed) anl_failure_keep(&failure, failed, (long)i);
#pragma omp critical(anl_index_progress)
        anl_index_tell(&b->watch, ANL_INDEX_EMBEDDING, done += blocks[i].n, b->n_windows);
    }
    return anl_failure_raise(&failure);
}

/* Windows of nothing but N have no vector: closes the gaps. */
static void close_gaps(embedded *e, int64_t n_windows, size_t d)
{
    for (int64_t i = 0; i < n_windows; ++i) {
        const int8_t *v = e->vectors + (size_t)i * d;
        if (is_zero(v, d)) continue;
        if (i != e->n) memcpy(e->vectors + (size_t)e->n * d, v, d);
        e->windows[e->n++] = (uint32_t)i;
    }
}

static int embed_all(const anl_index_builder *b, embedded *e)
{
    const size_t d = (size_t)anl_encoder_dim(b->encoder);
    const int64_t n = cut_blocks(b, NULL);
    window_block *blocks = anl_alloc((size_t)n, sizeof *blocks);
    e->vectors = anl_alloc((size_t)b->n_windows, d);
    e->windows = anl_alloc((size_t)b->n_windows, sizeof *e->windows);
    int rc = blocks && e->vectors && e->windows ? ANL_OK : ANL_ENOMEM;
    if (!rc) cut_blocks(b, blocks);
    if (!rc) rc = embed_blocks(b, blocks, n, e->vectors);
    if (!rc) close_gaps(e, b->n_windows, d);
    free(blocks);
    return rc;
}

static int check_options(const anl_index_options *o)
{
    if (o->threads < 1) return anl_fail(ANL_EINVAL, "-t %d: must be at least 1", o->threads);
    if (o->window < ANL_ENCODER_MIN_LEN || o->window > ANL_ENCODER_MAX_LEN)
        return anl_fail(ANL_EINVAL, "--window %d: must be %d to %d", o->window, ANL_ENCODER_MIN_LEN, ANL_ENCODER_MAX_LEN);
    if (o->stride < 1 || o->stride > o->window)
        return anl_fail(ANL_EINVAL, "--stride %d: must be 1 to the window, %d", o->stride, o->window);
    if (o->unique_k && (o->unique_k < ANL_UNIQUE_MIN_K || o->unique_k > ANL_UNIQUE_MAX_K))
        return anl_fail(ANL_EINVAL, "--unique-k %d: must be %d to %d", o->unique_k, ANL_UNIQUE_MIN_K, ANL_UNIQUE_MAX_K);
    return ANL_OK;
}

/* ---- builder ---- */

static void free_scratch(anl_index_builder *b)
{
    for (int i = 0; b->scratch && i < b->options->threads; ++i) anl_encoder_scratch_free(b->scratch[i]);
    for (int i = 0; b->spans && i < b->options->threads; ++i) free(b->spans[i]);
    free(b->scratch);
    free(b->spans);
    b->scratch = NULL;
    b->spans = NULL;
}

/* What threads need to embed, on the GPU if there is one. */
static int make_scratch(anl_index_builder *b)
{
    const anl_index_options *o = b->options;
    b->block = b->gpu ? ANL_EMBED_BLOCK_ON_GPU : ANL_EMBED_BLOCK;
    b->scratch = anl_alloc((size_t)o->threads, sizeof *b->scratch);
    b->spans = anl_alloc((size_t)o->threads, sizeof *b->spans);
    int rc = b->scratch && b->spans ? ANL_OK : ANL_ENOMEM;
    for (int i = 0; i < o->threads && !rc; ++i) {
        rc = anl_encoder_scratch_new(&b->scratch[i], b->encoder);
        if (!rc && !(b->spans[i] = anl_alloc((size_t)(b->block * o->stride + o->window), 1))) rc = ANL_ENOMEM;
    }
    return rc;
}

static int use_gpu(anl_index_builder *b)
{
    int rc = anl_gpu_open(&b->gpu, b->options->device);
    if (rc || !b->gpu) return rc;
    rc = anl_encoder_use(b->encoder, b->gpu);
    if (!rc) rc = make_scratch(b);
    return rc ? rc : anl_encoder_check_gpu(b->encoder, b->scratch[0], b->model);
}

/* As the aligner chooses: the CPU also where the GPU that is there was not asked for and cannot be opened, or has too little memory. */
static int choose_device(anl_index_builder *b)
{
    int rc = use_gpu(b);
    if (b->options->device == ANL_DEVICE_AUTO && (rc == ANL_ENOMEM || (rc && !b->gpu))) {
        free_scratch(b);
        rc = anl_encoder_use(b->encoder, NULL);
        anl_gpu_free(b->gpu);
        b->gpu = NULL;
    }
    return rc || b->gpu ? rc : make_scratch(b);
}

int anl_index_builder_new(anl_index_builder **out, const anl_index_options *o, const anl_model *model)
{
    *out = NULL;
    int rc = check_options(o);
    if (rc) return rc;
    anl_index_builder *b = anl_alloc(1, sizeof *b);
    if (!b) return ANL_ENOMEM;
    b->options = o;
    b->model = model;
    rc = anl_encoder_new(&b->encoder, model);
    if (!rc) rc = choose_device(b);
    if (rc) {
        anl_index_builder_free(b);
        return rc;
    }
    *out = b;
    return ANL_OK;
}

void anl_index_builder_free(anl_index_builder *b)
{
    if (!b) return;
    for (size_t i = 0; i < b->n_contigs; ++i) free((char *)(uintptr_t)b->contigs[i].name);
    free_scratch(b);
    anl_encoder_free(b->encoder);
    anl_gpu_free(b->gpu);
    free(b->contigs);
    free(b->bases);
    free(b->runs);
    free(b->letters);
    free(b);
}

int anl_index_builder_add(anl_index_builder *b, const anl_contig *contig, const uint8_t *seq, const uint8_t *letters)
{
    int rc = anl_grow(&b->contigs, &b->contigs_cap, b->n_contigs + 1, sizeof *b->contigs);
    if (rc) return rc;
    anl_contig c = *contig;
    if (!(c.name = strdup(contig->name))) return anl_fail(ANL_ENOMEM, "out of memory");
    b->contigs[b->n_contigs++] = c;
    b->n_windows += anl_index_window_count(c.len, b->options->window, b->options->stride);
    if (b->n_windows >= ANL_INDEX_NO_WINDOW) return anl_fail(ANL_EINVAL, "more than 4,294,967,294 windows: choose a larger stride");
    return add_bases(b, seq, letters, c.len);
}

/* Into an output that the caller closes. */
static int write_index(const anl_index_builder *b, anl_output *to)
{
    uint64_t *unique = NULL;
    anl_lists lists = {0};
    embedded e = {0};
    anl_index_parts parts = {.contigs = b->contigs,
                             .n_contigs = (int32_t)b->n_contigs,
                             .bases = b->bases,
                             .n_bases = b->n_bases,
                             .n_runs = b->runs,
                             .n_n_runs = (int64_t)b->n_runs,
                             .letters = b->letters,
                             .n_letters = (int64_t)b->n_letters,
                             .window = b->options->window,
                             .stride = b->options->stride,
                             .d = b->model->dim,
                             .lists = &lists,
                             .model_hash = anl_model_hash(b->model),
                             .model_name = b->model->name,
                             .watch = b->watch,
                             .unique_k = b->options->unique_k};
    if (!parts.unique_k) parts.unique_k = anl_unique_k(b->n_bases);
    int rc = anl_unique_build(&unique, &parts, b->options->threads, 0);
    if (!rc) rc = embed_all(b, &e);
    parts.unique = unique;
    parts.vectors = e.vectors;
    parts.windows = e.windows;
    parts.n_entries = e.n;
    if (!rc) rc = anl_lists_build(&lists, e.vectors, e.n, parts.d, b->options->threads, &b->watch);
    if (!rc) rc = anl_index_write(to, &parts);
    anl_lists_free(&lists);
    free(e.vectors);
    free(e.windows);
    free(unique);
    return rc;
}

int anl_index_builder_write(const anl_index_builder *b, const char *path)
{
    anl_output *to;
    int rc = anl_output_open(&to, path, ANL_OUTPUT_SEEKS);
    if (rc) return rc;
    if (!(rc = write_index(b, to))) return anl_output_close(to);
    anl_output_abort(to);
    return rc;
}

/* ---- from a FASTA ---- */

static int add_contigs(anl_index_builder *b)
{
    anl_reference *r = NULL;
    anl_contig c;
    const uint8_t *seq;
    int rc = anl_reference_open(&r, b->options->reference), more;
    while (!rc && (more = anl_reference_next(r, &c, &seq)) != 0) {
        rc = more < 0 ? more : anl_index_builder_add(b, &c, seq, anl_reference_letters(r));
        const double share = anl_reference_share(r);
        anl_index_tell(&b->watch, ANL_INDEX_READING, b->n_bases, share > 0 ? (int64_t)((double)b->n_bases / share) : 0);
    }
    anl_reference_free(r);
    return rc;
}

int anl_index_build(const anl_index_options *o, const anl_index_watch *watch, anl_index_report *report)
{
    anl_model *model = NULL;
    anl_index_builder *b = NULL;
    anl_output *to = NULL; /* opened before there is work to lose */
    int rc = check_options(o);
    *report = (anl_index_report){0};
    if (!rc) rc = anl_model_open(&model, o->model);
    if (!rc) rc = anl_output_open(&to, o->output, ANL_OUTPUT_SEEKS);
    if (!rc) rc = anl_index_builder_new(&b, o, model);
    if (!rc) {
        if (watch) b->watch = *watch;
        rc = add_contigs(b);
        if (!rc) rc = write_index(b, to);
        *report = (anl_index_report){(int64_t)b->n_contigs, b->n_bases, b->n_windows, ""};
        if (b->gpu) snprintf(report->gpu, sizeof report->gpu, "%s", anl_gpu_name(b->gpu));
    }
    if (!rc) {
        rc = anl_output_close(to);
        to = NULL;
    }
    anl_output_abort(to);
    anl_index_builder_free(b);
    anl_model_free(model);
    return rc;
}
