/* The GPU against the CPU, byte for byte. Skipped where there is no NVIDIA GPU. */
#include "models.h"

#include "cluster.h"
#include "encoder.h"
#include "nearest.h"
#include "search.h"
#include "sw_batch.h"

#define COUNT(a) (int)(sizeof(a) / sizeof *(a))

static anl_gpu *gpu;

static int open_gpu(void **unused)
{
    (void)unused;
    random_start();
    return anl_gpu_open(&gpu, ANL_DEVICE_AUTO);
}

static int close_gpu(void **unused)
{
    (void)unused;
    anl_gpu_free(gpu);
    return 0;
}

static void need_gpu(void)
{
    if (gpu) return;
    print_message("no NVIDIA GPU\n");
    skip();
}

/* ---- embedding ---- */

enum { SEQS = 70 };

/* The full encoder, the light one. */
static anl_embed_function *const encoders[] = {anl_encoder_embed, anl_encoder_embed_light};

static void embed_on(const anl_model *m, int light, anl_gpu *on, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out)
{
    anl_encoder *e;
    anl_encoder_scratch *s;
    assert_int_equal(anl_encoder_new(&e, m), 0);
    if (on) assert_int_equal(anl_encoder_use(e, on), 0);
    assert_int_equal(anl_encoder_scratch_new(&s, e), 0);
    assert_int_equal(encoders[light](e, s, seqs, lens, n, out), 0);
    anl_encoder_scratch_free(s);
    anl_encoder_free(e);
}

/* Sequences of every number of tokens, with and without N, one of nothing but N; blocks that end before, at and after a tile of 64. */
static void embeddings_agree(void **unused)
{
    (void)unused;
    static const int dims[] = {32, 96, 128, 256}, layers[] = {3, 1, 2, 2};
    static uint8_t bases[SEQS][ANL_ENCODER_MAX_LEN];
    static int8_t want[SEQS * 256], got[SEQS * 256];
    const uint8_t *seqs[SEQS];
    int32_t lens[SEQS];
    need_gpu();
    for (int i = 0; i < COUNT(dims); ++i) {
        const size_t d = (size_t)dims[i];
        anl_model *m = random_model(dims[i], layers[i]);
        for (int j = 0; j < SEQS; ++j) {
            lens[j] = j < 3 ? 20 : j < 6 ? 400 : j < 40 ? 20 + j * 5 + i : between(ANL_ENCODER_MIN_LEN, 200);
            random_seq(bases[j], lens[j], j % 3 ? 0 : between(1, 9));
            if (j == 7) memset(bases[j], 4, sizeof bases[j]);
            seqs[j] = bases[j];
        }
        static const int counts[] = {1, 63, 64, 65, SEQS};
        for (int light = 0; light < 2; ++light) {
            embed_on(m, light, NULL, seqs, lens, SEQS, want);
            for (int c = i == 1 ? 0 : COUNT(counts) - 1; c < COUNT(counts); ++c) {
                memset(got, 0x55, sizeof got);
                embed_on(m, light, gpu, seqs, lens, counts[c], got);
                assert_memory_equal(got, want, (size_t)counts[c] * d);
            }
        }
        anl_model_free(m);
    }
}

#ifdef STAND_IN
enum { ROUNDS = 2 }; /* it is slow */
#else
enum { ROUNDS = 20 };
#endif
enum { AT_ONCE = 4, EACH = SEQS / AT_ONCE };

