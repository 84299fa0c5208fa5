/* References of more than 2^31 and 2^32 bp, and of more than 2^31 windows: a small index whose contigs come after contigs of 2 Gbp each gives the same
 * alignments as without these. Of those nothing is there: their bases and uniqueness map are pages that are never written. */
#include "files.h"
#include "models.h"

#include "find.h"
#include "index_build.h"
#include "long_read.h"
#include "pair.h"
#include "split.h"
#include "trace.h"

enum {
    GENOME = 60000, /* a multiple of 64, so that bits move in whole words */
    CHR1 = 40000,
    COPY = 2000,
    MOST_BEFORE = 4,
    PAIRS = 40,
    LEN = 150,
    INSERT = 400,
    LONG = 3000
};
#define BEFORE ((INT64_C(1) << 31) - 64) /* bp of a contig that comes before: as long as BAM lets them be, in whole words */

static uint8_t genome[GENOME];

/* A genome with a repeat and a run of N. */
static void make_genome(void)
{
    random_start();
    random_seq(genome, GENOME, 0);
    for (int i = 0; i < COPY; ++i) genome[CHR1 + 5000 + i] = i % 40 ? genome[10000 + i] : (uint8_t)random_below(4);
    memset(genome + 30000, 4, 50);
}

typedef struct machine {
    const anl_index *index;
    anl_encoder *encoder;
    anl_search *search;
    anl_align_options options;
    anl_context context;
    anl_scratch scratch;
    anl_sw_queue queue;
    anl_pair_scratch pairs;
    anl_arena *results;
} machine;

static void machine_open(machine *m, const anl_model *model, const anl_index *x)
{
    *m = (machine){.index = x, .options = anl_align_options_default()};
    m->options.xa_most = 20;
    anl_align_options_resolve(&m->options);
    assert_int_equal(anl_encoder_new(&m->encoder, model), 0);
    assert_int_equal(anl_search_new(&m->search, x, ANL_SEARCH_NATIVE), 0);
    anl_search_competing_only(m->search);
    m->context = (anl_context){&m->options, x, m->encoder, m->search, anl_kernels_get(), NULL, 0};
    assert_int_equal(anl_scratch_init(&m->scratch, &m->context), 0);
    assert_non_null(m->results = anl_arena_new());
}

static void machine_close(machine *m)
{
    anl_arena_free(m->results);
    free(m->pairs.spots);
    anl_sw_queue_free(&m->queue);
    anl_scratch_free(&m->scratch);
    anl_search_free(m->search);
    anl_encoder_free(m->encoder);
}

/* ---- an index and what it is behind other contigs ---- */

static void *pages(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_ptr_not_equal(p, MAP_FAILED);
    return p;
}

typedef struct far_index {
    anl_index index;
    anl_contig contigs[MOST_BEFORE + 2];
    int64_t contig_begin[MOST_BEFORE + 3], window_begin[MOST_BEFORE + 3], n_runs[2];
    uint8_t *bases;
    uint64_t *unique;
    uint32_t *ids;
    size_t bases_size, unique_size;
} far_index;

static void far_open(far_index *f, const anl_index *x, int before)
{
    const int64_t bases = before * BEFORE, windows = before * anl_index_window_count(BEFORE, x->window, x->stride);
    const uint64_t entries = x->list_begin[x->nlist];
    *f = (far_index){.index = *x, .bases_size = (size_t)(bases + GENOME) / 4, .unique_size = (size_t)(bases + GENOME) / 8};
    f->bases = pages(f->bases_size);
    f->unique = pages(f->unique_size);
    memcpy(f->bases + bases / 4, x->bases, GENOME / 4);
    memcpy(f->unique + bases / 64, x->unique, GENOME / 8);
    for (int i = 0; i < before; ++i) f->contigs[i] = (anl_contig){.name = "before", .len = BEFORE};
    for (int i = 0; i < 2; ++i) f->contigs[before + i] = x->contigs[i];
    for (int i = 0; i < before + 2; ++i) {
        f->contig_begin[i + 1] = f->contig_begin[i] + f->contigs[i].len;
        f->window_begin[i + 1] = f->window_begin[i] + anl_index_window_count(f->contigs[i].len, x->window, x->stride);
    }
    for (int i = 0; i < 2; ++i) f->n_runs[i] = x->n_runs[i] + bases;
    assert_non_null(f->ids = malloc(entries * sizeof *f->ids));
    for (uint64_t e = 0; e < entries; ++e)
        f->ids[e] = x->ids[e] == ANL_INDEX_NO_WINDOW ? ANL_INDEX_NO_WINDOW : (uint32_t)(x->ids[e] + windows);
    f->index.n_contigs = before + 2;
    f->index.contigs = f->contigs;
    f->index.contig_begin = f->contig_begin;
    f->index.window_begin = f->window_begin;
    f->index.n_windows += windows;
    f->index.bases = f->bases;
    f->index.unique = f->unique;
    f->index.n_runs = f->n_runs;
    f->index.ids = f->ids;
    assert_true(f->index.n_windows < ANL_INDEX_NO_WINDOW);
}

