/* Clustering: nearest centroids are those of brute force, lists hold every vector once, and nothing depends on threads. */
#include "random.h"

#include "cluster.h"
#include "nearest.h"
#include "panel.h"
#include "rough.h"

enum { D = 32, MOST = 70000 };

static int8_t vectors[MOST][D];

/* Around `kinds` middles, so that there is something to cluster; each stands there several times. */
static void make_vectors(int n, int kinds)
{
    for (int i = 0; i < n; ++i)
        for (int c = 0; c < D; ++c) {
            uint32_t middle = (uint32_t)(i % kinds * D + c) * 2654435761u;
            vectors[i][c] = (int8_t)((int)(middle >> 24) - 128);
            if (i % 5) vectors[i][c] = (int8_t)(vectors[i][c] / 2 + (int)random_below(60) - 30);
        }
}

static int32_t distance(const int8_t *a, const int8_t *b)
{
    int32_t sum = 0;
    for (int c = 0; c < D; ++c) sum += (a[c] - b[c]) * (a[c] - b[c]);
    return sum;
}

/* Among those of the groups wanted; group_of NULL: all. */
static uint32_t brute_force(const int8_t *v, const int8_t (*centroids)[D], int n, const uint32_t *group_of, const uint8_t *wanted)
{
    uint32_t best = UINT32_MAX;
    for (int i = 0; i < n; ++i)
        if ((!group_of || wanted[group_of[i]]) && (best == UINT32_MAX || distance(v, centroids[i]) < distance(v, centroids[best])))
            best = (uint32_t)i;
    return best;
}

static int told;

static void count(void *data, int64_t n)
{
    (void)data;
    told += (int)n;
}

static void nearest_of_all(void **unused)
{
    (void)unused;
    static const int sizes[] = {1, 2, 15, 16, 17, 255, 256, 257, 600};
    static uint32_t nearest[2000];
    static int32_t far[2000];
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {
        const int n = sizes[s];
        make_vectors(3000, 40); /* many centroids are equal */
        anl_coarse *c;
        assert_int_equal(anl_coarse_new(&c, vectors[0], n, D), 0);
        for (int threads = 1; threads <= 3; threads += 2) {
            const anl_rows rows = {vectors[0], 3000, 1700, D};
            memset(nearest, 0xff, sizeof nearest);
            told = 0;
            assert_int_equal(anl_nearest(c, &rows, &(anl_nearest_on){NULL, threads}, nearest, far, count, NULL), 0);
            assert_int_equal(told, 1700);
            for (int i = 0; i < 1700; ++i) {
                const int8_t *v = vectors[i * 3000 / 1700];
                assert_int_equal(nearest[i], brute_force(v, (const int8_t(*)[D])vectors, n, NULL, NULL));
                assert_int_equal(far[i], distance(v, vectors[nearest[i]]));
            }
        }
        anl_coarse_free(c);
    }
}

/* A vector meets the centroids of its nearest groups, of equally near ones the first. */
static void nearest_of_groups(void **unused)
{
    (void)unused;
    enum { N = 300, GROUPS = 20, ROWS = 1800 };
    static uint32_t nearest[ROWS], group_of[N];
    static int8_t middles[GROUPS][D];
    make_vectors(ROWS, 60);
    for (int i = 0; i < N; ++i) group_of[i] = random_below(GROUPS - 1); /* the last has none, and is not looked into */
    for (int g = 0; g < GROUPS; ++g) memcpy(middles[g], vectors[g < 15 ? 7 * g : 7], D);
    memcpy(middles[GROUPS - 1], vectors[200], D);
    for (int probes = 1; probes <= 24; probes += probes < 6 ? 1 : 9) {
        const anl_grouping g = {group_of, middles[0], GROUPS, probes};
        const anl_rows rows = {vectors[0], ROWS, ROWS, D};
        anl_coarse *c;
        assert_int_equal(anl_coarse_grouped_new(&c, vectors[0], N, D, &g), 0);
        assert_int_equal(anl_nearest(c, &rows, &(anl_nearest_on){NULL, 1 + probes % 3}, nearest, NULL, NULL, NULL), 0);
        for (int i = 0; i < ROWS; ++i) {
            uint8_t wanted[GROUPS] = {0};
            for (int p = 0; p < probes && p < GROUPS - 1; ++p) {
                int best = -1;
                for (int j = 0; j < GROUPS - 1; ++j)
                    if (!wanted[j] && (best < 0 || distance(vectors[i], middles[j]) < distance(vectors[i], middles[best]))) best = j;
                wanted[best] = 1;
            }
            assert_int_equal(nearest[i], brute_force(vectors[i], (const int8_t(*)[D])vectors, N, group_of, wanted));
        }
        anl_coarse_free(c);
    }
}