/* Threads with a stream each, at once, on calls of other sizes every time. */
static void streams_keep_apart(void **unused)
{
    (void)unused;
    static uint8_t bases[SEQS][ANL_ENCODER_MAX_LEN];
    static int8_t want[SEQS * 128], got[SEQS * 128];
    const uint8_t *seqs[SEQS];
    int32_t lens[SEQS];
    anl_encoder *e;
    int failed = 0;
    need_gpu();
    anl_model *m = random_model(128, 2);
    for (int i = 0; i < SEQS; ++i) {
        seqs[i] = bases[i];
        random_seq(bases[i], lens[i] = between(ANL_ENCODER_MIN_LEN, ANL_ENCODER_MAX_LEN), 0);
    }
    embed_on(m, 0, NULL, seqs, lens, SEQS, want);
    assert_int_equal(anl_encoder_new(&e, m), 0);
    assert_int_equal(anl_encoder_use(e, gpu), 0);
#pragma omp parallel for num_threads(AT_ONCE) reduction(+ : failed)
    for (int t = 0; t < AT_ONCE; ++t) {
        anl_encoder_scratch *s = NULL;
        failed += anl_encoder_scratch_new(&s, e) != 0;
        for (int r = 0; r < ROUNDS && !failed; ++r)
            for (int at = t * EACH, end = at + EACH; at < end;) {
                const int n = at + 1 + r % EACH < end ? 1 + r % EACH : end - at;
                failed += anl_encoder_embed(e, s, seqs + at, lens + at, n, got + at * 128) != 0;
                failed += memcmp(got + at * 128, want + at * 128, (size_t)n * 128) != 0;
                at += n;
            }
        anl_encoder_scratch_free(s);
    }
    assert_int_equal(failed, 0);
    anl_encoder_free(e);
    anl_model_free(m);
}

/* ---- search ---- */

enum { ENTRIES = 4000, QUERIES = 70, MOST_LISTS = 4100 /* enough for groups */, PADDED = ENTRIES + 16 * MOST_LISTS };

/* Inverted lists made by hand. */
typedef struct lists {
    int8_t centroids[(MOST_LISTS + 16) * 256], codes[PADDED * 256];
    int32_t centroid_bias[MOST_LISTS + 16], bias[PADDED];
    uint64_t begin[MOST_LISTS + 1];
    uint32_t ids[PADDED];
    anl_index index;
} lists;

static int32_t put_entry(int8_t *panels, int d, uint64_t at, const int8_t *v)
{
    anl_panel_put(panels, at, (size_t)d, v);
    return anl_panel_bias(v, (size_t)d);
}

/* `distinct` different vectors, so that distances tie; extreme ones are -127 or 127 everywhere. Some lists are empty. */
static void make_lists(lists *l, int d, int nlist, int distinct, int extreme)
{
    static int8_t vectors[ENTRIES][256];
    memset(l, 0, sizeof *l);
    for (int i = 0; i < distinct; ++i)
        for (int c = 0; c < d; ++c) vectors[i][c] = extreme ? (int8_t)(random_below(2) ? 127 : -127) : (int8_t)between(-40, 40);
    for (int i = 0; i < nlist; ++i) l->centroid_bias[i] = put_entry(l->centroids, d, (uint64_t)i, vectors[i % distinct]);
    uint64_t at = 0;
    for (int i = 0, entry = 0; i < nlist; ++i) {
        const int last = i == nlist - 1, n = last ? ENTRIES - entry : i % 5 == 3 ? 0 : (int)random_below((uint32_t)(2 * ENTRIES / nlist));
        for (int j = 0; j < n && entry < ENTRIES; ++j, ++entry, ++at) {
            l->bias[at] = put_entry(l->codes, d, at, vectors[(int)random_below((uint32_t)distinct)]);
            l->ids[at] = (uint32_t)entry;
        }
        for (; at % 16; ++at) {
            l->bias[at] = INT32_MAX;
            l->ids[at] = ANL_INDEX_NO_WINDOW;
        }
        l->begin[i + 1] = at;
        if ((int64_t)(at - l->begin[i]) > l->index.longest_list) l->index.longest_list = (int64_t)(at - l->begin[i]);
    }
    l->index.d = d;
    l->index.nlist = nlist;
    l->index.n_entries = l->index.n_windows = ENTRIES;
    l->index.centroids = l->centroids;
    l->index.centroid_bias = l->centroid_bias;
    l->index.list_begin = l->begin;
    l->index.codes = l->codes;
    l->index.bias = l->bias;
    l->index.ids = l->ids;
}