static void far_close(far_index *f)
{
    munmap(f->bases, f->bases_size);
    munmap(f->unique, f->unique_size);
    free(f->ids);
}

/* ---- reads ---- */

typedef struct a_read {
    uint8_t strand[2][LONG];
    anl_read read;
} a_read;

static void complete(a_read *r, int32_t len, int mate)
{
    for (int32_t i = 0; i < len; ++i) r->strand[1][i] = r->strand[0][len - 1 - i] > 3 ? 4 : 3 - r->strand[0][len - 1 - i];
    r->read = (anl_read){.name = "r", .seq = r->strand[0], .len = len, .mate = (uint8_t)mate};
}

/* Bases of the genome with a mismatch in every 1/rate of them; `turned`: from the other strand. */
static void take(uint8_t *out, int64_t at, int32_t len, int turned, uint32_t rate)
{
    for (int32_t i = 0; i < len; ++i) {
        const uint8_t base = genome[turned ? at + len - 1 - i : at + i];
        out[i] = base > 3 ? 4 : turned ? 3 - base : base;
        if (base < 4 && random_below(rate) == 0) out[i] = (uint8_t)((out[i] + 1) % 4);
    }
}

/* Pairs on either contig, in the repeat and at the ends of contigs; every fifth first mate is of two places. */
static void make_pairs(a_read *r)
{
    for (int i = 0; i < PAIRS; ++i) {
        const int64_t contig = i % 2 ? CHR1 : 0, len = i % 2 ? GENOME - CHR1 : CHR1;
        int64_t at = contig + random_below((uint32_t)(len - INSERT));
        if (i % 4 == 3) at = CHR1 + 5000 + random_below(COPY - INSERT);
        if (i < 4) at = i < 2 ? contig : contig + len - INSERT;
        take(r[2 * i].strand[0], at, LEN, 0, 60);
        if (i % 5 == 4) take(r[2 * i].strand[0], (at + 23456) % (CHR1 - LEN), LEN / 2, 1, 60);
        take(r[2 * i + 1].strand[0], at + INSERT - LEN, LEN, 1, i % 3 ? 60 : 12);
        complete(&r[2 * i], LEN, 1);
        complete(&r[2 * i + 1], LEN, 2);
    }
}

static void align_pairs(machine *m, const a_read *r, anl_query *q)
{
    anl_insert_model inserts;
    anl_find_counts counts = {0};
    anl_insert_given(&inserts, INSERT, 40, 0, 0);
    for (int i = 0; i < 2 * PAIRS; ++i) q[i] = (anl_query){.read = &r[i].read, .strand = {r[i].strand[0], r[i].strand[1]}};
    anl_arena_reset(m->scratch.temporary);
    assert_int_equal(anl_find(&m->context, &m->scratch, &inserts, &m->queue, q, 2 * PAIRS, m->results, &counts), 0);
    for (int i = 0; i < 2 * PAIRS; i += 2) assert_int_equal(anl_pair_rescue(&m->options, &inserts, m->index, q, i, &m->queue), 0);
    assert_int_equal(anl_candidates_score(&m->context, &m->scratch, &m->queue, q, 2 * PAIRS, m->results), 0);
    for (int i = 0; i < 2 * PAIRS; ++i) assert_int_equal(anl_trace_candidates(&m->context, &m->scratch, &q[i], 19, 0), 0);
    for (int i = 0; i < 2 * PAIRS; i += 2) {
        anl_choice chosen[2];
        int proper;
        assert_int_equal(anl_pair_choose(&m->options, &inserts, &q[i], &m->pairs, chosen, &proper), 0);
        q[i].proper = q[i + 1].proper = (uint8_t)proper;
        for (int k = 0; k < 2; ++k) assert_int_equal(anl_trace_chosen(&m->context, &m->scratch, &q[i + k], &chosen[k], m->results), 0);
    }
    assert_int_equal(anl_split(&m->context, &m->scratch, &inserts, &m->queue, q, 2 * PAIRS, m->results), 0);
}