/* A rough vector's lists are the nearest of those of its nearest groups, in order, of equally near ones the lower number first. */
static void rough_lists_of_groups(void **unused)
{
    (void)unused;
    enum { N = 300, GROUPS = 20, QUERIES = 5000 /* more than go together */ };
    static uint32_t group_of[N], lists[QUERIES][ANL_RANKED];
    static int8_t middles[GROUPS][D];
    static anl_neighbours near[QUERIES], *queries[QUERIES];
    anl_coarse *c;
    make_vectors(QUERIES, 60);
    for (int i = 0; i < N; ++i) group_of[i] = random_below(GROUPS);
    for (int g = 0; g < GROUPS; ++g) memcpy(middles[g], vectors[7 * g], D);
    for (int probes = ANL_RANKED; probes <= GROUPS; probes += 6) {
        const anl_grouping g = {group_of, middles[0], GROUPS, probes};
        anl_rough *rough = NULL;
        assert_int_equal(anl_coarse_grouped_new(&c, vectors[0], N, D, &g), 0);
        for (int i = 0; i < QUERIES; ++i) {
            near[i] = (anl_neighbours){.query = vectors[i], .lists = lists[i], .lists_cap = ANL_RANKED, .rough = i % 50 != 0};
            queries[i] = &near[i];
        }
        assert_int_equal(anl_rough_rank(&rough, c, &anl_kernels_get()->scan, queries, QUERIES, 2), 0);
        for (int i = 0; i < QUERIES; i += 7) {
            uint8_t wanted[GROUPS] = {0}, met[N] = {0};
            assert_int_equal(near[i].n_lists, near[i].rough ? ANL_RANKED : 0);
            for (int p = 0; p < probes; ++p) {
                int best = -1;
                for (int j = 0; j < GROUPS; ++j)
                    if (!wanted[j] && (best < 0 || distance(vectors[i], middles[j]) < distance(vectors[i], middles[best]))) best = j;
                wanted[best] = 1;
            }
            for (int r = 0; r < near[i].n_lists; ++r) {
                int best = -1;
                for (int j = 0; j < N; ++j)
                    if (wanted[group_of[j]] && !met[j] &&
                        (best < 0 || distance(vectors[i], vectors[j]) < distance(vectors[i], vectors[best])))
                        best = j;
                assert_int_equal(lists[i][r], best);
                met[best] = 1;
            }
        }
        anl_rough_free(rough);
        anl_coarse_free(c);
    }
}

static int64_t last_done[ANL_INDEX_WRITING + 1], last_total[ANL_INDEX_WRITING + 1];

static void watch_stages(void *data, anl_index_stage stage, int64_t done, int64_t total)
{
    (void)data;
    assert_true(done > last_done[stage] && done <= total);
    last_done[stage] = done;
    last_total[stage] = total;
}

static void check_lists(const anl_lists *l, int n)
{
    static uint8_t seen[MOST];
    int nearest = 0;
    memset(seen, 0, sizeof seen);
    assert_int_equal(l->begin[0], 0);
    assert_int_equal(l->begin[l->nlist], n);
    for (int c = 0; c < l->nlist; ++c)
        for (uint64_t i = l->begin[c]; i < l->begin[c + 1]; ++i) {
            const uint32_t e = l->entries[i];
            if (i > l->begin[c]) assert_true(e > l->entries[i - 1]);
            assert_int_equal(seen[e]++, 0);
            if (e % 97) continue;
            const uint32_t best = brute_force(vectors[e], (const int8_t(*)[D])(const void *)l->centroids, l->nlist, NULL, NULL);
            nearest += best == (uint32_t)c;
        }
    for (int i = 0; i < n; ++i) assert_int_equal(seen[i], 1);
    if (l->nlist < 4096)
        assert_int_equal(nearest, (n + 96) / 97);
    else
        assert_true(nearest > (n + 96) / 97 * 3 / 4);
}