static void compare_search(const anl_index *x, const int8_t *queries, int n, int k, int multiplier)
{
    anl_hit *hits[2];
    int counts[2][QUERIES];
    for (int on = 0; on < 2; ++on) {
        anl_search *s;
        anl_search_scratch *sc;
        hits[on] = calloc((size_t)(n * k), sizeof **hits);
        assert_int_equal(anl_search_new(&s, x, ANL_SEARCH_NATIVE), 0);
        if (on) assert_int_equal(anl_search_use(s, gpu), 0);
        assert_int_equal(anl_search_scratch_new(&sc, s), 0);
        assert_int_equal(anl_search_batch(s, sc, queries, n, k, multiplier, hits[on], counts[on]), 0);
        anl_search_scratch_free(sc);
        anl_search_free(s);
    }
    assert_memory_equal(counts[0], counts[1], (size_t)n * sizeof **counts);
    for (int i = 0; i < n; ++i) assert_memory_equal(hits[0] + i * k, hits[1] + i * k, (size_t)counts[0][i] * sizeof **hits);
    free(hits[0]);
    free(hits[1]);
}

/* Entries changed more and more; some queries are zero. */
static void make_queries(const anl_index *x, int8_t *queries, int n, int exact)
{
    for (int q = 0; q < n; ++q) {
        int8_t *v = queries + q * x->d;
        anl_index_entry(x, (int64_t)random_below(ENTRIES), v);
        for (int c = 0; c < x->d && !exact; ++c) v[c] = (int8_t)(v[c] + between(-q % 20, q % 20));
        if (q % 9 == 4) memset(v, 0, (size_t)x->d);
    }
}

static void neighbours_agree(void **unused)
{
    (void)unused;
    static lists l;
    static int8_t queries[QUERIES * 256];
    static const struct {
        int d, nlist, distinct, extreme, n, k, multiplier;
    } cases[] = {{32, 1, ENTRIES, 0, 1, 1, 1},        {32, 15, 40, 0, 65, 64, 1},
                 {64, 16, ENTRIES, 0, 64, 7, 4},      {96, 17, ENTRIES, 0, 63, 64, 1},
                 {128, 300, 3000, 0, QUERIES, 64, 1}, {128, 33, 3, 1, 5, 64, 16}, /* more equal ones than there is room for */
                 {128, 20, 1, 1, 2, 2048, 16},        {160, 9, 900, 0, 3, 5, 1},
                 {192, 9, 900, 0, 3, 5, 1},           {224, 9, 900, 0, 3, 5, 1},
                 {256, 9, 900, 1, 70, 65, 16},        {32, 40, 2, 0, 3, 1, 16},
                 {32, 257, 500, 0, 9, 300, 16},       {32, MOST_LISTS, 3000, 0, 9, 20, 1}, /* a sample of the centroids tells enough */
                 {32, MOST_LISTS, 3000, 0, 3, 20, 16}};                                    /* more lists than are put in order */
    need_gpu();
    for (int i = 0; i < COUNT(cases); ++i) {
        make_lists(&l, cases[i].d, cases[i].nlist, cases[i].distinct, cases[i].extreme);
        make_queries(&l.index, queries, cases[i].n, cases[i].extreme);
        compare_search(&l.index, queries, cases[i].n, cases[i].k, cases[i].multiplier);
    }
}