static void same(const anl_read_alignments *near, const anl_read_alignments *far, int before)
{
    assert_int_equal(near->n, far->n);
    for (int32_t i = 0; i < near->n; ++i) {
        const anl_read_alignment *a = &near->list[i], *b = &far->list[i];
        assert_int_equal(a->tid + before, b->tid);
        assert_int_equal(a->pos, b->pos);
        assert_int_equal(a->end, b->end);
        assert_int_equal(a->kind, b->kind);
        assert_int_equal(a->reverse, b->reverse);
        assert_int_equal(a->mapq, b->mapq);
        assert_int_equal(a->score, b->score);
        assert_int_equal(a->second, b->second);
        assert_int_equal(a->n_cigar, b->n_cigar);
        assert_memory_equal(a->cigar, b->cigar, (size_t)a->n_cigar * sizeof *a->cigar);
        assert_string_equal(a->md, b->md);
        assert_string_equal(a->xa ? a->xa : "", b->xa ? b->xa : "");
    }
}

static void compare(machine *near, machine *far, int before)
{
    static a_read reads[2 * PAIRS];
    static anl_query q[2][2 * PAIRS];
    int mapped = 0, proper = 0, split = 0, told = 0;
    make_pairs(reads);
    align_pairs(near, reads, q[0]);
    align_pairs(far, reads, q[1]);
    for (int i = 0; i < 2 * PAIRS; ++i) {
        same(&q[0][i].aligned, &q[1][i].aligned, before);
        assert_int_equal(q[0][i].proper, q[1][i].proper);
        mapped += q[0][i].aligned.n > 0;
        proper += q[0][i].proper;
        split += q[0][i].aligned.n > 1;
        told += q[0][i].aligned.n && q[0][i].aligned.list[0].xa;
    }
    assert_true(mapped > 70 && proper > 50 && split > 3 && told > 3);
    for (int i = 0; i < 8; ++i) { /* the last ones go on in the other contig, or where they are turned */
        anl_read_alignments out[2];
        const int64_t at = random_below(CHR1 - LONG);
        take(reads[0].strand[0], at, LONG, i % 2, 30);
        if (i > 3) take(reads[0].strand[0] + LONG / 2, CHR1 + random_below(GENOME - CHR1 - LONG), LONG / 2, i % 3 == 0, 30);
        complete(&reads[0], LONG, 0);
        const anl_read *one = &reads[0].read;
        assert_int_equal(anl_long_align(&near->context, &near->scratch, &one, 1, near->results, &(anl_read_alignments *){&out[0]}), 0);
        assert_int_equal(anl_long_align(&far->context, &far->scratch, &one, 1, far->results, &(anl_read_alignments *){&out[1]}), 0);
        assert_true(out[0].n > 0);
        same(&out[0], &out[1], before);
    }
}

static void behind(int32_t stride, int before)
{
    const anl_index_options o = {.window = 176, .stride = stride, .threads = 1, .unique_k = 16};
    const anl_contig contigs[2] = {{.name = "chr1", .len = CHR1}, {.name = "chr2", .len = GENOME - CHR1}};
    static far_index shifted;
    static machine near, far;
    anl_index_builder *b;
    anl_index *x;
    anl_model *model;
    make_genome();
    assert_int_equal(anl_model_read(&model, ANNEAL_SOURCE "/data/model/anneal-d128.anm"), 0);
    assert_int_equal(anl_index_builder_new(&b, &o, model), 0);
    for (int i = 0; i < 2; ++i) assert_int_equal(anl_index_builder_add(b, &contigs[i], genome + (i ? CHR1 : 0), NULL), 0);
    assert_int_equal(anl_index_builder_write(b, in_folder("x.anl")), 0);
    anl_index_builder_free(b);
    assert_int_equal(anl_index_open(&x, in_folder("x.anl")), 0);
    far_open(&shifted, x, before);
    machine_open(&near, model, x);
    machine_open(&far, model, &shifted.index);
    compare(&near, &far, before);
    machine_close(&near);
    machine_close(&far);
    far_close(&shifted);
    anl_index_free(x);
    anl_model_free(model);
}