static void lists_hold_everything_once(void **unused)
{
    (void)unused;
    static const int sizes[] = {0, 1, 1023, 1024, 5000, MOST};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {
        const int n = sizes[s];
        anl_lists one, many;
        make_vectors(n, 200);
        memset(last_done, 0, sizeof last_done);
        assert_int_equal(anl_lists_build(&one, vectors[0], n, D, &(anl_nearest_on){NULL, 1}, &(anl_index_watch){watch_stages, NULL}), 0);
        assert_int_equal(last_done[ANL_INDEX_ASSIGNING], n);
        assert_int_equal(last_done[ANL_INDEX_CLUSTERING], last_total[ANL_INDEX_CLUSTERING]);
        assert_int_equal(last_done[ANL_INDEX_CLUSTERING] > 0, one.nlist > 1);
        assert_int_equal(one.nlist, anl_lists_count(n));
        check_lists(&one, n);
        assert_int_equal(anl_lists_build(&many, vectors[0], n, D, &(anl_nearest_on){NULL, 3}, &(anl_index_watch){NULL, NULL}), 0);
        assert_memory_equal(one.centroids, many.centroids, (size_t)one.nlist * D);
        assert_memory_equal(one.begin, many.begin, ((size_t)one.nlist + 1) * sizeof *one.begin);
        assert_memory_equal(one.entries, many.entries, (size_t)n * sizeof *one.entries);
        anl_lists_free(&one);
        anl_lists_free(&many);
    }
}

/* More lists than kinds of vectors: what is left over stays empty, and every kind has a centroid of its own. */
static void few_kinds(void **unused)
{
    (void)unused;
    enum { N = 1100, KINDS = 50 };
    anl_lists l;
    for (int i = 0; i < N; ++i)
        for (int c = 0; c < D; ++c) vectors[i][c] = (int8_t)((uint32_t)(i % 100 < 99 ? 0 : i / 100 % KINDS * D + c) * 2654435761u >> 24);
    assert_int_equal(anl_lists_build(&l, vectors[0], N, D, &(anl_nearest_on){NULL, 2}, &(anl_index_watch){NULL, NULL}), 0);
    check_lists(&l, N);
    for (int i = 0; i < N; ++i) {
        const uint32_t c = brute_force(vectors[i], (const int8_t(*)[D])(const void *)l.centroids, l.nlist, NULL, NULL);
        assert_int_equal(distance(vectors[i], l.centroids + c * D), 0);
    }
    anl_lists_free(&l);
}

/* Means are rounded to the nearest whole number, half upwards. Every kind of vector has 8 neighbours in a row, so each begins with a centroid. */
static void means_are_rounded(void **unused)
{
    (void)unused;
    enum { N = 1024, LISTS = 128 };
    static const int8_t two[4][2] = {{10, 11}, {-10, -11}, {127, 126}, {-128, -127}};
    static const int8_t mean[4] = {11, -10, 127, -127};
    anl_lists l;
    for (int i = 0; i < N; ++i)
        for (int c = 0; c < D; ++c)
            vectors[i][c] = (int8_t)(c < 4 ? two[c][i % 2] : i % 8 ? vectors[i - 1][c] : random_below(2) ? 90 : -90);
    assert_int_equal(anl_lists_build(&l, vectors[0], N, D, &(anl_nearest_on){NULL, 1}, &(anl_index_watch){NULL, NULL}), 0);
    assert_int_equal(l.nlist, LISTS);
    for (int c = 0; c < LISTS; ++c) {
        assert_memory_equal(l.centroids + c * D, mean, sizeof mean);
        assert_memory_equal(l.centroids + c * D + 4, vectors[8 * c] + 4, D - 4);
    }
    anl_lists_free(&l);
}

static int start(void **unused)
{
    (void)unused;
    random_start();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nearest_of_all),
                                       cmocka_unit_test(nearest_of_groups),
                                       cmocka_unit_test(rough_lists_of_groups),
                                       cmocka_unit_test(lists_hold_everything_once),
                                       cmocka_unit_test(few_kinds),
                                       cmocka_unit_test(means_are_rounded)};
    return cmocka_run_group_tests(tests, start, NULL);
}