#ifdef STAND_IN
/* With less and less memory calls are cut into smaller ones, down to a query, and then refused. */
static void calls_are_cut(void **unused)
{
    (void)unused;
    enum { K = 9, START = 1 << 20, LEAST = 100 << 10 };
    static lists l;
    static int8_t queries[QUERIES * 32];
    static anl_hit want[QUERIES * K], got[QUERIES * K];
    int counts[2][QUERIES], done = 0, memory = START;
    make_lists(&l, 32, 40, 2000, 0);
    make_queries(&l.index, queries, QUERIES, 0);
    for (int rc = 0; !rc && memory > LEAST; memory -= memory / 4) {
        char bytes[32];
        anl_search *s;
        anl_search_scratch *sc;
        snprintf(bytes, sizeof bytes, "%d", memory);
        setenv("ANNEAL_STAND_IN_MEMORY", bytes, 1);
        assert_int_equal(anl_search_new(&s, &l.index, ANL_SEARCH_NATIVE), 0);
        assert_int_equal(anl_search_scratch_new(&sc, s), 0);
        if (!done) assert_int_equal(anl_search_batch(s, sc, queries, QUERIES, K, 1, want, counts[0]), 0);
        rc = anl_search_use(s, gpu);
        if (!rc) rc = anl_search_batch(s, sc, queries, QUERIES, K, 1, got, counts[1]);
        assert_true(!rc || rc == ANL_ENOMEM);
        if (!rc) {
            ++done;
            assert_memory_equal(counts[0], counts[1], sizeof counts[0]);
            for (int i = 0; i < QUERIES; ++i) assert_memory_equal(want + i * K, got + i * K, (size_t)counts[0][i] * sizeof *want);
        }
        anl_search_scratch_free(sc);
        anl_search_free(s);
    }
    unsetenv("ANNEAL_STAND_IN_MEMORY");
    assert_in_range(done, 3, 20);
}
#endif

/* Queries on their way through waves, on the CPU and on the GPU. */
typedef struct waves {
    anl_search *search;
    anl_search_scratch *scratch;
    anl_neighbours near[QUERIES];
    anl_hit hits[QUERIES * 64];
    uint32_t lists[QUERIES * ANL_RANKED];
} waves;

static void start_waves(waves *w, const anl_index *x, const int8_t *queries, int k, int on_gpu, int ranked, int rough)
{
    assert_int_equal(anl_search_new(&w->search, x, ANL_SEARCH_NATIVE), 0);
    assert_int_equal(anl_search_group_lists(w->search, 1 + on_gpu), 0);
    if (on_gpu) assert_int_equal(anl_search_use(w->search, gpu), 0);
    assert_int_equal(anl_search_scratch_new(&w->scratch, w->search), 0);
    for (int i = 0; i < QUERIES; ++i)
        w->near[i] = (anl_neighbours){.query = queries + i * x->d,
                                      .hits = w->hits + i * 64,
                                      .k = k,
                                      .lists = ranked ? w->lists + i * ANL_RANKED : NULL,
                                      .lists_cap = ranked ? ANL_RANKED : 0,
                                      .rough = rough && i % rough == 0};
}

static void end_waves(waves *w)
{
    anl_search_scratch_free(w->scratch);
    anl_search_free(w->search);
}

static void compare_waves(const waves *cpu, const waves *on_gpu, int nprobe)
{
    for (int i = 0; i < QUERIES; ++i) {
        const anl_neighbours *a = &cpu->near[i], *b = &on_gpu->near[i];
        assert_int_equal(a->n, b->n);
        assert_int_equal(a->nprobe, b->nprobe);
        assert_memory_equal(a->hits, b->hits, (size_t)a->n * sizeof *a->hits);
        if (!a->lists || nprobe >= ANL_RANKED) continue;
        assert_int_equal(a->n_lists, b->n_lists);
        assert_memory_equal(a->lists, b->lists, (size_t)a->n_lists * sizeof *a->lists);
    }
}

/* Searches go on from list to list, some queries drop out and come back; with and without lists that are known. Of many lists all queries, or every third
 * one, meet those of the nearest groups alone. */
