#include "index_build.h"

#include "alt_names.h"
#include "cluster.h"
#include "encoder.h"
#include "encoder_check.h"
#include "index.h"
#include "model.h"
#include "nearest_check.h"
#include "reference.h"
#include "search_tuning.h"
#include "unique.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

anl_index_options anl_index_options_default(void)
{
    return (anl_index_options){.window = ANL_WINDOW, .threads = 1};
}

int32_t anl_index_stride(int64_t bases)
{
    return bases < ANL_SPARSE_FROM ? ANL_STRIDE : ANL_STRIDE_SPARSE;
}

/* The reference grows contig by contig; its windows are embedded when it is whole, and its k-mers counted before there are vectors, so that the
 * memory of both is not needed at once. */
struct anl_index_builder {
    const anl_index_options *options;
    const anl_model *model;
    anl_gpu *gpu; /* NULL: the CPU */
    anl_encoder *encoder;
    anl_encoder_scratch **scratch; /* one a thread */
    int64_t block;                 /* windows that a thread embeds at a time */
    anl_contig *contigs;
    uint8_t *bases;
    int64_t *runs;
    uint64_t *letters;
    size_t n_contigs, contigs_cap, bases_cap, n_runs, runs_cap, n_letters, letters_cap;
    int64_t n_bases, n_windows;
    int32_t stride; /* known when the reference is whole */
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

/* Four base codes as a byte; 1 if they hold no N. */
static int pack_four(const uint8_t *seq, uint8_t *to)
{
    if ((seq[0] | seq[1] | seq[2] | seq[3]) > 3) return 0;
    *to = (uint8_t)(seq[0] | seq[1] << 2 | seq[2] << 4 | seq[3] << 6);
    return 1;
}

static int add_bases(anl_index_builder *b, const uint8_t *seq, const uint8_t *letters, int64_t len)
{
    const size_t bytes = (size_t)(b->n_bases + len + 3) / 4, used = (size_t)(b->n_bases + 3) / 4;
    int rc = anl_grow(&b->bases, &b->bases_cap, bytes, 1);
    if (rc) return rc;
    memset(b->bases + used, 0, bytes - used);
    for (int64_t i = 0; i < len; ++i) {
        const int64_t at = b->n_bases + i;
        if (at % 4 == 0 && len - i >= 4 && pack_four(seq + i, &b->bases[at / 4])) {
            i += 3;
            continue;
        }
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

/* Windows to be embedded together. */
typedef struct window_list {
    const uint8_t *seqs[ANL_EMBED_BLOCK_ON_GPU];
    int32_t lens[ANL_EMBED_BLOCK_ON_GPU], rows[ANL_EMBED_BLOCK_ON_GPU]; /* rows: of their vectors */
    int n;
} window_list;

/* Adds windows [first, first + n) of a contig of `len` bp, `seq` its bases from `from` on; `row` is that of the first one. Those of nothing but N, and
 * of contigs that are too short, have vectors of zeros, and cost nothing. */
static void list_windows(const anl_index_builder *b, const uint8_t *seq, int64_t from, int64_t len, int64_t first, int64_t n, int64_t row,
                         window_list *to)
{
    const int64_t window = b->options->window, last = len > window ? len - window : 0;
    const int32_t size = (int32_t)(len < window ? len : window);
    for (int64_t i = 0; i < n && size >= ANL_ENCODER_MIN_LEN; ++i) {
        const int64_t pos = (first + i) * b->stride;
        const uint8_t *at = seq + ((pos < last ? pos : last) - from);
        if (all_n(at, size)) continue;
        to->seqs[to->n] = at;
        to->lens[to->n] = size;
        to->rows[to->n++] = (int32_t)(row + i);
    }
}

/* The vectors of n windows, of which those in the list are not zero. */
static int embed_list(const anl_index_builder *b, const window_list *w, int64_t n, int8_t *out)
{
    const size_t d = (size_t)anl_encoder_dim(b->encoder);
    int m = w->n;
    int rc = m ? anl_encoder_embed(b->encoder, b->scratch[omp_get_thread_num()], w->seqs, w->lens, m, out) : ANL_OK;
    for (int64_t i = n - 1; i >= m && !rc; --i) { /* to their own rows, last first; the first m rows are in place once i reaches them */
        int8_t *row = out + (size_t)i * d;
        if (m && w->rows[m - 1] == i)
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

/* A block of windows in a row: part of a contig, or small contigs together. */
typedef struct window_block {
    size_t contig;
    int64_t begin;    /* of that contig, joined */
    int64_t first, n; /* its first window in the block; windows, of this contig and the next ones */
    int64_t window;   /* number of the first one */
    int64_t bases;    /* that they span, contig by contig */
} window_block;

/* Bases from the first to the last of windows [first, first + n) of a contig: [*from, *end) of it. */
static void window_span(const anl_index_builder *b, int64_t len, int64_t first, int64_t n, int64_t *from, int64_t *end)
{
    const int64_t window = b->options->window, stride = b->stride, last = len > window ? len - window : 0;
    *from = first * stride < last ? first * stride : last;
    *end = (first + n - 1) * stride + window;
    if (*end > len) *end = len;
}

static int64_t windows_of(const anl_index_builder *b, size_t contig)
{
    return anl_index_window_count(b->contigs[contig].len, b->options->window, b->stride);
}

/* Bases that a block spans at most. */
static int64_t most_span(const anl_index_builder *b)
{
    return b->block * b->stride + b->options->window;
}

/* The bases that the block spans, then their vectors. */
static int embed_windows(const anl_index_builder *b, const window_block *w, uint8_t *span, int8_t *vectors)
{
    const anl_index joined = {.bases = b->bases, .n_runs = b->runs, .n_n_runs = (int64_t)b->n_runs};
    int64_t begin = w->begin, first = w->first, from, end;
    uint8_t *to = span;
    window_list list;
    list.n = 0;
    size_t c = w->contig;
    for (int64_t row = 0, n; row < w->n; row += n, first = 0, begin += b->contigs[c++].len) {
        n = windows_of(b, c) - first < w->n - row ? windows_of(b, c) - first : w->n - row;
        window_span(b, b->contigs[c].len, first, n, &from, &end);
        anl_index_fetch(&joined, begin + from, begin + end, to);
        list_windows(b, to, from, b->contigs[c].len, first, n, row, &list);
        to += end - from;
    }
    return embed_list(b, &list, w->n, vectors);
}

/* Whether windows that span so many bases have room in a block that ends before them. */
static int joins(const anl_index_builder *b, const window_block *w, int64_t n, int64_t bases)
{
    return w->n + n <= b->block && w->bases + bases <= most_span(b);
}

/* The blocks of all contigs in order. Their number; blocks NULL: they are only counted. */
static int64_t cut_blocks(const anl_index_builder *b, window_block *blocks)
{
    int64_t n = 0, begin = 0, window = 0, from, end;
    window_block now = {0};
    for (size_t c = 0; c < b->n_contigs; begin += b->contigs[c++].len)
        for (int64_t first = 0, windows = windows_of(b, c), take; first < windows; first += take, window += take) {
            take = windows - first < b->block ? windows - first : b->block;
            window_span(b, b->contigs[c].len, first, take, &from, &end);
            if (n && joins(b, &now, take, end - from)) {
                now.n += take;
                now.bases += end - from;
            } else {
                now = (window_block){c, begin, first, take, window, end - from};
                ++n;
            }
            if (blocks) blocks[n - 1] = now;
        }
    return n;
}

static int embed_blocks(const anl_index_builder *b, const window_block *blocks, int64_t n, int8_t *vectors)
{
    const size_t d = (size_t)anl_encoder_dim(b->encoder), span = (size_t)most_span(b);
    int64_t done = 0;
    anl_failure failure = {0};
    uint8_t *spans = anl_alloc((size_t)b->options->threads, span);
    if (!spans) return ANL_ENOMEM;
#pragma omp parallel for schedule(dynamic, 1) num_threads(b->options->threads)
    for (int64_t i = 0; i < n; ++i) {
        const int failed =
            embed_windows(b, &blocks[i], spans + (size_t)omp_get_thread_num() * span, vectors + (size_t)blocks[i].window * d);
        if (failed) anl_failure_keep(&failure, failed, (long)i);
#pragma omp critical(anl_index_progress)
        anl_index_tell(&b->watch, ANL_INDEX_EMBEDDING, done += blocks[i].n, b->n_windows);
    }
    free(spans);
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
    if (o->stride < 0 || o->stride > o->window)
        return anl_fail(ANL_EINVAL, "--stride %d: must be 1 to the window, %d", o->stride, o->window);
    if (o->unique_k && (o->unique_k < ANL_UNIQUE_MIN_K || o->unique_k > ANL_UNIQUE_MAX_K))
        return anl_fail(ANL_EINVAL, "--unique-k %d: must be %d to %d", o->unique_k, ANL_UNIQUE_MIN_K, ANL_UNIQUE_MAX_K);
    return ANL_OK;
}

/* ---- builder ---- */

static void free_scratch(anl_index_builder *b)
{
    for (int i = 0; b->scratch && i < b->options->threads; ++i) anl_encoder_scratch_free(b->scratch[i]);
    free(b->scratch);
    b->scratch = NULL;
}

/* What threads need to embed, on the GPU if there is one. */
static int make_scratch(anl_index_builder *b)
{
    const anl_index_options *o = b->options;
    b->block = b->gpu ? ANL_EMBED_BLOCK_ON_GPU : ANL_EMBED_BLOCK;
    b->scratch = anl_alloc((size_t)o->threads, sizeof *b->scratch);
    int rc = b->scratch ? ANL_OK : ANL_ENOMEM;
    for (int i = 0; i < o->threads && !rc; ++i) rc = anl_encoder_scratch_new(&b->scratch[i], b->encoder);
    return rc;
}

static int use_gpu(anl_index_builder *b)
{
    int rc = anl_gpu_open(&b->gpu, b->options->device);
    if (rc || !b->gpu) return rc;
    rc = anl_encoder_use(b->encoder, b->gpu);
    if (!rc) rc = make_scratch(b);
    if (!rc) rc = anl_encoder_check_gpu(b->encoder, b->scratch[0], b->model);
    return rc ? rc : anl_nearest_check_gpu(&(anl_nearest_on){b->gpu, 1}, anl_encoder_dim(b->encoder));
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

/* For a reference of so many bp; a window is not passed over. */
static int32_t stride_for(const anl_index_options *o, int64_t bases)
{
    const int32_t stride = o->stride ? o->stride : anl_index_stride(bases);
    return stride < o->window ? stride : o->window;
}

int anl_index_builder_add(anl_index_builder *b, const anl_contig *contig, const uint8_t *seq, const uint8_t *letters)
{
    int rc = anl_grow(&b->contigs, &b->contigs_cap, b->n_contigs + 1, sizeof *b->contigs);
    if (rc) return rc;
    anl_contig c = *contig;
    if (!(c.name = strdup(contig->name))) return anl_fail(ANL_ENOMEM, "out of memory");
    b->contigs[b->n_contigs++] = c;
    /* Small references have their stride, and more windows, later. */
    b->n_windows += anl_index_window_count(c.len, b->options->window, stride_for(b->options, INT64_MAX));
    if (b->n_windows >= ANL_INDEX_NO_WINDOW)
        return anl_fail(ANL_EINVAL, "an index holds up to 4,294,967,294 windows, and the reference has more: choose a larger --stride");
    if (b->n_contigs > ANL_INDEX_MOST_CONTIGS) return anl_fail(ANL_EINVAL, "an index holds up to %d contigs", ANL_INDEX_MOST_CONTIGS);
    return add_bases(b, seq, letters, c.len);
}

static void choose_stride(anl_index_builder *b)
{
    b->stride = stride_for(b->options, b->n_bases);
    b->n_windows = 0;
    for (size_t c = 0; c < b->n_contigs; ++c) b->n_windows += windows_of(b, c);
}

/* Into an output that the caller closes. */
static int write_index(anl_index_builder *b, anl_output *to)
{
    choose_stride(b);
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
                             .stride = b->stride,
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
    if (!rc) rc = anl_lists_build(&lists, e.vectors, e.n, parts.d, &(anl_nearest_on){b->gpu, b->options->threads}, &b->watch);
    if (!rc) rc = anl_index_write(to, &parts, b->options->threads);
    anl_lists_free(&lists);
    free(e.vectors);
    free(e.windows);
    free(unique);
    return rc;
}

int anl_index_builder_write(anl_index_builder *b, const char *path)
{
    anl_output *to;
    int rc = anl_output_open(&to, path, ANL_OUTPUT_SEEKS);
    if (rc) return rc;
    if (!(rc = write_index(b, to))) return anl_output_close(to);
    anl_output_abort(to);
    return rc;
}

/* ---- from a FASTA ---- */

static int add_contigs(anl_index_builder *b, anl_alt_names *alts)
{
    anl_reference *r = NULL;
    anl_contig c;
    const uint8_t *seq;
    int rc = anl_reference_open(&r, b->options->reference), more;
    while (!rc && (more = anl_reference_next(r, &c, &seq)) != 0) {
        if (more > 0 && alts) c.alt = (uint8_t)anl_alt_names_take(alts, c.name);
        rc = more < 0 ? more : anl_index_builder_add(b, &c, seq, anl_reference_letters(r));
        const double share = anl_reference_share(r);
        anl_index_tell(&b->watch, ANL_INDEX_READING, b->n_bases, share > 0 ? (int64_t)((double)b->n_bases / share) : 0);
    }
    anl_reference_free(r);
    if (rc || !alts) return rc;
    if (!anl_alt_names_found(alts))
        return anl_fail(ANL_EINVAL, "--alt %s: %s has none of these contigs", b->options->alt, b->options->reference);
    if (anl_alt_names_found(alts) == (int64_t)b->n_contigs)
        return anl_fail(ANL_EINVAL, "--alt %s: no contig of %s is left for the primary assembly", b->options->alt, b->options->reference);
    return ANL_OK;
}

static void report_semicolon(const anl_index_builder *b, anl_index_report *report)
{
    size_t i = 0;
    while (i < b->n_contigs && !strchr(b->contigs[i].name, ';')) ++i;
    if (i < b->n_contigs) snprintf(report->semicolon, sizeof report->semicolon, "%s", b->contigs[i].name);
}

int anl_index_build(const anl_index_options *o, const anl_index_watch *watch, anl_index_report *report)
{
    anl_model *model = NULL;
    anl_index_builder *b = NULL;
    anl_output *to = NULL; /* opened before there is work to lose */
    anl_alt_names *alts = NULL;
    int rc = check_options(o);
    *report = (anl_index_report){0};
    if (!rc && o->alt) rc = anl_alt_names_open(&alts, o->alt);
    if (!rc) rc = anl_model_open(&model, o->model);
    if (!rc) rc = anl_output_open(&to, o->output, ANL_OUTPUT_SEEKS);
    if (!rc) rc = anl_index_builder_new(&b, o, model);
    if (!rc) {
        if (watch) b->watch = *watch;
        rc = add_contigs(b, alts);
        if (!rc) rc = write_index(b, to);
        *report = (anl_index_report){.contigs = (int64_t)b->n_contigs, .bases = b->n_bases, .windows = b->n_windows};
        report_semicolon(b, report);
        if (alts) report->alts = anl_alt_names_found(alts), report->alt_names = anl_alt_names_count(alts);
        if (b->gpu) snprintf(report->gpu, sizeof report->gpu, "%s", anl_gpu_name(b->gpu));
    }
    if (!rc) {
        rc = anl_output_close(to);
        to = NULL;
    }
    anl_output_abort(to);
    anl_index_builder_free(b);
    anl_model_free(model);
    anl_alt_names_free(alts);
    return rc;
}