static void behind_8_gbp(void **unused)
{
    (void)unused;
    behind(48, MOST_BEFORE);
}

static void behind_2_g_windows(void **unused)
{
    (void)unused;
    behind(1, 1);
}

/* Where windows and contigs lie, and the bases there. */
static void positions(void **unused)
{
    (void)unused;
    enum { N = 6 };
    anl_contig contigs[N];
    int64_t contig_begin[N + 1] = {0}, window_begin[N + 1] = {0};
    for (int i = 0; i < N; ++i) {
        contigs[i].len = i == 3 ? 100 : INT32_MAX;
        contig_begin[i + 1] = contig_begin[i] + contigs[i].len;
        window_begin[i + 1] = window_begin[i] + anl_index_window_count(contigs[i].len, 176, 3);
    }
    const anl_index x = {
        .n_contigs = N, .contigs = contigs, .contig_begin = contig_begin, .window_begin = window_begin, .window = 176, .stride = 3};
    assert_int_equal(anl_index_window_count(INT32_MAX, 176, 1), INT32_MAX - 175);
    for (int i = 0; i < N; ++i) {
        const int64_t last = contigs[i].len > 176 ? contigs[i].len - 176 : 0;
        assert_int_equal(anl_index_contig_at(&x, contig_begin[i]), i);
        assert_int_equal(anl_index_contig_at(&x, contig_begin[i + 1] - 1), i);
        assert_int_equal(anl_index_window_pos(&x, window_begin[i]), contig_begin[i]);
        assert_int_equal(anl_index_window_pos(&x, window_begin[i + 1] - 1), contig_begin[i] + last);
    }
    assert_true(contig_begin[N] > INT64_C(2) << 32 && window_begin[N] > INT32_MAX);
}

/* An index that had more windows than there are numbers is refused before any of it is made. */
static void more_windows_than_numbers(void **unused)
{
    (void)unused;
    const anl_index_options o = {.window = 100, .stride = 1, .threads = 1};
    const anl_contig c = {.name = "c", .len = INT64_C(4294967295) + 99};
    anl_index_builder *b;
    anl_model *model = random_model(32, 0);
    assert_int_equal(anl_index_builder_new(&b, &o, model), 0);
    assert_int_equal(anl_index_builder_add(b, &c, NULL, NULL), ANL_EINVAL);
    assert_non_null(strstr(anl_error(), "4,294,967,294 windows"));
    anl_index_builder_free(b);
    anl_model_free(model);
}

static int32_t stride_of_index(const anl_index_options *o, const anl_model *model)
{
    static uint8_t bases[3000];
    anl_contig c = {.name = "c", .len = sizeof bases};
    anl_index_builder *b;
    anl_index *x;
    random_seq(bases, sizeof bases, 0);
    memset(c.md5, '0', 32);
    assert_int_equal(anl_index_builder_new(&b, o, model), 0);
    assert_int_equal(anl_index_builder_add(b, &c, bases, NULL), 0);
    assert_int_equal(anl_index_builder_write(b, in_folder("stride.anl")), 0);
    anl_index_builder_free(b);
    assert_int_equal(anl_index_open(&x, in_folder("stride.anl")), 0);
    const int32_t stride = x->stride;
    assert_int_equal(x->n_windows, anl_index_window_count(sizeof bases, o->window, stride));
    anl_index_free(x);
    return stride;
}

/* Windows lie farther apart in large references, unless the user says, and never farther than they are long. */
static void strides(void **unused)
{
    (void)unused;
    anl_index_options o = anl_index_options_default();
    anl_model *model = random_model(32, 0);
    assert_int_equal(anl_index_stride(0), 48);
    assert_int_equal(anl_index_stride(999999999), 48);
    assert_int_equal(anl_index_stride(1000000000), 56);
    assert_int_equal(anl_index_stride(INT64_C(3115660666)), 56);
    assert_int_equal(stride_of_index(&o, model), 48);
    o.stride = 33;
    assert_int_equal(stride_of_index(&o, model), 33);
    o.stride = 0;
    o.window = 40;
    assert_int_equal(stride_of_index(&o, model), 40);
    anl_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positions),    cmocka_unit_test(more_windows_than_numbers), cmocka_unit_test(strides),
        cmocka_unit_test(behind_8_gbp), cmocka_unit_test(behind_2_g_windows),
    };
    return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}