static void waves_agree(void **unused)
{
    (void)unused;
    static lists l;
    static waves w[2];
    static int8_t queries[QUERIES * 256];
    static const int nprobes[] = {2, 3, 8, 32, 90, MOST_LISTS};
    static const struct {
        int d, nlist, distinct, k, competing, ranked, rough;
    } cases[] = {{128, 300, 3000, 4, 1, 1, 0},      {32, MOST_LISTS, 3000, 1, 1, 1, 0}, {128, 100, 300, 64, 1, 0, 0},
                 {64, 90, 2500, 9, 0, 1, 0},        {32, 5, 3000, 8, 1, 1, 1},          {32, 1, 50, 4, 1, 1, 0},
                 {96, 40, 2, 30, 1, 1, 0},          {32, MOST_LISTS, 3500, 4, 1, 1, 1}, {64, MOST_LISTS, 900, 4, 1, 1, 3},
                 {32, MOST_LISTS, 3000, 4, 1, 0, 1}};
    int differ = 0;
    need_gpu();
    for (int i = 0; i < COUNT(cases); ++i) {
        make_lists(&l, cases[i].d, cases[i].nlist, cases[i].distinct, 0);
        make_queries(&l.index, queries, QUERIES, 0);
        for (int on = 0; on < 2; ++on) {
            start_waves(&w[on], &l.index, queries, cases[i].k, on, cases[i].ranked, cases[i].rough);
            if (cases[i].competing) anl_search_competing_only(w[on].search);
        }
        for (int p = 0; p < COUNT(nprobes); ++p) {
            anl_neighbours *going[2][QUERIES];
            int n = 0;
            for (int q = 0; q < QUERIES; ++q) {
                if (p && random_below(3) == 0) continue;
                for (int on = 0; on < 2; ++on) going[on][n] = &w[on].near[q];
                ++n;
            }
            for (int on = 0; on < 2; ++on) assert_int_equal(anl_search_wave(w[on].search, w[on].scratch, going[on], n, nprobes[p]), 0);
            compare_waves(&w[0], &w[1], nprobes[p]);
        }
        for (int on = 0; on < 2; ++on) end_waves(&w[on]);
        if (cases[i].rough != 1 || !cases[i].ranked || cases[i].nlist < MOST_LISTS) continue;
        static waves all;
        start_waves(&all, &l.index, queries, cases[i].k, 0, 1, 0);
        anl_neighbours *list[QUERIES];
        for (int q = 0; q < QUERIES; ++q) list[q] = &all.near[q];
        assert_int_equal(anl_search_wave(all.search, all.scratch, list, QUERIES, 2), 0);
        for (int q = 0; q < QUERIES; ++q) differ += memcmp(all.near[q].lists, w[0].near[q].lists, sizeof(uint32_t) * 8 /* of each */) != 0;
        end_waves(&all);
    }
    assert_in_range(differ, 1, QUERIES); /* or none was rough */
}

/* Threads that ask at the same time, for other things, get what each asked for. */
static void threads_share_calls(void **unused)
{
    (void)unused;
    enum { ASKING = 5 };
    static lists l;
    static waves want[ASKING], got[ASKING];
    static int8_t queries[QUERIES * 128];
    static const int nprobes[] = {2, 8, 20};
    anl_search *shared;
    int failed = 0;
    need_gpu();
    make_lists(&l, 64, 60, 2000, 0);
    make_queries(&l.index, queries, QUERIES, 0);
    assert_int_equal(anl_search_new(&shared, &l.index, ANL_SEARCH_NATIVE), 0);
    assert_int_equal(anl_search_use(shared, gpu), 0);
    for (int t = 0; t < ASKING; ++t) {
        start_waves(&want[t], &l.index, queries, 4 + t / 3, 0, 1, 0);
        start_waves(&got[t], &l.index, queries, 4 + t / 3, 0, 1, 0);
    }
#pragma omp parallel for num_threads(ASKING) schedule(static, 1) reduction(+ : failed)
    for (int t = 0; t < ASKING; ++t)
        for (int p = 0; p < COUNT(nprobes); ++p) {
            anl_neighbours *going[2][QUERIES];
            for (int q = 0; q < QUERIES; ++q) going[0][q] = &want[t].near[q], going[1][q] = &got[t].near[q];
            failed += anl_search_wave(want[t].search, want[t].scratch, going[0], QUERIES - t, nprobes[p]) != 0;
            failed += anl_search_wave(shared, got[t].scratch, going[1], QUERIES - t, nprobes[p]) != 0;
        }
    assert_int_equal(failed, 0);
    for (int t = 0; t < ASKING; ++t) {
        compare_waves(&want[t], &got[t], 2);
        end_waves(&want[t]);
        end_waves(&got[t]);
    }
    anl_search_free(shared);
}

/* ---- nearest centroids ---- */

#ifdef STAND_IN
enum { ROWS = 300, CENTROIDS = 700 };
#else
enum { ROWS = 300000, CENTROIDS = 700 };
#endif

/* `distinct` different vectors, so that distances tie. */
static void make_rows(int8_t *rows, int d, int n, int distinct, int extreme)
{
    for (int i = 0; i < n; ++i)
        for (int c = 0; c < d; ++c)
            rows[i * d + c] = i >= distinct ? rows[i % distinct * d + c]
                              : extreme     ? (int8_t)(random_below(2) ? 127 : -128)
                                            : (int8_t)between(-128, 127);
}

static void compare_nearest(const anl_coarse *c, const anl_rows *rows)
{
    static uint32_t nearest[2][ROWS];
    static int32_t far[2][ROWS];
    memset(nearest, 0xff, sizeof nearest);
    for (int on = 0; on < 2; ++on)
        assert_int_equal(anl_nearest(c, rows, &(anl_nearest_on){on ? gpu : NULL, 2}, nearest[on], far[on], NULL, NULL), 0);
    assert_memory_equal(nearest[0], nearest[1], (size_t)rows->n * sizeof **nearest);
    assert_memory_equal(far[0], far[1], (size_t)rows->n * sizeof **far);
    memset(nearest[1], 0xff, sizeof nearest[1]);
    assert_int_equal(anl_nearest(c, rows, &(anl_nearest_on){gpu, 1}, nearest[1], NULL, NULL, NULL), 0);
    assert_memory_equal(nearest[0], nearest[1], (size_t)rows->n * sizeof **nearest);
}

/* All centroids, and those of the nearest groups; empty groups, groups of one, equally near ones. */
static void nearest_agree(void **unused)
{
    (void)unused;
    static int8_t vectors[ROWS * 256], centroids[CENTROIDS * 256];
    static uint32_t group_of[CENTROIDS];
    static const struct {
        int d, centroids, groups, probes, distinct, extreme, rows;
    } cases[] = {{32, 1, 0, 0, ROWS, 0, 1},           {64, 17, 0, 0, 40, 0, 33},
                 {128, CENTROIDS, 0, 0, ROWS, 0, 70}, {128, CENTROIDS, 30, 4, ROWS, 0, ROWS},
                 {32, 300, 290, 40, 100, 0, ROWS},    {256, CENTROIDS, 12, 3, 9, 1, 65},
                 {96, 64, 9, 12, ROWS, 1, 64},        {160, 500, 300, 16, ROWS, 0, 40}};
    need_gpu();
    for (int i = 0; i < COUNT(cases); ++i) {
        const int d = cases[i].d;
        const anl_rows rows = {vectors, ROWS, cases[i].rows, d};
        anl_coarse *c;
        make_rows(vectors, d, ROWS, cases[i].distinct, cases[i].extreme);
        for (int j = 0; j < cases[i].centroids && cases[i].groups; ++j) group_of[j] = random_below((uint32_t)cases[i].groups * 3 / 4 + 1);
        for (int j = 0; j < cases[i].centroids; ++j) memcpy(centroids + j * d, vectors + j * 7 % ROWS * d, (size_t)d);
        const anl_grouping g = {group_of, vectors, cases[i].groups, cases[i].probes};
        assert_int_equal(g.n ? anl_coarse_grouped_new(&c, centroids, cases[i].centroids, d, &g)
                             : anl_coarse_new(&c, centroids, cases[i].centroids, d),
                         0);
        compare_nearest(c, &rows);
        anl_coarse_free(c);
    }
}

#ifndef STAND_IN /* there e2e/test_stand_in.py clusters */
static void lists_agree(void **unused)
{
    (void)unused;
    enum { D = 32, CLUSTERED = 50000 };
    static int8_t vectors[CLUSTERED * D];
    anl_lists l[2];
    need_gpu();
    make_rows(vectors, D, CLUSTERED, CLUSTERED * 3 / 4, 0);
    for (int on = 0; on < 2; ++on)
        assert_int_equal(
            anl_lists_build(&l[on], vectors, CLUSTERED, D, &(anl_nearest_on){on ? gpu : NULL, 2}, &(anl_index_watch){NULL, NULL}), 0);
    assert_true(l[0].nlist > 1);
    assert_int_equal(l[0].nlist, l[1].nlist);
    assert_memory_equal(l[0].centroids, l[1].centroids, (size_t)l[0].nlist * D);
    assert_memory_equal(l[0].begin, l[1].begin, ((size_t)l[0].nlist + 1) * sizeof *l[0].begin);
    assert_memory_equal(l[0].entries, l[1].entries, CLUSTERED * sizeof *l[0].entries);
    for (int on = 0; on < 2; ++on) anl_lists_free(&l[on]);
}
#endif

#ifdef STAND_IN
/* As calls_are_cut. */
static void nearest_are_cut(void **unused)
{
    (void)unused;
    enum { D = 32, N = 40, START = 1 << 18, LEAST = 1 << 10 };
    static int8_t vectors[ROWS * D];
    static uint32_t want[ROWS], got[ROWS];
    const anl_rows rows = {vectors, ROWS, ROWS, D};
    anl_coarse *c;
    int done = 0, rc = 0;
    make_rows(vectors, D, ROWS, ROWS, 0);
    assert_int_equal(anl_coarse_new(&c, vectors, N, D), 0);
    assert_int_equal(anl_nearest(c, &rows, &(anl_nearest_on){NULL, 1}, want, NULL, NULL, NULL), 0);
    for (int memory = START; !rc && memory > LEAST; memory -= memory / 4) {
        char bytes[32];
        snprintf(bytes, sizeof bytes, "%d", memory);
        setenv("ANNEAL_STAND_IN_MEMORY", bytes, 1);
        rc = anl_nearest(c, &rows, &(anl_nearest_on){gpu, 1}, got, NULL, NULL, NULL);
        assert_true(!rc || rc == ANL_ENOMEM);
        if (rc) continue;
        ++done;
        assert_memory_equal(want, got, sizeof want);
    }
    unsetenv("ANNEAL_STAND_IN_MEMORY");
    anl_coarse_free(c);
    assert_int_equal(rc, ANL_ENOMEM);
    assert_in_range(done, 3, 20);
}
#endif

/* ---- Smith-Waterman ---- */

#ifdef STAND_IN
enum { JOBS = 100 };
#else
enum { JOBS = 400 };
#endif
enum { LONGEST = 700 };

static void compare_sw(const anl_sw_params *p, const anl_sw_job *jobs, size_t n)
{
    static anl_sw_result results[2][JOBS];
    const anl_kernels *k = anl_kernels_get();
    memset(results, 0x55, sizeof results);
    for (int on = 0; on < 2; ++on) {
        anl_sw_batch *b;
        anl_gpu_stream *stream = NULL;
        assert_int_equal(anl_sw_batch_new(&b), 0);
        if (on) assert_int_equal(anl_gpu_stream_new(&stream, gpu), 0);
        anl_sw_batch_use(b, stream);
        assert_int_equal(anl_sw_batch_run(b, &k->sw, p, jobs, n, results[on]), 0);
        anl_sw_batch_free(b);
        anl_gpu_stream_free(stream);
    }
    assert_memory_equal(results[0], results[1], n * sizeof **results);
}

/* Lengths around the strip and the word of 32 bases, repeats that tie, N, scores beyond 8 and 16 bits. */
static void scores_agree(void **unused)
{
    (void)unused;
    static uint8_t query[JOBS][LONGEST], target[JOBS][LONGEST];
    static const int32_t edges[] = {1, 2, 31, 32, 33, 63, 64, 65, 96, 150, 255, 256, LONGEST};
    static const anl_sw_params params[] = {{1, 4, 6, 1, 6, 1}, {2, 3, 5, 2, 4, 3}, {5, 0, 0, 1, 0, 1}, {94, 100, 100, 100, 100, 100}};
    anl_sw_job jobs[JOBS];
    need_gpu();
    for (int i = 0; i < JOBS; ++i) {
        const int period = i % 4 == 0 ? between(1, 9) : LONGEST;
        jobs[i] = (anl_sw_job){query[i], target[i], edges[random_below(COUNT(edges))], edges[random_below(COUNT(edges))], 0, 0};
        for (int j = 0; j < LONGEST; ++j) target[i][j] = j < period ? (uint8_t)random_below(i % 7 ? 4 : 5) : target[i][j - period];
        for (int j = 0, at = between(0, 40); j < LONGEST; ++j, at += random_below(30) ? 1 : between(0, 3))
            query[i][j] = random_below(25) ? target[i][at < LONGEST ? at : 0] : (uint8_t)random_below(5);
    }
    jobs[3].qlen = 0;
    jobs[4].tlen = 0;
    memset(query[5], 4, LONGEST);
    memset(query[6], 1, LONGEST), memset(target[6], 1, LONGEST);
    for (int i = 0; i < COUNT(params); ++i) compare_sw(&params[i], jobs, JOBS);
    for (int i = 0; i < COUNT(params); ++i) { /* in bands: of neighbours some have the same, some another one, some none */
        static const int32_t bands[] = {0, 1, 10, 41, 41, 41, 81, LONGEST};
        anl_sw_job banded[JOBS];
        memcpy(banded, jobs, sizeof banded);
        for (int j = 0; j < JOBS; ++j) {
            banded[j].band = bands[random_below(COUNT(bands))];
            banded[j].low = -between(0, random_below(2) ? 0 : banded[j].qlen + 3);
        }
        compare_sw(&params[i], banded, JOBS);
        static const anl_sw_params cheap_gaps = {4, 3, 0, 1, 0, 1}; /* alignments leave narrow bands and come back, in pairs of 16 bits */
        for (int j = 0; j < JOBS; ++j) {
            if (banded[j].qlen > 300) banded[j].qlen = 300;
            banded[j].band = between(0, 12);
        }
        compare_sw(&cheap_gaps, banded, JOBS);
    }
    for (int i = 0; i < JOBS; ++i) { /* scores as high as pairs of 16 bits hold: 292 * 7 */
        static const anl_sw_params most[] = {{7, 7, 2033, 7, 1953, 47}, {7, 0, 0, 0, 0, 0}};
        if (jobs[i].qlen > 292) jobs[i].qlen = 292;
        if (i % 3 == 1) jobs[i].target = jobs[i].query;
        if (i == JOBS - 1)
            for (int j = 0; j < COUNT(most); ++j) compare_sw(&most[j], jobs, JOBS);
    }
    for (size_t n = 31; n <= 33; ++n) compare_sw(&params[0], jobs, n), compare_sw(&params[3], jobs, n); /* pairs of 16 bits, 32 bits */
    for (int pass = 2; pass <= 4; ++pass) { /* neighbours of a warp, one alike its target, the other not and with passes less */
        random_seq(target[0], LONGEST, 0), random_seq(query[1], LONGEST, 0);
        jobs[0] = (anl_sw_job){target[0], target[0], 160 * pass, LONGEST, 0, 0};
        jobs[1] = (anl_sw_job){query[1], target[0], 160 * pass - 170, LONGEST, 0, 0};
        compare_sw(&params[0], jobs, 2);
        compare_sw(&params[3], jobs, 2);
    }
    compare_sw(&params[0], jobs, 0);
}

/* usage: test_cuda [TEST]: all, or that one. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#ifdef STAND_IN
        cmocka_unit_test(nearest_are_cut),  cmocka_unit_test(calls_are_cut), /* first: nothing else is in memory */
#endif
        cmocka_unit_test(embeddings_agree), cmocka_unit_test(streams_keep_apart),  cmocka_unit_test(neighbours_agree),
        cmocka_unit_test(waves_agree),      cmocka_unit_test(threads_share_calls), cmocka_unit_test(scores_agree),
        cmocka_unit_test(nearest_agree),
#ifndef STAND_IN
        cmocka_unit_test(lists_agree),
#endif
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, open_gpu, close_gpu);
}
